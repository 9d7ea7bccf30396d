package kgmark

import "gonum.org/v1/gonum/dsp/fourier"

// plane is a 2-D discrete Fourier transform of rows×cols numbers. It holds work space: one goroutine at a time.
type plane struct {
	rows, cols   int
	across, down *fourier.CmplxFFT
	column       []complex128
}

func newPlane(rows, cols int) *plane {
	return &plane{rows, cols, fourier.NewCmplxFFT(cols), fourier.NewCmplxFFT(rows), make([]complex128, rows)}
}

// forward returns the coefficients of real numbers given row by row, not normalised: Σ x·e^{−iω}.
func (p *plane) forward(x []float64) []complex128 {
	f := make([]complex128, p.rows*p.cols)
	for i, v := range x {
		f[i] = complex(v, 0)
	}
	for i := range p.rows {
		row := f[i*p.cols : (i+1)*p.cols]
		p.across.Coefficients(row, row)
	}
	p.columns(f, func(c []complex128) { p.down.Coefficients(c, c) })
	return f
}

// real returns the real part of the inverse transform, which is all of it where f is Hermitian. f is lost.
func (p *plane) real(f []complex128) []float64 {
	for i := range p.rows {
		row := f[i*p.cols : (i+1)*p.cols]
		p.across.Sequence(row, row)
	}
	p.columns(f, func(c []complex128) { p.down.Sequence(c, c) })
	x := make([]float64, len(f))
	for i, v := range f {
		x[i] = real(v) / float64(len(f))
	}
	return x
}

// columns replaces each column by what do makes of it.
func (p *plane) columns(f []complex128, do func([]complex128)) {
	for j := range p.cols {
		for i := range p.rows {
			p.column[i] = f[i*p.cols+j]
		}
		do(p.column)
		for i := range p.rows {
			f[i*p.cols+j] = p.column[i]
		}
	}
}

// mirror returns the coefficient that is the conjugate of coefficient at in a transform of real numbers.
func (p *plane) mirror(at int) int {
	i, j := at/p.cols, at%p.cols
	return (p.rows-i)%p.rows*p.cols + (p.cols-j)%p.cols
}

// squareish returns the sides of the most square rectangle of n numbers, the shorter first: 64 x 64 for 4096, the
// source's "image" of an entity.
func squareish(n int) (rows, cols int) {
	rows = 1
	for i := 1; i*i <= n; i++ {
		if n%i == 0 {
			rows = i
		}
	}
	return rows, n / rows
}
