package attack

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/inklingdb/inkling/engine/model"
)

// besideAtMost bounds the triples beside a target that are compared with it: hubs have ten thousands.
const besideAtMost = 256

// L2Metric poisons by instance attribution (Bhardwaj, Kelleher, Costabello, O'Sullivan: Adversarial Attacks on Knowledge
// Graph Embeddings via Instance Attribution Methods, EMNLP 2021). A share of triples, drawn by the seed, are the targets;
// of the training triples that share an entity with a target, the one whose feature vector is nearest to the target's in
// Euclidean distance goes: by their similarity of instances it is the one that the target's score rests on. The feature
// vector of a translational model is its vector before the norm, here h∘r̂ − t. Targets that are gone already are passed
// over. The table does not change: training on is what makes the poison work.
func L2Metric(ctx context.Context, _ Setting, c Copy, share float64, seed uint64) (Copy, error) {
	rng := random(seed, "l2 metric")
	beside := make([][]int32, c.Table.Rows.Rows)
	for i, t := range c.Triples {
		beside[t.H] = append(beside[t.H], int32(i))
		if t.T != t.H {
			beside[t.T] = append(beside[t.T], int32(i))
		}
	}
	gone := make([]bool, len(c.Triples))
	target, other := make([]float32, c.Table.Rows.Cols), make([]float32, c.Table.Rows.Cols)
	for _, i := range rng.Perm(len(c.Triples))[:min(len(c.Triples), int(share*float64(len(c.Triples))+0.5))] {
		if err := ctx.Err(); err != nil {
			return Copy{}, err
		}
		if gone[i] {
			continue
		}
		c.feature(c.Triples[i], target)
		nearest, least := -1, math.Inf(1)
		for _, j := range append(sample(rng, beside[c.Triples[i].H]), sample(rng, beside[c.Triples[i].T])...) {
			if int(j) == i || gone[j] {
				continue
			}
			c.feature(c.Triples[j], other)
			if distance := squaredDistance(target, other); distance < least {
				nearest, least = int(j), distance
			}
		}
		if nearest >= 0 {
			gone[nearest] = true
		}
	}
	c.Triples = without(c.Triples, gone)
	return c, nil
}

// sample returns besideAtMost of a list, or the list.
func sample(rng *rand.Rand, list []int32) []int32 {
	if len(list) <= besideAtMost {
		return slices.Clone(list)
	}
	out := make([]int32, besideAtMost)
	for i := range out {
		out[i] = list[rng.IntN(len(list))]
	}
	return out
}

// feature sets out to h∘r̂ − t.
func (c Copy) feature(t model.Triple, out []float32) {
	h, r, o := c.Table.Rows.Row(int(t.H)), c.Relations.Row(int(t.R)), c.Table.Rows.Row(int(t.T))
	d := len(out) / 2
	for k := range d {
		re, im := r[k], r[k+d]
		if size := float32(math.Hypot(float64(re), float64(im))); size > 0 {
			re, im = re/size, im/size
		} else {
			re, im = 1, 0
		}
		out[k] = h[k]*re - h[k+d]*im - o[k]
		out[k+d] = h[k]*im + h[k+d]*re - o[k+d]
	}
}

func squaredDistance(a, b []float32) float64 {
	sum := 0.0
	for i, x := range a {
		d := float64(x - b[i])
		sum += d * d
	}
	return sum
}

const (
	spectrumSize  = 16 // eigenvectors that stand for the spectrum
	spectrumTurns = 30 // of the subspace iteration
	walkWindow    = 5  // T: steps of the random walks whose loss is attacked
)

// NEA poisons the graph by its spectrum (Bojchevski, Günnemann: Adversarial Attacks on Node Embeddings via Graph
// Poisoning, ICML 2019). What random-walk embeddings lose grows as the spectrum Σ_r λ^r, r up to 5, of the generalised
// eigenproblem Au = λDu shrinks; the change of λ when the weight of (i, j) changes by Δw is, to first order,
// Δw·(2u_i·u_j − λ(u_i² + u_j²)) for u'Du = 1. Candidates are all links (to take away) and as many random pairs (to add,
// with a random relation); those that shrink the 16 largest the most are flipped until a share of triples is changed.
// The 16 stand for the whole spectrum, which the authors use: ours has 100,000. The table does not change.
func NEA(ctx context.Context, _ Setting, c Copy, share float64, seed uint64) (Copy, error) {
	rng := random(seed, "nea")
	spectrum, err := c.spectrum(ctx, rng)
	if err != nil {
		return Copy{}, err
	}
	type flip struct {
		triple int // to take away, −1 to add
		added  model.Triple
		gain   float64
	}
	flips := make([]flip, 0, 2*len(c.Triples))
	has := make(map[model.Triple]bool, len(c.Triples))
	for i, t := range c.Triples {
		has[t] = true
		flips = append(flips, flip{triple: i, gain: spectrum.loss(t.H, t.T, -1)})
	}
	n := uint32(c.Table.Rows.Rows)
	for range c.Triples {
		t := model.Triple{H: rng.Uint32N(n), R: rng.Uint32N(uint32(c.Relations.Rows)), T: rng.Uint32N(n)}
		if t.H != t.T && !has[t] {
			has[t] = true
			flips = append(flips, flip{triple: -1, added: t, gain: spectrum.loss(t.H, t.T, 1)})
		}
	}
	slices.SortStableFunc(flips, func(a, b flip) int { return cmp.Compare(b.gain, a.gain) })
	gone := make([]bool, len(c.Triples))
	var added []model.Triple
	for _, f := range flips[:min(len(flips), int(share*float64(len(c.Triples))+0.5))] {
		if f.triple >= 0 {
			gone[f.triple] = true
		} else {
			added = append(added, f.added)
		}
	}
	c.Triples = append(without(c.Triples, gone), added...)
	return c, nil
}

// eigen is a part of the spectrum of Au = λDu.
type eigen struct {
	values  []float64
	vectors [][]float64 // u'Du = 1
}

// loss returns by how much the spectrum's part shrinks when the weight of a link changes by dw.
func (e eigen) loss(i, j uint32, dw float64) float64 {
	sum := 0.0
	for k, u := range e.vectors {
		l := e.values[k]
		after := l + dw*(2*u[i]*u[j]-l*(u[i]*u[i]+u[j]*u[j]))
		sum += walk(l) - walk(after)
	}
	return sum
}

// walk returns (Σ_r λ^r / T)², r from 1 to T.
func walk(l float64) float64 {
	sum, power := 0.0, 1.0
	for range walkWindow {
		power *= l
		sum += power
	}
	sum /= walkWindow
	return sum * sum
}
