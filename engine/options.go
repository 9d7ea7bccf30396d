package engine

import (
	"log/slog"
	"time"

	"github.com/inklingdb/inkling/engine/hook"
	"github.com/inklingdb/inkling/engine/watermark"
)

// Options says how Open opens a database. The zero value is the default of every field.
type Options struct {
	// RiskLosingRecentCommits turns off the sync of each commit: a crash of the machine may undo the last
	// acknowledged ones. A crash of the process alone loses none.
	RiskLosingRecentCommits bool
	// Unmaintained leaves models at the version they were loaded with instead of carrying them over new commits.
	Unmaintained bool
	// MaxLag bounds how many commits a maintained model may be behind: a write waits until all are nearer, and is then
	// made; its context ends the wait. 0 is no bound. A large commit or an import counts as one.
	MaxLag int
	// CacheBytes bounds the cache of triple blocks; 0 means the store's default.
	CacheBytes int64
	// ApproximateFrom is from how many entities on a model is searched approximately, once its lists are made in the
	// background and find 95% of the best ten; 0 means DefaultApproximateFrom, negative never.
	ApproximateFrom int
	// Limits bounds what one query or expression may use.
	Limits Limits
	// AllowWebhooks lets hooks post to other machines; without it they reach this one alone.
	AllowWebhooks bool
	// HookDepth is how many hooks may set each other off in a row; 0 means DefaultHookDepth.
	HookDepth int
	// Editors are what hooks may edit with, by name, beside the graph itself.
	Editors map[string]hook.Editor
	// Verifier looks at changes for hooks that verify. nil means the import's own, which tests them for watermarks of Keys
	// and asks the import policy, or refuses any mark where there is none; without Keys too such hooks are refused.
	Verifier hook.Verifier
	// Keys returns the key ring; nil means that there is none. It is asked when a marked model is opened and by watermark
	// functions, so a ring that needs a passphrase or is broken troubles nobody else. Without the key of a mark the model
	// goes on serving the rows that were marked last, as its card says.
	Keys func() (*watermark.Ring, error)
	// Log receives warnings of background work; nil discards them.
	Log *slog.Logger
}

// Limits bounds one query or expression. A zero field means the default, a negative one no limit.
type Limits struct {
	Time    time.Duration // of one query or expression; default 60 s
	Rows    int64         // rows of one answer; default 10 million
	Memory  int64         // bytes held by one query's sorting, grouping and joining; default 1 GiB
	CELCost uint64        // cel-go cost units of one expression; default 10 million; MaxUint64 is no limit
}

// Defaults of Limits.
const (
	DefaultQueryTime = 60 * time.Second
	DefaultRows      = 10_000_000
	DefaultMemory    = 1 << 30
	DefaultCELCost   = 10_000_000
)

// DefaultHookDepth ends what hooks set off after four of them in a row.
const DefaultHookDepth = 4

func (o *Options) hookDepth() int {
	if o.HookDepth <= 0 {
		return DefaultHookDepth
	}
	return o.HookDepth
}

// DefaultApproximateFrom is the entities that an exact search takes some 10 ms for, at 200 numbers each.
const DefaultApproximateFrom = 1_000_000

// withDefaults returns l with zero fields replaced by their defaults.
func (l Limits) withDefaults() Limits {
	if l.Time == 0 {
		l.Time = DefaultQueryTime
	}
	if l.Rows == 0 {
		l.Rows = DefaultRows
	}
	if l.Memory == 0 {
		l.Memory = DefaultMemory
	}
	if l.CELCost == 0 {
		l.CELCost = DefaultCELCost
	}
	return l
}
