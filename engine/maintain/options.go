package maintain

import (
	"context"
	"time"

	"github.com/inklingdb/inkling/store"
)

// Options bound what one commit may cost and say how far rows move. Zero fields take the default, in brackets.
type Options struct {
	Steps     int     // local steps for a group of triples [12]
	Rate      float64 // of Adagrad, for entities of few triples and for new rows [0.08]
	Replay    int     // stated triples replayed per touched entity and relation [24]
	Negatives int     // entities drawn uniformly against all queries of a group [384]
	Hard      int     // best unstated answers to each new triple's queries, drawn against too [32]
	Group     int     // triples of a commit optimised together [8]
	// MaxChanges is how many triples of one commit are learnt by local steps; a larger one is studied in parts, which goes
	// over the whole tables once [64; more from 16,384 entities on, up to 512; 512 where many of its nodes are new]
	MaxChanges int

	// RefreshEvery is after how many maintained changes drift is measured and, above MaxDrift [0.05], a pass over a
	// random sample of the graph mends what local steps have bent [256].
	RefreshEvery int
	MaxDrift     float64
	Mends        int // groups of triples mended in one such pass at most [32]
	Workers      int // goroutines that study large commits; the model does not depend on it [1]
	// Yield is called between pieces of work that can wait, to let queries go first; nil does not wait.
	Yield func(context.Context)
	// CompactBytes is the size from which the journal is folded into a new checkpoint [the checkpoint's size].
	CompactBytes int64
	// Unsynced leaves the journal to the operating system: a crash of the machine may set the model back to an
	// earlier version, from which it resumes.
	Unsynced bool
	Seed     uint64
}

func (o Options) withDefaults() Options {
	set(&o.Steps, 12)
	set(&o.Rate, 0.08)
	set(&o.Replay, 24)
	set(&o.Negatives, 384)
	set(&o.Hard, 32)
	set(&o.Group, 8)
	set(&o.RefreshEvery, 256)
	set(&o.MaxDrift, 0.05)
	set(&o.Mends, 32)
	set(&o.Workers, 1)
	if o.Yield == nil {
		o.Yield = func(context.Context) {}
	}
	return o
}

func set[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Status is where a follower stands.
type Status struct {
	Version      store.Version // last commit the published model has applied
	Changes      int64         // triples added and removed since training
	Drift        float64       // see Follower.Drift; as of the last time it was measured
	Stale        string        // why a new training is due; "" when it is not
	LastApply    time.Duration // what the latest commit with changes took, saving and publishing included
	JournalBytes int64
	Part         int // parts of the commit after Version that are applied already
	Pending      int // triples of that commit that are not
}
