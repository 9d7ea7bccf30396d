package kgmark

import (
	"math"

	"github.com/inklingdb/inkling/internal/vec"
)

// transform is the discrete cosine transform of n×n blocks: orthonormal, or as the sums of the definition without a
// factor (2·Σ x·cos), of which forth and back make 2n times the numbers along each side.
type transform struct {
	n           int
	orthonormal bool
	matrix      []float64 // row k: the k-th cosine
}

func newTransform(n int, orthonormal bool) transform {
	t := transform{n, orthonormal, make([]float64, n*n)}
	for k := range n {
		factor := 2.0
		if orthonormal {
			factor = math.Sqrt(2 / float64(n))
			if k == 0 {
				factor = math.Sqrt(1 / float64(n))
			}
		}
		for i := range n {
			t.matrix[k*n+i] = factor * math.Cos(math.Pi*(float64(i)+0.5)*float64(k)/float64(n))
		}
	}
	return t
}

// forward returns the coefficients of a block given row by row.
func (t transform) forward(x []float64) []float64 {
	return t.both(x, func(k, i int) float64 { return t.matrix[k*t.n+i] })
}

// back returns the block of coefficients; of an unnormalised transform the matching one (type III), (2n)² times as large.
func (t transform) back(c []float64) []float64 {
	return t.both(c, func(i, k int) float64 {
		if k == 0 && !t.orthonormal { // type III counts the constant once, all others twice
			return 1
		}
		return t.matrix[k*t.n+i]
	})
}

// both returns A·x·Aᵀ.
func (t transform) both(x []float64, a func(i, j int) float64) []float64 {
	n := t.n
	half, out := make([]float64, n*n), make([]float64, n*n)
	for i := range n {
		for j := range n {
			for k := range n {
				half[i*n+j] += a(i, k) * x[k*n+j]
			}
		}
	}
	for i := range n {
		for j := range n {
			for k := range n {
				out[i*n+j] += half[i*n+k] * a(j, k)
			}
		}
	}
	return out
}

// eachBlock calls do with each whole block of x and writes back what it returns, nil for nothing.
func (t transform) eachBlock(x vec.Matrix, do func(block []float64) []float64) {
	block := make([]float64, t.n*t.n)
	for i := 0; i+t.n <= x.Rows; i += t.n {
		for j := 0; j+t.n <= x.Cols; j += t.n {
			for a := range t.n {
				for b := range t.n {
					block[a*t.n+b] = float64(x.Row(i + a)[j+b])
				}
			}
			for at, v := range do(block) {
				x.Row(i + at/t.n)[j+at%t.n] = float32(v)
			}
		}
	}
}

// band returns the places of a block's coefficients on the given diagonals.
func (t transform) band(lo, hi int) []int {
	var places []int
	for at := range t.n * t.n {
		if d := at/t.n + at%t.n; d >= lo && d <= hi {
			places = append(places, at)
		}
	}
	return places
}

// deviation returns the standard deviation of x's numbers.
func deviation(x vec.Matrix) float64 {
	s := 0.0
	mean := 0.0
	n := float64(x.Rows * x.Cols)
	for i := range x.Rows {
		for _, v := range x.Row(i) {
			mean += float64(v) / n
			s += float64(v) * float64(v) / n
		}
	}
	return math.Sqrt(max(s-mean*mean, 1e-12))
}

// dwtDct adds normal numbers of the key to middle cosine coefficients of 4×4 blocks of the low band of a Haar wavelet
// transform of the table: Cox, Miller, Bloom, Fridrich, Kalker 2007, spread spectrum.
type dwtDct struct{}

// dwtDctStrength is the mark's deviation in that of the table. It costs a cosine of 0.014, about what the source's other
// methods do.
const dwtDctStrength = 0.5

func (dwtDct) latent() bool { return false }

// low returns the low band of the orthonormal Haar transform of the even part of x, and a function that puts it back.
func low(x vec.Matrix) (band vec.Matrix, restore func(vec.Matrix)) {
	band = newMatrix(x.Rows/2, x.Cols/2)
	for i := range band.Rows {
		a, b := x.Row(2*i), x.Row(2*i+1)
		for j := range band.Cols {
			band.Row(i)[j] = (a[2*j] + a[2*j+1] + b[2*j] + b[2*j+1]) / 2
		}
	}
	return band, func(old vec.Matrix) { // the other bands stay: each of the four numbers moves by half the change
		for i := range band.Rows {
			a, b := x.Row(2*i), x.Row(2*i+1)
			for j := range band.Cols {
				change := (band.Row(i)[j] - old.Row(i)[j]) / 2
				a[2*j] += change
				a[2*j+1] += change
				b[2*j] += change
				b[2*j+1] += change
			}
		}
	}
}

func (dwtDct) embed(o Options, _ *part, x vec.Matrix, key []byte) Carrier {
	t := newTransform(4, !o.Literal.DctScale)
	strength := dwtDctStrength * deviation(x)
	if o.Literal.DctScale {
		strength *= 8 // of a coefficient of the unnormalised transform
	}
	band, restore := low(x)
	old := newMatrix(band.Rows, band.Cols)
	copy(old.Data, band.Data)
	random := stream(key, "dwt-dct")
	t.eachBlock(band, func(block []float64) []float64 {
		c := t.forward(block)
		for _, at := range t.band(2, 3) {
			c[at] += strength * random.NormFloat64()
		}
		return t.back(c)
	})
	restore(old)
	return Carrier{Size: x.Rows}
}

func (dwtDct) observe(_ Options, _ Carrier, x vec.Matrix) []observation {
	t := newTransform(4, true)
	band, _ := low(x)
	y := t.coefficients(band, t.band(2, 3))
	return []observation{{layer: "table", y: y, variance: 1, draw: func(key []byte) []float64 {
		random := stream(key, "dwt-dct")
		s := make([]float64, len(y))
		for i := range s {
			s[i] = random.NormFloat64()
		}
		return s
	}}}
}

// coefficients returns those at the given places of every block.
func (t transform) coefficients(x vec.Matrix, places []int) []float64 {
	var y []float64
	t.eachBlock(x, func(block []float64) []float64 {
		c := t.forward(block)
		for _, at := range places {
			y = append(y, c[at])
		}
		return nil
	})
	return y
}

// dctQim moves middle cosine coefficients of 8×8 blocks of the table to the nearest point of one of two lattices, by a
// bit of the key: quantisation index modulation, Chen and Wornell 2001.
type dctQim struct{}

// The step of the lattices in deviations of the table, and the one of the source's code.
const (
	qimStep        = 1.0
	literalQimStep = 15.5
)

func (dctQim) latent() bool { return false }

// places are 8 of a block's 64 coefficients.
func (dctQim) places(t transform) []int { return t.band(5, 6)[:8] }

func (q dctQim) embed(o Options, _ *part, x vec.Matrix, key []byte) Carrier {
	c := Carrier{Size: x.Rows, Step: qimStep * deviation(x)}
	if o.Literal.QimStep {
		c.Step = literalQimStep
	}
	t := newTransform(8, true)
	random := stream(key, "dct-qim")
	t.eachBlock(x, func(block []float64) []float64 {
		f := t.forward(block)
		for _, at := range q.places(t) {
			shift := coin(random.IntN(2)) * c.Step / 4
			f[at] = math.Round((f[at]-shift)/c.Step)*c.Step + shift
		}
		return t.back(f)
	})
	return c
}

func (q dctQim) observe(_ Options, c Carrier, x vec.Matrix) []observation {
	t := newTransform(8, true)
	y := t.coefficients(x, q.places(t))
	for i, v := range y { // positive nearer to the lattice shifted by a quarter, negative nearer to the other
		y[i] = math.Sin(2 * math.Pi * v / c.Step)
	}
	return []observation{{layer: "table", y: y, signs: true, draw: keyedSigns("dct-qim", len(y))}}
}
