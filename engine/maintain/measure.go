package maintain

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// MeasureOptions say what Measure does. Zero counts take the default, in brackets.
type MeasureOptions struct {
	Folder   string           // of a benchmark's splits, see train.ReadSplits
	Train    train.Options    // of the model to maintain
	Model    *model.Embedding // trained on Folder before, instead
	Maintain Options
	Commits  int            // held-out triples added, one commit each [1,000, at most half of the test split]
	Removals int            // trained triples removed after that, one commit each [100]
	Rest     int            // of the remaining test split and of the training triples, so many are ranked [2,000]
	Retrain  bool           // train again on the graph with the added triples, to compare
	Progress func(done int) // commits so far; may be nil
}

// Measurement is what maintenance did to a model.
type Measurement struct {
	Commits               int
	P50, P99              time.Duration // of a commit: applied, saved and published
	Added, Rest, Trained  Comparison    // filtered MRR of the added triples, the other held-out ones, the trained ones
	Removed               int
	FactsBefore, FactsNow int // of the removed triples, those the model takes for facts
	TrainedAfterRemovals  float64
	Drift                 float64 // after the additions
	Retraining            time.Duration
}

// Comparison is one figure before maintenance, after it, and of a model trained anew.
type Comparison struct{ Before, After, Retrained float64 }

// String returns the figures in a few lines.
func (m Measurement) String() string {
	line := func(name string, c Comparison) string {
		return fmt.Sprintf("MRR of %-18s %.4f before, %.4f after, %.4f retrained\n", name, c.Before, c.After, c.Retrained)
	}
	return fmt.Sprintf("%d triples added, one commit each: p50 %v, p99 %v a commit; drift %.3f\n", m.Commits,
		m.P50.Round(10*time.Microsecond), m.P99.Round(10*time.Microsecond), m.Drift) +
		line("the added triples", m.Added) + line("other held-out", m.Rest) + line("trained triples", m.Trained) +
		fmt.Sprintf("%d trained triples removed: %d facts before, %d after; MRR of trained triples that stayed %.4f\n",
			m.Removed, m.FactsBefore, m.FactsNow, m.TrainedAfterRemovals) +
		fmt.Sprintf("retraining took %v", m.Retraining.Round(time.Second))
}

// Measure trains on a benchmark's training split held in a store in memory, then adds held-out triples and removes
// trained ones, one commit at a time, and ranks before and after.
func Measure(ctx context.Context, o MeasureOptions) (Measurement, error) {
	set(&o.Commits, 1000)
	set(&o.Removals, 100)
	set(&o.Rest, 2000)
	d, err := train.ReadSplits(o.Folder)
	if err != nil {
		return Measurement{}, err
	}
	g, err := newStage(ctx, d, o)
	if err != nil {
		return Measurement{}, err
	}
	defer g.close()
	if err := g.add(ctx); err != nil {
		return g.result, err
	}
	if err := g.remove(ctx); err != nil {
		return g.result, err
	}
	return g.result, g.retrain(ctx)
}

// stage is a store, a model on its graph, and the triples to try.
type stage struct {
	options              MeasureOptions
	data                 train.Data
	folder               string // of the checkpoint
	store                *store.Store
	follower             *Follower
	known                *eval.Known
	added, rest, trained []model.Triple
	result               Measurement
}

func newStage(ctx context.Context, d train.Data, o MeasureOptions) (g *stage, err error) {
	g = &stage{options: o, data: d, known: eval.NewKnown(d.Train, d.Valid, d.Test)}
	defer func() {
		if err != nil {
			g.close()
			g = nil
		}
	}()
	if g.store, err = store.Open("", store.Options{}); err != nil {
		return g, err
	}
	for part := range slices.Chunk(d.Train, 10_000) {
		if err = g.write(ctx, nil, part); err != nil {
			return g, err
		}
	}
	if err = g.nameRows(); err != nil {
		return g, err
	}
	g.choose()
	e := o.Model
	if e == nil {
		if e, err = train.Train(ctx, d, o.Train); err != nil {
			return g, err
		}
	}
	return g, g.open(ctx, *e)
}

// open saves the model as one of the store's present version and opens its follower.
func (g *stage) open(ctx context.Context, e model.Embedding) (err error) {
	v, err := g.store.View()
	if err != nil {
		return err
	}
	e.Vocabulary, e.Metadata.DataVersion = g.data.Vocabulary, v.Version()
	v.Close()
	if g.folder, err = os.MkdirTemp("", "inkling-maintain"); err != nil {
		return err
	}
	path := filepath.Join(g.folder, "model")
	if err := e.Save(path); err != nil {
		return err
	}
	g.follower, err = Open(ctx, path, FromStore(g.store, 0), g.options.Maintain)
	return err
}

func (g *stage) close() {
	if g.follower != nil {
		g.follower.Close()
	}
	if g.store != nil {
		g.store.Close()
	}
	if g.folder != "" {
		os.RemoveAll(g.folder)
	}
}

// term returns the name in the store of a row: e for entities, r for relations.
func term(kind string, row uint32) rdf.Term {
	return rdf.Term{Kind: rdf.IRI, Value: fmt.Sprint("http://inkling.example/", kind, row)}
}

func (g *stage) write(ctx context.Context, remove, add []model.Triple) error {
	quads := func(triples []model.Triple) []rdf.Quad {
		out := make([]rdf.Quad, len(triples))
		for i, t := range triples {
			out[i] = rdf.Quad{S: term("e", t.H), P: term("r", t.R), O: term("e", t.T)}
		}
		return out
	}
	_, err := g.store.Write(ctx, store.Batch{Source: "measure", Remove: quads(remove), Add: quads(add)})
	return err
}

// unstored marks rows whose term no training triple holds: identifiers that the store will not give.
const unstored = store.TermID(store.KindIRI)<<56 + 1<<31

// nameRows gives the data's rows the store's terms.
func (g *stage) nameRows() error {
	v, err := g.store.View()
	if err != nil {
		return err
	}
	defer v.Close()
	ids := func(kind string, n int) ([]store.TermID, error) {
		out := make([]store.TermID, n)
		for i := range out {
			id, ok, err := v.ID(term(kind, uint32(i)))
			if err != nil {
				return nil, err
			}
			if !ok {
				id = unstored + store.TermID(i)
			}
			out[i] = id
		}
		return out, nil
	}
	entities, err := ids("e", g.data.Vocabulary.Entities())
	if err != nil {
		return err
	}
	relations, err := ids("r", g.data.Vocabulary.Relations())
	if err != nil {
		return err
	}
	g.data.Vocabulary, err = model.NewVocabulary(entities, relations)
	return err
}

// choose divides the test split, evenly spread, into triples to add and others; all of terms the graph has.
func (g *stage) choose() {
	v := g.data.Vocabulary
	var usable []model.Triple
	for _, t := range g.data.Test {
		if v.EntityID(t.H) < unstored && v.EntityID(t.T) < unstored && v.RelationID(t.R) < unstored {
			usable = append(usable, t)
		}
	}
	g.added = spread(usable, min(g.options.Commits, len(usable)/2))
	taken := map[model.Triple]bool{}
	for _, t := range g.added {
		taken[t] = true
	}
	usable = slices.DeleteFunc(usable, func(t model.Triple) bool { return taken[t] })
	g.rest, g.trained = spread(usable, g.options.Rest), spread(g.data.Train, g.options.Rest)
}

// spread returns n of the triples, evenly spread, or all.
func spread(triples []model.Triple, n int) []model.Triple {
	if n >= len(triples) {
		return slices.Clone(triples)
	}
	out := make([]model.Triple, n)
	for i := range out {
		out[i] = triples[i*len(triples)/n]
	}
	return out
}

// mrr returns the filtered MRR of triples.
func (g *stage) mrr(ctx context.Context, e *model.Embedding, triples []model.Triple) (float64, error) {
	workers := eval.Options{Workers: max(1, g.options.Train.Workers)}
	r, err := eval.Rank(ctx, e, e.Vocabulary.Entities(), triples, g.known, workers)
	return r.MRR, err
}

// compare ranks the three groups of triples by a model; field says which figure of a Comparison it is.
func (g *stage) compare(ctx context.Context, e *model.Embedding, field func(*Comparison) *float64) error {
	groups := []struct {
		triples []model.Triple
		into    *Comparison
	}{{g.added, &g.result.Added}, {g.rest, &g.result.Rest}, {g.trained, &g.result.Trained}}
	for _, x := range groups {
		m, err := g.mrr(ctx, e, x.triples)
		if err != nil {
			return err
		}
		*field(x.into) = m
	}
	return nil
}

// add commits the held-out triples one by one.
func (g *stage) add(ctx context.Context) error {
	if err := g.compare(ctx, g.follower.Embedding(), func(c *Comparison) *float64 { return &c.Before }); err != nil {
		return err
	}
	var times []time.Duration
	for i, t := range g.added {
		if err := g.write(ctx, nil, []model.Triple{t}); err != nil {
			return err
		}
		start := time.Now()
		if err := g.follower.catchUp(ctx); err != nil {
			return err
		}
		times = append(times, time.Since(start))
		if g.options.Progress != nil {
			g.options.Progress(i + 1)
		}
	}
	if len(times) > 0 {
		slices.Sort(times)
		g.result.P50, g.result.P99 = times[len(times)/2], times[len(times)*99/100]
	}
	g.result.Commits, g.result.Drift = len(times), g.follower.Status().Drift
	return g.compare(ctx, g.follower.Embedding(), func(c *Comparison) *float64 { return &c.After })
}

// remove takes trained triples out again, one commit each.
func (g *stage) remove(ctx context.Context) error {
	removed := spread(g.data.Train, g.options.Removals)
	facts := func() (n int) {
		e := g.follower.Embedding()
		for _, t := range removed {
			if e.IsFact(t.H, t.R, t.T) {
				n++
			}
		}
		return n
	}
	g.result.Removed, g.result.FactsBefore = len(removed), facts()
	gone := map[model.Triple]bool{}
	for _, t := range removed {
		gone[t] = true
		if err := g.write(ctx, []model.Triple{t}, nil); err != nil {
			return err
		}
		if err := g.follower.catchUp(ctx); err != nil {
			return err
		}
	}
	g.result.FactsNow = facts()
	stayed := slices.DeleteFunc(slices.Clone(g.trained), func(t model.Triple) bool { return gone[t] })
	var err error
	g.result.TrainedAfterRemovals, err = g.mrr(ctx, g.follower.Embedding(), stayed)
	return err
}

// retrain trains on the graph with the added triples.
func (g *stage) retrain(ctx context.Context) error {
	if !g.options.Retrain {
		return nil
	}
	d := g.data
	d.Train = slices.Concat(d.Train, g.added)
	start := time.Now()
	e, err := train.Train(ctx, d, g.options.Train)
	if err != nil {
		return err
	}
	g.result.Retraining = time.Since(start)
	return g.compare(ctx, e, func(c *Comparison) *float64 { return &c.Retrained })
}
