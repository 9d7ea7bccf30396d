package train

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/internal/vec"
)

// StepSpeed is how fast a paired loss steps, beside the least time that the machine could take.
type StepSpeed struct {
	Family  string
	PerStep time.Duration // median
	Memory  time.Duration // the step's bytes at the rate of a copy between rows in the second cache level, and of the optimiser's own tables
	Compute time.Duration // the step's kernels with all rows in the first cache level
}

// Limit returns the share of the step's time that the slower of memory and arithmetic would take alone, both cores busy.
func (s StepSpeed) Limit() float64 {
	return float64(max(s.Memory, s.Compute)) / float64(s.PerStep)
}

// MeasureSteps times steps of a paired loss on a data set. Options are defaulted; at least 5 steps are taken.
func MeasureSteps(ctx context.Context, d Data, o Options, steps int) (StepSpeed, error) {
	o = o.Defaults(d)
	family, err := model.FamilyByName(o.Family)
	if err != nil {
		return StepSpeed{}, fmt.Errorf("train: %w", err)
	}
	if err := o.check(d); err != nil {
		return StepSpeed{}, err
	}
	if err := o.checkLoss(family); err != nil {
		return StepSpeed{}, err
	}
	t := newTrainer(d, o, family)
	p, ok := t.objective.(*pairStep)
	if !ok {
		return StepSpeed{}, fmt.Errorf("train: %w: %s with loss %s takes no steps against sampled pairs", ErrOptions, family.Title, o.Loss)
	}
	if len(t.groups) < o.Batch {
		return StepSpeed{}, fmt.Errorf("train: %w: %d questions are no batch of %d", ErrOptions, len(t.groups), o.Batch)
	}
	var times []time.Duration
	for i := range max(5, steps) + 1 {
		if err := ctx.Err(); err != nil {
			return StepSpeed{}, err
		}
		from := i * o.Batch % (len(t.groups) - o.Batch + 1)
		start := time.Now()
		t.objective.step(t.groups[from:from+o.Batch], 1e-4)
		if i > 0 { // the first touches fresh memory
			times = append(times, time.Since(start))
		}
	}
	s := StepSpeed{Family: family.Name, PerStep: median(times)}
	s.Memory, s.Compute = p.limits()
	return s, nil
}

func median(times []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[len(sorted)/2]
}

// limits measures what the last step would take if its memory traffic, or its arithmetic, were all there is. A pair
// reads a query row to be scored, and reads it again and changes its gradient on the way back: four rows moved. The
// optimiser reads and writes the touched rows and its state.
func (s *pairStep) limits() (memory, compute time.Duration) {
	pairs, w := len(s.groups)*s.o.Negatives, s.p.entityWidth
	workers := time.Duration(max(1, min(s.workers, gradientShards)))
	const rows = 512 // 400 KB at a width of 200: in the second level, beyond the first
	x, y := make([]float32, rows*w), make([]float32, rows*w)
	// An Axpy reads two rows and writes one.
	move := best(func() {
		for r := range rows {
			vec.Axpy(1e-9, x[r*w:(r+1)*w], y[r*w:(r+1)*w])
		}
	})
	memory = move * time.Duration(4*pairs) / (3 * rows) / workers
	state := 1
	if s.o.Optimiser == Adam {
		state = 2
	}
	// The row, its gradient and the state are read, and all but the gradient written.
	moved := len(s.entities) * (2 + state + 1 + state)
	table := make([]float32, max(1, len(s.entities))*w)
	stream := best(func() { vec.Scale(1, table) }) // reads and writes
	memory += stream * time.Duration(moved) / time.Duration(2*max(1, len(s.entities))) / workers
	compute = s.kernels(w) * time.Duration(pairs) / near / workers
	return memory, compute
}

// near is how many rows of a batch the arithmetic is timed on: with gradients they stay in 48 KB up to a width of 400.
const near = 12

// kernels returns the time in which near pairs are scored and differentiated from the first cache level.
func (s *pairStep) kernels(w int) time.Duration {
	random := rand.New(rand.NewPCG(1, 1))
	table, gradient := make([]float32, near*w), make([]float32, near*w)
	for i := range table {
		table[i] = float32(random.NormFloat64())
	}
	rows := make([]uint32, near)
	for i := range rows {
		rows[i] = uint32(i)
	}
	x, dx := make([]float32, w), make([]float32, w)
	scores, g := make([]float32, near), make([]float32, near)
	const repeat = 200
	return best(func() {
		for range repeat {
			s.similarities(table, rows, x, scores)
			for i := range g {
				g[i] = 1e-6
			}
			s.flow(g, scores, table, rows, x, dx, gradient)
		}
	}) / repeat
}

// best returns the least time of many runs.
func best(run func()) time.Duration {
	least := time.Duration(1 << 62)
	for range 30 {
		start := time.Now()
		run()
		least = min(least, time.Since(start))
	}
	return least
}
