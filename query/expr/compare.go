package expr

import (
	"cmp"
	"math"
	"strings"
)

// EBV returns the effective boolean value of v: a boolean, or an error value when v has none.
func EBV(v Value) Value {
	switch v.Kind {
	case Boolean:
		return Bool(v.num == 1)
	case String:
		return Bool(v.text != "")
	case Integer, Decimal, Float, Double:
		f, _ := v.Float()
		return Bool(f != 0 && !math.IsNaN(f))
	case Other:
		// An ill-typed boolean or number is false, not an error.
		if name, ok := strings.CutPrefix(v.detail.datatype, "http://www.w3.org/2001/XMLSchema#"); ok {
			_, bounded := integerRange[name]
			_, signed := integerSign[name]
			if bounded || signed || name == "boolean" || name == "decimal" || name == "double" || name == "float" {
				return Bool(false)
			}
		}
	}
	return Value{}
}

// Equal returns v = o: a boolean, or an error value when the operands' values cannot be compared.
func Equal(v, o Value) Value {
	if !v.OK() || !o.OK() {
		return Value{}
	}
	if v.IsNumeric() && o.IsNumeric() {
		c, ordered := compareNumbers(v, o)
		return Bool(ordered && c == 0)
	}
	if !v.IsLiteral() || !o.IsLiteral() {
		return Bool(v.Kind == o.Kind && v.text == o.text)
	}
	if v.Kind == LangString != (o.Kind == LangString) {
		return Bool(false) // no datatype's values include a string with a language
	}
	if v.Kind == Other || o.Kind == Other {
		if v.Kind == o.Kind && v.text == o.text && v.detail.datatype == o.detail.datatype {
			return Bool(true)
		}
		return Value{}
	}
	if v.Kind != o.Kind {
		return Bool(false)
	}
	switch v.Kind {
	case Boolean:
		return Bool(v.num == o.num)
	case String:
		return Bool(v.text == o.text)
	case LangString:
		return Bool(v.text == o.text && strings.EqualFold(v.detail.lang, o.detail.lang))
	case Duration:
		return Bool(v.detail.span == o.detail.span)
	}
	c, ok := v.detail.moment.compare(o.detail.moment)
	if !ok {
		return Value{}
	}
	return Bool(c == 0)
}

// Compare orders two values as < does; ok is false when the pair has no order (an error), and also for NaN, for
// which every comparison but != is false: see compareTest.
func Compare(v, o Value) (c int, ok bool) {
	if v.IsNumeric() && o.IsNumeric() {
		return compareNumbers(v, o)
	}
	if v.Kind != o.Kind {
		return 0, false
	}
	switch v.Kind {
	case Boolean:
		return cmp.Compare(v.num, o.num), true
	case String:
		return strings.Compare(v.text, o.text), true
	case LangString:
		if strings.EqualFold(v.detail.lang, o.detail.lang) {
			return strings.Compare(v.text, o.text), true
		}
	case DateTime, Date, Time:
		return v.detail.moment.compare(o.detail.moment)
	case Duration:
		a, b := v.detail.span, o.detail.span
		if a.months == 0 && b.months == 0 {
			return cmp.Compare(a.time, b.time), true
		}
		if a.time == 0 && b.time == 0 {
			return cmp.Compare(a.months, b.months), true
		}
	}
	return 0, false
}

// compareTest applies one of < <= > >= and returns a boolean or an error value.
func compareTest(v, o Value, test func(c int) bool) Value {
	c, ok := Compare(v, o)
	if ok {
		return Bool(test(c))
	}
	if v.IsNumeric() && o.IsNumeric() {
		return Bool(false) // NaN
	}
	return Value{}
}

// compareNumbers is exact between integers and decimals and in float64 otherwise; ok is false for NaN.
func compareNumbers(v, o Value) (c int, ok bool) {
	if v.Kind == Integer && o.Kind == Integer && v.small() && o.small() {
		return cmp.Compare(v.num, o.num), true
	}
	if v.Kind <= Decimal && o.Kind <= Decimal {
		return v.exact().cmp(o.exact()), true
	}
	a, _ := v.Float()
	b, _ := o.Float()
	if v.Kind <= Float && o.Kind <= Float {
		a, b = float64(float32(a)), float64(float32(b))
	}
	if math.IsNaN(a) || math.IsNaN(b) {
		return 0, false
	}
	return cmp.Compare(a, b), true
}

// small reports that an integer is held in num.
func (v Value) small() bool { return v.detail == nil || v.detail.big == nil }

// Order is a total order for ORDER BY: unbound, blank nodes, IRIs, then literals by kind and value; numbers of all
// types compare by value, NaN first. Values that < orders keep that order, ties fall to the lexical form.
func Order(v, o Value) int {
	if c := cmp.Compare(orderClass(v), orderClass(o)); c != 0 {
		return c
	}
	switch {
	case v.Kind <= IRI:
		return strings.Compare(v.text, o.text)
	case v.IsNumeric():
		if c, ok := compareNumbers(v, o); ok {
			if c == 0 {
				return cmp.Compare(v.Kind, o.Kind)
			}
			return c
		}
		a, _ := v.Float()
		b, _ := o.Float()
		return cmp.Compare(a, b)
	case v.Kind >= DateTime && v.Kind <= Time:
		if c := v.detail.moment.utc.Compare(o.detail.moment.utc); c != 0 {
			return c
		}
	case v.Kind == Duration:
		// A month counts as 30 days here: any total order that agrees with < will do.
		a, b := v.detail.span, o.detail.span
		if c := cmp.Compare(float64(a.months)*30*86400+a.time.Seconds(), float64(b.months)*30*86400+b.time.Seconds()); c != 0 {
			return c
		}
	}
	if c := strings.Compare(v.Text(), o.Text()); c != 0 {
		return c
	}
	if c := strings.Compare(v.Lang(), o.Lang()); c != 0 {
		return c
	}
	return strings.Compare(v.Datatype(), o.Datatype())
}

func orderClass(v Value) Kind {
	if v.IsNumeric() {
		return Integer
	}
	return v.Kind
}

// SameTerm reports that both are the same RDF term.
func SameTerm(v, o Value) Value {
	if !v.OK() || !o.OK() {
		return Value{}
	}
	if v.id != 0 && o.id != 0 {
		return Bool(v.id == o.id)
	}
	return Bool(v.Term() == o.Term())
}
