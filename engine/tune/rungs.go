package tune

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/inklingdb/inkling/engine/train"
)

// Rung is one round of a search: the candidates left are trained alike and the better half goes on. The last rung of a
// schedule is the final training, of the best candidate alone.
type Rung struct {
	Dim    int  `json:"dim,omitempty"`  // at most; 0: each candidate's own
	Epochs int  `json:"epochs"`         // of a loss over all entities; a loss against drawn negatives gets twice as many
	Vary   bool `json:"vary,omitempty"` // the candidates enter with variants: penalty, rate, dimension changed
	Keep   int  `json:"keep,omitempty"` // so many go on at most; 0: the better half of those tried

	until float64 // share of the budget after which the rung ends
}

// defaultRungs returns the schedule for a size. A small graph's trials take about a second each; a larger one's get
// as many epochs as the time allows and no more than these.
func defaultRungs(triples int) []Rung {
	if triples < smallBelow {
		return []Rung{
			{Dim: 32, Epochs: 8, until: 0.15}, {Dim: 64, Epochs: 16, until: 0.3},
			{Epochs: 24, Vary: true, Keep: 3, until: 0.5}, {Epochs: 40, Vary: true, until: 0.75}, {Epochs: 80, until: 1},
		}
	}
	return []Rung{
		{Dim: 32, Epochs: 2, until: 0.15}, {Dim: 64, Epochs: 4, until: 0.3},
		{Epochs: 6, Vary: true, until: 0.6}, {Epochs: 20, until: 1},
	}
}

// smallBelow is the count of training triples under which engine/train, too, takes a graph for small.
const smallBelow = 50_000

const (
	mostRungs  = 16
	mostEpochs = 100_000
)

// ParseRungs reads a schedule such as "16x5,32x10+:3,40": rungs separated by commas, each its dimension and "x" (without
// them a candidate's own dimension), its epochs, "+" where variants join, and ":" with how many go on (without them the
// better half). There are at least two rungs.
func ParseRungs(text string) ([]Rung, error) {
	var rungs []Rung
	for i, part := range strings.Split(text, ",") {
		r, err := parseRung(strings.TrimSpace(part))
		if err != nil {
			return nil, fmt.Errorf("tune: %w: rung %d: %w", train.ErrOptions, i+1, err)
		}
		rungs = append(rungs, r)
	}
	return rungs, checkRungs(rungs)
}

func parseRung(text string) (r Rung, err error) {
	rest, keep, kept := strings.Cut(text, ":")
	if kept {
		if r.Keep, err = number(keep); err != nil {
			return r, fmt.Errorf("%q: going on are %w", text, err)
		}
	}
	rest, r.Vary = strings.CutSuffix(rest, "+")
	if dim, epochs, ok := strings.Cut(rest, "x"); ok {
		if r.Dim, err = number(dim); err != nil {
			return r, fmt.Errorf("%q: a dimension of %w", text, err)
		}
		rest = epochs
	}
	if r.Epochs, err = number(rest); err != nil {
		return r, fmt.Errorf("%q: epochs of %w; write DIMxEPOCHS or EPOCHS, then + where variants join, then :N for how many go on", text, err)
	}
	return r, nil
}

func number(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("%q is no positive number", text)
	}
	return int(n), nil
}

// checkRungs returns train.ErrOptions for a schedule that cannot be run.
func checkRungs(rungs []Rung) error {
	if len(rungs) < 2 || len(rungs) > mostRungs {
		return fmt.Errorf("tune: %w: %d rungs; give 2 to %d, the last one for the final training", train.ErrOptions, len(rungs), mostRungs)
	}
	for i, r := range rungs {
		if r.Epochs < 1 || r.Epochs > mostEpochs || r.Dim < 0 || r.Keep < 0 {
			return fmt.Errorf("tune: %w: rung %d: %d epochs and dimension %d; epochs are 1 to %d, the dimension and how many go on not negative",
				train.ErrOptions, i+1, r.Epochs, r.Dim, mostEpochs)
		}
	}
	if rungs[len(rungs)-1].Vary {
		return fmt.Errorf("tune: %w: the last rung trains one candidate; variants must join before", train.ErrOptions)
	}
	return nil
}

// String returns the rung as ParseRungs reads it.
func (r Rung) String() string {
	text := strconv.Itoa(r.Epochs)
	if r.Dim > 0 {
		text = fmt.Sprintf("%dx%s", r.Dim, text)
	}
	if r.Vary {
		text += "+"
	}
	if r.Keep > 0 {
		text += fmt.Sprintf(":%d", r.Keep)
	}
	return text
}
