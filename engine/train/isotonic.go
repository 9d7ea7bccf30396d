package train

import (
	"cmp"
	"slices"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/model"
)

// isotonic returns the knots of the rising curve with the least squared error on samples: pool adjacent violators (Ayer
// et al. 1955; as a calibration Zadrozny, Elkan 2002). A block of equal probability has a knot at either end, its
// probability drawn towards 1/2 by one imagined sample, so that a handful of true ones at the top are not certain; that
// may break the order of neighbouring blocks, which are pooled again. None for fewer than two distinct scores.
func isotonic(samples []eval.Sample) []model.Knot {
	sorted := slices.Clone(samples)
	slices.SortFunc(sorted, func(a, b eval.Sample) int { return cmp.Compare(a.Score, b.Score) })
	var blocks []block
	for from := 0; from < len(sorted); {
		b := block{low: sorted[from].Score}
		to := from
		for ; to < len(sorted) && (to == from || float32(sorted[to].Score) == float32(sorted[from].Score)); to++ {
			b.count++
			b.high = sorted[to].Score
			if sorted[to].True {
				b.trues++
			}
		}
		blocks = append(blocks, b)
		from = to
	}
	if len(blocks) < 2 {
		return nil
	}
	blocks = pool(pool(blocks, func(b block) float64 { return b.trues / b.count }), block.prob)
	var knots []model.Knot
	for _, b := range blocks {
		knots = append(knots, model.Knot{Score: b.low, Prob: b.prob()})
		if b.high > b.low {
			knots = append(knots, model.Knot{Score: b.high, Prob: b.prob()})
		}
	}
	return knots
}

// block is samples of neighbouring scores, from low to high, with one probability.
type block struct{ count, trues, low, high float64 }

func (b block) prob() float64 { return (b.trues + 0.5) / (b.count + 1) }

// pool joins neighbouring blocks until their values rise.
func pool(blocks []block, value func(block) float64) []block {
	var out []block
	for _, b := range blocks {
		for len(out) > 0 && value(out[len(out)-1]) >= value(b) {
			last := out[len(out)-1]
			b = block{last.count + b.count, last.trues + b.trues, last.low, b.high}
			out = out[:len(out)-1]
		}
		out = append(out, b)
	}
	return out
}
