package eval

import "sort"

// Histogram counts ranks over bins of about equal width on a log scale.
type Histogram struct {
	UpTo         []int // bin i holds the ranks above UpTo[i-1] and up to UpTo[i]: 1, 2, 3, 5, 10, 20, 50, …
	Tails, Heads []int // questions by bin, of (h, r, ?) and of (?, r, t)
}

// NewHistogram returns an empty histogram whose bins hold the ranks from 1 to at least a number of entities.
func NewHistogram(entities int) Histogram {
	var h Histogram
	for power := 1; ; power *= 10 {
		for _, m := range []int{1, 2, 3, 5} {
			if m == 3 && power > 1 { // 3 has a bin for the sake of Hits@3
				continue
			}
			h.UpTo = append(h.UpTo, m*power)
			if m*power >= entities {
				h.Tails, h.Heads = make([]int, len(h.UpTo)), make([]int, len(h.UpTo))
				return h
			}
		}
	}
}

// Bin returns the bin of a rank; ranks beyond the last bin are counted there.
func (h Histogram) Bin(rank float64) int {
	bin := sort.Search(len(h.UpTo), func(i int) bool { return float64(h.UpTo[i]) >= rank })
	return min(bin, len(h.UpTo)-1)
}

// histogramOf counts ranks, that of triple i's tail at 2i and that of its head at 2i+1.
func histogramOf(ranks []float64, entities int) Histogram {
	h := NewHistogram(entities)
	for i, rank := range ranks {
		if i%2 == 0 {
			h.Tails[h.Bin(rank)]++
		} else {
			h.Heads[h.Bin(rank)]++
		}
	}
	return h
}
