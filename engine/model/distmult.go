package model

var distMult = Family{
	Name:        "distmult",
	Title:       "DistMult",
	Equation:    "Σᵢ hᵢ·rᵢ·tᵢ",
	Source:      "Yang, Yih, He, Gao, Deng: Embedding Entities and Relations for Learning and Inference in Knowledge Bases, ICLR 2015, eq. 2 with diagonal M",
	Layout:      "entity [d]; relation [d]",
	Modulus:     1,
	Interaction: distMultInteraction{},
}

// distMultInteraction: Score = Σᵢ hᵢ·rᵢ·tᵢ, symmetric in h and t. Yang et al. 2015, eq. 2. Rows [d].
type distMultInteraction struct{}

func (distMultInteraction) Width(d int) (entity, relation int) { return d, d }

func (distMultInteraction) Score(h, r, t []float32) float32 {
	r, t = r[:len(h)], t[:len(h)]
	var sum float32
	for i := range h {
		sum += h[i] * r[i] * t[i]
	}
	return sum
}

func (distMultInteraction) Grad(g float32, h, r, t, dh, dr, dt []float32) {
	if dh != nil {
		addElementwise(g, r, t, dh)
	}
	if dr != nil {
		addElementwise(g, h, t, dr)
	}
	if dt != nil {
		addElementwise(g, h, r, dt)
	}
}

func (distMultInteraction) TailQuery(h, r, q []float32) {
	clear(q)
	addElementwise(1, h, r, q)
}

func (distMultInteraction) HeadQuery(r, t, q []float32) {
	clear(q)
	addElementwise(1, r, t, q)
}

func (distMultInteraction) TailBackward(h, r, dq, dh, dr []float32) {
	distMultInteraction{}.Grad(1, h, r, dq, dh, dr, nil)
}

func (distMultInteraction) HeadBackward(r, t, dq, dr, dt []float32) {
	distMultInteraction{}.Grad(1, dq, r, t, nil, dr, dt)
}

// addElementwise adds g·a[i]·b[i] to out[i].
func addElementwise(g float32, a, b, out []float32) {
	b, out = b[:len(a)], out[:len(a)]
	for i := range a {
		out[i] += g * a[i] * b[i]
	}
}
