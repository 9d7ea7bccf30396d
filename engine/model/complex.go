package model

var complEx = Family{
	Name:        "complex",
	Title:       "ComplEx",
	Equation:    "Re(Σᵢ hᵢ·rᵢ·conj(tᵢ)), hᵢ, rᵢ, tᵢ ∈ ℂ",
	Source:      "Trouillon, Welbl, Riedel, Gaussier, Bouchard: Complex Embeddings for Simple Link Prediction, ICML 2016, eq. 10",
	Layout:      "entity [2d]: d real parts, d imaginary parts; relation [2d]: the same",
	Modulus:     2,
	Interaction: complexInteraction{},
}

// complexInteraction: Score = Re(Σᵢ hᵢ·rᵢ·conj(tᵢ)). Trouillon et al. 2016, eq. 10. Rows [2d]: real, imaginary.
type complexInteraction struct{}

func (complexInteraction) Width(d int) (entity, relation int) { return 2 * d, 2 * d }

func (complexInteraction) Score(h, r, t []float32) float32 {
	hr, hi := halves(h)
	rr, ri := halves(r)
	tr, ti := halves(t)
	var sum float32
	for i := range hr {
		sum += (hr[i]*rr[i]-hi[i]*ri[i])*tr[i] + (hr[i]*ri[i]+hi[i]*rr[i])*ti[i]
	}
	return sum
}

func (complexInteraction) Grad(g float32, h, r, t, dh, dr, dt []float32) {
	if dh != nil {
		addConjugateProduct(g, r, t, dh)
	}
	if dr != nil {
		addConjugateProduct(g, h, t, dr)
	}
	if dt != nil {
		addProduct(g, h, r, dt)
	}
}

func (complexInteraction) TailQuery(h, r, q []float32) {
	clear(q)
	addProduct(1, h, r, q)
}

func (complexInteraction) HeadQuery(r, t, q []float32) {
	clear(q)
	addConjugateProduct(1, r, t, q)
}

func (complexInteraction) TailBackward(h, r, dq, dh, dr []float32) {
	complexInteraction{}.Grad(1, h, r, dq, dh, dr, nil)
}

func (complexInteraction) HeadBackward(r, t, dq, dr, dt []float32) {
	complexInteraction{}.Grad(1, dq, r, t, nil, dr, dt)
}

// halves returns the real and imaginary parts of a complex row, both of one length.
func halves(x []float32) (re, im []float32) {
	d := len(x) / 2
	return x[:d:d], x[d : 2*d : 2*d]
}

// addProduct adds g·(a∘b) to out.
func addProduct(g float32, a, b, out []float32) {
	ar, ai := halves(a)
	br, bi := halves(b)
	or, oi := halves(out)
	for i := range ar {
		or[i] += g * (ar[i]*br[i] - ai[i]*bi[i])
		oi[i] += g * (ar[i]*bi[i] + ai[i]*br[i])
	}
}

// addConjugateProduct adds g·(conj(a)∘b) to out.
func addConjugateProduct(g float32, a, b, out []float32) {
	ar, ai := halves(a)
	br, bi := halves(b)
	or, oi := halves(out)
	for i := range ar {
		or[i] += g * (ar[i]*br[i] + ai[i]*bi[i])
		oi[i] += g * (ar[i]*bi[i] - ai[i]*br[i])
	}
}
