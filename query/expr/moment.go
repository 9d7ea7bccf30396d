package expr

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// moment is a point in time as XSD writes it: local fields and, perhaps, a distance from UTC.
type moment struct {
	utc     time.Time // the instant, taking a missing timezone as UTC
	hasZone bool
	zone    int // minutes east of UTC
}

// zoneSlack is how far apart an instant with and one without a timezone must be to be ordered (XSD 3.2.7.4).
const zoneSlack = 14 * time.Hour

// local returns the instant shifted so that its UTC fields are the local ones.
func (m moment) local() time.Time { return m.utc.Add(time.Duration(m.zone) * time.Minute) }

// parseMoment reads a dateTime, date or time; ok is false when s is malformed.
func parseMoment(s string, kind Kind) (m moment, ok bool) {
	s, m, ok = cutZone(s, kind)
	if !ok {
		return m, false
	}
	date, clock := s, ""
	switch kind {
	case DateTime:
		if date, clock, ok = strings.Cut(s, "T"); !ok {
			return m, false
		}
	case Time:
		date, clock = "1972-12-31", s
	}
	year, month, day, ok := parseDate(date)
	if !ok {
		return m, false
	}
	var since time.Duration
	if kind != Date {
		if since, ok = parseClock(clock); !ok {
			return m, false
		}
	}
	m.utc = time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Add(since)
	m.utc = m.utc.Add(-time.Duration(m.zone) * time.Minute)
	return m, true
}

// cutZone takes Z or ±hh:mm off the end of s.
func cutZone(s string, kind Kind) (rest string, m moment, ok bool) {
	if strings.HasSuffix(s, "Z") {
		return s[:len(s)-1], moment{hasZone: true}, true
	}
	n := len(s) - 6
	if n < 0 || s[n+3] != ':' || s[n] != '+' && s[n] != '-' || kind == Date && n < len("0000-00-00") {
		return s, m, true
	}
	hours, err1 := strconv.Atoi(s[n+1 : n+3])
	minutes, err2 := strconv.Atoi(s[n+4:])
	if err1 != nil || err2 != nil || minutes > 59 || hours*60+minutes > 14*60 {
		return s, m, false
	}
	m.hasZone, m.zone = true, hours*60+minutes
	if s[n] == '-' {
		m.zone = -m.zone
	}
	return s[:n], m, true
}

func parseDate(s string) (year, month, day int, ok bool) {
	body := strings.TrimPrefix(s, "-")
	parts := strings.Split(body, "-")
	if len(parts) != 3 || len(parts[0]) < 4 || len(parts[1]) != 2 || len(parts[2]) != 2 || !digitsOnly(strings.Join(parts, "")) {
		return 0, 0, 0, false
	}
	if len(parts[0]) > 9 || len(parts[0]) > 4 && parts[0][0] == '0' {
		return 0, 0, 0, false
	}
	year, _ = strconv.Atoi(parts[0])
	month, _ = strconv.Atoi(parts[1])
	day, _ = strconv.Atoi(parts[2])
	if len(body) < len(s) {
		year = -year
	}
	if month < 1 || month > 12 || day < 1 || day > time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day() {
		return 0, 0, 0, false
	}
	return year, month, day, true
}

// parseClock reads hh:mm:ss[.fraction]; 24:00:00 is the end of the day.
func parseClock(s string) (time.Duration, bool) {
	if len(s) < 8 || s[2] != ':' || s[5] != ':' || !digitsOnly(s[:2]+s[3:5]+s[6:8]) {
		return 0, false
	}
	hours, _ := strconv.Atoi(s[:2])
	minutes, _ := strconv.Atoi(s[3:5])
	seconds, _ := strconv.Atoi(s[6:8])
	var nanos int64
	if len(s) > 8 {
		fraction := s[9:]
		if s[8] != '.' || fraction == "" || !digitsOnly(fraction) {
			return 0, false
		}
		nanos, _ = strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
	}
	if hours > 24 || minutes > 59 || seconds > 59 || hours == 24 && (minutes+seconds > 0 || nanos > 0) {
		return 0, false
	}
	return time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute +
		time.Duration(seconds)*time.Second + time.Duration(nanos), true
}

// compare orders two moments of one kind; ok is false when a missing timezone leaves the order open.
func (m moment) compare(o moment) (c int, ok bool) {
	if m.hasZone != o.hasZone {
		if gap := m.utc.Sub(o.utc); gap <= zoneSlack && gap >= -zoneSlack {
			return 0, false
		}
	}
	return m.utc.Compare(o.utc), true
}

// format returns the canonical lexical form of a dateTime, date or time, in m's own timezone.
func (m moment) format(kind Kind) string {
	t := m.local()
	var b strings.Builder
	if kind != Time {
		year := t.Year()
		if year < 0 {
			b.WriteByte('-')
			year = -year
		}
		fmt.Fprintf(&b, "%04d-%02d-%02d", year, int(t.Month()), t.Day())
	}
	if kind == DateTime {
		b.WriteByte('T')
	}
	if kind != Date {
		fmt.Fprintf(&b, "%02d:%02d:%02d", t.Hour(), t.Minute(), t.Second())
		if n := t.Nanosecond(); n > 0 {
			b.WriteString(strings.TrimRight(fmt.Sprintf(".%09d", n), "0"))
		}
	}
	b.WriteString(m.zoneText())
	return b.String()
}

// zoneText returns "", "Z" or ±hh:mm.
func (m moment) zoneText() string {
	switch {
	case !m.hasZone:
		return ""
	case m.zone == 0:
		return "Z"
	case m.zone < 0:
		return fmt.Sprintf("-%02d:%02d", -m.zone/60, -m.zone%60)
	}
	return fmt.Sprintf("+%02d:%02d", m.zone/60, m.zone%60)
}

// span is a duration: months and time apart, since a month has no fixed length.
type span struct {
	months int64
	time   time.Duration
}

// parseSpan reads [-]PnYnMnDTnHnMnS.
func parseSpan(s string) (d span, ok bool) {
	body, negative := strings.CutPrefix(s, "-")
	body, ok = strings.CutPrefix(body, "P")
	if !ok || body == "" {
		return d, false
	}
	date, clock, timed := strings.Cut(body, "T")
	if timed && clock == "" {
		return d, false
	}
	if date, ok = takeUnits(date, "YMD", func(unit byte, n float64) {
		switch unit {
		case 'Y':
			d.months += int64(n) * 12
		case 'M':
			d.months += int64(n)
		case 'D':
			d.time += time.Duration(n) * 24 * time.Hour
		}
	}); !ok || date != "" {
		return d, false
	}
	if clock, ok = takeUnits(clock, "HMS", func(unit byte, n float64) {
		size := map[byte]time.Duration{'H': time.Hour, 'M': time.Minute, 'S': time.Second}[unit]
		d.time += time.Duration(n * float64(size))
	}); !ok || clock != "" {
		return d, false
	}
	if negative {
		d.months, d.time = -d.months, -d.time
	}
	return d, true
}

// takeUnits consumes number-letter pairs whose letters come in the order of units.
func takeUnits(s, units string, take func(unit byte, n float64)) (rest string, ok bool) {
	for s != "" {
		i := strings.IndexAny(s, units)
		if i <= 0 {
			return s, false
		}
		n, err := strconv.ParseFloat(s[:i], 64)
		whole := digitsOnly(s[:i])
		if err != nil || !whole && (s[i] != 'S' || !digitsOnly(strings.Replace(s[:i], ".", "", 1))) {
			return s, false
		}
		take(s[i], n)
		units = units[strings.IndexByte(units, s[i])+1:]
		s = s[i+1:]
		if units == "" {
			break
		}
	}
	return s, true
}

// String returns the canonical lexical form: P1Y2M, -PT8H, PT0S.
func (d span) String() string {
	var b strings.Builder
	if d.months < 0 || d.time < 0 {
		b.WriteByte('-')
		d.months, d.time = -d.months, -d.time
	}
	b.WriteByte('P')
	unit := func(n int64, letter byte) {
		if n != 0 {
			b.WriteString(strconv.FormatInt(n, 10))
			b.WriteByte(letter)
		}
	}
	unit(d.months/12, 'Y')
	unit(d.months%12, 'M')
	unit(int64(d.time/(24*time.Hour)), 'D')
	rest := d.time % (24 * time.Hour)
	if rest == 0 {
		if d.months == 0 && d.time == 0 {
			b.WriteString("T0S")
		}
		return b.String()
	}
	b.WriteByte('T')
	unit(int64(rest/time.Hour), 'H')
	unit(int64(rest%time.Hour/time.Minute), 'M')
	if s := rest % time.Minute; s != 0 {
		b.WriteString(strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%d.%09d", s/time.Second, s%time.Second), "0"), "."))
		b.WriteByte('S')
	}
	return b.String()
}
