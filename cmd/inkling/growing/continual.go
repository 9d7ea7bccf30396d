package growing

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
)

// ContinualOptions say how Continual runs. The zero value runs every method with the trainer's own settings.
type ContinualOptions struct {
	Train   train.Options // of every training; Seed and Workers too
	Commit  int           // triples of one commit; 0 commits a snapshot at once
	Methods []string      // names of Methods; none means all
	Test    int           // rank at most so many test triples of each snapshot; 0 means all
	// Progress is called with a few words as work goes on; may be nil.
	Progress func(share float64, words string)
}

// Report is what Continual measured on a data set.
type Report struct {
	Dataset   string          `json:"dataset"`
	Snapshots []SnapshotSize  `json:"snapshots"`
	Family    string          `json:"family"`
	Seed      uint64          `json:"seed"`
	Commit    int             `json:"triples_per_commit"`
	Methods   []MethodReport  `json:"methods"`
	Published []PublishedFact `json:"published"`
}

// SnapshotSize counts what a snapshot adds, and the entities and relations there are with it.
type SnapshotSize struct {
	Train     int `json:"train"`
	Valid     int `json:"valid"`
	Test      int `json:"test"`
	Entities  int `json:"entities"`
	Relations int `json:"relations"`
}

// Figures are filtered ranks of test triples, both ends asked for, ties at their mean place.
type Figures struct {
	Triples int     `json:"triples"`
	MRR     float64 `json:"mrr"`
	Hits1   float64 `json:"hits1"`
	Hits10  float64 `json:"hits10"`
}

// MethodReport is one method over the snapshots.
type MethodReport struct {
	Method    string        `json:"method"`
	Snapshots []AfterReport `json:"snapshots"`
	// Forgetting is the mean, over the snapshots before the last, of the MRR on a snapshot's test triples right after it
	// was learnt, less that at the end; the negative of the published backward transfer.
	Forgetting float64 `json:"forgetting"`
	// ForwardTransfer is the mean MRR, over the snapshots after the first, on a snapshot's test triples before it was learnt.
	ForwardTransfer float64 `json:"forward_transfer"`
	Seconds         float64 `json:"seconds"` // of learning, all snapshots
	Stale           string  `json:"stale,omitempty"`
}

// AfterReport is what a method gave after one snapshot.
type AfterReport struct {
	Seconds float64   `json:"seconds"` // of learning the snapshot
	Tests   []Figures `json:"tests"`   // of each snapshot so far, among the entities that it knows: as published
	Whole   Figures   `json:"whole"`   // those together, each triple counting once
	Among   Figures   `json:"among"`   // the same test triples among all entities so far, which those that came later compete with
	Before  float64   `json:"before"`  // MRR on the snapshot's test triples before it was learnt
	Commits int       `json:"commits,omitempty"`
	P50MS   float64   `json:"commit_p50_ms,omitempty"` // of a commit, without its maintenance
	P99MS   float64   `json:"commit_p99_ms,omitempty"`
}

// method learns one snapshot after another.
type method interface {
	learn(ctx context.Context, snapshot int, progress func(share float64)) error
	view() (view, error)
	describe(*AfterReport, *MethodReport)
	close() error
}

// Method is a way to follow a growing graph.
type Method struct {
	Name, About string
	start       func(*Stream, ContinualOptions) (method, error)
}

// Methods are those that Continual compares.
var Methods = []Method{
	{"maintain", "trained on the first snapshot; the others are committed to the database, which maintains the model", newMaintained},
	{"finetune", "training goes on, with the new snapshot's triples only", newTuned},
	{"retrain", "trained from nothing on all triples so far, after each snapshot", newRetrained},
}

// Continual learns a stream by each method and ranks after each snapshot.
func Continual(ctx context.Context, s *Stream, o ContinualOptions) (Report, error) {
	r := Report{Dataset: s.Name, Seed: o.Train.Seed, Commit: o.Commit, Published: publishedOf(s.Name)}
	for _, x := range s.Snapshots {
		r.Snapshots = append(r.Snapshots, SnapshotSize{len(x.Train), len(x.Valid), len(x.Test), x.Entities, x.Relations})
	}
	methods, err := methodsOf(o.Methods)
	if err != nil {
		return r, err
	}
	if o.Train, err = s.settle(o.Train); err != nil {
		return r, err
	}
	run := continual{stream: s, options: o, all: len(methods) * len(s.Snapshots)}
	for _, m := range methods {
		report, err := run.method(ctx, m)
		if err != nil {
			return r, fmt.Errorf("growing: %s on %s: %w", m.Name, s.Name, err)
		}
		r.Methods = append(r.Methods, report)
	}
	r.Family = run.family
	return r, nil
}

// settle fills in what would otherwise be chosen by the size of each snapshot, by that of the whole stream: every method
// learns every snapshot by the same settings.
func (s *Stream) settle(o train.Options) (train.Options, error) {
	last := len(s.Snapshots) - 1
	v, err := s.vocabulary(len(s.Entities), len(s.Relations))
	if err != nil {
		return o, err
	}
	chosen := o.Defaults(train.Data{Vocabulary: v, Train: s.upTo(last, trainOf)})
	o.Family, o.Dim, o.Loss, o.Batch, o.QueryTargets = chosen.Family, chosen.Dim, chosen.Loss, chosen.Batch, chosen.QueryTargets
	o.Epochs, o.ValidEvery, o.LearningRate = chosen.Epochs, chosen.ValidEvery, chosen.LearningRate
	if o.N3 == 0 && chosen.N3 > 0 {
		o.N3 = chosen.N3
	} else if chosen.N3 == 0 {
		o.N3 = -1
	}
	return o, nil
}

func methodsOf(names []string) ([]Method, error) {
	if len(names) == 0 {
		return Methods, nil
	}
	var list []Method
	for _, name := range names {
		at := slices.IndexFunc(Methods, func(m Method) bool { return m.Name == name })
		if at < 0 {
			return nil, fmt.Errorf("growing: %w: unknown method %q; there are maintain, finetune, retrain", engine.ErrBadInput, name)
		}
		list = append(list, Methods[at])
	}
	return list, nil
}

// continual is a run under way.
type continual struct {
	stream    *Stream
	options   ContinualOptions
	done, all int // snapshots, of all methods
	family    string
}

func (c *continual) say(share float64, words string) {
	if c.options.Progress != nil {
		c.options.Progress((float64(c.done)+share)/float64(c.all), words)
	}
}

// method runs one method over all snapshots.
func (c *continual) method(ctx context.Context, m Method) (r MethodReport, err error) {
	r.Method = m.Name
	running, err := m.start(c.stream, c.options)
	if err != nil {
		return r, err
	}
	defer func() {
		if closed := running.close(); err == nil {
			err = closed
		}
	}()
	for i := range c.stream.Snapshots {
		words := fmt.Sprintf("%s, snapshot %d of %d", m.Name, i+1, len(c.stream.Snapshots))
		var after AfterReport
		if i > 0 {
			before, err := c.rank(ctx, running, i, []int{i})
			if err != nil {
				return r, err
			}
			after.Before = before[0].MRR
		}
		start := time.Now()
		if err := running.learn(ctx, i, func(share float64) { c.say(share, words) }); err != nil {
			return r, err
		}
		after.Seconds = time.Since(start).Seconds()
		c.say(1, words+", ranking")
		if err := c.measure(ctx, running, i, &after); err != nil {
			return r, err
		}
		running.describe(&after, &r)
		r.Snapshots = append(r.Snapshots, after)
		r.Seconds += after.Seconds
		c.done++
	}
	r.Forgetting, r.ForwardTransfer = transfers(r.Snapshots)
	return r, nil
}

// transfers returns the forgetting and the forward transfer of a run.
func transfers(after []AfterReport) (forgetting, forward float64) {
	last := len(after) - 1
	if last < 1 {
		return 0, 0
	}
	for i := range last {
		forgetting += (after[i].Tests[i].MRR - after[last].Tests[i].MRR) / float64(last)
		forward += after[i+1].Before / float64(last)
	}
	return forgetting, forward
}

// measure ranks the test triples of all snapshots so far.
func (c *continual) measure(ctx context.Context, running method, now int, after *AfterReport) error {
	v, err := running.view()
	if err != nil {
		return err
	}
	c.family = v.embedding.Family.Name
	var so []int
	for i := range now + 1 {
		so = append(so, i)
	}
	if after.Tests, err = c.rank(ctx, running, now, so); err != nil {
		return err
	}
	after.Whole = whole(after.Tests)
	var all []model.Triple
	for _, i := range so {
		all = append(all, c.test(i)...)
	}
	after.Among, err = c.ranked(ctx, v.of(c.stream.Snapshots[now].Entities), all, c.known(now))
	return err
}

// test returns the triples of a snapshot's test split that are ranked: every kth, so that all relations are among them.
func (c *continual) test(snapshot int) []model.Triple {
	all := c.stream.Snapshots[snapshot].Test
	n := c.options.Test
	if n <= 0 || n >= len(all) {
		return all
	}
	some := make([]model.Triple, n)
	for i := range some {
		some[i] = all[i*len(all)/n]
	}
	return some
}

// known returns the filter after a snapshot: every triple of every split so far.
func (c *continual) known(now int) *eval.Known {
	s := c.stream
	return eval.NewKnown(s.upTo(now, trainOf), s.upTo(now, validOf), s.upTo(now, testOf))
}

// rank ranks the test triples of snapshots, each among the entities known with that snapshot.
func (c *continual) rank(ctx context.Context, running method, now int, snapshots []int) ([]Figures, error) {
	v, err := running.view()
	if err != nil {
		return nil, err
	}
	known := c.known(now)
	var list []Figures
	for _, i := range snapshots {
		f, err := c.ranked(ctx, v.of(c.stream.Snapshots[i].Entities), c.test(i), known)
		if err != nil {
			return nil, err
		}
		list = append(list, f)
	}
	return list, nil
}

func (c *continual) ranked(ctx context.Context, v view, test []model.Triple, known *eval.Known) (Figures, error) {
	r, err := eval.Rank(ctx, v, v.candidates, test, within{known, uint32(v.candidates)}, eval.Options{Workers: c.options.Train.Workers})
	return Figures{len(test), r.MRR, r.Hits1, r.Hits10}, err
}

// within is a filter without the rows that are no candidates.
type within struct {
	known      *eval.Known
	candidates uint32
}

// Known implements eval.Filter.
func (w within) Known(q model.Query, dst []uint32) []uint32 {
	rows := w.known.Known(q, dst)
	for len(rows) > len(dst) && rows[len(rows)-1] >= w.candidates { // they ascend
		rows = rows[:len(rows)-1]
	}
	return rows
}

// whole returns the figures of several sets together.
func whole(parts []Figures) (all Figures) {
	for _, f := range parts {
		all.Triples += f.Triples
	}
	for _, f := range parts {
		share := float64(f.Triples) / float64(max(1, all.Triples))
		all.MRR += share * f.MRR
		all.Hits1 += share * f.Hits1
		all.Hits10 += share * f.Hits10
	}
	return all
}
