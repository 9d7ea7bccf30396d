package engine

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/store"
)

// lookAgain is how often a standing query with predictions looks whether a model was published again without a commit.
const lookAgain = time.Second

// await returns when the query is to be evaluated again: after a commit that may have changed its answer, or when a
// model that it uses has changed.
func (w *Watch) await(ctx context.Context) error {
	for {
		registry := w.db.models.change() // before looking, so that no change is missed
		if w.modelsChanged() {
			return nil
		}
		touched, err := w.skip(ctx)
		if touched || err != nil {
			return err
		}
		if err := w.sleepUntilNews(ctx, registry); err != nil {
			return err
		}
	}
}

// errTouched ends the reading of the log.
var errTouched = errors.New("touched")

// skip passes over the commits that cannot have changed the answer; true when it came to one that may have. When the log
// cannot be read, every commit may have.
func (w *Watch) skip(ctx context.Context) (touched bool, err error) {
	if w.db.Version() <= w.seen {
		return false, nil
	}
	v, err := w.db.store.View()
	if err != nil {
		return false, err
	}
	defer v.Close()
	err = w.db.store.Changes(ctx, w.seen, func(c store.Commit) error {
		if c.Version > v.Version() { // its terms may be unknown to the view
			return nil
		}
		if touches, err := w.footprint.touchedBy(v, c); err != nil || touches {
			return errors.Join(err, errTouched)
		}
		w.seen = c.Version
		return nil
	})
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	return err != nil, nil
}

// modelsChanged reports whether a model that the answer rests on is another one by now. One that only followed commits
// about other things, its tables unchanged, is not.
func (w *Watch) modelsChanged() bool {
	if !w.footprint.models {
		return false
	}
	now := w.db.models.edition()
	for name, before := range w.used {
		after := now.find(name)
		if after == nil || !sameTables(before.embedding, after.embedding) {
			return true
		}
	}
	versions := map[string]store.Version{}
	for name := range w.used {
		after := now.find(name)
		versions[after.functions.Name] = after.functions.Version
	}
	w.models = versions
	return false
}

// sameTables reports whether two versions of a model answer alike: a follower shares the rows of versions between which
// nothing was learnt.
func sameTables(a, b *model.Embedding) bool {
	return a == b || a.Vocabulary == b.Vocabulary && reflect.DeepEqual(a.Calibration, b.Calibration) &&
		sameSlice(a.Entities, b.Entities) && sameSlice(a.Relations, b.Relations)
}

func sameSlice(a, b []float32) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// sleepUntilNews returns when there is a commit that was not looked at yet, when a model has gone on, or when models were
// added or removed.
func (w *Watch) sleepUntilNews(ctx context.Context, registry <-chan struct{}) error {
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel() // before the wait
	news := make(chan error, 1+len(w.used))
	running.Go(func() { news <- w.db.store.Wait(waiting, w.seen) })
	var tick <-chan time.Time
	if w.footprint.models {
		ticker := time.NewTicker(lookAgain)
		defer ticker.Stop()
		tick = ticker.C
		for _, k := range w.keepers() {
			running.Go(func() {
				if err := k.follower.Wait(waiting, k.follower.Version()+1); err == nil {
					news <- nil
				}
			})
		}
	}
	for {
		select {
		case err := <-news:
			if err != nil && ctx.Err() == nil {
				return fmt.Errorf("engine: watch: %w", err)
			}
			return ctx.Err()
		case <-registry:
			return nil
		case <-tick:
			if w.modelsChanged() {
				return nil
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// keepers returns those of the models in use.
func (w *Watch) keepers() []*keeper {
	var list []*keeper
	for name := range w.used {
		if m, err := w.db.models.find(name); err == nil && m.keeper != nil && !slices.Contains(list, m.keeper) {
			list = append(list, m.keeper)
		}
	}
	return list
}
