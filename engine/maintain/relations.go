package maintain

import (
	"context"
	"math"

	"github.com/RoaringBitmap/roaring/v2"
	"gonum.org/v1/gonum/mat"

	"github.com/inklingdb/inkling/engine/factor"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/internal/vec"
	"github.com/inklingdb/inkling/store"
)

// ends are the sets of what stands at each relation's ends, by entity rows, and the similarity that follows from them.
// Both are of the graph alone, whatever commits led to it.
type ends struct {
	sets  []factor.Ends
	c     *mat.SymDense   // similarity, symmetrised
	stale map[uint32]bool // relations whose row of c is of earlier sets
}

const scanPage = 4096

// scan calls fn with all triples of a pattern that the model has rows for, a page at a time.
func (l *learner) scan(ctx context.Context, h *history, p store.Pattern, most int, fn func([]model.Triple)) error {
	from := store.Triple{}
	for most > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		page, err := h.Triples(p, from, min(scanPage, most))
		if err != nil {
			return err
		}
		fn(l.rowsOf(page))
		most -= len(page)
		if len(page) < scanPage {
			return nil
		}
		from = page[len(page)-1]
		switch {
		case p.S != 0 || p.P == 0:
			from.O++
		default: // sorted by object, then subject
			from.S++
		}
	}
	return nil
}

// needEnds makes the sets from the graph where they are missing.
func (l *learner) needEnds(ctx context.Context, h *history) error {
	s := l.solver
	m := l.tables.Vocabulary.Relations()
	if s.ends == nil {
		var all []model.Triple
		if err := l.scan(ctx, h, store.Pattern{}, math.MaxInt, func(t []model.Triple) { all = append(all, t...) }); err != nil {
			return err
		}
		s.ends = &ends{sets: factor.EndsOfTriples(all, m), stale: map[uint32]bool{}}
		s.ends.c = factor.Symmetrised(s.similarity.Of(s.ends.sets))
		return nil
	}
	s.ends.grow(m)
	for k := range s.ends.stale {
		for r := range m {
			s.ends.c.SetSym(int(k), r, s.likeness(int(k), r))
		}
	}
	clear(s.ends.stale)
	return nil
}

// likeness returns how similar two relations are, in the mean of both orders.
func (s *solver) likeness(k, l int) float64 {
	c := s.similarity.Of([]factor.Ends{s.ends.sets[k], s.ends.sets[l]})
	return (c.At(0, 1) + c.At(1, 0)) / 2
}

// grow makes room for new relations.
func (e *ends) grow(m int) {
	old := len(e.sets)
	if m == old {
		return
	}
	c := mat.NewSymDense(m, nil)
	for k := range old {
		for r := k; r < old; r++ {
			c.SetSym(k, r, e.c.At(k, r))
		}
	}
	e.c = c
	for k := old; k < m; k++ {
		e.sets = append(e.sets, factor.Ends{Subjects: roaring.New(), Objects: roaring.New()})
		e.stale[uint32(k)] = true
	}
}

// observe brings the sets up to date with a commit.
func (s *solver) observe(l *learner, added, removed []model.Triple, h *history) error {
	if s.ends == nil {
		return nil
	}
	s.ends.grow(l.tables.Vocabulary.Relations())
	for _, t := range added {
		s.ends.sets[t.R].Subjects.Add(t.H)
		s.ends.sets[t.R].Objects.Add(t.T)
		s.ends.stale[t.R] = true
	}
	v := l.tables.Vocabulary
	for _, t := range removed {
		s.ends.stale[t.R] = true
		for _, x := range []struct {
			set *roaring.Bitmap
			row uint32
			p   store.Pattern
		}{
			{s.ends.sets[t.R].Subjects, t.H, store.Pattern{S: v.EntityID(t.H), P: v.RelationID(t.R)}},
			{s.ends.sets[t.R].Objects, t.T, store.Pattern{P: v.RelationID(t.R), O: v.EntityID(t.T)}},
		} {
			left, err := h.Triples(x.p, store.Triple{}, 1)
			if err != nil {
				return err
			}
			if len(left) == 0 {
				x.set.Remove(x.row)
			}
		}
	}
	return nil
}

// core returns A1ᵀ·X_r·A2.
func (l *learner) core(ctx context.Context, r uint32, most int, h *history) (vec.Matrix, error) {
	s := l.solver
	p := s.p
	b := vec.MatrixOf(make([]float32, p*p), p, p)
	err := l.scan(ctx, h, store.Pattern{P: l.tables.Vocabulary.RelationID(r)}, most, func(triples []model.Triple) {
		if len(triples) == 0 {
			return
		}
		heads, tails := vec.MatrixOf(make([]float32, len(triples)*p), len(triples), p), vec.MatrixOf(make([]float32, len(triples)*p), len(triples), p)
		for i, t := range triples {
			head, _ := s.parts(l.tables.Entity(t.H))
			_, tail := s.parts(l.tables.Entity(t.T))
			copy(heads.Row(i), head)
			copy(tails.Row(i), tail)
		}
		vec.MulTN(b, heads, tails, true, 1)
	})
	return b, err
}

// solveRelation sets a relation's matrix to the least squares given everything else.
func (l *learner) solveRelation(r uint32, h *history) error {
	s, ctx := l.solver, context.Background()
	b, err := l.core(ctx, r, relationTriples, h)
	if err != nil {
		return err
	}
	weights := make([]float64, l.tables.Vocabulary.Relations())
	if s.similar {
		if err := l.needEnds(ctx, h); err != nil {
			return err
		}
		for k := range weights {
			if k != int(r) {
				weights[k] = s.lambdaS * s.ends.c.At(int(r), k)
			}
		}
	}
	k := rowKey{true, r}
	l.touch(k)
	if s.nonNegative {
		l.multiplyRelation(s.matrixOf(l.row(k)), b)
		return nil
	}
	sum := 0.0
	right := dense(b)
	for other, w := range weights {
		sum += w
		if w > 0 {
			near := dense(s.matrixOf(l.tables.Relation(uint32(other))))
			near.Scale(2*w, near)
			right.Add(right, near)
		}
	}
	u1, d1 := spectrum(s.heads.gram)
	u2, d2 := spectrum(s.tails.gram)
	s.divide(right, u1, u2, d1, d2, s.lambdaR+2*sum)
	store32(right, s.matrixOf(l.row(k)))
	return nil
}

func dense(m vec.Matrix) *mat.Dense {
	d := mat.NewDense(m.Rows, m.Cols, nil)
	for i := range m.Rows {
		for j, v := range m.Row(i) {
			d.Set(i, j, float64(v))
		}
	}
	return d
}

func store32(d *mat.Dense, into vec.Matrix) {
	for i := range into.Rows {
		for j := range into.Cols {
			into.Row(i)[j] = float32(d.At(i, j))
		}
	}
}

// spectrum returns the eigenvectors, in columns, and the eigenvalues of a Gram matrix.
func spectrum(g *mat.SymDense) (*mat.Dense, []float64) {
	var e mat.EigenSym
	e.Factorize(g, true)
	var u mat.Dense
	e.VectorsTo(&u)
	values := e.Values(nil)
	for i, v := range values {
		values[i] = math.Max(v, 0)
	}
	return &u, values
}

// divide solves G1·R·G2 + shift·R = right for R, in place, in the eigenvectors of both Gram matrices.
func (s *solver) divide(right, u1, u2 *mat.Dense, d1, d2 []float64, shift float64) {
	var turned mat.Dense
	turned.Mul(u1.T(), right)
	turned.Mul(&turned, u2)
	divideBy(&turned, d1, d2, shift)
	right.Mul(u1, &turned)
	right.Mul(right, u2.T())
}

// divideBy divides element (i, j) by d1_i·d2_j + shift; where that is next to 0 the element becomes 0.
func divideBy(m *mat.Dense, d1, d2 []float64, shift float64) {
	least := 1e-10 * d1[len(d1)-1] * d2[len(d2)-1]
	m.Apply(func(i, j int, v float64) float64 {
		if by := d1[i]*d2[j] + shift; by > least {
			return v / by
		}
		return 0
	}, m)
}

// multiplyRelation brings a non-negative matrix to its least squares: R ← R ∘ B ⊘ (G·R·G + λ_R·R + ε).
func (l *learner) multiplyRelation(r, b vec.Matrix) {
	s := l.solver
	for i := range r.Rows {
		for j, v := range r.Row(i) {
			r.Row(i)[j] = max(v, 1e-6)
		}
	}
	var around mat.Dense
	for range multiplications {
		around.Mul(s.heads.gram, dense(r))
		around.Mul(&around, s.tails.gram)
		for i := range r.Rows {
			for j, v := range r.Row(i) {
				r.Row(i)[j] = multiplied(v, float64(b.Row(i)[j]), around.At(i, j)+s.lambdaR*float64(v), l.base.Ceilings[1])
			}
		}
	}
}

// solveRelations sets all R_k to the least squares given A, in the eigenvectors of the Gram matrices and of the
// similarity's Laplacian; see engine/factor. Nothing is done where their multipliers are not known.
func (l *learner) solveRelations(ctx context.Context, h *history) error {
	s := l.solver
	m := l.tables.Vocabulary.Relations()
	if s.frozen || m == 0 {
		return nil
	}
	if s.nonNegative {
		for r := range uint32(m) {
			b, err := l.core(ctx, r, math.MaxInt, h)
			if err != nil {
				return err
			}
			l.touch(rowKey{true, r})
			l.multiplyRelation(s.matrixOf(l.tables.Relation(r)), b)
		}
		return nil
	}
	if s.similar {
		if err := l.needEnds(ctx, h); err != nil {
			return err
		}
	}
	u1, d1 := spectrum(s.heads.gram)
	u2, d2 := spectrum(s.tails.gram)
	cores, err := l.turnedCores(ctx, h, u1, u2)
	if err != nil {
		return err
	}
	v, shifts := mat.NewDense(m, m, nil), make([]float64, m)
	if s.similar {
		v, shifts = spectrum(s.laplacian())
		var mixed mat.Dense
		mixed.Mul(v.T(), cores)
		cores = &mixed
	}
	for q := range m {
		divideBy(mat.NewDense(s.p, s.p, cores.RawRowView(q)), d1, d2, s.lambdaR+2*shifts[q])
	}
	if s.similar {
		var back mat.Dense
		back.Mul(v, cores)
		cores = &back
	}
	for r := range m {
		core := mat.NewDense(s.p, s.p, cores.RawRowView(r))
		core.Mul(u1, core)
		core.Mul(core, u2.T())
		l.touch(rowKey{true, uint32(r)})
		store32(core, s.matrixOf(l.tables.Relation(uint32(r))))
	}
	return nil
}

// turnedCores returns A1ᵀ·X_k·A2 of all relations in the eigenvectors of the Gram matrices, one row each.
func (l *learner) turnedCores(ctx context.Context, h *history, u1, u2 *mat.Dense) (*mat.Dense, error) {
	s := l.solver
	m := l.tables.Vocabulary.Relations()
	cores := mat.NewDense(m, s.p*s.p, nil)
	for r := range m {
		l.options.Yield(ctx)
		b, err := l.core(ctx, uint32(r), math.MaxInt, h)
		if err != nil {
			return nil, err
		}
		var turned mat.Dense
		turned.Mul(u1.T(), dense(b))
		turned.Mul(&turned, u2)
		for i := range s.p {
			copy(cores.RawRowView(r)[i*s.p:], turned.RawRowView(i))
		}
	}
	return cores, nil
}

// laplacian returns that of the weights λ_S·C.
func (s *solver) laplacian() *mat.SymDense {
	m := s.ends.c.SymmetricDim()
	out := mat.NewSymDense(m, nil)
	for k := range m {
		sum := 0.0
		for r := range m {
			if r == k {
				continue
			}
			w := s.lambdaS * s.ends.c.At(k, r)
			sum += w
			out.SetSym(k, r, -w)
		}
		out.SetSym(k, k, sum)
	}
	return out
}
