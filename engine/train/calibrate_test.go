package train

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/model"
)

// TestCalibrationNeverFalls gives it samples whose scores mislead, as a tiny graph may.
func TestCalibrationNeverFalls(t *testing.T) {
	for name, samples := range map[string][]eval.Sample{
		"misleading": {{Score: 1, True: true}, {Score: 2}, {Score: 3}, {Score: 4}},
		"equal":      {{Score: 1, True: true}, {Score: 1}},
		"one kind":   {{Score: 1}, {Score: 2}},
	} {
		c := CalibrationOptions{}.Fit(samples)
		if low, high := c.Prob(-1), c.Prob(5); !(low < high) || low <= 0 || high >= 1 {
			t.Errorf("%s: Prob(-1) = %g, Prob(5) = %g", name, low, high)
		}
	}
}

// rising returns samples of a probability that is not logistic in the score: a step from 0.1 to 0.9 at 0, and level
// besides, by relation shifted.
func rising(n int, seed uint64) []eval.Sample {
	random := rand.New(rand.NewPCG(seed, 1))
	samples := make([]eval.Sample, n)
	for i := range samples {
		x := random.Float64()*10 - 5
		samples[i] = eval.Sample{Score: x, True: random.Float64() < stepped(x)}
	}
	return samples
}

func stepped(score float64) float64 {
	if score < 0 {
		return 0.1
	}
	return 0.9
}

// An isotonic curve follows a step that Platt's cannot, rises all the same, and is undone by Score.
func TestIsotonicFollowsAStep(t *testing.T) {
	samples := rising(5000, 3)
	distance := func(c model.Calibration) (sum float64) {
		for x := -4.5; x < 5; x++ {
			sum += math.Abs(c.Prob(float32(x)) - stepped(x))
		}
		return sum / 10
	}
	platt, iso := CalibrationOptions{}.Fit(samples), CalibrationOptions{Calibration: IsotonicCurve}.Fit(samples)
	if p, i := distance(platt), distance(iso); i > 0.03 || p < 2*i {
		t.Errorf("mean distance %.3f from the step, Platt's %.3f", i, p)
	}
	if len(platt.Knots) != 0 || len(iso.Knots) < 2 {
		t.Errorf("%d and %d knots", len(platt.Knots), len(iso.Knots))
	}
	last := 0.0
	for x := float32(-8); x < 8; x += 0.25 {
		p := iso.Prob(x)
		if p <= last || p >= 1 {
			t.Fatalf("probability %g at %g after %g", p, x, last)
		}
		if back := iso.Score(p); math.Abs(float64(back-x)) > 1e-3 {
			t.Fatalf("Score(Prob(%g)) = %g", x, back)
		}
		last = p
	}
}

// The pooled blocks are the best rising curve: no other rising step function over the same samples has a smaller squared error.
func TestPoolIsLeastSquares(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var blocks []block
		truths := rapid.SliceOfN(rapid.Bool(), 1, 9).Draw(t, "truths")
		for _, yes := range truths {
			b := block{count: 1}
			if yes {
				b.trues = 1
			}
			blocks = append(blocks, b)
		}
		loss := 0.0
		for _, b := range pool(blocks, func(b block) float64 { return b.trues / b.count }) {
			p := b.trues / b.count
			loss += b.trues*(1-p)*(1-p) + (b.count-b.trues)*p*p
		}
		// The best curve takes means of runs: try every division into runs whose means rise.
		for cut := range 1 << (len(truths) - 1) {
			other, last, from, rises := 0.0, -1.0, 0, true
			for i := range truths {
				if i < len(truths)-1 && cut>>i&1 == 0 {
					continue
				}
				yes, n := 0.0, float64(i+1-from)
				for _, y := range truths[from : i+1] {
					if y {
						yes++
					}
				}
				p := yes / n
				rises, last, from = rises && p >= last, p, i+1
				other += yes*(1-p)*(1-p) + (n-yes)*p*p
			}
			if rises && other < loss-1e-12 {
				t.Fatalf("loss %g, %g is possible", loss, other)
			}
		}
	})
}

// A relation whose scores lie elsewhere gets a threshold of its own, and is told apart by it.
func TestRelationsMayHaveTheirOwnThreshold(t *testing.T) {
	samples := rising(400, 5)
	for _, s := range rising(400, 6) {
		samples = append(samples, eval.Sample{Score: s.Score + 8, True: s.True, Relation: 3})
	}
	one, own := CalibrationOptions{}.Fit(samples), CalibrationOptions{Threshold: RelationThreshold}.Fit(samples)
	if one.Thresholds != nil || own.Threshold != one.Threshold || len(own.Thresholds) == 0 {
		t.Fatalf("thresholds %v and %v", one.Thresholds, own.Thresholds)
	}
	if own.F1 < one.F1+0.05 || own.ThresholdOf(99) != own.Threshold {
		t.Errorf("F1 %g with one threshold, %g with %v", one.F1, own.F1, own.Thresholds)
	}
}

func TestWrongCalibrationOptions(t *testing.T) {
	d := planted(1)
	for name, o := range map[string]CalibrationOptions{"curve": {Calibration: "beta"}, "scope": {Threshold: "entity"}, "objective": {Objective: "mcc"}} {
		if err := (Options{CalibrationOptions: o}).Check(d); !errors.Is(err, ErrOptions) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
