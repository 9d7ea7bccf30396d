package kgmark

import (
	"context"

	"github.com/inklingdb/inkling/internal/vec"
)

// Reading is a graph's communities taken through the encoder and the inversion once, for marking it with any number of
// keys and methods, or for testing any number of them. It is immutable.
type Reading struct {
	pipeline *Pipeline
	graph    Graph
	byShape  bool // communities are those of this graph's own shape, not the record's by name
	parts    []*part
}

// part is one community of a reading.
type part struct {
	rows  []uint32   // in the table, aligned; missing ones are there
	order []int      // places by centrality, the most central first
	x     vec.Matrix // standardised
	z     vec.Matrix // inverted to the last time
	paths [len(sampleSteps)]struct{ inverted, sampled vec.Matrix }
}

// Open reads the graph that is to be marked: what the pipeline was trained on.
func (p *Pipeline) Open(ctx context.Context, g Graph) (*Reading, error) {
	return p.read(ctx, g, depth{latents: true, paths: true})
}

// Read reads a suspect for detection. With Options.ByNames its rows are found by name and absent ones count as the mean;
// without it names are not looked at, and communities are searched and aligned as before marking.
func (p *Pipeline) Read(ctx context.Context, suspect Graph) (*Reading, error) {
	return p.read(ctx, suspect, depth{latents: true})
}

// depth is how far a reading goes: latents at the last time, and what the mask's loss compares.
type depth struct{ latents, paths bool }

func (p *Pipeline) read(ctx context.Context, g Graph, to depth) (*Reading, error) {
	if err := p.matches(g); err != nil {
		return nil, err
	}
	r := &Reading{pipeline: p, graph: g, byShape: !to.paths && !p.options.ByNames}
	adj := NeighboursOf(g.Rows.Rows, g.Triples)
	groups := p.named(g)
	if r.byShape {
		var err error
		if groups, err = adj.communities(ctx, p.options); err != nil {
			return nil, err
		}
	}
	done := 0
	for _, b := range p.blocks(g, groups) {
		parts, err := p.readBlock(ctx, b, to)
		if err != nil {
			return nil, err
		}
		for _, part := range parts {
			part.order = adj.central(part.rows)
		}
		r.parts = append(r.parts, parts...)
		done += len(parts)
		p.options.report("inversion", float64(done)/float64(len(groups)))
	}
	return r, nil
}

// named returns the rows of the pipeline's communities, by name.
func (p *Pipeline) named(g Graph) [][]uint32 {
	row := make(map[string]uint32, len(g.Names))
	for i, name := range g.Names {
		row[name] = uint32(i)
	}
	groups := make([][]uint32, len(p.communities))
	for i, names := range p.communities {
		groups[i] = make([]uint32, len(names))
		for j, name := range names {
			at, ok := row[name]
			if !ok {
				at = missing
			}
			groups[i][j] = at
		}
	}
	return groups
}

// central returns the places of rows by centrality: the degree in the whole graph, ties in alignment's order.
func (adj Neighbours) central(rows []uint32) []int {
	order := make([]int, len(rows))
	degree := make([]int, len(rows))
	for i, row := range rows {
		order[i] = i
		if row != missing {
			degree[i] = len(adj[row])
		}
	}
	sortByDegree(order, degree)
	return order
}

// readBlock takes a block through the encoder and the inversion, and where paths is set down again for the mask's loss.
func (p *Pipeline) readBlock(ctx context.Context, b block, want depth) ([]*part, error) {
	o := p.options
	if !want.latents {
		return b.parts(), ctx.Err()
	}
	z := p.vae.encode(b.x, b.links, o.Workers)
	p.latent.apply(z)
	d := p.predictor.diffusion(o)
	var keep []int
	if want.paths {
		for _, k := range sampleSteps {
			keep = append(keep, max(0, o.Steps-k))
		}
	}
	kept, err := d.invert(ctx, z.Data, keep...)
	if err != nil {
		return nil, err
	}
	sampled := map[int]vec.Matrix{}
	down := newMatrix(z.Rows, z.Cols)
	copy(down.Data, z.Data)
	from := o.Steps
	for _, to := range keep {
		if err := d.sample(ctx, down.Data, from, to); err != nil {
			return nil, err
		}
		from = to
		sampled[to] = newMatrix(z.Rows, z.Cols)
		copy(sampled[to].Data, down.Data)
	}
	parts := b.parts()
	at := 0
	for _, one := range parts {
		lo, hi := at, at+len(one.rows)
		at = hi
		one.z = z.RowRange(lo, hi)
		for i, step := range keep {
			if inverted, ok := kept[step]; ok { // not step 0, where a short diffusion begins
				one.paths[i].inverted = matrixOf(inverted, z.Cols).RowRange(lo, hi)
				one.paths[i].sampled = sampled[step].RowRange(lo, hi)
			}
		}
	}
	return parts, nil
}

// parts returns the block's communities, with their rows only.
func (b block) parts() []*part {
	var parts []*part
	at := 0
	for _, group := range b.groups {
		parts = append(parts, &part{rows: group, x: b.x.RowRange(at, at+len(group))})
		at += len(group)
	}
	return parts
}

// write decodes latents at the last time and returns the table with the communities' rows replaced.
func (r *Reading) write(ctx context.Context, latents []vec.Matrix) (vec.Matrix, error) {
	p := r.pipeline
	out := r.copied()
	groups := make([][]uint32, len(r.parts))
	for i, part := range r.parts {
		groups[i] = part.rows
	}
	next := 0
	for _, b := range p.blocks(r.graph, groups) {
		z := newMatrix(b.x.Rows, p.options.Latent)
		at := 0
		for range b.groups {
			copy(z.Data[at:], latents[next].Data[:latents[next].Rows*latents[next].Cols])
			at += latents[next].Rows * latents[next].Cols
			next++
		}
		if err := p.predictor.diffusion(p.options).sample(ctx, z.Data, p.options.Steps, 0); err != nil {
			return vec.Matrix{}, err
		}
		p.latent.undo(z)
		r.place(out, p.vae.decode(z, b.links, p.options.Workers), b.groups)
		p.options.report("sampling", float64(next)/float64(len(r.parts)))
	}
	return out, nil
}

// copied returns a copy of the reading's table.
func (r *Reading) copied() vec.Matrix {
	out := newMatrix(r.graph.Rows.Rows, r.graph.Rows.Cols)
	for i := range out.Rows {
		copy(out.Row(i), r.graph.Rows.Row(i))
	}
	return out
}

// place writes standardised rows of groups into a table.
func (r *Reading) place(table, x vec.Matrix, groups [][]uint32) {
	r.pipeline.table.undo(x)
	i := 0
	for _, group := range groups {
		for _, row := range group {
			if row != missing {
				copy(table.Row(int(row)), x.Row(i))
			}
			i++
		}
	}
}
