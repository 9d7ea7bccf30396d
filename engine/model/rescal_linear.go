package model

var rescalLinear = Family{
	Name:          "rescal-linear",
	Title:         "RESCAL-linear",
	Equation:      "Σᵢⱼ aᵢ(h)·Rᵢⱼ·bⱼ(t), an entity being two vectors, a as head and b as tail",
	Source:        "Padia, Kalpakis, Ferraro, Finin: Knowledge Graph Fact Prediction via Knowledge-Enriched Tensor Factorization, Journal of Web Semantics 59, 2019, the linear models; without reciprocal relations it is a Tucker decomposition of two modes",
	Layout:        "entity [2d]: d numbers as head, d as tail; relation [d²]: R row by row",
	Modulus:       1,
	Interaction:   rescalLinearInteraction{},
	StartRelation: startAsRotation,
}

// rescalLinearInteraction: Score = a(h)ᵀ·R·b(t). Padia et al. 2019, the linear models. Rows: entity [2d], relation [d²].
type rescalLinearInteraction struct{}

func (rescalLinearInteraction) Width(d int) (entity, relation int) { return 2 * d, d * d }

func (rescalLinearInteraction) Score(h, r, t []float32) float32 {
	a, _ := halves(h)
	_, b := halves(t)
	return rescalInteraction{}.Score(a, r, b)
}

func (rescalLinearInteraction) Grad(g float32, h, r, t, dh, dr, dt []float32) {
	a, _ := halves(h)
	_, b := halves(t)
	if dh != nil {
		dh, _ = halves(dh)
	}
	if dt != nil {
		_, dt = halves(dt)
	}
	rescalInteraction{}.Grad(g, a, r, b, dh, dr, dt)
}

func (rescalLinearInteraction) TailQuery(h, r, q []float32) {
	a, _ := halves(h)
	other, asked := halves(q)
	clear(other)
	rescalInteraction{}.TailQuery(a, r, asked)
}

func (rescalLinearInteraction) HeadQuery(r, t, q []float32) {
	_, b := halves(t)
	asked, other := halves(q)
	clear(other)
	rescalInteraction{}.HeadQuery(r, b, asked)
}

func (rescalLinearInteraction) TailBackward(h, r, dq, dh, dr []float32) {
	a, _ := halves(h)
	_, dq = halves(dq)
	if dh != nil {
		dh, _ = halves(dh)
	}
	rescalInteraction{}.TailBackward(a, r, dq, dh, dr)
}

func (rescalLinearInteraction) HeadBackward(r, t, dq, dr, dt []float32) {
	_, b := halves(t)
	dq, _ = halves(dq)
	if dt != nil {
		_, dt = halves(dt)
	}
	rescalInteraction{}.HeadBackward(r, b, dq, dr, dt)
}
