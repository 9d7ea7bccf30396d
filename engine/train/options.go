// Package train fits embedding models to triples given by rows: losses, negatives, optimiser, regulariser,
// validation with early stopping, and calibration of scores to probabilities. It reads no store and keeps no
// model up to date; engine/maintain does that.
package train

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"time"

	"github.com/inklingdb/inkling/engine/model"
)

// Data is what a model is trained on and validated with, by rows of the vocabulary.
type Data struct {
	Vocabulary *model.Vocabulary
	Train      []model.Triple
	Valid      []model.Triple // for early stopping and calibration; may be empty
	Test       []model.Triple // only so that its triples do not count as false when Valid is ranked; may be empty
}

// Options are the settings of a training. Zero values are filled in by Defaults for the size of the data.
type Options struct {
	Family       string `json:"family,omitempty"`        // a name in model.Families
	Dim          int    `json:"dim,omitempty"`           // the rank: complex numbers a row for ComplEx and RotatE
	Loss         Loss   `json:"loss,omitempty"`          //
	Batch        int    `json:"batch,omitempty"`         // queries a step: (entity, relation) with up to QueryTargets answers, one answer for a paired loss
	QueryTargets int    `json:"query_targets,omitempty"` // at most so many triples of one query are learnt in one row; 1 is plain 1-vs-all
	NoReciprocal bool   `json:"no_reciprocal,omitempty"` // heads are asked for by the relation itself, not by a reverse relation learnt on its own

	Negatives   int      `json:"negatives,omitempty"`   // entities sampled: a batch for SampledSoftmax, an answer for a paired loss
	Shared      bool     `json:"shared,omitempty"`      // a paired loss draws its negatives once a batch, for all answers: many more at the same cost
	Sampling    Sampling `json:"sampling,omitempty"`    // how negatives are drawn
	Unfiltered  bool     `json:"unfiltered,omitempty"`  // negatives may be stated answers; without it they are drawn again
	Margin      float64  `json:"margin,omitempty"`      // γ of Margin, Logistic and SelfAdversarial
	Temperature float64  `json:"temperature,omitempty"` // α of SelfAdversarial
	Subsample   bool     `json:"subsample,omitempty"`   // weigh a triple by 1/√(its two queries' answers), as Sun et al. 2019 do

	Optimiser      Optimiser `json:"optimiser,omitempty"`
	LearningRate   float64   `json:"learning_rate,omitempty"`
	RelationRate   float64   `json:"relation_rate,omitempty"`   // times LearningRate is the rate of relations
	Schedule       Schedule  `json:"schedule,omitempty"`        // how the rate falls
	DecayTo        float64   `json:"decay_to,omitempty"`        // the rate falls from LearningRate to DecayTo·LearningRate over Epochs; 1 is constant
	Warmup         float64   `json:"warmup,omitempty"`          // epochs over which the rate rises from 0
	N3             float64   `json:"n3,omitempty"`              // weight of the cubed norm of a triple's three rows; negative: none
	L2             float64   `json:"l2,omitempty"`              // weight of the squared norm of a triple's three rows
	Dura           float64   `json:"dura,omitempty"`            // weight of the squared norms of a triple's query row and both entities: Zhang, Cai, Wang 2020
	Dropout        float64   `json:"dropout,omitempty"`         // share of the query row's numbers set to 0 in training, in [0, 1)
	EntityDropout  float64   `json:"entity_dropout,omitempty"`  // share of the numbers of the query's entity set to 0 in training, before the relation acts, in [0, 1)
	LabelSmoothing float64   `json:"label_smoothing,omitempty"` // share of the answer's weight that is spread over all entities, in [0, 1)
	InitScale      float64   `json:"init_scale,omitempty"`      // standard deviation of the rows at the start
	Precision      Precision `json:"precision,omitempty"`

	// Start is a model that the training goes on from: rows of the entities and relations that it knows begin as they are
	// there, all others at random. It must be of the same family, dimension and reciprocity; nil starts from nothing.
	Start *model.Embedding `json:"-"`

	Epochs      int           `json:"epochs,omitempty"`       // passes over the training triples at most
	Budget      time.Duration `json:"budget_ns,omitempty"`    // stop after the epoch in which so much time has passed; 0 means no limit
	ValidEvery  int           `json:"valid_every,omitempty"`  // epochs between validations
	ValidSample int           `json:"valid_sample,omitempty"` // validate on at most so many triples, the same ones each time; negative: all
	Patience    int           `json:"patience,omitempty"`     // stop after so many validations without a better MRR; negative: never

	CalibrationOptions

	Seed    uint64 `json:"seed,omitempty"`    // same data, settings and seed: same model
	Workers int    `json:"workers,omitempty"` // goroutines; 0 means 1. The model does not depend on it.

	// Progress is called from the training goroutine after batches (a few times a second) and epochs; may be nil.
	Progress func(Progress) `json:"-"`
}

// Over returns the options with those that are zero taken from a preset.
func (o Options) Over(preset Options) Options {
	given, taken := reflect.ValueOf(&o).Elem(), reflect.ValueOf(preset)
	for i := range given.NumField() {
		if given.Field(i).IsZero() {
			given.Field(i).Set(taken.Field(i))
		}
	}
	return o
}

// Progress is how far a training has come.
type Progress struct {
	Epoch, Epochs  int     // from 1
	Batch, Batches int     // of this epoch
	Loss           float64 // mean over the epoch so far, in nats a triple
	ValidMRR       float64 // the latest, 0 before the first
	BestMRR        float64
	Elapsed        time.Duration
}

// ErrOptions is returned for settings that make no sense together.
var ErrOptions = errors.New("bad training settings")

// ErrNoData is returned when there is nothing to train on.
var ErrNoData = errors.New("nothing to train on")

// ErrDiverged is returned when the loss stops being a number.
var ErrDiverged = errors.New("training diverged")

// sampledAbove is the entity count from which the default loss samples: at a dimension of 200 floats the softmax over
// 100,000 entities costs 0.12 GFLOP a triple, some 3,500 triples a second on two cores.
const sampledAbove = 100_000

// smallBelow is the count of training triples under which a graph is small: it can afford a row for each triple and
// more epochs.
const smallBelow = 50_000

// sparseBelow is the count of training triples an entity under which the weight of the norm is WN18RR's (2.1 triples
// an entity) and not FB15k-237's (18.7).
const sparseBelow = 5

// Defaults returns the options with every zero setting filled in for the size of the data. The larger graphs' are
// those of the fb15k-237 preset; the small ones' were chosen on UMLS, Kinship and Nations, where a row for each
// triple gave test MRRs of 0.938, 0.857 and 0.782 against 0.925, 0.832 and 0.745 with a row for each query.
func (o Options) Defaults(d Data) Options {
	small := len(d.Train) < smallBelow
	setDefault(&o.Family, model.Families[0].Name)
	setDefault(&o.Dim, pick(small, 64, 100))
	setDefault(&o.Loss, o.lossFor(d))
	setDefault(&o.Batch, pick(small, 128, 256))
	setDefault(&o.QueryTargets, pick(small && o.Loss != KvsAll, 1, allTargets))
	setDefault(&o.Sampling, Uniform)
	setDefault(&o.Optimiser, Adagrad)
	setDefault(&o.Schedule, Linear)
	setDefault(&o.Precision, FastPrecision)
	o.defaultsByFamily(d, small)
	setDefault(&o.DecayTo, 0.05)
	setDefault(&o.Epochs, pick(small, 40, 10))
	setDefault(&o.ValidEvery, pick(small, 5, 2))
	setDefault(&o.ValidSample, 2000)
	setDefault(&o.Patience, 5)
	o.CalibrationOptions = o.CalibrationOptions.Defaults()
	setDefault(&o.Workers, 1)
	o.N3 = max(o.N3, 0)
	if asked := 2 * len(d.Train); asked > 0 && o.Batch <= largestBatch {
		o.Batch = min(o.Batch, asked)
	}
	return o
}

// allTargets lets a row learn every answer of its query.
const allTargets = math.MaxInt32

// defaultsByFamily fills in what depends on how a family scores: inner products are held down by the N3 norm and start
// near 0; distances have no use for a norm and start spread out, so that their gradients have directions.
func (o *Options) defaultsByFamily(d Data, small bool) {
	f, err := model.FamilyByName(o.Family)
	kind, _ := o.Loss.kind()
	distance := err == nil && f.Similarity != model.Dot
	if err == nil {
		// A step of Adagrad or Adam moves every number of a row by the rate: a d×d matrix by d times it in norm.
		entity, relation := f.Interaction.Width(o.Dim)
		setDefault(&o.RelationRate, pick(relation >= entity*o.Dim, min(1, 15/float64(o.Dim)), 1))
	}
	setDefault(&o.RelationRate, 1)
	setDefault(&o.Negatives, pick(kind == paired && !o.Shared, 128, 1024))
	setDefault(&o.Temperature, 1)
	if distance {
		setDefault(&o.Margin, 9)
		setDefault(&o.LearningRate, pick(kind == dense, 0.2, 0.1))
		scale := 0.3
		switch {
		case kind == dense:
			scale = 0.1
		case f.Similarity != model.NegL2: // sums over the dimensions: a random pair begins about the margin apart
			scale = (max(o.Margin, 0) + 2) / float64(2*o.Dim)
		}
		setDefault(&o.InitScale, scale)
		setDefault(&o.N3, -1)
		return
	}
	setDefault(&o.Margin, pick(o.Loss == Margin, 1.0, 0))
	setDefault(&o.LearningRate, pick(small, 0.1, 0.2))
	setDefault(&o.InitScale, 1e-3)
	setDefault(&o.N3, pick(o.Dura > 0 || o.L2 > 0, -1, pick(small, 0.01, pick(len(d.Train) < sparseBelow*d.entities(), 0.08, 0.05))))
}

// lossFor returns the default loss: over all entities where the family's scores are products and the table is small.
func (o Options) lossFor(d Data) Loss {
	f, err := model.FamilyByName(o.Family)
	_, projects := f.Interaction.(model.Projector)
	switch large := d.entities() > sampledAbove; {
	case err != nil:
		return AllEntities // the unknown family is told later
	case projects || f.Similarity == model.NegL1 || f.Similarity == model.NegModuli, f.Similarity == model.NegL2 && large:
		return Softmax
	case large:
		return SampledSoftmax
	}
	return AllEntities
}

func (d Data) entities() int {
	if d.Vocabulary == nil {
		return 0
	}
	return d.Vocabulary.Entities()
}

func setDefault[T comparable](p *T, value T) {
	var zero T
	if *p == zero {
		*p = value
	}
}

func pick[T any](first bool, a, b T) T {
	if first {
		return a
	}
	return b
}

// Far above the presets': a slip of the hand, or of a client, is told instead of asked of the memory.
const (
	largestDim       = 16_384
	largestBatch     = 65_536
	largestNegatives = 65_536
	largestPairs     = 1 << 30 // of a batch
)

// Check returns nil if Train can begin with the options, zero ones defaulted: ErrOptions or ErrNoData with the reason
// otherwise.
func (o Options) Check(d Data) error {
	o = o.Defaults(d)
	if err := o.check(d); err != nil {
		return err
	}
	family, err := model.FamilyByName(o.Family)
	if err != nil {
		return fmt.Errorf("train: %w: %w", ErrOptions, err)
	}
	return o.checkLoss(family)
}

// check returns ErrOptions or ErrNoData with the reason, or nil.
func (o Options) check(d Data) error {
	if err := d.Check(); err != nil {
		return err
	}
	if err := o.checkChoices(); err != nil {
		return err
	}
	if o.Dim < 1 || o.Batch < 1 || o.QueryTargets < 1 || o.Epochs < 1 || o.Negatives < 1 || o.ValidEvery < 1 {
		return fmt.Errorf("train: %w: dimension, batch, targets, epochs, negatives and validation step must be positive", ErrOptions)
	}
	if o.Dim > largestDim || o.Batch > largestBatch {
		return fmt.Errorf("train: %w: dimension %d and batch %d are at most %d and %d", ErrOptions, o.Dim, o.Batch, largestDim, largestBatch)
	}
	if o.Negatives > largestNegatives || o.Batch*o.Negatives > largestPairs {
		return fmt.Errorf("train: %w: %d negatives of %d answers are at most %d, and %d in all", ErrOptions, o.Negatives, o.Batch, largestNegatives, largestPairs)
	}
	for name, number := range map[string]float64{
		"rate": o.LearningRate, "relation rate": o.RelationRate, "initial scale": o.InitScale, "margin": o.Margin, "temperature": o.Temperature,
		"warm-up": o.Warmup, "N3": o.N3, "L2": o.L2, "DURA": o.Dura,
	} {
		if math.IsNaN(number) || math.IsInf(number, 0) {
			return fmt.Errorf("train: %w: %s %g must be a number", ErrOptions, name, number)
		}
	}
	if s := o.Start; s != nil && (s.Family.Name != o.Family || s.Dim != o.Dim || s.Reciprocal == o.NoReciprocal) {
		return fmt.Errorf("train: %w: a %s of dimension %d (reciprocal %v) cannot go on from a %s of dimension %d (reciprocal %v)",
			ErrOptions, o.Family, o.Dim, !o.NoReciprocal, s.Family.Name, s.Dim, s.Reciprocal)
	}
	if err := o.checkMemory(d); err != nil {
		return err
	}
	if !(o.LearningRate > 0) || !(o.InitScale > 0) || !(o.DecayTo >= 0 && o.DecayTo <= 1) {
		return fmt.Errorf("train: %w: rate %g and initial scale %g must be positive, decay %g in [0, 1]",
			ErrOptions, o.LearningRate, o.InitScale, o.DecayTo)
	}
	for name, share := range map[string]float64{"dropout": o.Dropout, "entity dropout": o.EntityDropout, "label smoothing": o.LabelSmoothing} {
		if !(share >= 0 && share < 1) {
			return fmt.Errorf("train: %w: %s %g must be in [0, 1)", ErrOptions, name, share)
		}
	}
	if !(o.RelationRate > 0) {
		return fmt.Errorf("train: %w: relation rate %g must be positive", ErrOptions, o.RelationRate)
	}
	if !(o.Warmup >= 0) || !(o.L2 >= 0) || !(o.Dura >= 0) || !(o.Temperature > 0) {
		return fmt.Errorf("train: %w: warm-up %g, l2 %g and dura %g must not be negative, temperature %g must be positive",
			ErrOptions, o.Warmup, o.L2, o.Dura, o.Temperature)
	}
	return nil
}

// Check returns ErrNoData when there is nothing to train on, ErrOptions when a triple names a row that the vocabulary
// has not.
func (d Data) Check() error {
	if d.Vocabulary == nil || len(d.Train) == 0 {
		return fmt.Errorf("train: %w", ErrNoData)
	}
	return checkRows(d)
}

// checkRows returns an error if a triple names a row that the vocabulary has not.
func checkRows(d Data) error {
	entities, relations := uint32(d.Vocabulary.Entities()), uint32(d.Vocabulary.Relations())
	for name, split := range map[string][]model.Triple{"train": d.Train, "valid": d.Valid, "test": d.Test} {
		for i, t := range split {
			if t.H >= entities || t.T >= entities || t.R >= relations {
				return fmt.Errorf("train: %w: %s triple %d (%d, %d, %d) is outside the vocabulary of %d entities and %d relations",
					ErrOptions, name, i, t.H, t.R, t.T, entities, relations)
			}
		}
	}
	return nil
}

// settings returns the options in words, for the model's metadata.
func (o Options) settings() map[string]string {
	s := map[string]string{
		"loss": string(o.Loss), "dim": fmt.Sprint(o.Dim), "batch": fmt.Sprint(o.Batch),
		"query_targets": fmt.Sprint(o.QueryTargets), "optimiser": string(o.Optimiser),
		"learning_rate": fmt.Sprint(o.LearningRate), "schedule": string(o.Schedule), "decay_to": fmt.Sprint(o.DecayTo),
		"n3": fmt.Sprint(o.N3), "init_scale": fmt.Sprint(o.InitScale), "epochs": fmt.Sprint(o.Epochs),
		"valid_every": fmt.Sprint(o.ValidEvery), "patience": fmt.Sprint(o.Patience),
		"reciprocal": fmt.Sprint(!o.NoReciprocal), "precision": string(o.Precision.used()),
	}
	for name, value := range map[string]float64{
		"relation_rate": o.RelationRate, "l2": o.L2, "dura": o.Dura, "dropout": o.Dropout, "entity_dropout": o.EntityDropout,
		"label_smoothing": o.LabelSmoothing, "warmup": o.Warmup,
	} {
		if value > 0 {
			s[name] = fmt.Sprint(value)
		}
	}
	o.CalibrationOptions.Settings(s)
	kind, _ := o.Loss.kind()
	if kind != dense && !o.Shared { // their products are float32
		s["precision"] = string(Float32)
	}
	if o.Shared {
		s["shared"] = "true"
	}
	if kind != dense {
		s["negatives"] = fmt.Sprint(o.Negatives)
	}
	if kind == paired {
		s["sampling"], s["filtered"], s["subsample"] = string(o.Sampling), fmt.Sprint(!o.Unfiltered), fmt.Sprint(o.Subsample)
		s["margin"], s["temperature"] = fmt.Sprint(o.Margin), fmt.Sprint(o.Temperature)
	}
	return s
}
