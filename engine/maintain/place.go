package maintain

import (
	"context"
	"math"
	"math/rand/v2"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/internal/vec"
	"github.com/inklingdb/inkling/store"
)

const (
	// equationTriples is how many of its triples place a new row at most.
	equationTriples = 48
	// matesPerTriple is how many entities in the same place of the same relation give the new one's mean.
	matesPerTriple = 8
	// ridge is the weight of staying at the mean, as a share of the equations' mean squared length.
	ridge = 0.1
)

// place gives rows to the terms of added triples that the model does not know, neighbours first: each row is the one
// nearest to the mean of its kind at which its triples score like stated ones.
func (l *learner) place(ctx context.Context, added []store.Triple, h *history, random *rand.Rand) error {
	entities, relations := l.unknown(added)
	if len(entities)+len(relations) == 0 {
		return nil
	}
	if err := l.extend(entities, relations); err != nil {
		return err
	}
	s := &siting{l: l, h: h, random: random, open: map[rowKey][]model.Triple{}}
	for _, id := range entities {
		row, _ := l.tables.Vocabulary.Entity(id)
		s.add(rowKey{row: row})
	}
	for _, id := range relations {
		row, _ := l.tables.Vocabulary.Relation(id)
		s.add(rowKey{true, row})
	}
	for _, t := range l.rowsOf(added) {
		for _, k := range []rowKey{{row: t.H}, {row: t.T}, {true, t.R}} {
			if _, in := s.open[k]; in {
				s.open[k] = append(s.open[k], t)
			}
		}
	}
	return s.run(ctx)
}

// unknown returns the entities and relations of triples that have no rows, in order of appearance.
func (l *learner) unknown(triples []store.Triple) (entities, relations []store.TermID) {
	seen := map[store.TermID]bool{}
	v := l.tables.Vocabulary
	for _, t := range triples {
		for _, id := range []store.TermID{t.S, t.O} {
			if _, known := v.Entity(id); !known && !seen[id] {
				seen[id] = true
				entities = append(entities, id)
			}
		}
	}
	clear(seen) // a term may be both
	for _, t := range triples {
		if _, known := v.Relation(t.P); !known && !seen[t.P] {
			seen[t.P] = true
			relations = append(relations, t.P)
		}
	}
	return entities, relations
}

// siting places new rows one by one.
type siting struct {
	l      *learner
	h      *history
	random *rand.Rand
	order  []rowKey
	open   map[rowKey][]model.Triple // rows not placed yet and their triples
	square [2]float64                // see usual, by table; 0 until asked for
}

func (s *siting) add(k rowKey) {
	s.order = append(s.order, k)
	s.open[k] = nil
	s.l.isNew[k] = true
	s.l.touch(k)
	if k.relation && s.l.tables.Reciprocal {
		reverse := rowKey{true, s.l.tables.Reverse(k.row)}
		s.l.isNew[reverse] = true
		s.l.touch(reverse)
	}
}

// run places whatever has a triple whose other terms are placed; when nothing has, the next in order gets a
// small random row.
func (s *siting) run(ctx context.Context) error {
	for len(s.open) > 0 {
		progress := false
		for _, k := range s.order {
			usable := s.usable(k)
			if len(usable) == 0 {
				continue
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			if k.relation {
				s.placeRelation(k, usable)
			} else if err := s.placeEntity(k, usable); err != nil {
				return err
			}
			delete(s.open, k)
			progress = true
		}
		if !progress {
			s.scatter()
		}
	}
	return nil
}

// usable returns a row's triples whose other terms have rows with meaning; none if the row is placed.
func (s *siting) usable(k rowKey) []model.Triple {
	var out []model.Triple
	for _, t := range s.open[k] {
		ready := t.H != t.T || k.relation
		for _, other := range []rowKey{{row: t.H}, {row: t.T}, {true, t.R}} {
			_, waits := s.open[other]
			ready = ready && (other == k || !waits)
		}
		if ready && len(out) < equationTriples {
			out = append(out, t)
		}
	}
	return out
}

// scatter gives the first open row random numbers.
func (s *siting) scatter() {
	for _, k := range s.order {
		if _, waits := s.open[k]; !waits {
			continue
		}
		rows := [][]float32{s.l.row(k)}
		if k.relation && s.l.tables.Reciprocal {
			rows = append(rows, s.l.row(rowKey{true, s.l.tables.Reverse(k.row)}))
		}
		for _, w := range rows {
			s.settle(w, k.relation)
		}
		delete(s.open, k)
		return
	}
}

// placeEntity solves for an entity's row. Each triple gives one equation per direction, linear in the row where the
// family is bilinear.
func (s *siting) placeEntity(k rowKey, triples []model.Triple) error {
	w := s.l.row(k)
	if err := s.meanOfMates(k.row, triples, w); err != nil {
		return err
	}
	if s.l.tables.Family.Similarity != model.Dot {
		s.nearQueries(k, triples, w)
		return nil
	}
	var equations [][]float32
	for _, t := range triples {
		for _, reverse := range s.directions() {
			g := make([]float32, len(w))
			s.gradient(t, reverse, k, g)
			equations = append(equations, g)
		}
	}
	solveRidge(equations, s.l.base.Typical, s.usual(k.relation), w)
	return nil
}

// placeRelation solves for a relation's row, and for its reverse's.
func (s *siting) placeRelation(k rowKey, triples []model.Triple) {
	for _, reverse := range s.directions() {
		row := k
		if reverse {
			row.row = s.l.tables.Reverse(k.row)
		}
		if s.l.tables.Family.Similarity != model.Dot {
			s.carryOver(row, triples, reverse)
			continue
		}
		w := s.l.row(row)
		var equations [][]float32
		for _, t := range triples {
			g := make([]float32, len(w))
			s.gradient(t, reverse, row, g)
			equations = append(equations, g)
		}
		solveRidge(equations, s.l.base.Typical, s.usual(k.relation), w)
	}
}

func (s *siting) directions() []bool {
	if s.l.tables.Reciprocal {
		return []bool{false, true}
	}
	return []bool{false}
}

// gradient sets g to the derivative of a triple's score, in one direction, by the row k.
func (s *siting) gradient(t model.Triple, reverse bool, k rowKey, g []float32) {
	tables := &s.l.tables
	first, last, relation := t.H, t.T, t.R
	if reverse {
		first, last, relation = t.T, t.H, tables.Reverse(t.R)
	}
	var dFirst, dLast, dRelation []float32
	switch {
	case k.relation:
		dRelation = g
	case k.row == first:
		dFirst = g
	default:
		dLast = g
	}
	tables.Family.Interaction.Grad(1, tables.Entity(first), tables.Relation(relation), tables.Entity(last), dFirst, dRelation, dLast)
}

// meanOfMates sets w to the mean row of entities that stand where the new one stands in its triples.
func (s *siting) meanOfMates(row uint32, triples []model.Triple, w []float32) error {
	v := s.l.tables.Vocabulary
	count := 0
	for _, t := range triples[:min(len(triples), 8)] {
		found, _, err := s.l.sample(s.h, store.Pattern{P: v.RelationID(t.R)}, matesPerTriple, s.random)
		if err != nil {
			return err
		}
		for _, mate := range s.l.rowsOf(found) {
			e := mate.T
			if t.H == row {
				e = mate.H
			}
			if _, waits := s.open[rowKey{row: e}]; !waits {
				vec.Axpy(1, s.l.tables.Entity(e), w)
				count++
			}
		}
	}
	if count > 0 {
		vec.Scale(1/float32(count), w)
	}
	return nil
}

// usual returns the mean squared length of the derivatives of stated triples' scores by their entities, or by their
// relations: of trained ones, as far as they are still stated rows.
func (s *siting) usual(relation bool) float64 {
	at := 0
	if relation {
		at = 1
	}
	if s.square[at] > 0 {
		return s.square[at]
	}
	we, wr := s.l.tables.Widths()
	count := 0
	for _, t := range s.l.rowsOf(s.l.base.Sample[:min(len(s.l.base.Sample), usualSample)]) {
		keys := []rowKey{{row: t.H}, {row: t.T}}
		width := we
		if relation {
			keys, width = []rowKey{{true, t.R}}, wr
		}
		for _, k := range keys {
			g := make([]float32, width)
			s.gradient(t, false, k, g)
			s.square[at] += float64(vec.Dot(g, g))
			count++
		}
	}
	s.square[at] = s.square[at]/math.Max(1, float64(count)) + 1e-12
	return s.square[at]
}

// usualSample is how many triples that mean is taken over.
const usualSample = 64
