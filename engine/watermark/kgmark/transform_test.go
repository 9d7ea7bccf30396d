package kgmark

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/inklingdb/inkling/internal/vec"
)

func TestFourierRoundTrip(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, size := range [][2]int{{1, 1}, {4, 4}, {7, 12}, {100, 31}} {
		p := newPlane(size[0], size[1])
		x := make([]float64, size[0]*size[1])
		for i := range x {
			x[i] = random.NormFloat64()
		}
		f := p.forward(x)
		for at := range f {
			if m := f[p.mirror(at)]; math.Abs(real(m)-real(f[at]))+math.Abs(imag(m)+imag(f[at])) > 1e-9 {
				t.Fatalf("%v: coefficient %d and its mirror %d are %g and %g", size, at, p.mirror(at), f[at], m)
			}
		}
		for i, v := range p.real(f) {
			if math.Abs(v-x[i]) > 1e-12 {
				t.Fatalf("%v: number %d is %g after a round trip, was %g", size, i, v, x[i])
			}
		}
	}
	for n, want := range map[int][2]int{4096: {64, 64}, 256: {16, 16}, 24: {4, 6}, 7: {1, 7}} {
		if rows, cols := squareish(n); rows != want[0] || cols != want[1] {
			t.Errorf("%d numbers are laid out as %d x %d", n, rows, cols)
		}
	}
}

func TestOverwrittenCoefficientsAreReadBack(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 2))
	for _, oneSided := range []bool{false, true} {
		o := Options{Literal: Literal{OneSided: oneSided}}.Defaults()
		grid := newPlane(20, 16)
		x := make([]float32, 320)
		for i := range x {
			x[i] = float32(random.NormFloat64())
		}
		s := signature([]byte("key"), "test", grid)
		m := newMask(grid, randomPreference(320, random), o)
		if len(m.At) < 3 || len(m.At) > 8 {
			t.Errorf("one-sided %v: %d coefficients of 320 at a density of 0.015", oneSided, len(m.At))
		}
		before := grid.forward(widen(x))
		overwrite(grid, x, s, m)
		after := grid.forward(widen(x))
		for _, at := range m.half() {
			want := s[at]
			if oneSided { // flaw 3: half of the mark is lost
				want = (s[at] + before[at]) / 2
			}
			if d := after[at] - want; math.Hypot(real(d), imag(d)) > 1e-4 {
				t.Errorf("one-sided %v: coefficient %d is %g, want %g", oneSided, at, after[at], want)
			}
		}
	}
}

// The defaults of the authors' code leave no coefficient in the mask: p starts at most at 1, 50 steps of 0.02 add 1, and
// sigmoid(2) = 0.881 is below 0.91. The repaired mask has the density asked for.
func TestLiteralMaskIsEmpty(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 2))
	grid := newPlane(30, 16)
	draw := func() []float64 {
		x := make([]float64, 480)
		for i := range x {
			x[i] = random.NormFloat64()
		}
		return x
	}
	paths := [][]trajectory{{{draw(), draw()}, {draw(), draw()}, {draw(), draw()}}}
	s := [][]complex128{signature([]byte("key"), "test", grid)}
	literal := learnMask(grid, s, paths, Options{Literal: Literal{MaskCut: true, MaskScale: true}}.Defaults(), random)
	if len(literal.At) != 0 {
		t.Errorf("the literal mask has %d coefficients", len(literal.At))
	}
	repaired := learnMask(grid, s, paths, Options{}.Defaults(), random)
	if n := len(repaired.At); n != 8 { // 0.015·480 = 7.2, in pairs
		t.Errorf("the repaired mask has %d of 480 coefficients", n)
	}
}

// §3: each fixed-point iteration takes the error of the inversion down by an order of magnitude and more.
func TestInversionErrorFallsWithIterations(t *testing.T) {
	p := *fixture(t).pipeline
	p.sample = p.sample.RowRange(0, 40)
	all, err := p.Inversions(context.Background(), 0, 1, 2, 5)
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range all {
		t.Logf("%+v", m)
		if i > 0 && (m.RoundTrip > all[i-1].RoundTrip/3 || m.Detector > all[i-1].Detector/3) {
			t.Errorf("%d iterations: errors %.1e and %.1e after %.1e and %.1e", m.Iterations, m.RoundTrip, m.Detector, all[i-1].RoundTrip, all[i-1].Detector)
		}
	}
	if last := all[len(all)-1]; last.RoundTrip > 1e-6 || last.Calls != 450 {
		t.Errorf("five iterations: error %.1e in %d calls", last.RoundTrip, last.Calls)
	}
}

func TestCosineTransform(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 2))
	x := make([]float64, 16)
	for i := range x {
		x[i] = random.NormFloat64()
	}
	for _, c := range []struct {
		orthonormal bool
		factor      float64
	}{{true, 1}, {false, 64}} {
		tr := newTransform(4, c.orthonormal)
		for i, v := range tr.back(tr.forward(x)) {
			if math.Abs(v-c.factor*x[i]) > 1e-9 {
				t.Errorf("orthonormal %v: number %d is %g after a round trip, was %g", c.orthonormal, i, v, x[i])
			}
		}
	}
}

// §2.9: the literal baselines on white numbers have cosines of 0.52 and 0.53; repaired they cost about a hundredth.
func TestLiteralBaselinesAreStraw(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 2))
	white := normal(104, 64, random)
	for _, c := range []struct {
		scheme scheme
		lo, hi float64
		flaw   Literal
	}{
		{dwtDct{}, 0.975, 0.995, Literal{}}, {dctQim{}, 0.985, 0.999, Literal{}},
		{dwtDct{}, 0.50, 0.54, Literal{DctScale: true}}, {dctQim{}, 0.50, 0.56, Literal{QimStep: true}},
	} {
		x := newMatrix(white.Rows, white.Cols)
		copy(x.Data, white.Data)
		o := Options{Literal: c.flaw}.Defaults()
		carrier := c.scheme.embed(o, nil, x, []byte("key"))
		cosine := float64(vec.Dot(x.Data, white.Data)) / math.Sqrt(float64(vec.Dot(x.Data, x.Data))*float64(vec.Dot(white.Data, white.Data)))
		t.Logf("%T %+v: cosine %.4f", c.scheme, c.flaw, cosine)
		if cosine < c.lo || cosine > c.hi {
			t.Errorf("%T, %+v: cosine %.4f, want %g to %g", c.scheme, c.flaw, cosine, c.lo, c.hi)
		}
		v := c.scheme.observe(o, carrier, x)[0]
		if p := v.logP(v.draw([]byte("key")), o); p > -20 {
			t.Errorf("%T, %+v: log p %g with the key", c.scheme, c.flaw, p)
		}
		if p := v.logP(v.draw([]byte("another")), o); p < -9 {
			t.Errorf("%T, %+v: log p %g with another key", c.scheme, c.flaw, p)
		}
	}
}
