package train

import (
	"testing"

	"github.com/inklingdb/inkling/engine/eval"
)

// TestCalibrationNeverFalls gives it samples whose scores mislead, as a tiny graph may.
func TestCalibrationNeverFalls(t *testing.T) {
	for name, samples := range map[string][]eval.Sample{
		"misleading": {{Score: 1, True: true}, {Score: 2}, {Score: 3}, {Score: 4}},
		"equal":      {{Score: 1, True: true}, {Score: 1}},
		"one kind":   {{Score: 1}, {Score: 2}},
	} {
		c := fit(samples)
		if low, high := c.Prob(-1), c.Prob(5); !(low < high) || low <= 0 || high >= 1 {
			t.Errorf("%s: Prob(-1) = %g, Prob(5) = %g", name, low, high)
		}
	}
}
