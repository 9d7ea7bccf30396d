package factor

// linear solves for A1, A2 and R in turns, each exactly: Linear + Regularized, with a proximal term for each block, and
// Linear + Constraint, with the multipliers as weights. Every block's problem is strictly convex.
type linear[T number] struct {
	*problem[T]
	heads, tails gram[T]
	before       matrix[T] // R before the sweep
}

func (s *linear[T]) begin(a matrix[T]) error {
	s.a1, s.a2 = a, a.clone()
	s.before = newMatrix[T](s.m, s.p*s.p)
	s.heads, s.tails = s.gramOf(s.a1), s.gramOf(s.a2)
	return s.solveRelations(0)
}

// sweep solves for A1, A2 and R.
//
//	A1 ← [Σ_k X_k·A2·R_kᵀ + λ_E·A2 + A1ᵗ/ρ]·[Σ_k R_k·G2·R_kᵀ + (λ_A + λ_E + 1/ρ)·I]⁻¹
//	A2 ← [Σ_k X_kᵀ·A1·R_k + λ_E·A1 + A2ᵗ/ρ]·[Σ_k R_kᵀ·G1·R_k + (λ_A + λ_E + 1/ρ)·I]⁻¹
func (s *linear[T]) sweep() error {
	s.change = 0
	if err := s.solveEntities(true); err != nil {
		return err
	}
	if err := s.solveEntities(false); err != nil {
		return err
	}
	copy(s.before.data, s.r.data)
	if err := s.solveRelations(s.o.nearness()); err != nil {
		return err
	}
	s.change = max(s.change, changed(s.r.data, s.before.data))
	return nil
}

// solveEntities solves for A1, or for A2.
func (s *linear[T]) solveEntities(forHeads bool) error {
	own, other, near := &s.a2, &s.a1, T(s.o.nearness())
	if forHeads {
		own, other = &s.a1, &s.a2
	}
	pull := T(weight(s.o.LambdaE))
	for i, v := range other.data {
		s.sum.data[i] = pull*v + near*own.data[i]
	}
	normal := s.normal
	ridge := weight(s.o.LambdaA) + weight(s.o.LambdaE) + s.o.nearness()
	var inv matrix[T]
	var err error
	if forHeads {
		s.prod.rows(s.sum, nil, &s.a2, s.r)
		inv, err = inverse[T](normal(&s.tails, nil), ridge)
	} else {
		s.prod.rows(s.sum, &s.a1, nil, s.r)
		inv, err = inverse[T](normal(nil, &s.heads), ridge)
	}
	if err != nil {
		return err
	}
	mul(nn, s.spare, s.sum, inv, false, s.o.Workers)
	s.change = max(s.change, changed(s.spare.data, own.data))
	*own, s.spare = s.spare, *own
	if forHeads {
		s.heads = s.gramOf(s.a1)
	} else {
		s.tails = s.gramOf(s.a2)
	}
	return nil
}

// solveRelations solves for all R_k at once, in the eigenvectors' bases of both Gram matrices.
func (s *linear[T]) solveRelations(near float64) error {
	u1, err := spectrumOf[T](symmetric(s.heads.full))
	if err != nil {
		return err
	}
	u2, err := spectrumOf[T](symmetric(s.tails.full))
	if err != nil {
		return err
	}
	mul(nn, s.sum, s.a1, u1.vectors, false, s.o.Workers)
	mul(nn, s.spare, s.a2, u2.vectors, false, s.o.Workers)
	s.prod.cores(s.b, s.sum, s.spare)
	copy(s.work.data, s.b.data)
	if near > 0 {
		s.turn(s.r, u1.vectors, u2.vectors, false)
		axpy(T(near), s.r.data, s.work.data)
	}
	d := diagonals{u1.values, u2.values}
	coupled := s.solve(s.work, d, weight(s.o.LambdaR)+near)
	s.loss = s.misfit(d) + s.ridges()
	s.turn(s.r, u1.vectors, u2.vectors, true)
	return s.settle(coupled)
}
