package train

import (
	"math"
	"testing"
)

func TestLog1p(t *testing.T) {
	for i := range 100_001 {
		x := float32(i) / 100_000
		if got, want := float64(log1p(x)), math.Log1p(float64(x)); math.Abs(got-want) > 4e-7*want {
			t.Fatalf("log1p(%g) is %g, want %g", x, got, want)
		}
	}
}
