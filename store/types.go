// Package store keeps triples in named graphs: an interning dictionary, a synced commit log, sorted triple
// blocks with a delta above them, snapshots and bulk import, all on Badger. It does not evaluate queries.
//
// Open gives a Store; Store.View a snapshot to read; Store.Write, Store.Update and Store.NewImport make commits.
//
// What holds at every moment:
//  1. A state (version, base, delta, dictionary, meta, index snapshots) is immutable; a View is a pointer to one.
//  2. Only the committer goroutine makes states and writes the head, the one key that says what is published.
//  3. Base = all commits up to its version; delta = the log after it, replayed into memory when opening.
//  4. A change in the log or in a run is real: it alters what the state below it says.
//  5. A number is given to one term for ever; numbers from a version's next on are unknown to it.
//  6. What is on disk and not reachable from the head is covered by an intent key, so that opening cleans it.
//
// Where to read: view.go and cursor.go (reading), delta.go and base.go (what is merged), write.go, group.go and
// tx.go (commits), log.go, fold.go, import*.go, recover.go. FORMAT.md describes every key.
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
