package watermark

import (
	"context"
	"math"

	"golang.org/x/sync/errgroup"

	"github.com/inklingdb/inkling/internal/vec"
)

// Strengths are how far each table channel moves a row, in standard deviations of a dimension; 0 leaves a channel out.
type Strengths struct {
	T1 float64 `json:"t1"`
	T2 float64 `json:"t2"`
	Q3 float64 `json:"q3"`
}

// Mark is what is added to the rows of a table with a key: with its Scale frozen, a row's mark depends on nothing but
// the row itself and its name, so that a changed row can be marked alone. It holds no secret.
type Mark struct {
	Strengths
	Scale
}

// Marker adds a mark to rows. It is not safe for concurrent use.
type Marker struct {
	mark    Mark
	inverse []float32
	names   *source   // of T1
	turns   *source   // of Q3
	along   []float32 // v of Q3, ±1
	parity  *paritySecrets
	words   []uint64
	y       []float32 // the row, standardised
	offset  []float32
	chosen  [parities]float32
}

// With returns a marker for a key.
func (m Mark) With(k *GraphKey) *Marker {
	d := len(m.Mean)
	w := &Marker{mark: m, inverse: m.inverses(), names: newSource(k.secrets[T1]), turns: newSource(k.secrets[Q3]),
		along: k.direction(d), words: make([]uint64, wordsFor(d)), y: make([]float32, d), offset: make([]float32, d)}
	if m.T2 != 0 && d >= leastParityDim {
		w.parity = k.parity(d)
	}
	return w
}

// direction returns the vector v of Q3, ±1.
func (k *GraphKey) direction(d int) []float32 {
	words := make([]uint64, wordsFor(d))
	newSource(k.secrets[Q3]).signs(ofLabel, "direction", words)
	out := make([]float32, d)
	unpack(words, out)
	return out
}

// twin returns a marker with its own workspace and the same secrets.
func (w *Marker) twin(k *GraphKey) *Marker {
	c := *w
	c.names, c.turns = newSource(k.secrets[T1]), newSource(k.secrets[Q3])
	c.words, c.y, c.offset = make([]uint64, len(w.words)), make([]float32, len(w.y)), make([]float32, len(w.y))
	return &c
}

// Add sets out to the marked row of an entity; out may be row. name is canonical; without an identity only T2 marks.
func (w *Marker) Add(name string, row, out []float32) {
	w.mark.standardise(row, w.inverse, w.y)
	w.identityOffset(name)
	if w.parity != nil {
		// The parities are those of the row as it will be: the signs are orthogonal to the directions.
		vec.Axpy(1, w.offset, w.y)
		w.parityOffset()
	}
	for j, sd := range w.mark.Deviation {
		out[j] = row[j] + sd*w.offset[j]
	}
}

// Remove sets out to the row that Add made row of, up to rounding; out may be row.
func (w *Marker) Remove(name string, row, out []float32) {
	w.mark.standardise(row, w.inverse, w.y)
	w.identityOffset(name)
	if w.parity != nil {
		w.parityOffset()
	}
	for j, sd := range w.mark.Deviation {
		out[j] = row[j] - sd*w.offset[j]
	}
}

// identityOffset sets the offset to what T1 and Q3 add.
func (w *Marker) identityOffset(name string) {
	clear(w.offset)
	if !identified(name) {
		return
	}
	if w.mark.T1 != 0 {
		w.names.signs(ofName, name, w.words)
		addSigns(w.offset, w.words, float32(w.mark.T1))
	}
	if w.mark.Q3 != 0 {
		vec.Axpy(w.turns.sign(name)*float32(w.mark.Q3), w.along, w.offset)
	}
	for j, sd := range w.mark.Deviation {
		if sd == 0 {
			w.offset[j] = 0
		}
	}
}

// parityOffset adds what T2 adds to a row whose standardised form is w.y.
func (w *Marker) parityOffset() {
	var products [directions]float32
	for u := range directions {
		products[u] = vec.Dot(w.parity.directions.Row(u), w.y)
	}
	parityOf(products[:], w.chosen[:])
	a := float32(w.mark.T2 / math.Sqrt(parities))
	for j, b := range w.chosen {
		vec.Axpy(a*b, w.parity.signs.Row(j), w.offset)
	}
}

// markChunk is how many rows a worker takes at a time.
const markChunk = 256

// Apply returns the marked table. Rows do not depend on workers.
func (m Mark) Apply(ctx context.Context, k *GraphKey, t Table, workers int) (vec.Matrix, error) {
	out := vec.MatrixOf(make([]float32, t.Rows.Rows*t.Rows.Cols), t.Rows.Rows, t.Rows.Cols)
	first := m.With(k)
	g, ctx := errgroup.WithContext(ctx)
	workers = max(1, workers)
	for part := range workers {
		g.Go(func() error {
			w := first.twin(k)
			for from := part * markChunk; from < t.Rows.Rows; from += workers * markChunk {
				if err := ctx.Err(); err != nil {
					return err
				}
				for i := from; i < min(from+markChunk, t.Rows.Rows); i++ {
					w.Add(t.name(i), t.Rows.Row(i), out.Row(i))
				}
			}
			return nil
		})
	}
	return out, g.Wait()
}
