// Package figure makes drawings of a database's models: it asks engine for what there is, lays entities out by project
// and hands plot what to draw. The command line and the server both draw by it.
package figure

import (
	"context"
	"fmt"
	"slices"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/engine/plot"
)

// Request says what to draw. The zero value of everything but Kind works.
type Request struct {
	Kind   string   // a name of Kinds
	Models []string // names; "" or none is the default model; only curves take several
	ByTime bool     // curves: over time instead of epochs

	Test      []string // ranks and relations: files of triples to rank; none means those held out of the training
	Known     []string // further files of true triples that do not count against a test triple
	Limit     int      // rank at most so many test triples; 0 means all
	Relations int      // relations: at most so many rows; 0 means 20

	Method       string  // entities: a name of Methods; "" means tsne
	Entities     int     // entities: at most so many, drawn at random; 0 means 3,000
	Perplexity   float64 // t-SNE's; 0 means 30
	Seed         uint64  // of the draw and the layout
	TypeRelation string  // the relation whose objects are an entity's types; "" means rdf:type

	Workers  int                   // goroutines of a layout; 0 means all processors; they do not change it
	Progress func(done, total int) // of the slow part, from any goroutine; may be nil
}

// maker makes one kind of drawing.
type maker struct {
	kind string
	make func(context.Context, *engine.DB, Request) (plot.Drawing, error)
}

// makers lists the kinds. To add one, write its drawing in plot, its maker here, and add a line.
var makers = []maker{
	{"curves", curves},
	{"entities", entities},
	{"ranks", ranks},
	{"relations", relations},
}

// Kinds returns the names of what can be drawn.
func Kinds() (names []string) {
	for _, m := range makers {
		names = append(names, m.kind)
	}
	return names
}

// Make returns the drawing asked for; plot.Write draws it in any size and theme. The error is one of engine's,
// plot.ErrNothing, project.ErrData or ctx's.
func Make(ctx context.Context, db *engine.DB, r Request) (plot.Drawing, error) {
	if len(r.Models) == 0 {
		r.Models = []string{""}
	}
	at := slices.IndexFunc(makers, func(m maker) bool { return m.kind == r.Kind })
	if at < 0 {
		return nil, fmt.Errorf("figure: %w: there is no plot %q; there are %v", engine.ErrBadInput, r.Kind, Kinds())
	}
	if r.Kind != "curves" && len(r.Models) > 1 {
		return nil, fmt.Errorf("figure: %w: %s are drawn of one model, not of %d", engine.ErrBadInput, r.Kind, len(r.Models))
	}
	if r.Limit < 0 || r.Relations < 0 || r.Entities < 0 {
		return nil, fmt.Errorf("figure: %w: a limit is below zero", engine.ErrBadInput)
	}
	return makers[at].make(ctx, db, r)
}

func curves(_ context.Context, db *engine.DB, r Request) (plot.Drawing, error) {
	out := &plot.Curves{ByTime: r.ByTime}
	for _, name := range r.Models {
		card, err := db.Model(name)
		if err != nil {
			return nil, err
		}
		curve := plot.Curve{Name: card.Name}
		for _, p := range card.Curve {
			curve.Points = append(curve.Points, plot.CurvePoint{Epoch: p.Epoch, Seconds: p.Seconds, Loss: p.Loss, MRR: p.MRR})
		}
		out.Curves = append(out.Curves, curve)
	}
	return out, nil
}

// evaluation returns a model's figures on files or, without any, on what was held out, and says which in words.
func evaluation(ctx context.Context, db *engine.DB, r Request) (e engine.Evaluation, source string, err error) {
	if len(r.Test) == 0 {
		if e, err = db.HeldOut(r.Models[0]); err != nil {
			return e, "", err
		}
		source = plot.Count(e.All.Triples-e.Unknown, "triple") + " held out of the training"
	} else {
		e, err = db.EvaluateModel(ctx, engine.EvaluateRequest{Model: r.Models[0], Test: r.Test, Known: r.Known, Limit: r.Limit, Progress: r.Progress})
		if err != nil {
			return e, "", err
		}
		source = plot.Count(e.All.Triples-e.Unknown, "triple") + " of " + filesText(r.Test)
	}
	if e.Unknown > 0 {
		source += fmt.Sprintf(" (without %d that have a name it does not know)", e.Unknown)
	}
	return e, source, nil
}

func ranks(ctx context.Context, db *engine.DB, r Request) (plot.Drawing, error) {
	e, source, err := evaluation(ctx, db, r)
	if err != nil {
		return nil, err
	}
	h := e.Ranks
	return &plot.Ranks{Model: e.Model, Source: source, Entities: h.Entities, UpTo: h.UpTo, Tails: h.Tails, Heads: h.Heads,
		TailMRR: h.TailMRR, HeadMRR: h.HeadMRR, TailHits10: h.TailHits10, HeadHits10: h.HeadHits10}, nil
}

// defaultRelations is how many relations are drawn unless told otherwise: as many as a screen shows.
const defaultRelations = 20

func relations(ctx context.Context, db *engine.DB, r Request) (plot.Drawing, error) {
	e, source, err := evaluation(ctx, db, r)
	if err != nil {
		return nil, err
	}
	limit := r.Relations
	if limit == 0 {
		limit = defaultRelations
	}
	out := &plot.Relations{Model: e.Model, Source: source, More: max(0, len(e.ByRelation)-limit)}
	var sum plot.Relation // over what was ranked: the card's figures count unknown triples too
	shorten := db.Shortener()
	for i, m := range e.ByRelation {
		row := plot.Relation{Name: shorten(m.Relation), Triples: m.Triples, MRR: m.MRR, Hits10: m.Hits10}
		sum.Triples += row.Triples
		sum.MRR += row.MRR * float64(row.Triples)
		sum.Hits10 += row.Hits10 * float64(row.Triples)
		if i < limit {
			out.Rows = append(out.Rows, row)
		}
	}
	if sum.Triples > 0 {
		out.All = plot.Relation{Triples: sum.Triples, MRR: sum.MRR / float64(sum.Triples), Hits10: sum.Hits10 / float64(sum.Triples)}
	}
	return out, nil
}
