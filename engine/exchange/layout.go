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

// Turns returns, for rows of angles in radians, the rotations by them: twice as many numbers a row, the cosines and
// then the sines.
func Turns(angles []float32, width int) []float32 {
	out := make([]float32, 2*len(angles))
	for i, a := range angles {
		row, at := i/width, i%width
		sin, cos := math.Sincos(float64(a))
		out[2*row*width+at], out[(2*row+1)*width+at] = float32(cos), float32(sin)
	}
	return out
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
