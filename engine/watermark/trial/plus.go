package trial

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/engine/watermark"
	"github.com/inklingdb/inkling/engine/watermark/attack"
)

// Plus is what the plus mode reached on a graph.
type Plus struct {
	Cells     []Cell
	Strengths watermark.Strengths
	Forecast  watermark.Forecast
	Cosine    float64 // mean over rows, measured
	LeftOut   int     // triples
	Quality   []Quality
	Mark      time.Duration // of the table
	Detect    time.Duration // of the whole table for one key, the key-free part included
}

// slowCopies is how many marked copies go through an attack that ends in training.
const slowCopies = 1

// RunPlus marks the graph, attacks marked and unmarked copies and tests what is left. Positives are units of marked
// copies with their key; negatives are the same units of the unmarked graph under the same attack, with fresh keys.
func RunPlus(ctx context.Context, g Graph, s Settings) (Plus, error) {
	s = s.Defaults()
	if err := s.check(); err != nil {
		return Plus{}, err
	}
	if err := g.Check(); err != nil {
		return Plus{}, err
	}
	r := plusRun{Settings: s, graph: g, samples: map[place]*samples{}}
	var err error
	s.report("communities", 0)
	if r.units, err = s.units(ctx, g); err != nil {
		return Plus{}, err
	}
	if r.other, err = s.mark(ctx, g); err != nil {
		return Plus{}, err
	}
	for copyOf := range s.Copies {
		if err := r.positives(ctx, copyOf); err != nil {
			return Plus{}, err
		}
	}
	if err := r.negatives(ctx); err != nil {
		return Plus{}, err
	}
	for i, a := range s.Attacks {
		for _, size := range append([]int{0}, s.Sizes...) {
			if found := r.samples[place{i, size}]; found != nil {
				r.out.Cells = append(r.out.Cells, found.cells(a, size)...)
			}
		}
	}
	return r.out, nil
}

// place is an attack, by its number, and a size of units.
type place struct{ attack, size int }

type plusRun struct {
	Settings
	graph   Graph
	units   []unit
	other   marked // bears another mark: for averaging
	samples map[place]*samples
	out     Plus
}

// positives marks a copy and tests it under every attack.
func (r *plusRun) positives(ctx context.Context, copyOf int) error {
	start := time.Now()
	m, err := r.mark(ctx, r.graph)
	if err != nil {
		return err
	}
	if copyOf == 0 {
		r.out.Mark = time.Since(start)
		r.out.Strengths, r.out.Forecast, r.out.LeftOut = m.strengths, m.forecast, m.selection.LeftOut
		r.out.Cosine = Cosine(r.graph.Table.Rows, m.Table.Rows)
		start = time.Now()
		if _, err := r.read(ctx, m.Copy, []*watermark.GraphKey{m.key}, m.gamma); err != nil {
			return err
		}
		r.out.Detect = time.Since(start)
		if r.out.Quality, err = Compare(ctx, r.graph, m.Copy, "plus", r.Workers); err != nil {
			return err
		}
	}
	for i, a := range r.Attacks {
		if a.Retrain > 0 && copyOf >= slowCopies {
			continue
		}
		r.report(fmt.Sprintf("copy %d: %s", copyOf+1, a.Title()), float64(copyOf*len(r.Attacks)+i)/float64((r.Copies+1)*len(r.Attacks)))
		if err := r.test(ctx, i, m.Copy, r.Seed+uint64(copyOf), []*watermark.GraphKey{m.key}, true); err != nil {
			return err
		}
	}
	return nil
}

// negatives tests the unmarked graph under every attack with fresh keys.
func (r *plusRun) negatives(ctx context.Context) error {
	scale := r.graph.Table.Scale()
	keys := make([]*watermark.GraphKey, r.Fresh)
	for i := range keys {
		var err error
		if keys[i], err = freshKey(); err != nil {
			return err
		}
		keys[i] = keys[i].Of(&scale, r.graph.Table.Rows.Rows)
	}
	for i, a := range r.Attacks {
		r.report("unmarked: "+a.Title(), float64(r.Copies*len(r.Attacks)+i)/float64((r.Copies+1)*len(r.Attacks)))
		if err := r.test(ctx, i, r.graph.Copy, r.Seed, keys, false); err != nil {
			return err
		}
	}
	return nil
}

// test attacks a copy and tests its units.
func (r *plusRun) test(ctx context.Context, number int, c attack.Copy, seed uint64, keys []*watermark.GraphKey, positive bool) error {
	attacked, err := r.Attacks[number].Run(ctx, attack.Setting{Other: &r.other.Copy, Train: r.trainOptions()}, c, seed)
	if err != nil {
		return err
	}
	gamma := watermark.GammaFor(int64(len(r.graph.Triples)), watermark.DefaultTripleZ)
	found := make([][]reading, len(r.units))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(r.Workers)
	for i, u := range r.units {
		one := r.Settings
		if u.origins != nil {
			one.Workers = 1 // units are what runs at once
		}
		g.Go(func() (err error) {
			found[i], err = one.read(ctx, u.of(attacked), keys, gamma)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for i, u := range r.units {
		at := place{number, u.size}
		if r.samples[at] == nil {
			r.samples[at] = &samples{}
		}
		if positive {
			r.samples[at].positive = append(r.samples[at].positive, found[i]...)
		} else {
			r.samples[at].negative = append(r.samples[at].negative, found[i]...)
		}
	}
	return nil
}

func (r *plusRun) trainOptions() train.Options {
	o := r.graph.Train
	o.Workers = r.Workers
	return o
}
