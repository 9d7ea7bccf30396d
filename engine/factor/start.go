package factor

import (
	"math"
	"math/rand/v2"
)

// powerSteps is how many times the start's subspace is multiplied by the graph.
const powerSteps = 12

// start returns A at the start, and sets R where the method does not solve for it then.
func (q *problem[T]) start(random *rand.Rand) (matrix[T], error) {
	if q.method.nonNegative {
		q.r = randomRows[T](q.m, q.p*q.p, 1, true, random)
		return randomRows[T](q.n, q.p, 1, true, random), nil
	}
	a := randomRows[T](q.n, q.p, 1/math.Sqrt(float64(q.n)), false, random)
	if q.o.Start != Random {
		var err error
		if a, err = q.leading(random); err != nil {
			return a, err
		}
	}
	scale := T(max(1, math.Pow(startBalance*weight(q.o.LambdaR), 0.25)))
	for i := range a.data {
		a.data[i] *= scale
	}
	return a, nil
}

// startBalance is c⁴/λ_R for the factor c by which an A of about orthonormal columns is multiplied: R solved for, its ridge
// then takes a fifth of what is fitted. Iterations find the scale themselves, but where R begins much smaller, A follows it
// to 0: Kinship with λ_A 10 and λ_R 100 from c = 1.
const startBalance = 4

// leading returns an orthonormal basis of the subspace of the leading eigenvectors of M = Σ_k X_k + X_kᵀ, [n × p], by
// subspace iteration; only products with M are made. Since least squares for R see only the subspace, the vectors within
// it are not told apart.
func (q *problem[T]) leading(random *rand.Rand) (matrix[T], error) {
	a := randomRows[T](q.n, q.p, 1, false, random)
	next := newMatrix[T](q.n, q.p)
	neighbours, start := q.x.neighbours()
	for step := range powerSteps + 1 {
		if step > 0 {
			inTurn(entityParts, q.o.Workers, func(_, i int) {
				for e := i * q.n / entityParts; e < (i+1)*q.n/entityParts; e++ {
					sum := next.row(e)
					clear(sum)
					for _, other := range neighbours[start[e]:start[e+1]] {
						axpy(1, a.row(int(other)), sum)
					}
				}
			})
			a, next = next, a
		}
		basis, err := spectrumOf[T](symmetric(q.gramOf(a).full))
		if err != nil {
			return a, err
		}
		most := basis.values[q.p-1]
		for i := range q.p {
			for j, v := range basis.values {
				basis.vectors.row(i)[j] /= T(math.Sqrt(math.Max(v, 1e-6*most) + smallest))
			}
		}
		mul(nn, next, a, basis.vectors, false, q.o.Workers)
		a, next = next, a
	}
	q.fillEmpty(a, random)
	return a, nil
}

// fillEmpty gives columns that the graph leaves empty, its rank being less than p, random numbers.
func (q *problem[T]) fillEmpty(a matrix[T], random *rand.Rand) {
	for j := range q.p {
		length := 0.0
		for i := range q.n {
			length += float64(a.row(i)[j]) * float64(a.row(i)[j])
		}
		if length > 0.25 {
			continue
		}
		for i := range q.n {
			a.row(i)[j] = T(random.NormFloat64() / math.Sqrt(float64(q.n)))
		}
	}
}

// neighbours lists for each entity those that a triple joins it with, once for each triple, from start[e] to start[e+1].
func (x *tensor) neighbours() (list []uint32, start []int) {
	start = make([]int, x.entities+1)
	each := func(visit func(a, b uint32)) {
		for k := range x.slices {
			s := &x.slices[k]
			for i, e := range s.near {
				for _, other := range s.nearFar[s.nearStart[i]:s.nearStart[i+1]] {
					visit(e, other)
					visit(other, e)
				}
			}
		}
	}
	each(func(a, _ uint32) { start[a+1]++ })
	for e := range x.entities {
		start[e+1] += start[e]
	}
	next := append([]int(nil), start...)
	list = make([]uint32, start[x.entities])
	each(func(a, b uint32) {
		list[next[a]] = b
		next[a]++
	})
	return list, start
}
