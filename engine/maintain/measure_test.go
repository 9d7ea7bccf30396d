package maintain

import (
	"context"
	"os"
	"testing"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
)

// BenchmarkMeasure reports Measure's figures on the data set that INKLING_DATA names (CoDEx-S); INKLING_CACHE is a
// file that keeps the trained model between runs.
func BenchmarkMeasure(b *testing.B) {
	name := os.Getenv("INKLING_DATA")
	if name == "" {
		name = "CoDEx-S"
	}
	o := MeasureOptions{Folder: shared(b, name), Maintain: Options{Seed: 1}}
	o.Train = train.Options{Dim: 100, Epochs: 30, N3: 0.05, Seed: 1, Workers: 2, ValidEvery: 5, Batch: 256}
	if name == "FB15k-237" { // two minutes instead of ten; a few thousandths of MRR less
		o.Train.Epochs, o.Train.LearningRate, o.Train.DecayTo = 5, 0.2, 0.05
	}
	o.Model = cachedModel(b, o)
	for b.Loop() {
		m, err := Measure(context.Background(), o)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(m.P50.Microseconds())/1000, "ms/commit-p50")
		b.ReportMetric(float64(m.P99.Microseconds())/1000, "ms/commit-p99")
		b.ReportMetric(m.Added.After, "MRR-added")
		b.ReportMetric(m.Rest.After, "MRR-rest")
		b.Logf("\n%v", m)
	}
}

// cachedModel trains, or reads the model that an earlier run trained.
func cachedModel(b testing.TB, o MeasureOptions) *model.Embedding {
	path := os.Getenv("INKLING_CACHE")
	if e, err := model.Load(path); err == nil {
		return e
	}
	d, err := train.ReadSplits(o.Folder)
	if err != nil {
		b.Fatal(err)
	}
	e, err := train.Train(context.Background(), d, o.Train)
	if err != nil {
		b.Fatal(err)
	}
	if path != "" {
		if err := e.Save(path); err != nil {
			b.Fatal(err)
		}
	}
	return e
}

// TestMeasure runs the measurement on a small data set.
func TestMeasure(t *testing.T) {
	o := MeasureOptions{Folder: shared(t, "UMLS"), Commits: 15, Removals: 10, Rest: 200, Retrain: true}
	o.Train = train.Options{Dim: 16, Epochs: 4, Seed: 1, Workers: 2}
	m, err := Measure(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	if m.Commits != 15 || m.Added.After <= m.Added.Before || m.FactsNow >= m.FactsBefore || m.Added.Retrained == 0 {
		t.Errorf("\n%v", m)
	}
}
