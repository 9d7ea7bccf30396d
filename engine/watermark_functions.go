package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/inklingdb/inkling/engine/watermark"
	"github.com/inklingdb/inkling/store/rdf"
	"github.com/inklingdb/inkling/udf"
)

// watermarks answers the watermark functions of one query or update. It is a udf.Watermarker.
type watermarks struct {
	db    *DB
	names names
	asked *[]WatermarkRequest // by an update, to be done once it is committed; nil in a query
}

// errEmbedInQuery is the error of watermark_embed outside of an update.
var errEmbedInQuery = fmt.Errorf("%w: watermark_embed changes the database, and a query changes nothing: call it in a SPARQL update, "+
	"by inkling watermark embed, or by DB.WatermarkEmbed", ErrBadInput)

// graph returns the graph that a text names.
func (w watermarks) graph(text string) (rdf.Term, error) {
	if text == "" || text == "default" {
		return rdf.Term{}, nil
	}
	for _, t := range w.names.readings(text) {
		if _, known, err := w.names.view.ID(t); known || err != nil {
			return t, err
		}
	}
	return rdf.Term{}, fmt.Errorf("%w: the database has no graph %s", ErrBadInput, text)
}

// Detect returns the evidence as a map.
func (w watermarks) Detect(ctx context.Context, ask udf.WatermarkAsk) (map[string]any, error) {
	g, err := w.graph(ask.Graph)
	if err != nil {
		return nil, err
	}
	test := WatermarkTest{Graph: g, Model: ask.Model}
	var e watermark.Evidence
	if ask.Key == "" {
		e, err = w.db.WatermarkOwner(ctx, test)
	} else {
		key, missing := w.db.findKey(ask.Key)
		if missing != nil {
			return nil, missing
		}
		test.Keys = []*watermark.Key{key}
		e, err = w.db.WatermarkDetect(ctx, test)
	}
	if err != nil {
		return nil, err
	}
	m := map[string]any{"verdict": string(e.Verdict), "log10_p": e.Log10P, "z": e.Z, "keys_tested": int64(e.KeysTested), "rows_used": int64(e.RowsUsed)}
	for name, text := range map[string]string{"owner": e.Owner, "graph": e.Graph, "channel": e.Channel} {
		if text != "" {
			m[name] = text
		}
	}
	return m, nil
}

// Embed notes what is to be marked once the update is committed.
func (w watermarks) Embed(_ context.Context, ask udf.WatermarkAsk) error {
	if w.asked == nil {
		return errEmbedInQuery
	}
	g, err := w.graph(ask.Graph)
	if err != nil {
		return err
	}
	key, err := w.db.findKey(ask.Key)
	if err != nil {
		return err
	}
	if _, err := w.db.modelOf(ask.Model, g); err != nil {
		return err
	}
	r := WatermarkRequest{Key: key, Graph: g, Model: ask.Model}
	if !slices.Contains(*w.asked, r) {
		*w.asked = append(*w.asked, r)
	}
	return nil
}

// embedAll marks what an update asked for. The update itself is committed by then.
func (db *DB) embedAll(ctx context.Context, asked []WatermarkRequest) ([]WatermarkReport, error) {
	var reports []WatermarkReport
	var failed []string
	var errs error
	for _, r := range asked {
		report, err := db.WatermarkEmbed(ctx, r)
		if err != nil {
			failed, errs = append(failed, r.Key.Name), errors.Join(errs, err)
			continue
		}
		reports = append(reports, report)
	}
	if errs != nil {
		return reports, fmt.Errorf("engine: the update is committed, but marking with %s failed: %w", strings.Join(failed, ", "), errs)
	}
	return reports, nil
}
