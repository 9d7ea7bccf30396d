package plot

import (
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/plot/vg"
)

// Convergence shows how the unknowns of a solver settle: their largest relative change in each iteration, on a log scale.
type Convergence struct {
	Title     string
	Tolerance float64 // the change at which they count as settled; 0 draws no line for it
	Runs      []ConvergenceRun
}

// ConvergenceRun is one run of the solver.
type ConvergenceRun struct {
	Name    string
	Changes []float64 // by iteration, from the first
}

// Describe implements Drawing.
func (c *Convergence) Describe() string {
	parts := make([]string, len(c.Runs))
	for i, r := range c.Runs {
		parts[i] = fmt.Sprintf("with %s the unknowns change by %.2g at last, after %s", r.Name, r.last(), Count(len(r.Changes), "iteration"))
	}
	return c.Title + ": " + strings.Join(parts, "; ") + "."
}

func (r ConvergenceRun) last() float64 {
	if len(r.Changes) == 0 {
		return math.NaN()
	}
	return r.Changes[len(r.Changes)-1]
}

func (c *Convergence) height(width int) int { return width*3/5 + 60 }

func (c *Convergence) check() error {
	if len(c.Runs) > maxSeries {
		return fmt.Errorf("%w: %d runs in one picture cannot be told apart; at most %d can", ErrOptions, len(c.Runs), maxSeries)
	}
	if low, high := c.range10(); !(low < high) {
		return fmt.Errorf("%w: no change of the unknowns is given", ErrNothing)
	}
	return nil
}

// range10 returns the powers of ten between which all changes lie.
func (c *Convergence) range10() (low, high float64) {
	var all []float64
	for _, r := range c.Runs {
		for _, v := range r.Changes {
			all = append(all, log10(v))
		}
	}
	if c.Tolerance > 0 {
		all = append(all, log10(c.Tolerance))
	}
	low, high, _ = span(all)
	low, high = math.Floor(low), math.Ceil(high)
	if low == high && len(all) > 0 {
		high++
	}
	return low, high
}

// log10 is not a number where a logarithm cannot be drawn.
func log10(v float64) float64 {
	if v <= 0 {
		return math.NaN()
	}
	return math.Log10(v)
}

func (c *Convergence) draw(p *page) {
	var keys []key
	longest := 1
	for i, r := range c.Runs {
		keys = append(keys, p.lineKey(r.Name, i))
		longest = max(longest, len(r.Changes))
	}
	below := ""
	if c.Tolerance > 0 {
		below = fmt.Sprintf("settled at %g", c.Tolerance)
	}
	p.head(c.Title, below, keys)
	low, high := c.range10()
	y := axis{label: "largest relative change of the unknowns (log scale)", low: low, high: high}
	for at := low; at <= high; at++ {
		y.ticks = append(y.ticks, tick{at, fmt.Sprintf("%.0e", math.Pow(10, at))})
	}
	f := p.frame(p.rest, within("iteration", 1, float64(max(2, longest)), 6).wholly(), y)
	if c.Tolerance > 0 {
		at := log10(c.Tolerance)
		p.stroke(p.line(len(c.Runs)%maxSeries), []vg.Point{f.at(1, at), f.at(float64(longest), at)})
	}
	for i, r := range c.Runs {
		var line []vg.Point
		for n, v := range r.Changes {
			if at := log10(v); drawable(at) {
				line = append(line, f.at(float64(n+1), at))
			}
		}
		p.stroke(p.line(i), line)
		p.beads(line, i, true)
	}
}
