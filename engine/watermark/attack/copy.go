// Package attack does to a marked copy what thieves, accidents and honest users do: the edits under which the watermark
// benchmark asks whether a mark is still found. Its main types are Copy, what an attacker holds, and Attack, one edit
// with a strength and a seed. Same copy, strength and seed: same result. It detects nothing and knows no key.
package attack

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/engine/watermark"
	"github.com/inklingdb/inkling/internal/vec"
)

// Copy is a table and its triples in an attacker's hands. Attacks share what they do not change with the copy that they
// were given, so nobody may write to either.
type Copy struct {
	Table         watermark.Table
	Relations     vec.Matrix // [relations × dimension], RotatE's; row r belongs to RelationNames[r]
	RelationNames []string   // canonical IRIs
	Triples       []model.Triple
	Origin        []int // the row that each row of Table had before any attack
}

// Setting is what some attacks need besides the copy.
type Setting struct {
	Other *Copy         // a copy of the same graph that bears another mark: Average
	Train train.Options // as the table was trained: Retrain. Start and Epochs are set by it
}

// Func returns the attacked copy. What strength means is the attack's to say.
type Func func(ctx context.Context, s Setting, c Copy, strength float64, seed uint64) (Copy, error)

// New returns a copy of rows in their order.
func New(t watermark.Table, relations vec.Matrix, relationNames []string, triples []model.Triple) Copy {
	c := Copy{Table: t, Relations: relations, RelationNames: relationNames, Triples: triples, Origin: make([]int, t.Rows.Rows)}
	for i := range c.Origin {
		c.Origin[i] = i
	}
	return c
}

// Check returns an error unless table, relations and triples fit together.
func (c Copy) Check() error {
	if len(c.Table.Names) != c.Table.Rows.Rows || len(c.Origin) != c.Table.Rows.Rows {
		return fmt.Errorf("attack: %d names and %d origins for %d rows", len(c.Table.Names), len(c.Origin), c.Table.Rows.Rows)
	}
	if c.Relations.Rows != len(c.RelationNames) || c.Relations.Cols != c.Table.Rows.Cols || c.Table.Rows.Cols%2 != 0 {
		return fmt.Errorf("attack: relations of %d × %d with %d names for a table of %d columns: RotatE has as many in both, an even number",
			c.Relations.Rows, c.Relations.Cols, len(c.RelationNames), c.Table.Rows.Cols)
	}
	for i, t := range c.Triples {
		if int(t.H) >= c.Table.Rows.Rows || int(t.T) >= c.Table.Rows.Rows || int(t.R) >= c.Relations.Rows {
			return fmt.Errorf("attack: triple %d (%d, %d, %d) is outside %d rows and %d relations", i, t.H, t.R, t.T, c.Table.Rows.Rows, c.Relations.Rows)
		}
	}
	return nil
}

// random returns the random numbers of a seed for one attack.
func random(seed uint64, attack string) *rand.Rand {
	key := [32]byte{}
	copy(key[8:], attack)
	for i := range 8 {
		key[i] = byte(seed >> (8 * i))
	}
	return rand.New(rand.NewChaCha8(key))
}

// withRows returns the copy with a table of its own.
func (c Copy) withRows() Copy {
	c.Table.Rows = vec.MatrixOf(slices.Clone(c.Table.Rows.Data), c.Table.Rows.Rows, c.Table.Rows.Cols)
	return c
}

// keeping returns the copy with the rows stated, in that order; triples of other rows go.
func (c Copy) keeping(rows []int) Copy {
	d := c.Table.Rows.Cols
	out := c
	out.Table = watermark.Table{Names: make([]string, len(rows)), Rows: vec.MatrixOf(make([]float32, len(rows)*d), len(rows), d)}
	out.Origin, out.Triples = make([]int, len(rows)), nil
	place := make([]uint32, c.Table.Rows.Rows) // from 1
	for i, row := range rows {
		out.Table.Names[i], out.Origin[i] = c.Table.Names[row], c.Origin[row]
		copy(out.Table.Rows.Row(i), c.Table.Rows.Row(row))
		place[row] = uint32(i) + 1
	}
	for _, t := range c.Triples {
		if h, o := place[t.H], place[t.T]; h > 0 && o > 0 {
			out.Triples = append(out.Triples, model.Triple{H: h - 1, R: t.R, T: o - 1})
		}
	}
	return out
}

// Only returns the part of the copy whose rows had one of the origins, in the copy's order, with the triples among them.
func (c Copy) Only(origins map[int]bool) Copy {
	var rows []int
	for i, o := range c.Origin {
		if origins[o] {
			rows = append(rows, i)
		}
	}
	return c.keeping(rows)
}

// chosen returns which of n things are touched: that share of them, rounded, drawn without replacement.
func chosen(rng *rand.Rand, n int, share float64) []bool {
	out := make([]bool, n)
	for _, i := range rng.Perm(n)[:min(n, int(share*float64(n)+0.5))] {
		out[i] = true
	}
	return out
}
