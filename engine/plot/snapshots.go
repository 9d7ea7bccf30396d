package plot

import (
	"fmt"
	"strings"

	"gonum.org/v1/plot/vg"
)

// Snapshots are figures of several methods over the snapshots of a growing graph: filtered MRR on the test triples of all
// snapshots so far.
type Snapshots struct {
	Graph  string
	Series []SnapshotSeries
}

// SnapshotSeries is one method, a figure a snapshot.
type SnapshotSeries struct {
	Name string
	MRR  []float64
}

// Describe implements Drawing.
func (s *Snapshots) Describe() string {
	var parts []string
	for _, x := range s.Series {
		if n := len(x.MRR); n > 0 {
			parts = append(parts, fmt.Sprintf("%s from %.3f to %.3f", x.Name, x.MRR[0], x.MRR[n-1]))
		}
	}
	return fmt.Sprintf("MRR on %s from the first snapshot to the last: %s.", s.Graph, strings.Join(parts, "; "))
}

func (s *Snapshots) height(width int) int { return width*3/5 + 40 }

func (s *Snapshots) check() error {
	if len(s.Series) > maxSeries {
		return fmt.Errorf("%w: %d methods in one picture cannot be told apart; at most %d can", ErrOptions, len(s.Series), maxSeries)
	}
	for _, x := range s.Series {
		if len(x.MRR) == 0 {
			return fmt.Errorf("%w: no snapshot was measured of %s", ErrNothing, x.Name)
		}
	}
	if len(s.Series) == 0 {
		return fmt.Errorf("%w: no method is given", ErrNothing)
	}
	return nil
}

func (s *Snapshots) draw(p *page) {
	var keys []key
	var all []float64
	longest := 0
	for i, x := range s.Series {
		keys = append(keys, p.lineKey(fmt.Sprintf("%s (%.3f in the end)", x.Name, x.MRR[len(x.MRR)-1]), i))
		all = append(all, x.MRR...)
		longest = max(longest, len(x.MRR))
	}
	p.head("A model of "+s.Graph+" as it grows", "Filtered MRR on the test triples of all snapshots so far.", keys)
	_, high, ok := span(all)
	if !ok {
		high = 1
	}
	f := p.frame(p.rest, within("snapshot", 1, float64(max(2, longest)), max(1, longest-1)).wholly(), rounded("MRR, filtered", 0, high, 5))
	for i, x := range s.Series {
		var line []vg.Point
		for at, y := range x.MRR {
			if drawable(y) {
				line = append(line, f.at(float64(at+1), y))
			}
		}
		p.stroke(p.line(i), line)
		p.beads(line, i, false)
	}
}
