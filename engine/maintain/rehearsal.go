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

// rehearsal is a store, a model on its graph, and the triples to try.
type rehearsal struct {
	options              MeasureOptions
	data                 train.Data
	folder               string // of the checkpoint
	store                *store.Store
	follower             *Follower
	known                *eval.Known
	added, rest, trained []model.Triple
	gone                 map[model.Triple]bool // removed for good
	result               Measurement
}

func newStage(ctx context.Context, d train.Data, o MeasureOptions) (g *rehearsal, err error) {
	g = &rehearsal{options: o, data: d, known: eval.NewKnown(d.Train, d.Valid, d.Test)}
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
	if o.Model == nil {
		if o.Model, err = o.train(ctx, d); err != nil {
			return g, err
		}
		g.options.Model = o.Model
	}
	return g, g.open(ctx, *o.Model)
}

// train trains a model; Fit says how where it is set.
func (o MeasureOptions) train(ctx context.Context, d train.Data) (*model.Embedding, error) {
	if o.Fit != nil {
		return o.Fit(ctx, d)
	}
	return train.Train(ctx, d, o.Train)
}

// follow brings the follower to the store's version and returns what that took.
func (g *rehearsal) follow(ctx context.Context) (time.Duration, error) {
	start := time.Now()
	err := g.follower.catchUp(ctx)
	return time.Since(start), err
}

// percentiles returns the median and the time that one in a hundred exceeds; it sorts the times.
func percentiles(times []time.Duration) (p50, p99 time.Duration) {
	if len(times) == 0 {
		return 0, 0
	}
	slices.Sort(times)
	return times[len(times)/2], times[len(times)*99/100]
}

// open saves the model as one of the store's present version and opens its follower.
func (g *rehearsal) open(ctx context.Context, e model.Embedding) (err error) {
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

func (g *rehearsal) close() {
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

func (g *rehearsal) write(ctx context.Context, remove, add []model.Triple) error {
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
func (g *rehearsal) nameRows() error {
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
func (g *rehearsal) choose() {
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
func (g *rehearsal) mrr(ctx context.Context, e *model.Embedding, triples []model.Triple) (float64, error) {
	workers := eval.Options{Workers: max(1, g.options.Train.Workers)}
	r, err := eval.Rank(ctx, e, e.Vocabulary.Entities(), triples, g.known, workers)
	return r.MRR, err
}

// compare ranks the three groups of triples by a model; field says which figure of a Comparison it is.
func (g *rehearsal) compare(ctx context.Context, e *model.Embedding, field func(*Comparison) *float64) error {
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
