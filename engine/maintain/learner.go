package maintain

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/internal/vec"
	"github.com/inklingdb/inkling/store"
)

// learner is the part of a follower that computes: working tables that it owns and changes. What it does
// depends on the tables, the commit, the history and the seed alone.
type learner struct {
	tables      model.Tables
	calibration model.Calibration
	noted       model.Calibration // as the latest record left it; what moves goes on from there, as it does when it is read again
	n3          float32           // weight of the N3 penalty in training
	options     Options
	graph       store.TermID
	base        base
	training    train.Options // that the model was trained with
	solver      *solver       // of a factorization; nil for other models
	changes     int64         // maintained since training
	stale       string
	pending     int // changes of a large commit that are not applied yet

	recalibrated bool // since it was last taken down

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
	values              [][]float32    // of rows
}

// row returns a row of the working tables, for writing.
func (l *learner) row(k rowKey) []float32 {
	if k.relation {
		return l.tables.Relation(k.row)
	}
	return l.tables.Entity(k.row)
}

// scoreRows returns the scores, as a softmax is taken of, of queries by candidates with the given rows.
func (l *learner) scoreRows(queries []query, x vec.Matrix) vec.Matrix {
	w, _ := l.tables.Widths()
	asked := make([]model.Query, len(queries))
	for i, q := range queries {
		asked[i] = model.Query{Entity: q.fixed, Relation: q.relation, Heads: q.heads}
	}
	rows := (&model.Embedding{Tables: l.tables}).QueryRows(asked)
	out := vec.MatrixOf(make([]float32, len(queries)*x.Rows), len(queries), x.Rows)
	projector, projects := l.tables.Family.Interaction.(model.Projector)
	if !projects {
		l.comparison().scores(out, rows, x)
		return out
	}
	seen := vec.MatrixOf(make([]float32, x.Rows*w), x.Rows, w)
	for i, q := range queries {
		r := l.relationRow(q.relation, q.heads)
		if i == 0 || r != l.relationRow(queries[i-1].relation, queries[i-1].heads) {
			vec.MulNT(seen, x, projector.Projection(l.tables.Relation(r)), false, 1)
		}
		l.comparison().scores(out.RowRange(i, i+1), rows.RowRange(i, i+1), seen)
	}
	return out
}

// relationRow returns the row by which a relation is read in a direction.
func (l *learner) relationRow(r uint32, heads bool) uint32 {
	if heads && l.tables.Reciprocal {
		return l.tables.Reverse(r)
	}
	return r
}

// apply carries the tables over one commit, or over the part of a large one that a stage stands before, and returns the
// next stage: the zero one when the commit is done. h stands at the commit's version. After an error, ctx's among them,
// the tables are of no use.
func (l *learner) apply(ctx context.Context, c store.Commit, s stage, h *history) (stage, error) {
	random := rand.New(rand.NewPCG(l.options.Seed, uint64(c.Version)+uint64(s.Part)<<40))
	clear(l.isNew)
	if c.Bulk {
		return l.bulk(ctx, s, h, random)
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
	switch n := len(added) + len(removed); {
	case n == 0:
		return stage{}, nil
	case l.solver != nil:
		return l.solve(ctx, added, removed, s, h, random)
	case n > l.most(added, s):
		return l.large(ctx, added, removed, s, h, random)
	}
	return stage{}, l.small(ctx, added, removed, h, random)
}

// most returns how many triples of one commit are learnt by local steps: more where many of its nodes are new, whose rows
// come nearer to where they belong group by group. It is asked for at the commit's first stage and at later ones.
func (l *learner) most(added []store.Triple, s stage) int {
	if l.options.MaxChanges > 0 {
		return l.options.MaxChanges
	}
	if s == (stage{}) {
		if entities, _ := l.unknown(added); len(entities) > len(added)/8 {
			return mostLocal
		}
	}
	return max(leastStudied, min(l.tables.Vocabulary.Entities()/256, mostLocal))
}

// leastStudied and mostLocal bound how many triples are learnt by local steps.
const leastStudied, mostLocal = 64, 512

// small carries the tables over a commit of few triples.
func (l *learner) small(ctx context.Context, added, removed []store.Triple, h *history, random *rand.Rand) error {
	if err := l.place(ctx, added, h, random); err != nil {
		return err
	}
	if err := l.uproot(ctx, removed, h, random); err != nil {
		return err
	}
	before := l.changes
	l.changes += int64(len(added) + len(removed))
	if err := l.inGroups(ctx, added, h, random, l.learn); err != nil {
		return err
	}
	if err := l.inGroups(ctx, removed, h, random, l.unlearn); err != nil {
		return err
	}
	every := int64(l.options.RefreshEvery)
	if before/every == l.changes/every {
		return nil
	}
	l.outgrow(h)
	if err := l.bound(ctx, h, random); err != nil {
		return err
	}
	return l.recalibrate(h)
}

// inGroups calls do with a group of triples at a time.
func (l *learner) inGroups(ctx context.Context, triples []store.Triple, h *history, random *rand.Rand, do func([]store.Triple, *history, *rand.Rand) error) error {
	for group := range slices.Chunk(triples, l.options.Group) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := do(group, h, random); err != nil {
			return err
		}
	}
	return nil
}

// bound measures the drift and, while it is above MaxDrift, mends random parts of the graph, as much as Mends allows.
func (l *learner) bound(ctx context.Context, h *history, random *rand.Rand) error {
	for mends := 0; mends < l.options.Mends; mends += mendedTogether {
		drift, err := l.base.drift(&l.tables, h.Triples, l.options)
		if err != nil || drift <= l.options.MaxDrift {
			return err
		}
		for range mendedTogether {
			if err := ctx.Err(); err != nil {
				return err
			}
			l.options.Yield(ctx)
			mend := l.refresh
			if l.solver != nil {
				mend = l.sweep
			}
			if err := mend(h, random); err != nil {
				return err
			}
		}
	}
	return nil
}

// mendedTogether is how many groups are mended between two looks at the drift.
const mendedTogether = 8

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

// touch notes that a row is about to change.
func (l *learner) touch(k rowKey) {
	l.dirty[k] = true
	if l.solver != nil {
		l.solver.keep(k, l.row(k))
	}
}

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
		d.values = append(d.values, slices.Clone(l.row(k)))
	}
	if l.solver != nil && len(d.rows) > 0 {
		l.solver.moved(&l.tables, d.rows)
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

// redo applies a record to the tables at the version before it.
func (l *learner) redo(r record) error {
	if r.calibration != nil {
		l.calibration = l.noted.Moved(r.calibration.Slope, r.calibration.Intercept)
		l.noted = l.calibration
	}
	return l.watched(r)
}
