package plot

import (
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// axis is a range of numbers and where they are written.
type axis struct {
	label     string // with its unit
	low, high float64
	ticks     []tick
	bare      bool // no grid lines
}

// tick is a number on an axis.
type tick struct {
	at    float64
	label string
}

// rounded returns an axis over a range that begins and ends at round numbers, with about n steps.
func rounded(label string, low, high float64, n int) axis {
	high = max(high, low+max(1e-9, math.Abs(low)*1e-3))
	step := roundStep((high - low) / float64(max(1, n)))
	a := axis{label: label, low: math.Floor(low/step+1e-9) * step, high: math.Ceil(high/step-1e-9) * step}
	a.ticks = ticksBy(a.low, a.high, step)
	return a
}

// within returns an axis over exactly a range, with about n round numbers in it.
func within(label string, low, high float64, n int) axis {
	high = max(high, low+max(1e-9, math.Abs(low)*1e-3))
	step := roundStep((high - low) / float64(max(1, n)))
	return axis{label: label, low: low, high: high, ticks: ticksBy(low, high, step)}
}

// wholly keeps ticks at whole numbers.
func (a axis) wholly() axis {
	if len(a.ticks) > 1 && a.ticks[1].at-a.ticks[0].at < 1 {
		a.ticks = ticksBy(a.low, a.high, 1)
	}
	return a
}

// roundStep returns the least of 1, 2, 5, 10, 20, … (and their parts) that is no less than a step.
func roundStep(rough float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(rough)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= rough*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// ticksBy lists the multiples of a step in a range; none where steps are too small beside the numbers to tell apart.
func ticksBy(low, high, step float64) (list []tick) {
	first := math.Ceil(low/step - 1e-9)
	if !(step > 0) || math.Abs(first) > 1e9 {
		return nil
	}
	for k := first; k*step <= high+step*1e-9 && len(list) < maxTicks; k++ {
		list = append(list, tick{k * step, number(k*step, step)})
	}
	return list
}

// maxTicks bounds the ticks of an axis, more than any asks for.
const maxTicks = 50

// number writes a multiple of a step without needless digits.
func number(v, step float64) string {
	decimals := max(0, -int(math.Floor(math.Log10(step)+1e-9)))
	if math.Abs(v) < step/2 {
		return "0"
	}
	if decimals > 6 || math.Abs(v) >= 1e9 {
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	return grouped(strconv.FormatFloat(v, 'f', decimals, 64))
}

// grouped puts commas between the thousands of a number.
func grouped(s string) string {
	whole, part, _ := strings.Cut(s, ".")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "−", whole[1:]
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if part != "" {
		whole += "." + part
	}
	return sign + whole
}

// count writes a number of things.
func count(n int) string { return grouped(strconv.Itoa(n)) }

// Count writes a number of things as all plots do: "1 triple", "2,034 triples", "2 entities".
func Count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	if stem, ok := strings.CutSuffix(thing, "ty"); ok {
		return count(n) + " " + stem + "ties"
	}
	return count(n) + " " + thing + "s"
}

// frame is a pair of axes with the area between them.
type frame struct {
	area vg.Rectangle
	x, y axis
}

// frame draws axes into a part of the page: the label of the upright axis above it, level, and that of the other one
// below it.
func (p *page) frame(r vg.Rectangle, x, y axis) frame {
	widest := vg.Length(0)
	for _, t := range y.ticks {
		widest = max(widest, p.width(p.small(), t.label))
	}
	f := frame{x: x, y: y, area: inset(r, widest+gap, 10, 0, 0)}
	if y.label != "" {
		p.say(p.normal(), r.Min.X, r.Max.Y-normalSize*0.8, 0, p.fit(p.normal(), y.label, r.Max.X-r.Min.X))
		f.area.Max.Y -= normalSize*lineGap + gap
	}
	if x.label != "" {
		label := p.fit(p.normal(), x.label, r.Max.X-r.Min.X)
		half := p.width(p.normal(), label) / 2
		middle := max(r.Min.X+half, min((f.area.Min.X+f.area.Max.X)/2, r.Max.X-half))
		p.say(p.normal(), middle, r.Min.Y+normalSize*0.25, 0.5, label)
		f.area.Min.Y += normalSize * lineGap
	}
	if len(x.ticks) > 0 {
		f.area.Min.Y += smallSize + gap
	}
	p.ticks(f)
	return f
}

// ticks draws the grid and the numbers of a frame.
func (p *page) ticks(f frame) {
	grid := draw.LineStyle{Color: p.grid, Width: 1}
	for _, t := range f.y.ticks {
		y := f.at(f.x.low, t.at).Y
		if !f.y.bare {
			p.StrokeLine2(grid, f.area.Min.X, y, f.area.Max.X, y)
		}
		p.say(p.small(), f.area.Min.X-gap, y-smallSize*0.34, 1, t.label)
	}
	last := f.area.Min.X - 100
	for _, t := range f.x.ticks {
		x := f.at(t.at, f.y.low).X
		if !f.x.bare {
			p.StrokeLine2(grid, x, f.area.Min.Y, x, f.area.Max.Y)
		}
		half := p.width(p.small(), t.label) / 2
		if x-half < last+4 { // a number that would touch the one before is left out
			continue
		}
		last = x + half
		p.say(p.small(), x, f.area.Min.Y-smallSize-2, 0.5, t.label)
	}
	if len(f.y.ticks) > 0 && len(f.x.ticks) > 0 {
		p.StrokeLine2(draw.LineStyle{Color: p.muted, Width: 1}, f.area.Min.X, f.area.Min.Y, f.area.Max.X, f.area.Min.Y)
	}
}

// at returns the place of a pair of numbers.
func (f frame) at(x, y float64) vg.Point {
	return vg.Point{
		X: f.area.Min.X + vg.Length((x-f.x.low)/(f.x.high-f.x.low))*(f.area.Max.X-f.area.Min.X),
		Y: f.area.Min.Y + vg.Length((y-f.y.low)/(f.y.high-f.y.low))*(f.area.Max.Y-f.area.Min.Y),
	}
}

// drawable reports whether a number has a place on an axis: it is finite, and so are differences and multiples of it.
func drawable(v float64) bool { return math.Abs(v) < 1e100 }

// span returns the least and the largest drawable one of numbers; ok is false when there is none.
func span(numbers []float64) (low, high float64, ok bool) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, v := range numbers {
		if drawable(v) {
			low, high, ok = min(low, v), max(high, v), true
		}
	}
	return low, high, ok
}
