package engine

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"github.com/inklingdb/inkling/index/pattern"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// patternCache keeps the analysis of each graph's relations for the latest triples asked about. Commits that change none, such
// as that of a watermark's record, leave it valid.
type patternCache struct {
	mu      sync.Mutex
	byGraph map[store.TermID]*patternEntry
}

// patternEntry is an analysis done or under way.
type patternEntry struct {
	changed store.Version // of the triples: View.Changed
	done    chan struct{} // closed when report and err are set
	report  *pattern.GraphReport
	err     error
}

// of returns the analysis of a graph of a view. One who asks while another's is under way waits for that; if the other
// was cancelled, the analysis is taken up anew.
func (c *patternCache) of(ctx context.Context, v *store.View, g store.TermID) (*pattern.GraphReport, error) {
	for {
		e, mine := c.claim(v.Changed(), g)
		if mine {
			e.report, e.err = pattern.OfGraph(ctx, v, g, pattern.Options{Workers: runtime.GOMAXPROCS(0)})
			if e.err != nil {
				c.forget(g, e)
			}
			close(e.done)
			return e.report, e.err
		}
		select {
		case <-e.done:
			if e.err == nil {
				return e.report, nil
			}
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// claim returns the entry of triples as a version left them, and whether the caller is to fill it. Triples older than the
// kept ones get an entry of their own that nobody else sees.
func (c *patternCache) claim(changed store.Version, g store.TermID) (e *patternEntry, mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	kept := c.byGraph[g]
	if kept != nil && kept.changed == changed {
		return kept, false
	}
	e = &patternEntry{changed: changed, done: make(chan struct{})}
	if kept == nil || kept.changed < changed {
		if c.byGraph == nil {
			c.byGraph = map[store.TermID]*patternEntry{}
		}
		c.byGraph[g] = e
	}
	return e, true
}

func (c *patternCache) forget(g store.TermID, e *patternEntry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byGraph[g] == e {
		delete(c.byGraph, g)
	}
}

// PatternReport is what a graph shows of its relations' patterns; docs/patterns.md defines them.
type PatternReport struct {
	Version   store.Version      `json:"version"`
	Triples   int                `json:"triples"`  // that join two nodes
	Entities  int                `json:"entities"` // that these join
	Sample    int                `json:"sample"`   // triples a relation whose compositions were looked for; negative: all
	Paths     int                `json:"paths"`    // joined for each composition tried, about; negative: all
	Shares    []PatternShare     `json:"shares"`
	Relations []RelationPatterns `json:"relations"` // most triples first
}

// PatternShare is the share of a graph's triples whose relation has a pattern.
type PatternShare struct {
	Pattern string  `json:"pattern"`
	Share   float64 `json:"share"`
}

// RelationPatterns is the evidence about one relation.
type RelationPatterns struct {
	Relation      string               `json:"relation"` // its IRI
	Patterns      []string             `json:"patterns"` // that hold
	Triples       int                  `json:"triples"`
	Heads         int                  `json:"heads"` // distinct
	Tails         int                  `json:"tails"` // distinct
	TailsPerHead  float64              `json:"tails_per_head"`
	HeadsPerTail  float64              `json:"heads_per_tail"`
	Symmetric     float64              `json:"symmetric"`     // share of pairs whose reverse is stated
	Antisymmetric float64              `json:"antisymmetric"` // share of reversible pairs whose reverse is not
	Reversible    int                  `json:"reversible"`    // pairs whose ends both stand at both ends somewhere
	Reflexive     float64              `json:"reflexive"`     // share of nodes with a loop
	Depth         int                  `json:"depth"`         // of the hierarchy outside of cycles
	Cyclic        int                  `json:"cyclic"`        // triples on or behind a cycle
	Inverse       *InverseRelation     `json:"inverse,omitempty"`
	Compositions  []ComposingRelations `json:"compositions,omitempty"`
}

// InverseRelation is the relation that best states another the other way round.
type InverseRelation struct {
	Relation string  `json:"relation"`
	Support  int     `json:"support"` // pairs
	Share    float64 `json:"share"`
	Back     float64 `json:"back"` // share of the inverse's pairs
}

// ComposingRelations are two relations from which a third follows.
type ComposingRelations struct {
	First    string  `json:"first"`
	Second   string  `json:"second"`
	Holds    bool    `json:"holds"`
	Joined   int     `json:"joined"` // pairs
	Share    float64 `json:"share"`  // of them stated
	Chance   float64 `json:"chance"`
	Lift     float64 `json:"lift"`
	Coverage float64 `json:"coverage"` // share of the relation's pairs so joined
	Sampled  bool    `json:"sampled"`
}

// Patterns analyses the relations of a graph; the zero term is the default graph. The analysis is kept until the
// graph changes.
func (db *DB) Patterns(ctx context.Context, graph rdf.Term) (PatternReport, error) {
	v, err := db.store.View()
	if err != nil {
		return PatternReport{}, err
	}
	defer v.Close()
	g, err := graphID(v, graph)
	if err != nil {
		return PatternReport{}, fmt.Errorf("engine: patterns: %w", err)
	}
	found, err := db.patterns.of(ctx, v, g)
	if err != nil {
		return PatternReport{}, fmt.Errorf("engine: patterns: %w", err)
	}
	out := PatternReport{
		Version: v.Version(), Triples: found.Triples, Entities: found.Entities,
		Sample: found.Options.Sample, Paths: found.Options.Paths, Relations: []RelationPatterns{},
	}
	for i, share := range found.Shares() {
		out.Shares = append(out.Shares, PatternShare{pattern.All[i].String(), share})
	}
	names := make([]string, len(found.IDs))
	for i, id := range found.IDs {
		t, err := v.Term(id)
		if err != nil {
			return PatternReport{}, err
		}
		names[i] = t.Value
	}
	for i := range found.Relations {
		out.Relations = append(out.Relations, relationPatterns(&found.Relations[i], names))
	}
	slices.SortStableFunc(out.Relations, func(a, b RelationPatterns) int {
		return cmp.Or(cmp.Compare(b.Triples, a.Triples), cmp.Compare(a.Relation, b.Relation))
	})
	return out, nil
}

// relationPatterns returns the evidence with relations by name.
func relationPatterns(e *pattern.Evidence, names []string) RelationPatterns {
	r := RelationPatterns{
		Relation: names[e.Relation], Patterns: e.Verdict.Names(), Triples: e.Triples, Heads: e.Heads, Tails: e.Tails,
		TailsPerHead: e.TailsPerHead(), HeadsPerTail: e.HeadsPerTail(), Symmetric: e.Symmetric(),
		Antisymmetric: e.Antisymmetric(), Reversible: e.Reversible, Reflexive: e.Reflexive(), Depth: e.Depth, Cyclic: e.Cyclic,
	}
	if i := e.Inverse; i.Support > 0 {
		r.Inverse = &InverseRelation{Relation: names[i.Relation], Support: i.Support, Share: i.Share, Back: i.Back}
	}
	for _, c := range e.Compositions {
		r.Compositions = append(r.Compositions, ComposingRelations{
			First: names[c.First], Second: names[c.Second], Holds: c.Holds(), Joined: c.Joined, Share: c.Share,
			Chance: c.Chance, Lift: c.Lift, Coverage: c.Coverage, Sampled: c.Sampled,
		})
	}
	return r
}
