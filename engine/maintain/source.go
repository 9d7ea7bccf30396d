package maintain

import (
	"context"

	"github.com/inklingdb/inkling/store"
)

// Source is the database that a follower follows.
type Source interface {
	// Graph returns the graph that the model is of; 0 is the default graph.
	Graph() store.TermID
	// Snapshot returns the graph as it is now. The caller closes it.
	Snapshot() (Snapshot, error)
	// Changes calls fn with each commit after a version, in order, up to the present one.
	Changes(ctx context.Context, after store.Version, fn func(store.Commit) error) error
	// Wait returns when a version later than after exists, or with ctx's error.
	Wait(ctx context.Context, after store.Version) error
}

// Snapshot is one graph at one version. It may be read from many goroutines.
type Snapshot interface {
	Version() store.Version
	// Triples returns up to limit triples that match p, the first not before from, sorted by subject, predicate,
	// object where p binds the subject or nothing; by predicate, object, subject where it binds the predicate; by
	// object, subject, predicate where it binds the object alone. from's bound positions equal p's; the zero
	// Triple means the beginning.
	Triples(p store.Pattern, from store.Triple, limit int) ([]store.Triple, error)
	Close()
}

// isEntity reports whether a term may have an entity row: IRIs and blank nodes, not literals.
func isEntity(id store.TermID) bool { return id.IsNode() }
