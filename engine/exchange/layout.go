package exchange

import "math"

// Halve turns rows of alternating real and imaginary parts into rows of all real parts, then all imaginary ones.
// The width must be even.
func Halve(values []float32, width int) {
	half := width / 2
	imaginary := make([]float32, half)
	for ; len(values) >= width && width > 0; values = values[width:] {
		for i := range half {
			values[i], imaginary[i] = values[2*i], values[2*i+1]
		}
		copy(values[half:width], imaginary)
	}
}

// modulusSlack is how far from 1 a rotation's modulus may be: float16 keeps three digits.
const modulusSlack = 2e-3

// Angles returns, for rows of real parts and then imaginary ones, the angle in radians of each complex number, in
// (−π, π]. One that is no rotation, of modulus 1, is an error.
func (t *Matrix) Angles() ([]float32, error) {
	half := t.Width / 2
	out := make([]float32, t.Rows*half)
	for row := range t.Rows {
		x := t.Values[row*t.Width : (row+1)*t.Width]
		for i := range half {
			re, im := float64(x[i]), float64(x[half+i])
			if m := math.Hypot(re, im); math.Abs(m-1) > modulusSlack {
				return nil, inFile(t.File, "row %d, complex number %d (from 0) has modulus %.4g: a rotation's is 1; save the model's rotations, or their angles in radians", row, i, m)
			}
			out[row*half+i] = float32(math.Atan2(im, re))
		}
	}
	return out, nil
}

// Separate puts the rows of relations and of their reverses, which alternate, into two halves of the table, as
// Inkling keeps them: row 2r becomes row r, and row 2r+1 row n/2+r.
func Separate(values []float32, rows, width int) []float32 {
	out := make([]float32, len(values))
	for row := range rows {
		to := row/2 + row%2*(rows/2)
		copy(out[to*width:(to+1)*width], values[row*width:(row+1)*width])
	}
	return out
}
