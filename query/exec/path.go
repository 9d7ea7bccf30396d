package exec

import (
	"context"
	"fmt"

	"github.com/inklingdb/inkling/query/expr"
	"github.com/inklingdb/inkling/query/plan"
	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// pathScan extends each row by the pairs that a repeated path connects. From a bound end it searches breadth first;
// with both ends open it starts from every node of the graph.
type pathScan struct {
	ledger
	n     *plan.PathScan
	input iterator
	walk  *walker

	in      *expr.Batch
	row     int
	pending [][2]store.TermID // subject and object pairs of the current row
	starts  []store.TermID    // with both ends open: the nodes not searched from yet
	out     sink
}

func (s *pathScan) next(ctx context.Context) (*expr.Batch, error) {
	return s.out.fill(ctx, s.step)
}

func (s *pathScan) step(ctx context.Context) (bool, error) {
	if len(s.pending) > 0 {
		k := min(len(s.pending), s.out.room())
		s.emit(s.pending[:k])
		s.pending = s.pending[k:]
		return true, nil
	}
	if len(s.starts) > 0 {
		start := s.starts[0]
		s.starts = s.starts[1:]
		return true, s.searchFrom(ctx, start, 0)
	}
	if s.in == nil || s.row+1 >= s.in.N {
		in, err := s.input.next(ctx)
		if err != nil || in == nil {
			s.in = nil
			return false, err
		}
		s.in, s.row = in, -1
	}
	s.row++
	return true, s.open(ctx)
}

func (s *pathScan) end(p plan.Position) store.TermID {
	if p.ID != 0 {
		return p.ID
	}
	return s.in.At(p.Slot, s.row)
}

// open begins the search of the current row.
func (s *pathScan) open(ctx context.Context) error {
	graphs := s.q.activeGraphs(s.n.Graph)
	s.release()
	s.walk = &walker{q: s.q, graphs: append([]store.TermID(nil), graphs...), ctx: ctx}
	s.pending = s.pending[:0]
	subject, object := s.end(s.n.S), s.end(s.n.O)
	repeat := s.n.Path.(*sparql.PathRepeat)
	// A path of length zero joins a variable with nodes of the graph only; a term written in the query it joins
	// with itself, whether or not the graph has it.
	for _, e := range []struct {
		pos plan.Position
		id  store.TermID
	}{{s.n.S, subject}, {s.n.O, object}} {
		if e.pos.ID == 0 && e.id != 0 && !repeat.AtLeastOnce {
			found, err := s.walk.isNode(e.id)
			if err != nil {
				return err
			}
			if !found && !s.otherIsSame(e.pos, e.id) {
				return nil
			}
		}
	}
	switch {
	case subject != 0:
		return s.searchFrom(ctx, subject, object)
	case object != 0:
		return s.searchTo(object)
	}
	starts, err := s.walk.nodes()
	if err != nil {
		return err
	}
	s.starts = starts
	return s.keep(int64(len(starts)) * 12)
}

// otherIsSame reports that the end opposite to pos is the constant id.
func (s *pathScan) otherIsSame(pos plan.Position, id store.TermID) bool {
	return pos != s.n.S && s.n.S.ID == id || pos != s.n.O && s.n.O.ID == id
}

func (s *pathScan) searchFrom(ctx context.Context, subject, object store.TermID) error {
	if err := s.q.check(ctx); err != nil {
		return err
	}
	same := object == 0 && s.n.S.ID == 0 && s.n.O.ID == 0 && s.n.S.Slot == s.n.O.Slot
	if same {
		object = subject
	}
	return s.walk.reach(s.n.Path, subject, false, func(end store.TermID) bool {
		if object == 0 || end == object {
			s.pending = append(s.pending, [2]store.TermID{subject, end})
		}
		return end != object
	})
}

func (s *pathScan) searchTo(object store.TermID) error {
	return s.walk.reach(s.n.Path, object, true, func(end store.TermID) bool {
		s.pending = append(s.pending, [2]store.TermID{end, object})
		return true
	})
}

func (s *pathScan) emit(pairs [][2]store.TermID) {
	first := s.out.repeat(s.in, s.row, len(pairs))
	for i, pair := range pairs {
		if s.n.S.ID == 0 {
			s.out.set(s.n.S.Slot, first+i, pair[0])
		}
		if s.n.O.ID == 0 {
			s.out.set(s.n.O.Slot, first+i, pair[1])
		}
	}
}

func (s *pathScan) close() {
	s.release()
	s.input.close()
}

// walker follows paths from single nodes.
type walker struct {
	q      *query
	ctx    context.Context // of the next call in progress
	graphs []store.TermID
	steps  int
}

// reach calls found once for each end of path from a node (or, reversed, each start that leads to it), until found
// returns false.
func (w *walker) reach(path sparql.Path, from store.TermID, reversed bool, found func(store.TermID) bool) error {
	seen := &idSet{}
	stopped := false
	_, err := w.follow(path, from, reversed, func(end store.TermID) bool {
		if !stopped && seen.add(end) {
			stopped = !found(end)
		}
		return !stopped
	})
	return err
}

// follow calls visit for each end of path from a node, perhaps repeatedly, until visit returns false; then it
// returns false.
func (w *walker) follow(path sparql.Path, from store.TermID, reversed bool, visit func(store.TermID) bool) (bool, error) {
	switch path := path.(type) {
	case *sparql.PathIRI:
		id, err := w.q.terms.ID(rdf.NewIRI(path.IRI))
		if err != nil || expr.IsLocal(id) {
			return true, err
		}
		return w.edges(from, id, reversed, func(_, end store.TermID) bool { return visit(end) })
	case *sparql.PathInverse:
		return w.follow(path.Path, from, !reversed, visit)
	case *sparql.PathSequence:
		return w.sequence(path.Paths, from, reversed, visit)
	case *sparql.PathAlternative:
		for _, p := range path.Paths {
			if more, err := w.follow(p, from, reversed, visit); err != nil || !more {
				return more, err
			}
		}
		return true, nil
	case *sparql.PathNegated:
		return w.negated(path, from, reversed, visit)
	case *sparql.PathRepeat:
		return w.repeat(path, from, reversed, visit)
	}
	return true, fmt.Errorf("exec: no way to follow a path of type %T", path)
}

func (w *walker) sequence(paths []sparql.Path, from store.TermID, reversed bool, visit func(store.TermID) bool) (bool, error) {
	step, rest := paths[0], paths[1:]
	if reversed {
		step, rest = paths[len(paths)-1], paths[:len(paths)-1]
	}
	if len(rest) == 0 {
		return w.follow(step, from, reversed, visit)
	}
	var failed error
	more, err := w.follow(step, from, reversed, func(middle store.TermID) bool {
		more, err := w.sequence(rest, middle, reversed, visit)
		failed = err
		return more && err == nil
	})
	if failed != nil {
		return false, failed
	}
	return more, err
}

func (w *walker) negated(path *sparql.PathNegated, from store.TermID, reversed bool, visit func(store.TermID) bool) (bool, error) {
	for _, side := range []struct {
		not      []string
		reversed bool
		active   bool
	}{{path.Forward, reversed, len(path.Forward) > 0 || len(path.Inverse) == 0}, {path.Inverse, !reversed, len(path.Inverse) > 0}} {
		if !side.active {
			continue
		}
		excluded := map[store.TermID]bool{}
		for _, iri := range side.not {
			id, err := w.q.terms.ID(rdf.NewIRI(iri))
			if err != nil {
				return false, err
			}
			excluded[id] = true
		}
		more, err := w.edges(from, 0, side.reversed, func(predicate, end store.TermID) bool {
			return excluded[predicate] || visit(end)
		})
		if err != nil || !more {
			return more, err
		}
	}
	return true, nil
}

// repeat is a breadth-first search; the visited set makes it end on cycles.
func (w *walker) repeat(path *sparql.PathRepeat, from store.TermID, reversed bool, visit func(store.TermID) bool) (bool, error) {
	visited := &idSet{}
	if !path.AtLeastOnce {
		visited.add(from)
		if !visit(from) {
			return false, nil
		}
	}
	frontier := []store.TermID{from}
	for len(frontier) > 0 {
		var reached []store.TermID
		for _, node := range frontier {
			more, err := w.follow(path.Path, node, reversed, func(end store.TermID) bool {
				if !visited.add(end) {
					return true
				}
				reached = append(reached, end)
				return visit(end)
			})
			if err != nil || !more {
				return more, err
			}
		}
		if !path.Unbounded {
			break
		}
		frontier = reached
	}
	return true, nil
}

// edges calls visit with the predicate and the far end of each edge of a node; predicate 0 is any.
func (w *walker) edges(from, predicate store.TermID, reversed bool, visit func(predicate, end store.TermID) bool) (bool, error) {
	if expr.IsLocal(from) || len(w.graphs) == 0 {
		return true, nil
	}
	if w.steps++; w.steps%1024 == 0 {
		if err := w.q.check(w.ctx); err != nil {
			return false, err
		}
	}
	p := store.Pattern{S: from, P: predicate}
	if reversed {
		p = store.Pattern{O: from, P: predicate}
	}
	c, err := w.q.scanGraphs(w.graphs, p)
	if err != nil {
		return false, err
	}
	defer c.Close()
	var buf [64]store.Triple
	for {
		n, err := c.Next(buf[:])
		if err != nil || n == 0 {
			return true, err
		}
		for _, t := range buf[:n] {
			end := t.O
			if reversed {
				end = t.S
			}
			if !visit(t.P, end) {
				return false, nil
			}
		}
	}
}

// isNode reports that a term is a subject or an object in the active graph.
func (w *walker) isNode(id store.TermID) (bool, error) {
	for _, reversed := range []bool{false, true} {
		found := false
		if _, err := w.edges(id, 0, reversed, func(_, _ store.TermID) bool {
			found = true
			return false
		}); err != nil || found {
			return found, err
		}
	}
	return false, nil
}

// nodes returns every subject and object of the active graph.
func (w *walker) nodes() ([]store.TermID, error) {
	if len(w.graphs) == 0 {
		return nil, nil
	}
	c, err := w.q.scanGraphs(w.graphs, store.Pattern{})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	var out []store.TermID
	var seen idSet
	var buf [256]store.Triple
	for {
		n, err := c.Next(buf[:])
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return out, nil
		}
		for _, t := range buf[:n] {
			for _, id := range [2]store.TermID{t.S, t.O} {
				if seen.add(id) {
					out = append(out, id)
				}
			}
		}
		if err := w.q.check(w.ctx); err != nil {
			return nil, err
		}
	}
}
