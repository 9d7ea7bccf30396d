package watermark

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/inklingdb/inkling/internal/vec"
)

// strongest returns the table with the strongest mark of a channel that Sizing allows.
func strongest(t *testing.T, table Table, k *GraphKey, c Channel) Table {
	t.Helper()
	scale := table.Scale()
	a := math.Sqrt((1 - leastCosine) / table.figures(scale).perStep)
	m := Mark{Strengths{T1: a}, scale}
	if c == T2 {
		m.Strengths = Strengths{T2: a / math.Sqrt(table.figures(scale).offDirections())}
	}
	rows, err := m.Apply(context.Background(), k, table, 1)
	if err != nil {
		t.Fatal(err)
	}
	out := Table{table.Names, rows}
	if cosine := meanCosine(table.Rows, rows); rows.Cols > 8 && len(rows.Data) > 1000 && math.Abs(cosine-leastCosine) > 0.003 {
		t.Fatalf("cosine %g", cosine)
	}
	return out
}

// Over sizes, the z of the strongest mark is as said: tables on which it could alarm are tested, and it does; where it could
// not, the reason tells the figure.
func TestTablesAreTestedByPower(t *testing.T) {
	tested, refused := 0, 0
	for _, size := range [][2]int{{1, 1}, {2, 5}, {5, 8}, {3, 64}, {5, 64}, {40, 8}, {6, 64}, {8, 64}, {12, 64}, {25, 64}, {200, 10}, {50, 128}, {135, 64}, {300, 64}, {5000, 3}} {
		table := gaussian(size[0], size[1], uint64(size[0]))
		sum, alarms, power, reason := 0.0, 0, 0.0, ""
		const keys = 12
		for i := range keys {
			key := testKey(byte(i))
			copied := strongest(t, table, key.Graph(UUID{7}), T1)
			s, err := NewSuspect(context.Background(), copied, 1)
			if err != nil {
				t.Fatal(err)
			}
			power, reason = s.Attainable(), s.Reason()
			s.demand(0) // by itself
			scores, err := s.Test(context.Background(), []*GraphKey{key.Graph(UUID{7})})
			if err != nil {
				t.Fatal(err)
			}
			sum += scores[0][T1].Z
			e, err := Detect(context.Background(), Copy{Table: &copied}, []Candidate{{key, Marked{Graph: UUID{7}}}}, 0, 1)
			if err != nil || (e.Verdict == TooSmall) != (reason != "") || e.Results[T1].Reason != reason {
				t.Fatalf("%v: %+v, %q, %v", size, e, reason, err)
			}
			if e.Verdict == Altered {
				alarms++
			}
			if reason != "" && (scores[0][T1].Z > AlarmZ(DefaultAlpha, 1) || !strings.Contains(reason, "z = ")) {
				t.Errorf("%v: z = %g is not tested: %s", size, scores[0][T1].Z, reason)
			}
		}
		mean, alarm := sum/keys, AlarmZ(DefaultAlpha, 1)
		t.Logf("%v: z = %.1f, expected %.1f, an alarm takes %.1f, %d of %d alarm; %s", size, mean, power, alarm, alarms, keys, reason)
		if reason == "" {
			tested++
		} else {
			refused++
		}
		if (reason != "") != (power+chance < alarm) || power > alarm+chance && alarms < keys || mean > power+1 || size[1] > 8 && mean < 0.9*power-1 {
			t.Errorf("%v: z = %.1f, expected %.1f, %d of %d alarm; %q", size, mean, power, alarms, keys, reason)
		}
	}
	if tested < 5 || refused < 3 {
		t.Errorf("%d sizes are tested, %d are not", tested, refused)
	}
}

// A lower alarm, by a higher rate or fewer keys, is tested on smaller tables; no name and few dimensions leave nothing to test.
func TestPowerGoesByTheAlarm(t *testing.T) {
	if z := AlarmZ(DefaultAlpha, 1); math.Abs(hoeffdingLog10(z)+math.Log10(5)+9) > 1e-9 || AlarmZ(0.01, 1) >= z || AlarmZ(DefaultAlpha, 100) <= z {
		t.Errorf("an alarm takes %g", z)
	}
	verdict := func(table Table, candidates int, alpha float64) Evidence {
		t.Helper()
		var list []Candidate
		for i := range candidates {
			list = append(list, Candidate{testKey(byte(i)), Marked{Graph: UUID{byte(i >> 8), 1}}})
		}
		e, err := Detect(context.Background(), Copy{Table: &table}, list, alpha, 1)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	small := gaussian(10, 64, 3)
	if e := verdict(small, 1, 0); e.Verdict != NoMark {
		t.Errorf("one key: %+v", e)
	}
	if e := verdict(small, 300, 0); e.Verdict != TooSmall {
		t.Errorf("300 keys: %+v", e)
	}
	if e := verdict(small, 300, 0.01); e.Verdict != NoMark {
		t.Errorf("300 keys and a loose rate: %+v", e)
	}
	nameless := gaussian(5000, 32, 3)
	nameless.Names = nil
	if e := verdict(nameless, 1, 0); e.Verdict != TooSmall || !strings.Contains(e.Results[T1].Reason, "z = 0.0") {
		t.Errorf("no name and 32 dimensions: %+v", e)
	}
	nameless = strongest(t, gaussian(60, 128, 3), testKey(0).Graph(UUID{0, 1}), T2)
	nameless.Names = nil
	if e := verdict(nameless, 1, 0); e.Verdict != Altered || e.Channel != "t2" {
		t.Errorf("no name and 128 dimensions: %+v", e)
	}
}

// Whoever edits a copy cannot make it look too small by a row of nearly zeros or by moving the origin.
func TestPowerIsNotEditedAway(t *testing.T) {
	table := gaussian(135, 64, 4)
	key := testKey(1)
	m := strongest(t, table, key.Graph(UUID{2}), T1)
	for name, edit := range map[string]func(Table){
		"as it is":   func(Table) {},
		"a tiny row": func(c Table) { vec.Scale(1e-20, c.Rows.Row(3)) },
		"an offset": func(c Table) {
			for i := range c.Rows.Data {
				c.Rows.Data[i] += 50
			}
		},
		"a huge row": func(c Table) { vec.Scale(20, c.Rows.Row(5)) },
	} {
		c := copyOf(m)
		edit(c)
		if e, err := Detect(context.Background(), Copy{Table: &c}, []Candidate{{key, Marked{Graph: UUID{2}}}}, 0, 1); err != nil || e.Verdict != Altered {
			t.Errorf("%s: %+v %v", name, e, err)
		}
	}
}
