package store

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/inklingdb/inkling/store/rdf"
)

const (
	integerBias  = 1 << 55
	mantissaBias = 1 << 51
	maxScale     = 15
	zoneNone     = 0
	zoneZ        = 1
	zoneFirst    = 2        // −14:00; a step is a quarter of an hour, the last is +14:00 = 114
	zoneSteps    = 4*28 + 1 // number of quarter-hour offsets
	minutesOff   = 14 * 60  // minutes that zoneFirst is west of UTC
	dayZoneBits  = 8        // a date's zone
	timeZoneBits = 7        // a dateTime's zone
	milliBits    = 10       // a dateTime's milliseconds
	secondsOfDay = 24 * 60 * 60
)

var epoch = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)

// inlineID returns the identifier that holds a literal's value, if its text is one that can be restored exactly.
func inlineID(t rdf.Term) (TermID, bool) {
	if t.Kind != rdf.Literal || t.Lang != "" {
		return 0, false
	}
	switch t.Datatype {
	case rdf.XSDInteger:
		return inlineInteger(t.Value)
	case rdf.XSDDecimal:
		return inlineDecimal(t.Value)
	case rdf.XSDBoolean:
		switch t.Value {
		case "true":
			return makeID(KindBoolean, 1), true
		case "false":
			return makeID(KindBoolean, 0), true
		}
	case rdf.XSDDate:
		return inlineDate(t.Value)
	case rdf.XSDDateTime:
		return inlineDateTime(t.Value)
	}
	return 0, false
}

// canonicalDigits reports whether s is digits without a needless leading zero.
func canonicalDigits(s string) bool {
	if s == "" || len(s) > 1 && s[0] == '0' {
		return false
	}
	return allDigits(s)
}

func allDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func inlineInteger(s string) (TermID, bool) {
	digits, negative := strings.CutPrefix(s, "-")
	if !canonicalDigits(digits) || negative && digits == "0" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < -integerBias || n >= integerBias {
		return 0, false
	}
	return makeID(KindInteger, uint64(n+integerBias)), true
}

func inlineDecimal(s string) (TermID, bool) {
	digits, negative := strings.CutPrefix(s, "-")
	whole, fraction, point := strings.Cut(digits, ".")
	if !canonicalDigits(whole) || point && !allDigits(fraction) || len(fraction) > maxScale {
		return 0, false
	}
	n, err := strconv.ParseInt(whole+fraction, 10, 64)
	if err != nil || n >= mantissaBias || negative && n == 0 {
		return 0, false
	}
	if negative {
		n = -n
	}
	return makeID(KindDecimal, uint64(n+mantissaBias)<<4|uint64(len(fraction))), true
}

// cutZone splits a date or time text from its zone. ok is false for zones that are not quarter hours.
func cutZone(s string) (rest string, zone uint64, ok bool) {
	if rest, found := strings.CutSuffix(s, "Z"); found {
		return rest, zoneZ, true
	}
	if len(s) < 6 || s[len(s)-3] != ':' || s[len(s)-6] != '+' && s[len(s)-6] != '-' {
		return s, zoneNone, true
	}
	rest, z := s[:len(s)-6], s[len(s)-6:]
	if !allDigits(z[1:3]) || !allDigits(z[4:6]) {
		return s, zoneNone, true // as in "T10:00:00-1x:00": not a zone, so the caller's parse fails
	}
	h, _ := strconv.Atoi(z[1:3])
	m, _ := strconv.Atoi(z[4:6])
	minutes := h*60 + m
	if m > 59 || minutes > minutesOff || minutes%15 != 0 || z == "-00:00" {
		return "", 0, false
	}
	if z[0] == '-' {
		minutes = -minutes
	}
	return rest, uint64(zoneFirst + (minutes+minutesOff)/15), true
}

func zoneText(zone uint64) string {
	switch zone {
	case zoneNone:
		return ""
	case zoneZ:
		return "Z"
	}
	minutes := int(zone-zoneFirst)*15 - minutesOff
	sign := "+"
	if minutes < 0 {
		sign, minutes = "-", -minutes
	}
	return sign + twoDigits(minutes/60) + ":" + twoDigits(minutes%60)
}

func twoDigits(n int) string { return string([]byte{byte('0' + n/10), byte('0' + n%10)}) }

func inlineDate(s string) (TermID, bool) {
	day, zone, ok := cutZone(s)
	if !ok || len(day) != len(time.DateOnly) {
		return 0, false
	}
	t, err := time.Parse(time.DateOnly, day)
	if err != nil || t.Year() < 1 {
		return 0, false
	}
	return makeID(KindDate, uint64(unixSinceEpoch(t)/secondsOfDay)<<dayZoneBits|zone), true
}

func inlineDateTime(s string) (TermID, bool) {
	const layout = "2006-01-02T15:04:05"
	local, zone, ok := cutZone(s)
	if !ok || len(local) < len(layout) {
		return 0, false
	}
	t, err := time.Parse(layout, local[:len(layout)])
	if err != nil || t.Year() < 1 {
		return 0, false
	}
	milli, fraction := 0, local[len(layout):]
	if fraction != "" {
		digits, point := strings.CutPrefix(fraction, ".")
		if !point || len(digits) > 3 || !allDigits(digits) || digits[len(digits)-1] == '0' {
			return 0, false
		}
		milli, _ = strconv.Atoi((digits + "00")[:3])
	}
	return makeID(KindDateTime, uint64(unixSinceEpoch(t))<<(milliBits+timeZoneBits)|uint64(milli)<<timeZoneBits|zone), true
}

func unixSinceEpoch(t time.Time) int64 { return t.Unix() - epoch.Unix() }

// inlineTerm restores the text of an inline identifier; ok is false when no such value exists.
func inlineTerm(id TermID) (t rdf.Term, ok bool) {
	p := uint64(id) & payloadMask
	switch id.Kind() {
	case KindInteger:
		return rdf.NewTyped(strconv.FormatInt(int64(p)-integerBias, 10), rdf.XSDInteger), true
	case KindDecimal:
		return rdf.NewTyped(decimalText(int64(p>>4)-mantissaBias, int(p&15)), rdf.XSDDecimal), true
	case KindBoolean:
		return rdf.NewTyped(strconv.FormatBool(p == 1), rdf.XSDBoolean), p <= 1
	case KindDate:
		day := time.Unix(int64(p>>dayZoneBits)*secondsOfDay+epoch.Unix(), 0).UTC()
		zone := p & (1<<dayZoneBits - 1)
		return rdf.NewTyped(day.Format(time.DateOnly)+zoneText(zone), rdf.XSDDate), zone < zoneFirst+zoneSteps
	case KindDateTime:
		at, zone := dateTime(p)
		return rdf.NewTyped(at.Format("2006-01-02T15:04:05.999")+zoneText(zone), rdf.XSDDateTime), zone < zoneFirst+zoneSteps
	}
	return rdf.Term{}, false
}

// dateTime returns the local reading of an inline dateTime, as if in UTC, and its zone code.
func dateTime(payload uint64) (local time.Time, zone uint64) {
	seconds := int64(payload >> (milliBits + timeZoneBits))
	milli := int64(payload >> timeZoneBits & (1<<milliBits - 1))
	return time.Unix(seconds+epoch.Unix(), milli*int64(time.Millisecond)).UTC(), payload & (1<<timeZoneBits - 1)
}

func decimalText(mantissa int64, scale int) string {
	if scale == 0 {
		return strconv.FormatInt(mantissa, 10)
	}
	sign := ""
	if mantissa < 0 {
		sign, mantissa = "-", -mantissa
	}
	digits := strconv.FormatInt(mantissa, 10)
	if missing := scale + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	return sign + digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
}

// Integer returns the value of an inline xsd:integer.
func (t TermID) Integer() (n int64, ok bool) {
	return int64(uint64(t)&payloadMask) - integerBias, t.Kind() == KindInteger
}

// Boolean returns the value of an inline xsd:boolean.
func (t TermID) Boolean() (value, ok bool) { return t&1 == 1, t.Kind() == KindBoolean }

// Decimal returns an inline xsd:decimal (or xsd:integer, scale 0) as mantissa·10^−scale, exactly.
func (t TermID) Decimal() (mantissa int64, scale int, ok bool) {
	p := uint64(t) & payloadMask
	switch t.Kind() {
	case KindInteger:
		return int64(p) - integerBias, 0, true
	case KindDecimal:
		return int64(p>>4) - mantissaBias, int(p & 15), true
	}
	return 0, 0, false
}

// Float returns an inline xsd:integer or xsd:decimal as the nearest float64.
func (t TermID) Float() (value float64, ok bool) {
	mantissa, scale, ok := t.Decimal()
	if !ok {
		return 0, false
	}
	return float64(mantissa) / math.Pow10(scale), true
}

// Time returns an inline xsd:dateTime or xsd:date (its first instant). zoned is false when the text has
// no time zone; the time is then the local reading, given as UTC.
func (t TermID) Time() (at time.Time, zoned, ok bool) {
	p := uint64(t) & payloadMask
	var zone uint64
	switch t.Kind() {
	case KindDate:
		at = time.Unix(int64(p>>dayZoneBits)*secondsOfDay+epoch.Unix(), 0).UTC()
		zone = p & (1<<dayZoneBits - 1)
	case KindDateTime:
		at, zone = dateTime(p)
	default:
		return time.Time{}, false, false
	}
	if zone >= zoneFirst {
		minutes := int(zone-zoneFirst)*15 - minutesOff
		at = at.Add(-time.Duration(minutes) * time.Minute).In(time.FixedZone("", minutes*60))
	}
	return at, zone != zoneNone, true
}
