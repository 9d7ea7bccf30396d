package maintain

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/store"
)

// learner is the part of a follower that computes: working tables that it owns and changes. What it does
// depends on the tables, the commit, the history and the seed alone.
type learner struct {
	tables      model.Tables
	calibration model.Calibration
	n3          float32 // weight of the N3 penalty in training
	options     Options
	graph       store.TermID
	base        base
	changes     int64 // maintained since training
	stale       string

	slab  slab            // of the problem at hand
	isNew map[rowKey]bool // rows that the commit at hand brought
	dirty map[rowKey]bool // rows changed since takeDelta
	fresh delta           // terms added since takeDelta
}

// rowKey names a row of either table.
type rowKey struct {
	relation bool
	row      uint32
}

// delta is what a commit, or several, changed in a model.
type delta struct {
	entities, relations []store.TermID // new terms, in row order
	rows                []rowKey       // changed and new rows, entities first, ascending
	values              [][]float32    // of rows; shared with the learner until it goes on
}

// row returns a row of the working tables, for writing.
func (l *learner) row(k rowKey) []float32 {
	if k.relation {
		return l.tables.Relation(k.row)
	}
	return l.tables.Entity(k.row)
}

// relationRow returns the row by which a relation is read in a direction.
func (l *learner) relationRow(r uint32, heads bool) uint32 {
	if heads && l.tables.Reciprocal {
		return l.tables.Reverse(r)
	}
	return r
}

// apply carries the tables over one commit; h stands at the commit's version. After an error, ctx's among them, the
// tables are of no use.
func (l *learner) apply(ctx context.Context, c store.Commit, h *history) error {
	random := rand.New(rand.NewPCG(l.options.Seed, uint64(c.Version)))
	clear(l.isNew)
	if c.Bulk {
		l.stale = fmt.Sprintf("bulk import at version %d", c.Version)
		return l.placeUnknown(ctx, h, random)
	}
	var added, removed []store.Triple
	for _, x := range c.Changes {
		switch {
		case x.Graph != l.graph || !isEntity(x.Triple.O):
		case x.Removed:
			removed = append(removed, x.Triple)
		default:
			added = append(added, x.Triple)
		}
	}
	if len(added)+len(removed) == 0 {
		return nil
	}
	if err := l.place(ctx, added, h, random); err != nil {
		return err
	}
	if err := l.uproot(ctx, removed, h, random); err != nil {
		return err
	}
	if n := len(added) + len(removed); n > l.options.MaxChanges {
		l.changes += int64(n)
		l.stale = fmt.Sprintf("%d changes at version %d", n, c.Version)
		return nil
	}
	before := l.changes
	l.changes += int64(len(added) + len(removed))
	for _, part := range []struct {
		triples []store.Triple
		do      func([]store.Triple, *history, *rand.Rand) error
	}{{added, l.learn}, {removed, l.unlearn}} {
		for group := range slices.Chunk(part.triples, l.options.Group) {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := part.do(group, h, random); err != nil {
				return err
			}
		}
	}
	every := int64(l.options.RefreshEvery)
	if before/every == l.changes/every {
		return nil
	}
	drift, err := l.base.drift(&l.tables, h.Triples, l.options)
	if err != nil || drift <= l.options.MaxDrift {
		return err
	}
	return l.refresh(h, random)
}

// rowsOf returns the triples whose three terms the model knows.
func (l *learner) rowsOf(triples []store.Triple) []model.Triple {
	var out []model.Triple
	for _, t := range triples {
		if rows, ok := l.tables.Vocabulary.Triple(t); ok {
			out = append(out, rows)
		}
	}
	return out
}

// extend gives new terms rows of zeros after the present ones.
func (l *learner) extend(entities, relations []store.TermID) error {
	old := l.tables.Vocabulary.Relations()
	vocabulary, err := l.tables.Vocabulary.Extend(entities, relations)
	if err != nil {
		return fmt.Errorf("maintain: %w", err)
	}
	we, wr := l.tables.Widths()
	l.tables.Entities = append(l.tables.Entities, make([]float32, len(entities)*we)...)
	if len(relations) > 0 { // reverse rows stand in the second half and move up
		room := make([]float32, len(relations)*wr)
		forward, reverse := l.tables.Relations[:old*wr], l.tables.Relations[old*wr:]
		l.tables.Relations = slices.Concat(forward, room, reverse)
		if l.tables.Reciprocal {
			l.tables.Relations = append(l.tables.Relations, room...)
		}
		l.moveReverse(uint32(old), uint32(len(relations)))
	}
	l.tables.Vocabulary = vocabulary
	l.fresh.entities = append(l.fresh.entities, entities...)
	l.fresh.relations = append(l.fresh.relations, relations...)
	return nil
}

// moveReverse renumbers the changed reverse rows after new relations came in before them.
func (l *learner) moveReverse(old, added uint32) {
	moved := map[rowKey]bool{}
	for k := range l.dirty {
		if k.relation && k.row >= old {
			k.row += added
		}
		moved[k] = true
	}
	l.dirty = moved
}

func (l *learner) touch(k rowKey) { l.dirty[k] = true }

// takeDelta returns everything changed since the last call and begins anew.
func (l *learner) takeDelta() delta {
	d := l.fresh
	for k := range l.dirty {
		d.rows = append(d.rows, k)
	}
	slices.SortFunc(d.rows, func(a, b rowKey) int {
		if a.relation != b.relation {
			if b.relation {
				return -1
			}
			return 1
		}
		return int(a.row) - int(b.row)
	})
	for _, k := range d.rows {
		d.values = append(d.values, l.row(k))
	}
	l.dirty, l.fresh = map[rowKey]bool{}, delta{}
	return d
}

// applyTo writes a delta into tables at the version before it.
func (d delta) applyTo(l *learner) error {
	if err := l.extend(d.entities, d.relations); err != nil {
		return err
	}
	for i, k := range d.rows {
		copy(l.row(k), d.values[i])
	}
	l.dirty, l.fresh = map[rowKey]bool{}, delta{}
	return nil
}
