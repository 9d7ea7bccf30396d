package store

import "fmt"

// Cursor walks the matches of a pattern in an order. It is not safe for concurrent use.
// It must be closed before its View.
type Cursor struct {
	view     *View
	order    Order
	pattern  Pattern
	exact    bool // the span holds matches only
	low      tuple
	high     tuple
	base     baseCursor
	changes  []changeCursor // oldest run first
	started  bool
	finished bool
}

// changeCursor is a run's part within the span.
type changeCursor struct {
	run     *sortedRun
	at, end int
}

func newCursor(v *View, g TermID, p Pattern, o Order) *Cursor {
	c := &Cursor{view: v, order: o, pattern: p}
	c.low, c.high, c.exact = o.span(p)
	c.base.open(v.state.gen, o, g, c.high)
	for _, r := range v.state.delta.runs {
		s := &r.orders[o-1]
		from, to := s.lower(quad{g, c.low}), s.upper(quad{g, c.high})
		if from < to {
			c.changes = append(c.changes, changeCursor{run: s, at: from, end: to})
		}
	}
	return c
}

// Order returns the order in which the triples come.
func (c *Cursor) Order() Order { return c.order }

// Next writes the next matches to out and returns how many. It fills out unless the end is reached;
// 0 means there are no more (or that out is empty).
func (c *Cursor) Next(out []Triple) (n int, err error) {
	if c.view == nil || c.view.closed.Load() {
		return 0, fmt.Errorf("store: cursor: %w", ErrClosed)
	}
	if c.finished {
		return 0, nil
	}
	if !c.started {
		c.started = true
		if err := c.base.seek(c.low); err != nil {
			return 0, err
		}
	}
	for n < len(out) && !c.finished {
		if err := c.base.fill(); err != nil {
			return n, err
		}
		if len(c.changes) == 0 {
			n += c.copyBase(out[n:], c.high, true)
			continue
		}
		n += c.merge(out[n:])
	}
	return n, nil
}

// copyBase gives tuples from the decoded block up to last (or before it).
func (c *Cursor) copyBase(out []Triple, last tuple, inclusive bool) int {
	b := &c.base
	if b.at == b.n {
		c.finished = len(c.changes) == 0
		return 0
	}
	end := b.n
	if t := b.buffer[end-1]; last.less(t) || t == last && !inclusive {
		end = b.at
		for end < b.n && (b.buffer[end].less(last) || inclusive && b.buffer[end] == last) {
			end++
		}
		c.finished = end == b.at && len(c.changes) == 0
	}
	n := 0
	for ; b.at < end && n < len(out); b.at++ {
		t := c.order.triple(b.buffer[b.at])
		if c.exact || c.pattern.matches(t) {
			out[n] = t
			n++
		}
	}
	return n
}

// head returns the least tuple among the runs, and whether the newest run that has it removes it.
func (c *Cursor) head() (least tuple, removed bool) {
	least = tuple{maxID, maxID, maxID}
	for i := range c.changes {
		r := &c.changes[i]
		if t := r.run.quads[r.at].t; !least.less(t) {
			least, removed = t, r.run.removed(r.at)
		}
	}
	return least, removed
}

// advance moves all runs past a tuple and drops those that end.
func (c *Cursor) advance(t tuple) {
	kept := c.changes[:0]
	for _, r := range c.changes {
		if r.run.quads[r.at].t == t {
			r.at++
		}
		if r.at < r.end {
			kept = append(kept, r)
		}
	}
	c.changes = kept
}

// merge gives base tuples up to the next change, then that change if it is an addition.
func (c *Cursor) merge(out []Triple) int {
	head, removed := c.head()
	b := &c.base
	if b.at < b.n && b.buffer[b.at].less(head) {
		return c.copyBase(out, head, false)
	}
	if b.at < b.n && b.buffer[b.at] == head {
		b.at++
	}
	c.advance(head)
	if removed {
		return 0
	}
	t := c.order.triple(head)
	if !c.exact && !c.pattern.matches(t) {
		return 0
	}
	out[0] = t
	return 1
}

// Seek moves forward to the first match not before t in the cursor's order. It never moves back.
func (c *Cursor) Seek(t Triple) error {
	if c.view == nil || c.view.closed.Load() {
		return fmt.Errorf("store: cursor: %w", ErrClosed)
	}
	want := c.order.arrange(t)
	if want.less(c.low) || c.finished {
		return nil
	}
	if c.high.less(want) {
		c.finished = true
		return nil
	}
	if !c.started && c.low.less(want) {
		c.low = want
	}
	c.started = true
	if err := c.base.seek(want); err != nil {
		return err
	}
	kept := c.changes[:0]
	for _, r := range c.changes {
		rest := sortedRun{quads: r.run.quads[r.at:r.end]}
		r.at += rest.lower(quad{r.graph(), want})
		if r.at < r.end {
			kept = append(kept, r)
		}
	}
	c.changes = kept
	return nil
}

func (r *changeCursor) graph() TermID { return r.run.quads[r.at].g }

// Close releases the cursor; it may be called more than once.
func (c *Cursor) Close() {
	c.view, c.finished = nil, true
	c.base.close()
}
