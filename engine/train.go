package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/factor"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/engine/tune"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// defaultHoldOut is the share of triples held out for early stopping, calibration and metrics.
const defaultHoldOut = 0.1

// Train trains a model on the graph as it is now, measures and calibrates it on held-out triples, saves and
// publishes it. Queries go on meanwhile; commits made during training are applied to it afterwards.
func (db *DB) Train(ctx context.Context, r TrainRequest) (ModelInfo, error) {
	r, err := r.complete()
	if err != nil {
		return ModelInfo{}, fmt.Errorf("engine: train: %w: %w", ErrBadInput, err)
	}
	if r.HoldOut < 0 || r.HoldOut > 0.5 {
		return ModelInfo{}, fmt.Errorf("engine: train: %w: the held-out share %g must be from 0 to 0.5", ErrBadInput, r.HoldOut)
	}
	if err := checkTarget(r.Name, r.Graph); err != nil {
		return ModelInfo{}, fmt.Errorf("engine: train: %w", err)
	}
	if err := db.models.begin(r.Name, r.Replace); err != nil {
		return ModelInfo{}, fmt.Errorf("engine: train: %w", err)
	}
	defer db.models.end(r.Name)
	job := trainJob{db: db, request: r, started: time.Now()}
	info, err := job.run(ctx)
	if err != nil {
		return ModelInfo{}, fmt.Errorf("engine: train %s: %w", r.Name, err)
	}
	return info, nil
}

// complete returns the request with the preset's settings and the names of family and model filled in.
func (r TrainRequest) complete() (TrainRequest, error) {
	if r.Auto && r.Preset != "" {
		return r, fmt.Errorf("a preset fixes what a search would choose: take %s or the search, not both", r.Preset)
	}
	if !r.Auto && len(r.Rungs) > 0 {
		return r, fmt.Errorf("rungs are of a search: ask for one (auto)")
	}
	r, err := r.withPreset()
	if err != nil {
		return r, err
	}
	if m, ok := factor.MethodByName(r.Family); ok {
		return r.factorization(m)
	}
	if err := r.Settings.CheckUnused(cmp.Or(r.Family, model.Families[0].Name)); err != nil {
		return r, err
	}
	if r.SimilarityFile != "" {
		return r, fmt.Errorf("%w: a similarity of relations is for factorizations: name one as the model", train.ErrOptions)
	}
	if r.Family == "" && r.Auto {
		r.Name = cmp.Or(r.Name, autoName)
		return r, nil
	}
	family, err := model.FamilyByName(cmp.Or(r.Family, model.Families[0].Name))
	if err != nil {
		return r, fmt.Errorf("%w; or a factorization: %s", err, factor.MethodNames())
	}
	r.Family = family.Name
	r.Name = cmp.Or(r.Name, family.Name)
	return r, nil
}

// autoName is the name of a model whose family a search chooses: the name is claimed before.
const autoName = "auto"

// checkTarget returns an error unless a model can have that name and be of that graph.
func checkTarget(name string, graph rdf.Term) error {
	if k := graph.Kind; k != rdf.None && k != rdf.IRI {
		return fmt.Errorf("%w: the graph %v has no IRI by which its model could find it again", ErrBadInput, graph)
	}
	if n := len(fileOf(name)); n > maxModelFile {
		return fmt.Errorf("%w: the model's name makes a file name of %d bytes, at most %d: shorten it", ErrBadInput, n, maxModelFile)
	}
	return nil
}

// maxModelFile bounds the name of a checkpoint's file, so that file systems take it with what its journal adds.
const maxModelFile = 200

// begin claims a name for a training, or for dropping its model.
func (r *registry) begin(name string, replace bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.training[name] {
		return fmt.Errorf("model %q is being trained or dropped already", name)
	}
	if r.byName[name] != nil && !replace {
		return fmt.Errorf("%w: %q; choose another name or replace it", ErrModelExists, name)
	}
	if r.training == nil {
		r.training = map[string]bool{}
	}
	r.training[name] = true
	return nil
}

func (r *registry) end(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.training, name)
}

// trainJob is one training under way.
type trainJob struct {
	db      *DB
	request TrainRequest
	started time.Time
	graph   store.TermID
	data    train.Data
	unknown int // test triples that the graph has no rows for
	best    float64

	similarity *mat.SymDense // the user's own, of a factorization; nil otherwise
}

func (j *trainJob) run(ctx context.Context) (ModelInfo, error) {
	version, err := j.read(ctx)
	if err != nil {
		return ModelInfo{}, err
	}
	e, err := j.fit(ctx)
	if errors.Is(err, train.ErrOptions) || errors.Is(err, train.ErrNoData) || errors.Is(err, tune.ErrNoValidation) {
		return ModelInfo{}, fmt.Errorf("%w: %w", ErrBadInput, err)
	}
	if err != nil {
		return ModelInfo{}, err
	}
	e.Metadata.Name, e.Metadata.DataVersion = j.request.Name, version
	if j.request.Graph.Value != "" {
		e.Metadata.Graph = j.request.Graph.Value
	}
	if err := j.measure(ctx, e); err != nil {
		return ModelInfo{}, err
	}
	j.tell(TrainProgress{Phase: "saving", Done: 1})
	m := &served{name: j.request.Name, graph: j.request.Graph, id: j.graph, fixed: e}
	if err := j.db.addModel(ctx, m); err != nil {
		return ModelInfo{}, err
	}
	j.settle(ctx, m)
	return j.db.Model(j.request.Name)
}

// settleTime is how long a finished training waits for its model to follow what was committed meanwhile, so that its
// card shows it up to date in the usual case; a long backlog goes on in the background.
const settleTime = 2 * time.Second

func (j *trainJob) settle(ctx context.Context, m *served) {
	if m.keeper == nil {
		return
	}
	short, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	_ = m.keeper.wait(short, j.db.Version()) // what is missing shows as lag
}

// read takes the graph, splits it and returns the version it was read at.
func (j *trainJob) read(ctx context.Context) (store.Version, error) {
	j.tell(TrainProgress{Phase: "reading"})
	v, err := j.db.store.View()
	if err != nil {
		return 0, err
	}
	defer v.Close()
	if j.graph, err = graphID(v, j.request.Graph); err != nil {
		return 0, err
	}
	d, err := readDataset(ctx, v, j.graph)
	if err != nil {
		return 0, err
	}
	share := j.request.HoldOut
	if share == 0 {
		share = defaultHoldOut
	}
	valid, test := share/2, share/2
	if len(j.request.Test) > 0 {
		valid, test = share, 0
	}
	if len(j.request.Valid) > 0 {
		valid = 0
	}
	j.data = train.HoldOut(d.triples, valid, test, j.request.Seed)
	j.data.Vocabulary = d.vocabulary
	if len(j.request.Test) > 0 {
		if j.data.Test, j.unknown, err = triplesOf(ctx, v, d.vocabulary, j.request.Test); err != nil {
			return 0, err
		}
	}
	if len(j.request.Valid) > 0 {
		if j.data.Valid, _, err = triplesOf(ctx, v, d.vocabulary, j.request.Valid); err != nil {
			return 0, err
		}
	}
	j.dropHeldOut()
	if j.request.SimilarityFile != "" {
		if j.similarity, err = relationSimilarity(v, d.vocabulary, j.request.SimilarityFile); err != nil {
			return 0, err
		}
	}
	return v.Version(), nil
}

// dropHeldOut keeps the parts apart where files are stated and the graph holds their triples: those leave what is
// learnt, and a test file's what calibrates, or a validation file's what is measured on.
func (j *trainJob) dropHeldOut() {
	stated, other := &j.data.Test, &j.data.Valid
	switch {
	case len(j.request.Test) > 0:
	case len(j.request.Valid) > 0:
		stated, other = other, stated
	default:
		return
	}
	*other = without(*other, *stated)
	j.data.Train = without(without(j.data.Train, *stated), *other)
}

// without returns the triples that are not among others.
func without(triples, others []model.Triple) []model.Triple {
	gone := make(map[model.Triple]bool, len(others))
	for _, t := range others {
		gone[t] = true
	}
	return slices.DeleteFunc(triples, func(t model.Triple) bool { return gone[t] })
}

// options returns the trainer's settings. What is still zero the trainer chooses by size.
func (j *trainJob) options() train.Options {
	o := j.request.Options
	o.Progress = j.progress
	if all := runtime.GOMAXPROCS(0); o.Workers < 1 || o.Workers > all { // more would only take memory; the model is the same
		o.Workers = all
	}
	return o
}

// fit trains with the settings asked for, or searches for some.
func (j *trainJob) fit(ctx context.Context) (*model.Embedding, error) {
	if _, ok := factor.MethodByName(j.request.Family); ok {
		return j.factorize(ctx)
	}
	if !j.request.Auto {
		return train.Train(ctx, j.data, j.options())
	}
	j.tell(TrainProgress{Phase: phaseSearching})
	e, _, err := tune.Search(ctx, j.data, tune.Options{Base: j.options(), Rungs: j.request.Rungs, Progress: j.searching})
	return e, err
}

// phaseSearching is the phase of a search until its final training.
const phaseSearching = "searching"

func (j *trainJob) searching(p tune.Progress) {
	j.best = max(j.best, p.BestMRR)
	if p.Final() {
		j.progress(p.Training)
		return
	}
	j.tell(TrainProgress{Phase: phaseSearching, Done: p.Done, MRR: p.BestMRR,
		Step: fmt.Sprintf("rung %d/%d, trial %d/%d: %s", p.Rung, p.Rungs, p.Trial, p.Trials, p.Candidate)})
}

func (j *trainJob) progress(p train.Progress) {
	j.best = max(j.best, p.BestMRR)
	done := (float64(p.Epoch-1) + float64(p.Batch)/float64(max(1, p.Batches))) / float64(max(1, p.Epochs))
	t := TrainProgress{Phase: "training", Epoch: p.Epoch, Epochs: p.Epochs, Done: done, Loss: p.Loss, MRR: p.ValidMRR}
	if done > 0 {
		t.Remaining = time.Duration(float64(p.Elapsed) * (1 - done) / done)
	}
	j.tell(t)
}

func (j *trainJob) tell(p TrainProgress) {
	if j.request.Progress != nil {
		j.request.Progress(p)
	}
}

// measure ranks and classifies the test triples and keeps the figures in the model's metadata.
func (j *trainJob) measure(ctx context.Context, e *model.Embedding) error {
	if len(j.data.Test) == 0 {
		return nil
	}
	known := eval.NewKnown(j.data.Train, j.data.Valid, j.data.Test)
	x := examiner{embedding: e, known: known, workers: j.options().Workers, byRelation: true, progress: func(done, total int) {
		j.tell(TrainProgress{Phase: "evaluating", Done: float64(done) / float64(total), MRR: j.best})
	}}
	all, report, err := x.examine(ctx, j.data.Test, j.unknown)
	if err != nil {
		return err
	}
	figures := maps.Clone(e.Metadata.Metrics)
	if figures == nil {
		figures = map[string]float64{}
	}
	all.store(figures)
	e.Metadata.Metrics, e.Metadata.HeldOut = figures, heldOutOf(report, e.Vocabulary.Entities(), j.unknown)
	return nil
}

// checkFiles returns an error unless all files are there.
func checkFiles(paths []string) error {
	for _, p := range paths {
		if _, err := os.Stat(p); err != nil {
			return fmt.Errorf("%w: %w", ErrBadInput, err)
		}
	}
	return nil
}
