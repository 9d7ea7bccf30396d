package exec

import (
	"context"

	"github.com/inklingdb/inkling/index"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// snapshot is a store.View as a Source, with the statistics of its indexes for the planner.
type snapshot struct {
	*store.View
	statistics index.Statistics
}

// FromView returns the Source over a view; the view stays the caller's to close.
func FromView(v *store.View) Source { return snapshot{v, index.NewStatistics(v)} }

// Distinct returns how many different subjects and objects a predicate has in a graph.
func (s snapshot) Distinct(g, predicate store.TermID) (subjects, objects float64) {
	return s.statistics.Distinct(g, predicate, index.PlaceS), s.statistics.Distinct(g, predicate, index.PlaceO)
}

// Scan reads in whatever order serves the pattern best.
func (s snapshot) Scan(g store.TermID, p store.Pattern) (Cursor, error) {
	return s.View.Scan(g, p, store.Any)
}

// Target is a transaction that an update writes through. What it reads includes what it has written.
type Target interface {
	Source() Source
	Intern(t rdf.Term) (store.TermID, error)
	Add(g store.TermID, t store.Triple) error
	Remove(g store.TermID, t store.Triple) error
	ClearGraph(ctx context.Context, g store.TermID) error
}

type transaction struct{ *store.Tx }

// FromTx returns the Target over a transaction.
func FromTx(tx *store.Tx) Target { return transaction{tx} }

// Source returns the graph as the transaction sees it now.
func (t transaction) Source() Source { return FromView(t.View()) }
