package model

var cp = Family{
	Name:        "cp",
	Title:       "CP",
	Equation:    "Σᵢ aᵢ(h)·rᵢ·bᵢ(t), an entity being two vectors, a as head and b as tail",
	Source:      "Hitchcock: The Expression of a Tensor or a Polyadic as a Sum of Products, 1927; for graphs Lacroix, Usunier, Obozinski, ICML 2018, eq. 1",
	Layout:      "entity [2d]: d numbers as head, d as tail; relation [d]",
	Modulus:     1,
	Interaction: cpInteraction{},
}

// cpInteraction: Score = Σᵢ aᵢ(h)·rᵢ·bᵢ(t). Hitchcock 1927; Lacroix et al. 2018, eq. 1. Rows: entity [2d], relation [d].
type cpInteraction struct{}

func (cpInteraction) Width(d int) (entity, relation int) { return 2 * d, d }

func (cpInteraction) Score(h, r, t []float32) float32 {
	a, _ := halves(h)
	_, b := halves(t)
	return distMultInteraction{}.Score(a, r, b)
}

func (cpInteraction) Grad(g float32, h, r, t, dh, dr, dt []float32) {
	a, _ := halves(h)
	_, b := halves(t)
	if dh != nil {
		dh = dh[:len(r)]
	}
	if dt != nil {
		dt = dt[len(r):]
	}
	distMultInteraction{}.Grad(g, a, r, b, dh, dr, dt)
}

func (cpInteraction) TailQuery(h, r, q []float32) {
	clear(q)
	addElementwise(1, h[:len(r)], r, q[len(r):])
}

func (cpInteraction) HeadQuery(r, t, q []float32) {
	clear(q)
	addElementwise(1, r, t[len(r):], q[:len(r)])
}

func (cpInteraction) TailBackward(h, r, dq, dh, dr []float32) {
	dq = dq[len(r):]
	if dh != nil {
		addElementwise(1, r, dq, dh[:len(r)])
	}
	if dr != nil {
		addElementwise(1, h[:len(r)], dq, dr)
	}
}

func (cpInteraction) HeadBackward(r, t, dq, dr, dt []float32) {
	dq = dq[:len(r)]
	if dr != nil {
		addElementwise(1, dq, t[len(r):], dr)
	}
	if dt != nil {
		addElementwise(1, dq, r, dt[len(r):])
	}
}
