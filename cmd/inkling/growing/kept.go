package growing

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// modelName is the name of the model in its database.
const modelName = "growing"

// kept is a database whose model is maintained while the graph grows.
type kept struct {
	stream  *Stream
	dir     string
	db      *engine.DB
	commits []time.Duration // from the call of Apply to its return
}

func newKept(s *Stream) (*kept, error) {
	dir, err := os.MkdirTemp("", "inkling-growing-*")
	if err != nil {
		return nil, err
	}
	db, err := engine.Open(filepath.Join(dir, "db"), engine.Options{})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &kept{stream: s, dir: dir, db: db}, nil
}

func (k *kept) close() error { return errors.Join(k.db.Close(), os.RemoveAll(k.dir)) }

// quads returns triples as statements.
func (k *kept) quads(triples []model.Triple) []rdf.Quad {
	base := k.db.Base()
	list := make([]rdf.Quad, len(triples))
	for i, t := range triples {
		list[i] = rdf.Quad{S: rdf.NewIRI(rdf.NameIRI(base, k.stream.Entities[t.H])), P: rdf.NewIRI(rdf.NameIRI(base, k.stream.Relations[t.R])),
			O: rdf.NewIRI(rdf.NameIRI(base, k.stream.Entities[t.T]))}
	}
	return list
}

// loadCommit is how many triples of the graph at training time go into one commit.
const loadCommit = 20_000

// train fills the database and trains its model on all of it, with valid to stop by and to calibrate on.
func (k *kept) train(ctx context.Context, triples, valid []model.Triple, o train.Options) error {
	if err := k.add(ctx, triples, loadCommit, nil); err != nil {
		return err
	}
	k.commits = nil
	// Half of the share would be measured on, which is done elsewhere: nothing is to be taken away from the training.
	request := engine.TrainRequest{Name: modelName, HoldOut: 1e-9, Options: o}
	if len(valid) > 0 {
		path := filepath.Join(k.dir, "valid.nt")
		var text []byte
		for _, q := range k.quads(valid) {
			text = append(rdf.AppendQuad(text, q), '\n')
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return err
		}
		request.Valid = []string{path}
	}
	_, err := k.db.Train(ctx, request)
	return err
}

// add commits triples, so many at a time (0: all at once), and waits for the model to have followed them.
func (k *kept) add(ctx context.Context, triples []model.Triple, commit int, done func(n int)) error {
	if commit <= 0 {
		commit = max(1, len(triples))
	}
	for part := range slices.Chunk(triples, commit) {
		start := time.Now()
		if _, err := k.db.Apply(ctx, k.quads(part), nil, "bench"); err != nil {
			return err
		}
		k.commits = append(k.commits, time.Since(start))
		if done != nil {
			done(len(part))
		}
	}
	return k.db.Wait(ctx)
}

// view returns the model as it is now; an error when it does not follow the graph.
func (k *kept) view() (view, engine.ModelInfo, error) {
	card, err := k.db.Model(modelName)
	if err != nil {
		return view{}, card, err
	}
	if card.Lag > 0 {
		return view{}, card, fmt.Errorf("growing: %w: a %s model does not follow the graph, it is %d commits behind (%s)",
			engine.ErrBadInput, card.Family, card.Lag, card.StaleBecause)
	}
	e, err := k.db.Embedding(modelName)
	if err != nil {
		return view{}, card, err
	}
	v := view{embedding: e}
	if v.entities, err = k.rows(k.stream.Entities, e.Vocabulary.Entity); err != nil {
		return view{}, card, err
	}
	if v.relations, err = k.rows(k.stream.Relations, e.Vocabulary.Relation); err != nil {
		return view{}, card, err
	}
	return v, card, nil
}

// rows returns the embedding's row of each name, -1 for none.
func (k *kept) rows(names []string, row func(store.TermID) (uint32, bool)) ([]int32, error) {
	base := k.db.Base()
	terms := make([]rdf.Term, len(names))
	for i, name := range names {
		terms[i] = rdf.NewIRI(rdf.NameIRI(base, name))
	}
	ids, err := k.db.TermIDs(terms)
	if err != nil {
		return nil, err
	}
	rows := make([]int32, len(ids))
	for i, id := range ids {
		rows[i] = -1
		if at, known := row(id); id != 0 && known {
			rows[i] = int32(at)
		}
	}
	return rows, nil
}
