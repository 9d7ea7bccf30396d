package train

import (
	"strconv"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/model"
)

// OptionsOf returns the options that a model was trained with, as far as its metadata keeps them: what a training that
// is to resemble it starts from. Seed, workers and limits of time are left zero; so is all but the family of a model that was
// not trained here.
func OptionsOf(e *model.Embedding) Options {
	s := e.Metadata.Settings
	o := Options{Family: e.Family.Name, Loss: Loss(s["loss"]), Sampling: Sampling(s["sampling"]),
		Optimiser: Optimiser(s["optimiser"]), Schedule: Schedule(s["schedule"])}
	if s["precision"] == string(Float32) { // anything else is what the processor made of the fast one
		o.Precision = Float32
	}
	for name, to := range map[string]*int{
		"dim": &o.Dim, "batch": &o.Batch, "query_targets": &o.QueryTargets, "negatives": &o.Negatives, "epochs": &o.Epochs,
		"valid_every": &o.ValidEvery, "patience": &o.Patience,
	} {
		*to, _ = strconv.Atoi(s[name]) // what is missing or broken is chosen anew
	}
	for name, to := range map[string]*float64{
		"learning_rate": &o.LearningRate, "relation_rate": &o.RelationRate, "decay_to": &o.DecayTo, "warmup": &o.Warmup, "n3": &o.N3, "l2": &o.L2, "dura": &o.Dura,
		"dropout": &o.Dropout, "entity_dropout": &o.EntityDropout, "label_smoothing": &o.LabelSmoothing, "init_scale": &o.InitScale, "margin": &o.Margin, "temperature": &o.Temperature,
	} {
		*to, _ = strconv.ParseFloat(s[name], 64)
	}
	if s["n3"] == "0" {
		o.N3 = -1 // none; 0 would choose one
	}
	o.CalibrationOptions = CalibrationOptionsOf(e)
	o.NoReciprocal, o.Unfiltered = s["reciprocal"] == "false", s["filtered"] == "false"
	o.Shared, o.Subsample = s["shared"] == "true", s["subsample"] == "true"
	return o
}

// CalibrationOptionsOf returns the options that a model was calibrated with, as its metadata keeps them; the zero ones
// where it has words that are none of ours.
func CalibrationOptionsOf(e *model.Embedding) CalibrationOptions {
	s := e.Metadata.Settings
	o := CalibrationOptions{Calibration: Curve(s["calibration"]), Threshold: Scope(s["threshold"]), Objective: eval.Objective(s["objective"])}
	if o.Check() != nil {
		return CalibrationOptions{}
	}
	return o
}
