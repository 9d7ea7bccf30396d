package kgmark

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/internal/vec"
)

// leak is the slope of the attention's LeakyReLU below 0. Veličković et al. 2018.
const leak = 0.2

// link is a message of relation r from row u to row v.
type link struct{ u, v, r uint32 }

// links are the messages of a subgraph, by receiver; from lists them by sender, kind by relation.
type links struct {
	rows       int
	all        []link
	into       []int // all[into[v]:into[v+1]] reach row v
	from, kind []int // positions in all
	fromAt     []int // from[fromAt[u]:fromAt[u+1]] leave row u
	kindAt     []int
}

// messageRelations is the number of relations of messages: a relation, the same backwards, and one for self loops.
func messageRelations(relations int) int { return 2*relations + 1 }

// newLinks returns the messages along triples of rows below n: both ways and to each row itself, or, where literal, along
// triples only.
func newLinks(n int, triples []model.Triple, relations int, literal bool) *links {
	l := &links{rows: n}
	for _, t := range triples {
		l.all = append(l.all, link{t.H, t.T, t.R})
		if !literal {
			l.all = append(l.all, link{t.T, t.H, t.R + uint32(relations)})
		}
	}
	for v := range n {
		if !literal {
			l.all = append(l.all, link{uint32(v), uint32(v), uint32(2 * relations)})
		}
	}
	slices.SortStableFunc(l.all, func(a, b link) int { return cmp.Compare(a.v, b.v) })
	l.into, _ = grouped(l.all, n, func(e link) uint32 { return e.v })
	l.fromAt, l.from = grouped(l.all, n, func(e link) uint32 { return e.u })
	l.kindAt, l.kind = grouped(l.all, messageRelations(relations), func(e link) uint32 { return e.r })
	return l
}

// grouped returns the positions of links in order of a number below n, and where each number begins.
func grouped(all []link, n int, by func(link) uint32) (begin, order []int) {
	begin = make([]int, n+1)
	for _, e := range all {
		begin[by(e)+1]++
	}
	for i := range n {
		begin[i+1] += begin[i]
	}
	next := slices.Clone(begin)
	order = make([]int, len(all))
	for i, e := range all {
		order[next[by(e)]] = i
		next[by(e)]++
	}
	return begin, order
}

// rgat is a layer of relational graph attention with one head, additive scores and a softmax over all of a row's
// messages: out_v = act(Σ α_e·Wʳx_u + b) + x_v·W₀, α = softmax(LeakyReLU(⟨Wʳx_v, Q⟩ + ⟨Wʳx_u, K⟩)). Busbridge et al. 2019,
// eq. 22 of KGMark. W₀, a repair, begins as the identity and lets a row reach its own latent; the literal layer has none.
type rgat struct {
	in, out, bases int
	form           Relations
	relu           bool
	base           *weights // in × bases·out
	coefficient    *weights // relations × out where Diagonal, relations × bases
	query, key     *weights // out
	bias           *weights // out
	skip           *linear  // nil: none
}

func newRGAT(in, out, relations int, relu bool, o Options, random *rand.Rand) *rgat {
	l := &rgat{in: in, out: out, form: o.Relations, relu: relu, bases: 1}
	width := out
	if o.Relations == Bases {
		l.bases, width = o.Bases, o.Bases
	}
	l.base, l.coefficient = newWeights(in*l.bases*out), newWeights(messageRelations(relations)*width)
	l.query, l.key, l.bias = newWeights(out), newWeights(out), newWeights(out)
	scale := math.Sqrt(2 / float64(in+out))
	l.coefficient.fill(random, math.Sqrt(1/float64(l.bases)))
	if o.Relations == Diagonal {
		for i := range l.coefficient.value {
			l.coefficient.value[i] = 1 + 0.1*l.coefficient.value[i]
		}
	}
	if !o.Literal.NoSelfLoops {
		scale *= 0.3 // the skip carries the row; messages begin as a small correction of it
		l.skip = newLinear(in, out, true, random)
	}
	l.base.fill(random, scale)
	l.query.fill(random, math.Sqrt(1/float64(out)))
	l.key.fill(random, math.Sqrt(1/float64(out)))
	return l
}

func (l *rgat) params() []*weights {
	all := []*weights{l.base, l.coefficient, l.query, l.key, l.bias}
	if l.skip != nil {
		all = append(all, l.skip.params()...)
	}
	return all
}

// rgatState is what a forward pass leaves for the backward pass.
type rgatState struct {
	x, projected vec.Matrix // projected: x·B, rows × bases·out
	score, alpha []float32  // of each link: before LeakyReLU, after the softmax
	sum          vec.Matrix // before the activation
}

// weigh adds scale·Wʳx to out for the projected row p of x and the relation's coefficients c.
func (l *rgat) weigh(scale float32, p, c, out []float32) {
	if l.form == Diagonal {
		for i, x := range p {
			out[i] += scale * c[i] * x
		}
		return
	}
	for b, a := range c {
		vec.Axpy(scale*a, p[b*l.out:(b+1)*l.out], out)
	}
}

// weighed returns ⟨Wʳx, w⟩ for the projected row p of x.
func (l *rgat) weighed(p, c, w []float32) float32 {
	var sum float32
	if l.form == Diagonal {
		for i, x := range p {
			sum += c[i] * x * w[i]
		}
		return sum
	}
	for b, a := range c {
		sum += a * vec.Dot(p[b*l.out:(b+1)*l.out], w)
	}
	return sum
}

// relation returns relation r's coefficients in w, which has their shape.
func (l *rgat) relation(w []float32, r uint32) []float32 {
	width := l.out
	if l.form == Bases {
		width = l.bases
	}
	return w[int(r)*width : (int(r)+1)*width]
}

// forward returns the layer's output, a row for each row of x.
func (l *rgat) forward(x vec.Matrix, g *links, workers int) (vec.Matrix, *rgatState) {
	s := &rgatState{x: x, projected: newMatrix(x.Rows, l.bases*l.out), sum: newMatrix(x.Rows, l.out)}
	s.score, s.alpha = make([]float32, len(g.all)), make([]float32, len(g.all))
	vec.MulNN(s.projected, x, l.base.matrix(l.in, l.bases*l.out), false, workers)
	y := newMatrix(x.Rows, l.out)
	if l.skip != nil {
		y = l.skip.forward(x, workers)
	}
	ranges(g.rows, workers, func(lo, hi int) {
		for v := lo; v < hi; v++ {
			l.attend(g, s, v)
			for i, z := range s.sum.Row(v) {
				if z > 0 || !l.relu {
					y.Row(v)[i] += z
				}
			}
		}
	})
	return y, s
}

// attend sets the scores of the messages to row v, and their sum.
func (l *rgat) attend(g *links, s *rgatState, v int) {
	lo, hi := g.into[v], g.into[v+1]
	sum := s.sum.Row(v)
	copy(sum, l.bias.value)
	if lo == hi {
		return
	}
	for e := lo; e < hi; e++ {
		c := l.relation(l.coefficient.value, g.all[e].r)
		s.score[e] = l.weighed(s.projected.Row(v), c, l.query.value) + l.weighed(s.projected.Row(int(g.all[e].u)), c, l.key.value)
		s.alpha[e] = s.score[e]
		if s.score[e] < 0 {
			s.alpha[e] *= leak
		}
	}
	vec.SoftmaxRow(s.alpha[lo:hi])
	for e := lo; e < hi; e++ {
		l.weigh(s.alpha[e], s.projected.Row(int(g.all[e].u)), l.relation(l.coefficient.value, g.all[e].r), sum)
	}
}

// backward adds the gradients of the weights for a gradient dy of the output and returns that of the input.
func (l *rgat) backward(s *rgatState, g *links, dy vec.Matrix, workers int) vec.Matrix {
	dsum := newMatrix(dy.Rows, dy.Cols)
	dscore := make([]float32, len(g.all))
	ranges(g.rows, workers, func(lo, hi int) {
		for v := lo; v < hi; v++ {
			for i, z := range s.sum.Row(v) {
				if z > 0 || !l.relu {
					dsum.Row(v)[i] = dy.Row(v)[i]
				}
			}
			l.scoreGradients(g, s, v, dsum.Row(v), dscore)
		}
	})
	for v := range g.rows {
		vec.Axpy(1, dsum.Row(v), l.bias.grad)
	}
	for e, k := range g.all { // into query and key: one row each, so one goroutine
		c := l.relation(l.coefficient.value, k.r)
		l.weigh(dscore[e], s.projected.Row(int(k.v)), c, l.query.grad)
		l.weigh(dscore[e], s.projected.Row(int(k.u)), c, l.key.grad)
	}
	dprojected := newMatrix(s.projected.Rows, s.projected.Cols)
	ranges(g.rows, workers, func(lo, hi int) {
		for row := lo; row < hi; row++ {
			l.projectedGradient(g, s, row, dsum, dscore, dprojected.Row(row))
		}
	})
	l.relationGradients(g, s, dsum, dscore, workers)
	vec.MulTN(l.base.gradients(l.in, l.bases*l.out), s.x, dprojected, true, workers)
	dx := newMatrix(s.x.Rows, l.in)
	if l.skip != nil {
		dx = l.skip.backward(s.x, dy, workers)
	}
	vec.MulNT(dx, dprojected, l.base.matrix(l.in, l.bases*l.out), true, workers)
	return dx
}

// scoreGradients sets the gradients of the scores of row v's messages, through LeakyReLU and softmax.
func (l *rgat) scoreGradients(g *links, s *rgatState, v int, dsum, dscore []float32) {
	lo, hi := g.into[v], g.into[v+1]
	var mean float32
	for e := lo; e < hi; e++ {
		dscore[e] = l.weighed(s.projected.Row(int(g.all[e].u)), l.relation(l.coefficient.value, g.all[e].r), dsum)
		mean += s.alpha[e] * dscore[e]
	}
	for e := lo; e < hi; e++ {
		dscore[e] = s.alpha[e] * (dscore[e] - mean)
		if s.score[e] < 0 {
			dscore[e] *= leak
		}
	}
}

// projectedGradient adds to out what row's projection received as a sender (message and key) and as a receiver (query).
func (l *rgat) projectedGradient(g *links, s *rgatState, row int, dsum vec.Matrix, dscore, out []float32) {
	for _, e := range g.from[g.fromAt[row]:g.fromAt[row+1]] {
		c := l.relation(l.coefficient.value, g.all[e].r)
		l.unweigh(s.alpha[e], dsum.Row(int(g.all[e].v)), c, out)
		l.unweigh(dscore[e], l.key.value, c, out)
	}
	for e := g.into[row]; e < g.into[row+1]; e++ {
		l.unweigh(dscore[e], l.query.value, l.relation(l.coefficient.value, g.all[e].r), out)
	}
}

// unweigh adds scale times the gradient of Wʳx in the projected row to out, for a gradient d of Wʳx.
func (l *rgat) unweigh(scale float32, d, c, out []float32) {
	if l.form == Diagonal {
		for i, x := range d {
			out[i] += scale * c[i] * x
		}
		return
	}
	for b, a := range c {
		vec.Axpy(scale*a, d, out[b*l.out:(b+1)*l.out])
	}
}

// relationGradients adds the gradients of the relations' coefficients.
func (l *rgat) relationGradients(g *links, s *rgatState, dsum vec.Matrix, dscore []float32, workers int) {
	add := func(scale float32, d, p, out []float32) {
		if l.form == Diagonal {
			for i, x := range d {
				out[i] += scale * x * p[i]
			}
			return
		}
		for b := range out {
			out[b] += scale * vec.Dot(d, p[b*l.out:(b+1)*l.out])
		}
	}
	ranges(len(g.kindAt)-1, workers, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			out := l.relation(l.coefficient.grad, uint32(r))
			for _, e := range g.kind[g.kindAt[r]:g.kindAt[r+1]] {
				sender, receiver := s.projected.Row(int(g.all[e].u)), s.projected.Row(int(g.all[e].v))
				add(s.alpha[e], dsum.Row(int(g.all[e].v)), sender, out)
				add(dscore[e], l.key.value, sender, out)
				add(dscore[e], l.query.value, receiver, out)
			}
		}
	})
}
