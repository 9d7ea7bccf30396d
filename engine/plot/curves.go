package plot

import (
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/plot/vg"
)

// Curves are trainings over their epochs or their time: the loss in one panel and the filtered MRR on validation
// triples in another.
type Curves struct {
	Curves []Curve
	ByTime bool // over the time since a training began, instead of epochs
}

// Curve is one training.
type Curve struct {
	Name   string
	Points []CurvePoint
}

// CurvePoint is one epoch of a training.
type CurvePoint struct {
	Epoch   int
	Seconds float64 // since the training began
	Loss    float64 // mean of a training triple; nats where it is a cross-entropy
	MRR     float64 // 0 where it was not measured
}

// best returns the point of the highest MRR; its MRR is 0 when none was measured.
func (c Curve) best() (best CurvePoint) {
	for _, p := range c.Points {
		if p.MRR > best.MRR {
			best = p
		}
	}
	return best
}

// Describe implements Drawing.
func (c *Curves) Describe() string {
	var parts []string
	for _, curve := range c.Curves {
		if len(curve.Points) == 0 {
			continue
		}
		last := curve.Points[len(curve.Points)-1]
		part := fmt.Sprintf("%s ends at loss %.3g after %s", curve.Name, last.Loss, Count(last.Epoch, "epoch"))
		if best := curve.best(); best.MRR > 0 {
			part += fmt.Sprintf(", its best validation MRR is %.3f in epoch %d", best.MRR, best.Epoch)
		}
		parts = append(parts, part)
	}
	return "Training curves: " + strings.Join(parts, "; ") + "."
}

func (c *Curves) height(width int) int {
	if width >= wideCurves {
		return width*2/5 + 60
	}
	return width + 40
}

// wideCurves is the width from which the panels stand side by side.
const wideCurves = 640

func (c *Curves) check() error {
	if len(c.Curves) > maxSeries {
		return fmt.Errorf("%w: %d curves in one picture cannot be told apart; at most %d can", ErrOptions, len(c.Curves), maxSeries)
	}
	for _, curve := range c.Curves {
		if len(curve.Points) == 0 {
			return fmt.Errorf("%w: no training curve was kept of %s", ErrNothing, curve.Name)
		}
	}
	if len(c.Curves) == 0 {
		return fmt.Errorf("%w: no training curve is given", ErrNothing)
	}
	return nil
}

func (c *Curves) draw(p *page) {
	title := "Training of " + c.Curves[0].Name
	var keys []key
	if len(c.Curves) > 1 {
		title = fmt.Sprintf("Training of %d models", len(c.Curves))
		for i, curve := range c.Curves {
			label := curve.Name
			if best := curve.best(); best.MRR > 0 {
				label += fmt.Sprintf(" (best MRR %.3f)", best.MRR)
			}
			keys = append(keys, p.lineKey(label, i))
		}
	}
	p.head(title, c.below(), keys)
	left, right := p.rest, p.rest
	if p.rest.Max.X-p.rest.Min.X >= 1.4*(p.rest.Max.Y-p.rest.Min.Y) {
		middle := (p.rest.Min.X + p.rest.Max.X) / 2
		left.Max.X, right.Min.X = middle-10, middle+10
	} else {
		middle := (p.rest.Min.Y + p.rest.Max.Y) / 2
		left.Min.Y, right.Max.Y = middle+8, middle-8
	}
	x := c.across()
	c.panel(p, left, x, "loss, mean of a training triple", func(point CurvePoint) float64 { return point.Loss })
	c.panel(p, right, x, "MRR on validation triples, filtered", func(point CurvePoint) float64 {
		if point.MRR == 0 {
			return math.NaN()
		}
		return point.MRR
	})
}

func (c *Curves) below() string {
	if len(c.Curves) > 1 {
		return "Losses of different kinds do not compare; MRR does, on the same validation triples."
	}
	points := c.Curves[0].Points
	last := points[len(points)-1]
	words := fmt.Sprintf("%s in %s", Count(last.Epoch, "epoch"), duration(last.Seconds))
	if best := c.Curves[0].best(); best.MRR > 0 {
		words += fmt.Sprintf("; best MRR %.3f in epoch %d, whose embeddings are kept", best.MRR, best.Epoch)
	}
	return words
}

// duration writes seconds for people.
func duration(seconds float64) string {
	switch {
	case seconds < 10:
		return fmt.Sprintf("%.1f s", seconds)
	case seconds < 120:
		return fmt.Sprintf("%.0f s", seconds)
	case seconds < 7200:
		return fmt.Sprintf("%.0f min", seconds/60)
	}
	return fmt.Sprintf("%.1f h", seconds/3600)
}

// units of time by the length of the longest training.
func (c *Curves) unit() (seconds float64, name string) {
	longest := 0.0
	for _, curve := range c.Curves {
		longest = max(longest, curve.Points[len(curve.Points)-1].Seconds)
	}
	switch {
	case longest < 120:
		return 1, "seconds"
	case longest < 7200:
		return 60, "minutes"
	}
	return 3600, "hours"
}

// x returns a point's place along the axis.
func (c *Curves) x(p CurvePoint) float64 {
	if !c.ByTime {
		return float64(p.Epoch)
	}
	unit, _ := c.unit()
	return p.Seconds / unit
}

// across returns the axis that both panels have.
func (c *Curves) across() axis {
	var all []float64
	for _, curve := range c.Curves {
		for _, p := range curve.Points {
			all = append(all, c.x(p))
		}
	}
	low, high, ok := span(all)
	if !ok {
		low, high = 0, 1
	}
	if c.ByTime {
		_, unit := c.unit()
		return within("time since the training began, "+unit, 0, max(high, 1e-3), 5)
	}
	return within("epoch", min(low, 1), max(high, 2), 5).wholly()
}

// panel draws one figure of all curves.
func (c *Curves) panel(p *page, r vg.Rectangle, x axis, label string, figure func(CurvePoint) float64) {
	var all []float64
	for _, curve := range c.Curves {
		for _, point := range curve.Points {
			all = append(all, figure(point))
		}
	}
	low, high, ok := span(all)
	if !ok {
		f := p.frame(r, x, axis{label: label, high: 1})
		p.say(p.small(), (f.area.Min.X+f.area.Max.X)/2, (f.area.Min.Y+f.area.Max.Y)/2, 0.5, "was not measured")
		return
	}
	f := p.frame(r, x, rounded(label, min(0, low), high, 5))
	for i, curve := range c.Curves {
		var line []vg.Point
		for _, point := range curve.Points {
			if x, y := c.x(point), figure(point); drawable(x) && drawable(y) {
				line = append(line, f.at(x, y))
			}
		}
		p.stroke(p.line(i), line)
		p.beads(line, i, len(c.Curves) > 1)
	}
}

// beads marks the points of a line where they are few: all of a lone line, some of each of many.
func (p *page) beads(line []vg.Point, series int, many bool) {
	every := 1
	if many || len(line) > 40 {
		every = max(1, len(line)/8)
	}
	for i := len(line) - 1; i >= 0; i -= every {
		p.glyph(shape(series%maxSeries), line[i], 3.2, p.series[series%maxSeries])
	}
}
