package plot

import (
	"fmt"
	"strings"

	"gonum.org/v1/plot/vg"
)

// Bars are figures from 0 to 1 of several things side by side, a bar for each figure.
type Bars struct {
	Title, Below string
	Series       []string // the figures' names, at most seven
	Rows         []Bar    // from above
}

// Bar is one thing with its figures.
type Bar struct {
	Name   string
	Values []float64 // as many as there are series
}

// Describe implements Drawing.
func (b *Bars) Describe() string {
	words := b.Title + ": " + strings.Join(b.Series, ", ")
	for i, row := range b.Rows {
		if i == 5 {
			break
		}
		words += "; " + row.Name
		for _, v := range row.Values {
			words += fmt.Sprintf(" %.2f", v)
		}
	}
	return words + "."
}

func (b *Bars) height(int) int { return (10*len(b.Series)+8)*len(b.Rows) + 150 }

func (b *Bars) check() error {
	if len(b.Rows) == 0 || len(b.Series) == 0 {
		return fmt.Errorf("%w: %d rows of %d figures", ErrNothing, len(b.Rows), len(b.Series))
	}
	if len(b.Series) > maxSeries {
		return fmt.Errorf("%w: %d figures cannot be told apart; at most %d can", ErrOptions, len(b.Series), maxSeries)
	}
	for _, row := range b.Rows {
		if len(row.Values) != len(b.Series) {
			return fmt.Errorf("%w: %s has %d figures, %d are named", ErrNothing, row.Name, len(row.Values), len(b.Series))
		}
		for _, v := range row.Values {
			if !(v >= 0 && v <= 1) {
				return fmt.Errorf("%w: %s has the figure %g, which is not from 0 to 1", ErrNothing, row.Name, v)
			}
		}
	}
	return nil
}

func (b *Bars) draw(p *page) {
	var keys []key
	for i, name := range b.Series {
		keys = append(keys, p.boxKey(name, i))
	}
	p.head(b.Title, b.Below, keys)
	names := axis{low: float64(len(b.Rows)), high: 0, bare: true}
	for i, row := range b.Rows {
		names.ticks = append(names.ticks, tick{float64(i) + 0.5, p.fit(p.small(), row.Name, (p.rest.Max.X-p.rest.Min.X)*0.4)})
	}
	f := p.frame(p.rest, within(strings.Join(b.Series, ", ")+" (0 to 1)", 0, 1, 5), names)
	thick := 0.76 / float64(len(b.Series))
	for i, row := range b.Rows {
		for k, v := range row.Values {
			top := float64(i) + 0.12 + thick*float64(k)
			p.box(f.at(0, top), f.at(v, top+thick*0.9), p.series[k])
		}
	}
}

// Lines are figures of several things over one number, such as a share.
type Lines struct {
	Title, Below string
	X, Y         string // what is measured, with its unit
	Lines        []Line // at most seven
}

// Line is one thing's figures, in the order of X.
type Line struct {
	Name   string
	Points []LinePoint
}

// LinePoint is a figure and how far it is unsure, 0 where that is not known.
type LinePoint struct{ X, Y, Spread float64 }

// Describe implements Drawing.
func (l *Lines) Describe() string {
	var parts []string
	for _, line := range l.Lines {
		first, last := line.Points[0], line.Points[len(line.Points)-1]
		parts = append(parts, fmt.Sprintf("%s from %.3g at %.3g to %.3g at %.3g", line.Name, first.Y, first.X, last.Y, last.X))
	}
	return l.Title + ": " + strings.Join(parts, "; ") + "."
}

func (l *Lines) height(width int) int { return width*3/5 + 60 }

func (l *Lines) check() error {
	if len(l.Lines) == 0 {
		return fmt.Errorf("%w: no line is given", ErrNothing)
	}
	if len(l.Lines) > maxSeries {
		return fmt.Errorf("%w: %d lines in one picture cannot be told apart; at most %d can", ErrOptions, len(l.Lines), maxSeries)
	}
	for _, line := range l.Lines {
		if len(line.Points) == 0 {
			return fmt.Errorf("%w: %s has no point", ErrNothing, line.Name)
		}
		for _, at := range line.Points {
			if !drawable(at.X) || !drawable(at.Y) || !drawable(at.Spread) {
				return fmt.Errorf("%w: %s has a point at %g, %g", ErrNothing, line.Name, at.X, at.Y)
			}
		}
	}
	return nil
}

func (l *Lines) draw(p *page) {
	var keys []key
	var xs, ys []float64
	for i, line := range l.Lines {
		keys = append(keys, p.lineKey(line.Name, i))
		for _, at := range line.Points {
			xs, ys = append(xs, at.X), append(ys, at.Y-at.Spread, at.Y+at.Spread)
		}
	}
	p.head(l.Title, l.Below, keys)
	lowX, highX, _ := span(xs)
	low, high, _ := span(ys)
	f := p.frame(p.rest, within(l.X, min(0, lowX), highX, 6), rounded(l.Y, low, high, 5))
	for i, line := range l.Lines {
		var points []vg.Point
		for _, at := range line.Points {
			points = append(points, f.at(at.X, at.Y))
			if at.Spread > 0 {
				style := p.line(i)
				style.Width, style.Dashes = 1, nil
				p.stroke(style, []vg.Point{f.at(at.X, at.Y-at.Spread), f.at(at.X, at.Y+at.Spread)})
			}
		}
		p.stroke(p.line(i), points)
		for _, at := range points {
			p.glyph(shape(i), at, 3.2, p.series[i])
		}
	}
}
