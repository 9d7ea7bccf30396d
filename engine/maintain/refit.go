package maintain

import (
	"context"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/internal/vec"
	"github.com/inklingdb/inkling/store"
)

const (
	// solvedTogether is how many triples of a large commit make a part.
	solvedTogether = 2048
	// hubTriples is how many triples of an entity, at either end, its least squares are over at most.
	hubTriples = 1 << 16
	// relationTriples is how many triples of a new relation its matrix is solved from at most.
	relationTriples = 1 << 14
	// relationsEvery is the share of the triples that change before all R_k are solved for again.
	relationsEvery = 0.02
	// rounds is how often A1's and A2's row are solved for in turns, and how often a row is multiplied.
	rounds, multiplications = 4, 30
	// smallest keeps multiplicative updates from dividing by 0.
	smallest = 1e-12
)

// solve carries a factorization over a commit, or over a part of a large one: triples, then, when due, all R_k, then the
// bound on drift. Each part is solved with the sums over the rows as the one before left them.
func (l *learner) solve(ctx context.Context, added, removed []store.Triple, s stage, h *history, random *rand.Rand) (stage, error) {
	portion := func(triples []store.Triple, part int) []store.Triple {
		from := min(part*solvedTogether, len(triples))
		return triples[from:min(from+solvedTogether, len(triples))]
	}
	n, parts := len(added)+len(removed), (max(len(added), len(removed))+solvedTogether-1)/solvedTogether
	next := stage{Part: s.Part + 1}
	switch part := int(s.Part); part {
	default:
		in, out := portion(added, part), portion(removed, part)
		l.changes += int64(len(in) + len(out))
		if err := l.refit(ctx, in, out, h, random); err != nil {
			return s, err
		}
		l.pending = max(0, len(added)-(part+1)*solvedTogether) + max(0, len(removed)-(part+1)*solvedTogether)
		if part+1 < parts || l.crosses(n, l.relationsEvery()) || l.crosses(n, int64(l.options.RefreshEvery)) {
			return next, nil
		}
	case parts:
		if l.crosses(n, l.relationsEvery()) {
			return next, l.solveRelations(ctx, h)
		}
		return next, nil
	case parts + 1:
		l.outgrow(h)
		if err := l.bound(ctx, h, random); err != nil {
			return s, err
		}
		return stage{}, l.recalibrate(h)
	}
	return stage{}, nil
}

// crosses reports whether the latest n changes have taken the count of changes past a multiple of every.
func (l *learner) crosses(n int, every int64) bool {
	return (l.changes-int64(n))/every != l.changes/every
}

func (l *learner) relationsEvery() int64 {
	return max(int64(l.options.RefreshEvery), int64(relationsEvery*float64(l.base.Triples)))
}

// refit solves for the rows of all entities in the triples and for new relations, and brings removed triples below the
// threshold.
func (l *learner) refit(ctx context.Context, added, removed []store.Triple, h *history, random *rand.Rand) error {
	entities, relations := l.unknown(added)
	if err := l.extend(entities, relations); err != nil {
		return err
	}
	in, out := l.rowsOf(added), l.rowsOf(removed)
	l.seed(in, len(entities), h, random)
	if err := l.solver.observe(l, in, out, h); err != nil {
		return err
	}
	touched := entitiesOf(in, out)
	for _, again := range []bool{len(relations) > 0, true} {
		if !again {
			continue
		}
		for _, e := range touched {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := l.solveRow(e, h); err != nil {
				return err
			}
		}
		for _, id := range relations {
			r, _ := l.tables.Vocabulary.Relation(id)
			if err := l.solveRelation(r, h); err != nil {
				return err
			}
		}
		relations = nil
	}
	for _, t := range out {
		l.suppress(t)
	}
	return nil
}

// entitiesOf returns the entities of triples, each once, in order.
func entitiesOf(lists ...[]model.Triple) []uint32 {
	var out []uint32
	seen := map[uint32]bool{}
	for _, list := range lists {
		for _, t := range list {
			for _, e := range []uint32{t.H, t.T} {
				if !seen[e] {
					seen[e] = true
					out = append(out, e)
				}
			}
		}
	}
	return out
}

// seed gives the new entities, the last rows, the mean of those that stand where they stand, to begin with.
func (l *learner) seed(triples []model.Triple, fresh int, h *history, random *rand.Rand) {
	first := uint32(l.tables.Vocabulary.Entities() - fresh)
	s := &siting{l: l, h: h, random: random, open: map[rowKey][]model.Triple{}}
	for _, t := range triples {
		for _, e := range []uint32{t.H, t.T} {
			if k := (rowKey{row: e}); e >= first {
				s.open[k] = append(s.open[k], t)
			}
		}
	}
	for e := first; e < uint32(l.tables.Vocabulary.Entities()); e++ {
		k := rowKey{row: e}
		l.touch(k)
		if err := s.meanOfMates(e, s.open[k], l.row(k)); err != nil || len(s.open[k]) == 0 {
			continue
		}
		delete(s.open, k)
	}
}

// solveRow sets an entity's row to the least squares given all others: a_i ← [Σ R_k·a_t + Σ R_kᵀ·a_h]·(H + ridge)⁻¹.
func (l *learner) solveRow(e uint32, h *history) error {
	forHead, forTail, err := l.rightSides(e, h)
	if err != nil {
		return err
	}
	s, k := l.solver, rowKey{row: e}
	l.touch(k)
	head, tail := s.parts(l.row(k))
	switch {
	case s.nonNegative:
		vec.Axpy(1, forTail, forHead)
		l.multiplyRow(head, forHead)
	case !s.linear:
		vec.Axpy(1, forTail, forHead)
		s.heads.into(head, s.ridge(), forHead, 0, nil)
	default:
		for range rounds {
			s.heads.into(head, s.ridge(), forHead, s.lambdaE, tail)
			s.tails.into(tail, s.ridge(), forTail, s.lambdaE, head)
		}
	}
	return nil
}

// into sets row to (H + ridge)⁻¹·(right + pull·other).
func (h *half) into(row []float32, ridge float64, right []float32, pull float64, other []float32) {
	b := mat.NewVecDense(len(right), nil)
	for i, v := range right {
		b.SetVec(i, float64(v))
		if other != nil {
			b.SetVec(i, float64(v)+pull*float64(other[i]))
		}
	}
	var x mat.VecDense
	_ = h.factorize(ridge).SolveVecTo(&x, b) // the error is the condition's, which the ridge has settled
	if norm := mat.Norm(&x, 2); math.IsNaN(norm) || norm > math.MaxFloat32 {
		return // no solution to speak of: the row stays
	}
	for i := range row {
		row[i] = float32(x.AtVec(i))
	}
}

// multiplyRow brings a non-negative row to its least squares: a ← a ∘ up ⊘ (H·a + λ_A·a + ε).
func (l *learner) multiplyRow(row, up []float32) {
	s := l.solver
	for i, v := range row {
		row[i] = max(v, 1e-6)
	}
	for range multiplications {
		for i, down := range s.applied(row) {
			row[i] = multiplied(row[i], float64(up[i]), down+s.lambdaA*float64(row[i]), l.base.Ceilings[0])
		}
	}
}

// multiplied returns v·up/down, at most largestFactor·v and the ceiling: where there is next to nothing below, the quotient
// says little.
func multiplied(v float32, up, down float64, ceiling float32) float32 {
	const largestFactor = 4
	return min(ceiling, v*float32(math.Min(largestFactor, math.Max(up, 0)/(math.Max(down, 0)+smallest))))
}

// applied returns H·row.
func (s *solver) applied(row []float32) []float64 {
	x := mat.NewVecDense(s.p, nil)
	for i, v := range row {
		x.SetVec(i, float64(v))
	}
	var out mat.VecDense
	out.MulVec(s.heads.normal, x)
	return out.RawVector().Data
}

// rightSides returns Σ R_k·a_t over an entity's triples as head and Σ R_kᵀ·a_h over those as tail.
func (l *learner) rightSides(e uint32, h *history) (forHead, forTail []float32, err error) {
	s, v := l.solver, l.tables.Vocabulary
	sides := [2][]float32{make([]float32, s.p), make([]float32, s.p)}
	for side, p := range []store.Pattern{{S: v.EntityID(e)}, {O: v.EntityID(e)}} {
		triples, err := h.Triples(p, store.Triple{}, hubTriples)
		if err != nil {
			return nil, nil, err
		}
		sums := map[uint32][]float32{}
		var order []uint32
		for _, t := range l.rowsOf(triples) {
			sum := sums[t.R]
			if sum == nil {
				sum = make([]float32, s.p)
				sums[t.R], order = sum, append(order, t.R)
			}
			if side == 0 {
				_, tail := s.parts(l.tables.Entity(t.T))
				vec.Axpy(1, tail, sum)
			} else {
				head, _ := s.parts(l.tables.Entity(t.H))
				vec.Axpy(1, head, sum)
			}
		}
		product := make([]float32, s.p)
		for _, r := range order {
			if side == 0 {
				vec.GEMV(l.tables.Relation(r), s.p, s.p, sums[r], product)
			} else {
				(transposed{l.tables.Relation(r)}).times(sums[r], product)
			}
			vec.Axpy(1, product, sides[side])
		}
	}
	return sides[0], sides[1], nil
}

// transposed is the transpose of a square matrix, row by row.
type transposed struct{ rows []float32 }

func (m transposed) times(x, out []float32) {
	clear(out)
	for i, v := range x {
		vec.Axpy(v, m.rows[i*len(x):(i+1)*len(x)], out)
	}
}

// suppress moves the rows of a removed triple, the least in the norm of their least squares, until its score is what a
// removed triple may have: half of the way by the head's row, the rest by the tail's.
func (l *learner) suppress(t model.Triple) {
	s := l.solver
	e := model.Embedding{Tables: l.tables}
	r := l.tables.Relation(t.R)
	along := make([]float32, s.p)
	for step, limit := range []float32{0.5, 1, 1, 1} {
		excess := e.Score(t.H, t.R, t.T) - l.forgotten(t.R)
		if excess <= 0 {
			return
		}
		row, block := rowKey{row: t.H}, s.heads
		if step%2 == 1 {
			row, block = rowKey{row: t.T}, s.tails
		}
		l.touch(row)
		head, _ := s.parts(l.row(rowKey{row: t.H}))
		_, tail := s.parts(l.row(rowKey{row: t.T}))
		own := head
		if step%2 == 1 {
			own = tail
			(transposed{r}).times(head, along)
		} else {
			vec.GEMV(r, s.p, s.p, tail, along)
		}
		if s.nonNegative {
			dampen(own, along, limit*excess)
			continue
		}
		z := make([]float32, s.p)
		block.into(z, s.ridge(), along, 0, nil)
		if length := vec.Dot(along, z); length > 0 {
			vec.Axpy(-l.bounded(1.0001*limit*excess/length, z, own), z, own)
		}
	}
}

// bounded returns a step along z that is no longer than a row, its own or an average one, is: a score that hardly depends
// on the row is not brought down by it.
func (l *learner) bounded(step float32, z, own []float32) float32 {
	most := float32(math.Sqrt(float64(vec.Dot(own, own)))) + float32(l.base.Scale*math.Sqrt(float64(len(own))))
	length := float32(math.Sqrt(float64(vec.Dot(z, z))))
	if most < step*length {
		return most / length
	}
	return step
}

// dampen lowers the product of a row with another, both non-negative, by so much, by dividing each number the more the
// more it contributes.
func dampen(row, along []float32, by float32) {
	target := vec.Dot(row, along) - by
	from := append([]float32(nil), row...)
	for c := float32(0.25); c < 1e9 && vec.Dot(row, along) > target; c *= 2 {
		for i, v := range from {
			row[i] = v / (1 + c*max(along[i], 0))
		}
	}
}

// sweep solves for the rows of random triples' entities.
func (l *learner) sweep(h *history, random *rand.Rand) error {
	for range l.options.Group {
		part, err := h.Triples(store.Pattern{}, l.randomPosition(store.Pattern{}, random), 1)
		if err != nil {
			return err
		}
		for _, e := range entitiesOf(l.rowsOf(part)) {
			if err := l.solveRow(e, h); err != nil {
				return err
			}
		}
	}
	return nil
}
