package expr

import (
	"strconv"

	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// Kind says which value space a Value belongs to.
type Kind uint8

// Kinds in the order that ORDER BY gives to terms of different kinds; the numeric kinds compare with each other.
const (
	Failed Kind = iota // an error, or an unbound variable
	Blank
	IRI
	Integer
	Decimal
	Float
	Double
	Boolean
	String
	LangString
	DateTime
	Date
	Time
	Duration
	Other // a literal of a datatype without operators, or an ill-typed one
)

// Value is a term decoded for computing. The zero Value is an error (or an unbound variable). Values are immutable.
type Value struct {
	Kind   Kind
	id     store.TermID // the identifier it was decoded from; 0 when computed
	num    int64        // Integer that fits, Boolean as 0 or 1
	float  float64      // Float, Double
	text   string       // IRI, label, string, or the lexical form it was decoded from ("" when computed)
	detail *detail
}

// detail holds what few values have.
type detail struct {
	datatype string // of a literal whose datatype is not the first one of its kind
	lang     string
	big      *decimal // Decimal, and Integer beyond int64
	moment   moment   // DateTime, Date, Time
	span     span     // Duration
}

// ID returns the identifier that v was decoded from, or 0 for a computed value.
func (v Value) ID() store.TermID { return v.id }

// OK reports that v is neither an error nor unbound.
func (v Value) OK() bool { return v.Kind != Failed }

// IsLiteral reports that v is a literal.
func (v Value) IsLiteral() bool { return v.Kind > IRI }

// IsNumeric reports that v is a well-formed number.
func (v Value) IsNumeric() bool { return v.Kind >= Integer && v.Kind <= Double }

// Bool returns an xsd:boolean.
func Bool(b bool) Value {
	if b {
		return Value{Kind: Boolean, num: 1}
	}
	return Value{Kind: Boolean}
}

// Int returns an xsd:integer.
func Int(i int64) Value { return Value{Kind: Integer, num: i} }

// Num returns an xsd:double.
func Num(f float64) Value { return Value{Kind: Double, float: f} }

// Str returns an xsd:string.
func Str(s string) Value { return Value{Kind: String, text: s} }

// NewIRI returns an IRI value.
func NewIRI(s string) Value { return Value{Kind: IRI, text: s} }

func langStr(s, lang string) Value {
	if lang == "" {
		return Str(s)
	}
	return Value{Kind: LangString, text: s, detail: &detail{lang: lang}}
}

func decimalValue(d *decimal) Value { return Value{Kind: Decimal, detail: &detail{big: d}} }

func floatValue(f float64) Value { return Value{Kind: Float, float: float64(float32(f))} }

func momentValue(k Kind, m moment) Value { return Value{Kind: k, detail: &detail{moment: m}} }

// Lang returns the language tag, "" without one.
func (v Value) Lang() string {
	if v.detail != nil {
		return v.detail.lang
	}
	return ""
}

// Float returns a number as float64; ok is false when v is not a number.
func (v Value) Float() (f float64, ok bool) {
	switch v.Kind {
	case Integer:
		if v.detail != nil && v.detail.big != nil {
			return v.detail.big.float(), true
		}
		return float64(v.num), true
	case Decimal:
		return v.detail.big.float(), true
	case Float, Double:
		return v.float, true
	}
	return 0, false
}

// Int64 returns an integer that fits in 64 bits; ok is false for any other value.
func (v Value) Int64() (i int64, ok bool) {
	if v.Kind != Integer || v.detail != nil && v.detail.big != nil {
		return 0, false
	}
	return v.num, true
}

// Datatype returns the datatype IRI of a literal, "" for other terms.
func (v Value) Datatype() string {
	if v.detail != nil && v.detail.datatype != "" {
		return v.detail.datatype
	}
	return kindDatatype[v.Kind]
}

var kindDatatype = [...]string{
	Integer: rdf.XSDInteger, Decimal: rdf.XSDDecimal, Float: rdf.XSDFloat, Double: rdf.XSDDouble,
	Boolean: rdf.XSDBoolean, String: rdf.XSDString, LangString: rdf.RDFLangString,
	DateTime: rdf.XSDDateTime, Date: rdf.XSDDate, Time: rdf.XSD + "time", Duration: rdf.XSD + "duration",
	Other: "",
}

// Text returns what STR gives: an IRI, or a literal's lexical form (canonical when v was computed).
func (v Value) Text() string {
	if v.text != "" {
		return v.text
	}
	switch v.Kind {
	case Integer:
		if v.detail != nil && v.detail.big != nil {
			return v.detail.big.String()
		}
		return strconv.FormatInt(v.num, 10)
	case Decimal:
		return v.detail.big.String()
	case Float:
		return formatDouble(v.float, 32)
	case Double:
		return formatDouble(v.float, 64)
	case Boolean:
		return strconv.FormatBool(v.num == 1)
	case DateTime, Date, Time:
		return v.detail.moment.format(v.Kind)
	case Duration:
		return v.detail.span.String()
	}
	return ""
}

// Term returns v as an RDF term; the zero Term for an error.
func (v Value) Term() rdf.Term {
	switch v.Kind {
	case Failed:
		return rdf.Term{}
	case IRI:
		return rdf.NewIRI(v.text)
	case Blank:
		return rdf.NewBlank(v.text)
	case LangString:
		return rdf.Term{Kind: rdf.Literal, Value: v.text, Datatype: rdf.RDFLangString, Lang: v.detail.lang}
	}
	return rdf.NewTyped(v.Text(), v.Datatype())
}

// FromTerm decodes a term; the zero Term gives an error value. An ill-typed literal is of kind Other.
func FromTerm(t rdf.Term) Value {
	switch t.Kind {
	case rdf.None:
		return Value{}
	case rdf.IRI:
		return NewIRI(t.Value)
	case rdf.Blank:
		return Value{Kind: Blank, text: t.Value}
	}
	if t.Lang != "" {
		return langStr(t.Value, t.Lang)
	}
	if t.Datatype == rdf.XSDString || t.Datatype == "" {
		return Str(t.Value)
	}
	if v := parseLiteral(t.Value, t.Datatype); v.OK() {
		v.text = t.Value
		return v
	}
	return Value{Kind: Other, text: t.Value, detail: &detail{datatype: t.Datatype}}
}

// parseLiteral decodes a lexical form of one of the datatypes with operators; an error value for any other.
func parseLiteral(lexical, datatype string) Value {
	if len(datatype) <= len(rdf.XSD) || datatype[:len(rdf.XSD)] != rdf.XSD {
		return Value{}
	}
	name := datatype[len(rdf.XSD):]
	v := parseXSD(lexical, name)
	if v.OK() && kindDatatype[v.Kind] != datatype {
		if v.detail == nil {
			v.detail = &detail{}
		}
		v.detail.datatype = datatype
	}
	return v
}
