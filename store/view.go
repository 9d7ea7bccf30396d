package store

import (
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/inklingdb/inkling/store/rdf"
)

// state is everything a version consists of. It is immutable; the committer publishes the next one.
type state struct {
	version Version
	changed Version   // the last that changed triples
	time    time.Time // of the commit
	gen     *generation
	delta   delta
	lexicon lexicon
	meta    map[string][]byte
	indexes map[string]any // snapshots by name
	next    chan struct{}  // closed when a later version is published
}

// View is the store at one version. Any number may be open, none blocks the writer; close each.
// A View may be used from many goroutines, each Cursor from one.
type View struct {
	store   *Store
	state   *state
	pending map[rdf.Term]uint32 // terms interned by the transaction this view belongs to
	owns    bool                // a reference on the generation
	closed  atomic.Bool
}

// View returns the latest version.
func (s *Store) View() (*View, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, fmt.Errorf("store: view: %w", ErrClosed)
	}
	s.state.gen.refs++
	s.views++
	return &View{store: s, state: s.state, owns: true}, nil
}

// Close releases the view; cursors of it must not be used after. It may be called more than once.
func (v *View) Close() {
	if v.closed.Swap(true) || !v.owns {
		return
	}
	v.store.mu.Lock()
	v.store.views--
	v.store.mu.Unlock()
	v.store.release(v.state.gen)
}

// Version returns the version the view shows.
func (v *View) Version() Version { return v.state.version }

// Changed returns the last version up to the view's own that changed a triple: two views of one store with the same Changed
// hold the same triples. After opening it may be later than the change, never earlier.
func (v *View) Changed() Version { return v.state.changed }

// Time returns when that version was committed; zero for the empty store.
func (v *View) Time() time.Time { return v.state.time }

// ID returns a term's identifier; ok is false when this version has never seen the term. A literal whose
// value fits in an identifier is always known.
func (v *View) ID(t rdf.Term) (id TermID, ok bool, err error) {
	if id, ok := inlineID(t); ok {
		return id, true, nil
	}
	t = canonical(t)
	k := dictionaryKind(t)
	if k == KindNone {
		return 0, false, nil
	}
	n := v.pending[t]
	if n == 0 {
		n, err = v.state.lexicon.number(t)
	}
	if n == 0 || err != nil {
		return 0, false, err
	}
	return makeID(k, uint64(n)), true, nil
}

// canonical returns the term as the dictionary keeps it.
func canonical(t rdf.Term) rdf.Term {
	if t.Kind == rdf.Literal {
		if t.Lang != "" {
			t.Datatype = rdf.RDFLangString
		} else if t.Datatype == "" {
			t.Datatype = rdf.XSDString
		}
	}
	return t
}

// Term returns the term of an identifier, or ErrUnknownTerm.
func (v *View) Term(id TermID) (rdf.Term, error) {
	if id.IsInline() {
		if t, ok := inlineTerm(id); ok {
			return t, nil
		}
		return rdf.Term{}, fmt.Errorf("store: identifier %x: %w", uint64(id), ErrUnknownTerm)
	}
	return v.state.lexicon.term(id.Number())
}

// Terms sets out[i] to the term of ids[i]; identifier 0 gives the zero term.
func (v *View) Terms(ids []TermID, out []rdf.Term) error {
	for i, id := range ids {
		if id == 0 {
			out[i] = rdf.Term{}
			continue
		}
		t, err := v.Term(id)
		if err != nil {
			return err
		}
		out[i] = t
	}
	return nil
}

// TermCount returns how many terms the dictionary holds; numbers are 1 to TermCount.
func (v *View) TermCount() uint32 { return v.state.lexicon.next - 1 }

// Graphs returns the named graphs that hold a triple, ascending.
func (v *View) Graphs() []TermID {
	counts := map[TermID]int64{}
	v.state.delta.graphs(counts)
	for g, graph := range v.state.gen.graphs {
		counts[g] += graph.count
	}
	var graphs []TermID
	for g, n := range counts {
		if g != 0 && n > 0 {
			graphs = append(graphs, g)
		}
	}
	slices.Sort(graphs)
	return graphs
}

// Has reports whether a graph (0: the default graph) holds a triple.
func (v *View) Has(g TermID, t Triple) (bool, error) {
	if v.closed.Load() {
		return false, fmt.Errorf("store: has: %w", ErrClosed)
	}
	return v.state.has(g, t)
}

func (s *state) has(g TermID, t Triple) (bool, error) {
	if added, known := s.delta.find(g, t); known {
		return added, nil
	}
	return s.gen.has(g, t)
}

// Scan returns a cursor over the triples of a graph that match a pattern, sorted by o; Any picks the
// order in which the matches lie together. Other orders may read and skip triples that do not match.
func (v *View) Scan(g TermID, p Pattern, o Order) (*Cursor, error) {
	if v.closed.Load() {
		return nil, fmt.Errorf("store: scan: %w", ErrClosed)
	}
	if o == Any {
		o = p.best()
	}
	return newCursor(v, g, p, o), nil
}

// Count returns how many triples of a graph match, from the block index and at most two blocks. exact is
// false when a block could not be read; rows is then an estimate.
func (v *View) Count(g TermID, p Pattern) (rows int64, exact bool) {
	o := p.best()
	low, high, _ := o.span(p)
	rows, err := v.state.gen.count(o, g, low, high)
	return max(0, rows+v.state.delta.net(o, g, low, high)), err == nil
}

// Meta returns the value set for a name by Tx.SetMeta; nil when there is none. It must not be changed.
func (v *View) Meta(name string) []byte { return v.state.meta[name] }

// MetaNames returns the names that have a value, sorted.
func (v *View) MetaNames() []string {
	names := make([]string, 0, len(v.state.meta))
	for name := range v.state.meta {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Index returns the snapshot of the index with a name, of this very version; nil when the store has no
// such index, or it failed and could not be rebuilt.
func (v *View) Index(name string) any { return v.state.indexes[name] }
