package project

import (
	"cmp"
	"math"
	"slices"

	"github.com/inklingdb/inkling/internal/vec"
)

// link is the affinity of a row to another one.
type link struct {
	to uint32
	p  float64
}

// affinities returns for each row the joint probabilities p_ij of van der Maaten and Hinton 2008, eq. 1 and section 3.1
// (p_ij = (p_j|i + p_i|j) / 2n), over each row's 3·perplexity nearest rows (van der Maaten 2014, section 4.1), links
// by row. They sum to 1.
func affinities(x vec.Matrix, perplexity float64, workers int) [][]link {
	n := x.Rows
	near := min(n-1, int(3*perplexity))
	directed := make([][]link, n)
	parallel(n, workers, func(lo, hi int) {
		squares := make([]float64, n)
		all := make([]link, 0, n)
		for i := lo; i < hi; i++ {
			squaredDistances(x, i, squares)
			all = all[:0]
			for j, d := range squares {
				if j != i {
					all = append(all, link{uint32(j), d})
				}
			}
			slices.SortFunc(all, func(a, b link) int { return cmp.Or(cmp.Compare(a.p, b.p), cmp.Compare(a.to, b.to)) })
			directed[i] = slices.Clone(all[:near])
			conditional(directed[i], perplexity)
		}
	})
	return joint(directed)
}

// squaredDistances sets out[j] to |x_i − x_j|².
func squaredDistances(x vec.Matrix, i int, out []float64) {
	row := x.Row(i)
	for j := range x.Rows {
		other := x.Row(j)
		var sum float64
		for k, v := range row {
			d := float64(v - other[k])
			sum += d * d
		}
		out[j] = sum
	}
}

// conditional turns squared distances, ascending, into the probabilities exp(−β·d²)/Σ, β found by bisection so that
// their entropy is the logarithm of the perplexity.
func conditional(links []link, perplexity float64) {
	want := math.Log(min(perplexity, float64(len(links))))
	squares := make([]float64, len(links))
	for i, l := range links {
		squares[i] = l.p - links[0].p // the nearest at 0: the ratios stay the same and no exponential vanishes
	}
	scale := squares[len(squares)-1]
	if scale == 0 {
		scale = 1
	}
	low, high, beta := 0.0, math.Inf(1), 1/scale
	for range 100 {
		entropy := setGaussian(links, squares, beta)
		if math.Abs(entropy-want) < 1e-6 {
			return
		}
		if entropy > want {
			low = beta
		} else {
			high = beta
		}
		if math.IsInf(high, 1) {
			beta *= 2
		} else {
			beta = (low + high) / 2
		}
	}
}

// setGaussian sets each link's p to its share of exp(−β·d²) and returns their entropy in nats.
func setGaussian(links []link, squares []float64, beta float64) float64 {
	sum, weighted := 0.0, 0.0
	for i, d := range squares {
		links[i].p = math.Exp(-beta * d)
		sum += links[i].p
		weighted += beta * d * links[i].p
	}
	for i := range links {
		links[i].p /= sum
	}
	return math.Log(sum) + weighted/sum
}

// joint returns both directions of each link with the mean of their probabilities over the number of rows.
func joint(directed [][]link) [][]link {
	n := len(directed)
	both := make([][]link, n)
	for i, links := range directed {
		for _, l := range links {
			p := l.p / float64(2*n)
			both[i] = append(both[i], link{l.to, p})
			both[l.to] = append(both[l.to], link{uint32(i), p})
		}
	}
	for i, links := range both {
		slices.SortStableFunc(links, func(a, b link) int { return cmp.Compare(a.to, b.to) })
		merged := links[:0]
		for _, l := range links {
			if last := len(merged) - 1; last >= 0 && merged[last].to == l.to {
				merged[last].p += l.p
				continue
			}
			merged = append(merged, l)
		}
		both[i] = merged
	}
	return both
}
