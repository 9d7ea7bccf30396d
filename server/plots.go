package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/inklingdb/inkling/engine/figure"
	"github.com/inklingdb/inkling/engine/plot"
	"github.com/inklingdb/inkling/store"
)

const (
	// plotEntities is how many entities a map shows at most: t-SNE of so many takes some seconds of one processor.
	plotEntities = 1500
	// plotSide is the longest side of a picture in pixels, so that none takes more than 64 MB to draw.
	plotSide = 2000
	// plotPolicy lets a picture that is opened by itself have its own colours, and nothing else.
	plotPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
)

// plotKey names what a drawing is made from: equal keys, equal drawings.
type plotKey struct {
	model                     string
	trained                   int64 // nanoseconds
	version                   store.Version
	graph                     store.Version // entities only: types are the graph's
	kind, method, typedBy, by string
}

var plotParams = []param{
	{"theme", "light or dark"}, {"width", "pixels, 240 to 2000"}, {"height", "pixels; without it what suits the plot"},
	{"scale", "PNG pixels per pixel, 1 or 2"}, {"by", "curves: epoch or time"}, {"method", "entities: tsne or pca"},
	{"type-relation", "entities: the relation whose objects are types, instead of rdf:type"},
}

// plot answers with a picture of a model. Drawings are kept by the model's version, so that a theme or a size costs
// milliseconds; the browser asks each time whether its copy is still right.
func (s *Server) plot(w http.ResponseWriter, r *http.Request) error {
	kind, format, _ := strings.Cut(r.PathValue("file"), ".")
	params := r.URL.Query()
	key, o, err := s.plotOf(r.PathValue("name"), kind, format, params)
	if err != nil {
		return err
	}
	ctx, done, err := s.turn(r)
	if err != nil {
		return err
	}
	defer done()
	drawing, err := s.plots.get(ctx, key, func(ctx context.Context) (plot.Drawing, error) {
		return figure.Make(ctx, s.db, figure.Request{Kind: key.kind, Models: []string{key.model}, ByTime: key.by == "time",
			Method: key.method, TypeRelation: key.typedBy, Entities: plotEntities, Seed: 1, Workers: 1}) // one request, one processor
	})
	if err != nil {
		return err
	}
	var picture bytes.Buffer
	if err := plot.Write(&picture, drawing, o); err != nil {
		return err
	}
	sum := sha256.Sum256(picture.Bytes())
	tag := `"` + hex.EncodeToString(sum[:12]) + `"`
	h := w.Header()
	h.Set("ETag", tag)
	h.Set("Cache-Control", "private, no-cache")
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", map[string]string{"svg": "image/svg+xml", "png": "image/png"}[format])
	h.Set("Content-Security-Policy", plotPolicy)
	_, _ = w.Write(picture.Bytes()) // the client has gone; nothing is left to tell
	return nil
}

// plotOf reads which plot is asked for and how it is to look.
func (s *Server) plotOf(name, kind, format string, params url.Values) (plotKey, plot.Options, error) {
	if !slices.Contains(figure.Kinds(), kind) || !slices.Contains(plot.Formats, format) {
		return plotKey{}, plot.Options{}, problemf(http.StatusNotFound, "no plot is at %s.%s; there are %s, each as %s",
			kind, format, strings.Join(figure.Kinds(), ", "), strings.Join(plot.Formats, " and "))
	}
	card, err := s.db.Model(name)
	if err != nil {
		return plotKey{}, plot.Options{}, err
	}
	key := plotKey{model: card.Name, trained: card.Trained.UnixNano(), version: card.Version, kind: kind}
	switch kind {
	case "curves":
		if key.by, err = choice(params, "by", "epoch", "time"); err != nil {
			return key, plot.Options{}, err
		}
	case "entities":
		key.graph, key.typedBy = s.db.Version(), params.Get("type-relation")
		if key.method, err = choice(params, "method", figure.Methods...); err != nil {
			return key, plot.Options{}, err
		}
	}
	o, err := plotLook(params)
	o.Format = format
	return key, o, err
}

// plotLook reads a picture's size and theme.
func plotLook(params url.Values) (o plot.Options, err error) {
	theme, err := choice(params, "theme", "light", "dark")
	if err != nil {
		return o, err
	}
	o.Dark = theme == "dark"
	for name, number := range map[string]*int{"width": &o.Width, "height": &o.Height, "scale": &o.Scale} {
		if !params.Has(name) {
			continue
		}
		most := plotSide
		if name == "scale" {
			most = 2
		}
		*number, err = strconv.Atoi(params.Get(name))
		if err != nil || *number < 1 || *number > most {
			return o, problemf(http.StatusBadRequest, "%s=%s: give a whole number from 1 to %d", name, params.Get(name), most)
		}
	}
	return o, nil
}

// choice returns a parameter that must be one of some words; the first where it is not given.
func choice(params url.Values, name string, words ...string) (string, error) {
	given := params.Get(name)
	if given == "" {
		return words[0], nil
	}
	if !slices.Contains(words, given) {
		return "", problemf(http.StatusBadRequest, "%s=%s: it is %s", name, given, strings.Join(words, " or "))
	}
	return given, nil
}

// drawings keeps the latest drawings asked for, and lets requests for the same one wait for a single making. It is
// safe for concurrent use.
type drawings struct {
	mu      sync.Mutex
	entries map[plotKey]*drawingEntry
	clock   int
}

// drawingEntry is a drawing, ready when done is closed.
type drawingEntry struct {
	done    chan struct{}
	drawing plot.Drawing // read only
	err     error
	used    int // when, by the clock of drawings
}

// keptDrawings is how many drawings are kept; the largest, a map of entities, holds about 100 kB.
const keptDrawings = 64

func newDrawings() *drawings { return &drawings{entries: map[plotKey]*drawingEntry{}} }

// get returns the drawing of a key, made by the first who asks. Who waits for another's making goes on making when that
// one gave up.
func (d *drawings) get(ctx context.Context, key plotKey, make func(context.Context) (plot.Drawing, error)) (plot.Drawing, error) {
	for {
		entry, own := d.claim(key)
		if own {
			d.fill(ctx, key, entry, make)
			return entry.drawing, entry.err
		}
		select {
		case <-entry.done:
			if !errors.Is(entry.err, context.Canceled) && !errors.Is(entry.err, context.DeadlineExceeded) {
				return entry.drawing, entry.err
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// fill makes an entry's drawing; one that failed, or panicked, is forgotten.
func (d *drawings) fill(ctx context.Context, key plotKey, entry *drawingEntry, make func(context.Context) (plot.Drawing, error)) {
	entry.err = context.Canceled // what those who wait see of a panic: they try by themselves
	defer func() {
		if entry.err != nil {
			d.forget(key, entry)
		}
		close(entry.done)
	}()
	entry.drawing, entry.err = make(ctx)
}

// claim returns the entry of a key; own says that it is new and the caller's to fill. The one not used longest goes
// when there are too many.
func (d *drawings) claim(key plotKey) (entry *drawingEntry, own bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.clock++
	if entry = d.entries[key]; entry != nil {
		entry.used = d.clock
		return entry, false
	}
	if len(d.entries) >= keptDrawings {
		var oldest plotKey
		least := d.clock
		for k, e := range d.entries {
			if e.used < least {
				oldest, least = k, e.used
			}
		}
		delete(d.entries, oldest)
	}
	entry = &drawingEntry{done: make(chan struct{}), used: d.clock}
	d.entries[key] = entry
	return entry, true
}

// forget removes an entry, unless another one has taken its place.
func (d *drawings) forget(key plotKey, entry *drawingEntry) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.entries[key] == entry {
		delete(d.entries, key)
	}
}
