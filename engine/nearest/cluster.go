package nearest

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"sync/atomic"

	"github.com/inklingdb/inkling/internal/vec"
)

// ClusterOptions says how Cluster makes lists. Samples must be given.
type ClusterOptions struct {
	// Samples are queries like those to come, of each similarity that Approximate is to answer. Every other one
	// chooses how many lists a search reads, the rest measure the recall; K is taken for ten.
	Samples  []Query
	Lists    int     // 0 means twice the root of the rows
	Recall   float64 // to reach; 0 means 0.98
	Seed     uint64  // same rows, samples and seed: same lists
	Workers  int
	Progress func(phase string, done float64) // may be nil; calls come one at a time
}

// Phases of Cluster, as Progress has them.
const (
	PhaseClustering = "clustering"
	PhaseAssigning  = "assigning"
	PhaseMeasuring  = "measuring"
)

const (
	rounds     = 6  // of k-means
	sampleRows = 64 // by list, that k-means sees
	chunkRows  = 256
	// mostRead is the share of the blocks that a search of lists may read at most, whatever recall that gives.
	mostRead = 0.2
)

// ErrNoSamples is returned by Cluster when it is given no queries, or none that can be bounded.
var ErrNoSamples = errors.New("nearest: no queries to measure the recall with")

// Cluster returns a table of rows divided into lists by k-means (Lloyd 1982), which Approximate can search. It holds
// the bytes once, in the order of the lists, and is as good a table for TopK as New's of Dot. Samples of L1 and Moduli
// are left out: no lists are made for them. It takes rows·lists·width
// multiplications for the division and less than that for k-means, on a sample.
func Cluster(ctx context.Context, rows vec.Matrix, o ClusterOptions) (*Table, error) {
	if o.Lists == 0 {
		o.Lists = int(2 * math.Sqrt(float64(rows.Rows)))
	}
	o.Lists = max(1, min(o.Lists, rows.Rows))
	if o.Recall == 0 {
		o.Recall = 0.98
	}
	if o.Progress == nil {
		o.Progress = func(string, float64) {}
	}
	if len(o.Samples) == 0 {
		return nil, ErrNoSamples
	}
	c := &clustering{ctx: ctx, rows: rows, options: o, random: rand.New(rand.NewPCG(o.Seed, 1))}
	if err := c.run(); err != nil {
		return nil, err
	}
	t := c.table()
	return t, t.adjust(ctx, o)
}

// clustering is one run of k-means.
type clustering struct {
	ctx       context.Context
	rows      vec.Matrix
	options   ClusterOptions
	random    *rand.Rand
	centroids vec.Matrix
	of        []int32   // by row: its list, −1 for none
	distances []float32 // by row: the square of the distance from the centroid
}

func (c *clustering) run() error {
	members := c.sample()
	lists, width := c.options.Lists, c.rows.Cols
	c.centroids = vec.MatrixOf(make([]float32, lists*width), lists, width)
	for i, m := range members[:min(lists, len(members))] { // any beyond stay zeros
		copy(c.centroids.Row(i), c.rows.Row(int(m)))
	}
	c.of, c.distances = make([]int32, c.rows.Rows), make([]float32, c.rows.Rows)
	for round := range rounds {
		err := c.assign(members, func(done float64) {
			c.options.Progress(PhaseClustering, (float64(round)+done)/rounds)
		})
		if err != nil {
			return err
		}
		c.means(members)
	}
	all := make([]uint32, c.rows.Rows)
	for i := range all {
		all[i] = uint32(i)
	}
	return c.assign(all, func(done float64) { c.options.Progress(PhaseAssigning, done) })
}

// sample draws rows that are finite, in random order.
func (c *clustering) sample() []uint32 {
	most := min(c.rows.Rows, sampleRows*c.options.Lists)
	var drawn []uint32
	for _, i := range c.random.Perm(c.rows.Rows) {
		if len(drawn) == most {
			break
		}
		if row := c.rows.Row(i); boundable(vec.Dot(row, row)) {
			drawn = append(drawn, uint32(i))
		}
	}
	return drawn
}

// boundable reports whether a row of that square can take part: others go in no list.
func boundable(square float32) bool { return square-square == 0 }

// assign finds the nearest centroid of the members: the one of the largest x·c − |c|²/2.
func (c *clustering) assign(members []uint32, progress func(done float64)) error {
	lists := c.centroids.Rows
	packed := vec.Pack(c.centroids, c.options.Workers)
	halves := make([]float32, lists)
	for i := range halves {
		halves[i] = vec.Dot(c.centroids.Row(i), c.centroids.Row(i)) / 2
	}
	chunks := (len(members) + chunkRows - 1) / chunkRows
	var done atomic.Int64
	inParallel(max(1, c.options.Workers), c.options.Workers, func(worker int) {
		in := vec.MatrixOf(make([]float32, chunkRows*c.rows.Cols), chunkRows, c.rows.Cols)
		out := vec.MatrixOf(make([]float32, chunkRows*lists), chunkRows, lists)
		for i := worker; i < chunks && c.ctx.Err() == nil; i += max(1, c.options.Workers) {
			part := members[i*chunkRows : min((i+1)*chunkRows, len(members))]
			for j, m := range part {
				copy(in.Row(j), c.rows.Row(int(m)))
			}
			vec.MulPacked(out.RowRange(0, len(part)), in.RowRange(0, len(part)), packed, false, 1)
			for j, m := range part {
				c.choose(m, in.Row(j), out.Row(j), halves)
			}
			if n := done.Add(1); worker == 0 {
				progress(float64(n) / float64(chunks))
			}
		}
	})
	return c.ctx.Err()
}

// choose sets the list of a row from its products with the centroids.
func (c *clustering) choose(m uint32, row, products, halves []float32) {
	square := vec.Dot(row, row)
	vec.Axpy(-1, halves, products)
	best := vec.Max(products)
	at := vec.IndexAbove(products, math.Nextafter32(best, float32(math.Inf(-1))))
	if !boundable(square) || at == len(products) {
		c.of[m] = -1
		return
	}
	c.of[m], c.distances[m] = int32(at), max(0, square-2*best)
}

// means moves each centroid to the mean of its members; one without any becomes a member drawn at random.
func (c *clustering) means(members []uint32) {
	counts := make([]int, c.centroids.Rows)
	clear(c.centroids.Data)
	for _, m := range members {
		if list := c.of[m]; list >= 0 {
			counts[list]++
			vec.Axpy(1, c.rows.Row(int(m)), c.centroids.Row(int(list)))
		}
	}
	for list, n := range counts {
		switch {
		case n > 0:
			vec.Scale(1/float32(n), c.centroids.Row(list))
		case len(members) > 0:
			copy(c.centroids.Row(list), c.rows.Row(int(members[c.random.IntN(len(members))])))
		}
	}
}

// table lays the rows out by list, each list in blocks of its own, and quantises them.
func (c *clustering) table() *Table {
	l := &lists{
		centroids: New(c.centroids, Dot, 1), start: make([]int, c.centroids.Rows+1),
		squares: make([]float32, c.centroids.Rows), radii: make([]float32, c.centroids.Rows),
	}
	counts := make([]int, l.count())
	sums := make([]float64, l.count())
	outside := 0
	for row, list := range c.of {
		if list < 0 {
			outside++
			continue
		}
		counts[list]++
		sums[list] += float64(c.distances[row])
	}
	for list, n := range counts {
		l.start[list+1] = l.start[list] + (n+vec.BlockRows-1)/vec.BlockRows
		l.radii[list] = float32(math.Sqrt(sums[list] / float64(max(n, 1))))
		l.squares[list] = vec.Dot(c.centroids.Row(list), c.centroids.Row(list))
	}
	t := &Table{rows: c.rows, words: vec.BlockWords(c.rows.Cols), lists: l, moved: outside}
	l.outside = outside
	t.grow(l.end() + outside)
	t.row, t.slot = slices.Repeat([]uint32{noRow}, t.blocks*vec.BlockRows), make([]uint32, c.rows.Rows)
	next := make([]int, l.count()+1) // the first free slot of each list, and behind them
	for list, start := range l.start {
		next[list] = start * vec.BlockRows
	}
	for row, list := range c.of {
		if list < 0 {
			list = int32(l.count())
		}
		t.slot[row], t.row[next[list]] = uint32(next[list]), uint32(row)
		next[list]++
	}
	inParallel(len(t.segments), c.options.Workers, func(s int) {
		t.segments[s] = t.emptySegment()
		for slot := s * segmentRows; slot < min((s+1)*segmentRows, len(t.row)); slot++ {
			if row := t.row[slot]; row != noRow {
				t.put(uint32(slot), row)
			}
		}
	})
	return t
}
