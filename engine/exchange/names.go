package exchange

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// nameLineMost bounds a line of a names file.
const nameLineMost = 1 << 20

// ReadNames reads a file of two tab-separated columns, row numbers from 0 and names in either order, and returns the
// names by row; there may be at most rows of them. The numbers' column is the one that holds each of 0 … n−1 once;
// where both do, the header says (id, row or index above it), and else it is the first. A first line without any
// whole number is a header, one that is a single number a count, as OpenKE writes it. Nothing is unquoted or trimmed.
func ReadNames(r io.Reader, file string, rows int) ([]string, error) {
	n := nameColumns{file: file, lines: bufio.NewScanner(r)}
	n.lines.Buffer(nil, nameLineMost)
	for n.lines.Scan() {
		n.line++
		text := n.lines.Text()
		if n.line == 1 {
			text = strings.TrimPrefix(text, "\ufeff")
		}
		if err := n.add(text); err != nil {
			return nil, err
		}
		if len(n.columns[0]) > rows {
			return nil, atLine(file, n.line, "more names than the %d rows they belong to", rows)
		}
	}
	if err := n.lines.Err(); err != nil {
		return nil, atLine(file, n.line+1, "%v", err)
	}
	return n.named()
}

// nameColumns gathers the two columns.
type nameColumns struct {
	file    string
	lines   *bufio.Scanner
	line    int
	header  []string // of the columns; nil without one
	skipped int      // lines before the first row
	columns [2][]string
}

// add takes a line in.
func (n *nameColumns) add(text string) error {
	fields := strings.Split(text, "\t")
	first := len(n.columns[0]) == 0 && n.skipped == 0
	switch {
	case text == "":
		return nil
	case first && len(fields) == 1 && isNumber(text):
		n.skipped++
		return nil
	case len(fields) != 2:
		return atLine(n.file, n.line, "expected a row's number and its name, separated by a tab; found %d columns", len(fields))
	case first && !isNumber(fields[0]) && !isNumber(fields[1]):
		n.skipped, n.header = 1, fields
		return nil
	}
	n.columns[0], n.columns[1] = append(n.columns[0], fields[0]), append(n.columns[1], fields[1])
	return nil
}

func isNumber(text string) bool {
	_, err := strconv.ParseUint(text, 10, 32)
	return err == nil
}

// named returns the names by row.
func (n *nameColumns) named() ([]string, error) {
	order := []int{0, 1}
	if n.header != nil && slices.Contains([]string{"id", "row", "index"}, strings.ToLower(strings.TrimSpace(n.header[1]))) {
		order = []int{1, 0}
	}
	var problem error
	for _, c := range order {
		names, err := n.byRow(n.columns[c], n.columns[1-c])
		if err == nil {
			return names, nil
		}
		if problem == nil || isNumber(n.columns[c][0]) && !isNumber(n.columns[1-c][0]) {
			problem = err // of the column that was meant
		}
	}
	return nil, problem
}

// byRow puts names at their numbers.
func (n *nameColumns) byRow(numbers, names []string) ([]string, error) {
	out := make([]string, len(names))
	taken := make([]bool, len(names))
	for i, text := range numbers {
		row, err := strconv.ParseUint(text, 10, 32)
		if err != nil || row >= uint64(len(names)) || taken[row] {
			return nil, inFile(n.file, "entry %d has the number %.40q: with %d names the numbers must be each of 0 to %d once", i+1, text, len(names), len(names)-1)
		}
		if names[i] == "" {
			return nil, inFile(n.file, "entry %d, row %d, has an empty name", i+1, row)
		}
		out[row], taken[row] = names[i], true
	}
	return out, nil
}

// Tabular reports whether a name can stand in a column between tabs that other readers take as it is: no control
// character and no quote.
func Tabular(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '"' })
}

// WriteNames writes a line "row<TAB>name" for each name. A name that is not Tabular is an error.
func WriteNames(w io.Writer, names []string) error {
	out := bufio.NewWriter(w)
	for i, name := range names {
		if !Tabular(name) {
			return fmt.Errorf("exchange: the name %q of row %d holds a tab, a line's end or a quote", name, i)
		}
		if _, err := fmt.Fprintf(out, "%d\t%s\n", i, name); err != nil {
			return err
		}
	}
	return out.Flush()
}

// OpenText opens a text file, unpacking one that begins as gzip does.
func OpenText(path string) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	b := bufio.NewReaderSize(f, chunkBytes)
	if head, err := b.Peek(2); err != nil || head[0] != 0x1f || head[1] != 0x8b {
		return textFile{b, f}, nil
	}
	z, err := gzip.NewReader(b)
	if err != nil {
		f.Close()
		return nil, atByte(path, 0, "gzip: %v", err)
	}
	return textFile{z, f}, nil
}

// textFile reads through a decoder and closes the file.
type textFile struct {
	io.Reader
	io.Closer
}
