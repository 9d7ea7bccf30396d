package watermark

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/inklingdb/inkling/internal/vec"
)

// hostile returns tables on which tests that model the data fail: heavy tails, one huge row, rows that repeat, a
// table of low rank, and one that holds another key's mark.
func hostile(t *testing.T) map[string]Table {
	t.Helper()
	rng := rand.New(rand.NewPCG(5, 5))
	tables := map[string]Table{"normal": gaussian(320, 64, 1)}
	heavy := gaussian(320, 64, 2)
	for i := range heavy.Rows.Data {
		heavy.Rows.Data[i] /= float32(0.05 + math.Abs(rng.NormFloat64()))
	}
	huge := gaussian(320, 64, 3)
	vec.Scale(1000, huge.Rows.Row(17))
	repeats := gaussian(320, 64, 4)
	for i := range repeats.Rows.Rows {
		repeats.Names[i] = repeats.Names[i%40]
		copy(repeats.Rows.Row(i), repeats.Rows.Row(i%40))
	}
	flat := gaussian(320, 64, 5)
	for i := range flat.Rows.Rows {
		row := flat.Rows.Row(i)
		for j := range row {
			row[j] = row[j%3]*float32(1+j) + 1e-3*row[j]
		}
	}
	other, _ := marked(t, gaussian(400, 64, 6), graphKey(200), Sizing{Cosine: 0.98})
	tables["heavy tails"], tables["one huge row"], tables["repeats"], tables["low rank"], tables["another mark"] = heavy, huge, repeats, flat, other
	return tables
}

// At each level the share of keys that alarm stays within what chance allows of the bound: 6 deviations of the count.
func TestFalseAlarmsStayBelowTheirBound(t *testing.T) {
	const keys = 250
	levels := []float64{0.1, 0.01, 1e-3}
	for name, table := range hostile(t) {
		s, err := NewSuspect(context.Background(), table, 2)
		if err != nil || s.reason != "" {
			t.Fatal(name, err, s.reason)
		}
		var list []*GraphKey
		for i := range keys {
			list = append(list, testKey(byte(i)).Graph(UUID{byte(i >> 8), 9}))
		}
		scores, err := s.Test(context.Background(), list)
		if err != nil {
			t.Fatal(err)
		}
		var alarms [Triples][3]int
		for _, key := range scores {
			for c, r := range key {
				for l, level := range levels {
					if r.Log10P <= math.Log10(level) {
						alarms[c][l]++
					}
				}
			}
		}
		for c := range alarms {
			for l, level := range levels {
				if got, most := float64(alarms[c][l]), level*keys+6*math.Sqrt(level*keys); got > most {
					t.Errorf("%s, %s: %g of %d keys at level %g, at most %.0f", name, Channel(c), got, keys, level, most)
				}
			}
		}
		t.Logf("%s: %v", name, alarms)
	}
}

// Of the binomial tail, which is exact, the share must also not be far below.
func TestTriplesAreCalibrated(t *testing.T) {
	list := facts(800)
	const keys = 1500
	alarms := 0
	for i := range keys {
		test := testKey(byte(i)).Graph(UUID{byte(i >> 8), 3}).TripleTest(4)
		test.Add(list...)
		if test.Result().Log10P <= -1 {
			alarms++
		}
	}
	// The tail is a step function: at a level of 0.1 it alarms with 0.06 to 0.1.
	if share := float64(alarms) / keys; share > 0.1+0.03 || share < 0.05 {
		t.Errorf("%.3f of the keys alarm at 0.1", share)
	}
}

func TestWrongKeysAndWrongGraphsFindNothing(t *testing.T) {
	table := gaussian(2000, 64, 1)
	m, _ := marked(t, table, testKey(1).Graph(UUID{1}), Sizing{})
	right := Candidate{testKey(1), Marked{Graph: UUID{1}}}
	for _, c := range []struct {
		name string
		list []Candidate
		want Verdict
	}{
		{"the key", []Candidate{right}, Altered},
		{"among others", []Candidate{{testKey(2), Marked{Graph: UUID{1}}}, right, {testKey(1), Marked{Graph: UUID{2}}}}, Altered},
		{"another key", []Candidate{{testKey(2), Marked{Graph: UUID{1}}}}, NoMark},
		{"another graph", []Candidate{{testKey(1), Marked{Graph: UUID{2}}}}, NoMark},
		{"no key", nil, NoMark},
	} {
		e, err := Detect(context.Background(), Copy{Table: &m}, c.list, 0, 2)
		if err != nil {
			t.Fatal(err)
		}
		if e.Verdict != c.want || e.Verdict == Altered && (e.Owner != "key 1" || e.Graph != (UUID{1}).String()) {
			t.Errorf("%s: %+v", c.name, e)
		}
	}
	right.Marked.Digests = []string{m.Digest()}
	e, err := Detect(context.Background(), Copy{Table: &m}, []Candidate{right}, 0, 2)
	if err != nil || e.Verdict != Intact {
		t.Errorf("%+v %v", e, err)
	}
	m.Rows.Row(3)[3] += 1e-3
	if e, _ := Detect(context.Background(), Copy{Table: &m}, []Candidate{right}, 0, 2); e.Verdict != Altered {
		t.Errorf("a changed number: %+v", e)
	}
	small := gaussian(20, 64, 1)
	if e, _ := Detect(context.Background(), Copy{Table: &small}, []Candidate{right}, 0, 2); e.Verdict != TooSmall || e.Results[0].Reason == "" {
		t.Errorf("20 rows: %+v", e)
	}
}

// A rate that is none would make every comparison with it fail, and a copy without a mark pass for a marked one.
func TestDetectRefusesARateThatIsNone(t *testing.T) {
	clean := gaussian(400, 64, 9)
	list := []Candidate{{testKey(1), Marked{Graph: UUID{1}}}}
	for _, alpha := range []float64{math.NaN(), -0.1, 1, 2, math.Inf(1)} {
		if e, err := Detect(context.Background(), Copy{Table: &clean}, list, alpha, 1); err == nil || e.Verdict == Altered {
			t.Errorf("alpha %g: %q, %v", alpha, e.Verdict, err)
		}
	}
}

// A copy whose numbers were scaled to near nothing has no deviation that a float32 can divide by.
func TestNoNumberIsLostOnATinyTable(t *testing.T) {
	for _, by := range []float32{1e-38, 3e-40, 1e-44} {
		tiny := gaussian(400, 64, 9)
		vec.Scale(by, tiny.Rows.Data)
		e, err := Detect(context.Background(), Copy{Table: &tiny}, []Candidate{{testKey(1), Marked{Graph: UUID{1}}}}, 0, 1)
		if err != nil || math.IsNaN(e.Z) || e.Verdict == Altered {
			t.Errorf("times %g: %+v, %v", by, e, err)
		}
		for _, r := range e.Results {
			if math.IsNaN(r.Z) || math.IsNaN(r.Log10P) {
				t.Errorf("times %g: %+v", by, r)
			}
		}
	}
}
