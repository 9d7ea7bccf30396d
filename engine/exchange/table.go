package exchange

import (
	"context"
	"encoding/binary"
	"io"
	"math"
)

// Table is an array of numbers in a file, as its header describes it. The first dimension counts rows, the others
// together make a row's width.
type Table struct {
	File    string
	Name    string // of a tensor; "" in an npy file
	Rows    int
	Width   int  // real numbers in a row: a complex one is two, real and imaginary
	Complex bool // the elements are complex: a row alternates real and imaginary parts

	shape   []int
	element element
	fortran bool // the first index varies fastest
	data    io.ReaderAt
	at      int64 // of the first element, in data
}

// newTable checks a shape against the bytes there are for it. The table reads no more than that.
func newTable(t Table, room int64) (*Table, error) {
	t.Rows, t.Width, t.Complex = 1, t.element.numbers(), t.element.complex
	left := room / int64(max(1, t.element.size)) // elements for which there is room
	for i, d := range t.shape {
		if d < 1 {
			t.Rows, t.Width = 0, 0
			return &t, nil
		}
		if int64(d) > left {
			return nil, atByte(t.File, t.at, "shape %v of %s needs more than the %d bytes that follow: the file is cut short or its header is wrong", t.shape, t.element.name, room)
		}
		left /= int64(d)
		if i == 0 {
			t.Rows = d
		} else {
			t.Width *= d
		}
	}
	return &t, nil
}

// chunkBytes is how much is read at a time.
const chunkBytes = 64 << 10

// Read returns the table as Rows × Width floats, row-major whatever the file's order. Numbers of other precision are
// rounded to float32. Beside the result it takes a chunk's memory.
func (t *Table) Read(ctx context.Context) ([]float32, error) {
	e := t.element
	if e.kind == otherKind {
		return nil, atByte(t.File, t.at, "%selements of type %s are no floating-point numbers: save them as float32", t.label(), e.name)
	}
	out := make([]float32, t.Rows*t.Width)
	buffer := make([]byte, chunkBytes)
	numbers := make([]float32, chunkBytes/2)
	per := e.numbers()
	for done := 0; done < len(out); {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n := min(chunkBytes/e.size*per, len(out)-done)
		p := buffer[:n/per*e.size]
		at := t.at + int64(done/per)*int64(e.size)
		if read, err := t.data.ReadAt(p, at); err != nil && !(err == io.EOF && read == len(p)) {
			return nil, atByte(t.File, at+int64(read), "%v", err)
		}
		if t.fortran {
			e.decode(p, numbers[:n])
			t.scatter(numbers[:n], done/per, out)
		} else {
			e.decode(p, out[done:done+n])
		}
		done += n
	}
	return out, t.finite(out)
}

// scatter puts numbers that stand from element k on, first index fastest, into their places in out.
func (t *Table) scatter(numbers []float32, k int, out []float32) {
	per := t.element.numbers()
	for i := 0; i < len(numbers); i += per {
		row, rest, column := k%t.Rows, k/t.Rows, 0
		for _, d := range t.shape[1:] {
			column = column*d + rest%d
			rest /= d
		}
		copy(out[row*t.Width+column*per:], numbers[i:i+per])
		k++
	}
}

// finite returns an error that names the first number that is none, or is too large: no score could be made of it.
func (t *Table) finite(out []float32) error {
	for i, v := range out {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return inFile(t.File, "%srow %d, number %d (from 0) is %v as a float32: train again or leave the row out", t.label(), i/t.Width, i%t.Width, v)
		}
	}
	return nil
}

// label names the tensor in messages.
func (t *Table) label() string {
	if t.Name == "" {
		return ""
	}
	return "tensor " + t.Name + ": "
}

// writeFloats writes numbers as little-endian float32, a chunk at a time.
func writeFloats(w io.Writer, values []float32) error {
	buffer := make([]byte, 0, chunkBytes)
	for len(values) > 0 {
		n := min(len(values), cap(buffer)/4)
		for _, v := range values[:n] {
			buffer = binary.LittleEndian.AppendUint32(buffer, math.Float32bits(v))
		}
		if _, err := w.Write(buffer); err != nil {
			return err
		}
		buffer, values = buffer[:0], values[n:]
	}
	return nil
}
