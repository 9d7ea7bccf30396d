// Package pattern finds the relation patterns of a graph: whether a relation is symmetric, antisymmetric, reflexive,
// the inverse of another or the composition of two others, how many tails a head has and how deep its hierarchy goes.
// Analyse works on triples by rows, OfGraph on a snapshot of the store; both give a Report with one Evidence for each
// relation: counts first, the verdicts drawn from them second. docs/patterns.md states the definitions.
//
// The evidence is what the graph states. A pattern that holds in the world and is half stated has half the share; one
// that holds by chance in a few triples has no support. The package learns nothing and predicts nothing.
package pattern

import (
	"context"
	"fmt"
	"math/rand/v2"

	"golang.org/x/sync/errgroup"
)

// Triple is a statement by rows: H and T are entities, R a relation. Rows are small numbers: memory grows with the
// largest.
type Triple struct{ H, R, T uint32 }

// Options of an analysis. The zero value works.
type Options struct {
	Seed    uint64 // of what is sampled
	Workers int    // goroutines; 0 means 1. The report does not depend on it.
	// Sample is how many triples of a relation are looked at for the pairs of relations that compose it: 256 unless
	// given, negative for all.
	Sample int
	// Paths is after how many joined paths the trial of one composition ends: 5,000 unless given, negative for all.
	Paths int
}

// Candidates of a relation's composition: so many pairs of relations that cover most of the sample are tried, and the
// best of them kept.
const (
	triedCompositions = 16
	keptCompositions  = 3
)

func (o Options) defaults() Options {
	setDefault(&o.Workers, 1)
	setDefault(&o.Sample, 256)
	setDefault(&o.Paths, 5000)
	return o
}

func setDefault(p *int, value int) {
	if *p == 0 {
		*p = value
	}
}

// Evidence is what a graph states about one relation. Triples are counted once, however often they were given.
type Evidence struct {
	Relation uint32
	Triples  int
	Heads    int // distinct
	Tails    int // distinct
	Nodes    int // heads or tails, distinct
	Loops    int // triples (x, x)
	// Reversed counts the triples (h, t), h ≠ t, whose (t, h) is stated too; Reversible those whose (t, h) could be, by
	// what stands where: t is a head and h a tail of the relation.
	Reversed, Reversible int
	Inverse              Inverse
	Compositions         []Composition // best first, at most three
	// Depth is the longest chain of triples x₀ → x₁ → … → x_Depth over nodes that no cycle leads to; Cyclic counts the
	// triples on or behind a cycle. A hierarchy is deep and has no cyclic triples.
	Depth, Cyclic int
	Verdict       Set
}

// Inverse is the relation that best states a relation's triples the other way round; Support is 0 when none does.
type Inverse struct {
	Relation uint32
	Support  int     // pairs (h, t), h ≠ t, of the relation with (t, h) in Relation
	Share    float64 // of the relation's pairs that these are
	Back     float64 // of Relation's pairs that these are
}

// Composition says how far a relation follows from First(h, m) and Second(m, t). Paths with h = t, m = h or m = t say
// nothing and do not count.
type Composition struct {
	First, Second uint32
	Coverage      float64 // share of the relation's (sampled) pairs that such a path joins
	Joined        int     // distinct pairs (h, t) that paths join, of the heads tried
	Stated        int     // of those, the ones the relation states
	Share         float64 // Stated / Joined
	Chance        float64 // the share expected when the joined pairs' heads and tails are shuffled
	Lift          float64 // Share / Chance; 0 when nothing is stated
	Sampled       bool    // not all heads were tried
}

// Pairs returns the relation's triples that are no loops.
func (e *Evidence) Pairs() int { return e.Triples - e.Loops }

// Symmetric returns the share of pairs (h, t) whose (t, h) is stated.
func (e *Evidence) Symmetric() float64 { return ratio(e.Reversed, e.Pairs()) }

// Antisymmetric returns the share of reversible pairs whose reverse is not stated. Reversible is its support: where
// heads and tails are different nodes, no pair could be reversed and the question does not arise.
func (e *Evidence) Antisymmetric() float64 {
	return ratio(e.Reversible-e.Reversed, e.Reversible)
}

// Reflexive returns the share of the relation's nodes that stand in it to themselves.
func (e *Evidence) Reflexive() float64 { return ratio(e.Loops, e.Nodes) }

// TailsPerHead returns the mean number of tails of a head.
func (e *Evidence) TailsPerHead() float64 { return ratio(e.Triples, e.Heads) }

// HeadsPerTail returns the mean number of heads of a tail.
func (e *Evidence) HeadsPerTail() float64 { return ratio(e.Triples, e.Tails) }

func ratio(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// Report is the evidence about all relations of a graph.
type Report struct {
	Triples   int // distinct
	Entities  int // distinct
	Relations []Evidence
	Options   Options // as defaulted
}

// Analyse returns the evidence about relations 0 to relations−1 in the triples, which may repeat. Time: a binary
// search for each triple, and for each relation a bounded number of sampled ones joined; memory: 24 bytes a triple.
// An error is one of rows out of range, or ctx's.
func Analyse[E ~struct{ H, R, T uint32 }](ctx context.Context, triples []E, relations int, o Options) (*Report, error) {
	o = o.defaults()
	t, err := newTable(ctx, triples, relations)
	if err != nil {
		return nil, fmt.Errorf("pattern: %w", err)
	}
	report := &Report{Relations: make([]Evidence, relations), Options: o, Entities: t.nodes()}
	g, ctx := errgroup.WithContext(ctx)
	work := make(chan int)
	g.Go(func() error {
		defer close(work)
		for r := range relations {
			select {
			case work <- r:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	for range max(1, o.Workers) {
		g.Go(func() error {
			a := newAnalyst(t, o)
			for r := range work {
				e, err := a.relation(ctx, uint32(r))
				if err != nil {
					return err
				}
				report.Relations[r] = e
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("pattern: %w", err)
	}
	for _, e := range report.Relations {
		report.Triples += e.Triples
	}
	return report, nil
}

// analyst is one worker's state: buffers that serve one relation after another.
type analyst struct {
	*table
	options  Options
	random   *rand.Rand
	counts   []int32 // [relation]
	touched  []uint32
	degree   []int32 // [entity], zero between uses
	depth    []int32 // [entity], zero between uses
	paths    map[uint64]pathCount
	stamp    []uint32 // [entity]: the head that last reached it
	stamped  uint32
	fromHead map[uint32]int32
	fromTail map[uint32]int32
}

func newAnalyst(t *table, o Options) *analyst {
	return &analyst{
		table: t, options: o, counts: make([]int32, len(t.relations)), degree: make([]int32, t.entities),
		depth: make([]int32, t.entities), stamp: make([]uint32, t.entities),
		paths: map[uint64]pathCount{}, fromHead: map[uint32]int32{}, fromTail: map[uint32]int32{},
	}
}

// relation returns the evidence about one relation.
func (a *analyst) relation(ctx context.Context, r uint32) (Evidence, error) {
	if err := ctx.Err(); err != nil {
		return Evidence{}, err
	}
	a.random = rand.New(rand.NewPCG(a.options.Seed, uint64(r)))
	e := a.direct(r)
	a.hierarchy(r, &e)
	var err error
	e.Compositions, err = a.compositions(ctx, r, e.Pairs())
	e.Verdict = verdict(&e)
	return e, err
}
