package vec

import "slices"

// Ranked is a candidate and its score.
type Ranked struct {
	Index int
	Score float32
}

// TopK appends the k best scores to dst, best first and equal ones by index, and returns dst. Candidates for
// which skip reports true are left out; skip may be nil, and is asked only about those that beat the k found so
// far. NaN is never selected. A threshold scan makes it one pass at memory speed.
func TopK(dst []Ranked, scores []float32, k int, skip func(index int) bool) []Ranked {
	start := len(dst)
	i := 0
	for ; i < len(scores) && len(dst)-start < k; i++ {
		if s := scores[i]; s == s && (skip == nil || !skip(i)) {
			dst = append(dst, Ranked{i, s})
		}
	}
	heap := dst[start:]
	if len(heap) == k && k > 0 {
		buildHeap(heap)
		for {
			i += indexAbove(scores[i:], heap[0].Score)
			if i >= len(scores) {
				break
			}
			if skip == nil || !skip(i) {
				heap[0] = Ranked{i, scores[i]}
				siftDown(heap, 0)
			}
			i++
		}
	}
	sortRanked(heap)
	return dst
}

// CountGreater returns how many scores are greater than t and how many equal it; NaN is neither.
func CountGreater(scores []float32, t float32) (greater, equal int) {
	return countGreater(scores, t)
}

// IndexAbove returns the first index whose score is greater than t, len(scores) if there is none.
func IndexAbove(scores []float32, t float32) int {
	return indexAbove(scores, t)
}

// before is the order of answers: higher score first, then lower index.
func before(a, b Ranked) bool {
	if a.Score != b.Score {
		return a.Score > b.Score
	}
	return a.Index < b.Index
}

// buildHeap orders h as a heap whose root is the worst candidate, the one that a better one replaces.
func buildHeap(h []Ranked) {
	for i := len(h)/2 - 1; i >= 0; i-- {
		siftDown(h, i)
	}
}

func siftDown(h []Ranked, i int) {
	for {
		worst := i
		for c := 2*i + 1; c <= 2*i+2 && c < len(h); c++ {
			if before(h[worst], h[c]) {
				worst = c
			}
		}
		if worst == i {
			return
		}
		h[i], h[worst] = h[worst], h[i]
		i = worst
	}
}

// Selection keeps the K best of the candidates it is shown, in the order of TopK: higher score first, then lower
// index. NaN is never selected. The zero Selection keeps none; Reset begins anew.
type Selection struct {
	k    int
	heap []Ranked // its root is the worst once there are k
}

// Reset forgets all candidates and keeps k from now on.
func (s *Selection) Reset(k int) { s.k, s.heap = k, s.heap[:0] }

// Add shows a candidate. Each index must come once.
func (s *Selection) Add(r Ranked) {
	switch {
	case r.Score != r.Score || s.k < 1:
	case len(s.heap) < s.k:
		s.heap = append(s.heap, r)
		if len(s.heap) == s.k {
			buildHeap(s.heap)
		}
	case before(r, s.heap[0]):
		s.heap[0] = r
		siftDown(s.heap, 0)
	}
}

// Worst returns the lowest score selected; false while there are fewer than K.
func (s *Selection) Worst() (float32, bool) {
	if s.k < 1 || len(s.heap) < s.k {
		return 0, false
	}
	return s.heap[0].Score, true
}

// AppendTo appends the selected candidates to dst, best first. The Selection may go on after it.
func (s *Selection) AppendTo(dst []Ranked) []Ranked {
	start := len(dst)
	dst = append(dst, s.heap...)
	sortRanked(dst[start:])
	return dst
}

func sortRanked(r []Ranked) {
	slices.SortFunc(r, func(a, b Ranked) int {
		if before(a, b) {
			return -1
		}
		return 1
	})
}
