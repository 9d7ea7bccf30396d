// Package experiment measures which relation patterns each family of embedding models learns: it trains every family
// on generated graphs of one pattern each and asks for triples that only the pattern gives. A Cell of the table is a
// family on a pattern, with its figures, a verdict by a stated threshold and the published one beside it.
// docs/patterns.md describes the graphs, the measures and what came out. It chooses no model for a user's graph.
package experiment

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/internal/generate"
	"github.com/inklingdb/inkling/store"
)

// Options of Run. The zero value runs every family on every pattern.
type Options struct {
	Families []string // names in model.Families; none means all
	Patterns []string // names in generate.Patterns; none means all
	Seed     uint64   // of graphs and trainings
	Workers  int      // cells at once, a goroutine each; 0 means 1. The table does not depend on it.
	// Adjust changes a training's settings after Settings chose them, from any goroutine; may be nil.
	Adjust func(family string, o *train.Options)
	// Done is called after each cell, one call at a time; may be nil.
	Done func(c Cell, done, total int)
}

// Cell is one family on one pattern.
type Cell struct {
	Family, Pattern string
	Figures
	Blind     float64 // the Score of a guess that does not know the pattern
	Threshold float64 // the Score from which the pattern counts as learnt: half way from Blind to 1
	Learnt    bool
	Published Mark
	Training  time.Duration
}

// Differs reports whether the measurement and the published table disagree.
func (c *Cell) Differs() bool {
	return c.Published != Unstated && (c.Published == Learns) != c.Learnt
}

// Run fills the table, pattern by pattern.
func Run(ctx context.Context, o Options) ([]Cell, error) {
	families, err := familiesOf(o.Families)
	if err != nil {
		return nil, fmt.Errorf("experiment: %w", err)
	}
	patterns, err := patternsOf(o.Patterns)
	if err != nil {
		return nil, fmt.Errorf("experiment: %w", err)
	}
	var mu sync.Mutex // guards done and the calls of o.Done
	done := 0
	cells := make([]Cell, len(patterns)*len(families))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(max(1, o.Workers))
	for i := range cells {
		p, f := patterns[i/len(families)], families[i%len(families)]
		g.Go(func() error {
			graph := p.Graph(o.Seed)
			c, err := cell(ctx, &graph, f, o)
			if err != nil {
				return fmt.Errorf("experiment: %s on %s: %w", f.Name, p.Name, err)
			}
			mu.Lock()
			defer mu.Unlock()
			cells[i] = c
			if done++; o.Done != nil {
				o.Done(c, done, len(cells))
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return cells, nil
}

func familiesOf(names []string) ([]model.Family, error) {
	if len(names) == 0 {
		return model.Families, nil
	}
	var list []model.Family
	for _, name := range names {
		f, err := model.FamilyByName(name)
		if err != nil {
			return nil, err
		}
		list = append(list, f)
	}
	return list, nil
}

func patternsOf(names []string) ([]generate.Pattern, error) {
	if len(names) == 0 {
		return generate.Patterns, nil
	}
	var list []generate.Pattern
	for _, name := range names {
		p, err := generate.PatternByName(name)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

// cell trains a family on a graph and measures it.
func cell(ctx context.Context, g *generate.PatternGraph, f model.Family, o Options) (Cell, error) {
	d, err := dataOf(g)
	if err != nil {
		return Cell{}, err
	}
	settings := Settings(f.Name)
	settings.Seed = o.Seed
	if o.Adjust != nil {
		o.Adjust(f.Name, &settings)
	}
	start := time.Now()
	e, err := train.Train(ctx, d, settings)
	if err != nil {
		return Cell{}, err
	}
	c := Cell{Family: f.Name, Pattern: g.Pattern, Training: time.Since(start), Published: published[g.Pattern][f.Name]}
	m := measurer{graph: g, data: d, embedding: e, known: eval.NewKnown(d.Train, d.Valid, d.Test)}
	if c.Figures, err = m.figures(ctx); err != nil {
		return Cell{}, err
	}
	c.Blind = m.blind()
	c.Threshold = (1 + c.Blind) / 2
	c.Learnt = c.Score >= c.Threshold
	return c, nil
}

// dataOf returns a graph as the trainer takes it.
func dataOf(g *generate.PatternGraph) (train.Data, error) {
	v, err := vocabularyOf(g.Entities, len(g.Relations))
	return train.Data{Vocabulary: v, Train: triples(g.Train), Valid: triples(g.Valid), Test: triples(g.Test)}, err
}

// vocabularyOf returns a vocabulary without a store.
func vocabularyOf(entities, relations int) (*model.Vocabulary, error) {
	ids := make([]store.TermID, entities+relations)
	for i := range ids {
		ids[i] = store.TermID(i + 1)
	}
	return model.NewVocabulary(ids[:entities], ids[entities:])
}

func triples(rows []generate.Row) []model.Triple {
	list := make([]model.Triple, len(rows))
	for i, r := range rows {
		list[i] = model.Triple(r)
	}
	return list
}
