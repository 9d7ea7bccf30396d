package train

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/model"
)

// benchGraph has FB15k-237's counts and random triples.
func benchGraph(b *testing.B) Data {
	b.Helper()
	const entities, relations, triples = 14_541, 237, 60_000
	v, err := model.NewVocabulary(numbers(0, entities), numbers(entities, relations))
	if err != nil {
		b.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 1))
	d := Data{Vocabulary: v}
	for range triples {
		d.Train = append(d.Train, model.Triple{H: random.Uint32N(entities), R: random.Uint32N(relations), T: random.Uint32N(entities)})
	}
	return d
}

// BenchmarkStep is one optimiser step of ComplEx rank 100 over FB15k-237's entities: 256 queries, 4.5 GFLOP of
// matrix products.
func BenchmarkStep(b *testing.B) {
	d := benchGraph(b)
	for name, o := range map[string]Options{
		"all/256":      {Dim: 100, Batch: 256, Workers: 2, Loss: AllEntities},
		"all/1024":     {Dim: 100, Batch: 1024, Workers: 2, Loss: AllEntities},
		"sampled/1024": {Dim: 100, Batch: 1024, Negatives: 1024, Workers: 2, Loss: SampledSoftmax},
	} {
		b.Run(name, func(b *testing.B) {
			o := o.Defaults(d)
			t := newTrainer(d, o, model.Families[0])
			groups := t.groups[:o.Batch]
			t.objective.step(groups, 0.1)
			for b.Loop() {
				t.objective.step(groups, 0.1)
			}
			b.ReportMetric(float64(o.Batch)*float64(b.N)/b.Elapsed().Seconds(), "queries/s")
		})
	}
}

// BenchmarkNegatives is one step of negative sampling at the size that PyTorch's reference code was measured with: 1,024
// answers, 256 negatives each, dimension 200, FB15k-237's entities, self-adversarial loss, Adam.
func BenchmarkNegatives(b *testing.B) {
	d := benchGraph(b)
	for _, family := range []string{"transe", "transe-l1", "distmult", "complex", "rotate"} {
		b.Run(family, func(b *testing.B) {
			o := Options{
				Family: family, Loss: SelfAdversarial, Dim: 200, Batch: 1024, Negatives: 256, Optimiser: Adam, Margin: 9, Workers: 2, N3: -1,
			}.Defaults(d)
			f, err := model.FamilyByName(family)
			if err != nil {
				b.Fatal(err)
			}
			t := newTrainer(d, o, f)
			t.objective.step(t.groups[:o.Batch], 1e-3)
			for b.Loop() {
				t.objective.step(t.groups[:o.Batch], 1e-3)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "steps/s")
		})
	}
}

// BenchmarkRank ranks 10,000 triples at both ends among 14,541 entities, ComplEx rank 100.
func BenchmarkRank(b *testing.B) {
	d := benchGraph(b)
	p := newParameters(model.Families[0], Options{Dim: 100}, d.Vocabulary)
	p.initialise(1, rand.New(rand.NewPCG(1, 1)))
	e := &model.Embedding{Tables: p.Tables}
	known := eval.NewKnown(d.Train)
	for b.Loop() {
		if _, err := eval.Rank(context.Background(), e, d.entities(), d.Train[:10_000], known, eval.Options{Workers: 2}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(20_000*float64(b.N)/b.Elapsed().Seconds(), "queries/s")
}
