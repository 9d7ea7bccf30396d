package expr

import (
	"strings"

	"github.com/inklingdb/inkling/store/rdf"
)

// builtin is a SPARQL function whose result depends on its arguments' values alone. maxArgs -1 is any number.
type builtin struct {
	minArgs, maxArgs int
	call             func(args []Value) Value
}

func unary(f func(Value) Value) builtin {
	return builtin{1, 1, func(a []Value) Value {
		if !a[0].OK() {
			return Value{}
		}
		return f(a[0])
	}}
}

func binary(f func(v, o Value) Value) builtin {
	return builtin{2, 2, func(a []Value) Value {
		if !a[0].OK() || !a[1].OK() {
			return Value{}
		}
		return f(a[0], a[1])
	}}
}

// builtins are the functions of SPARQL 1.1 §17.4 but for those that need more than values: see forms.
var builtins = map[string]builtin{
	"STR":            unary(strOf),
	"LANG":           unary(langOf),
	"LANGMATCHES":    binary(langMatches),
	"DATATYPE":       unary(datatypeOf),
	"ABS":            unary(absolute),
	"CEIL":           unary(ceiling),
	"FLOOR":          unary(floorOf),
	"ROUND":          unary(roundOf),
	"CONCAT":         {0, -1, concat},
	"SUBSTR":         {2, 3, substr},
	"STRLEN":         unary(strlen),
	"UCASE":          unary(mapText(upper)),
	"LCASE":          unary(mapText(lower)),
	"ENCODE_FOR_URI": unary(encodeForURI),
	"CONTAINS":       binary(testText(strings.Contains)),
	"STRSTARTS":      binary(testText(strings.HasPrefix)),
	"STRENDS":        binary(testText(strings.HasSuffix)),
	"STRBEFORE":      binary(strBefore),
	"STRAFTER":       binary(strAfter),
	"YEAR":           unary(momentPart(func(m moment) int { return m.local().Year() }, DateTime, Date)),
	"MONTH":          unary(momentPart(func(m moment) int { return int(m.local().Month()) }, DateTime, Date)),
	"DAY":            unary(momentPart(func(m moment) int { return m.local().Day() }, DateTime, Date)),
	"HOURS":          unary(momentPart(func(m moment) int { return m.local().Hour() }, DateTime, Time)),
	"MINUTES":        unary(momentPart(func(m moment) int { return m.local().Minute() }, DateTime, Time)),
	"SECONDS":        unary(seconds),
	"TIMEZONE":       unary(timezone),
	"TZ":             unary(tz),
	"MD5":            unary(hashText("MD5")),
	"SHA1":           unary(hashText("SHA1")),
	"SHA256":         unary(hashText("SHA256")),
	"SHA384":         unary(hashText("SHA384")),
	"SHA512":         unary(hashText("SHA512")),
	"STRLANG":        binary(strLang),
	"STRDT":          binary(strDatatype),
	"SAMETERM":       binary(SameTerm),
	"ISIRI":          unary(func(v Value) Value { return Bool(v.Kind == IRI) }),
	"ISURI":          unary(func(v Value) Value { return Bool(v.Kind == IRI) }),
	"ISBLANK":        unary(func(v Value) Value { return Bool(v.Kind == Blank) }),
	"ISLITERAL":      unary(func(v Value) Value { return Bool(v.IsLiteral()) }),
	"ISNUMERIC":      unary(func(v Value) Value { return Bool(v.IsNumeric()) }),
}

func strOf(v Value) Value {
	if v.Kind == Blank {
		return Value{}
	}
	return Str(v.Text())
}

func langOf(v Value) Value {
	if !v.IsLiteral() {
		return Value{}
	}
	return Str(v.Lang())
}

func datatypeOf(v Value) Value {
	if !v.IsLiteral() {
		return Value{}
	}
	return NewIRI(v.Datatype())
}

func momentPart(part func(moment) int, kinds ...Kind) func(Value) Value {
	return func(v Value) Value {
		for _, k := range kinds {
			if v.Kind == k {
				return Int(int64(part(v.detail.moment)))
			}
		}
		return Value{}
	}
}

func seconds(v Value) Value {
	if v.Kind != DateTime && v.Kind != Time {
		return Value{}
	}
	t := v.detail.moment.local()
	d := &decimal{scale: 9}
	d.unscaled.SetInt64(int64(t.Second())*1e9 + int64(t.Nanosecond()))
	return decimalValue(d.normal())
}

// timezone returns the distance from UTC as an xsd:dayTimeDuration; an error value when there is none.
func timezone(v Value) Value {
	if v.Kind < DateTime || v.Kind > Time || !v.detail.moment.hasZone {
		return Value{}
	}
	d := span{time: v.detail.moment.local().Sub(v.detail.moment.utc)}
	return Value{Kind: Duration, detail: &detail{span: d, datatype: rdf.XSD + "dayTimeDuration"}}
}

func tz(v Value) Value {
	if v.Kind < DateTime || v.Kind > Time {
		return Value{}
	}
	return Str(v.detail.moment.zoneText())
}

func strLang(v, lang Value) Value {
	if v.Kind != String || lang.Kind != String || lang.text == "" {
		return Value{}
	}
	return langStr(v.text, strings.ToLower(lang.text))
}

func strDatatype(v, datatype Value) Value {
	if v.Kind != String || v.Datatype() != rdf.XSDString || datatype.Kind != IRI || datatype.text == rdf.RDFLangString {
		return Value{}
	}
	return FromTerm(rdf.NewTyped(v.text, datatype.text))
}
