package maintain

import (
	"bytes"
	"context"
	"math"
	"testing"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
)

// isotonicWorld is clanWorld with an isotonic curve and a threshold for each relation. Its logistic curve, of which the
// isotonic one has a hundredth, is far off, as it is where scores are not logistic: who goes by it alone is wrong.
func isotonicWorld(t *testing.T) *world {
	t.Helper()
	d := clanData(t)
	e := *clanWorld(t).embedding()
	o := train.CalibrationOptions{Calibration: train.IsotonicCurve, Objective: eval.ByF1}
	c, err := o.Calibrate(context.Background(), &model.Embedding{Tables: e.Tables}, d, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Knots) < 4 {
		t.Fatalf("an isotonic curve of %d knots", len(c.Knots))
	}
	c.Slope, c.Intercept = c.Slope/8, c.Intercept/8+2
	c.Thresholds = map[uint32]float64{0: min(0.95, c.Threshold+0.2), 1: max(0.05, c.Threshold-0.2)}
	e.Calibration = c
	return newWorld(t, d, &e)
}

// embedding returns the checkpoint's model.
func (w *world) embedding() *model.Embedding {
	w.t.Helper()
	e, err := model.Load(w.checkpoint)
	if err != nil {
		w.t.Fatal(err)
	}
	return e
}

func TestForgottenFollowsTheCurve(t *testing.T) {
	w := isotonicWorld(t)
	f := w.follow(Options{})
	l, _ := learnerOf(t, w, f)
	c := l.calibration
	for r := range uint32(l.tables.Vocabulary.Relations()) {
		at, threshold := l.forgotten(r), c.ThresholdOf(r)
		odds := math.Log(threshold/(1-threshold)) - margin
		if p := c.Prob(at); p >= threshold || p < 0.9/(1+math.Exp(-odds)) {
			t.Errorf("relation %d: forgotten at score %g, probability %.4f, threshold %.4f", r, at, p, threshold)
		}
		if at := l.least(r); c.Prob(at) < threshold {
			t.Errorf("relation %d: a fact from score %g on, probability %.4f, threshold %.4f", r, at, c.Prob(at), threshold)
		}
	}
	l.calibration = c.Moved(c.Slope, c.Intercept)
	if !l.calibration.Equal(c) {
		t.Error("a calibration that is moved nowhere is another")
	}
}

// TestIsotonicRemovals removes triples of a model with an isotonic curve, in small commits: none may stay a fact, and
// following must leave the bytes that opening the follower again and going on leaves.
func TestIsotonicRemovals(t *testing.T) {
	w := isotonicWorld(t)
	again := w.copyOf()
	o := Options{RefreshEvery: 2}
	f := w.follow(o)
	g := again.follow(o)
	for i := range 6 {
		x := w.data.Train[7+61*i]
		c := w.write([]model.Triple{x}, nil)
		w.apply(f, c)
		w.apply(g, c)
		if e := f.Embedding(); e.IsFact(x.H, x.R, x.T) {
			t.Errorf("removed %v still has probability %.3f, threshold %.3f", x, e.Prob(x.H, x.R, x.T), e.Calibration.ThresholdOf(x.R))
		}
		if err := g.Close(); err != nil {
			t.Fatal(err)
		}
		g = again.follow(o)
	}
	if !bytes.Equal(w.bytes(f), again.bytes(g)) {
		t.Error("opening the follower after each commit leaves another model")
	}
}

// TestIsotonicCurveMovesWithTheScores doubles all scores: probabilities must stay, and the threshold's score double.
func TestIsotonicCurveMovesWithTheScores(t *testing.T) {
	w := isotonicWorld(t)
	f := w.follow(Options{})
	l, h := learnerOf(t, w, f)
	was := l.calibration
	for i := range l.tables.Relations {
		l.tables.Relations[i] *= 2
	}
	if err := l.recalibrate(h); err != nil {
		t.Fatal(err)
	}
	for _, k := range was.Knots {
		if p, q := was.Prob(float32(k.Score)), l.calibration.Prob(float32(2*k.Score)); math.Abs(p-q) > 0.01 {
			t.Errorf("score %g had probability %.4f, and has %.4f where scores have doubled", k.Score, p, q)
		}
	}
}
