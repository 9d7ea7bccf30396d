package factor

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/inklingdb/inkling/engine/train"
)

// Convergence is how the unknowns of linear-reg settle at one ρ: Padia et al. 2019, figure 8.
type Convergence struct {
	Rho     float64
	Changes []float64 // by iteration: the largest of ‖A1−A1ᵗ‖/‖A1ᵗ‖, ‖A2−A2ᵗ‖/‖A2ᵗ‖ and ‖R−Rᵗ‖/‖Rᵗ‖
	Losses  []float64 // by iteration: the objective without its proximal term; it never rises
	Reached int       // the first iteration whose change is at most the tolerance; 0 when none was
	Rises   int       // iterations whose change is more than the one's before
}

// Converge iterates linear-reg on the training triples until the largest relative change of its unknowns is at most
// o.Tolerance or o.Iterations are done. Zero options are defaulted; the method is fixed. progress is called after each
// iteration and may be nil. Errors as of Fit.
func Converge(ctx context.Context, d train.Data, o Options, progress func(iteration int, change float64)) (Convergence, error) {
	o.Method = "linear-reg"
	c := Convergence{Rho: o.Rho}
	if err := o.Check(d); err != nil {
		return c, err
	}
	o = o.Defaults(d)
	f, err := newFitting(d, o)
	if err != nil {
		return c, err
	}
	c.Rho = o.Rho
	if err := f.solver.prepare(rand.New(rand.NewPCG(o.Seed, 1))); err != nil {
		return c, f.diverged(0, err)
	}
	for i := 1; i <= o.Iterations; i++ {
		if err := ctx.Err(); err != nil {
			return c, fmt.Errorf("factor: iteration %d: %w", i, err)
		}
		if err := f.solver.sweep(); err != nil {
			return c, f.diverged(i, err)
		}
		loss, change := f.solver.state()
		if n := len(c.Changes); n > 0 && change > c.Changes[n-1] {
			c.Rises++
		}
		c.Losses, c.Changes = append(c.Losses, loss), append(c.Changes, change)
		if progress != nil {
			progress(i, change)
		}
		if change <= o.Tolerance {
			c.Reached = i
			break
		}
	}
	return c, nil
}
