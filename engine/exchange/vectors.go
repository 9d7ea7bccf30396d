package exchange

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// VectorReader reads word2vec text: one named row a line, its numbers last. A first line of two whole numbers, rows
// and width, may stand before; without it the first line's name is what stands before its first tab or, where it has
// none, its first space. Where the width is known the name is all that stands before the line's last Width numbers,
// so it may hold spaces and tabs; white space around it is no part of it. There are no quotes and no escapes: what
// looks like one is part of the name. Lines end in \n or \r\n; empty ones are passed over.
type VectorReader struct {
	file  string
	lines *bufio.Scanner
	line  int
	width int // 0 while unknown
	want  int // rows that the header states; -1 without one
	rows  int // read so far
	row   []float32
	begun bool
}

// vectorLineMost bounds a line: a million numbers of 16 characters and a name.
const vectorLineMost = 32 << 20

// NewVectorReader reads from r; file names it in errors.
func NewVectorReader(r io.Reader, file string) *VectorReader {
	v := &VectorReader{file: file, lines: bufio.NewScanner(r), want: -1}
	v.lines.Buffer(nil, vectorLineMost)
	return v
}

// Width returns the numbers in a row, once the first row was read.
func (v *VectorReader) Width() int { return v.width }

// Next returns the next row's name and numbers, or io.EOF. The numbers are overwritten by the next call.
func (v *VectorReader) Next() (name string, row []float32, err error) {
	for v.lines.Scan() {
		v.line++
		text := strings.TrimRight(v.lines.Text(), " \t")
		if text == "" {
			continue
		}
		if !v.begun {
			v.begun = true
			if v.header(text) {
				continue
			}
		}
		if v.rows++; v.want >= 0 && v.rows > v.want {
			return "", nil, atLine(v.file, v.line, "the first line states %d rows, here is another one", v.want)
		}
		return v.parse(text)
	}
	if err := v.lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return "", nil, atLine(v.file, v.line+1, "the line is longer than %d bytes: this is no text of vectors", vectorLineMost)
	} else if err != nil {
		return "", nil, atLine(v.file, v.line+1, "%v", err)
	}
	if v.want > v.rows {
		return "", nil, atLine(v.file, v.line, "the file ends after %d rows; its first line states %d: it is cut short", v.rows, v.want)
	}
	return "", nil, io.EOF
}

// header takes the first line as rows and width, if it is that.
func (v *VectorReader) header(text string) bool {
	fields := strings.Fields(text)
	if len(fields) != 2 {
		return false
	}
	rows, err := strconv.ParseUint(fields[0], 10, 31)
	width, err2 := strconv.ParseUint(fields[1], 10, 31)
	if err != nil || err2 != nil || width == 0 {
		return false
	}
	v.want, v.width = int(rows), int(width)
	return true
}

// parse splits a line into its name and numbers.
func (v *VectorReader) parse(text string) (string, []float32, error) {
	if v.width == 0 {
		at := strings.IndexByte(text, '\t')
		if at < 0 {
			at = strings.IndexByte(text, ' ')
		}
		if at < 0 {
			return "", nil, atLine(v.file, v.line, "expected a name and numbers behind it, found %.40q", text)
		}
		v.width = len(strings.Fields(text[at:]))
	}
	v.row = v.row[:0]
	rest := text
	for len(v.row) < v.width {
		at := strings.LastIndexAny(rest, " \t")
		if at <= 0 {
			return "", nil, atLine(v.file, v.line, "expected a name and %d numbers, found %d", v.width, len(v.row))
		}
		number, err := strconv.ParseFloat(rest[at+1:], 32)
		if err != nil || number-number != 0 { // infinite or not a number
			return "", nil, atLine(v.file, v.line, "number %d of %d is %.40q, not a finite float32", v.width-len(v.row), v.width, rest[at+1:])
		}
		v.row = append(v.row, float32(number))
		rest = strings.TrimRight(rest[:at], " \t")
	}
	for i, j := 0, len(v.row)-1; i < j; i, j = i+1, j-1 {
		v.row[i], v.row[j] = v.row[j], v.row[i]
	}
	name := strings.TrimLeft(rest, " \t")
	if name == "" {
		return "", nil, atLine(v.file, v.line, "expected a name before %d numbers", v.width)
	}
	return name, v.row, nil
}

// Wordlike reports whether a name can stand in word2vec text that other readers split at white space: it is not
// empty, holds no ASCII space or control character, and no quote, at which readers of tables stumble.
func Wordlike(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '"' })
}

// WriteVectors writes word2vec text: a line of rows and width, then each row's name and numbers, between single
// spaces, in the fewest digits that read back as the same float32. A name that is not Wordlike is an error.
func WriteVectors(w io.Writer, names []string, width int, values []float32) error {
	if len(values) != len(names)*width {
		return fmt.Errorf("exchange: %d numbers for %d rows of %d", len(values), len(names), width)
	}
	out := bufio.NewWriterSize(w, chunkBytes)
	fmt.Fprintf(out, "%d %d\n", len(names), width)
	var line []byte
	for i, name := range names {
		if !Wordlike(name) {
			return fmt.Errorf("exchange: the name %q of row %d holds white space or a quote and cannot stand in word2vec text: choose another format", name, i)
		}
		line = append(line[:0], name...)
		for _, x := range values[i*width : (i+1)*width] {
			line = strconv.AppendFloat(append(line, ' '), float64(x), 'g', -1, 32)
		}
		if _, err := out.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return out.Flush()
}
