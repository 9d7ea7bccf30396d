package maintain

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/inklingdb/inkling/engine/model"
)

// TestNewTriplesAreNoNegatives adds several answers to one question in one commit: none may count as wrong to another, in
// its own group or in a later one, whatever is drawn.
func TestNewTriplesAreNoNegatives(t *testing.T) {
	w := clanWorld(t)
	f := w.follow(Options{})
	var added []model.Triple
	for i := range 12 {
		added = append(added, model.Triple{H: 3, R: 2, T: person(1, i)})
	}
	w.write(nil, added)
	l, h := learnerOf(t, w, f)
	h.version = w.version()
	p := newProblem(l)
	rows := added
	for _, x := range rows[:8] {
		p.ask(x)
	}
	random := rand.New(rand.NewPCG(1, 1))
	if err := p.surround(rows[:8], h, random); err != nil {
		t.Fatal(err)
	}
	p.draw(nil, 4096, random) // every entity, so that all the new answers are candidates
	if err := p.mask(h); err != nil {
		t.Fatal(err)
	}
	p.prepare()
	hidden := 0
	for _, v := range p.views {
		for k := v.lo; k < v.mid; k++ {
			q := p.queries[k]
			if q.kept || q.heads {
				continue
			}
			for _, x := range rows {
				probability := p.s.Row(v.from + k - v.lo)[p.column[x.T]]
				if x.T != q.answer && probability != 0 {
					t.Errorf("%v is a wrong answer to %v, with probability %g", x, q, probability)
				}
				hidden++
			}
		}
	}
	if hidden != 8*12 {
		t.Errorf("%d pairs looked at, want %d", hidden, 8*12)
	}
}

// TestNewTriplesAreNoHardNegatives looks for the hardest answers to a new triple's questions.
func TestNewTriplesAreNoHardNegatives(t *testing.T) {
	w := clanWorld(t)
	f := w.follow(Options{})
	w.write(nil, []model.Triple{{H: 3, R: 2, T: 77}})
	l, h := learnerOf(t, w, f)
	h.version = w.version()
	x := []model.Triple{{H: 3, R: 2, T: 77}}[0]
	l.options.Hard = clanEntities
	best, err := l.hardest([]query{{fixed: x.H, relation: x.R, answer: x.H}}, h, rand.New(rand.NewPCG(1, 1)))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range best[0] {
		if row == x.T {
			t.Error("a triple that was just added is drawn against")
		}
	}
	if len(best[0]) < clanEntities-5 {
		t.Errorf("%d answers are left to draw against", len(best[0]))
	}
}

// TestCalibrationMovesWithTheScores doubles all scores and shifts nothing: probabilities must stay.
func TestCalibrationMovesWithTheScores(t *testing.T) {
	w := clanWorld(t)
	f := w.follow(Options{})
	l, h := learnerOf(t, w, f)
	was := l.calibration
	if err := l.recalibrate(h); err != nil {
		t.Fatal(err)
	}
	if math.Abs(l.calibration.Slope-was.Slope) > 1e-6*was.Slope || math.Abs(l.calibration.Intercept-was.Intercept) > 1e-6 {
		t.Errorf("a model that has not changed: slope %g, intercept %g become %g, %g", was.Slope, was.Intercept, l.calibration.Slope, l.calibration.Intercept)
	}
	for i := range l.tables.Relations {
		l.tables.Relations[i] *= 2
	}
	if err := l.recalibrate(h); err != nil {
		t.Fatal(err)
	}
	if math.Abs(l.calibration.Slope-was.Slope/2) > 1e-4*was.Slope || math.Abs(l.calibration.Intercept-was.Intercept) > 1e-3 {
		t.Errorf("slope %g, intercept %g become %g, %g where scores have doubled", was.Slope, was.Intercept, l.calibration.Slope, l.calibration.Intercept)
	}
	if l.calibration.Threshold != was.Threshold || !l.recalibrated {
		t.Errorf("threshold %g becomes %g, noted %v", was.Threshold, l.calibration.Threshold, l.recalibrated)
	}
}
