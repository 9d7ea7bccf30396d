package kgmark

import (
	"context"
	"fmt"
	"math"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/internal/vec"
)

// Pipeline is what is trained on a graph before it is marked: the scale of its table, its communities, the autoencoder,
// the noise predictor. The detector needs all of it. It is immutable and may be used by several goroutines at once.
type Pipeline struct {
	// AutoencoderError and PredictorError are the mean squared errors of the last epochs, of numbers of variance 1.
	AutoencoderError, PredictorError float64

	options       Options
	width         int        // of the table
	relations     int        //
	communities   [][]string // names, aligned
	table, latent scale      //
	vae           *vae       //
	predictor     *predictor //
	sample        vec.Matrix // of the latents, for Inversions
}

// scale is the mean and standard deviation of each column.
type scale struct{ mean, deviation []float32 }

// newScale returns the scale of rows; a constant column has deviation 1.
func newScale(parts []vec.Matrix) scale {
	cols := parts[0].Cols
	sum, squares := make([]float64, cols), make([]float64, cols)
	n := 0.0
	for _, m := range parts {
		for i := range m.Rows {
			for j, x := range m.Row(i) {
				sum[j] += float64(x)
				squares[j] += float64(x) * float64(x)
			}
		}
		n += float64(m.Rows)
	}
	s := scale{make([]float32, cols), make([]float32, cols)}
	for j := range cols {
		mean := sum[j] / n
		variance := squares[j]/n - mean*mean
		if !(variance > 1e-12*(1+mean*mean)) {
			variance = 1
		}
		s.mean[j], s.deviation[j] = float32(mean), float32(math.Sqrt(variance))
	}
	return s
}

// apply standardises rows in place, undo brings them back.
func (s scale) apply(m vec.Matrix) {
	for i := range m.Rows {
		for j, x := range m.Row(i) {
			m.Row(i)[j] = (x - s.mean[j]) / s.deviation[j]
		}
	}
}

func (s scale) undo(m vec.Matrix) {
	for i := range m.Rows {
		for j, x := range m.Row(i) {
			m.Row(i)[j] = x*s.deviation[j] + s.mean[j]
		}
	}
}

// missing stands for an entity of a community that a table lacks.
const missing = math.MaxUint32

// block is communities that go through the networks together: their rows in the table one after another, standardised,
// and the messages inside each community.
type block struct {
	groups [][]uint32
	x      vec.Matrix
	links  *links
}

// blocks gathers communities into blocks of about o.BatchRows rows.
func (p *Pipeline) blocks(g Graph, groups [][]uint32) []block {
	placed := make([]uint32, g.Rows.Rows) // community of a row, from 1
	place := make([]uint32, g.Rows.Rows)  // of a row in its block
	blockOf := make([]int, len(groups))
	var all []block
	rows := 0
	for i, group := range groups {
		if len(all) == 0 || rows+len(group) > p.options.BatchRows {
			all = append(all, block{})
			rows = 0
		}
		for j, row := range group {
			if row != missing {
				placed[row], place[row] = uint32(i)+1, uint32(rows+j)
			}
		}
		rows += len(group)
		b := &all[len(all)-1]
		b.groups = append(b.groups, group)
		blockOf[i] = len(all) - 1
	}
	triples := make([][]model.Triple, len(all))
	for _, t := range g.Triples {
		if c := placed[t.H]; c > 0 && c == placed[t.T] {
			at := blockOf[c-1]
			triples[at] = append(triples[at], model.Triple{H: place[t.H], R: t.R, T: place[t.T]})
		}
	}
	for i := range all {
		all[i].x = p.standardised(g, all[i].groups)
		all[i].links = newLinks(all[i].x.Rows, triples[i], p.relations, p.options.Literal.NoSelfLoops)
	}
	return all
}

// standardised returns the rows of groups, missing ones as 0, the mean.
func (p *Pipeline) standardised(g Graph, groups [][]uint32) vec.Matrix {
	n := 0
	for _, group := range groups {
		n += len(group)
	}
	x := newMatrix(n, p.width)
	i := 0
	for _, group := range groups {
		for _, row := range group {
			if row != missing {
				copy(x.Row(i), g.Rows.Row(int(row)))
			} else {
				copy(x.Row(i), p.table.mean)
			}
			i++
		}
	}
	p.table.apply(x)
	return x
}

// Train learns what marking a graph needs. It takes memory for the marked communities' rows, their latents and the
// activations of o.BatchRows rows. The error is ErrOptions, ErrGraph, ErrDiverged or the context's.
func Train(ctx context.Context, g Graph, o Options) (*Pipeline, error) {
	o = o.Defaults()
	if err := o.check(); err != nil {
		return nil, err
	}
	if err := g.check(); err != nil {
		return nil, err
	}
	o.report("communities", 0)
	groups, err := NeighboursOf(g.Rows.Rows, g.Triples).communities(ctx, o)
	if err != nil {
		return nil, err
	}
	p := &Pipeline{options: o, width: g.Rows.Cols, relations: g.Relations}
	var rows []vec.Matrix
	for _, group := range groups {
		names := make([]string, len(group))
		for i, row := range group {
			names[i] = g.Names[row]
			rows = append(rows, g.Rows.RowRange(int(row), int(row)+1))
		}
		p.communities = append(p.communities, names)
	}
	p.table = newScale(rows)
	if err := p.fit(ctx, p.blocks(g, groups)); err != nil {
		return nil, err
	}
	return p, nil
}

// fit trains the two networks.
func (p *Pipeline) fit(ctx context.Context, blocks []block) (err error) {
	o := p.options
	p.vae = newVAE(p.width, p.relations, o, seeded(o.Seed, "vae start"))
	if p.AutoencoderError, err = p.vae.train(ctx, blocks, o); err != nil {
		return err
	}
	latents := make([]vec.Matrix, len(blocks))
	rows := 0
	for i, b := range blocks {
		if err := ctx.Err(); err != nil {
			return err
		}
		latents[i] = p.vae.encode(b.x, b.links, o.Workers)
		rows += latents[i].Rows
	}
	p.latent = newScale(latents)
	all := newMatrix(rows, o.Latent)
	at := 0
	for _, l := range latents {
		copy(all.Data[at:], l.Data)
		at += len(l.Data)
	}
	p.latent.apply(all)
	p.predictor = newPredictor(o, seeded(o.Seed, "predictor start"))
	if p.PredictorError, err = p.predictor.train(ctx, all, o); err != nil {
		return err
	}
	p.sample = newMatrix(min(all.Rows, inversionSample), all.Cols)
	copy(p.sample.Data, all.Data)
	return nil
}

// inversionSample is the number of latents that inversions are measured on, in float64 without our kernels: some 20 s of
// a core for 0, 1, 2 and 5 iterations at 256 numbers.
const inversionSample = 50

// Communities returns the names of each community's entities, aligned: what is marked. The slices are shared: read only.
func (p *Pipeline) Communities() [][]string { return p.communities }

// Options returns the settings, defaults filled in.
func (p *Pipeline) Options() Options { return p.options }

// Finding returns the pipeline with a detector that finds communities and entities by name, or by the graph's shape.
func (p *Pipeline) Finding(byNames bool) *Pipeline {
	out := *p
	out.options.ByNames = byNames
	return &out
}

// matches returns ErrGraph if a suspect's table or relations cannot go through the pipeline.
func (p *Pipeline) matches(g Graph) error {
	if g.Rows.Cols != p.width || g.Relations > p.relations {
		return fmt.Errorf("kgmark: %w: %d columns and %d relations; this pipeline was trained on %d and %d", ErrGraph, g.Rows.Cols, g.Relations, p.width, p.relations)
	}
	return g.check()
}
