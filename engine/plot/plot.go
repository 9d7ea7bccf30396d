// Package plot draws what there is to see of a model: training curves, a map of entities, a histogram of ranks and bars
// by relation, each as PNG or SVG, light or dark, in one style whose colours people with any colour vision tell apart.
// Data goes in and an image comes out: it knows neither databases nor models. Canvases and text are gonum/plot's.
package plot

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Drawing is something Write can draw: *Curves, *Entities, *Ranks, *Relations or *Convergence.
type Drawing interface {
	// Describe says in a sentence what the drawing shows, for those who cannot see it.
	Describe() string
	// height returns the height in pixels that suits a width.
	height(width int) int
	// check returns ErrNothing, with the reason, when there is nothing to draw.
	check() error
	draw(p *page)
}

// Options say how a drawing looks. The zero value is a light PNG.
type Options struct {
	Format string // a name of Formats; "" means png
	Width  int    // pixels as on a screen, from MinSize to MaxSize; 0 means 720
	Height int    // likewise; 0 means what suits the drawing
	Dark   bool   // light on dark instead of dark on light
	Scale  int    // PNG only: image pixels per pixel as on a screen, 1 to 4; 0 means 2
}

// Formats are the image formats.
var Formats = []string{"png", "svg"}

// MinSize and MaxSize bound a drawing's sides, in pixels.
const (
	MinSize = 240
	MaxSize = 4000
)

// maxPixels bounds an image's memory, at 4 bytes a pixel.
const maxPixels = 64_000_000

// Errors that callers test for with errors.Is.
var (
	ErrOptions = errors.New("unknown format or size")
	ErrNothing = errors.New("nothing to draw")
)

// Write draws to w. Nothing is written when the error is ErrOptions or ErrNothing.
func Write(w io.Writer, d Drawing, o Options) error {
	if err := o.complete(d); err != nil {
		return fmt.Errorf("plot: %w", err)
	}
	if err := d.check(); err != nil {
		return fmt.Errorf("plot: %w", err)
	}
	width, height := vg.Length(o.Width), vg.Length(o.Height)
	look := light
	if o.Dark {
		look = dark
	}
	var err error
	if o.Format == "svg" {
		canvas := vgsvg.New(width, height)
		if err = paint(canvas, d, look); err == nil {
			err = writeSVG(w, canvas, o, d.Describe())
		}
	} else {
		canvas := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(72*o.Scale), vgimg.UseBackgroundColor(look.background))
		if err = paint(canvas, d, look); err == nil {
			_, err = vgimg.PngCanvas{Canvas: canvas}.WriteTo(w)
		}
	}
	if err != nil {
		return fmt.Errorf("plot: %w", err)
	}
	return nil
}

// paint draws on a canvas whose units are pixels.
func paint(canvas vg.CanvasSizer, d Drawing, look theme) error {
	fonts, err := sans()
	if err != nil {
		return err
	}
	p := &page{Canvas: draw.New(canvas), theme: look, fonts: fonts}
	p.SetColor(look.background)
	p.Fill(p.Rectangle.Path())
	p.rest = inset(p.Rectangle, margin, margin, margin, margin)
	d.draw(p)
	return nil
}

// complete puts defaults in and checks what was given.
func (o *Options) complete(d Drawing) error {
	switch o.Format {
	case "":
		o.Format = "png"
	case "png", "svg":
	default:
		return fmt.Errorf("%w: format %q; there are %v", ErrOptions, o.Format, Formats)
	}
	if o.Width == 0 {
		o.Width = 720
	}
	if o.Height == 0 {
		o.Height = min(max(d.height(o.Width), MinSize), MaxSize)
	}
	for _, side := range []int{o.Width, o.Height} {
		if side < MinSize || side > MaxSize {
			return fmt.Errorf("%w: %d × %d pixels; each side is from %d to %d", ErrOptions, o.Width, o.Height, MinSize, MaxSize)
		}
	}
	if o.Scale == 0 {
		o.Scale = 2
	}
	if o.Scale < 1 || o.Scale > 4 {
		return fmt.Errorf("%w: scale %d; it is from 1 to 4", ErrOptions, o.Scale)
	}
	if pixels := o.Width * o.Height * o.Scale * o.Scale; o.Format == "png" && pixels > maxPixels {
		return fmt.Errorf("%w: %d million pixels; at most %d million can be drawn", ErrOptions, pixels/1e6, maxPixels/1_000_000)
	}
	return nil
}

// writeSVG writes a canvas with a head of its own: sizes in pixels, words for those who cannot see, and fonts to fall
// back on that are as wide as the one measured with.
func writeSVG(w io.Writer, canvas *vgsvg.Canvas, o Options, description string) error {
	var drawn bytes.Buffer
	if _, err := canvas.WriteTo(&drawn); err != nil {
		return err
	}
	_, rest, found := bytes.Cut(drawn.Bytes(), []byte("<svg "))
	_, body, closed := bytes.Cut(rest, []byte(">"))
	if !found || !closed {
		return errors.New("the canvas wrote no SVG head")
	}
	body = bytes.ReplaceAll(body, []byte("font-family:Liberation Sans;"), []byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif;"))
	_, err := fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img"><title>%s</title>%s`,
		o.Width, o.Height, o.Width, o.Height, escape(description), body)
	return err
}
