package factor

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

// problem is what is being minimised and the unknowns so far. In a quadratic method a2 is a1.
type problem[T number] struct {
	method  Method
	o       Options
	x       *tensor
	prod    *products[T]
	n, m, p int
	a1, a2  matrix[T] // [n × p]
	r       matrix[T] // [m × p²]
	b       matrix[T] // [m × p²]: the cores A1ᵀ·X_k·A2, in the basis of the moment
	work    matrix[T] // [m × p²]
	sum     matrix[T] // [n × p]
	spare   matrix[T] // [n × p]

	coupling *coupling[T] // nil where relations are on their own

	similarity *mat.SymDense // C; nil for methods without
	mu         *mat.SymDense // multipliers of a constrained method

	loss   float64 // the objective, proximal and multiplier terms left out
	change float64 // the largest relative change of a block of unknowns in the last sweep
}

// coupling is the Laplacian of the weights by which relations are drawn together.
type coupling[T number] struct{ spectrum[T] }

func newProblem[T number](method Method, o Options, x *tensor, similarity *mat.SymDense) *problem[T] {
	q := &problem[T]{method: method, o: o, x: x, n: x.entities, m: len(x.slices), p: o.Rank, similarity: similarity}
	q.prod = newProducts[T](x, q.p, o.Workers)
	q.r, q.b, q.work = newMatrix[T](q.m, q.p*q.p), newMatrix[T](q.m, q.p*q.p), newMatrix[T](q.m, q.p*q.p)
	q.sum, q.spare = newMatrix[T](q.n, q.p), newMatrix[T](q.n, q.p)
	if method.constrained {
		q.mu = mat.NewSymDense(q.m, nil)
	}
	return q
}

// couple sets the weights W of ½ΣW_kl‖R_k−R_l‖², nil for none.
func (q *problem[T]) couple(w mat.Symmetric) error {
	q.coupling = nil
	if w == nil || mat.Max(w) <= 0 {
		return nil
	}
	s, err := spectrumOf[T](laplacian(w))
	q.coupling = &coupling[T]{s}
	return err
}

// gram is AᵀA: in the basis in which it is diagonal, or in full.
type gram[T number] struct {
	diagonal []float64
	full     matrix[T]
}

// gramOf returns aᵀ·a in full.
func (q *problem[T]) gramOf(a matrix[T]) gram[T] {
	g := newMatrix[T](q.p, q.p)
	mul(tn, g, a, a, false, q.o.Workers)
	return gram[T]{full: g}
}

// normalShards is into how many sums the relations are divided: the result does not depend on the number of workers.
const normalShards = 8

// normal returns Σ_k R_k·tails·R_kᵀ + Σ_k R_kᵀ·heads·R_k, [p × p], for the Gram matrices of A's rows as tails and as
// heads; a nil one is left out.
func (q *problem[T]) normal(tails, heads *gram[T]) *mat.SymDense {
	sums := make([]matrix[T], normalShards)
	inTurn(normalShards, q.o.Workers, func(_, shard int) {
		sum, room := newMatrix[T](q.p, q.p), newMatrix[T](q.p, q.p)
		for k := shard; k < q.m; k += normalShards {
			r := q.r.square(k, q.p)
			if tails != nil {
				tails.addAround(sum, r, room, false)
			}
			if heads != nil {
				heads.addAround(sum, r, room, true)
			}
		}
		sums[shard] = sum
	})
	total := mat.NewSymDense(q.p, nil)
	for _, s := range sums {
		total.AddSym(total, symmetric(s))
	}
	return total
}

// addAround adds r·G·rᵀ to sum, or rᵀ·G·r where r is turned.
func (g *gram[T]) addAround(sum, r, room matrix[T], turned bool) {
	if g.diagonal == nil {
		if turned {
			mul(nn, room, g.full, r, false, 1)
			mul(tn, sum, r, room, true, 1)
			return
		}
		mul(nn, room, r, g.full, false, 1)
		mul(nt, sum, room, r, true, 1)
		return
	}
	for i := range r.rows {
		for j, v := range r.row(i) {
			d := g.diagonal[j]
			if turned {
				d = g.diagonal[i]
			}
			room.row(i)[j] = v * T(math.Sqrt(d))
		}
	}
	if turned {
		mul(tn, sum, room, room, true, 1)
		return
	}
	mul(nt, sum, room, room, true, 1)
}

// diagonals are the eigenvalues of the Gram matrices of A1 and A2: in their eigenvectors' bases the least squares for R
// are solved number by number.
type diagonals struct{ heads, tails []float64 }

// solve sets r to the minimiser of ½Σ_k‖X_k − A1·R_k·A2ᵀ‖² + ½ridge·Σ‖R_k‖² + ½ΣW_kl‖R_k−R_l‖² − Σ⟨R_k, rhs_k − A1ᵀX_kA2⟩
// in the bases in which both Gram matrices are diagonal, and returns ½ΣW_kl‖R_k−R_l‖² there. In the eigenvectors of the
// weights' Laplacian, whose values are Λ, the slices come apart:
//
//	R̃_q[i,j] = r̃hs_q[i,j] / (D1_i·D2_j + ridge + 2Λ_q)
//
// The contents of rhs are lost.
func (q *problem[T]) solve(rhs matrix[T], d diagonals, ridge float64) (coupled float64) {
	if q.coupling == nil {
		copy(q.r.data, rhs.data)
		q.divide(q.r, d, func(int) float64 { return ridge })
		return 0
	}
	v := q.coupling
	mul(tn, q.r, v.vectors, rhs, false, q.o.Workers)
	q.divide(q.r, d, func(k int) float64 { return ridge + 2*v.values[k] })
	for k, value := range v.values {
		coupled += value * dot(q.r.row(k), q.r.row(k))
	}
	copy(rhs.data, q.r.data)
	mul(nn, q.r, v.vectors, rhs, false, q.o.Workers)
	return coupled
}

// divide divides element (i, j) of each row, seen as a square, by D1_i·D2_j + shift; where that is 0 the element becomes 0.
func (q *problem[T]) divide(r matrix[T], d diagonals, shift func(k int) float64) {
	largest := 0.0
	for _, v := range d.heads {
		largest = math.Max(largest, v)
	}
	widest := 0.0
	for _, v := range d.tails {
		widest = math.Max(widest, v)
	}
	least := leastEigenvalue * largest * widest
	inTurn(q.m, q.o.Workers, func(_, k int) {
		square, s := r.square(k, q.p), shift(k)
		for i, di := range d.heads {
			row := square.row(i)
			for j, dj := range d.tails {
				if by := di*dj + s; by > least {
					row[j] = T(float64(row[j]) / by)
				} else {
					row[j] = 0
				}
			}
		}
	})
}

// misfit returns ½Σ_k‖X_k − A1·R_k·A2ᵀ‖² by traces, in the bases in which both Gram matrices are diagonal.
func (q *problem[T]) misfit(d diagonals) float64 {
	parts := make([]float64, q.m)
	inTurn(q.m, q.o.Workers, func(_, k int) {
		square := q.r.square(k, q.p)
		own := 0.0
		for i, di := range d.heads {
			sum := 0.0
			for j, v := range square.row(i) {
				sum += d.tails[j] * float64(v) * float64(v)
			}
			own += di * sum
		}
		parts[k] = own/2 - dot(q.b.row(k), q.r.row(k))
	})
	return float64(q.x.ones)/2 + total(parts)
}

// misfitOf is misfit where the Gram matrices are in full. It needs work.
func (q *problem[T]) misfitOf(heads, tails gram[T]) float64 {
	q.around(heads, tails)
	parts := make([]float64, q.m)
	inTurn(q.m, q.o.Workers, func(_, k int) {
		parts[k] = dot(q.work.row(k), q.r.row(k))/2 - dot(q.b.row(k), q.r.row(k))
	})
	return float64(q.x.ones)/2 + total(parts)
}

// around sets row k of work to heads·R_k·tails.
func (q *problem[T]) around(heads, tails gram[T]) {
	room := q.rooms()
	inTurn(q.m, q.o.Workers, func(w, k int) {
		mul(nn, room[w], heads.full, q.r.square(k, q.p), false, 1)
		mul(nn, q.work.square(k, q.p), room[w], tails.full, false, 1)
	})
}

// turn sets each R_k to U1ᵀ·R_k·U2, or back to U1·R_k·U2ᵀ.
func (q *problem[T]) turn(r, u1, u2 matrix[T], back bool) {
	room := q.rooms()
	inTurn(q.m, q.o.Workers, func(w, k int) {
		square := r.square(k, q.p)
		if back {
			mul(nn, room[w], u1, square, false, 1)
			mul(nt, square, room[w], u2, false, 1)
			return
		}
		mul(tn, room[w], u1, square, false, 1)
		mul(nn, square, room[w], u2, false, 1)
	})
}

// rooms returns a p×p matrix for each worker.
func (q *problem[T]) rooms() []matrix[T] {
	room := make([]matrix[T], max(1, q.o.Workers))
	for w := range room {
		room[w] = newMatrix[T](q.p, q.p)
	}
	return room
}

// ridges returns ½λ_A‖A‖² + ½λ_E‖A1−A2‖² + ½λ_R Σ‖R_k‖².
func (q *problem[T]) ridges() float64 {
	sum := weight(q.o.LambdaA)*dot(q.a1.data, q.a1.data) + weight(q.o.LambdaR)*dot(q.r.data, q.r.data)
	if q.method.linear {
		sum += weight(q.o.LambdaA)*dot(q.a2.data, q.a2.data) + weight(q.o.LambdaE)*gap(q.a1.data, q.a2.data)
	}
	return sum / 2
}

// changed returns ‖now − before‖ / ‖before‖.
func changed[T number](now, before []T) float64 {
	size := dot(before, before)
	if size == 0 {
		return math.Inf(1)
	}
	return math.Sqrt(gap(now, before) / size)
}

func total(parts []float64) (sum float64) {
	for _, v := range parts {
		sum += v
	}
	return sum
}

// randomRows returns a matrix of standard normal numbers times scale, or of uniform ones in [0, scale).
func randomRows[T number](rows, cols int, scale float64, uniform bool, random *rand.Rand) matrix[T] {
	m := newMatrix[T](rows, cols)
	for i := range m.data {
		if uniform {
			m.data[i] = T(scale * random.Float64())
		} else {
			m.data[i] = T(scale * random.NormFloat64())
		}
	}
	return m
}
