package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/engine/figure"
	"github.com/inklingdb/inkling/engine/plot"
)

// plotCommand draws pictures of models; docs/plots.md says what they mean.
type plotCommand struct {
	Curves    plotCurves    `cmd:"" help:"Loss and validation MRR over a training, of one or several models."`
	Entities  plotEntities  `cmd:"" help:"A map of the entities by t-SNE or PCA, coloured by type."`
	Ranks     plotRanks     `cmd:"" help:"A histogram of the ranks of right answers, heads and tails."`
	Relations plotRelations `cmd:"" help:"MRR, Hits@10 and test triples by relation."`

	Similarity plotSimilarity `cmd:"" help:"How alike relations are, by what stands at their ends, as a heat map."`
	Facts      plotFacts      `cmd:"" help:"Precision, recall and F1 by relation, of inkling bench facts --json."`
	Density    plotDensity    `cmd:"" help:"Fact prediction as subjects are left out, of inkling bench facts --subjects --json."`
}

// image is the flags of a picture of a database.
type image struct {
	database
	picture
}

// picture is the flags that say where a picture goes and how it looks.
type picture struct {
	Out    string `short:"o" placeholder:"FILE" help:"The picture's file, .png or .svg; without it KIND.png."`
	Width  int    `default:"720" placeholder:"PIXELS" help:"Width as on a screen (${default})."`
	Height int    `placeholder:"PIXELS" help:"Height; without it what suits the picture."`
	Scale  int    `default:"2" placeholder:"N" help:"PNG pixels per screen pixel, 1 to 4 (${default})."`
	Dark   bool   `help:"Light on dark."`
}

// oneModel is the flag of plots that show one model.
type oneModel struct {
	Model string `short:"m" placeholder:"NAME" help:"The model; without it the default one."`
}

// ranked is the arguments of plots of test triples.
type ranked struct {
	Test  []string `arg:"" optional:"" placeholder:"FILE" help:"Files of test triples; without one, those held out when the model was trained."`
	Known []string `placeholder:"FILE" help:"Further files of true triples that do not count against a test triple."`
	Limit int      `placeholder:"N" help:"Rank at most so many triples of the files, evenly spread."`
}

type plotCurves struct {
	image
	Model []string `short:"m" placeholder:"NAME" help:"A model; may be repeated, up to seven; without it the default one."`
	All   bool     `help:"All models of the database."`
	Time  bool     `help:"Over the time since the training began, instead of epochs."`
}

// Run draws training curves.
func (c *plotCurves) Run(a *app) error {
	if c.All && len(c.Model) > 0 {
		return usageError{fmt.Errorf("name models or draw --all, not both")}
	}
	return c.draw(a, figure.Request{Kind: "curves", Models: c.Model, ByTime: c.Time}, c.All)
}

type plotEntities struct {
	image
	oneModel
	Method       string  `enum:"tsne,pca" default:"tsne" placeholder:"NAME" help:"tsne or pca (${default})."`
	TypeRelation string  `placeholder:"NAME" help:"The relation whose objects are an entity's types; without it rdf:type."`
	Max          int     `default:"3000" placeholder:"N" help:"Draw at most so many entities, chosen at random (${default})."`
	Perplexity   float64 `default:"30" placeholder:"X" help:"About how many neighbours t-SNE heeds (${default})."`
	Seed         uint64  `default:"1" placeholder:"N" help:"Seed of the choice and of the layout (${default})."`
}

// maxPlotted bounds the entities of a picture: more take minutes and hide each other.
const maxPlotted = 20_000

// Run draws a map of entities.
func (c *plotEntities) Run(a *app) error {
	if c.Max < 1 || c.Max > maxPlotted {
		return usageError{fmt.Errorf("--max %d: draw from 1 to %s entities", c.Max, grouped(maxPlotted))}
	}
	if !(c.Perplexity >= 1) {
		return usageError{fmt.Errorf("--perplexity %g: it is at least 1", c.Perplexity)}
	}
	return c.draw(a, figure.Request{Kind: "entities", Models: []string{c.Model}, Method: c.Method, TypeRelation: c.TypeRelation,
		Entities: c.Max, Perplexity: c.Perplexity, Seed: c.Seed}, false)
}

type plotRanks struct {
	image
	oneModel
	ranked
}

// Run draws a histogram of ranks.
func (c *plotRanks) Run(a *app) error {
	return c.draw(a, figure.Request{Kind: "ranks", Models: []string{c.Model}, Test: c.Test, Known: c.Known, Limit: c.Limit}, false)
}

type plotRelations struct {
	image
	oneModel
	ranked
	Relations int `default:"20" placeholder:"N" help:"Draw so many relations, most test triples first (${default})."`
}

// Run draws bars by relation.
func (c *plotRelations) Run(a *app) error {
	if c.Relations < 1 || c.Relations > 100 {
		return usageError{fmt.Errorf("--relations %d: draw from 1 to 100", c.Relations)}
	}
	return c.draw(a, figure.Request{Kind: "relations", Models: []string{c.Model}, Test: c.Test, Known: c.Known,
		Limit: c.Limit, Relations: c.Relations}, false)
}

// draw makes a picture and writes its file, once it is whole.
func (i *image) draw(a *app, r figure.Request, all bool) error {
	o, err := i.look(r.Kind)
	if err != nil {
		return err
	}
	return i.with(func(db *engine.DB) error {
		if all {
			for _, m := range db.Models() {
				r.Models = append(r.Models, m.Name)
			}
		}
		b := a.newBar("plot")
		r.Progress = func(done, total int) { b.set(float64(done)/float64(max(1, total)), r.Kind) }
		drawing, err := figure.Make(a.ctx, db, r)
		if err != nil {
			b.fail()
			return err
		}
		b.done(r.Kind)
		return i.write(a, drawing, o)
	})
}

// look returns how the picture is to look; its file is named after its kind unless told otherwise.
func (i *picture) look(kind string) (plot.Options, error) {
	if i.Out == "" {
		i.Out = kind + ".png"
	}
	o := plot.Options{Width: i.Width, Height: i.Height, Scale: i.Scale, Dark: i.Dark,
		Format: strings.ToLower(strings.TrimPrefix(filepath.Ext(i.Out), "."))}
	if !slices.Contains(plot.Formats, o.Format) {
		return o, usageError{fmt.Errorf("the file %s must end in .png or .svg", i.Out)}
	}
	return o, nil
}

// write writes the picture's file, once it is whole.
func (i *picture) write(a *app, drawing plot.Drawing, o plot.Options) error {
	var drawn bytes.Buffer
	if err := plot.Write(&drawn, drawing, o); err != nil {
		return err
	}
	if err := os.WriteFile(i.Out, drawn.Bytes(), 0o644); err != nil {
		return err
	}
	fmt.Fprintf(a.out, "%s\nwritten to %s (%s)\n", drawing.Describe(), i.Out, sizeText(int64(drawn.Len())))
	return nil
}
