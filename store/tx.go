package store

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/inklingdb/inkling/store/rdf"
)

// Tx is a read-modify-write transaction: no other commit happens between what it reads and what it
// writes. It belongs to the function that Update calls and is dead after it.
type Tx struct {
	group   *group
	state   *state            // with the changes that views have seen
	changes map[placed]bool   // against the start: true is a removal
	unseen  map[placed]bool   // the part of changes that state does not have yet; nil while no view was taken
	meta    map[string][]byte // nil value: deleted
	views   []*View
	dead    bool
}

// placed is a triple in a graph.
type placed struct {
	graph  TermID
	triple Triple
}

// View returns the store as the transaction sees it, its own changes so far included. The view is valid
// until the transaction ends; it does not change with later Adds: call View again. Close is optional.
func (tx *Tx) View() *View {
	next := *tx.state
	if tx.unseen == nil {
		tx.unseen = tx.changes // read only here: the next line replaces it
	}
	next.delta = next.delta.push(newRun(changeList(tx.unseen)))
	tx.unseen = map[placed]bool{}
	next.lexicon = tx.group.interner.lexicon()
	next.meta = tx.mergedMeta()
	next.indexes = nil
	tx.state = &next
	v := &View{store: tx.group.store, state: &next, pending: tx.group.interner.pending}
	tx.views = append(tx.views, v)
	return v
}

// Intern returns a term's identifier, adding it to the dictionary when it is new.
func (tx *Tx) Intern(t rdf.Term) (TermID, error) {
	if tx.dead {
		return 0, fmt.Errorf("store: intern: transaction: %w", ErrClosed)
	}
	return tx.group.interner.id(t)
}

// Add states a triple in a graph (0: the default graph). Adding what is there changes nothing.
func (tx *Tx) Add(g TermID, t Triple) error {
	if !t.allowed() || g != 0 && !g.IsNode() {
		return fmt.Errorf("store: add: graph %x, triple %x: %w", uint64(g), t, ErrTerm)
	}
	return tx.set(placed{g, t}, false)
}

// Remove takes a triple from a graph. Removing what is not there changes nothing.
func (tx *Tx) Remove(g TermID, t Triple) error { return tx.set(placed{g, t}, true) }

func (tx *Tx) set(p placed, removal bool) error {
	if tx.dead {
		return fmt.Errorf("store: transaction: %w", ErrClosed)
	}
	known, changed := tx.changes[p]
	if !changed {
		present, err := tx.group.state.has(p.graph, p.triple)
		if err != nil {
			return err
		}
		known = !present
	}
	if known == removal {
		return nil
	}
	toggle(tx.changes, p, removal)
	if tx.unseen != nil {
		toggle(tx.unseen, p, removal)
	}
	return nil
}

// toggle records a real change: the opposite of one that is recorded cancels it.
func toggle(changes map[placed]bool, p placed, removal bool) {
	if _, opposite := changes[p]; opposite {
		delete(changes, p)
		return
	}
	changes[p] = removal
}

// AddQuad interns a quad's terms and adds it.
func (tx *Tx) AddQuad(q rdf.Quad) error {
	var ids [4]TermID
	for i, t := range [4]rdf.Term{q.G, q.S, q.P, q.O} {
		if i == 0 && t.Kind == rdf.None {
			continue
		}
		var err error
		if ids[i], err = tx.Intern(t); err != nil {
			return err
		}
	}
	return tx.Add(ids[0], Triple{S: ids[1], P: ids[2], O: ids[3]})
}

// RemoveQuad removes a quad, without interning its terms.
func (tx *Tx) RemoveQuad(q rdf.Quad) error {
	var ids [4]TermID
	for i, t := range [4]rdf.Term{q.G, q.S, q.P, q.O} {
		if i == 0 && t.Kind == rdf.None {
			continue
		}
		id, ok, err := tx.group.interner.known(t)
		if err != nil {
			return err
		}
		if !ok {
			return nil
		}
		ids[i] = id
	}
	return tx.Remove(ids[0], Triple{S: ids[1], P: ids[2], O: ids[3]})
}

// ClearGraph removes all triples of a graph (0: the default graph).
func (tx *Tx) ClearGraph(ctx context.Context, g TermID) error {
	c, err := tx.View().Scan(g, Pattern{}, SPO)
	if err != nil {
		return err
	}
	defer c.Close()
	buffer := make([]Triple, 1024)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := c.Next(buffer)
		if err != nil || n == 0 {
			return err
		}
		for _, t := range buffer[:n] {
			if err := tx.Remove(g, t); err != nil {
				return err
			}
		}
	}
}

// maxMetaBytes bounds a value of SetMeta: larger things belong in files.
const maxMetaBytes = 512 << 10

// SetMeta sets the engine's value of a name, nil deletes it. It is part of the commit but not of its changes.
func (tx *Tx) SetMeta(name string, value []byte) error {
	if tx.dead {
		return fmt.Errorf("store: set meta: transaction: %w", ErrClosed)
	}
	if err := checkMeta(name, value); err != nil {
		return err
	}
	tx.meta[name] = slices.Clone(value)
	return nil
}

func checkMeta(name string, value []byte) error {
	if name == "" || len(name) > 256 || len(value) > maxMetaBytes {
		return fmt.Errorf("store: set meta %q: name of 1 to 256 bytes and value of at most %d bytes", name, maxMetaBytes)
	}
	return nil
}

func (tx *Tx) mergedMeta() map[string][]byte {
	return withMeta(tx.group.state.meta, tx.meta)
}

// withMeta returns metadata with some values set, or deleted where they are nil. It does not change what it is given.
func withMeta(meta, values map[string][]byte) map[string][]byte {
	if len(values) == 0 {
		return meta
	}
	merged := maps.Clone(meta)
	for name, value := range values {
		if value == nil {
			delete(merged, name)
		} else {
			merged[name] = value
		}
	}
	return merged
}

// end makes the transaction and its views unusable.
func (tx *Tx) end() {
	tx.dead = true
	for _, v := range tx.views {
		v.closed.Store(true)
	}
}

// changeList returns changes sorted by graph, subject, predicate, object.
func changeList(changes map[placed]bool) []Change {
	list := make([]Change, 0, len(changes))
	for p, removal := range changes {
		list = append(list, Change{Graph: p.graph, Triple: p.triple, Removed: removal})
	}
	slices.SortFunc(list, func(a, b Change) int {
		return quad{a.Graph, SPO.arrange(a.Triple)}.compare(quad{b.Graph, SPO.arrange(b.Triple)})
	})
	return list
}
