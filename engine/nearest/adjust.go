package nearest

import (
	"context"
	"slices"
	"sort"

	"github.com/inklingdb/inkling/internal/vec"
)

// reaches are the values of lists.reach that adjust chooses from.
var reaches = []float32{0, 0.5, 1, 2, 3, 4}

// adjust chooses, on every other sample of each similarity, how lists are ordered and how many blocks a search reads so
// that the recall is reached, and measures the recall on the rest.
func (t *Table) adjust(ctx context.Context, o ClusterOptions) error {
	var sides [similarities][2][]truth
	known := 0
	for i, q := range o.Samples {
		if err := ctx.Err(); err != nil {
			return err
		}
		q.K = recallAt // TopK declines distances: the table is one of products
		if a, ok := t.TopK(q, o.Workers); ok && len(a.Best) > 0 {
			half := &sides[q.Similarity][0]
			if other := &sides[q.Similarity][1]; len(*other) < len(*half) {
				half = other
			}
			*half = append(*half, truth{q, a.Best})
			known++
		}
		o.Progress(PhaseMeasuring, float64(i+1)/float64(len(o.Samples)))
	}
	if known == 0 {
		return ErrNoSamples
	}
	for s, halves := range sides {
		if len(halves[1]) > 0 {
			t.tune(Similarity(s), halves, o)
		}
	}
	return ctx.Err()
}

// truth is a sample with its best rows.
type truth struct {
	query Query
	best  []vec.Ranked
}

// tune adjusts one similarity to the first half of its samples and measures it on the second.
func (t *Table) tune(s Similarity, halves [2][]truth, o ClusterOptions) {
	l := t.lists
	most := max(1, int(mostRead*float64(l.start[l.count()])))
	best := tuning{budget: most}
	for _, reach := range reaches {
		costs := t.costs(halves[0], reach)
		if len(costs) == 0 {
			return
		}
		at := costs[min(int(o.Recall*float64(len(costs))), len(costs)-1)]
		if reach == reaches[0] || at < best.budget {
			best.reach, best.budget = reach, max(1, min(at, most))
		}
	}
	l.tuned[s] = best
	found, wanted := 0, 0
	for _, truth := range halves[1] {
		got, _ := t.Approximate(truth.query, o.Workers)
		found += common(got.Best, truth.best)
		wanted += len(truth.best)
	}
	l.tuned[s].recall = float64(found) / float64(wanted)
}

// costs returns, sorted, how many blocks must be read to come to each of the best rows of the samples.
func (t *Table) costs(samples []truth, reach float32) []int {
	l := t.lists
	var costs []int
	for _, s := range samples {
		promises, ok := l.promises(s.query, reach)
		if !ok {
			continue
		}
		order := vec.TopK(nil, promises, len(promises), nil)
		after := make([]int, l.count()) // by list: the blocks read when it has been
		read := 0
		for _, r := range order {
			read += l.start[r.Index+1] - l.start[r.Index]
			after[r.Index] = read
		}
		for _, r := range s.best {
			block := int(t.slot[r.Index]) / vec.BlockRows
			if list := sort.SearchInts(l.start, block+1) - 1; list < l.count() {
				costs = append(costs, after[list])
			} else {
				costs = append(costs, 0) // in no list: always read
			}
		}
	}
	slices.Sort(costs)
	return costs
}

// common returns how many rows are in both answers.
func common(a, b []vec.Ranked) int {
	in := make(map[int]bool, len(a))
	for _, r := range a {
		in[r.Index] = true
	}
	n := 0
	for _, r := range b {
		if in[r.Index] {
			n++
		}
	}
	return n
}
