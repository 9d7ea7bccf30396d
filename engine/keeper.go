package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/inklingdb/inkling/engine/maintain"
	"github.com/inklingdb/inkling/store"
)

// keeper carries one model over new commits until it is stopped.
type keeper struct {
	follower *maintain.Follower
	running  context.Context // ended when the follower no longer runs
	stop     context.CancelFunc
	done     chan struct{}
	failure  atomic.Pointer[error] // why it ended by itself
}

// keep starts to carry a model over new commits, from its checkpoint and journal. A model of a family without query
// rows cannot be maintained: it stays as it is, and its card shows it falling behind.
func (db *DB) keep(m *served) error {
	if db.opts.Unmaintained {
		return nil
	}
	follower, err := maintain.Open(db.running, db.modelPath(m.name), maintain.FromStore(db.store, m.id),
		maintain.Options{Seed: m.fixed.Metadata.Seed, Workers: runtime.GOMAXPROCS(0),
			Unsynced: db.opts.RiskLosingRecentCommits, Yield: db.yield})
	if errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("engine: maintaining model %s: %w", m.name, err)
	}
	working, stop := context.WithCancel(db.running)
	running, ended := context.WithCancel(context.Background())
	k := &keeper{follower: follower, running: running, stop: stop, done: make(chan struct{})}
	m.keeper = k
	go func() {
		defer close(k.done)
		defer ended()
		err := follower.Run(working)
		if working.Err() == nil && !errors.Is(err, store.ErrClosed) {
			k.failure.Store(&err)
			db.log.Warn("a model no longer follows the graph; train it again", "model", m.name, "problem", err)
		}
	}()
	return nil
}

// release ends the maintenance of a model and waits for it. Its last version can still be read.
func (db *DB) release(m *served) {
	if m.keeper == nil {
		return
	}
	m.keeper.stop()
	<-m.keeper.done
	if err := m.keeper.follower.Close(); err != nil {
		db.log.Warn("closing a model's journal", "model", m.name, "problem", err)
	}
}

// wait returns when the model has applied a version, when it has stopped following, or when ctx ends.
func (k *keeper) wait(ctx context.Context, v store.Version) error {
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(k.running, cancel)()
	if err := k.follower.Wait(waiting, v); err != nil && k.running.Err() == nil {
		return err
	}
	return ctx.Err()
}

// admit waits until no maintained model is as far behind as Options.MaxLag allows. One that has stopped following, as its
// card says, is not waited for.
func (db *DB) admit(ctx context.Context) error {
	most := store.Version(max(0, db.opts.MaxLag))
	if most == 0 {
		return nil
	}
	for _, m := range db.models.all() {
		latest := db.Version()
		if m.keeper == nil || latest < most {
			continue
		}
		if err := m.keeper.wait(ctx, latest-most+1); err != nil {
			return fmt.Errorf("engine: waiting for model %s, which is %d commits behind (MaxLag is %d): %w", m.name, latest-m.keeper.follower.Version(), most, err)
		}
	}
	return nil
}

// yieldStep and yieldMost bound how maintenance waits while queries run: it looks again after each step, and goes on after
// the last, so that a database that is always asked still follows.
const yieldStep, yieldMost = time.Millisecond, 20 * time.Millisecond

// yield lets running queries go first.
func (db *DB) yield(ctx context.Context) {
	for waited := time.Duration(0); waited < yieldMost && db.asking.Load() > 0 && ctx.Err() == nil; waited += yieldStep {
		time.Sleep(yieldStep)
	}
}

// Wait returns when every maintained model has applied the commits made before the call. A model that has stopped
// following, as its card says, is not waited for.
func (db *DB) Wait(ctx context.Context) error {
	latest := db.Version()
	for _, m := range db.models.all() {
		if m.keeper == nil {
			continue
		}
		if err := m.keeper.wait(ctx, latest); err != nil {
			return fmt.Errorf("engine: waiting for model %s: %w", m.name, err)
		}
	}
	return nil
}

// maintenance fills in what a card says of a model's age.
func (db *DB) maintenance(m *served, info *ModelInfo, latest store.Version) {
	info.Version = m.embedding().Metadata.DataVersion
	if k := m.keeper; k != nil {
		s := k.follower.Status()
		info.Version, info.Drift, info.Maintained, info.LastMaintain = s.Version, s.Drift, s.Changes, s.LastApply
		info.StaleBecause, info.Pending = s.Stale, s.Pending
		if failure := k.failure.Load(); failure != nil {
			info.StaleBecause = (*failure).Error()
		}
		info.Stale = info.StaleBecause != ""
	}
	if k := m.marking; k != nil && k.frozen != nil {
		info.Version = k.frozen.Metadata.DataVersion
	}
	info.Lag = latest - min(latest, info.Version)
}
