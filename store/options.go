package store

import "context"

// Options tune a store; the zero value is right for most programs.
type Options struct {
	// RiskLosingRecentCommits turns off the sync after each commit: a power cut may then undo the last
	// acknowledged commits (a killed process does not). The store stays consistent.
	RiskLosingRecentCommits bool
	// CacheBytes bounds the blocks of triples and terms kept in memory; default 256 MiB.
	CacheBytes int64
	// FoldMin is the number of recent changes below which they are never folded into the base; default 50,000.
	FoldMin int
	// FoldFraction is the share of the base above which recent changes are folded into it; default 0.03.
	// Negative: never fold on its own.
	FoldFraction float64
	// Indexes follow every commit before it becomes visible.
	Indexes []Indexer
	// Check may reject a commit before it happens. after shows the state the commit would make.
	// It runs in the committer: it must not write to the store.
	Check func(ctx context.Context, c Commit, after *View) error
}

func (o Options) withDefaults() Options {
	if o.CacheBytes == 0 {
		o.CacheBytes = 256 << 20
	}
	if o.FoldMin == 0 {
		o.FoldMin = 50_000
	}
	if o.FoldFraction == 0 {
		o.FoldFraction = 0.03
	}
	return o
}

// Indexer is an index: state derived from the triples that readers see at the version of their View.
// The store calls it from one goroutine at a time.
type Indexer interface {
	// Name is the key under which View.Index finds the snapshot.
	Name() string
	// Version returns the last version applied; 0 makes the store rebuild the index when it opens.
	Version() Version
	// Apply brings the index from c.Version−1 to c.Version. after shows the new state, not yet visible
	// to others; it is valid during the call.
	Apply(ctx context.Context, c Commit, after *View) error
	// Rebuild discards what the index holds and reads it anew from a view: at opening, after a bulk import.
	Rebuild(ctx context.Context, v *View) error
	// Snapshot returns an immutable value for the version last applied.
	Snapshot() any
}
