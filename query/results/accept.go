package results

import (
	"strconv"
	"strings"
)

// Negotiate returns which of the offered media types an Accept header likes best: the highest quality, among equals
// the first offered. An empty header accepts everything. ok is false when nothing offered is accepted. More exact
// ranges override wider ones, so "*/*, text/csv;q=0" accepts all but CSV. Parts that cannot be read are passed over.
func Negotiate(accept string, offered []string) (index int, ok bool) {
	ranges := parseAccept(accept)
	if len(ranges) == 0 {
		return 0, len(offered) > 0
	}
	best := 0.0
	for i, media := range offered {
		if q := quality(ranges, media); q > best {
			best, index, ok = q, i, true
		}
	}
	return index, ok
}

// NegotiateFormat returns the result format that an Accept header likes best, and the media type to answer with;
// nil when it accepts none.
func NegotiateFormat(accept string) (*Format, string) {
	var offered []string
	var formats []*Format
	for _, f := range Formats {
		for _, m := range f.MediaTypes {
			offered, formats = append(offered, m), append(formats, f)
		}
	}
	i, ok := Negotiate(accept, offered)
	if !ok {
		return nil, ""
	}
	return formats[i], offered[i]
}

// mediaRange is one element of an Accept header.
type mediaRange struct {
	major, minor string // "*" matches any
	quality      float64
}

func parseAccept(accept string) []mediaRange {
	var ranges []mediaRange
	for _, part := range strings.Split(accept, ",") {
		fields := strings.Split(part, ";")
		major, minor, found := strings.Cut(strings.ToLower(strings.TrimSpace(fields[0])), "/")
		if !found || major == "" || minor == "" || major == "*" && minor != "*" {
			continue
		}
		r := mediaRange{major: major, minor: minor, quality: 1}
		for _, parameter := range fields[1:] {
			name, value, _ := strings.Cut(parameter, "=")
			if !strings.EqualFold(strings.TrimSpace(name), "q") {
				continue
			}
			q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil || !(q >= 0 && q <= 1) {
				q = 0
			}
			r.quality = q
		}
		ranges = append(ranges, r)
	}
	return ranges
}

// quality returns what the most exact range that matches media says of it; 0 when none matches.
func quality(ranges []mediaRange, media string) float64 {
	major, minor, _ := strings.Cut(media, "/")
	q, exact := 0.0, -1
	for _, r := range ranges {
		n := 0
		if r.major == major {
			n++
		} else if r.major != "*" {
			continue
		}
		if r.minor == minor {
			n++
		} else if r.minor != "*" {
			continue
		}
		if n > exact {
			q, exact = r.quality, n
		}
	}
	return q
}
