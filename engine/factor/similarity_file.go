package factor

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/mat"
)

// maxSimilarityLine is how many bytes a line of a similarity file may have.
const maxSimilarityLine = 1 << 20

// ReadSimilarity reads the similarity of m relations from lines of three columns: relation, relation, value in [0, 1],
// tabs between them. Empty lines and those that begin with # are passed over. A pair that is given in both orders gets the
// mean of the two, one that is not given 0, a relation with itself 1. row returns the row of a relation's name; names that
// it does not know are counted in unknown and their lines passed over, since a file may be of more relations than were
// trained on. ErrOptions names the line of what is wrong: columns, a value, a pair given twice, no known relation at all.
func ReadSimilarity(r io.Reader, m int, row func(name string) (int, bool)) (c *mat.SymDense, unknown int, err error) {
	given := map[[2]int]float64{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxSimilarityLine)
	n := 1
	for ; lines.Scan(); n++ {
		line := strings.TrimSuffix(lines.Text(), "\r")
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
			continue
		}
		pair, value, known, err := similarityLine(line, row)
		if err != nil {
			return nil, 0, fmt.Errorf("factor: %w: similarity, line %d: %w", ErrOptions, n, err)
		}
		if !known {
			unknown++
			continue
		}
		if before, twice := given[pair]; twice && before != value {
			return nil, 0, fmt.Errorf("factor: %w: similarity, line %d: this pair of relations has the value %g on a line before", ErrOptions, n, before)
		}
		given[pair] = value
	}
	if err := lines.Err(); err != nil {
		return nil, 0, fmt.Errorf("factor: %w: similarity, line %d: %w", ErrOptions, n, err)
	}
	if len(given) == 0 {
		return nil, 0, fmt.Errorf("factor: %w: similarity: no line names two relations of the graph (%d lines name others)", ErrOptions, unknown)
	}
	return fromPairs(given, m), unknown, nil
}

// similarityLine reads one line.
func similarityLine(line string, row func(name string) (int, bool)) (pair [2]int, value float64, known bool, err error) {
	fields := strings.Split(line, "\t")
	if len(fields) != 3 {
		return pair, 0, false, fmt.Errorf("%d columns, 3 expected: relation, relation, value, with tabs between", len(fields))
	}
	value, err = strconv.ParseFloat(strings.TrimSpace(fields[2]), 64)
	if err != nil || !(value >= 0 && value <= 1) {
		return pair, 0, false, fmt.Errorf("the value %q must be a number from 0 to 1", fields[2])
	}
	known = true
	for i, name := range fields[:2] {
		at, ok := row(strings.TrimSpace(name))
		pair[i], known = at, known && ok
	}
	return pair, value, known, nil
}

// fromPairs fills a symmetric matrix.
func fromPairs(given map[[2]int]float64, m int) *mat.SymDense {
	c := mat.NewSymDense(m, nil)
	for k := range m {
		c.SetSym(k, k, 1)
	}
	for pair, v := range given {
		if back, both := given[[2]int{pair[1], pair[0]}]; both {
			v = (v + back) / 2
		}
		c.SetSym(pair[0], pair[1], v)
	}
	return c
}
