package plot

import (
	"fmt"
	"image/color"
	"math"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Entities is a map of embeddings: each point an entity, coloured by its group.
type Entities struct {
	Title   string
	Below   string       // how the map was made and which entities it shows, in words
	Points  [][2]float64 // places
	Group   []int        // of each point, an index into Groups; or Other or None
	Groups  []string     // at most MaxGroups, the largest first
	Heading string       // what the groups are
	Others  int          // groups whose points are Other
	Nothing string       // what the points of None lack, in words
	Axes    [2]string    // labels; "" for axes that have no meaning
	Names   []Name       // points to write a name at where there is room, the most important first
}

// Name is an entity to be named on the map.
type Name struct {
	Point int // index into Points
	Text  string
}

// Groups of points that have no colour of their own.
const (
	Other = -1
	None  = -2
)

// Sizes of points without a colour of their own, to those with one; they lie below them.
const (
	otherSize vg.Length = 0.85
	noneSize  vg.Length = 0.5
)

// MaxGroups is how many groups have a colour of their own.
const MaxGroups = maxSeries

// Describe implements Drawing.
func (e *Entities) Describe() string {
	counts := e.counts()
	var groups []string
	for i, name := range e.Groups {
		groups = append(groups, fmt.Sprintf("%s %s", name, count(counts[i])))
	}
	return fmt.Sprintf("%s: %s. Colour: %s: %s.", e.Title, Count(len(e.Points), "point"), e.Heading, strings.Join(groups, ", "))
}

func (e *Entities) counts() map[int]int {
	counts := map[int]int{}
	for _, g := range e.Group {
		counts[g]++
	}
	return counts
}

// height leaves room for the legend, whatever the width.
func (e *Entities) height(width int) int {
	keys := int(keyLine) * (len(e.Groups) + 2)
	if width < narrowMap {
		return width + 130 + keys
	}
	return max(width*3/5+90, 190+keys)
}

// narrowMap is the width below which the legend stands above the map instead of beside it.
const narrowMap = 420

func (e *Entities) check() error {
	if len(e.Points) == 0 || len(e.Group) != len(e.Points) {
		return fmt.Errorf("%w: %d points and %d groups", ErrNothing, len(e.Points), len(e.Group))
	}
	if len(e.Groups) > MaxGroups {
		return fmt.Errorf("%w: %d groups cannot be told apart; at most %d can", ErrOptions, len(e.Groups), MaxGroups)
	}
	for i, p := range e.Points {
		if !drawable(p[0]) || !drawable(p[1]) {
			return fmt.Errorf("%w: point %d is at %v", ErrNothing, i, p)
		}
		if g := e.Group[i]; g < None || g >= len(e.Groups) {
			return fmt.Errorf("%w: point %d is of group %d of %d", ErrNothing, i, g, len(e.Groups))
		}
	}
	return nil
}

func (e *Entities) draw(p *page) {
	p.head(e.Title, e.Below, nil)
	e.legend(p)
	f := e.frame(p)
	radius := max(1.9, min(4, 70/vg.Length(math.Sqrt(float64(len(e.Points)))))) // smaller where they crowd
	for i, at := range e.Points {
		switch e.Group[i] {
		case Other:
			p.glyph(circle, f.at(at[0], at[1]), radius*otherSize, faded(p.theme.rest, 170))
		case None:
			p.glyph(circle, f.at(at[0], at[1]), radius*noneSize, faded(p.theme.rest, 170))
		}
	}
	for i, at := range e.Points { // in the order of the entities, so that no group hides the others
		if g := e.Group[i]; g >= 0 {
			p.glyph(shape(g), f.at(at[0], at[1]), radius, faded(p.series[g], 205))
		}
	}
	e.names(p, f, radius)
}

// legend writes the groups to the right of the map, or above a narrow one.
func (e *Entities) legend(p *page) {
	counts := e.counts()
	var keys []key
	for i, name := range e.Groups {
		keys = append(keys, p.glyphKey(fmt.Sprintf("%s (%s)", name, count(counts[i])), shape(i), keySize, p.series[i]))
	}
	if counts[Other] > 0 {
		keys = append(keys, p.glyphKey(fmt.Sprintf("%s others (%s)", count(e.Others), count(counts[Other])), circle, keySize*otherSize, p.theme.rest))
	}
	if counts[None] > 0 {
		keys = append(keys, p.glyphKey(fmt.Sprintf("%s (%s)", e.Nothing, count(counts[None])), circle, keySize*noneSize, p.theme.rest))
	}
	if p.Max.X-p.Min.X < narrowMap {
		for _, line := range p.wrap(p.small(), e.Heading, p.rest.Max.X-p.rest.Min.X, 4) {
			p.say(p.small(), p.rest.Min.X, p.rest.Max.Y-smallSize, 0, line)
			p.rest.Max.Y -= smallSize * lineGap
		}
		p.row(keys)
		return
	}
	width := vg.Length(0)
	for _, k := range keys {
		width = max(width, keyMark+p.width(p.normal(), k.label))
	}
	all := p.rest.Max.X - p.rest.Min.X
	width = min(max(width, 100), all*0.36)
	x, y := p.rest.Max.X-width, p.rest.Max.Y-normalSize
	for _, line := range p.wrap(p.small(), e.Heading, width, 6) {
		if y < p.rest.Min.Y {
			break
		}
		p.say(p.small(), x, y, 0, line)
		y -= smallSize * lineGap
	}
	for _, k := range keys {
		if y -= 4; y < p.rest.Min.Y { // a height that was asked for may be too low for all
			break
		}
		k.mark(vg.Point{X: x + 7, Y: y + normalSize*0.34})
		p.say(p.normal(), x+keyMark-4, y, 0, p.fit(p.normal(), k.label, width-keyMark+4))
		y -= keyLine - 4
	}
	p.rest.Max.X -= width + 16
}

// frame draws axes over all points, both to the same scale.
func (e *Entities) frame(p *page) frame {
	low, high := e.Points[0], e.Points[0]
	for _, at := range e.Points {
		for k := range 2 {
			low[k], high[k] = min(low[k], at[k]), max(high[k], at[k])
		}
	}
	width, height := float64(p.rest.Max.X-p.rest.Min.X)-45, float64(p.rest.Max.Y-p.rest.Min.Y)-50
	if e.Axes == [2]string{} {
		width, height = float64(p.rest.Max.X-p.rest.Min.X), float64(p.rest.Max.Y-p.rest.Min.Y)
	}
	scale := max((high[0]-low[0])/max(width, 1), (high[1]-low[1])/max(height, 1), 1e-12) * 1.06
	for k, side := range [2]float64{width, height} {
		middle := (low[k] + high[k]) / 2
		low[k], high[k] = middle-side*scale/2, middle+side*scale/2
	}
	if e.Axes != [2]string{} {
		return p.frame(p.rest, within(e.Axes[0], low[0], high[0], 5), within(e.Axes[1], low[1], high[1], 5))
	}
	f := frame{area: p.rest, x: axis{low: low[0], high: high[0]}, y: axis{low: low[1], high: high[1]}}
	style := draw.LineStyle{Color: p.grid, Width: 1}
	a, b := f.area.Min, f.area.Max
	p.stroke(style, []vg.Point{a, {X: b.X, Y: a.Y}, b, {X: a.X, Y: b.Y}, a})
	return f
}

// nameArea is the part of a map, in square pixels, that one name may take: more names hide the points.
const nameArea = 12_000

// names writes names beside their points where they cover no other name and stay inside.
func (e *Entities) names(p *page, f frame, radius vg.Length) {
	var taken []vg.Rectangle
	look := words{smallSize, false, p.text}
	most := int((f.area.Max.X - f.area.Min.X) * (f.area.Max.Y - f.area.Min.Y) / nameArea)
	for _, name := range e.Names {
		if len(taken) >= most {
			return
		}
		if name.Point < 0 || name.Point >= len(e.Points) {
			continue
		}
		text := p.fit(look, name.Text, 150)
		width := p.width(look, text)
		at := f.at(e.Points[name.Point][0], e.Points[name.Point][1])
		for _, x := range []vg.Length{at.X + radius + 2, at.X - radius - 2 - width} {
			r := vg.Rectangle{Min: vg.Point{X: x, Y: at.Y - smallSize*0.45}, Max: vg.Point{X: x + width, Y: at.Y + smallSize*0.65}}
			if !inside(r, f.area) || overlaps(r, taken) {
				continue
			}
			taken = append(taken, r)
			p.halo(look, x, at.Y-smallSize*0.34, text)
			break
		}
	}
}

// halo writes a text over a rim of the paper's colour, so that it can be read on points.
func (p *page) halo(w words, x, baseline vg.Length, s string) {
	rim := w
	rim.color = faded(p.background, 200).(color.NRGBA)
	for _, d := range [][2]vg.Length{{-1, 0}, {1, 0}, {0, -1}, {0, 1}} {
		p.say(rim, x+d[0], baseline+d[1], 0, s)
	}
	p.say(w, x, baseline, 0, s)
}

func inside(r, area vg.Rectangle) bool {
	return r.Min.X >= area.Min.X && r.Max.X <= area.Max.X && r.Min.Y >= area.Min.Y && r.Max.Y <= area.Max.Y
}

func overlaps(r vg.Rectangle, others []vg.Rectangle) bool {
	for _, o := range others {
		if r.Min.X < o.Max.X+4 && o.Min.X < r.Max.X+4 && r.Min.Y < o.Max.Y+1 && o.Min.Y < r.Max.Y+1 {
			return true
		}
	}
	return false
}
