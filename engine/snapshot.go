package engine

import (
	"context"
	"fmt"

	"github.com/inklingdb/inkling/index"
	"github.com/inklingdb/inkling/index/pattern"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/udf"
)

// snapshot is what one query or expression sees: a view of the graph, and each model as it was just before, so that no
// model answers with nodes that the view does not know yet. It belongs to one goroutine.
type snapshot struct {
	db     *DB
	view   *store.View
	names  names
	models edition
	used   map[string]*published // by the name asked for; "" is the default model

	patterns    patternCache        // of a transaction's view, whose version does not tell its changes
	committed   *index.SetsSnapshot // of the commit before a transaction; nil until asked for
	exact       bool                // approximate searches are forbidden
	approximate map[string]float64  // recall@10 by the name of each model that was searched approximately
}

// snapshot opens the latest version; close it.
func (db *DB) snapshot() (*snapshot, error) {
	models := db.models.edition()
	v, err := db.store.View()
	if err != nil {
		return nil, err
	}
	return db.snapshotOf(v, models), nil
}

// snapshotOf returns a snapshot of a view and of models published before it was opened.
func (db *DB) snapshotOf(v *store.View, models edition) *snapshot {
	return &snapshot{db: db, view: v, names: newNames(v), models: models, used: map[string]*published{}}
}

func (s *snapshot) close() { s.view.Close() }

// model returns a model, the same version at each call.
func (s *snapshot) model(name string) (*published, error) {
	if p := s.used[name]; p != nil {
		return p, nil
	}
	p := s.models.find(name)
	if p == nil {
		if _, err := s.db.models.find(name); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("%w: %q was not trained yet when the query began; ask again", ErrUnknownModel, name)
	}
	s.used[name] = p
	return p, nil
}

// versions returns the versions of the graph and of the models used so far.
func (s *snapshot) versions() Versions {
	v := Versions{Graph: s.view.Version(), Approximate: s.approximate}
	for _, p := range s.used {
		if v.Models == nil {
			v.Models = map[string]store.Version{}
		}
		v.Models[p.functions.Name] = p.functions.Version
	}
	return v
}

// host returns the snapshot as functions see it.
func (s *snapshot) host() *udf.Host {
	return &udf.Host{Graph: graph{s.view}, Names: s.names, Exact: s.exact, Approximated: s.approximated, Model: func(name string) (*udf.Model, error) {
		p, err := s.model(name)
		if err != nil {
			return nil, err
		}
		return p.functions, nil
	}, Patterns: s.relationPatterns, Sets: s.sets}
}

// sets returns the index of subjects and objects; in a transaction, that of the commit before it.
func (s *snapshot) sets(context.Context) (*index.SetsSnapshot, error) {
	if found := index.SetsOf(s.view); found != nil {
		return found, nil
	}
	if s.committed == nil {
		v, err := s.db.store.View()
		if err != nil {
			return nil, err
		}
		defer v.Close()
		if s.committed = index.SetsOf(v); s.committed == nil {
			return nil, fmt.Errorf("engine: the index of relations is not to be had: run inkling check")
		}
	}
	return s.committed, nil
}

// relationPatterns analyses a graph, once a version; once a snapshot where a transaction may have changed the graph.
func (s *snapshot) relationPatterns(ctx context.Context, g store.TermID) (*pattern.GraphReport, error) {
	if index.SetsOf(s.view) == nil {
		return s.patterns.of(ctx, s.view, g)
	}
	return s.db.patterns.of(ctx, s.view, g)
}

// approximated notes that a model was searched approximately.
func (s *snapshot) approximated(m *udf.Model, recall float64) {
	if s.approximate == nil {
		s.approximate = map[string]float64{}
	}
	s.approximate[m.Name] = recall
}

// graph is a view as functions see it.
type graph struct{ view *store.View }

// Has reports whether a graph states a triple.
func (g graph) Has(name store.TermID, t store.Triple) (bool, error) { return g.view.Has(name, t) }

// Count returns how many triples match.
func (g graph) Count(name store.TermID, p store.Pattern) (int64, bool) { return g.view.Count(name, p) }

// Match calls visit for each triple of the pattern until visit returns false.
func (g graph) Match(name store.TermID, p store.Pattern, visit func(store.Triple) bool) error {
	c, err := g.view.Scan(name, p, store.Any)
	if err != nil {
		return err
	}
	defer c.Close()
	var buf [256]store.Triple
	for {
		n, err := c.Next(buf[:])
		if err != nil {
			return fmt.Errorf("engine: reading the graph: %w", err)
		}
		if n == 0 {
			return nil
		}
		for _, t := range buf[:n] {
			if !visit(t) {
				return nil
			}
		}
	}
}
