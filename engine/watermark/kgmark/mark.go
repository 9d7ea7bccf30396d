package kgmark

import (
	"context"
	"fmt"
	"math"

	"github.com/inklingdb/inkling/internal/vec"
)

// Marked is a marked table and what the detector needs besides the pipeline and the key.
type Marked struct {
	Rows   vec.Matrix
	Record *Record
}

// Mark returns the reading's table with its communities marked; other rows are as they were. Open must have made the
// reading.
func (r *Reading) Mark(ctx context.Context, m Method, key []byte) (Marked, error) {
	o := r.pipeline.options
	record := &Record{Method: m.Name, Carriers: make([]Carrier, len(r.parts))}
	changed := make([]vec.Matrix, len(r.parts))
	err := parallel(ctx, len(r.parts), o.Workers, func(i int) {
		from := r.parts[i].x
		if m.scheme.latent() {
			from = r.parts[i].z
		}
		changed[i] = newMatrix(from.Rows, from.Cols)
		copy(changed[i].Data, from.Data)
		record.Carriers[i] = m.scheme.embed(o, r.parts[i], changed[i], key)
	})
	if err != nil {
		return Marked{}, err
	}
	if m.scheme.latent() {
		rows, err := r.write(ctx, changed)
		return Marked{rows, record}, err
	}
	rows := r.copied()
	for i, part := range r.parts {
		r.place(rows, changed[i], [][]uint32{part.rows})
	}
	return Marked{rows, record}, nil
}

// Mark trains on a graph and marks its table with the source's method: Train, Open and Reading.Mark in one.
func Mark(ctx context.Context, g Graph, key []byte, o Options) (*Pipeline, Marked, error) {
	p, err := Train(ctx, g, o)
	if err != nil {
		return nil, Marked{}, err
	}
	r, err := p.Open(ctx, g)
	if err != nil {
		return nil, Marked{}, err
	}
	marked, err := r.Mark(ctx, Methods[0], key)
	return p, marked, err
}

// Detect tests a suspect for one key: Read, Evidence and Test in one.
func (p *Pipeline) Detect(ctx context.Context, suspect Graph, record *Record, key []byte) (Detection, error) {
	m, err := MethodByName(record.Method)
	if err != nil {
		return Detection{}, err
	}
	r, err := p.read(ctx, suspect, depth{latents: m.scheme.latent()})
	if err != nil {
		return Detection{}, err
	}
	e, err := r.Evidence(ctx, record)
	if err != nil {
		return Detection{}, err
	}
	return e.Test(ctx, key)
}

// Evidence is what a suspect shows of a record's mark, before any key is tried. It is immutable.
type Evidence struct {
	options Options
	shown   [][][]observation // by carrier, by community of the suspect (nil: not compared), by layer
	parts   int
}

// Evidence reads out what a record's mark would have changed. By names, each community is compared with its own carrier;
// by shape, with all of them: "there exists a mask", eq. 11.
func (r *Reading) Evidence(ctx context.Context, record *Record) (*Evidence, error) {
	m, err := MethodByName(record.Method)
	if err != nil {
		return nil, err
	}
	if !r.byShape && len(record.Carriers) != len(r.parts) {
		return nil, fmt.Errorf("kgmark: %w: a record of %d communities for a pipeline of %d; take the pipeline that made it", ErrGraph, len(record.Carriers), len(r.parts))
	}
	if err := record.check(r.pipeline.options.Latent); err != nil {
		return nil, err
	}
	e := &Evidence{options: r.pipeline.options, shown: make([][][]observation, len(record.Carriers)), parts: len(r.parts)}
	err = parallel(ctx, len(record.Carriers), e.options.Workers, func(j int) {
		c := record.Carriers[j]
		e.shown[j] = make([][]observation, len(r.parts))
		for i, part := range r.parts {
			if !r.byShape && i != j {
				continue
			}
			from := part.x
			if m.scheme.latent() {
				from = part.z
			}
			e.shown[j][i] = m.scheme.observe(e.options, c, fitted(from, c.Size))
		}
	})
	return e, err
}

// check returns ErrGraph where a record cannot have come from marking.
func (r *Record) check(latent int) error {
	rows, cols := squareish(latent)
	for i, c := range r.Carriers {
		bad := c.Size < 1 || !c.Community.fits(c.Size, latent) || !c.Vertex.fits(rows, cols)
		for _, v := range c.Vertices {
			bad = bad || v < 0 || v >= c.Size
		}
		if bad {
			return fmt.Errorf("kgmark: %w: the record's community %d does not fit latents of %d numbers", ErrGraph, i, latent)
		}
	}
	return nil
}

// fits reports whether a mask is empty or over rows×cols coefficients.
func (m Mask) fits(rows, cols int) bool {
	for _, at := range m.At {
		if at < 0 || at >= rows*cols || m.Rows != rows || m.Cols != cols {
			return false
		}
	}
	return true
}

// fitted returns x with so many rows: the first ones, or 0 for those it lacks.
func fitted(x vec.Matrix, rows int) vec.Matrix {
	if x.Rows == rows {
		return x
	}
	out := newMatrix(rows, x.Cols)
	for i := range min(rows, x.Rows) {
		copy(out.Row(i), x.Row(i))
	}
	return out
}

// Detection is what a key's test says. Logarithms are to base 10; 0 is p = 1.
type Detection struct {
	LogP        float64   // of the whole graph
	Communities []float64 // of each community of the suspect
	Layers      map[string]float64
}

// Test tests a key. A community's p-value is the smallest of its layers and, by shape, of the carriers, times their number;
// the graph's is the smallest of its communities, times theirs: Bonferroni's bound, which Literal.Uncorrected leaves out.
// Layers holds the smallest p-value of each layer as it is.
func (e *Evidence) Test(ctx context.Context, key []byte) (Detection, error) {
	byCarrier := make([][][]float64, len(e.shown)) // and part and layer
	err := parallel(ctx, len(e.shown), e.options.Workers, func(j int) {
		byCarrier[j] = make([][]float64, e.parts)
		var drawn [][]float64
		for i, layers := range e.shown[j] {
			for l, v := range layers {
				if len(drawn) <= l {
					drawn = append(drawn, v.draw(key))
				}
				byCarrier[j][i] = append(byCarrier[j][i], v.logP(drawn[l], e.options)*log10e)
			}
		}
	})
	if err != nil {
		return Detection{}, err
	}
	d := Detection{Communities: make([]float64, e.parts), Layers: map[string]float64{}}
	for i := range d.Communities {
		var tried []float64
		for j, carrier := range byCarrier {
			tried = append(tried, carrier[i]...)
			for l, p := range carrier[i] {
				name := e.shown[j][i][l].layer
				d.Layers[name] = min(d.Layers[name], p)
			}
		}
		d.Communities[i] = e.smallest(tried)
	}
	d.LogP = e.smallest(d.Communities)
	return d, nil
}

// smallest returns the smallest of p-values, corrected for their number.
func (e *Evidence) smallest(logs []float64) float64 {
	if len(logs) == 0 {
		return 0
	}
	p := logs[0]
	for _, x := range logs[1:] {
		p = min(p, x)
	}
	if e.options.Literal.Uncorrected {
		return p
	}
	return min(0, p+math.Log10(float64(len(logs))))
}
