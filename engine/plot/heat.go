package plot

import (
	"fmt"
	"image/color"
	"strconv"

	"gonum.org/v1/plot/vg"
)

// Heat is a square matrix of numbers from 0 to 1 as colours: the likeness of things to each other.
type Heat struct {
	Title, Below string
	Names        []string    // of rows and columns
	Values       [][]float64 // as many rows as names, each as long
	Scale        string      // what the colours say
}

// Describe implements Drawing.
func (h *Heat) Describe() string {
	best, a, b := -1.0, 0, 0
	for i, row := range h.Values {
		for j, v := range row {
			if i != j && v > best {
				best, a, b = v, i, j
			}
		}
	}
	words := fmt.Sprintf("%s: %s.", h.Title, Count(len(h.Names), "row"))
	if best >= 0 {
		words += fmt.Sprintf(" The most alike are %s and %s, %.2f.", h.Names[a], h.Names[b], best)
	}
	return words
}

func (h *Heat) height(width int) int { return width*7/10 + 120 }

func (h *Heat) check() error {
	if len(h.Names) == 0 || len(h.Values) != len(h.Names) {
		return fmt.Errorf("%w: %d rows for %d names", ErrNothing, len(h.Values), len(h.Names))
	}
	for i, row := range h.Values {
		if len(row) != len(h.Names) {
			return fmt.Errorf("%w: row %d has %d numbers for %d names", ErrNothing, i, len(row), len(h.Names))
		}
		for _, v := range row {
			if !(v >= 0 && v <= 1) {
				return fmt.Errorf("%w: row %d holds %g, which is not from 0 to 1", ErrNothing, i, v)
			}
		}
	}
	return nil
}

// draw writes the names beside the rows, each with its number; columns have numbers alone, for want of room.
func (h *Heat) draw(p *page) {
	p.head(h.Title, h.Below, nil)
	n := len(h.Names)
	width := p.rest.Max.X - p.rest.Min.X
	names := vg.Length(0)
	labels := make([]string, n)
	for i, name := range h.Names {
		labels[i] = p.fit(p.small(), strconv.Itoa(i+1)+"  "+name, width*0.4)
		names = max(names, p.width(p.small(), labels[i]))
	}
	scale := vg.Length(54) // for the scale to the right
	r := inset(p.rest, names+gap, scale, smallSize*2*lineGap+4, 0)
	side := min(r.Max.X-r.Min.X, r.Max.Y-r.Min.Y)
	r.Max.X, r.Min.Y = r.Min.X+side, r.Max.Y-side
	cell := side / vg.Length(n)
	every := max(1, int((smallSize+1)/cell)+1) // of the names, where rows are lower than letters
	if cell >= smallSize+1 {
		every = 1
	}
	for i, row := range h.Values {
		top := r.Max.Y - cell*vg.Length(i)
		for j, v := range row {
			left := r.Min.X + cell*vg.Length(j)
			p.box(vg.Point{X: left, Y: top - cell}, vg.Point{X: left + cell, Y: top}, p.shade(v))
		}
		if i%every == 0 {
			p.say(p.small(), r.Min.X-gap, top-cell/2-smallSize*0.34, 1, labels[i])
		}
		wide := p.width(p.small(), strconv.Itoa(n)) + 3
		if step := max(1, int(wide/cell)+1); i%step == 0 || cell >= wide {
			p.say(p.small(), r.Min.X+cell*(vg.Length(i)+0.5), r.Min.Y-smallSize-2, 0.5, strconv.Itoa(i+1))
		}
	}
	h.scale(p, vg.Rectangle{Min: vg.Point{X: r.Max.X + 16, Y: r.Max.Y - min(side, 200)}, Max: vg.Point{X: r.Max.X + 28, Y: r.Max.Y}})
	p.say(p.small(), r.Min.X, r.Min.Y-2*smallSize*lineGap-2, 0, p.fit(p.small(), h.Scale, p.rest.Max.X-r.Min.X))
}

// scaleSteps are the shades of the scale.
const scaleSteps = 50

func (h *Heat) scale(p *page, r vg.Rectangle) {
	step := (r.Max.Y - r.Min.Y) / scaleSteps
	for i := range scaleSteps {
		low := r.Min.Y + step*vg.Length(i)
		p.box(vg.Point{X: r.Min.X, Y: low}, vg.Point{X: r.Max.X, Y: low + step + 0.5}, p.shade((float64(i)+0.5)/scaleSteps))
	}
	for _, v := range []float64{0, 0.5, 1} {
		p.say(p.small(), r.Max.X+4, r.Min.Y+(r.Max.Y-r.Min.Y)*vg.Length(v)-smallSize*0.34, 0, number(v, 0.5))
	}
}

// shade returns the colour of a number from 0 to 1: from the paper to a deep blue on light, from dark to a light yellow on
// dark; its lightness changes evenly, so that it reads without colours.
func (p *page) shade(v float64) color.Color {
	stops := p.ramp
	at := v * float64(len(stops)-1)
	i := min(int(at), len(stops)-2)
	part := at - float64(i)
	mix := func(a, b uint8) uint8 { return uint8(float64(a) + part*(float64(b)-float64(a)) + 0.5) }
	a, b := stops[i], stops[i+1]
	return color.NRGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 0xff}
}
