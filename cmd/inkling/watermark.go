package main

import (
	"fmt"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/engine/watermark"
	"github.com/inklingdb/inkling/store/rdf"
)

type watermarkCommand struct {
	Key    watermarkKeys   `cmd:"" help:"Make, list, commit to and remove keys."`
	Embed  watermarkEmbed  `cmd:"" help:"Mark a graph and the table of its model with a key."`
	Detect watermarkDetect `cmd:"" help:"Test files, or the database, for a key's mark."`
	Owner  watermarkOwner  `cmd:"" help:"Test files, or the database, for the marks of all keys."`
	Report watermarkReport `cmd:"" help:"Write the evidence as one HTML page."`
	Remove watermarkRemove `cmd:"" help:"Take the mark from a model and its graph: clean rows are served again."`
}

type watermarkEmbed struct {
	database
	Key     string  `placeholder:"KEY" help:"The key's name or ID; it may be left out when there is one only."`
	Model   string  `placeholder:"NAME" help:"The model; without it that of the graph."`
	Graph   string  `placeholder:"IRI" help:"The named graph; without it the default one."`
	Cosine  float64 `placeholder:"X" help:"How like its former self a row stays, on average; 0.999 unless --z says otherwise."`
	Z       float64 `placeholder:"X" help:"How clearly each channel is to speak, in standard deviations, instead of --cosine."`
	Triples string  `default:"publish" enum:"publish,drop,none" help:"How triples are marked: publish (copies by inkling export --publish lack some; the database keeps all), drop (they are deleted) or none (${default})."`
	UUID    string  `name:"uuid" placeholder:"UUID" help:"The graph's UUID, as committed to before; without it the graph's own or a new one."`
	JSON    bool    `help:"Print the report as JSON."`
}

// Run marks a graph and notes it in the key ring.
func (c *watermarkEmbed) Run(a *app) error {
	ring, err := c.ring()
	if err != nil {
		return err
	}
	key, err := ring.Find(c.Key)
	if err != nil {
		return err
	}
	r := engine.WatermarkRequest{Key: key, Model: c.Model, Triples: c.Triples, Sizing: watermark.Sizing{Cosine: c.Cosine, Z: c.Z}}
	if c.Graph != "" {
		r.Graph = rdf.NewIRI(c.Graph)
	}
	if c.UUID != "" {
		u, err := watermark.ParseUUID(c.UUID)
		if err != nil {
			return usageError{err}
		}
		r.UUID = &u
	}
	return c.with(func(db *engine.DB) error {
		report, err := db.WatermarkEmbed(a.ctx, r)
		if err != nil {
			return err
		}
		if err := c.record(key.ID, report.Entry); err != nil {
			return fmt.Errorf("graph %s is marked, but the key ring could not be told: %w", report.Graph, err)
		}
		if c.JSON {
			return printJSON(a.out, report)
		}
		printMarking(a, report)
		return nil
	})
}

// printMarking writes what was marked and what was not.
func printMarking(a *app, r engine.WatermarkReport) {
	fmt.Fprintf(a.out, "graph %s is marked with key %s (%s)\n", r.Graph, r.Key, r.KeyID)
	if r.Table != "" {
		fmt.Fprintf(a.out, "  table      not marked: %s\n", r.Table)
	} else {
		fmt.Fprintf(a.out, "  table      of model %s: cosine %.5f; expected z: t1 %.1f, t2 %.1f, q3 %.1f\n",
			r.Model, r.Expected.Cosine, r.Expected.T1, r.Expected.T2, r.Expected.Q3)
	}
	switch s := r.Selection; {
	case s == nil:
		fmt.Fprintf(a.out, "  triples    not marked: %s\n", r.Reason)
	case r.Triples == engine.TriplesDrop:
		fmt.Fprintf(a.out, "  triples    %s of %s deleted; z %.1f\n", grouped(r.Removed), grouped(s.Of), s.Z)
	default:
		fmt.Fprintf(a.out, "  triples    copies lack %s of %s (inkling export --publish); z %.1f\n", grouped(int64(s.LeftOut)), grouped(s.Of), s.Z)
	}
}

// watermarkTest is what detect and owner share.
type watermarkTest struct {
	database
	Files []string `arg:"" optional:"" help:"Files of triples, and at most one embedding: a folder, .npy, .safetensors (FILE#TENSOR) or .vec; without files the database is tested."`
	Names string   `placeholder:"FILE" help:"Names of the rows of an .npy or .safetensors file: row and name in two columns."`
	Base  string   `placeholder:"IRI" help:"The IRI under which plain names of the files stand."`
	Model string   `placeholder:"NAME" help:"In the database: the model whose rows are tested; without it that of the graph."`
	Graph string   `placeholder:"IRI" help:"In the database: the named graph; without it the default one."`
	Alpha float64  `default:"1e-9" placeholder:"P" help:"Rate of false alarms over all keys and channels (${default})."`
	JSON  bool     `help:"Print the evidence as JSON."`
}

type watermarkDetect struct {
	watermarkTest
	Key string `placeholder:"KEY" help:"The key's name or ID; it may be left out when there is one only."`
}

// Run tests one key.
func (c *watermarkDetect) Run(a *app) error {
	ring, err := c.ring()
	if err != nil {
		return err
	}
	key, err := ring.Find(c.Key)
	if err != nil {
		return err
	}
	return c.test(a, []*watermark.Key{key})
}

type watermarkOwner struct{ watermarkTest }

// Run tests all keys.
func (c *watermarkOwner) Run(a *app) error {
	ring, err := c.ring()
	if err != nil {
		return err
	}
	return c.test(a, ring.Keys)
}

func (c *watermarkTest) test(a *app, keys []*watermark.Key) error {
	if !(c.Alpha > 0 && c.Alpha < 1) {
		return usageError{fmt.Errorf("alpha %g is not between 0 and 1", c.Alpha)}
	}
	if len(c.Files) > 0 {
		e, err := engine.DetectWatermark(a.ctx, engine.WatermarkFiles{Paths: c.Files, Names: c.Names, Base: c.Base, Keys: keys, Alpha: c.Alpha})
		if err != nil {
			return err
		}
		return c.print(a, e)
	}
	return c.with(func(db *engine.DB) error {
		r := engine.WatermarkTest{Keys: keys, Model: c.Model, Alpha: c.Alpha}
		if c.Graph != "" {
			r.Graph = rdf.NewIRI(c.Graph)
		}
		e, err := db.WatermarkDetect(a.ctx, r)
		if err != nil {
			return err
		}
		return c.print(a, e)
	})
}

// print writes the verdict and what it rests on.
func (c *watermarkTest) print(a *app, e watermark.Evidence) error {
	if c.JSON {
		return printJSON(a.out, e)
	}
	fmt.Fprintln(a.out, e.Sentence())
	if e.KeysTested == 0 {
		fmt.Fprintln(a.out, "  no key has marked a graph yet: inkling watermark embed")
		return nil
	}
	if e.Owner != "" {
		fmt.Fprintf(a.out, "  key        %s, graph %s\n", e.KeyID, e.Graph)
	}
	fmt.Fprintf(a.out, "  tested     %s of a key and a graph; false alarms at most %g in all\n", plural(int64(e.KeysTested), "pair"), e.Alpha)
	if e.Channel != "" {
		fmt.Fprintf(a.out, "  p          10^%.1f after correction, by %s\n", e.Log10P, e.Channel)
	}
	t := newTable(a.out, "channel", "z", "log10 p", "rests on")
	for _, r := range e.Results {
		if !r.Tested {
			t.AppendRow([]any{r.Channel.String(), "", "", "not tested: " + r.Reason})
			continue
		}
		what := "row"
		if r.Channel == watermark.Triples {
			what = "carrier"
		}
		t.AppendRow([]any{r.Channel.String(), fmt.Sprintf("%.2f", r.Z), fmt.Sprintf("%.1f", r.Log10P), plural(int64(r.Used), what)})
	}
	t.Render()
	return nil
}

type watermarkRemove struct {
	database
	Model string `arg:"" optional:"" help:"The model; without it the default one."`
}

// Run takes a mark away.
func (c *watermarkRemove) Run(a *app) error {
	return c.with(func(db *engine.DB) error { return db.WatermarkRemove(a.ctx, c.Model) })
}
