package train

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/model"
)

// planted returns a graph in which entities have hidden groups and each relation links a group to one other
// group, so that what is held out follows from what is stated. Symmetric relation 0 keeps DistMult in the game.
func planted(seed uint64) Data { return plantedGraph(seed, true) }

// plantedGraph leaves out the links from the last groups back to the first where it is not cyclic: a translation never
// comes back to where it began.
func plantedGraph(seed uint64, cyclic bool) Data {
	const groups, size, relations = 6, 8, 4
	random := rand.New(rand.NewPCG(seed, 0))
	var all []model.Triple
	for r := range uint32(relations) {
		for h := range uint32(groups * size) {
			to := (h/size + r) % groups
			if !cyclic && h/size+r >= groups {
				continue
			}
			for k := range uint32(size) {
				t := to*size + k
				if random.Float64() < 0.7 {
					all = append(all, model.Triple{H: h, R: r, T: t})
				}
			}
		}
	}
	d := HoldOut(all, 0.1, 0.1, seed)
	v, err := model.NewVocabulary(numbers(0, groups*size), numbers(groups*size, relations))
	if err != nil {
		panic(err)
	}
	d.Vocabulary = v
	return d
}

func testMRR(t *testing.T, d Data, e *model.Embedding) float64 {
	t.Helper()
	r, err := eval.Rank(context.Background(), e, d.Vocabulary.Entities(), d.Test, eval.NewKnown(d.Train, d.Valid, d.Test), eval.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r.MRR
}

// In the planted graph the held-out answers compete with about 2.4 others of the right group: an MRR near 0.6 is
// the best that can be reached, and 0.1 is what guessing gives.
func TestTrainersLearnAPlantedGraph(t *testing.T) {
	d := planted(1)
	for _, f := range model.Families {
		for _, l := range losses {
			o := Options{Family: f.Name, Loss: l.loss, Dim: 16, Batch: 32, Negatives: 24, Epochs: 60, Seed: 3, Workers: 2}
			d := d
			if f.Similarity != model.Dot {
				o.LearningRate, o.Margin = 0.3, 4
			}
			if strings.HasPrefix(f.Name, "trans") {
				d = plantedGraph(1, false)
			}
			if f.Name == "transr" { // row by row
				o.Dim, o.Negatives, o.Epochs = 8, 8, 40
			}
			if o.Defaults(d).checkLoss(f) != nil {
				continue
			}
			t.Run(f.Name+"/"+string(l.loss), func(t *testing.T) { checkLearning(t, d, o) })
			if o.Shared = true; l.loss == Softmax && o.Defaults(d).checkLoss(f) == nil {
				t.Run(f.Name+"/shared", func(t *testing.T) { checkLearning(t, d, o) })
			}
		}
	}
}

func checkLearning(t *testing.T, d Data, o Options) {
	e, err := Train(context.Background(), d, o)
	if err != nil {
		t.Fatal(err)
	}
	mrr := testMRR(t, d, e)
	t.Logf("test MRR %.3f after %d epochs, calibration %+v", mrr, e.Metadata.Epochs, e.Calibration)
	if mrr < 0.4 {
		t.Errorf("test MRR %.3f, at least 0.4 expected", mrr)
	}
	if !e.Calibration.Fitted() || e.Calibration.Slope <= 0 {
		t.Errorf("calibration %+v", e.Calibration)
	}
}

func TestSameSeedSameModelWhateverTheWorkers(t *testing.T) {
	d := planted(2)
	for _, family := range []string{"complex", "rotate-l2", "rotate", "transr", "rescal"} {
		for _, l := range losses {
			o := Options{
				Family: family, Loss: l.loss, Dim: 6, Batch: 50, Negatives: 10, Epochs: 3, Seed: 9, ValidEvery: 2,
				Dropout: 0.2, EntityDropout: 0.1, Sampling: Degree, Subsample: true,
			}
			if family == "transr" {
				o.Dropout, o.EntityDropout, o.Optimiser, o.Sampling, o.NoReciprocal = 0, 0, Adam, Hard, true
			}
			f, err := model.FamilyByName(family)
			if err != nil || o.Defaults(d).checkLoss(f) != nil {
				continue
			}
			t.Run(family+"/"+string(l.loss), func(t *testing.T) { checkSameModel(t, d, o) })
			if o.Shared = true; o.Defaults(d).checkLoss(f) == nil {
				t.Run(family+"/"+string(l.loss)+"/shared", func(t *testing.T) { checkSameModel(t, d, o) })
			}
		}
	}
}

// All of a crowded query's negatives may be its answers, and a rate may be absurd: neither ends in numbers that are none.
func TestNothingThatIsNoNumberIsPublished(t *testing.T) {
	v, err := model.NewVocabulary(numbers(0, 3), numbers(3, 1))
	if err != nil {
		t.Fatal(err)
	}
	d := Data{Vocabulary: v}
	for h := range uint32(3) {
		for o := range uint32(3) {
			d.Train = append(d.Train, model.Triple{H: h, T: o})
		}
	}
	for _, loss := range []Loss{Softmax, Margin, Logistic, SelfAdversarial} {
		for _, family := range []string{"complex", "transe"} {
			e, err := Train(context.Background(), d, Options{Family: family, Loss: loss, Shared: true, Dim: 4, Negatives: 2, Epochs: 3})
			if err != nil || !finite(e.Entities) || !finite(e.Relations) {
				t.Errorf("%s, %s: %v", family, loss, err)
			}
			if _, err := Train(context.Background(), d, Options{Family: family, Loss: loss, Dim: 4, LearningRate: 1e38, Optimiser: Adam, Epochs: 1}); !errors.Is(err, ErrDiverged) {
				t.Errorf("%s, %s at an absurd rate: %v", family, loss, err)
			}
		}
	}
}

func checkSameModel(t *testing.T, d Data, o Options) {
	var first *model.Embedding
	for _, workers := range []int{1, 1, 2, 3} {
		o.Workers = workers
		e, err := Train(context.Background(), d, o)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = e
		}
		if !slices.Equal(e.Entities, first.Entities) || !slices.Equal(e.Relations, first.Relations) || !e.Calibration.Equal(first.Calibration) {
			t.Errorf("%d workers: another model", workers)
		}
	}
	o.Seed++
	e, err := Train(context.Background(), d, o)
	if err != nil {
		t.Fatal(err)
	}
	if slices.Equal(e.Entities, first.Entities) {
		t.Error("another seed gives the same model")
	}
}

// What makes no sense together is refused with the reason, and every choice is one of its list.
func TestSettingsThatMakeNoSenseAreRefused(t *testing.T) {
	d := planted(2)
	for why, o := range map[string]Options{
		"no matrix product":        {Family: "transe-l1", Loss: AllEntities},
		"one half":                 {Family: "transe", Loss: KvsAll},
		"need an inner product":    {Family: "rotate-l2", Loss: SampledSoftmax},
		"smoothing spreads":        {Loss: Softmax, LabelSmoothing: 0.1},
		"bilinear models":          {Family: "transe", Dura: 0.1},
		"negatives of a batch":     {Family: "rotate", Loss: Softmax, Shared: true},
		"cannot be shared":         {Loss: Softmax, Shared: true, Sampling: Hard},
		"relation's space":         {Family: "transr", Dropout: 0.1},
		"is not offered there":     {Family: "transr", EntityDropout: 0.1},
		`loss "hinge"`:             {Loss: "hinge"},
		`sampling "all"`:           {Sampling: "all"},
		`optimiser "sgd"`:          {Optimiser: "sgd"},
		`schedule "step"`:          {Schedule: "step"},
		`precision "int4"`:         {Precision: "int4"},
		"label smoothing 1":        {LabelSmoothing: 1},
		"dropout -0.5":             {Dropout: -0.5},
		"entity dropout 1":         {EntityDropout: 1},
		"temperature -1":           {Temperature: -1},
		"relation rate -1":         {RelationRate: -1},
		"all answers of a query":   {Loss: KvsAll, QueryTargets: 1},
		"negatives of":             {Loss: Softmax, Negatives: 1 << 50},
		"that a training may take": {Family: "rescal", Dim: 16_000},
		"must be a number":         {N3: math.NaN()},
		"unknown model family":     {Family: "transh"},
		"batch 100000":             {Batch: 100_000},
	} {
		if _, err := Train(context.Background(), d, o); !(errors.Is(err, ErrOptions) || errors.Is(err, model.ErrUnknownFamily)) || !strings.Contains(err.Error(), why) {
			t.Errorf("%+v: %v, want %q", o, err, why)
		}
	}
}

func TestTrainKeepsTheBestEpochAndStops(t *testing.T) {
	d := planted(3)
	var seen []Progress
	e, err := Train(context.Background(), d, Options{
		Dim: 12, Batch: 40, Epochs: 200, ValidEvery: 1, Patience: 3, Seed: 4, LearningRate: 0.3,
		Progress: func(p Progress) { seen = append(seen, p) },
	})
	if err != nil {
		t.Fatal(err)
	}
	m := e.Metadata
	if m.Epochs == 200 || m.Epochs != m.BestEpoch+3 || len(m.Curve) != m.Epochs || len(e.Timing.Epochs) != m.Epochs {
		t.Errorf("%d epochs, best %d, %d points, %d times", m.Epochs, m.BestEpoch, len(m.Curve), len(e.Timing.Epochs))
	}
	r, err := eval.Rank(context.Background(), e, d.Vocabulary.Entities(), d.Valid, eval.NewKnown(d.Train, d.Valid, d.Test), eval.Options{})
	if err != nil || r.MRR != m.Metrics["valid_mrr"] || r.MRR != m.Curve[m.BestEpoch-1].ValidMRR {
		t.Errorf("the published tables reach %g, the best epoch %g, %v", r.MRR, m.Metrics["valid_mrr"], err)
	}
	if last := seen[len(seen)-1]; last.Epoch != m.Epochs || last.Batch != last.Batches || last.BestMRR != r.MRR {
		t.Errorf("last progress %+v", last)
	}
}

func TestTrainStopsWhenToldTo(t *testing.T) {
	d := planted(4)
	ctx, cancel := context.WithCancel(context.Background())
	_, err := Train(ctx, d, Options{Dim: 8, Epochs: 1000, Patience: -1, Progress: func(Progress) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	e, err := Train(context.Background(), d, Options{Dim: 8, Epochs: 1000, Budget: time.Nanosecond, ValidEvery: 7})
	if err != nil || e.Metadata.Epochs != 1 || e.Metadata.BestEpoch != 1 {
		t.Errorf("no time: %v, %+v", err, e)
	}
}

func TestTrainRefusesWhatMakesNoSense(t *testing.T) {
	d := planted(5)
	for name, o := range map[string]Options{
		"loss":  {Loss: "hinge"},
		"dim":   {Dim: -1},
		"rate":  {LearningRate: -1},
		"decay": {DecayTo: 2},
	} {
		if _, err := Train(context.Background(), d, o); !errors.Is(err, ErrOptions) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Train(context.Background(), d, Options{Family: "none"}); !errors.Is(err, model.ErrUnknownFamily) {
		t.Errorf("family: %v", err)
	}
	if _, err := Train(context.Background(), Data{Vocabulary: d.Vocabulary}, Options{}); !errors.Is(err, ErrNoData) {
		t.Errorf("no triples: %v", err)
	}
	bad := d
	bad.Valid = []model.Triple{{H: 0, R: 99, T: 0}}
	if _, err := Train(context.Background(), bad, Options{}); !errors.Is(err, ErrOptions) {
		t.Errorf("a row outside: %v", err)
	}
	if _, err := Train(context.Background(), d, Options{LearningRate: 1e38, Epochs: 3}); !errors.Is(err, ErrDiverged) {
		t.Errorf("a rate of 1e38: %v", err)
	}
}

func TestTrainWithoutValidation(t *testing.T) {
	d := planted(6)
	d.Train, d.Valid = append(d.Train, d.Valid...), nil
	e, err := Train(context.Background(), d, Options{Dim: 8, Epochs: 4})
	if err != nil || e.Metadata.Epochs != 4 || e.Metadata.BestEpoch != 0 || !e.Calibration.Fitted() {
		t.Errorf("%v, %+v", err, e)
	}
}

func TestPresetsAreMeasuredAndValid(t *testing.T) {
	d := planted(7)
	for _, p := range Presets {
		if p.Measured == "" {
			t.Errorf("preset %s has no measurement", p.Name)
		}
		o, err := PresetByName(p.Name)
		if err != nil {
			t.Fatal(err)
		}
		if err := o.Defaults(d).check(d); err != nil {
			t.Errorf("preset %s: %v", p.Name, err)
		}
	}
	if _, err := PresetByName("nonsense"); !errors.Is(err, ErrOptions) {
		t.Errorf("an unknown preset: %v", err)
	}
}

// UMLS: 5,216 triples, trained in about a second.
func TestTrainReachesKnownQualityOnUMLS(t *testing.T) {
	folder := filepath.Join("..", "..", "..", "shared", "data", "UMLS")
	if _, err := os.Stat(folder); err != nil {
		t.Skip("no ", folder)
	}
	d, err := ReadSplits(folder)
	if err != nil {
		t.Fatal(err)
	}
	e, err := Train(context.Background(), d, Options{Dim: 32, Epochs: 10, Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	if mrr := testMRR(t, d, e); mrr < 0.87 {
		t.Errorf("test MRR %.3f, at least 0.87 expected", mrr)
	}
}
