package exec

import (
	"context"
	"fmt"
	"slices"

	"github.com/inklingdb/inkling/query/expr"
	"github.com/inklingdb/inkling/query/plan"
	"github.com/inklingdb/inkling/store"
)

// scan probes the index for each row of its input.
type scan struct {
	q     *query
	n     *plan.Scan
	input iterator

	in      *expr.Batch
	row     int
	cursor  Cursor
	buf     [256]store.Triple
	pending []store.Triple // matches of the current row not emitted yet
	fresh   [3]bool        // positions that the current row leaves open
	last    probe
	out     sink
}

// probe is the latest look-up. Rows that ask for the same follow each other after most joins, and all its matches
// still lie in the scan's buffer if one read gave them.
type probe struct {
	ids     [3]store.TermID
	matches []store.Triple
	reads   int
	done    bool // matches are all there are
}

func (s *scan) next(ctx context.Context) (*expr.Batch, error) {
	if s.n.Empty {
		return nil, nil
	}
	batch, err := s.out.fill(ctx, s.step)
	if batch == nil || err != nil {
		return nil, err
	}
	return batch, s.q.check(ctx)
}

// step emits what is pending, reads on, or turns to the next row; false at the end of the input.
func (s *scan) step(ctx context.Context) (bool, error) {
	switch {
	case len(s.pending) > 0:
		k := min(len(s.pending), s.out.room())
		if s.n.Once {
			k = 1
		}
		s.emit(s.pending[:k])
		s.pending = s.pending[k:]
		if s.n.Once {
			s.last.done = true // as far as this scan goes
			s.leave()
		}
		return true, nil
	case s.cursor != nil:
		buf := s.buf[:]
		if s.n.Once {
			buf = buf[:8]
		}
		n, err := s.cursor.Next(buf)
		if err != nil {
			return false, fmt.Errorf("exec: scan: %w", err)
		}
		if n == 0 {
			s.cursor.Close()
			s.cursor = nil
			s.last.done = s.last.reads <= 1
			return true, nil
		}
		s.pending = s.matching(s.buf[:n])
		s.last.matches = s.pending
		s.last.reads++
		return true, nil
	}
	if s.in == nil || s.row+1 >= s.in.N {
		in, err := s.input.next(ctx)
		if err != nil || in == nil {
			s.in = nil
			return false, err
		}
		if err := s.q.check(ctx); err != nil {
			return false, err
		}
		s.in, s.row = in, -1
	}
	s.row++
	return true, s.open()
}

// open starts reading the matches of the current row.
func (s *scan) open() error {
	var ids [3]store.TermID
	for i, pos := range s.positions() {
		ids[i] = pos.ID
		if pos.ID == 0 {
			ids[i] = s.in.At(pos.Slot, s.row)
			if expr.IsLocal(ids[i]) {
				return nil // a term of this query only: no triple has it
			}
		}
		s.fresh[i] = ids[i] == 0
	}
	if s.last.done && s.last.ids == ids {
		s.pending = s.last.matches
		return nil
	}
	s.last = probe{ids: ids}
	graphs := s.q.activeGraphs(s.n.Graph)
	if len(graphs) == 0 {
		return nil
	}
	if ids[0] != 0 && ids[1] != 0 && ids[2] != 0 {
		s.last.done = true
		t := store.Triple{S: ids[0], P: ids[1], O: ids[2]}
		for _, g := range graphs {
			found, err := s.q.source.Has(g, t)
			if err != nil {
				return fmt.Errorf("exec: look-up: %w", err)
			}
			if found {
				s.buf[0] = t
				s.pending = s.matching(s.buf[:1])
				s.last.matches = s.pending
				return nil
			}
		}
		return nil
	}
	var err error
	s.cursor, err = s.q.scanGraphs(graphs, store.Pattern{S: ids[0], P: ids[1], O: ids[2]})
	return err
}

func (s *scan) positions() [3]plan.Position { return [3]plan.Position{s.n.S, s.n.P, s.n.O} }

// matching drops, in place, triples that bind one variable to two terms or have an excluded predicate.
func (s *scan) matching(list []store.Triple) []store.Triple {
	n := s.n
	sp := n.S.ID == 0 && n.P.ID == 0 && n.S.Slot == n.P.Slot
	so := n.S.ID == 0 && n.O.ID == 0 && n.S.Slot == n.O.Slot
	po := n.P.ID == 0 && n.O.ID == 0 && n.P.Slot == n.O.Slot
	if !sp && !so && !po && len(n.NotP) == 0 {
		return list
	}
	kept := list[:0]
	for _, t := range list {
		if sp && t.S != t.P || so && t.S != t.O || po && t.P != t.O || slices.Contains(n.NotP, t.P) {
			continue
		}
		kept = append(kept, t)
	}
	return kept
}

// emit appends the current row once for each triple.
func (s *scan) emit(list []store.Triple) {
	first := s.out.repeat(s.in, s.row, len(list))
	for i, pos := range s.positions() {
		if !s.fresh[i] {
			continue
		}
		c := s.out.column(pos.Slot)
		for len(c) < s.out.batch.N {
			c = append(c, 0)
		}
		for j := range list {
			switch i {
			case 0:
				c[first+j] = list[j].S
			case 1:
				c[first+j] = list[j].P
			default:
				c[first+j] = list[j].O
			}
		}
		s.out.batch.Cols[pos.Slot] = c
	}
}

// leave drops what is left of the current row's matches.
func (s *scan) leave() {
	s.pending = nil
	if s.cursor != nil {
		s.cursor.Close()
		s.cursor = nil
	}
}

func (s *scan) close() {
	s.leave()
	s.input.close()
}

// scanGraphs reads the union of graphs: a triple that several of them state is read once.
func (q *query) scanGraphs(graphs []store.TermID, p store.Pattern) (Cursor, error) {
	if len(graphs) == 1 {
		if expr.IsLocal(graphs[0]) {
			return noTriples{}, nil
		}
		c, err := q.source.Scan(graphs[0], p)
		if err != nil {
			return nil, fmt.Errorf("exec: scan: %w", err)
		}
		return c, nil
	}
	return &unionCursor{ledger: ledger{q: q}, graphs: graphs, pattern: p, seen: map[store.Triple]struct{}{}}, nil
}

type noTriples struct{}

func (noTriples) Next([]store.Triple) (int, error) { return 0, nil }
func (noTriples) Close()                           {}

// unionCursor reads graphs one after another and drops repeats.
type unionCursor struct {
	ledger
	graphs  []store.TermID
	pattern store.Pattern
	current Cursor
	seen    map[store.Triple]struct{}
	read    [128]store.Triple // of one graph, repeats included
}

func (u *unionCursor) Next(buf []store.Triple) (int, error) {
	for {
		if u.current == nil {
			if len(u.graphs) == 0 {
				return 0, nil
			}
			var err error
			if u.current, err = u.q.scanGraphs(u.graphs[:1], u.pattern); err != nil {
				return 0, err
			}
			u.graphs = u.graphs[1:]
		}
		n, err := u.current.Next(u.read[:min(len(buf), len(u.read))])
		if err != nil {
			return 0, err
		}
		if n == 0 {
			u.current.Close()
			u.current = nil
			continue
		}
		kept := 0
		for _, t := range u.read[:n] {
			if _, dup := u.seen[t]; !dup {
				u.seen[t] = struct{}{}
				buf[kept] = t
				kept++
			}
		}
		if kept > 0 {
			return kept, u.keep(int64(kept) * 32)
		}
	}
}

func (u *unionCursor) Close() {
	u.release()
	if u.current != nil {
		u.current.Close()
	}
}
