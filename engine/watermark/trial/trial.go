// Package trial measures watermarks: how well marked copies are told from unmarked ones under attacks, by channel and
// together, for whole graphs and for communities, and what marks cost a model. It runs the plus mode of package watermark
// and the published method of package kgmark on the same tables under the same attacks. Its main types are Graph,
// Settings, Cell and Quality. It prints nothing.
package trial

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/engine/watermark"
	"github.com/inklingdb/inkling/engine/watermark/attack"
	"github.com/inklingdb/inkling/engine/watermark/kgmark"
)

// Graph is what is marked: a table with the triples that it was trained on.
type Graph struct {
	attack.Copy
	HeldOut []model.Triple // that the training did not see; for Quality
	Train   train.Options  // as the table was trained, for attacks that go on training
}

// Settings of a trial. Zero values are filled in as stated.
type Settings struct {
	Cosine      float64 // of marked rows with themselves before; default 0.998
	Copies      int     // marked copies, each with a key of its own; default 3
	Fresh       int     // keys tested on what is not marked; default 20
	Sizes       []int   // of communities; nil means 100 and 500
	Communities int     // of each size at most; default 40
	Attacks     []attack.Attack
	Seed        uint64
	Workers     int // goroutines; 0 means 1

	// Progress is called with what is being done and the share done; may be nil.
	Progress func(what string, done float64)
}

// Defaults returns the settings with zero values filled in.
func (s Settings) Defaults() Settings {
	if s.Cosine == 0 {
		s.Cosine = 0.998
	}
	if s.Copies == 0 {
		s.Copies = 3
	}
	if s.Fresh == 0 {
		s.Fresh = 20
	}
	if s.Sizes == nil {
		s.Sizes = []int{100, 500}
	}
	if s.Communities == 0 {
		s.Communities = 40
	}
	if s.Attacks == nil {
		s.Attacks = attack.Attacks
	}
	s.Workers = max(1, s.Workers)
	return s
}

// check returns an error unless the settings make sense.
func (s Settings) check() error {
	if s.Copies < 1 || s.Fresh < 1 || s.Communities < 1 {
		return fmt.Errorf("trial: %d copies, %d fresh keys and %d communities must be positive", s.Copies, s.Fresh, s.Communities)
	}
	for _, size := range s.Sizes {
		if size < 2 {
			return fmt.Errorf("trial: a community of %d", size)
		}
	}
	return nil
}

func (s Settings) report(what string, done float64) {
	if s.Progress != nil {
		s.Progress(what, done)
	}
}

// unit is what one decision is about: a community, or the whole graph where origins is nil.
type unit struct {
	size    int // entities; 0 for the whole graph
	origins map[int]bool
}

// of returns the unit's part of a copy.
func (u unit) of(c attack.Copy) attack.Copy {
	if u.origins == nil {
		return c
	}
	return c.Only(u.origins)
}

// units returns the whole graph and communities of each size: those of the graph's own structure, cut to the size at
// their ends of low degree, drawn by the seed where there are more than are wanted.
func (s Settings) units(ctx context.Context, g Graph) ([]unit, error) {
	all := []unit{{}}
	for _, size := range s.Sizes {
		groups, err := kgmark.CommunitiesOf(ctx, g.Table.Rows.Rows, g.Triples, kgmark.Options{CommunityMin: size, CommunityMax: 2 * size, Seed: s.Seed, Workers: s.Workers})
		if err != nil {
			return nil, err
		}
		groups = slices.DeleteFunc(groups, func(group []uint32) bool { return len(group) < size })
		rand.New(rand.NewPCG(s.Seed, uint64(size))).Shuffle(len(groups), func(i, j int) { groups[i], groups[j] = groups[j], groups[i] })
		for _, group := range groups[:min(len(groups), s.Communities)] {
			u := unit{size: size, origins: map[int]bool{}}
			for _, row := range group[:size] {
				u.origins[int(row)] = true
			}
			all = append(all, u)
		}
	}
	return all, nil
}

// marked is a marked copy and what made it.
type marked struct {
	attack.Copy
	key       *watermark.GraphKey
	gamma     uint64
	strengths watermark.Strengths
	forecast  watermark.Forecast
	selection watermark.Selection
}

// mark returns the graph under a fresh key, its table and its triples marked; a graph too small for a mark of its triples
// keeps them all.
func (s Settings) mark(ctx context.Context, g Graph) (marked, error) {
	key, err := freshKey()
	if err != nil {
		return marked{}, err
	}
	mark := watermark.Mark{Scale: g.Table.Scale()}
	out := marked{Copy: g.Copy, key: key.Of(&mark.Scale, g.Table.Rows.Rows)}
	sizing := watermark.Sizing{Cosine: s.Cosine}
	if mark.Strengths, out.forecast, err = sizing.Strength(g.Table, mark.Scale); err != nil {
		return marked{}, err
	}
	out.strengths = mark.Strengths
	if out.Table.Rows, err = mark.Apply(ctx, key, g.Table, s.Workers); err != nil {
		return marked{}, err
	}
	err = out.dropTriples(key)
	return out, err
}

// freshKey returns a random key's secrets for a graph of its own.
func freshKey() (*watermark.GraphKey, error) {
	key, err := watermark.NewKey("trial")
	if err != nil {
		return nil, err
	}
	return key.Graph(watermark.NewUUID()), nil
}

// dropTriples leaves out what the triple channel's rule says.
func (m *marked) dropTriples(key *watermark.GraphKey) error {
	digests := newDigests(m.Copy)
	making := key.Selecting(int64(len(m.Triples)), 0)
	if err := making.Add(digests.all(m.Triples), nil); err != nil {
		return err
	}
	m.gamma = watermark.GammaFor(int64(len(m.Triples)), watermark.DefaultTripleZ)
	rule, err := making.Rule()
	if errors.Is(err, watermark.ErrTooSmall) {
		return nil
	}
	if err != nil {
		return err
	}
	m.selection = rule
	picker := rule.With(key)
	kept := make([]model.Triple, 0, len(m.Triples))
	for _, t := range m.Triples {
		out, err := picker.LeavesOut(digests.of(t), nil)
		if err != nil {
			return err
		}
		if !out {
			kept = append(kept, t)
		}
	}
	m.Triples = kept
	return nil
}
