package plot

import (
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A shape goes with each colour, so that marks differ in more than that.
type shape int

const (
	circle shape = iota
	square
	triangle
	diamond
	wedge // a triangle on its tip
	plus
	cross
)

// glyph draws the shape of a series around a point, about as heavy whatever the shape.
func (p *page) glyph(s shape, at vg.Point, radius vg.Length, c color.Color) {
	p.SetColor(c)
	switch s {
	case circle:
		var path vg.Path
		path.Move(vg.Point{X: at.X + radius, Y: at.Y})
		path.Arc(at, radius, 0, 2*math.Pi)
		path.Close()
		p.Fill(path)
	case square:
		p.polygon(at, radius*0.88, [][2]float64{{-1, -1}, {1, -1}, {1, 1}, {-1, 1}})
	case triangle:
		p.polygon(at, radius*1.25, [][2]float64{{-1, -0.7}, {1, -0.7}, {0, 1}})
	case diamond:
		p.polygon(at, radius*1.3, [][2]float64{{-1, 0}, {0, -1}, {1, 0}, {0, 1}})
	case wedge:
		p.polygon(at, radius*1.25, [][2]float64{{-1, 0.7}, {1, 0.7}, {0, -1}})
	case plus:
		p.polygon(at, radius*1.25, cog(0))
	case cross:
		p.polygon(at, radius*1.25, cog(math.Pi/4))
	}
}

// cog returns the outline of a plus sign, turned.
func cog(turn float64) [][2]float64 {
	const w = 0.36
	upright := [][2]float64{{-w, -1}, {w, -1}, {w, -w}, {1, -w}, {1, w}, {w, w}, {w, 1}, {-w, 1}, {-w, w}, {-1, w}, {-1, -w}, {-w, -w}}
	sin, cos := math.Sincos(turn)
	for i, c := range upright {
		upright[i] = [2]float64{c[0]*cos - c[1]*sin, c[0]*sin + c[1]*cos}
	}
	return upright
}

// polygon fills corners around a point, given in radii.
func (p *page) polygon(at vg.Point, radius vg.Length, corners [][2]float64) {
	var path vg.Path
	for i, c := range corners {
		corner := vg.Point{X: at.X + vg.Length(c[0])*radius, Y: at.Y + vg.Length(c[1])*radius}
		if i == 0 {
			path.Move(corner)
		} else {
			path.Line(corner)
		}
	}
	path.Close()
	p.Fill(path)
}

// dashes go with the colours of lines.
var dashes = [maxSeries][]vg.Length{nil, {7, 3}, {2, 2}, {9, 3, 2, 3}, {4, 4}, {12, 4}, {1.5, 3}}

// line returns the style of a series' line.
func (p *page) line(series int) draw.LineStyle {
	return draw.LineStyle{Color: p.series[series%maxSeries], Width: 2, Dashes: dashes[series%maxSeries]}
}

// stroke draws a line through points.
func (p *page) stroke(style draw.LineStyle, points []vg.Point) {
	if len(points) > 1 {
		p.StrokeLines(style, points)
	}
}

// box fills the rectangle between two corners.
func (p *page) box(a, b vg.Point, c color.Color) {
	p.SetColor(c)
	p.Fill(vg.Rectangle{Min: a, Max: b}.Path())
}

// lineKey is the key of a line, boxKey that of a bar and glyphKey that of points.
func (p *page) lineKey(label string, series int) key {
	return key{label, func(at vg.Point) {
		p.stroke(p.line(series), []vg.Point{{X: at.X - 9, Y: at.Y}, {X: at.X + 9, Y: at.Y}})
	}}
}

func (p *page) boxKey(label string, series int) key {
	return key{label, func(at vg.Point) {
		p.box(vg.Point{X: at.X - 6, Y: at.Y - 5}, vg.Point{X: at.X + 6, Y: at.Y + 5}, p.series[series])
	}}
}

func (p *page) glyphKey(label string, s shape, size vg.Length, c color.Color) key {
	return key{label, func(at vg.Point) { p.glyph(s, at, size, c) }}
}

// keySize is the radius of a mark in a legend.
const keySize vg.Length = 4.5
