package maintain

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/mat"

	"github.com/inklingdb/inkling/engine/factor"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/internal/vec"
)

// solver carries a tensor factorization over commits: by the least squares of engine/factor, a row at a time. A commit
// solves for the rows of the entities in its triples, with the Gram matrices and their factors kept; see half. All R_k
// are solved for together once the graph has changed enough; a new relation's at once.
type solver struct {
	linear      bool // rows are [a1 | a2]
	nonNegative bool // rows are updated by multiplication and stay as they are signed
	frozen      bool // R_k of trained relations stay: their multipliers, or their similarity, are not known
	p           int

	lambdaA, lambdaR, lambdaS, lambdaE float64

	heads, tails *half     // the same one in a quadratic factorization
	turned       []float32 // R_kᵀ of all relations, row after row

	similarity factor.Similarity
	similar    bool  // relations are drawn together by similarity
	ends       *ends // of the relations; nil until asked for

	old map[rowKey][]float32 // of rows touched since the sums were last brought up to date
}

// newSolver returns the solver of a factorization, nil for other models.
func newSolver(e *model.Embedding) (*solver, error) {
	settings := e.Metadata.Settings
	m, ok := factor.MethodByName(settings["method"])
	if !ok {
		return nil, nil
	}
	if e.Reciprocal || e.Family.Name != m.Family() {
		return nil, fmt.Errorf("maintain: a model of %s is of family %s without reverse relations, not %s: %w", m.Name, m.Family(), e.Family.Name, errors.ErrUnsupported)
	}
	s := &solver{linear: m.Family() == "rescal-linear", nonNegative: m.Name == "nn-rescal", p: e.Dim, old: map[rowKey][]float32{}}
	for name, into := range map[string]*float64{"lambda_a": &s.lambdaA, "lambda_r": &s.lambdaR, "lambda_s": &s.lambdaS, "lambda_e": &s.lambdaE} {
		if text := settings[name]; text != "" {
			v, err := strconv.ParseFloat(text, 64)
			if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
				return nil, fmt.Errorf("maintain: the model's setting %s is %q, no weight: train it again", name, text)
			}
			*into = math.Max(v, 0)
		}
	}
	var err error
	s.frozen = strings.HasSuffix(m.Name, "-con")
	if s.similar = m.UsesSimilarity() && !s.frozen && s.lambdaS > 0; s.similar {
		if s.similarity, err = factor.SimilarityByName(settings["similarity"]); err != nil {
			s.similar, s.frozen = false, true // one that the user gave
		}
	}
	s.heads = newHalf(s.p)
	s.tails = s.heads
	if s.linear {
		s.tails = newHalf(s.p)
	}
	return s, nil
}

// ridge is what stands beside H on the diagonal.
func (s *solver) ridge() float64 {
	if s.linear {
		return s.lambdaA + s.lambdaE
	}
	return s.lambdaA
}

// parts returns the numbers of an entity's row as head and as tail.
func (s *solver) parts(row []float32) (head, tail []float32) {
	if s.linear {
		return row[:s.p], row[s.p:]
	}
	return row, row
}

// blocks returns the entity table as heads and as tails.
func (s *solver) blocks(t *model.Tables) (heads, tails vec.Matrix) {
	heads = t.EntityMatrix()
	tails = heads
	if s.linear {
		heads.Cols = s.p
		tails.Data, tails.Cols = tails.Data[min(s.p, len(tails.Data)):], s.p
	}
	return heads, tails
}

// matrixOf returns R of a relation's row; not a copy.
func (s *solver) matrixOf(row []float32) vec.Matrix { return vec.MatrixOf(row, s.p, s.p) }

// turnOver sets turned to R_kᵀ from the tables.
func (s *solver) turnOver(t *model.Tables) {
	n := t.Vocabulary.Relations()
	s.turned = make([]float32, n*s.p*s.p)
	for r := range n {
		s.turnRow(t, r)
	}
}

func (s *solver) turnRow(t *model.Tables, r int) {
	from, into := s.matrixOf(t.Relation(uint32(r))), s.matrixOf(s.turned[r*s.p*s.p:(r+1)*s.p*s.p])
	for i := range s.p {
		for j, v := range from.Row(i) {
			into.Row(j)[i] = v
		}
	}
}

// renew computes all sums from the tables.
func (s *solver) renew(t *model.Tables) {
	heads, tails := s.blocks(t)
	sumGram(s.heads.gram, heads)
	if s.linear {
		sumGram(s.tails.gram, tails)
	}
	s.turnOver(t)
	s.renormal(t)
}

// renormal computes H from the Gram matrices and R.
func (s *solver) renormal(t *model.Tables) {
	s.heads.normal.Zero()
	s.tails.normal.Zero()
	s.heads.factor, s.tails.factor = nil, nil
	for r := range t.Vocabulary.Relations() {
		s.around(s.matrixOf(t.Relation(uint32(r))), 1)
	}
}

// around adds a relation's terms to H.
func (s *solver) around(r vec.Matrix, sign float64) {
	addAround(s.heads.normal, s.tails.gram, r, sign, false)
	addAround(s.tails.normal, s.heads.gram, r, sign, true)
}

// through returns R_k·u for all k, or R_kᵀ·u, one row each.
func (s *solver) through(relations []float32, u []float32) vec.Matrix {
	m := len(relations) / (s.p * s.p)
	out := make([]float32, m*s.p)
	vec.GEMV(relations, m*s.p, s.p, u, out)
	return vec.MatrixOf(out, m, s.p)
}

// moved brings the sums up to date with rows that have changed, given in order, from what old has.
func (s *solver) moved(t *model.Tables, rows []rowKey) {
	var relations []rowKey
	for _, k := range rows {
		if k.relation {
			relations = append(relations, k)
		}
	}
	if len(s.turned) != len(t.Relations) { // new ones were 0
		s.turned = append(s.turned, make([]float32, len(t.Relations)-len(s.turned))...)
	}
	before := t.Relations
	if len(relations) > 0 {
		before = append([]float32(nil), t.Relations...)
		for _, k := range relations {
			copy(before[int(k.row)*s.p*s.p:], s.old[k])
		}
	}
	for _, k := range rows {
		if !k.relation {
			s.entityMoved(before, s.old[k], -1)
			s.entityMoved(before, t.Entity(k.row), 1)
		}
	}
	switch {
	case len(relations) > t.Vocabulary.Relations()/2:
		s.turnOver(t)
		s.renormal(t)
	case len(relations) > 0:
		for _, k := range relations {
			s.around(s.matrixOf(s.old[k]), -1)
			s.around(s.matrixOf(t.Relation(k.row)), 1)
			s.turnRow(t, int(k.row))
		}
		s.heads.factor, s.tails.factor = nil, nil
	}
	s.settle()
	clear(s.old)
}

// entityMoved adds or takes off what a row is in the sums.
func (s *solver) entityMoved(relations, row []float32, sign float64) {
	head, tail := s.parts(row)
	one := func(u []float32) vec.Matrix { return vec.MatrixOf(u, 1, s.p) }
	addOuter(s.heads.gram, one(head), sign)
	if s.linear {
		addOuter(s.tails.gram, one(tail), sign)
	}
	s.heads.change(s.through(relations, tail), sign)
	s.tails.change(s.through(s.turned, head), sign)
}

// keep notes what a row is before it changes.
func (s *solver) keep(k rowKey, row []float32) {
	if _, noted := s.old[k]; !noted {
		s.old[k] = append([]float32(nil), row...)
	}
}

// startSolver sets the sums as a journal has them, or computes them where it has none.
func (l *learner) startSolver(_ context.Context, state []byte) error {
	if l.solver == nil {
		return nil
	}
	if len(state) == 0 {
		l.solver.renew(&l.tables)
		l.solver.settle()
		return nil
	}
	l.solver.turnOver(&l.tables)
	return l.solver.decode(state)
}

// solverState returns the sums as they are: rounding makes them depend on how they came about, and a follower that is
// opened again has to go on with the same ones.
func (l *learner) solverState() []byte {
	if l.solver == nil {
		return nil
	}
	return l.solver.encode()
}

// halves returns each block once.
func (s *solver) halves() []*half {
	if s.linear {
		return []*half{s.heads, s.tails}
	}
	return []*half{s.heads}
}

// matrices returns what the state consists of, the factors last.
func (s *solver) matrices() (sums []*mat.SymDense) {
	for _, h := range s.halves() {
		sums = append(sums, h.gram, h.normal)
	}
	return sums
}

func (s *solver) encode() []byte {
	var b []byte
	put := func(m mat.Matrix) {
		for i := range s.p {
			for j := i; j < s.p; j++ {
				b = binary.LittleEndian.AppendUint64(b, math.Float64bits(m.At(i, j)))
			}
		}
	}
	for _, m := range s.matrices() {
		put(m)
	}
	for _, h := range s.halves() {
		var u mat.TriDense
		h.factorize(s.ridge()).UTo(&u)
		put(&u)
	}
	return b
}

func (s *solver) decode(b []byte) error {
	if want := 8 * 3 * len(s.halves()) * s.p * (s.p + 1) / 2; len(b) != want {
		return fmt.Errorf("maintain: %d bytes of sums in the journal, want %d: train the model again", len(b), want)
	}
	get := func(set func(i, j int, v float64)) {
		for i := range s.p {
			for j := i; j < s.p; j++ {
				set(i, j, math.Float64frombits(binary.LittleEndian.Uint64(b)))
				b = b[8:]
			}
		}
	}
	for _, m := range s.matrices() {
		get(m.SetSym)
	}
	for _, h := range s.halves() {
		u := mat.NewTriDense(s.p, mat.Upper, nil)
		get(u.SetTri)
		h.factor = new(mat.Cholesky)
		h.factor.SetFromU(u)
	}
	return nil
}

// settle makes the factors that are missing, so that they depend on the rows that have moved, not on when they are used.
func (s *solver) settle() {
	for _, h := range s.halves() {
		h.factorize(s.ridge())
	}
}

// watched applies a record's rows and brings the solver's sums up to date with them.
func (l *learner) watched(r record) error {
	s := l.solver
	if s == nil {
		return r.applyTo(l)
	}
	if err := l.extend(r.entities, r.relations); err != nil {
		return err
	}
	for _, k := range r.rows {
		s.keep(k, l.row(k))
	}
	for i, k := range r.rows {
		copy(l.row(k), r.values[i])
	}
	l.dirty, l.fresh = map[rowKey]bool{}, delta{}
	s.moved(&l.tables, r.rows)
	return nil
}
