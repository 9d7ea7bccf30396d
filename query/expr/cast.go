package expr

import (
	"math"
	"strconv"
	"strings"

	"github.com/inklingdb/inkling/store/rdf"
)

// integerRange bounds the datatypes derived from xsd:integer that fit in 64 bits.
var integerRange = map[string][2]int64{
	"long": {math.MinInt64, math.MaxInt64}, "int": {math.MinInt32, math.MaxInt32},
	"short": {math.MinInt16, math.MaxInt16}, "byte": {math.MinInt8, math.MaxInt8},
	"unsignedInt": {0, math.MaxUint32}, "unsignedShort": {0, math.MaxUint16}, "unsignedByte": {0, math.MaxUint8},
}

// integerSign bounds the unbounded ones: the least and the greatest sign.
var integerSign = map[string][2]int{
	"integer": {-1, 1}, "nonNegativeInteger": {0, 1}, "nonPositiveInteger": {-1, 0},
	"positiveInteger": {1, 1}, "negativeInteger": {-1, -1}, "unsignedLong": {0, 1},
}

// parseXSD decodes a lexical form of the XSD type name; an error value when it is ill-typed or has no operators.
func parseXSD(lexical, name string) Value {
	s := strings.Trim(lexical, " \t\r\n")
	switch name {
	case "decimal":
		if d := parseDecimal(s); d != nil {
			return decimalValue(d)
		}
	case "double":
		if f, ok := parseDouble(s); ok {
			return Num(f)
		}
	case "float":
		if f, ok := parseDouble(s); ok {
			return floatValue(f)
		}
	case "boolean":
		switch s {
		case "true", "1":
			return Bool(true)
		case "false", "0":
			return Bool(false)
		}
	case "dateTime", "dateTimeStamp":
		return parseMomentValue(s, DateTime)
	case "date":
		return parseMomentValue(s, Date)
	case "time":
		return parseMomentValue(s, Time)
	case "duration", "dayTimeDuration", "yearMonthDuration":
		if d, ok := parseSpan(s); ok {
			return Value{Kind: Duration, detail: &detail{span: d}}
		}
	case "normalizedString", "token", "language", "Name", "NCName", "NMTOKEN":
		return Str(lexical)
	default:
		return parseInteger(s, name)
	}
	return Value{}
}

func parseMomentValue(s string, kind Kind) Value {
	if m, ok := parseMoment(s, kind); ok {
		return momentValue(kind, m)
	}
	return Value{}
}

func parseInteger(s, name string) Value {
	if i, err := strconv.ParseInt(s, 10, 64); err == nil && digitsOnly(strings.TrimLeft(s, "+-")) {
		if r, ok := integerRange[name]; ok && i >= r[0] && i <= r[1] {
			return Int(i)
		}
		sign := min(max(i, -1), 1)
		if r, ok := integerSign[name]; ok && int(sign) >= r[0] && int(sign) <= r[1] {
			return Int(i)
		}
		return Value{}
	}
	r, ok := integerSign[name]
	if !ok || strings.Contains(s, ".") {
		return Value{}
	}
	d := parseDecimal(s)
	if d == nil || d.unscaled.Sign() < r[0] || d.unscaled.Sign() > r[1] || name == "unsignedLong" && d.unscaled.BitLen() > 64 {
		return Value{}
	}
	return integerValue(d)
}

// integerValue makes an integer of a decimal without fraction.
func integerValue(d *decimal) Value {
	if d.unscaled.IsInt64() {
		return Int(d.unscaled.Int64())
	}
	return Value{Kind: Integer, detail: &detail{big: d}}
}

// parseDouble reads the XSD form: no hex, no underscore, INF and NaN spelt so.
func parseDouble(s string) (float64, bool) {
	switch s {
	case "INF", "+INF":
		return math.Inf(1), true
	case "-INF":
		return math.Inf(-1), true
	case "NaN":
		return math.NaN(), true
	}
	if s == "" || strings.Trim(s, "0123456789+-.eE") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil || math.IsInf(f, 0) // out of range rounds to an infinity
}

// Cast applies the constructor function of an XSD type (its full IRI) to v; an error value when v cannot be cast.
// ok is false when datatype has no constructor.
func Cast(v Value, datatype string) (out Value, ok bool) {
	name, found := strings.CutPrefix(datatype, rdf.XSD)
	if !found || !castable(name) {
		return Value{}, false
	}
	if !v.OK() || v.Kind == Blank {
		return Value{}, true
	}
	if name == "string" {
		return Str(castText(v)), true
	}
	if v.Kind == IRI || v.Kind == LangString {
		return Value{}, true
	}
	out = castTo(v, name)
	if out.OK() && kindDatatype[out.Kind] != datatype {
		d := detail{}
		if out.detail != nil {
			d = *out.detail
		}
		d.datatype = datatype
		out.detail = &d
	}
	return out, true
}

func castable(name string) bool {
	switch name {
	case "string", "boolean", "double", "float", "decimal", "dateTime", "date", "time",
		"duration", "dayTimeDuration", "yearMonthDuration":
		return true
	}
	_, bounded := integerRange[name]
	_, signed := integerSign[name]
	return bounded || signed
}

// castText is the text of v as xsd:string sees it: the value's canonical form, in which floats of moderate size have
// no exponent.
func castText(v Value) string {
	switch v.Kind {
	case Integer, Decimal, Boolean:
		v.text = ""
	case Float, Double:
		bits := 64
		if v.Kind == Float {
			bits = 32
		}
		if a := math.Abs(v.float); a == 0 || a >= 1e-6 && a < 1e6 {
			return strconv.FormatFloat(v.float, 'f', -1, bits)
		}
		return formatDouble(v.float, bits)
	}
	return v.Text()
}

func castTo(v Value, name string) Value {
	switch v.Kind {
	case String:
		return parseXSD(v.text, name)
	case Other:
		return Value{}
	case Boolean:
		return castBoolean(v, name)
	case DateTime, Date, Time:
		return castMoment(v, name)
	case Duration:
		if strings.HasSuffix(name, "uration") {
			return Value{Kind: Duration, detail: &detail{span: v.detail.span}}
		}
		return Value{}
	}
	return castNumber(v, name)
}

func castBoolean(v Value, name string) Value {
	switch name {
	case "boolean":
		return Bool(v.num == 1)
	case "double":
		return Num(float64(v.num))
	case "float":
		return floatValue(float64(v.num))
	case "decimal":
		return decimalValue(decimalFromInt(v.num))
	}
	return parseXSD(strconv.FormatInt(v.num, 10), name)
}

func castMoment(v Value, name string) Value {
	m := v.detail.moment
	day := m.local().Truncate(24 * 3600e9)
	switch {
	case name == "dateTime" && v.Kind != Time, name == "date" && v.Kind == Date, name == "time" && v.Kind == Time:
	case name == "date" && v.Kind == DateTime:
		m.utc = m.utc.Add(-m.local().Sub(day))
	case name == "time" && v.Kind == DateTime:
		return parseXSD(m.format(Time), "time")
	default:
		return Value{}
	}
	return momentValue(map[string]Kind{"dateTime": DateTime, "date": Date, "time": Time}[name], m)
}

func castNumber(v Value, name string) Value {
	f, _ := v.Float()
	switch name {
	case "boolean":
		return Bool(f != 0 && !math.IsNaN(f))
	case "double":
		return Num(f)
	case "float":
		return floatValue(f)
	case "dateTime", "date", "time", "duration", "dayTimeDuration", "yearMonthDuration":
		return Value{}
	}
	d := v.exact()
	if d == nil {
		return Value{}
	}
	if name == "decimal" {
		return decimalValue(d)
	}
	return parseXSD(d.truncate().String(), name)
}

// exact returns a number as a decimal; nil for NaN, infinities and what is not a number.
func (v Value) exact() *decimal {
	switch v.Kind {
	case Integer, Decimal:
		if v.detail != nil && v.detail.big != nil {
			return v.detail.big
		}
		return decimalFromInt(v.num)
	case Float:
		return decimalFromFloat(v.float, 32)
	case Double:
		return decimalFromFloat(v.float, 64)
	}
	return nil
}
