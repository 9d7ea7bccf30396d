package watermark

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/inklingdb/inkling/internal/vec"
)

// attack changes a copy of a marked table.
type attack struct {
	name string
	do   func(t Table, rng *rand.Rand) Table
	t1   float64 // share of the clean z that should be left, at least
	t2   float64
	q3   float64
}

func noise(share, width float64) func(Table, *rand.Rand) Table {
	return func(t Table, rng *rand.Rand) Table {
		for i := range t.Rows.Rows {
			if rng.Float64() >= share {
				continue
			}
			row := t.Rows.Row(i)
			for j := range row {
				row[j] += float32(width * rng.NormFloat64())
			}
		}
		return t
	}
}

func deletion(share float64) func(Table, *rand.Rand) Table {
	return func(t Table, rng *rand.Rand) Table {
		var out Table
		d := t.Rows.Cols
		for i := range t.Rows.Rows {
			if rng.Float64() >= share {
				out.Names = append(out.Names, t.Names[i])
				out.Rows.Data = append(out.Rows.Data, t.Rows.Row(i)...)
			}
		}
		out.Rows = vec.MatrixOf(out.Rows.Data, len(out.Names), d)
		return out
	}
}

// smoothing replaces each row by the mean of it and three others.
func smoothing(t Table, rng *rand.Rand) Table {
	from := copyOf(t)
	for i := range t.Rows.Rows {
		row := t.Rows.Row(i)
		for range 3 {
			vec.Axpy(1, from.Rows.Row(rng.IntN(t.Rows.Rows)), row)
		}
		vec.Scale(0.25, row)
	}
	return t
}

func namesLost(t Table, rng *rand.Rand) Table {
	rng.Shuffle(len(t.Names), func(i, j int) { t.Names[i], t.Names[j] = t.Names[j], t.Names[i] })
	return t
}

// gauge turns pairs of dimensions by angles of their own and permutes all.
func gauge(t Table, rng *rand.Rand) Table {
	d := t.Rows.Cols
	order := rng.Perm(d)
	angles := make([]float64, d/2)
	for k := range angles {
		angles[k] = 2 * math.Pi * rng.Float64()
	}
	turned := make([]float32, d)
	for i := range t.Rows.Rows {
		row := t.Rows.Row(i)
		for k, a := range angles {
			re, im := float64(row[k]), float64(row[k+d/2])
			turned[order[k]] = float32(re*math.Cos(a) - im*math.Sin(a))
			turned[order[k+d/2]] = float32(re*math.Sin(a) + im*math.Cos(a))
		}
		copy(row, turned)
	}
	return t
}

// halfPrecision keeps eleven bits of each number, as float16 does.
func halfPrecision(t Table, _ *rand.Rand) Table {
	for i, x := range t.Rows.Data {
		f, e := math.Frexp(float64(x))
		t.Rows.Data[i] = float32(math.Ldexp(math.Round(f*2048)/2048, e))
	}
	return t
}

// In units of the clean z, what section 3 of the design measured, less a margin for this small table.
var attacks = []attack{
	{"clean", func(t Table, _ *rand.Rand) Table { return t }, 0.99, 0.99, 0.99},
	{"noise on half, 1 sd", noise(0.5, 1), 0.7, 0.4, 0.5},
	{"noise on all, 1 sd", noise(1, 1), 0.6, 0.1, 0.4},
	{"noise on all, 3 sd", noise(1, 3), 0.22, -1, -1},
	{"smoothing, all", smoothing, 0.38, 0.1, 0.15},
	{"half the rows deleted", deletion(0.5), 0.64, 0.6, 0.4},
	{"names lost", namesLost, -1, 0.99, -1},
	{"gauge and permuted dimensions", gauge, -1, -1, 0.99},
	{"half precision", halfPrecision, 0.99, 0.95, 0.99},
	{"scaled and shifted", func(t Table, _ *rand.Rand) Table {
		for i, x := range t.Rows.Data {
			t.Rows.Data[i] = 7*x + 3
		}
		return t
	}, 0.99, 0.98, 0.99},
}

func TestMarkSurvives(t *testing.T) {
	table := gaussian(4000, 128, 7)
	key := graphKey(7)
	m, mark := marked(t, table, key, Sizing{Cosine: 0.998})
	clean := scoresOf(t, m, key)
	t.Logf("strengths %+v", mark.Strengths)
	for n, a := range attacks {
		got := scoresOf(t, a.do(copyOf(m), rand.New(rand.NewPCG(9, uint64(n)))), key)
		t.Logf("%-30s T1 %5.1f  T2 %5.1f  Q3 %5.1f", a.name, got[T1].Z, got[T2].Z, got[Q3].Z)
		for c, share := range []float64{a.t1, a.t2, a.q3} {
			if share < 0 {
				continue
			}
			if got[c].Z < share*clean[c].Z {
				t.Errorf("%s: %s has z = %.1f, clean %.1f", a.name, Channel(c), got[c].Z, clean[c].Z)
			}
		}
	}
}

// A mark is as strong as its forecast, and costs what it says.
func TestForecastHolds(t *testing.T) {
	for _, c := range []struct {
		n, d int
		s    Sizing
	}{{4000, 64, Sizing{}}, {2000, 256, Sizing{Cosine: 0.998}}, {3000, 128, Sizing{Z: 20}}, {20_000, 64, Sizing{Z: 12}}} {
		table := gaussian(c.n, c.d, uint64(c.n))
		strength, want, err := c.s.Strength(table, table.Scale())
		if err != nil {
			t.Fatal(err)
		}
		m, _ := marked(t, table, graphKey(3), c.s)
		got := scoresOf(t, m, graphKey(3))
		for i, z := range []float64{want.T1, want.T2, want.Q3} {
			// A statistic has deviation 1 without a mark; Q3's grows with its mean.
			if margin := 4 + 0.08*z; math.Abs(got[i].Z-z) > margin {
				t.Errorf("%d × %d, %+v: %s reaches %.1f, forecast %.1f", c.n, c.d, strength, Channel(i), got[i].Z, z)
			}
		}
		if cosine := meanCosine(table.Rows, m.Rows); math.Abs(cosine-want.Cosine) > 0.03*(1-want.Cosine) {
			t.Errorf("%d × %d: cosine %.5f, forecast %.5f", c.n, c.d, cosine, want.Cosine)
		}
		if c.s.Cosine != 0 && math.Abs(want.Cosine-c.s.Cosine) > 1e-9 {
			t.Errorf("cosine %g asked, %g forecast", c.s.Cosine, want.Cosine)
		}
	}
}

func TestTooSmallIsRefused(t *testing.T) {
	small := gaussian(300, 64, 1)
	if _, _, err := (Sizing{}).Strength(small, small.Scale()); !errors.Is(err, ErrTooSmall) {
		t.Errorf("300 × 64: %v", err)
	}
	thin := gaussian(400, 64, 1)
	if _, _, err := (Sizing{Cosine: 0.9999}).Strength(thin, thin.Scale()); !errors.Is(err, ErrTooSmall) {
		t.Errorf("cosine 0.9999 of 400 × 64: %v", err)
	}
	if _, _, err := (Sizing{Z: 40}).Strength(thin, thin.Scale()); !errors.Is(err, ErrTooSmall) {
		t.Errorf("z 40 of 400 × 64: %v", err)
	}
	for _, s := range []Sizing{{Cosine: 0.5}, {Cosine: 1}, {Z: 1}, {Z: 20, Cosine: 0.999}, {Cosine: math.NaN()}} {
		if _, _, err := s.Strength(thin, thin.Scale()); err == nil || errors.Is(err, ErrTooSmall) {
			t.Errorf("%+v: %v", s, err)
		}
	}
}

// A part of a marked table whose rows lie apart from the rest keeps T2 when the mark's scale is known; without it most
// parities are told otherwise.
func TestPartKeepsParities(t *testing.T) {
	table := gaussian(4000, 128, 31)
	rng := rand.New(rand.NewPCG(31, 2))
	for j := range 128 { // the first 300 rows have another place and width in each dimension
		shift, width := float32(1.5*rng.NormFloat64()), float32(0.5+rng.Float64())
		for i := range 300 {
			row := table.Rows.Row(i)
			row[j] = width*row[j] + shift
		}
	}
	key := graphKey(31)
	m, mark := marked(t, table, key, Sizing{Cosine: 0.998})
	part := Table{m.Names[:300], m.Rows.RowRange(0, 300)}
	own, known := scoresOf(t, part, key)[T2].Z, scoresOf(t, part, key.Of(&mark.Scale, 4000))[T2].Z
	want := mark.T2 * math.Sqrt(300*112)
	if known < 0.85*want || own > 0.7*known {
		t.Errorf("z of the part: %.1f by its own scale, %.1f by the mark's; %.1f expected", own, known, want)
	}
	// Other units and origins are still met: the part then does not look like one of the table.
	moved := copyOf(part)
	for i, x := range moved.Rows.Data {
		moved.Rows.Data[i] = 7*x + 3
	}
	if got := scoresOf(t, moved, key.Of(&mark.Scale, 4000))[T2].Z; math.Abs(got-own) > 0.2*own+1 {
		t.Errorf("moved: z %.1f, as it was %.1f", got, own)
	}
	if got := scoresOf(t, part, graphKey(32).Of(&mark.Scale, 4000))[T2].Z; math.Abs(got) > 5 {
		t.Errorf("another key: z %.1f", got)
	}
}
