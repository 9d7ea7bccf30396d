package engine

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/inklingdb/inkling/store/rdf"
)

// answer is the multiset of rows of a standing query, as last evaluated. A row is held once, encoded in its own key, so
// that comparing an answer of n rows with the next one takes memory for the rows of either, not for two copies.
type answer struct {
	rows       map[string]*occurrences
	bytes      int64 // held
	limitBytes int64 // of bytes; negative: none
}

// occurrences counts a row in the answer held and in the one being read.
type occurrences struct{ before, now int }

// rowOverhead is what an entry of the map takes beside its key: the key's header, the counts and their pointer, and the
// map's own room.
const rowOverhead = 80

// comparison reads a new answer against the one held: add each row, then commit, or abandon.
type comparison struct {
	answer *answer
	added  []string // each once for each occurrence beyond those before, in the order read
	key    []byte
}

func (a *answer) begin() *comparison {
	if a.rows == nil {
		a.rows = map[string]*occurrences{}
	}
	return &comparison{answer: a}
}

// add takes the next row of the new answer.
func (c *comparison) add(row []rdf.Term) error {
	c.key = appendRow(c.key[:0], row)
	a := c.answer
	seen := a.rows[string(c.key)]
	if seen == nil {
		seen = &occurrences{}
		a.rows[string(c.key)] = seen
		a.bytes += int64(len(c.key)) + rowOverhead
		if a.limitBytes > 0 && a.bytes > a.limitBytes {
			return fmt.Errorf("%d bytes are held: %w", a.bytes, ErrLimit)
		}
	}
	if seen.now++; seen.now > seen.before {
		c.added = append(c.added, string(c.key))
	}
	return nil
}

// commit makes the new answer the one held and returns the rows that it has more and fewer of. Removed rows come in the
// order of their encoding, which is always the same.
func (c *comparison) commit() (added, removed [][]rdf.Term) {
	var gone []string
	for key, seen := range c.answer.rows {
		for range seen.before - seen.now {
			gone = append(gone, key)
		}
		seen.before, seen.now = seen.now, 0
	}
	c.sweep()
	slices.Sort(gone)
	return decodeRows(c.added), decodeRows(gone)
}

// abandon forgets the rows of an answer that could not be read to its end.
func (c *comparison) abandon() {
	for _, seen := range c.answer.rows {
		seen.now = 0
	}
	c.sweep()
}

// sweep drops the rows that do not occur.
func (c *comparison) sweep() {
	for key, seen := range c.answer.rows {
		if seen.before == 0 {
			delete(c.answer.rows, key)
			c.answer.bytes -= int64(len(key)) + rowOverhead
		}
	}
}

// appendRow appends an encoding of a row in which no two rows are alike: of each term the kind, then each of its texts
// behind its length.
func appendRow(to []byte, row []rdf.Term) []byte {
	for _, t := range row {
		to = append(to, byte(t.Kind))
		if t.Kind == rdf.None {
			continue
		}
		to = appendText(to, t.Value)
		if t.Kind == rdf.Literal {
			to = appendText(appendText(to, t.Datatype), t.Lang)
		}
	}
	return to
}

func appendText(to []byte, s string) []byte {
	return append(binary.AppendUvarint(to, uint64(len(s))), s...)
}

func decodeRows(keys []string) [][]rdf.Term {
	rows := make([][]rdf.Term, len(keys))
	for i, key := range keys {
		rows[i] = decodeRow(key)
	}
	return rows
}

// decodeRow returns the row that appendRow encoded.
func decodeRow(key string) []rdf.Term {
	row := []rdf.Term{}
	for key != "" {
		t := rdf.Term{Kind: rdf.Kind(key[0])}
		key = key[1:]
		if t.Kind != rdf.None {
			t.Value, key = cutText(key)
		}
		if t.Kind == rdf.Literal {
			t.Datatype, key = cutText(key)
			t.Lang, key = cutText(key)
		}
		row = append(row, t)
	}
	return row
}

func cutText(key string) (text, rest string) {
	n, size := binary.Uvarint([]byte(key[:min(len(key), binary.MaxVarintLen64)]))
	key = key[size:]
	return key[:n], key[n:]
}
