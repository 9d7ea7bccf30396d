package factor

// quadratic solves for A and R in turns: RESCAL, Quadratic + Regularized and, with the multipliers as weights, Quadratic +
// Constraint. The objective stays the same when A is turned by an orthogonal matrix and each R_k with it, so the unknowns
// are kept in the basis in which AᵀA is diagonal: products with it then cost nothing.
type quadratic[T number] struct {
	*problem[T]
	values []float64 // of AᵀA
}

func (s *quadratic[T]) begin(a matrix[T]) error {
	s.a1, s.a2 = a, a
	return s.solveRelations()
}

// sweep takes A as it stands at one side of R_k for the other side's least squares, as RESCAL does, then solves for R.
//
//	A ← [Σ_k X_k·A·R_kᵀ + X_kᵀ·A·R_k]·[Σ_k R_k·G·R_kᵀ + R_kᵀ·G·R_k + λ_A·I]⁻¹
func (s *quadratic[T]) sweep() error {
	if err := s.solveEntities(); err != nil {
		return err
	}
	return s.solveRelations()
}

func (s *quadratic[T]) solveEntities() error {
	clear(s.sum.data)
	s.prod.rows(s.sum, &s.a1, &s.a1, s.r)
	g := gram[T]{diagonal: s.values}
	inv, err := inverse[T](s.normal(&g, &g), weight(s.o.LambdaA))
	if err != nil {
		return err
	}
	mul(nn, s.spare, s.sum, inv, false, s.o.Workers)
	s.change = changed(s.spare.data, s.a1.data)
	s.a1, s.spare = s.spare, s.a1
	s.a2 = s.a1
	return nil
}

// solveRelations turns A and solves for all R_k at once.
func (s *quadratic[T]) solveRelations() error {
	basis, err := spectrumOf[T](symmetric(s.gramOf(s.a1).full))
	if err != nil {
		return err
	}
	mul(nn, s.spare, s.a1, basis.vectors, false, s.o.Workers)
	s.a1, s.spare = s.spare, s.a1
	s.a2, s.values = s.a1, basis.values
	s.prod.cores(s.b, s.a1, s.a1)
	copy(s.work.data, s.b.data)
	d := diagonals{s.values, s.values}
	coupled := s.solve(s.work, d, weight(s.o.LambdaR))
	s.loss = s.misfit(d) + s.ridges()
	return s.settle(coupled)
}
