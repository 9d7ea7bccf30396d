package nearest

import (
	"context"
	"slices"
	"sort"

	"github.com/inklingdb/inkling/internal/vec"
)

// reaches are the values of lists.reach that adjust chooses from.
var reaches = []float32{0, 0.5, 1, 2, 3, 4}

// adjust chooses, on every other sample, how lists are ordered and how many blocks a search reads so that the recall is
// reached, and measures the recall on the rest.
func (t *Table) adjust(ctx context.Context, o ClusterOptions) error {
	answers, err := t.truths(ctx, o)
	if err != nil {
		return err
	}
	l := t.lists
	total := l.start[l.count()]
	most := max(1, int(mostRead*float64(total)))
	half := (len(answers) + 1) / 2
	l.budget = most
	for _, reach := range reaches {
		if costs := t.costs(answers[:half], reach); len(costs) > 0 {
			at := costs[min(int(o.Recall*float64(len(costs))), len(costs)-1)]
			if reach == reaches[0] || at < l.budget {
				l.reach, l.budget = reach, min(at, most)
			}
		}
	}
	measured := answers[half:]
	if len(measured) == 0 {
		measured = answers
	}
	found, wanted := 0, 0
	for i, a := range measured {
		got, _ := t.Approximate(a.query, o.Workers)
		found += common(got.Best, a.best)
		wanted += len(a.best)
		o.Progress(PhaseMeasuring, float64(len(answers)+i+1)/float64(len(answers)+len(measured)))
	}
	l.recall = float64(found) / float64(max(1, wanted))
	return ctx.Err()
}

// truth is a sample with its best rows.
type truth struct {
	query Query
	best  []vec.Ranked
}

// truths returns the exact answers of the samples, those of even places first.
func (t *Table) truths(ctx context.Context, o ClusterOptions) ([]truth, error) {
	var sides [2][]truth
	for i, q := range o.Samples {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		q.K = recallAt
		if a, ok := t.TopK(q, o.Workers); ok && len(a.Best) > 0 {
			sides[i%2] = append(sides[i%2], truth{q, a.Best})
		}
		o.Progress(PhaseMeasuring, float64(i+1)/float64(2*len(o.Samples)))
	}
	all := slices.Concat(sides[0], sides[1])
	if len(all) == 0 {
		return nil, ErrNoSamples
	}
	return all, nil
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
