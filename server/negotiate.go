package server

import (
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/inklingdb/inkling/store/rdf"
)

// accepted is one range of an Accept header.
type accepted struct {
	media   string // "text/turtle", "text/*" or "*/*"
	quality float64
}

// parseAccept returns the ranges of an Accept header; everything is accepted where there is none.
func parseAccept(header string) (ranges []accepted) {
	if strings.TrimSpace(header) == "" {
		return []accepted{{"*/*", 1}}
	}
	for part := range strings.SplitSeq(header, ",") {
		media, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		quality := 1.0
		if q, given := params["q"]; given {
			if quality, err = strconv.ParseFloat(q, 64); err != nil {
				continue
			}
		}
		ranges = append(ranges, accepted{media, quality})
	}
	return ranges
}

// qualityOf returns how much a media type is wanted: by the most specific range that covers it.
func qualityOf(ranges []accepted, media string) float64 {
	kind, _, _ := strings.Cut(media, "/")
	best, specific := 0.0, 0
	for _, r := range ranges {
		rank := 0
		switch r.media {
		case media:
			rank = 3
		case kind + "/*":
			rank = 2
		case "*/*":
			rank = 1
		}
		if rank > specific {
			best, specific = r.quality, rank
		}
	}
	return best
}

// negotiate returns the offer that an Accept header wants most, the first of equals; false when it wants none.
func negotiate(header string, offers []string) (string, bool) {
	ranges := parseAccept(header)
	best, chosen := 0.0, ""
	for _, offer := range offers {
		if q := qualityOf(ranges, offer); q > best {
			best, chosen = q, offer
		}
	}
	return chosen, chosen != ""
}

// negotiateGraph returns the RDF format to answer with: that of ?format, else of the Accept header, else Turtle.
func negotiateGraph(r *http.Request) (format *rdf.Format, contentType string, err error) {
	if name := r.URL.Query().Get("format"); name != "" {
		if format := rdf.FormatByName(name); format != nil && format.Writable() && format != rdf.TSV {
			return format, contentTypeOf(format), nil
		}
		return nil, "", problemf(http.StatusNotAcceptable, "the format %q cannot be written here", name)
	}
	var offers []string
	for _, format := range []*rdf.Format{rdf.Turtle, rdf.NTriples, rdf.TriG, rdf.NQuads} {
		offers = append(offers, format.MediaTypes...)
	}
	media, ok := negotiate(r.Header.Get("Accept"), offers)
	if !ok {
		return nil, "", problemf(http.StatusNotAcceptable, "offered are %s", strings.Join(offers, ", "))
	}
	format = rdf.FormatByMedia(media)
	if media == "text/plain" {
		return format, media + "; charset=utf-8", nil
	}
	return format, contentTypeOf(format), nil
}

func contentTypeOf(format *rdf.Format) string {
	media := format.MediaTypes[0]
	if strings.HasPrefix(media, "text/") {
		media += "; charset=utf-8"
	}
	return media
}
