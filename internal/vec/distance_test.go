package vec

import (
	"math"
	"math/rand/v2"
	"testing"
)

var metrics = []Metric{L1, SquaredL2, Moduli}

// distance64 is the distance of two rows in float64.
func distance64(m Metric, x, y []float32) float64 {
	var s float64
	difference := func(i int) float64 { return float64(x[i]) - float64(y[i]) }
	for i := range x {
		switch d := len(x) / 2; {
		case m == L1:
			s += math.Abs(difference(i))
		case m == SquaredL2:
			s += difference(i) * difference(i)
		case i < d:
			s += math.Hypot(difference(i), difference(d+i))
		}
	}
	return s
}

// evenFor returns n, one less where the metric wants an even width.
func evenFor(m Metric, n int) int {
	if m == Moduli {
		return n &^ 1
	}
	return n
}

func checkDistances(t *testing.T, name string, m Metric, got []float32, x []float32, row func(i int) []float32) {
	t.Helper()
	tolerance := 1e-6 + 2e-9*float64(len(x)) // a tile adds one by one
	for i, v := range got {
		if want := distance64(m, x, row(i)); !near(float64(v), want, want, tolerance) {
			t.Fatalf("%s, metric %d, width %d: distance %d is %g, want %g", name, m, len(x), i, v, want)
		}
	}
}

func TestDistance(t *testing.T) {
	atEveryLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(21, 1))
		for _, m := range metrics {
			for _, n := range lengths() {
				n = evenFor(m, n)
				x, y := randoms(rng, n), randoms(rng, n)
				checkDistances(t, "Distance", m, []float32{Distance(m, x, y)}, x, func(int) []float32 { return y })
				if got := Distance(m, x, clone(x)); got != 0 {
					t.Fatalf("metric %d, width %d: a row is %g from itself", m, n, got)
				}
			}
		}
	})
}

// TestDistances also pins that a row's distance does not depend on where the work is cut.
func TestDistances(t *testing.T) {
	atEveryLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(22, 1))
		for _, m := range metrics {
			for _, rows := range []int{0, 1, 2, 3, 4, 5, 7, 8, 31} {
				for _, cols := range []int{0, 1, 2, 7, 16, 33, 62, 64, 100, 200, 257} {
					cols = evenFor(m, cols)
					a, x, out := randoms(rng, rows*cols), randoms(rng, cols), randoms(rng, rows)
					Distances(m, a, rows, cols, x, out)
					checkDistances(t, "Distances", m, out, x, func(i int) []float32 { return a[i*cols : (i+1)*cols] })
					again, cut := make([]float32, rows), rows/3
					Distances(m, a, cut, cols, x, again)
					Distances(m, a[cut*cols:], rows-cut, cols, x, again[cut:])
					checkRow(t, "Distances in two parts", again, out, 0)
				}
			}
		}
	})
}

func TestDistancesNT(t *testing.T) {
	atEveryLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(23, 1))
		for _, metric := range metrics {
			for _, s := range append(shapes, [3]int{26, 70, 1100}) {
				m, n, k := s[0], s[1], evenFor(metric, s[2])
				a, b, c := randomMatrix(rng, m, k), randomMatrix(rng, n, k), randomMatrix(rng, m, n)
				before := clone(c.Data)
				other := c
				other.Data = clone(c.Data)
				DistancesNT(metric, c, a, b, 1)
				DistancesNT(metric, other, a, b, 3)
				for i := range m {
					checkDistances(t, "DistancesNT", metric, c.Row(i), a.Row(i), b.Row)
					checkRow(t, "DistancesNT by three workers", other.Row(i), c.Row(i), 0)
					copy(before[i*c.Stride:], c.Row(i))
				}
				checkRow(t, "around DistancesNT", c.Data, before, 0)
			}
		}
	})
}

// TestModulus walks the range of float32: the relative error of one modulus is bounded as Metric states, and no
// number, however large or small, gives NaN.
func TestModulus(t *testing.T) {
	atEveryLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(24, 1))
		var worst float64
		for range 20000 {
			size := math.Exp2(rng.Float64()*124 - 62)
			x := []float32{float32(rng.NormFloat64() * size), float32(rng.NormFloat64() * size)}
			want := math.Hypot(float64(x[0]), float64(x[1]))
			got := float64(Distance(Moduli, x, []float32{0, 0}))
			worst = max(worst, math.Abs(got/want-1))
		}
		t.Logf("largest relative error of a modulus: %.2g", worst)
		if worst > 5e-7 {
			t.Errorf("a modulus is off by %.2g of itself", worst)
		}
		for exponent := -150; exponent < 128; exponent++ {
			x := []float32{float32(math.Ldexp(1, exponent)), -float32(math.Ldexp(1, exponent/2))}
			want := math.Hypot(float64(x[0]), float64(x[1]))
			got := float64(Distance(Moduli, x, []float32{0, 0}))
			if small, large := want < 1e-18, want > 1.8e19; !(small && got <= 1e-18 || large && got >= 1.8e19 || near(got, want, want, 5e-7)) {
				t.Errorf("|%g + %gi| is %g, want %g", x[0], x[1], got, want)
			}
		}
	})
}

func TestDistancePanics(t *testing.T) {
	x := make([]float32, 3)
	for name, do := range map[string]func(){
		"an odd complex width":  func() { Distance(Moduli, x, x) },
		"an unknown metric":     func() { Distance(Moduli+1, x, x) },
		"a missing table row":   func() { DotGather(x, 3, []uint32{0, 1}, x, make([]float32, 2)) },
		"a missing gradient":    func() { DotGatherGrad(x, x, 1, []uint32{2}, x, nil, x[:2]) },
		"an unknown modulus":    func() { AddCubeNorm(1, x, x, 3) },
		"shapes that don't fit": func() { DistancesNT(L1, MatrixOf(x, 3, 1), MatrixOf(x, 1, 3), MatrixOf(x, 3, 1), 1) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			do()
		})
	}
}
