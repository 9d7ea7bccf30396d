package maintain

import (
	"math"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/internal/vec"
)

// Placing new rows where scores are distances: the row at which its triples' distances are least in the mean of squares,
// with the weight of meanWeight triples on the mean of its kind.

// meanWeight is how many triples the mean of similar entities counts as.
const meanWeight = 0.5

// nearQueries moves w, the mean of the entity's kind, towards the answers to its triples' queries.
func (s *siting) nearQueries(k rowKey, triples []model.Triple, w []float32) {
	querier := s.l.tables.Family.Interaction.(model.Querier)
	projector, projects := querier.(model.Projector)
	d := len(w)
	normal, right := make([][]float64, d), make([]float64, d)
	for i := range normal {
		normal[i] = make([]float64, d)
		normal[i][i] = meanWeight
		right[i] = meanWeight * float64(w[i])
	}
	sum, count := make([]float32, d), 0
	q := make([]float32, d)
	for _, t := range triples {
		for _, reverse := range s.directions() {
			relation := s.ask(querier, t, reverse, t.T == k.row, q)
			if projects {
				addEquations(projector.Projection(relation), q, normal, right)
			}
			vec.Axpy(1, q, sum)
			count++
		}
	}
	if projects {
		solveCholesky(normal, right)
		for i, v := range right {
			w[i] = float32(v)
		}
		return
	}
	vec.Scale(meanWeight, w)
	vec.Axpy(1, sum, w)
	vec.Scale(1/(meanWeight+float32(count)), w)
}

// ask sets q to the row that asks for one end of a triple, its tail or its head, in the relation's own direction or by
// its reverse, and returns the relation's row.
func (s *siting) ask(querier model.Querier, t model.Triple, reverse, tail bool, q []float32) []float32 {
	tables := &s.l.tables
	first, last, relation := t.H, t.T, tables.Relation(t.R)
	if reverse {
		first, last, relation, tail = t.T, t.H, tables.Relation(tables.Reverse(t.R)), !tail
	}
	if tail {
		querier.TailQuery(tables.Entity(first), relation, q)
	} else {
		querier.HeadQuery(relation, tables.Entity(last), q)
	}
	return relation
}

// addEquations adds those of M·x = q to the normal equations, of which the lower half is kept.
func addEquations(m vec.Matrix, q []float32, normal [][]float64, right []float64) {
	product := vec.MatrixOf(make([]float32, m.Cols*m.Cols), m.Cols, m.Cols)
	vec.MulTN(product, m, m, false, 1)
	for i, row := range normal {
		for j := range i + 1 {
			row[j] += float64(product.Row(i)[j])
		}
	}
	for i, v := range q {
		for j, x := range m.Row(i) {
			right[j] += float64(v) * float64(x)
		}
	}
}

// carryOver solves for the relation whose reading takes the first entities of its triples to the last ones.
func (s *siting) carryOver(row rowKey, triples []model.Triple, reverse bool) {
	tables := &s.l.tables
	w := s.l.row(row)
	ends := func(t model.Triple) (first, last []float32) {
		if reverse {
			t.H, t.T = t.T, t.H
		}
		return tables.Entity(t.H), tables.Entity(t.T)
	}
	querier := tables.Family.Interaction.(model.Querier)
	switch _, projects := querier.(model.Projector); {
	case tables.Family.Directions: // Σ t·conj(h), whose direction brings Σ |h·r̂ − t|² to its least
		turned := make([]float32, len(w))
		clear(w)
		for _, t := range triples {
			first, last := ends(t)
			vec.ComplexMulConj(first, last, turned, len(w)/2)
			vec.Axpy(1, turned, w)
		}
		tables.Family.StartRelation(w)
	case projects:
		s.meanRelation(w)
		s.translate(w, triples, ends)
	default:
		clear(w)
		s.translate(w, triples, ends)
	}
}

// translate adds to the translation that a relation's row begins with what it lacks on average.
func (s *siting) translate(w []float32, triples []model.Triple, ends func(model.Triple) (first, last []float32)) {
	querier := s.l.tables.Family.Interaction.(model.Querier)
	projector, projects := querier.(model.Projector)
	d, _ := s.l.tables.Widths()
	q, sum := make([]float32, d), make([]float32, d)
	for _, t := range triples {
		first, last := ends(t)
		querier.TailQuery(first, w, q)
		if projects {
			seen := make([]float32, d)
			vec.GEMV(projector.Projection(w).Data, d, d, last, seen)
			last = seen
		}
		vec.Axpy(1, last, sum)
		vec.Axpy(-1, q, sum)
	}
	vec.Axpy(1/float32(len(triples)), sum, w[:d])
}

// meanRelation sets w to the mean of the relation rows that are placed, to the family's start when there is none.
func (s *siting) meanRelation(w []float32) {
	clear(w)
	count := 0
	for r := range s.l.tables.RelationRows() {
		if k := (rowKey{true, uint32(r)}); !s.l.isNew[k] {
			vec.Axpy(1, s.l.row(k), w)
			count++
		}
	}
	if count > 0 {
		vec.Scale(1/float32(count), w)
		return
	}
	for i := range w {
		w[i] = float32(0.1 * s.l.base.Scale * s.random.NormFloat64())
	}
	s.l.tables.Family.StartRelation(w)
}

// settle gives a row that nothing places yet small random numbers, as training starts with.
func (s *siting) settle(w []float32, relation bool) {
	for i := range w {
		w[i] = float32(0.1 * s.l.base.Scale * s.random.NormFloat64())
	}
	start := s.l.tables.Family.StartRelation
	if relation && start != nil && s.l.tables.Family.Similarity != model.Dot {
		start(w)
	}
	if s.l.tables.Family.Similarity != model.Dot && !relation { // a point in the midst would be near to everything
		vec.Scale(float32(10/math.Sqrt(2)), w)
	}
}
