package watermark

import (
	"fmt"
	"math"
	"strings"

	"github.com/inklingdb/inkling/internal/vec"
)

// Table is an embedding table: row i belongs to the entity Names[i], a canonical IRI (see CanonicalIRI). Names may be
// nil where they are lost. A row whose name is "" or a blank node's has no identity: T1 and Q3 pass over it.
type Table struct {
	Names []string
	Rows  vec.Matrix // [entities × dimension]
}

// check returns an error unless the names fit the rows and every number is finite.
func (t Table) check() error {
	if t.Names != nil && len(t.Names) != t.Rows.Rows {
		return fmt.Errorf("watermark: %d names for %d rows", len(t.Names), t.Rows.Rows)
	}
	for i := range t.Rows.Rows {
		for j, x := range t.Rows.Row(i) {
			if x-x != 0 {
				return fmt.Errorf("watermark: row %d, number %d (from 0) is %v: leave the row out", i, j, x)
			}
		}
	}
	return nil
}

// identified reports whether a name stands for the same entity in another copy.
func identified(name string) bool { return name != "" && !strings.HasPrefix(name, "_:") }

// name returns row i's name, "" where it has no identity.
func (t Table) name(i int) string {
	if t.Names == nil || !identified(t.Names[i]) {
		return ""
	}
	return t.Names[i]
}

// Scale is the place and the width of each dimension of a table.
type Scale struct {
	Mean      []float32
	Deviation []float32 // standard deviation; 0 where the dimension is constant
}

// leastDeviation is the smallest normal float32: the reciprocal of less may not be finite.
const leastDeviation = 0x1p-126

// Scale returns the mean and the standard deviation of each dimension.
func (t Table) Scale() Scale {
	d := t.Rows.Cols
	mean, square := make([]float64, d), make([]float64, d)
	for i := range t.Rows.Rows {
		for j, x := range t.Rows.Row(i) {
			mean[j] += float64(x)
		}
	}
	n := float64(max(1, t.Rows.Rows))
	for j := range mean {
		mean[j] /= n
	}
	for i := range t.Rows.Rows {
		for j, x := range t.Rows.Row(i) {
			c := float64(x) - mean[j]
			square[j] += c * c
		}
	}
	s := Scale{Mean: make([]float32, d), Deviation: make([]float32, d)}
	for j := range mean {
		s.Mean[j] = float32(mean[j])
		// What rounding leaves of a constant dimension is no width, nor is one that a float32 cannot divide by.
		if v := math.Sqrt(square[j] / n); v > 1e-6*math.Abs(mean[j]) && v >= leastDeviation {
			s.Deviation[j] = float32(v)
		}
	}
	return s
}

// Varying returns the number of dimensions that are not constant.
func (s Scale) Varying() int {
	n := 0
	for _, v := range s.Deviation {
		if v > 0 {
			n++
		}
	}
	return n
}

// Distance returns how far another scale of the same dimensions is from s: the mean over dimensions of what is larger, the
// relative change of the deviation or the shift of the mean in deviations.
func (s Scale) Distance(o Scale) float64 {
	sum, n := 0.0, 0
	for j, sd := range s.Deviation {
		if sd == 0 {
			if o.Deviation[j] != 0 {
				sum, n = sum+1, n+1
			}
			continue
		}
		width := math.Abs(float64(o.Deviation[j]/sd) - 1)
		sum, n = sum+max(width, math.Abs(float64(o.Mean[j]-s.Mean[j]))/float64(sd)), n+1
	}
	return sum / float64(max(1, n))
}

// inverses returns 1/Deviation, 0 where that is 0.
func (s Scale) inverses() []float32 {
	out := make([]float32, len(s.Deviation))
	for j, v := range s.Deviation {
		if v > 0 {
			out[j] = 1 / v
		}
	}
	return out
}

// standardise sets y to (x − Mean)/Deviation.
func (s Scale) standardise(x, inverse, y []float32) {
	for j, m := range s.Mean {
		y[j] = (x[j] - m) * inverse[j]
	}
}
