package main

import (
	"time"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/train"
)

// trainFlags are the trainer's settings on the command line; what is not given is the preset's or chosen by size.
type trainFlags struct {
	Loss           string        `group:"Training" placeholder:"LOSS" help:"1vsall, kvsall or sampled (over all or many entities); softmax, margin, logistic or selfadv (against negatives drawn for each triple)."`
	Dim            int           `group:"Training" placeholder:"N" help:"Numbers per embedding (complex, rotate: pairs)."`
	Epochs         int           `group:"Training" placeholder:"N" help:"Passes over the triples at most."`
	Batch          int           `group:"Training" placeholder:"N" help:"Questions per step."`
	Optimiser      string        `group:"Training" placeholder:"NAME" help:"adagrad or adam."`
	Rate           float64       `group:"Training" placeholder:"X" help:"Learning rate."`
	RelationRate   float64       `group:"Training" placeholder:"X" help:"Relations' rate as a multiple of the learning rate."`
	Schedule       string        `group:"Training" placeholder:"NAME" help:"How the rate falls: linear, cosine, constant or plateau."`
	DecayTo        float64       `group:"Training" placeholder:"SHARE" help:"Share of the rate that it falls to."`
	Warmup         float64       `group:"Training" placeholder:"N" help:"Epochs over which the rate rises."`
	N3             float64       `group:"Training" name:"n3" placeholder:"X" help:"Weight of the N3 penalty; negative: none."`
	L2             float64       `group:"Training" name:"l2" placeholder:"X" help:"Weight of the squared norm of a triple's rows."`
	Dura           float64       `group:"Training" placeholder:"X" help:"Weight of the DURA penalty."`
	Dropout        float64       `group:"Training" placeholder:"SHARE" help:"Share of a question's numbers dropped in training."`
	EntityDropout  float64       `group:"Training" placeholder:"SHARE" help:"The same of the question's entity, before the relation acts."`
	LabelSmoothing float64       `group:"Training" placeholder:"SHARE" help:"Share of an answer's weight that all entities get."`
	Negatives      int           `group:"Training" placeholder:"N" help:"Entities drawn, for each triple or (sampled) a step."`
	Sampling       string        `group:"Training" placeholder:"NAME" help:"How negatives are drawn: uniform, bernoulli, degree or hard."`
	Unfiltered     bool          `group:"Training" help:"Negatives may be stated triples."`
	Margin         float64       `group:"Training" placeholder:"X" help:"Margin of margin, logistic and selfadv."`
	Temperature    float64       `group:"Training" placeholder:"X" help:"Temperature of selfadv."`
	Shared         bool          `group:"Training" help:"Negatives are drawn once a step, for all its answers."`
	Subsample      bool          `group:"Training" help:"Triples of crowded questions weigh less."`
	NoReciprocal   bool          `group:"Training" help:"Heads are asked for by the relation itself, not by a reverse relation learnt beside it."`
	QueryTargets   int           `group:"Training" placeholder:"N" help:"Answers of one question learnt in one row at most; 1 is plain 1-vs-all."`
	InitScale      float64       `group:"Training" placeholder:"X" help:"Standard deviation of the rows at the start."`
	Precision      string        `group:"Training" placeholder:"NAME" help:"fast (bfloat16 products where the processor has tile registers) or float32."`
	ValidEvery     int           `group:"Training" placeholder:"N" help:"Epochs between validations."`
	Patience       int           `group:"Training" placeholder:"N" help:"Stop after so many validations without progress; negative: never."`
	Budget         time.Duration `group:"Training" placeholder:"TIME" help:"Stop after the epoch in which so much time has passed, such as 5m; of --auto: for all of it, without it by size, 2 minutes or more."`
	Calibration    string        `group:"Training" placeholder:"CURVE" help:"How scores become probabilities: platt (two parameters) or isotonic (any rising curve; wants some thousand held-out triples)."`
	Threshold      string        `group:"Training" placeholder:"SCOPE" help:"What counts as a fact: global (one threshold) or relation (relations have their own where the held-out triples say so)."`
	Objective      string        `group:"Training" placeholder:"NAME" help:"What the threshold is best by: f1 or accuracy."`
	Workers        int           `group:"Training" placeholder:"N" help:"Threads; without it all."`
}

// options returns the settings for a family.
func (f trainFlags) options(family string, seed uint64) train.Options {
	return train.Options{
		Family: family, Loss: train.Loss(f.Loss), Dim: f.Dim, Epochs: f.Epochs, Batch: f.Batch,
		Optimiser: train.Optimiser(f.Optimiser), LearningRate: f.Rate, RelationRate: f.RelationRate, Schedule: train.Schedule(f.Schedule), DecayTo: f.DecayTo, Warmup: f.Warmup,
		N3: f.N3, L2: f.L2, Dura: f.Dura, Dropout: f.Dropout, EntityDropout: f.EntityDropout, LabelSmoothing: f.LabelSmoothing,
		Negatives: f.Negatives, Sampling: train.Sampling(f.Sampling), Unfiltered: f.Unfiltered, Margin: f.Margin, Temperature: f.Temperature,
		Shared: f.Shared, Subsample: f.Subsample, NoReciprocal: f.NoReciprocal, QueryTargets: f.QueryTargets, InitScale: f.InitScale,
		Precision: train.Precision(f.Precision), ValidEvery: f.ValidEvery, Patience: f.Patience, Budget: f.Budget,
		CalibrationOptions: train.CalibrationOptions{Calibration: train.Curve(f.Calibration), Threshold: train.Scope(f.Threshold), Objective: eval.Objective(f.Objective)}, Workers: f.Workers, Seed: seed,
	}
}
