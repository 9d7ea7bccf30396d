package model

import (
	"errors"
	"fmt"
	"time"

	"github.com/inklingdb/inkling/internal/vec"
	"github.com/inklingdb/inkling/store"
)

// Tables are the learnt parameters of an embedding, with what is needed to read them.
type Tables struct {
	Family     Family
	Dim        int
	Vocabulary *Vocabulary
	// Reciprocal says that relation row r+Relations() is the reverse of relation r, learnt on its own: the heads
	// of (r, t) are trained as the tails of (t, reverse of r).
	Reciprocal bool
	Entities   []float32 // [entities × entity width], row-major
	Relations  []float32 // [relation rows × relation width], row-major; reciprocal rows in the second half
}

// Embedding is one published version of a model. It is immutable, so any number of goroutines may use it; whoever
// wants another version builds new Tables. Rows given to its methods must exist in the vocabulary.
type Embedding struct {
	Tables
	Calibration Calibration
	Metadata    Metadata
	Timing      Timing
}

// Metadata says where an embedding comes from. It is stored in the checkpoint.
type Metadata struct {
	Name        string            // the model's name in its database
	Graph       string            // the named graph it was trained on, "" for the default graph
	DataVersion store.Version     // the commit up to which it has seen the graph
	Seed        uint64            // of all randomness in its training
	Triples     int               // trained on
	Epochs      int               // passes over them; the published tables are those of BestEpoch
	BestEpoch   int               // 1-based; 0 when there was no validation
	Settings    map[string]string // the trainer's settings as given and as defaulted
	Curve       []CurvePoint      // the training curve
	Metrics     map[string]float64
	HeldOut     *HeldOut `json:",omitempty"` // nil when nothing was held out
}

// CurvePoint is one epoch of the training curve.
type CurvePoint struct {
	Epoch    int     // from 1
	Loss     float64 // mean cross-entropy of a training triple, in nats
	ValidMRR float64 // filtered, 0 when the epoch was not validated
}

// Timing is what a training took. It is kept apart from Metadata because it is the only part of an embedding
// that differs between two trainings with the same data, settings and seed.
type Timing struct {
	Finished time.Time
	Total    time.Duration
	Epochs   []time.Duration // since the start, at the end of each epoch
	// Search and Trials are what the search for its settings took, if there was one: in all, the training included, and
	// trial by trial in the report's order.
	Search time.Duration   `json:",omitempty"`
	Trials []time.Duration `json:",omitempty"`
}

// ErrShape is returned when tables do not fit their family, dimension and vocabulary.
var ErrShape = errors.New("tables of the wrong shape")

// Widths returns the floats of an entity row and of a relation row.
func (t *Tables) Widths() (entity, relation int) { return t.Family.Interaction.Width(t.Dim) }

// RelationRows returns the rows of the relation table: twice the vocabulary's relations when reciprocal.
func (t *Tables) RelationRows() int {
	if t.Reciprocal {
		return 2 * t.Vocabulary.Relations()
	}
	return t.Vocabulary.Relations()
}

// Entity returns an entity's row; read only.
func (t *Tables) Entity(row uint32) []float32 {
	w, _ := t.Widths()
	return t.Entities[int(row)*w : (int(row)+1)*w : (int(row)+1)*w]
}

// Relation returns a row of the relation table; read only.
func (t *Tables) Relation(row uint32) []float32 {
	_, w := t.Widths()
	return t.Relations[int(row)*w : (int(row)+1)*w : (int(row)+1)*w]
}

// Reverse returns the row that stands for relation r read from object to subject. Reciprocal tables only.
func (t *Tables) Reverse(r uint32) uint32 { return r + uint32(t.Vocabulary.Relations()) }

// EntityMatrix returns the entity table as a matrix [entities × entity width]; read only.
func (t *Tables) EntityMatrix() vec.Matrix {
	w, _ := t.Widths()
	return vec.MatrixOf(t.Entities, t.Vocabulary.Entities(), w)
}

// Check returns ErrShape, with the sizes, unless the tables fit.
func (t *Tables) Check() error {
	if t.Vocabulary == nil || t.Family.Interaction == nil || t.Dim < 1 {
		return fmt.Errorf("model: no vocabulary, no family or dimension %d: %w", t.Dim, ErrShape)
	}
	we, wr := t.Widths()
	if len(t.Entities) != we*t.Vocabulary.Entities() || len(t.Relations) != wr*t.RelationRows() {
		return fmt.Errorf("model: %d and %d floats for %d entities × %d and %d relations × %d: %w",
			len(t.Entities), len(t.Relations), t.Vocabulary.Entities(), we, t.RelationRows(), wr, ErrShape)
	}
	return nil
}

// Score returns the score of a triple. With reciprocal relations it is the mean of both directions, so that a
// triple has one score and one probability whichever end is asked for.
func (e *Embedding) Score(h, r, t uint32) float32 {
	tail := e.ScoreCompletion(Query{Entity: h, Relation: r}, t)
	if !e.Reciprocal {
		return tail
	}
	return (tail + e.ScoreCompletion(Query{Entity: t, Relation: r, Heads: true}, h)) / 2
}

// ScoreAll sets out[i] to the score of triples[i].
func (e *Embedding) ScoreAll(triples []Triple, out []float32) {
	for i, t := range triples {
		out[i] = e.Score(t.H, t.R, t.T)
	}
}

// Prob returns the calibrated probability that a triple is true, in [0, 1]; see Calibration for its assumptions.
func (e *Embedding) Prob(h, r, t uint32) float64 { return e.Calibration.Prob(e.Score(h, r, t)) }

// IsFact reports whether a triple's probability reaches the model's threshold for its relation.
func (e *Embedding) IsFact(h, r, t uint32) bool {
	return e.Prob(h, r, t) >= e.Calibration.ThresholdOf(r)
}
