package expr

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// decimal is unscaled / 10^scale, exact; scale ≥ 0 and the last digit of unscaled is not 0 unless scale is 0.
type decimal struct {
	unscaled big.Int
	scale    int
}

// quotientDigits is how many fractional digits a quotient keeps; XSD asks for at least 18 digits in all.
const quotientDigits = 18

// maxDigits bounds a decimal's length, so that a few multiplications cannot fill the memory.
const maxDigits = 4096

var ten = big.NewInt(10)

func pow10(n int) *big.Int { return new(big.Int).Exp(ten, big.NewInt(int64(n)), nil) }

func decimalFromInt(i int64) *decimal {
	d := &decimal{}
	d.unscaled.SetInt64(i)
	return d
}

// parseDecimal reads [+-]digits[.digits]; nil when s is not of that form.
func parseDecimal(s string) *decimal {
	body := strings.TrimLeft(s, "+-")
	if len(s)-len(body) > 1 || len(s) > maxDigits {
		return nil
	}
	whole, fraction, _ := strings.Cut(body, ".")
	if whole+fraction == "" || !digitsOnly(whole) || !digitsOnly(fraction) {
		return nil
	}
	d := &decimal{scale: len(fraction)}
	if _, ok := d.unscaled.SetString(whole+fraction, 10); !ok {
		return nil
	}
	if s[0] == '-' {
		d.unscaled.Neg(&d.unscaled)
	}
	return d.normal()
}

func digitsOnly(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// decimalFromFloat returns the exact decimal that prints as f does; nil for NaN and infinities.
func decimalFromFloat(f float64, bits int) *decimal {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil
	}
	return parseDecimal(strconv.FormatFloat(f, 'f', -1, bits))
}

// normal drops trailing fractional zeros in place and returns d.
func (d *decimal) normal() *decimal {
	var q, r big.Int
	for d.scale > 0 {
		q.QuoRem(&d.unscaled, ten, &r)
		if r.Sign() != 0 {
			break
		}
		d.unscaled.Set(&q)
		d.scale--
	}
	return d
}

// aligned returns the unscaled values of a and b at their larger scale.
func aligned(a, b *decimal) (x, y *big.Int, scale int) {
	x, y = &a.unscaled, &b.unscaled
	switch {
	case a.scale < b.scale:
		x = new(big.Int).Mul(x, pow10(b.scale-a.scale))
		return x, y, b.scale
	case b.scale < a.scale:
		y = new(big.Int).Mul(y, pow10(a.scale-b.scale))
	}
	return x, y, a.scale
}

func (d *decimal) add(o *decimal) *decimal {
	x, y, scale := aligned(d, o)
	out := &decimal{scale: scale}
	out.unscaled.Add(x, y)
	return out.normal()
}

func (d *decimal) neg() *decimal {
	out := &decimal{scale: d.scale}
	out.unscaled.Neg(&d.unscaled)
	return out
}

// mul returns nil when the product is longer than maxDigits.
func (d *decimal) mul(o *decimal) *decimal {
	if (d.unscaled.BitLen()+o.unscaled.BitLen())/3 > maxDigits {
		return nil
	}
	out := &decimal{scale: d.scale + o.scale}
	out.unscaled.Mul(&d.unscaled, &o.unscaled)
	return out.normal()
}

// div returns d / o rounded half-even at quotientDigits; nil when o is 0.
func (d *decimal) div(o *decimal) *decimal {
	if o.unscaled.Sign() == 0 {
		return nil
	}
	x, y, _ := aligned(d, o)
	out := &decimal{scale: quotientDigits}
	var q, r, twice big.Int
	q.QuoRem(new(big.Int).Mul(x, pow10(quotientDigits)), y, &r)
	twice.Abs(&r).Lsh(&twice, 1)
	if c := twice.CmpAbs(y); c > 0 || c == 0 && q.Bit(0) == 1 {
		q.Add(&q, big.NewInt(int64(x.Sign()*y.Sign())))
	}
	out.unscaled.Set(&q)
	return out.normal()
}

func (d *decimal) cmp(o *decimal) int {
	x, y, _ := aligned(d, o)
	return x.Cmp(y)
}

// floor returns the largest integer not above d.
func (d *decimal) floor() *decimal {
	out := &decimal{}
	p := pow10(d.scale)
	out.unscaled.Div(&d.unscaled, p) // Euclidean: rounds down for a positive divisor
	return out
}

// round returns the nearest integer, halves up, as fn:round does.
func (d *decimal) round() *decimal {
	half := &decimal{scale: 1}
	half.unscaled.SetInt64(5)
	return d.add(half).floor()
}

// truncate returns the integer part.
func (d *decimal) truncate() *decimal {
	out := &decimal{}
	out.unscaled.Quo(&d.unscaled, pow10(d.scale))
	return out
}

func (d *decimal) float() float64 {
	if d.scale == 0 && d.unscaled.IsInt64() {
		return float64(d.unscaled.Int64())
	}
	f, _ := strconv.ParseFloat(d.String(), 64)
	return f
}

// String returns the shortest form: no point when d is an integer.
func (d *decimal) String() string {
	digits := new(big.Int).Abs(&d.unscaled).String()
	if d.scale > 0 {
		if len(digits) <= d.scale {
			digits = strings.Repeat("0", d.scale-len(digits)+1) + digits
		}
		digits = digits[:len(digits)-d.scale] + "." + digits[len(digits)-d.scale:]
	}
	if d.unscaled.Sign() < 0 {
		return "-" + digits
	}
	return digits
}

// formatDouble returns the lexical form of a computed xsd:double (or float): 0.25 and 1.0 for numbers of moderate
// size, which people read, the canonical 1.5E12 beyond, INF and NaN.
func formatDouble(f float64, bits int) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "INF"
	case math.IsInf(f, -1):
		return "-INF"
	}
	if a := math.Abs(f); a == 0 || a >= 1e-6 && a < 1e6 {
		s := strconv.FormatFloat(f, 'f', -1, bits)
		if !strings.Contains(s, ".") {
			s += ".0"
		}
		return s
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'E', -1, bits), "E")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	n, _ := strconv.Atoi(exponent)
	return mantissa + "E" + strconv.Itoa(n)
}
