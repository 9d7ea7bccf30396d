// Package evidence makes a report of what a test for watermarks found: one HTML page that needs nothing else, with the
// verdict, p-values by channel and by community, what was tested, the embeddings before and after marking, and commitments. It
// tests nothing itself; engine does.
package evidence

import (
	"bytes"
	"context"
	_ "embed" // the page's template
	"fmt"
	"html/template"
	"io"
	"math"
	"strings"
	"time"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/engine/plot"
	"github.com/inklingdb/inkling/engine/project"
	"github.com/inklingdb/inkling/engine/watermark"
	"github.com/inklingdb/inkling/internal/vec"
)

// Report is what a page shows.
type Report struct {
	Exhibit engine.WatermarkExhibit // of files, the evidence alone
	Files   []string                // that were tested; none means the database
	Keys    []string                // names of the keys that were tried
	Claims  []engine.Claim
	Made    time.Time
	Workers int // goroutines of a layout; 0 means all processors
}

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"p": power, "alpha": func(a float64) template.HTML { return power(math.Log10(a)) }, "bar": bar, "upper": strings.ToUpper, "count": count, "fixed": func(x float64) string { return fmt.Sprintf("%.2f", x) },
	"cosine": func(x float64) string { return fmt.Sprintf("%.5f", x) }, "plus": func(a, b int) int { return a + b },
}).Parse(pageText))

// power writes a decimal logarithm as a power of ten.
func power(log10 float64) template.HTML {
	if log10 >= -2 {
		return template.HTML(fmt.Sprintf("%.2g", math.Pow(10, log10)))
	}
	return template.HTML(fmt.Sprintf("10<sup>−%.1f</sup>", -log10))
}

// fullBar is the −log10 p at which a bar is full.
const fullBar = 60.0

// bar returns the length of a bar in per cent: how far −log10 p goes towards fullBar.
func bar(log10 float64) string { return fmt.Sprintf("%.1f%%", 100*min(1, max(0, -log10/fullBar))) }

func count(n any) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// view is what the template sees.
type view struct {
	Report
	State  string // of the verdict, for its colour
	Before template.HTML
	After  template.HTML
	Layout string // why there is no picture
}

// Write writes the page. The layouts take seconds for a thousand rows.
func Write(ctx context.Context, w io.Writer, r Report) error {
	v := view{Report: r, State: strings.ReplaceAll(string(r.Exhibit.Evidence.Verdict), " ", "-")}
	if err := v.drawAll(ctx); err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	var out bytes.Buffer
	if err := page.Execute(&out, v); err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	_, err := w.Write(out.Bytes())
	return err
}

// drawAll draws the embeddings before and after.
func (v *view) drawAll(ctx context.Context) (err error) {
	s := v.Exhibit.Sample
	switch {
	case s.After.Rows == 0:
		v.Layout = "There is no table of embeddings in the database to be drawn."
		if len(v.Files) > 0 {
			v.Layout = "Files hold one state alone: a report on the database draws the embeddings before and after."
		}
		return nil
	case s.After.Rows < project.MinRows:
		v.Layout = fmt.Sprintf("%d rows are too few for t-SNE, which needs %d.", s.After.Rows, project.MinRows)
		return nil
	}
	if v.After, err = v.draw(ctx, "After: the rows that are served and given away", s.After); err != nil || s.Before.Rows == 0 {
		return err
	}
	v.Before, err = v.draw(ctx, "Before: the rows without the mark", s.Before)
	return err
}

// draw lays rows out and draws them, coloured by community.
func (v *view) draw(ctx context.Context, title string, rows vec.Matrix) (template.HTML, error) {
	l, err := project.TSNE(ctx, rows, project.Options{Seed: 1, Workers: v.Workers})
	if err != nil {
		return "", err
	}
	d := &plot.Entities{Title: title, Below: fmt.Sprintf("t-SNE, perplexity %.3g, of %d of %s, the same in both pictures", l.Perplexity, rows.Rows, plot.Count(v.Exhibit.Sample.Entities, "entity")),
		Heading: "community", Nothing: "in no community"}
	for i := range min(plot.MaxGroups, len(v.Exhibit.Communities)) {
		d.Groups = append(d.Groups, fmt.Sprintf("community %d", i+1))
	}
	d.Others = max(0, len(v.Exhibit.Communities)-len(d.Groups))
	for i, at := range l.Points {
		d.Points = append(d.Points, [2]float64{at.X, at.Y})
		group := v.Exhibit.Sample.Community[i]
		switch {
		case group < 0:
			group = plot.None
		case group >= len(d.Groups):
			group = plot.Other
		}
		d.Group = append(d.Group, group)
	}
	var out bytes.Buffer
	if err := plot.Write(&out, d, plot.Options{Format: "svg", Width: 560}); err != nil {
		return "", err
	}
	return template.HTML(out.String()), nil // plot escapes every text
}

// Sentence is the verdict in words.
func (v view) Sentence() string { return v.Exhibit.Evidence.Sentence() }

// Meaning says what the verdict does and does not mean.
func (v view) Meaning() string {
	e := v.Exhibit.Evidence
	switch e.Verdict {
	case watermark.Intact:
		return "The mark is there, and what was tested equals a copy as it was released."
	case watermark.Altered:
		return "The mark is there. What was tested equals no copy whose digest the key ring keeps: it was edited since, or its digest was not kept."
	case watermark.NoMark:
		return "None of the keys that were tried shows. That is no proof that there is no mark: it may have been removed, or be another key's."
	}
	return "What was tested holds too little for any of the tests."
}
