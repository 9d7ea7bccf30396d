package growing

import (
	"context"
	"slices"
	"time"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
)

// maintained follows a stream by commits to a database.
type maintained struct {
	*kept
	options ContinualOptions
	stale   string
}

func newMaintained(s *Stream, o ContinualOptions) (method, error) {
	k, err := newKept(s)
	return &maintained{kept: k, options: o}, err
}

func (m *maintained) learn(ctx context.Context, snapshot int, progress func(float64)) error {
	now := m.stream.Snapshots[snapshot]
	if snapshot == 0 {
		o := m.options.Train
		o.Progress = trainProgress(progress)
		return m.train(ctx, now.Train, now.Valid, o)
	}
	m.commits = nil
	done := 0
	return m.add(ctx, now.Train, m.options.Commit, func(n int) {
		done += n
		progress(float64(done) / float64(len(now.Train)))
	})
}

func (m *maintained) view() (view, error) {
	v, card, err := m.kept.view()
	m.stale = card.StaleBecause
	return v, err
}

func (m *maintained) describe(after *AfterReport, r *MethodReport) {
	r.Stale = m.stale
	if n := len(m.commits); n > 0 {
		slices.Sort(m.commits)
		after.Commits = n
		after.P50MS, after.P99MS = milliseconds(m.commits[n/2]), milliseconds(m.commits[min(n-1, n*99/100)])
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// trainProgress turns a share of the work into what a trainer calls.
func trainProgress(progress func(float64)) func(train.Progress) {
	return func(p train.Progress) {
		progress((float64(p.Epoch-1) + float64(p.Batch)/float64(max(1, p.Batches))) / float64(max(1, p.Epochs)))
	}
}

// tuned trains on, with each snapshot's triples alone.
type tuned struct {
	stream  *Stream
	options ContinualOptions
	now     *model.Embedding
}

func newTuned(s *Stream, o ContinualOptions) (method, error) {
	return &tuned{stream: s, options: o}, nil
}

func (t *tuned) learn(ctx context.Context, snapshot int, progress func(float64)) error {
	now := t.stream.Snapshots[snapshot]
	o := t.options.Train
	o.Start = t.now
	return t.train(ctx, now, now.Train, now.Valid, o, progress)
}

// train trains on triples with the vocabulary of a snapshot.
func (t *tuned) train(ctx context.Context, now Snapshot, triples, valid []model.Triple, o train.Options, progress func(float64)) error {
	v, err := t.stream.vocabulary(now.Entities, now.Relations)
	if err != nil {
		return err
	}
	o.Progress = trainProgress(progress)
	e, err := train.Train(ctx, train.Data{Vocabulary: v, Train: triples, Valid: valid}, o)
	if err == nil {
		t.now = e
	}
	return err
}

func (t *tuned) view() (view, error)                  { return t.stream.identity(t.now), nil }
func (t *tuned) describe(*AfterReport, *MethodReport) {}
func (t *tuned) close() error                         { return nil }

// retrained trains from nothing on all triples so far.
type retrained struct{ tuned }

func newRetrained(s *Stream, o ContinualOptions) (method, error) {
	return &retrained{tuned{stream: s, options: o}}, nil
}

func (t *retrained) learn(ctx context.Context, snapshot int, progress func(float64)) error {
	now := t.stream.Snapshots[snapshot]
	return t.train(ctx, now, t.stream.upTo(snapshot, trainOf), t.stream.upTo(snapshot, validOf), t.options.Train, progress)
}
