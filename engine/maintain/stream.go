package maintain

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// CommitTime is what commits of one size take to follow.
type CommitTime struct {
	Triples, Commits int
	P50, P99         time.Duration // applied, saved and published
}

// String returns the times in a line.
func (c CommitTime) String() string {
	return fmt.Sprintf("commits of %d triples (%d of them): p50 %v, p99 %v", c.Triples, c.Commits,
		c.P50.Round(10*time.Microsecond), c.P99.Round(10*time.Microsecond))
}

// Stream compares a model that was trained on the first four fifths of the triples and has followed the last fifth with
// one trained on all of them.
type Stream struct {
	Triples, Each int // streamed, and a commit
	Took          time.Duration
	Retraining    time.Duration
	Processor     [2]float64 // time of both, in seconds; 0 where it was not measured
	Test          Comparison // filtered MRR of the test split
}

// String returns the figures in a line.
func (s *Stream) String() string {
	share := func(a, b float64) float64 { return 100 * a / max(b, 1e-12) }
	line := fmt.Sprintf("the last %d triples streamed, %d a commit, in %v: test MRR %.4f before, %.4f after; a retraining reaches %.4f in %v: %.1f%% of its MRR at %.1f%% of its time",
		s.Triples, s.Each, s.Took.Round(10*time.Millisecond), s.Test.Before, s.Test.After, s.Test.Retrained, s.Retraining.Round(10*time.Millisecond),
		share(s.Test.After, s.Test.Retrained), share(s.Took.Seconds(), s.Retraining.Seconds()))
	if s.Processor[1] > 0 {
		line += fmt.Sprintf(", %.1f%% of its processor time (%.1f s of %.1f s)", share(s.Processor[0], s.Processor[1]), s.Processor[0], s.Processor[1])
	}
	return line
}

// streamed is the share of the training triples that come after the training.
const streamed = 0.2

// timed is how many triples the times of one size of commits are taken from at most.
const timed = 1000

// streaming is a data set cut in two: rows are numbered in the order in which the training triples name them, so that
// those of the first part come first.
type streaming struct {
	whole, first train.Data
	rest         []model.Triple
	test         []model.Triple // of terms that training triples have
}

// cut returns the data set cut where the share of streamed triples begins.
func cut(d train.Data) (streaming, error) {
	entities, relations := numbering{}, numbering{}
	number := func(in []model.Triple) []model.Triple {
		out := make([]model.Triple, len(in))
		for i, t := range in {
			out[i] = model.Triple{H: entities.of(t.H), R: relations.of(t.R), T: entities.of(t.T)}
		}
		return out
	}
	at := len(d.Train) - int(streamed*float64(len(d.Train)))
	var s streaming
	s.first.Train = number(d.Train[:at])
	known, kinds := len(entities), len(relations)
	s.rest = number(d.Train[at:])
	all, allKinds := len(entities), len(relations)
	s.whole = train.Data{Train: slices.Concat(s.first.Train, s.rest), Valid: number(d.Valid), Test: number(d.Test)}
	s.first.Valid = within(s.whole.Valid, known, kinds)
	s.test = within(s.whole.Test, all, allKinds)
	var err error
	if s.first.Vocabulary, err = model.NewVocabulary(standIns(0, known), standIns(known, kinds)); err != nil {
		return s, err
	}
	s.whole.Vocabulary, err = model.NewVocabulary(standIns(0, len(entities)), standIns(len(entities), len(relations)))
	return s, err
}

// numbering gives rows new numbers in the order in which they are met.
type numbering map[uint32]uint32

func (n numbering) of(row uint32) uint32 {
	if _, met := n[row]; !met {
		n[row] = uint32(len(n))
	}
	return n[row]
}

// within returns the triples whose rows are among the first ones.
func within(triples []model.Triple, entities, relations int) []model.Triple {
	return slices.DeleteFunc(slices.Clone(triples), func(t model.Triple) bool {
		return max(int(t.H), int(t.T)) >= entities || int(t.R) >= relations
	})
}

// standIns returns n identifiers after the first skip, for rows that no store has named.
func standIns(skip, n int) []store.TermID {
	ids := make([]store.TermID, n)
	for i := range ids {
		ids[i] = store.TermID(skip + i + 1)
	}
	return ids
}

// stream trains on the first part of the triples, times commits of each size, and streams the rest by the largest.
func (g *rehearsal) stream(ctx context.Context) error {
	o := g.options
	o.Model = nil
	s, err := cut(g.data)
	if err != nil {
		return err
	}
	for i, size := range o.Sizes {
		x, err := newStage(ctx, s.first, o)
		if err != nil {
			return err
		}
		o.Model = x.options.Model // trained once
		last := i == len(o.Sizes)-1
		part := s.rest
		if !last {
			part = part[:min(len(part), max(timed, 20*size))]
		}
		err = x.take(ctx, part, size, last, s)
		g.result.Sizes = append(g.result.Sizes, x.result.Sizes...)
		g.result.Streamed = x.result.Streamed
		x.close()
		if err != nil {
			return err
		}
	}
	return g.retrainAll(ctx, s)
}

// take follows commits of so many triples each; the test split is ranked before and after if ranked is set.
func (g *rehearsal) take(ctx context.Context, rest []model.Triple, size int, ranked bool, all streaming) (err error) {
	s := &Stream{Triples: len(rest), Each: size}
	if ranked {
		if s.Test.Before, err = all.testMRR(ctx, g.follower.Embedding(), g.rowsNow, g.options.Train.Workers); err != nil {
			return err
		}
	}
	var times []time.Duration
	for part := range slices.Chunk(rest, size) {
		if err := g.write(ctx, nil, part); err != nil {
			return err
		}
		before := g.options.processor()
		took, err := g.follow(ctx)
		if err != nil {
			return err
		}
		s.Processor[0] += g.options.processor() - before
		if len(part) == size || len(times) == 0 {
			times = append(times, took)
		}
		s.Took += took
		g.options.tell(fmt.Sprintf("commits of %d", size), len(times))
	}
	c := CommitTime{Triples: size, Commits: len(times)}
	c.P50, c.P99 = percentiles(times)
	g.result.Sizes = append(g.result.Sizes, c)
	if ranked {
		g.result.Streamed = s
		s.Test.After, err = all.testMRR(ctx, g.follower.Embedding(), g.rowsNow, g.options.Train.Workers)
	}
	return err
}

// rowsNow returns triples by the rows that a model has for the store's terms, without those it has none for.
func (g *rehearsal) rowsNow(e *model.Embedding, triples []model.Triple) ([]model.Triple, error) {
	v, err := g.store.View()
	if err != nil {
		return nil, err
	}
	defer v.Close()
	var out []model.Triple
	for _, t := range triples {
		var ids [3]store.TermID
		known := true
		for i, name := range []rdf.Term{term("e", t.H), term("r", t.R), term("e", t.T)} {
			var in bool
			if ids[i], in, err = v.ID(name); err != nil {
				return nil, err
			}
			known = known && in
		}
		if rows, in := e.Vocabulary.Triple(store.Triple{S: ids[0], P: ids[1], O: ids[2]}); known && in {
			out = append(out, rows)
		}
	}
	return out, nil
}

// asTrained returns the triples as they are.
func asTrained(_ *model.Embedding, triples []model.Triple) ([]model.Triple, error) {
	return triples, nil
}

// testMRR returns the filtered MRR of the test triples; rows says where the model has them. One that it has no rows for
// counts 0.
func (s streaming) testMRR(ctx context.Context, e *model.Embedding, rows func(*model.Embedding, []model.Triple) ([]model.Triple, error), workers int) (float64, error) {
	known, err := rows(e, slices.Concat(s.whole.Train, s.whole.Valid, s.whole.Test))
	if err != nil {
		return 0, err
	}
	test, err := rows(e, s.test)
	if err != nil {
		return 0, err
	}
	r, err := eval.Rank(ctx, e, e.Vocabulary.Entities(), test, eval.NewKnown(known), eval.Options{Workers: max(1, workers)})
	return r.MRR * float64(len(test)) / float64(max(1, len(s.test))), err
}

// retrainAll trains on all the triples.
func (g *rehearsal) retrainAll(ctx context.Context, s streaming) error {
	start, before := time.Now(), g.options.processor()
	e, err := g.options.train(ctx, s.whole)
	if err != nil {
		return err
	}
	g.result.Streamed.Processor[1] = g.options.processor() - before
	g.result.Streamed.Retraining = time.Since(start)
	g.result.Streamed.Test.Retrained, err = s.testMRR(ctx, e, asTrained, g.options.Train.Workers)
	return err
}
