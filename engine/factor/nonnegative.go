package factor

const (
	// smallest keeps multiplicative updates from dividing by 0.
	smallest = 1e-12
	// vanished is below what an unknown becomes 0, which it would come ever nearer: products with subnormal numbers take a
	// processor twenty times as long (Kinship, after some hundred sweeps, on a busy machine: 62 ms a sweep instead of 5).
	vanished = 1e-20
)

// nonNegative is RESCAL with A ≥ 0 and R ≥ 0, by multiplicative updates.
type nonNegative[T number] struct {
	*problem[T]
	g gram[T]
}

func (s *nonNegative[T]) begin(a matrix[T]) error {
	s.a1, s.a2 = a, a
	s.g = s.gramOf(a)
	s.prod.cores(s.b, a, a)
	s.loss = s.misfitOf(s.g, s.g) + s.ridges()
	return nil
}

// sweep updates A, then R.
//
//	A   ← A ∘ [Σ_k X_k·A·R_kᵀ + X_kᵀ·A·R_k] ⊘ [A·(Σ_k R_k·G·R_kᵀ + R_kᵀ·G·R_k) + λ_A·A + ε]
//	R_k ← R_k ∘ [Aᵀ·X_k·A] ⊘ [G·R_k·G + λ_R·R_k + ε]
func (s *nonNegative[T]) sweep() error {
	clear(s.sum.data)
	s.prod.rows(s.sum, &s.a1, &s.a1, s.r)
	mul(nn, s.spare, s.a1, fromDense[T](s.normal(&s.g, &s.g)), false, s.o.Workers)
	s.multiply(s.a1, s.sum, s.spare, T(weight(s.o.LambdaA)))
	s.g = s.gramOf(s.a1)
	s.updateRelations()
	s.loss = s.misfitOf(s.g, s.g) + s.ridges()
	return nil
}

func (s *nonNegative[T]) updateRelations() {
	s.prod.cores(s.b, s.a1, s.a1)
	s.around(s.g, s.g)
	s.multiply(s.r, s.b, s.work, T(weight(s.o.LambdaR)))
}

// multiply sets x to x∘up⊘(down + λx + ε).
func (s *nonNegative[T]) multiply(x, up, down matrix[T], lambda T) {
	inTurn(x.rows, s.o.Workers, func(_, i int) {
		row, up, down := x.row(i), up.row(i), down.row(i)
		for j, v := range row {
			if row[j] = v * up[j] / (down[j] + lambda*v + smallest); row[j] < vanished {
				row[j] = 0
			}
		}
	})
}
