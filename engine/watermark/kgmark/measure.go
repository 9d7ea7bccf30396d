package kgmark

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/inklingdb/inkling/internal/vec"
)

// Outcome is what one method reached on one graph without attack. Units are communities.
type Outcome struct {
	Method   Method
	Carriers int     // coefficients, numbers or bits that carry the mark of a community, in the mean
	Cosine   float64 // of marked rows and the original ones, in the mean
	AUC      float64 // marked communities with the key, against unmarked ones with fresh keys
	Median   float64 // log₁₀ p of marked communities
	Found    float64 // share of marked communities with p at most Significance
	False    float64 // share of unmarked ones, with fresh keys
	Original float64 // median log₁₀ p of the unmarked original with the key itself, from which masks were learnt
	Mark     time.Duration
	Detect   time.Duration // of the marked table with the key
}

// Significance is the source's level.
const Significance = 5e-5

// Compare marks a graph with methods under one key and tests the marked table with the key and the original with fresh
// ones. Done is called after each; may be nil.
func (p *Pipeline) Compare(ctx context.Context, g Graph, methods []Method, key []byte, fresh int, done func(Outcome)) ([]Outcome, error) {
	original, err := p.Open(ctx, g)
	if err != nil {
		return nil, err
	}
	unmarked, err := p.Read(ctx, g)
	if err != nil {
		return nil, err
	}
	var all []Outcome
	for _, m := range methods {
		out, err := p.compare(ctx, original, unmarked, m, key, fresh)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.Name, err)
		}
		if done != nil {
			done(out)
		}
		all = append(all, out)
	}
	return all, nil
}

func (p *Pipeline) compare(ctx context.Context, original, unmarked *Reading, m Method, key []byte, fresh int) (Outcome, error) {
	out := Outcome{Method: m}
	start := time.Now()
	marked, err := original.Mark(ctx, m, key)
	if err != nil {
		return out, err
	}
	out.Mark = time.Since(start)
	out.Cosine = original.Cosine(marked.Rows)
	start = time.Now()
	suspect := original.graph
	suspect.Rows = marked.Rows
	found, err := p.Detect(ctx, suspect, marked.Record, key)
	if err != nil {
		return out, err
	}
	out.Detect = time.Since(start)
	evidence, err := unmarked.Evidence(ctx, marked.Record)
	if err != nil {
		return out, err
	}
	out.Carriers = evidence.carriers()
	self, err := evidence.Test(ctx, key)
	if err != nil {
		return out, err
	}
	var negatives []float64
	for i := range fresh {
		d, err := evidence.Test(ctx, fmt.Appendf(nil, "fresh %d of %x", i, key))
		if err != nil {
			return out, err
		}
		negatives = append(negatives, d.Communities...)
	}
	out.Median, out.Original = Median(found.Communities), Median(self.Communities)
	out.AUC = AUC(found.Communities, negatives)
	out.Found, out.False = Below(found.Communities, Significance), Below(negatives, Significance)
	return out, nil
}

// carriers returns the mean count of numbers that a community shows.
func (e *Evidence) carriers() int {
	n, communities := 0, 0
	for _, carrier := range e.shown {
		for _, layers := range carrier {
			if layers == nil {
				continue
			}
			communities++
			for _, v := range layers {
				n += len(v.y)
			}
		}
	}
	return n / max(1, communities)
}

// Cosine returns the mean cosine of the reading's rows, as they were, and those of a table: eq. 35.
func (r *Reading) Cosine(table vec.Matrix) float64 {
	sum, n := 0.0, 0
	for _, part := range r.parts {
		for _, row := range part.rows {
			if row == missing {
				continue
			}
			a, b := r.graph.Rows.Row(int(row)), table.Row(int(row))
			if size := float64(vec.Dot(a, a)) * float64(vec.Dot(b, b)); size > 0 {
				sum += float64(vec.Dot(a, b)) / math.Sqrt(size)
			}
			n++
		}
	}
	return sum / float64(max(1, n))
}

// AUC returns the probability that a marked unit's log p is below an unmarked one's, ties counted half: eq. 34 with
// scores −log p.
func AUC(marked, unmarked []float64) float64 {
	if len(marked) == 0 || len(unmarked) == 0 {
		return 0.5
	}
	sorted := slices.Clone(unmarked)
	slices.Sort(sorted)
	sum := 0.0
	for _, x := range marked {
		lo, _ := slices.BinarySearch(sorted, x)
		hi, _ := slices.BinarySearchFunc(sorted, x, func(y, x float64) int {
			if y <= x {
				return -1
			}
			return 1
		})
		sum += float64(len(sorted)-hi) + float64(hi-lo)/2
	}
	return sum / float64(len(marked)) / float64(len(unmarked))
}

// Below returns the share of log₁₀ p-values at most p; 0 of none.
func Below(logs []float64, p float64) float64 {
	n := 0
	for _, x := range logs {
		if x <= math.Log10(p) {
			n++
		}
	}
	return float64(n) / float64(max(1, len(logs)))
}

// Median returns the median, of an even number the mean of the middle two; 0 of none.
func Median(x []float64) float64 {
	if len(x) == 0 {
		return 0
	}
	s := slices.Clone(x)
	slices.Sort(s)
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}
