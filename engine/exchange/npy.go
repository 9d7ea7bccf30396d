package exchange

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"
)

const (
	npyMagic = "\x93NUMPY"
	// npyHeaderMost bounds the text of a header; NumPy's own reader refuses those over 10,000 bytes.
	npyHeaderMost = 1 << 20
	npyAlignment  = 64
)

// OpenNPY reads the header of a NumPy array file, formats 1, 2 and 3, of size bytes; file names it in errors.
// Elements may be float16, 32 or 64 or complex64 or 128, of either byte order, in C or Fortran order; the first
// dimension is the rows. Nothing may follow the array. Pickled objects are refused.
// Source of the format: NumPy Enhancement Proposal 1.
func OpenNPY(data io.ReaderAt, size int64, file string) (*Table, error) {
	text, at, err := npyHeader(data, size, file)
	if err != nil {
		return nil, err
	}
	p := npyParser{text: text, file: file, at: at - int64(len(text))}
	t := Table{File: file, data: data, at: at}
	if err := p.parse(&t); err != nil {
		return nil, err
	}
	if len(t.shape) == 0 {
		return nil, atByte(file, p.at, "the array is a single number: a table needs a shape of rows and columns")
	}
	table, err := newTable(t, size-at)
	if err != nil {
		return nil, err
	}
	end := at + int64(table.Rows)*int64(table.Width/table.element.numbers())*int64(table.element.size)
	if end != size {
		return nil, atByte(file, end, "%d bytes follow the array of shape %v: save one array a file", size-end, t.shape)
	}
	return table, nil
}

// npyHeader returns the header's text and where the numbers begin.
func npyHeader(data io.ReaderAt, size int64, file string) (text string, at int64, err error) {
	head := make([]byte, min(size, 12))
	if _, err := data.ReadAt(head, 0); err != nil && err != io.EOF {
		return "", 0, atByte(file, 0, "%v", err)
	}
	if len(head) < 10 || string(head[:6]) != npyMagic {
		return "", 0, atByte(file, 0, "it does not begin with \\x93NUMPY: it is no npy file (write one with numpy.save)")
	}
	var length int64
	switch head[6] {
	case 1:
		at, length = 10, int64(binary.LittleEndian.Uint16(head[8:]))
	case 2, 3:
		if len(head) < 12 {
			return "", 0, atByte(file, 8, "the file ends within its header")
		}
		at, length = 12, int64(binary.LittleEndian.Uint32(head[8:]))
	default:
		return "", 0, atByte(file, 6, "npy format %d.%d is not known (1, 2 and 3 are)", head[6], head[7])
	}
	if length > size-at || length > npyHeaderMost {
		return "", 0, atByte(file, 8, "a header of %d bytes is stated; the file has %d, and %d are the most read", length, size-at, npyHeaderMost)
	}
	header := make([]byte, length)
	if _, err := data.ReadAt(header, at); err != nil && err != io.EOF {
		return "", 0, atByte(file, at, "%v", err)
	}
	return string(header), at + length, nil
}

// WriteNPY writes rows × width numbers as a C-ordered array of little-endian float32, npy format 1.
func WriteNPY(w io.Writer, rows, width int, values []float32) error {
	if len(values) != rows*width {
		return fmt.Errorf("exchange: %d numbers for %d rows of %d", len(values), rows, width)
	}
	header := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }", rows, width)
	before := len(npyMagic) + 4
	header += strings.Repeat(" ", npyAlignment-1-(before+len(header))%npyAlignment) + "\n"
	head := binary.LittleEndian.AppendUint16([]byte(npyMagic+"\x01\x00"), uint16(len(header)))
	if _, err := w.Write(append(head, header...)); err != nil {
		return err
	}
	return writeFloats(w, values)
}
