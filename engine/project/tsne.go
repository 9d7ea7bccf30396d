package project

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/inklingdb/inkling/internal/vec"
)

// Options of TSNE. The zero value works.
type Options struct {
	Perplexity float64               // about how many neighbours of a row matter; 0 means 30; lowered to a third of the rows
	Iterations int                   // steps; 0 means 750
	Seed       uint64                // same rows, options and seed: same layout
	Workers    int                   // goroutines; 0 means all processors; they do not change the layout
	Exact      bool                  // all pairs repel, whatever the number of rows
	Progress   func(done, total int) // called after each step; may be nil
}

// Layout is what TSNE returns.
type Layout struct {
	Points     []Point // around the origin; the axes have neither unit nor meaning, only nearness has
	Perplexity float64 // as used
	Divergence float64 // of Kullback and Leibler, in nats: what t-SNE makes small; over all pairs
}

// Settings of van der Maaten and Hinton 2008, section 3.4, and van der Maaten 2014, section 4: momentum, early
// exaggeration, gains; the rate grows with the rows by Belkina et al. 2019.
const (
	MinRows         = 5 // fewer rows have no neighbourhoods to keep
	defaultSteps    = 750
	defaultNear     = 30
	exaggeration    = 12.0
	earlyShare      = 1.0 / 3 // of the steps run exaggerated, at most earlySteps
	earlySteps      = 250
	earlyMomentum   = 0.5
	lateMomentum    = 0.8
	minRate         = 50.0 // for a gradient with its factor of 4
	minGain         = 0.01
	theta           = 0.5
	exactRows       = 400  // up to so many rows all pairs are as fast as the tree
	startSpread     = 1e-4 // standard deviation of the first layout
	startNoise      = 0.01 // of it, so that equal rows part
	largestPosition = 1e6
)

// tsne is a layout being made.
type tsne struct {
	options  Options
	links    [][]link
	points   []Point
	velocity []Point
	gain     []Point
	gradient []Point
	weight   []float64 // Σ_j of 1/(1+|y_i−y_j|²)
	tree     quadtree
}

// TSNE lays rows out so that near ones stay near: t-distributed stochastic neighbour embedding, from the principal
// components as first layout. Up to 400 rows all pairs repel; beyond, far groups repel as one (Barnes and Hut). The
// error is ErrData for fewer than MinRows rows or numbers that are not finite, or ctx's.
func TSNE(ctx context.Context, rows vec.Matrix, o Options) (Layout, error) {
	if rows.Rows < MinRows {
		return Layout{}, fmt.Errorf("project: t-SNE: %w: %d rows, at least %d are needed", ErrData, rows.Rows, MinRows)
	}
	if o.Perplexity < 0 || o.Iterations < 0 || math.IsNaN(o.Perplexity) {
		return Layout{}, fmt.Errorf("project: t-SNE: %w: perplexity %g and %d iterations must not be negative", ErrData, o.Perplexity, o.Iterations)
	}
	o = o.withDefaults(rows.Rows)
	first, err := PCA(ctx, rows, o.Seed)
	if err != nil {
		return Layout{}, err
	}
	s := &tsne{options: o, points: start(first.Points, o.Seed), links: affinities(rows, o.Perplexity, o.Workers)}
	n := rows.Rows
	s.velocity, s.gain, s.gradient, s.weight = make([]Point, n), make([]Point, n), make([]Point, n), make([]float64, n)
	for i := range s.gain {
		s.gain[i] = Point{1, 1}
	}
	early := min(earlySteps, int(earlyShare*float64(o.Iterations)))
	for i := range o.Iterations {
		if err := ctx.Err(); err != nil {
			return Layout{}, fmt.Errorf("project: t-SNE: %w", err)
		}
		if i < early {
			s.step(exaggeration, earlyMomentum)
		} else {
			s.step(1, lateMomentum)
		}
		if o.Progress != nil {
			o.Progress(i+1, o.Iterations)
		}
	}
	return Layout{Points: s.points, Perplexity: o.Perplexity, Divergence: s.divergence()}, nil
}

func (o Options) withDefaults(rows int) Options {
	if o.Perplexity == 0 {
		o.Perplexity = defaultNear
	}
	o.Perplexity = max(1, min(o.Perplexity, float64(rows-1)/3))
	if o.Iterations == 0 {
		o.Iterations = defaultSteps
	}
	if o.Workers < 1 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	o.Exact = o.Exact || rows <= exactRows
	return o
}

// start shrinks the principal components to a spread so small that every point may still go anywhere.
func start(components []Point, seed uint64) []Point {
	random := rand.New(rand.NewPCG(seed, 1))
	square := 0.0
	for _, p := range components {
		square += p.X * p.X
	}
	scale := 0.0
	if square > 0 {
		scale = startSpread / math.Sqrt(square/float64(len(components)))
	}
	points := make([]Point, len(components))
	for i, p := range components {
		points[i].X = p.X*scale + startNoise*startSpread*random.NormFloat64()
		points[i].Y = p.Y*scale + startNoise*startSpread*random.NormFloat64()
	}
	return points
}

// step moves every point down the gradient 4·Σ_j (p_ij − q_ij)·w_ij·(y_i − y_j), w_ij = 1/(1+|y_i−y_j|²), q_ij = w_ij
// over the sum of all (van der Maaten and Hinton 2008, eq. 5).
func (s *tsne) step(exaggerated, momentum float64) {
	s.repel()
	total := 0.0
	for _, w := range s.weight { // in order, so that the sum does not depend on the workers
		total += w
	}
	rate := max(float64(len(s.points))/exaggeration/4, minRate)
	parallel(len(s.points), s.options.Workers, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			p, pull := s.points[i], Point{}
			for _, l := range s.links[i] {
				dx, dy := p.X-s.points[l.to].X, p.Y-s.points[l.to].Y
				w := exaggerated * l.p / (1 + dx*dx + dy*dy)
				pull.X += w * dx
				pull.Y += w * dy
			}
			g := Point{4 * (pull.X - s.gradient[i].X/total), 4 * (pull.Y - s.gradient[i].Y/total)}
			s.velocity[i].X, s.gain[i].X = follow(s.velocity[i].X, s.gain[i].X, g.X, rate, momentum)
			s.velocity[i].Y, s.gain[i].Y = follow(s.velocity[i].Y, s.gain[i].Y, g.Y, rate, momentum)
		}
	})
	var mean Point
	for i, v := range s.velocity {
		s.points[i].X = max(-largestPosition, min(largestPosition, s.points[i].X+v.X))
		s.points[i].Y = max(-largestPosition, min(largestPosition, s.points[i].Y+v.Y))
		mean.X += s.points[i].X / float64(len(s.points))
		mean.Y += s.points[i].Y / float64(len(s.points))
	}
	for i := range s.points {
		s.points[i].X -= mean.X
		s.points[i].Y -= mean.Y
	}
}

// follow returns the velocity and gain after a gradient: the gain grows while the gradient keeps its direction and
// shrinks when it turns (Jacobs 1988).
func follow(velocity, gain, gradient, rate, momentum float64) (nextVelocity, nextGain float64) {
	if (gradient > 0) != (velocity > 0) {
		gain += 0.2
	} else {
		gain = max(minGain, 0.8*gain)
	}
	return momentum*velocity - rate*gain*gradient, gain
}

// repel sets gradient to Σ_j w_ij²·(y_i − y_j) and weight to Σ_j w_ij of every point.
func (s *tsne) repel() {
	if !s.options.Exact {
		s.tree.build(s.points)
	}
	parallel(len(s.points), s.options.Workers, func(lo, hi int) {
		var stack []uint32
		for i := lo; i < hi; i++ {
			if s.options.Exact {
				s.gradient[i], s.weight[i] = s.repelAll(i)
			} else {
				s.gradient[i], s.weight[i], stack = s.tree.repulsion(s.points[i], theta, stack)
			}
		}
	})
}

// repelAll is the repulsion of one point from every other.
func (s *tsne) repelAll(i int) (force Point, sum float64) {
	p := s.points[i]
	for j, other := range s.points {
		if j == i {
			continue
		}
		dx, dy := p.X-other.X, p.Y-other.Y
		w := 1 / (1 + dx*dx + dy*dy)
		sum += w
		force.X += w * w * dx
		force.Y += w * w * dy
	}
	return force, sum
}

// divergence returns Σ p_ij·ln(p_ij/q_ij).
func (s *tsne) divergence() float64 {
	s.repel()
	total := 0.0
	for _, w := range s.weight {
		total += w
	}
	sum := 0.0
	for i, links := range s.links {
		for _, l := range links {
			dx, dy := s.points[i].X-s.points[l.to].X, s.points[i].Y-s.points[l.to].Y
			if l.p > 0 {
				sum += l.p * math.Log(l.p*(1+dx*dx+dy*dy)*total)
			}
		}
	}
	return sum
}

// parallel divides n rows among workers; each row's work must not depend on another's.
func parallel(n, workers int, do func(lo, hi int)) {
	const chunk = 64
	if workers <= 1 || n <= chunk {
		do(0, n)
		return
	}
	var g errgroup.Group
	g.SetLimit(workers)
	for lo := 0; lo < n; lo += chunk {
		g.Go(func() error {
			do(lo, min(lo+chunk, n))
			return nil
		})
	}
	_ = g.Wait() // no function returns an error
}
