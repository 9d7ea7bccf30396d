package maintain

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"math"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
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
	base    base // its counters are those of when the follower opened

	mu      sync.Mutex // guards what follows
	learner *learner   // nil after an error: it is loaded again before the next commit
	journal *journal
	version store.Version // of the learner
	stage   stage         // of the commit after it
	closed  bool
	pending []byte  // records not saved yet
	deltas  []delta // of pending

	published atomic.Pointer[publication]
	changed   changeLog
	drift     driftCache
}

var _ store.Follower = (*Follower)(nil)

// Open loads the checkpoint at path and the journal beside it (path + ".journal") and returns a follower at the
// version they reach. A journal of another training is replaced.
func Open(ctx context.Context, path string, source Source, o Options) (*Follower, error) {
	f := &Follower{path: path, source: source, options: o.withDefaults()}
	e, err := f.load(ctx)
	if err != nil {
		return nil, err
	}
	f.changed.forgotten = f.version
	e.Tables = copyTables(&f.learner.tables, nil)
	f.publish(e, nil, 0)
	return f, nil
}

// load sets the learner, the journal and the version to what the files hold, and returns the checkpoint's model.
func (f *Follower) load(ctx context.Context) (*model.Embedding, error) {
	e, err := model.Load(f.path)
	if err != nil {
		return nil, err
	}
	if _, ok := e.Family.Interaction.(model.Querier); !ok {
		return nil, fmt.Errorf("maintain: %s has no query rows: %w", e.Family.Name, errors.ErrUnsupported)
	}
	if f.options.CompactBytes == 0 {
		f.options.CompactBytes = max(4*int64(len(e.Entities)), 1<<20)
	}
	l, err := newLearner(e, f.options, f.source.Graph())
	if err != nil {
		return nil, err
	}
	f.version, f.stage, f.pending, f.deltas = e.Metadata.DataVersion, stage{}, nil, nil
	if err := f.resume(ctx, l, e); err != nil {
		return nil, err
	}
	f.learner = l
	return e, nil
}

// newLearner returns a learner with copies of the embedding's tables.
func newLearner(e *model.Embedding, o Options, graph store.TermID) (*learner, error) {
	l := &learner{
		tables: copyTables(&e.Tables, nil), calibration: e.Calibration, noted: e.Calibration, options: o, graph: graph,
		training: train.OptionsOf(e), isNew: map[rowKey]bool{}, dirty: map[rowKey]bool{},
	}
	if n3, err := strconv.ParseFloat(e.Metadata.Settings["n3"], 32); err == nil {
		l.n3 = float32(n3)
	}
	var err error
	l.solver, err = newSolver(e)
	return l, err
}

// resume applies the journal's records that the checkpoint does not hold, or begins a journal.
func (f *Follower) resume(ctx context.Context, l *learner, e *model.Embedding) error {
	we, wr := e.Widths()
	widths := [2]int{we, wr}
	if err := f.promote(e, widths); err != nil {
		return err
	}
	j, err := openJournal(f.journalPath(), widths, f.options.Unsynced)
	if err == nil && j.base.Training != trainingName(e) {
		j.close()
		err = fs.ErrNotExist
	}
	if errors.Is(err, fs.ErrNotExist) {
		return f.begin(ctx, l, e)
	}
	if err != nil {
		return err
	}
	f.journal, f.base = j.journal, j.base
	l.base, l.changes, l.stale = j.base, j.base.Changes, j.base.Stale
	f.stage = j.base.Stage
	if err := l.startSolver(ctx, j.state); err != nil {
		j.close()
		return err
	}
	for _, r := range j.records {
		l.changes, l.stale = r.changes, r.stale
		if r.version < f.version || r.version == f.version && !f.stage.before(r.stage) {
			continue
		}
		if err := l.redo(r); err != nil {
			j.close()
			return fmt.Errorf("maintain: journal %s: version %d: %w", j.path, r.version, err)
		}
		f.version, f.stage = r.version, r.stage
	}
	if j.old {
		f.learner = l
		return f.fold(e)
	}
	return nil
}

// begin measures the model as trained and begins a journal.
func (f *Follower) begin(ctx context.Context, l *learner, e *model.Embedding) error {
	b, err := f.measureBase(ctx, l, e)
	if err != nil {
		return err
	}
	b.Tables = checksum(&e.Tables)
	l.base, f.base = b, b
	if err := l.startSolver(ctx, nil); err != nil {
		return err
	}
	f.journal, err = createJournal(f.journalPath(), b, l.solverState(), f.options.Unsynced)
	return err
}

// promote finishes a fold that a crash cut: where the checkpoint is already the new one, the new journal takes its place.
func (f *Follower) promote(e *model.Embedding, widths [2]int) error {
	path := f.journalPath() + nextJournal
	j, err := openJournal(path, widths, f.options.Unsynced)
	if err != nil {
		if rm := os.Remove(path); rm != nil && !errors.Is(rm, fs.ErrNotExist) {
			return fmt.Errorf("maintain: %w", rm)
		}
		return nil
	}
	defer j.close()
	if j.base.Training == trainingName(e) && j.base.Version == e.Metadata.DataVersion && j.base.Tables == checksum(&e.Tables) {
		return j.rename(f.journalPath())
	}
	return os.Remove(path)
}

// nextJournal is added to a journal's name while it waits for its checkpoint.
const nextJournal = ".next"

// checksum tells tables from others of the same training and version.
func checksum(t *model.Tables) uint32 {
	var sum uint32
	block := make([]byte, 0, 1<<14)
	for _, table := range [][]float32{t.Entities, t.Relations} {
		for part := range slices.Chunk(table, 1<<12) {
			block = block[:0]
			for _, v := range part {
				block = binary.LittleEndian.AppendUint32(block, math.Float32bits(v))
			}
			sum = crc32.Update(sum, castagnoli, block)
		}
	}
	return sum
}

func (f *Follower) journalPath() string { return f.path + ".journal" }

// trainingName tells one training's checkpoint from another's; maintaining does not change it.
func trainingName(e *model.Embedding) string {
	return fmt.Sprintf("%s %d %d %d", e.Metadata.Name, e.Metadata.Seed, e.Metadata.Triples, e.Timing.Finished.UnixNano())
}

// Embedding returns the published model. It is immutable; Metadata.DataVersion is its version.
func (f *Follower) Embedding() *model.Embedding { return f.published.Load().Embedding() }

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
	if err := f.ready(ctx); err != nil {
		return err
	}
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

// ready loads the learner again where an error has spoilt it.
func (f *Follower) ready(ctx context.Context) error {
	if f.closed {
		return fmt.Errorf("maintain: %s: %w", f.path, ErrClosed)
	}
	if f.learner != nil {
		return nil
	}
	f.journal.close()
	_, err := f.load(ctx)
	return err
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
	if err := f.ready(ctx); err != nil {
		return err
	}
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

// applyAll applies commits one after the other, large ones part by part. What takes long is saved and published in
// between.
func (f *Follower) applyAll(ctx context.Context, commits []store.Commit, h *history) error {
	start := time.Now()
	for i := 0; i < len(commits); {
		c := commits[i]
		next, err := stage{}, ctx.Err()
		if err == nil {
			h.version = c.Version
			next, err = f.learner.apply(ctx, c, f.stage, h)
		}
		if err != nil {
			f.learner = nil
			return err
		}
		if f.stage = next; next == (stage{}) {
			f.version = c.Version
			i++
		}
		f.note()
		if i < len(commits) && next == (stage{}) && time.Since(start) < flushAfter {
			continue
		}
		if err := f.flush(start); err != nil {
			f.learner = nil
			return err
		}
		if i < len(commits) {
			f.options.Yield(ctx)
		}
		start = time.Now()
	}
	return nil
}

// note takes down what the learner has changed, as a record to be saved: one a commit, or a part of one, so that
// following and resuming go by the same steps.
func (f *Follower) note() {
	l := f.learner
	r := record{version: f.version, stage: f.stage, changes: l.changes, stale: l.stale, delta: l.takeDelta()}
	if l.recalibrated {
		c := l.calibration
		r.calibration, l.noted, l.recalibrated = &c, c, false
	}
	f.pending = appendFrame(f.pending, tagStep, encodeRecord(r))
	if !r.empty() {
		f.deltas = append(f.deltas, r.delta)
	}
}

// flush saves what changed, with the version, and publishes.
func (f *Follower) flush(start time.Time) error {
	if err := f.journal.append(f.pending); err != nil {
		return err
	}
	var rows []rowKey
	for _, d := range f.deltas {
		rows = append(rows, d.rows...)
	}
	f.changed.add(f.version, rows, f.learner.tables.Vocabulary.Entities())
	f.publish(nil, f.deltas, time.Since(start))
	f.pending, f.deltas = f.pending[:0], nil
	if f.journal.size > f.options.CompactBytes {
		return f.fold(f.Embedding())
	}
	return nil
}

// Checkpoint folds the journal into the checkpoint file. It happens by itself when the journal has grown large.
func (f *Follower) Checkpoint() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return fmt.Errorf("maintain: checkpoint %s: %w", f.path, ErrClosed)
	}
	if f.learner == nil {
		return nil // what is published is in the files
	}
	return f.fold(f.Embedding())
}

// fold saves the model, which is the learner's, and begins a new journal. That is written first and takes its place
// last; see promote.
func (f *Follower) fold(e *model.Embedding) error {
	l := f.learner
	now := *e
	now.Tables, now.Calibration, now.Metadata.DataVersion = l.tables, l.calibration, f.version
	b := f.base
	b.Version, b.Stage, b.Changes, b.Stale, b.Tables = f.version, f.stage, l.changes, l.stale, checksum(&l.tables)
	j, err := createJournal(f.journalPath()+nextJournal, b, l.solverState(), f.options.Unsynced)
	if err != nil {
		return err
	}
	err = now.Save(f.path)
	if err == nil {
		err = j.rename(f.journalPath())
	}
	if err != nil {
		j.close()
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
