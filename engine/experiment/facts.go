package experiment

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"time"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/factor"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
)

// FactOptions of Facts.
type FactOptions struct {
	Folder      string          // of a benchmark
	Protocol    Protocol        // "" means the first that the folder has files for, in the order of Protocols
	Models      []string        // names that Trainers know; none means DefaultFactModels
	Folds       int             // 0 means 5; published and labelled sets have at most their own
	PerRelation int             // facts a relation of a uniform sample; 0 means the source's: see perRelation
	Seed        uint64          // of samples and trainings
	Workers     int             // goroutines of a training; 0 means 1
	Refit       bool            // train again on the validation facts as well, once they have chosen calibration and threshold
	Subjects    []int           // shares of the subjects that are kept, in percent; none means 100
	Base        train.Options   // what is given goes before a model's settings for the set
	Factor      factor.Settings // likewise, of factorizations
	// Step is called before each training, with how many there are; may be nil. Progress is the training's.
	Step     func(model string, fold, done, total int)
	Progress func(train.Progress)
}

// FactResult is what one model made of the folds of one set.
type FactResult struct {
	Set       string     `json:"set"`
	Protocol  Protocol   `json:"protocol"`
	Model     string     `json:"model"`
	Seed      uint64     `json:"seed"`
	Subjects  int        `json:"subjects"` // percent
	Triples   int        `json:"triples"`  // of the graph, all that are stated
	Density   float64    `json:"density"`  // triples over entities²
	Settings  string     `json:"settings"`
	Doubtful  int        `json:"doubtful"` // facts of all folds that were drawn as false and are true
	Folds     []FactFold `json:"folds"`
	Mean      Averages   `json:"mean"`
	Spread    Averages   `json:"spread"` // standard deviation over the folds; 0 for one
	Certain   *Averages  `json:"certain,omitempty"`
	Relations []FactsOf  `json:"relations"`
}

// FactFold is one fold's figures.
type FactFold struct {
	eval.Classification
	Threshold  float64 `json:"threshold"` // probability
	Seconds    float64 `json:"seconds"`   // of training
	Iterations int     `json:"iterations"`
}

// FactsOf is the mean over folds of one relation's figures.
type FactsOf struct {
	Relation string `json:"relation"`
	Averages
}

// Averages are means of figures over folds, or their spread.
type Averages struct {
	Facts      float64 `json:"facts"`
	StepPRArea float64 `json:"step_pr_auc"` // the source's AUC
	AUC        float64 `json:"roc_auc"`
	AP         float64 `json:"ap"`
	F1         float64 `json:"f1_micro"`
	MacroF1    float64 `json:"f1_macro"`
	Accuracy   float64 `json:"accuracy"`
	Precision  float64 `json:"precision"`
	Recall     float64 `json:"recall"`
	Seconds    float64 `json:"seconds"`
}

// averages sets what a fold's figures add to averages.
func averages(c eval.Classification, seconds float64) Averages {
	return Averages{float64(c.Samples), c.StepPRArea, c.AUC, c.AP, c.F1, c.MacroF1, c.Accuracy, c.Precision, c.Recall, seconds}
}

func (a *Averages) fields() []*float64 {
	return []*float64{&a.Facts, &a.StepPRArea, &a.AUC, &a.AP, &a.F1, &a.MacroF1, &a.Accuracy, &a.Precision, &a.Recall, &a.Seconds}
}

// meanAndSpread returns the mean of figures and their standard deviation.
func meanAndSpread(all []Averages) (mean, spread Averages) {
	m, s := mean.fields(), spread.fields()
	for i := range m {
		for _, a := range all {
			*m[i] += *a.fields()[i] / float64(len(all))
		}
		for _, a := range all {
			*s[i] += math.Pow(*a.fields()[i]-*m[i], 2)
		}
		*s[i] = math.Sqrt(*s[i] / float64(max(1, len(all)-1)))
	}
	return mean, spread
}

// Facts trains each model with the facts of each fold masked, and measures how well it tells them. A part of the facts
// that it may see, drawn like those of the test, chooses the calibration and the threshold. Results come by share of
// subjects and then by model; that of a constant, first, is what the figures are beside.
func Facts(ctx context.Context, o FactOptions) ([]FactResult, error) {
	set, err := readFactSet(o.Folder)
	if err != nil {
		return nil, fmt.Errorf("experiment: facts: %w", err)
	}
	if o.Protocol == "" {
		o.Protocol = set.protocol()
	}
	setDefault(&o.Folds, 5)
	setDefault(&o.PerRelation, perRelation(set.name))
	if len(o.Models) == 0 {
		o.Models = DefaultFactModels
	}
	if len(o.Subjects) == 0 {
		o.Subjects = []int{100}
	}
	for _, name := range o.Models {
		if _, err := trainerOf(name); err != nil {
			return nil, fmt.Errorf("experiment: facts: %w", err)
		}
	}
	var results []FactResult
	total := len(o.Subjects) * len(o.Models) * o.Folds
	for i, percent := range o.Subjects {
		smaller, err := set.reduced(percent, o.Seed)
		if err != nil {
			return nil, fmt.Errorf("experiment: facts: %w", err)
		}
		folds, err := smaller.problems(o)
		if err != nil {
			return nil, fmt.Errorf("experiment: facts: %s: %w", set.name, err)
		}
		for j, name := range append([]string{constant}, o.Models...) {
			r := factRun{set: smaller, options: o, model: name, done: (i*len(o.Models) + j - 1) * o.Folds, total: total}
			result, err := r.run(ctx, folds)
			if err != nil {
				return nil, fmt.Errorf("experiment: facts: %s on %s: %w", name, set.name, err)
			}
			results = append(results, result)
		}
	}
	return results, nil
}

func setDefault[T comparable](p *T, value T) {
	var zero T
	if *p == zero {
		*p = value
	}
}

// factRun is one model on the folds of a set.
type factRun struct {
	set         *factSet
	options     FactOptions
	model       string
	done, total int
	byRelation  map[uint32][]Averages
	certain     []Averages
}

func (r *factRun) run(ctx context.Context, folds []problem) (FactResult, error) {
	out := FactResult{Set: r.set.name, Protocol: r.options.Protocol, Model: r.model, Seed: r.options.Seed, Subjects: r.set.percent,
		Triples: len(r.set.graph), Density: r.set.density()}
	r.byRelation = map[uint32][]Averages{}
	var all []Averages
	var f fitted
	for i, p := range folds {
		if i == 0 || !p.sameTraining(folds[i-1]) {
			if r.options.Step != nil && r.model != constant {
				r.options.Step(r.model, i+1, r.done+i, r.total)
			}
			var err error
			if f, err = r.fit(ctx, p); err != nil {
				return out, err
			}
			out.Settings = f.settings
		}
		fold := FactFold{Classification: r.measure(p, f), Threshold: f.calibration.Threshold, Seconds: f.seconds}
		if f.embedding != nil {
			fold.Iterations = f.embedding.Metadata.Epochs
		}
		out.Folds = append(out.Folds, fold)
		all = append(all, averages(fold.Classification, f.seconds))
		for _, x := range p.test {
			if x.Doubtful {
				out.Doubtful++
			}
		}
	}
	out.Mean, out.Spread = meanAndSpread(all)
	if out.Doubtful > 0 {
		mean, _ := meanAndSpread(r.certain)
		out.Certain = &mean
	}
	out.Relations = r.relations()
	return out, nil
}

// train returns a model of a fold's training facts; nil for the constant.
func (r *factRun) train(ctx context.Context, p problem) (*model.Embedding, string, error) {
	if r.model == constant {
		return nil, "", nil
	}
	trainer, err := trainerOf(r.model)
	if err != nil {
		return nil, "", err
	}
	o := r.options.Base
	o.Seed, o.Workers, o.Progress = r.options.Seed, r.options.Workers, r.options.Progress
	d := train.Data{Vocabulary: r.set.vocabulary, Train: p.train, Valid: eval.Truths(p.valid)}
	return trainer(ctx, r.set.name, d, o, r.options.Factor)
}

// fitted is a trained model with what its validation facts chose. The embedding of the constant is nil.
type fitted struct {
	embedding   *model.Embedding
	settings    string
	calibration model.Calibration
	seconds     float64
}

func (f fitted) score(h, r, t uint32) float32 {
	if f.embedding == nil {
		return 0
	}
	return f.embedding.Score(h, r, t)
}

// fit trains on a fold's training facts and calibrates on its validation facts; on both, then, where a refit is asked
// for.
func (r *factRun) fit(ctx context.Context, p problem) (f fitted, err error) {
	start := time.Now()
	if f.embedding, f.settings, err = r.train(ctx, p); err != nil {
		return f, err
	}
	f.calibration = r.options.Base.CalibrationOptions.Fit(eval.FactSamples(p.valid, f.score, false))
	if r.options.Refit {
		f.embedding, f.settings, err = r.train(ctx, problem{train: slices.Concat(p.train, eval.Truths(p.valid))})
	}
	f.seconds = time.Since(start).Seconds()
	return f, err
}

// measure tells the facts of a fold's test.
func (r *factRun) measure(p problem, f fitted) eval.Classification {
	classify := func(certain bool) (eval.Classification, []eval.Sample) {
		raw := eval.FactSamples(p.test, f.score, certain)
		told := slices.Clone(raw)
		for i := range told {
			told[i].Score = f.calibration.Prob(float32(raw[i].Score))
		}
		c := eval.Classify(told, f.calibration.ThresholdOf)
		c.AUC, c.AP = eval.AUC(raw), eval.AveragePrecision(raw) // no probability is so fine as the score
		return c, told
	}
	whole, told := classify(false)
	certain, _ := classify(true)
	r.certain = append(r.certain, averages(certain, 0))
	for _, c := range eval.ClassifyByRelation(told, f.calibration.ThresholdOf) {
		r.byRelation[c.Relation] = append(r.byRelation[c.Relation], averages(c.Classification, 0))
	}
	return whole
}

// relations returns the means by relation, in the order of rows.
func (r *factRun) relations() (list []FactsOf) {
	for row, name := range r.set.relations {
		if all := r.byRelation[uint32(row)]; len(all) > 0 {
			mean, _ := meanAndSpread(all)
			list = append(list, FactsOf{Relation: name, Averages: mean})
		}
	}
	return list
}

// constant is the model that scores everything alike.
const constant = "constant"

// nameOf returns the name of a benchmark's folder.
func nameOf(folder string) string { return filepath.Base(filepath.Clean(folder)) }
