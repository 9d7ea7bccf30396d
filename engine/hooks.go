package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/inklingdb/inkling/engine/hook"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/udf"
	"github.com/inklingdb/inkling/udf/cel"
)

// hooks is all that a database knows of its hooks.
type hooks struct {
	set     atomic.Pointer[hookSet] // nil without hooks; replaced when they change
	webhook *hook.Webhook
	commits commitCache
	acted   chan struct{} // of capacity 1: an action reached beyond this store

	deaf      atomic.Bool // the verifier is asked about a commit and has not answered
	changing  sync.Mutex  // held while the set changes
	mu        sync.Mutex  // guards what follows
	followers map[string]*hookFollower
	logs      map[string]*hookLog
	saving    sync.Mutex // held while positions and logs are saved
}

// hookSet is the hooks of one moment, by name. It is immutable.
type hookSet struct {
	all    map[string]*hook.Hook
	before []*hook.Hook // in the order of their names
	after  []*hook.Hook
}

func newHookSet(all map[string]*hook.Hook) *hookSet {
	if len(all) == 0 {
		return nil
	}
	s := &hookSet{all: all}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if h := all[name]; h.When == hook.Before {
			s.before = append(s.before, h)
		} else {
			s.after = append(s.after, h)
		}
	}
	return s
}

// Metadata of hooks, each followed by the hook's name.
const (
	metaHook     = "hook:"
	metaPosition = "hookat:"   // how far an after-hook has come
	metaHookLog  = "hooklog:"  // its latest runs and its counts
	metaDead     = "hookdead:" // and by ":", version and offset
)

// HookInfo is a hook and how it fares.
type HookInfo struct {
	hook.Definition
	State       string        `json:"state"`              // HookActive, HookRetrying or HookPaused
	Problem     string        `json:"problem,omitempty"`  // why it is retrying or paused
	Position    store.Version `json:"position,omitempty"` // the last commit an after-hook is done with
	Lag         store.Version `json:"lag"`                // commits that changed the graph and that it is not done with
	DeadLetters int           `json:"dead_letters"`
	Counts      HookCounts    `json:"counts"`
}

// States of a hook.
const (
	HookActive   = "active"
	HookRetrying = "retrying" // its action failed and is tried again
	HookPaused   = "paused"   // it waits until something is set right, and has lost nothing
)

// loadHooks compiles the hooks of the metadata and starts those that follow the log.
func (db *DB) loadHooks() error {
	db.hooks.webhook = hook.NewWebhook(db.opts.AllowWebhooks)
	db.hooks.acted = make(chan struct{}, 1)
	db.hooks.followers, db.hooks.logs = map[string]*hookFollower{}, map[string]*hookLog{}
	v, err := db.store.View()
	if err != nil {
		return err
	}
	defer v.Close()
	all, err := db.compileHooks(v, db.expressions.Load())
	if err != nil {
		return err
	}
	db.hooks.set.Store(newHookSet(all))
	for name, h := range all {
		if err := db.startHook(v, h); err != nil {
			return fmt.Errorf("hook %s: %w", name, err)
		}
	}
	db.background.Add(1)
	go db.saveHooksNowAndThen()
	return nil
}

// compileHooks compiles the hooks of a view's metadata with an environment. One that no longer compiles stands there all
// the same, broken: it must not be passed over in silence.
func (db *DB) compileHooks(v *store.View, env *cel.Env) (map[string]*hook.Hook, error) {
	all := map[string]*hook.Hook{}
	for _, key := range v.MetaNames() {
		name, ok := strings.CutPrefix(key, metaHook)
		if !ok {
			continue
		}
		var d hook.Definition
		if err := json.Unmarshal(v.Meta(key), &d); err != nil {
			return nil, fmt.Errorf("metadata of hook %s: %w", name, err)
		}
		h, err := hook.Compile(env, hookNames(v), d)
		if err != nil {
			db.log.Warn("a hook cannot run; add it anew or remove it", "hook", name, "problem", err)
			h = hook.Broken(d, err)
		}
		all[name] = h
	}
	return all, nil
}

// hookNames returns how a view's names are read by filters.
func hookNames(v *store.View) hook.Names {
	n := newNames(v)
	return func(name string) (iris []string) {
		for _, t := range n.readings(name) {
			iris = append(iris, hook.Key(t))
		}
		return iris
	}
}

// reloadHooks compiles all hooks anew: what their names or functions mean has changed.
func (db *DB) reloadHooks() error {
	db.hooks.changing.Lock()
	defer db.hooks.changing.Unlock()
	v, err := db.store.View()
	if err != nil {
		return err
	}
	defer v.Close()
	all, err := db.compileHooks(v, db.expressions.Load())
	if err != nil {
		return err
	}
	db.hooks.set.Store(newHookSet(all))
	return nil
}

// startHook takes up a hook's log and, for an after-hook, its place in the log.
func (db *DB) startHook(v *store.View, h *hook.Hook) error {
	log, err := readHookLog(v, h.Name)
	if err != nil {
		return err
	}
	db.hooks.mu.Lock()
	defer db.hooks.mu.Unlock()
	db.hooks.logs[h.Name] = log
	if h.When != hook.After {
		return nil
	}
	at, err := parsePosition(v.Meta(metaPosition + h.Name))
	if err != nil {
		return err
	}
	f := newHookFollower(db, h.Name, at, log)
	f.dead.Store(int64(len(deadKeys(v, h.Name))))
	db.hooks.followers[h.Name] = f
	go f.run()
	return nil
}

// stopHook ends a hook's following and waits for it.
func (db *DB) stopHook(name string) {
	db.hooks.mu.Lock()
	f := db.hooks.followers[name]
	delete(db.hooks.followers, name)
	delete(db.hooks.logs, name)
	db.hooks.mu.Unlock()
	if f != nil {
		f.close()
	}
}

// closeHooks stops all hooks and saves how far they have come.
func (db *DB) closeHooks() error {
	db.hooks.mu.Lock()
	running := slices.Collect(maps.Values(db.hooks.followers))
	db.hooks.mu.Unlock()
	for _, f := range running {
		f.close()
	}
	if db.hooks.webhook == nil { // Open failed before there were any
		return nil
	}
	db.hooks.webhook.Close()
	return db.saveHooks(context.Background())
}

// AddHook checks a hook, stores it and sets it to work: a before-hook on commits begun after the call, an after-hook on
// those made after it. A hook of that name is replaced and, if it follows the log, goes on from where it was. A fault of
// the definition wraps ErrBadInput or is a *cel.Error; the secret among Params is kept in a file of its own.
func (db *DB) AddHook(ctx context.Context, d hook.Definition) (HookInfo, error) {
	db.hooks.changing.Lock()
	defer db.hooks.changing.Unlock()
	h, secrets, err := db.compileHook(d)
	if err != nil {
		return HookInfo{}, err
	}
	value, err := json.Marshal(h.Definition)
	if err != nil {
		return HookInfo{}, err
	}
	if err := db.keepSecrets(h, secrets); err != nil {
		return HookInfo{}, err
	}
	if err := db.saveHooks(ctx); err != nil {
		return HookInfo{}, err
	}
	db.stopHook(h.Name)
	_, err = db.store.Update(ctx, "hook-add:"+h.Name, func(tx *store.Tx) error {
		v := tx.View()
		if h.When == hook.After && v.Meta(metaPosition+h.Name) == nil {
			if err := tx.SetMeta(metaPosition+h.Name, position{version: v.Version()}.text()); err != nil {
				return err
			}
		}
		if h.When == hook.Before { // nothing that it followed the log for is to be kept for it any more
			if err := tx.SetMeta(metaPosition+h.Name, nil); err != nil {
				return err
			}
		}
		return tx.SetMeta(metaHook+h.Name, value)
	})
	v, viewErr := db.store.View()
	if viewErr != nil {
		return HookInfo{}, errors.Join(err, viewErr)
	}
	defer v.Close()
	if err != nil {
		err = fmt.Errorf("engine: hook %s: %w", h.Name, err)
		if old := db.hooks.find(h.Name); old != nil { // it goes on as it was
			err = errors.Join(err, db.startHook(v, old))
		}
		return HookInfo{}, err
	}
	all := map[string]*hook.Hook{h.Name: h}
	if set := db.hooks.set.Load(); set != nil {
		all = maps.Clone(set.all)
		all[h.Name] = h
	}
	db.hooks.set.Store(newHookSet(all))
	if err := db.startHook(v, h); err != nil {
		return HookInfo{}, fmt.Errorf("engine: hook %s: %w", h.Name, err)
	}
	return db.hookInfo(v, h), nil
}

// find returns a hook by name; nil when there is none.
func (s *hooks) find(name string) *hook.Hook {
	if set := s.set.Load(); set != nil {
		return set.all[name]
	}
	return nil
}

// compileHook checks a definition against this database: what it names must be registered, and its secret given.
func (db *DB) compileHook(d hook.Definition) (*hook.Hook, map[string]string, error) {
	d.Params = maps.Clone(d.Params)
	secrets := map[string]string{}
	if a := hook.ActionByName(d.Action); a != nil {
		for _, name := range a.Secrets() {
			if s := d.Params[name]; s != "" {
				secrets[name] = s
			}
			delete(d.Params, name)
		}
	}
	d.Added = time.Now().UTC()
	v, err := db.store.View()
	if err != nil {
		return nil, nil, err
	}
	defer v.Close()
	h, err := hook.Compile(db.expressions.Load(), hookNames(v), d)
	if err == nil {
		err = db.checkRegistered(h)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("engine: %w: %w", ErrBadInput, err)
	}
	return h, secrets, nil
}

// checkRegistered refuses a hook whose action needs what this program does not have.
func (db *DB) checkRegistered(h *hook.Hook) error {
	switch h.Action {
	case "edit":
		name := h.Param("editor", hook.GraphEditor)
		if name != hook.GraphEditor && db.opts.Editors[name] == nil {
			return fmt.Errorf("%w %s: no editor %q is registered: there is %s, and a program may add its own by engine.Options.Editors",
				hook.ErrDefinition, h.Name, name, strings.Join(append(slices.Sorted(maps.Keys(db.opts.Editors)), hook.GraphEditor), ", "))
		}
	case "verify":
		if db.opts.Verifier == nil {
			return fmt.Errorf("%w %s: no verifier is registered: a program sets one by engine.Options.Verifier; this one has none", hook.ErrDefinition, h.Name)
		}
	case "webhook":
		if url := h.Params["url"]; !db.opts.AllowWebhooks && !hook.Loopback(url) {
			return fmt.Errorf("%w %s: %s is not on this machine: %w", hook.ErrDefinition, h.Name, url, hook.ErrNotAllowed)
		}
	}
	return nil
}

// RemoveHook removes a hook with its log, its position, its secret and its dead letters.
func (db *DB) RemoveHook(ctx context.Context, name string) error {
	db.hooks.changing.Lock()
	defer db.hooks.changing.Unlock()
	h, err := db.hook(name)
	if err != nil {
		return err
	}
	db.stopHook(name)
	_, err = db.store.Update(ctx, "hook-remove:"+name, func(tx *store.Tx) error {
		for _, key := range append(deadKeys(tx.View(), name), metaHook+name, metaPosition+name, metaHookLog+name) {
			if err := tx.SetMeta(key, nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		v, viewErr := db.store.View()
		if viewErr == nil { // it goes on as it was
			viewErr = db.startHook(v, h)
			v.Close()
		}
		return errors.Join(fmt.Errorf("engine: hook %s: %w", name, err), viewErr)
	}
	all := maps.Clone(db.hooks.set.Load().all)
	delete(all, name)
	db.hooks.set.Store(newHookSet(all))
	return db.forgetSecrets(name)
}

// hook returns a hook by name, or an error that names near ones.
func (db *DB) hook(name string) (*hook.Hook, error) {
	if h := db.hooks.find(name); h != nil {
		return h, nil
	}
	unknown := &udf.UnknownError{What: "hook", Name: name}
	if set := db.hooks.set.Load(); set != nil {
		unknown.Nearest = udf.Nearest(name, func(yield func(string) bool) {
			for known := range set.all {
				if !yield(known) {
					return
				}
			}
		})
	}
	return nil, fmt.Errorf("engine: %w: %w", ErrUnknownHook, unknown)
}

// Hooks lists the hooks by name.
func (db *DB) Hooks() ([]HookInfo, error) {
	list := []HookInfo{}
	set := db.hooks.set.Load()
	if set == nil {
		return list, nil
	}
	v, err := db.store.View()
	if err != nil {
		return nil, err
	}
	defer v.Close()
	for _, name := range slices.Sorted(maps.Keys(set.all)) {
		list = append(list, db.hookInfo(v, set.all[name]))
	}
	return list, nil
}

// Hook returns one hook.
func (db *DB) Hook(name string) (HookInfo, error) {
	h, err := db.hook(name)
	if err != nil {
		return HookInfo{}, err
	}
	v, err := db.store.View()
	if err != nil {
		return HookInfo{}, err
	}
	defer v.Close()
	return db.hookInfo(v, h), nil
}

// hookLag counts the commits between two versions that changed the graph, exactly where they are few.
func (db *DB) hookLag(from, to store.Version) store.Version {
	if to <= from || to-from > exactLag {
		return to - min(from, to)
	}
	commits, err := db.hooks.commits.read(context.Background(), db.store, from, to, cachedChanges)
	if err != nil {
		return to - from
	}
	lag := to - from - store.Version(len(commits)) // those not read
	for _, c := range commits {
		if len(c.Changes) > 0 || c.Bulk {
			lag++
		}
	}
	return lag
}

// exactLag is up to how many commits a lag leaves out those that changed no triple.
const exactLag = 100

func (db *DB) hookInfo(v *store.View, h *hook.Hook) HookInfo {
	info := HookInfo{Definition: h.Definition, State: HookActive}
	db.hooks.mu.Lock()
	f, log := db.hooks.followers[h.Name], db.hooks.logs[h.Name]
	db.hooks.mu.Unlock()
	if log != nil {
		info.Counts = log.counted()
	}
	if f != nil {
		info.State, info.Problem = f.status()
		info.Position = f.at().version
		info.Lag = db.hookLag(info.Position, v.Version())
		info.DeadLetters = int(f.dead.Load())
	}
	return info
}
