package watermark

import (
	"fmt"
	"math"
)

// Screener tests sets of triples for the marks of candidates as the triples come by, such as those of an import. Its
// screens share the derived secrets and belong to one goroutine together.
type Screener struct {
	candidates []Candidate
	keys       []*GraphKey
	readers    []reader // one buffer for all
	alpha      float64
}

// NewScreener returns a screener at a family-wise rate of false alarms; 0 means DefaultAlpha.
func NewScreener(candidates []Candidate, alpha float64) *Screener {
	if alpha == 0 {
		alpha = DefaultAlpha
	}
	s := &Screener{candidates: candidates, keys: make([]*GraphKey, len(candidates)), readers: make([]reader, len(candidates)), alpha: alpha}
	buffer := new([tagBatch]Triple)
	for i, c := range candidates {
		s.keys[i] = c.Key.Graph(c.Marked.Graph).Of(c.Marked.Scale, c.Marked.Rows)
		s.readers[i] = s.keys[i].reader(c.Marked.Gamma)
		s.readers[i].buffer = buffer
	}
	return s
}

// Screen is the test of one set of triples.
type Screen struct {
	of      *Screener
	tests   []*TripleTest
	seen    int
	waiting []Triple // to be tested, tagBatch at a time: a key's secrets and a batch stay in the cache then
}

// Screen begins a test.
func (s *Screener) Screen() *Screen {
	c := &Screen{of: s, tests: make([]*TripleTest, len(s.readers))}
	for i, r := range s.readers {
		c.tests[i] = r.test()
	}
	return c
}

// Add takes a triple in.
func (c *Screen) Add(t Triple) {
	c.seen++
	if c.waiting = append(c.waiting, t); len(c.waiting) == tagBatch {
		c.flush()
	}
}

// flush tests the triples that wait.
func (c *Screen) flush() {
	for _, test := range c.tests {
		test.Add(c.waiting...)
	}
	c.waiting = c.waiting[:0]
}

// Evidence returns what the triples say so far. together is how many sets are tested at once: alpha is for all of them.
func (c *Screen) Evidence(together int) Evidence {
	alpha := c.of.alpha / float64(max(1, together))
	out := Evidence{Alpha: alpha, KeysTested: len(c.tests), Verdict: TooSmall}
	results := make([][]Result, len(c.tests))
	for i, r := range c.results(alpha) {
		results[i] = []Result{r}
	}
	out.judge(Copy{}, c.of.candidates, results)
	return out
}

// results returns the triple channel's result for each candidate.
func (c *Screen) results(alpha float64) []Result {
	c.flush()
	// So many carriers that all of them green would be an alarm.
	least := int(math.Ceil(math.Log2(float64(testsAKey) * float64(len(c.tests)) / alpha)))
	out := make([]Result, len(c.tests))
	for i, test := range c.tests {
		out[i] = test.Result()
		if out[i].Tested && out[i].Used < least {
			out[i] = untested(Triples, fmt.Sprintf("%d carriers among %d triples, and %d are needed", out[i].Used, c.seen, least))
		}
	}
	return out
}

// Candidates returns how many pairs of a key and a graph are tested.
func (s *Screener) Candidates() int { return len(s.candidates) }
