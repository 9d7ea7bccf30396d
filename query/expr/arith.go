package expr

import "math"

// Add returns v + o, promoted as XPath does; an error value unless both are numbers.
func Add(v, o Value) Value {
	if v.Kind == Integer && o.Kind == Integer && v.small() && o.small() {
		if s := v.num + o.num; (s > v.num) == (o.num > 0) {
			return Int(s)
		}
	}
	return arith(v, o, (*decimal).add, func(a, b float64) float64 { return a + b })
}

// Sub returns v - o.
func Sub(v, o Value) Value {
	if v.Kind == Integer && o.Kind == Integer && v.small() && o.small() {
		if s := v.num - o.num; (s < v.num) == (o.num > 0) {
			return Int(s)
		}
	}
	return arith(v, o, func(a, b *decimal) *decimal { return a.add(b.neg()) }, func(a, b float64) float64 { return a - b })
}

// Mul returns v * o; an error value when an exact product would be longer than 4096 digits.
func Mul(v, o Value) Value {
	if v.Kind == Integer && o.Kind == Integer && v.small() && o.small() && abs32(v.num) && abs32(o.num) {
		return Int(v.num * o.num)
	}
	return arith(v, o, (*decimal).mul, func(a, b float64) float64 { return a * b })
}

func abs32(i int64) bool { return i >= math.MinInt32 && i <= math.MaxInt32 }

// Div returns v / o; integers divide to a decimal, and an exact division by zero is an error value.
func Div(v, o Value) Value {
	if v.Kind == Integer && o.Kind == Integer {
		v, o = decimalValue(v.exact()), decimalValue(o.exact())
	}
	return arith(v, o, (*decimal).div, func(a, b float64) float64 { return a / b })
}

// arith applies the operation of the wider of the two kinds. A nil decimal is an error.
func arith(v, o Value, exact func(a, b *decimal) *decimal, inexact func(a, b float64) float64) Value {
	if !v.IsNumeric() || !o.IsNumeric() {
		return Value{}
	}
	wide := max(v.Kind, o.Kind)
	if wide <= Decimal {
		d := exact(v.exact(), o.exact())
		switch {
		case d == nil:
			return Value{}
		case wide == Integer:
			return integerValue(d)
		}
		return decimalValue(d)
	}
	a, _ := v.Float()
	b, _ := o.Float()
	if wide == Float {
		return floatValue(inexact(float64(float32(a)), float64(float32(b))))
	}
	return Num(inexact(a, b))
}

// Neg returns -v.
func Neg(v Value) Value {
	switch v.Kind {
	case Float:
		return floatValue(-v.float)
	case Double:
		return Num(-v.float)
	}
	return Sub(Int(0), v)
}

// Plus returns +v: v itself when it is a number.
func Plus(v Value) Value {
	if !v.IsNumeric() {
		return Value{}
	}
	return v
}

// rounded applies ABS, CEIL, FLOOR or ROUND, keeping the operand's kind.
func rounded(v Value, exact func(*decimal) *decimal, inexact func(float64) float64) Value {
	switch v.Kind {
	case Integer:
		return integerValue(exact(v.exact()))
	case Decimal:
		return decimalValue(exact(v.detail.big))
	case Float:
		return floatValue(inexact(v.float))
	case Double:
		return Num(inexact(v.float))
	}
	return Value{}
}

func absolute(v Value) Value {
	return rounded(v, func(d *decimal) *decimal {
		if d.unscaled.Sign() < 0 {
			return d.neg()
		}
		return d
	}, math.Abs)
}

func ceiling(v Value) Value {
	return rounded(v, func(d *decimal) *decimal { return d.neg().floor().neg() }, math.Ceil)
}

func floorOf(v Value) Value { return rounded(v, (*decimal).floor, math.Floor) }

func roundOf(v Value) Value {
	return rounded(v, (*decimal).round, func(f float64) float64 {
		if math.Abs(f) >= 1<<52 {
			return f
		}
		return math.Floor(f + 0.5)
	})
}
