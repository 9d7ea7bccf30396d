package exec

import (
	"strings"

	"github.com/inklingdb/inkling/query/expr"
	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store"
)

// accumulator computes one aggregate of one group. An error value among its inputs is passed to it as such.
type accumulator interface {
	add(v expr.Value)
	result() expr.Value
}

// newAccumulator returns the accumulator of an aggregate other than COUNT(*).
func newAccumulator(a *sparql.Aggregate) accumulator {
	switch a.Name {
	case "COUNT":
		return &counter{}
	case "SUM":
		return &sum{total: expr.Int(0)}
	case "AVG":
		return &sum{total: expr.Int(0), mean: true}
	case "MIN":
		return &extreme{sign: -1}
	case "MAX":
		return &extreme{sign: 1}
	case "SAMPLE":
		return &sample{}
	}
	return &concatenation{separator: a.Separator}
}

// counter counts values that are not errors.
type counter struct{ n int64 }

func (c *counter) add(v expr.Value) {
	if v.OK() {
		c.n++
	}
}
func (c *counter) result() expr.Value { return expr.Int(c.n) }

// sum is SUM, or AVG when mean is set: an error value as soon as one input is not a number, 0 of nothing.
type sum struct {
	total expr.Value
	n     int64
	mean  bool
}

func (s *sum) add(v expr.Value) {
	s.n++
	s.total = expr.Add(s.total, v)
}

func (s *sum) result() expr.Value {
	if s.mean && s.n > 0 {
		return expr.Div(s.total, expr.Int(s.n))
	}
	return s.total
}

// extreme is MIN (sign -1) or MAX (sign 1) in the order of ORDER BY; errors are passed over.
type extreme struct {
	sign int
	best expr.Value
}

func (e *extreme) add(v expr.Value) {
	if v.OK() && (!e.best.OK() || expr.Order(v, e.best)*e.sign > 0) {
		e.best = v
	}
}
func (e *extreme) result() expr.Value { return e.best }

// sample keeps the first value that is not an error.
type sample struct{ v expr.Value }

func (s *sample) add(v expr.Value) {
	if !s.v.OK() {
		s.v = v
	}
}
func (s *sample) result() expr.Value { return s.v }

// concatenation is GROUP_CONCAT over the string forms; a blank node or an error makes the result an error.
type concatenation struct {
	separator string
	text      strings.Builder
	n         int
	failed    bool
}

func (c *concatenation) add(v expr.Value) {
	if !v.OK() || v.Kind == expr.Blank {
		c.failed = true
		return
	}
	if c.n > 0 {
		c.text.WriteString(c.separator)
	}
	c.n++
	c.text.WriteString(v.Text())
}

func (c *concatenation) result() expr.Value {
	if c.failed {
		return expr.Value{}
	}
	return expr.Str(c.text.String())
}

// distinctValues passes each term on once.
type distinctValues struct {
	accumulator
	seen map[store.TermID]struct{}
}
