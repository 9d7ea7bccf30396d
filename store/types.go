// Package store keeps triples in named graphs: an interning dictionary, a synced commit log, sorted triple
// blocks with a delta above them, snapshots and bulk import, all on Badger. It does not evaluate queries.
package store

import (
	"context"
	"time"
)

// TermID names a term for the life of a store: kind in the top byte, and below it a dense dictionary
// number (32 bits, one sequence over all dictionary kinds, from 1) or the inline value itself. 0 is no term.
type TermID uint64

// Triple is a statement by identifiers.
type Triple struct{ S, P, O TermID }

// Pattern is a Triple whose zero fields match every term.
type Pattern Triple

// Version counts commits; 0 is the empty store.
type Version uint64

// Change is one triple that a commit added to or removed from a graph. Graph 0 is the default graph.
type Change struct {
	Graph   TermID
	Triple  Triple
	Removed bool
}

// Commit is what one version changed: only real changes, each triple at most once.
type Commit struct {
	Version Version
	Time    time.Time
	Source  string // who wrote it: "update", "import:FILE", a hook's name
	Changes []Change
	Bulk    bool // a new base generation was published; Changes is empty and followers rebuild from a View
}

// Follower is state derived from the log: an index or a model.
type Follower interface {
	Apply(ctx context.Context, c Commit) error // each commit once, in order
	Version() Version                          // the last one applied
}
