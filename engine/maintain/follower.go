package maintain

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/store"
)

// flushAfter is how long commits are applied under back-pressure before they are saved and published together.
const flushAfter = 250 * time.Millisecond

// ErrGap is returned by Apply for a commit that is not the next one.
var ErrGap = errors.New("commit out of order")

// ErrClosed is returned by Checkpoint after Close: the files may belong to another model by then.
var ErrClosed = errors.New("the follower is closed")

// Follower carries one model over commits. Embedding, Version, Status and Wait may be called at any time from any
// goroutine; Apply, Run and Checkpoint take turns.
type Follower struct {
	path    string
	source  Source
	options Options

	base base // its counters are those of when the follower opened

	mu      sync.Mutex // guards what follows
	learner *learner
	journal *journal
	version store.Version // of the learner
	closed  bool

	published atomic.Pointer[publication]
	changed   changeLog
	drift     driftCache
}

var _ store.Follower = (*Follower)(nil)

// publication is a published embedding and what goes with it.
type publication struct {
	embedding *model.Embedding
	status    Status
	next      chan struct{} // closed by the following publication
}

// Open loads the checkpoint at path and the journal beside it (path + ".journal") and returns a follower at the
// version they reach. A journal of another training is replaced.
func Open(ctx context.Context, path string, source Source, o Options) (*Follower, error) {
	e, err := model.Load(path)
	if err != nil {
		return nil, err
	}
	if !e.Family.Bilinear() {
		return nil, fmt.Errorf("maintain: %s is not bilinear: %w", e.Family.Name, errors.ErrUnsupported)
	}
	f := &Follower{path: path, source: source, options: o.withDefaults()}
	f.version = e.Metadata.DataVersion
	f.learner = newLearner(e, f.options, source.Graph())
	if f.options.CompactBytes == 0 {
		f.options.CompactBytes = max(4*int64(len(e.Entities)), 1<<20)
	}
	if err := f.resume(ctx, e); err != nil {
		return nil, err
	}
	f.changed.forgotten = f.version
	f.publish(e, true, 0)
	return f, nil
}

// newLearner returns a learner with copies of the embedding's tables.
func newLearner(e *model.Embedding, o Options, graph store.TermID) *learner {
	l := &learner{
		tables: e.Tables, calibration: e.Calibration, options: o, graph: graph,
		isNew: map[rowKey]bool{}, dirty: map[rowKey]bool{},
	}
	l.tables.Entities, l.tables.Relations = slices.Clone(e.Entities), slices.Clone(e.Relations)
	if n3, err := strconv.ParseFloat(e.Metadata.Settings["n3"], 32); err == nil {
		l.n3 = float32(n3)
	}
	return l
}

// resume applies the journal's records that the checkpoint does not hold, or begins a journal.
func (f *Follower) resume(ctx context.Context, e *model.Embedding) error {
	we, wr := e.Widths()
	j, b, records, err := openJournal(f.journalPath(), [2]int{we, wr}, f.options.Unsynced)
	if err == nil && b.Training != trainingName(e) {
		j.close()
		err = fs.ErrNotExist
	}
	if errors.Is(err, fs.ErrNotExist) {
		if b, err = f.measureBase(ctx, e); err == nil {
			j, err = createJournal(f.journalPath(), b, f.options.Unsynced)
		}
	}
	if err != nil {
		return err
	}
	f.journal, f.base = j, b
	l := f.learner
	l.base, l.changes, l.stale = b, b.Changes, b.Stale
	for _, r := range records {
		l.changes, l.stale = r.changes, r.stale
		if r.version <= f.version {
			continue
		}
		if err := r.applyTo(l); err != nil {
			j.close()
			return fmt.Errorf("maintain: journal %s: version %d: %w", j.path, r.version, err)
		}
		f.version = r.version
	}
	return nil
}

func (f *Follower) journalPath() string { return f.path + ".journal" }

// trainingName tells one training's checkpoint from another's; maintaining does not change it.
func trainingName(e *model.Embedding) string {
	return fmt.Sprintf("%s %d %d %d", e.Metadata.Name, e.Metadata.Seed, e.Metadata.Triples, e.Timing.Finished.UnixNano())
}

// Embedding returns the published model. It is immutable; Metadata.DataVersion is its version.
func (f *Follower) Embedding() *model.Embedding { return f.published.Load().embedding }

// Changed returns the entity rows in which the model published at version to differs from the one published at version
// from, ascending; rows that came in between may or may not be among them. It is false when the follower no longer
// remembers: then compare the rows.
func (f *Follower) Changed(from, to store.Version) (rows []uint32, known bool) {
	return f.changed.between(from, to)
}

// Version returns the last commit that the published model has applied.
func (f *Follower) Version() store.Version { return f.published.Load().status.Version }

// Wait returns nil once Version is at least v, or ctx's error.
func (f *Follower) Wait(ctx context.Context, v store.Version) error {
	for {
		p := f.published.Load()
		if p.status.Version >= v {
			return nil
		}
		select {
		case <-p.next:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Apply applies the commit after Version, saves the changed rows and publishes. A commit already applied does
// nothing. After an error the follower stands where it stood.
func (f *Follower) Apply(ctx context.Context, c store.Commit) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c.Version <= f.version {
		return nil
	}
	if c.Version != f.version+1 {
		return fmt.Errorf("maintain: commit %d after version %d: %w", c.Version, f.version, ErrGap)
	}
	h, _, err := f.past(ctx, c.Version)
	if err != nil {
		return err
	}
	defer h.snapshot.Close()
	return f.applyAll(ctx, []store.Commit{c}, h)
}

// Run applies commits as they come until ctx ends, and returns its error or the first failure. Commits that
// queue up are saved and published together.
func (f *Follower) Run(ctx context.Context) error {
	for {
		if err := f.catchUp(ctx); err != nil {
			return err
		}
		if err := f.source.Wait(ctx, f.Version()); err != nil {
			return fmt.Errorf("maintain: %w", err)
		}
	}
}

// catchUp applies the commits there are.
func (f *Follower) catchUp(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	h, commits, err := f.past(ctx, f.version)
	if err != nil {
		return err
	}
	defer h.snapshot.Close()
	return f.applyAll(ctx, commits, h)
}

// past returns the graph at a version and the commits between it and the present graph.
func (f *Follower) past(ctx context.Context, at store.Version) (*history, []store.Commit, error) {
	s, err := f.source.Snapshot()
	if err != nil {
		return nil, nil, err
	}
	var commits []store.Commit
	err = f.source.Changes(ctx, at, func(c store.Commit) error {
		if c.Version <= s.Version() {
			commits = append(commits, c)
		}
		return nil
	})
	if err != nil {
		s.Close()
		return nil, nil, fmt.Errorf("maintain: %w", err)
	}
	return newHistory(s, at, f.source.Graph(), commits), commits, nil
}

// applyAll applies commits, saving and publishing from time to time and at the end.
func (f *Follower) applyAll(ctx context.Context, commits []store.Commit, h *history) error {
	start := time.Now()
	for i, c := range commits {
		err := ctx.Err()
		if err == nil {
			h.version = c.Version
			err = f.learner.apply(ctx, c, h)
		}
		if err != nil {
			f.restore()
			return err
		}
		f.version = c.Version
		if i < len(commits)-1 && time.Since(start) < flushAfter {
			continue
		}
		if err := f.flush(start); err != nil {
			f.restore()
			return err
		}
		start = time.Now()
	}
	return nil
}

// flush saves what changed, with the version, and publishes.
func (f *Follower) flush(start time.Time) error {
	l := f.learner
	r := record{version: f.version, changes: l.changes, stale: l.stale, delta: l.takeDelta()}
	if err := f.journal.append(r); err != nil {
		return err
	}
	f.changed.add(f.version, r.rows, f.learner.tables.Vocabulary.Entities())
	f.publish(f.Embedding(), len(r.rows) > 0 || len(r.entities)+len(r.relations) > 0, time.Since(start))
	if f.journal.size > f.options.CompactBytes {
		return f.checkpoint()
	}
	return nil
}

// publish makes the learner's state the published one. like gives what does not change; changed says whether the
// tables differ from the published ones.
func (f *Follower) publish(like *model.Embedding, changed bool, took time.Duration) {
	e := *like
	e.Metadata.DataVersion = f.version
	if changed {
		e.Tables = f.learner.tables
		e.Entities, e.Relations = slices.Clone(e.Entities), slices.Clone(e.Relations)
	}
	p := &publication{embedding: &e, next: make(chan struct{})}
	p.status = Status{
		Version: f.version, Changes: f.learner.changes, Stale: f.learner.stale,
		LastApply: took, JournalBytes: f.journal.size,
	}
	old := f.published.Load()
	if old != nil && !changed {
		p.status.LastApply = old.status.LastApply
	}
	f.published.Store(p)
	if old != nil {
		close(old.next)
	}
}

// restore sets the learner back to the published state.
func (f *Follower) restore() {
	p := f.published.Load()
	l := newLearner(p.embedding, f.options, f.source.Graph())
	l.base, l.changes, l.stale = f.base, p.status.Changes, p.status.Stale
	f.learner, f.version = l, p.status.Version
}

// Checkpoint folds the journal into the checkpoint file. It happens by itself when the journal has grown large.
func (f *Follower) Checkpoint() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return fmt.Errorf("maintain: checkpoint %s: %w", f.path, ErrClosed)
	}
	return f.checkpoint()
}

// checkpoint saves the published model and then begins a new journal. A crash in between leaves records that the
// checkpoint holds already; resume passes over them.
func (f *Follower) checkpoint() error {
	if err := f.Embedding().Save(f.path); err != nil {
		return err
	}
	b := f.base
	b.Changes, b.Stale = f.learner.changes, f.learner.stale
	j, err := createJournal(f.journalPath(), b, f.options.Unsynced)
	if err != nil {
		return err
	}
	f.journal.close()
	f.journal = j
	return nil
}

// Close releases the journal. Run must have returned. It may be called more than once.
func (f *Follower) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil
	}
	f.closed = true
	if err := f.journal.close(); err != nil {
		return fmt.Errorf("maintain: close: %w", err)
	}
	return nil
}
