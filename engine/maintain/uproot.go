package maintain

import (
	"context"
	"math/rand/v2"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/store"
)

// uproot places anew the entities that lost as many triples with this commit as they have now, or more: what
// their rows remember is then mostly wrong, and local steps, which hold rows to where they stood, would keep it.
// An entity left without triples stays as it is.
func (l *learner) uproot(ctx context.Context, removed []store.Triple, h *history, random *rand.Rand) error {
	lost := map[uint32]int{}
	var order []uint32 // as they come, so that the outcome does not hang on a map's order
	for _, t := range l.rowsOf(removed) {
		for _, row := range []uint32{t.H, t.T} {
			if lost[row] == 0 {
				order = append(order, row)
			}
			lost[row]++
		}
	}
	s := &siting{l: l, h: h, random: random, open: map[rowKey][]model.Triple{}}
	for _, row := range order {
		if err := ctx.Err(); err != nil {
			return err
		}
		k := rowKey{row: row}
		if l.isNew[k] {
			continue
		}
		found, degree, err := l.neighbours(h, row, equationTriples, random)
		if err != nil {
			return err
		}
		if degree == 0 || degree > lost[row] {
			continue
		}
		clear(l.row(k))
		s.add(k)
		s.open[k] = found
	}
	return s.run(ctx)
}
