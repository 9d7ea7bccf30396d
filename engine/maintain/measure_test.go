package maintain

import (
	"context"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
)

// BenchmarkHeldOut adds held-out triples one commit at a time and reports the time of a commit and the MRR of
// those triples and of the rest of the test split, before and after. INKLING_DATA names the data set (CoDEx-S),
// INKLING_CACHE a file that keeps the trained model between runs.
func BenchmarkHeldOut(b *testing.B) {
	name := os.Getenv("INKLING_DATA")
	if name == "" {
		name = "CoDEx-S"
	}
	d, err := train.ReadSplits(shared(b, name))
	if err != nil {
		b.Fatal(err)
	}
	o := train.Options{Dim: 100, Epochs: 30, N3: 0.05, Seed: 1, Workers: 2, ValidEvery: 5, Batch: 256}
	if len(d.Train) > 100_000 { // two minutes instead of ten; a few thousandths of MRR less
		o.Epochs, o.LearningRate, o.DecayTo = 5, 0.2, 0.05
	}
	w := newWorld(b, d, cachedModel(b, d, o))
	added, rest := d.Test[:1000], d.Test[1000:]
	rest = rest[:min(len(rest), 2000)]
	for b.Loop() {
		f := w.follow(Options{Seed: 1})
		before := f.Embedding()
		var times []time.Duration
		for _, t := range added {
			c := w.write(nil, append(added[:0:0], t))
			start := time.Now()
			w.apply(f, c)
			times = append(times, time.Since(start))
		}
		slices.Sort(times)
		after := f.Embedding()
		ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
		b.ReportMetric(ms(times[len(times)/2]), "ms/commit-p50")
		b.ReportMetric(ms(times[len(times)*99/100]), "ms/commit-p99")
		b.ReportMetric(w.mrr(before, added), "MRR-added-before")
		b.ReportMetric(w.mrr(after, added), "MRR-added-after")
		b.ReportMetric(w.mrr(before, rest), "MRR-rest-before")
		b.ReportMetric(w.mrr(after, rest), "MRR-rest-after")
		b.ReportMetric(w.mrr(before, d.Train[:2000]), "MRR-train-before")
		b.ReportMetric(w.mrr(after, d.Train[:2000]), "MRR-train-after")
		s := f.Status()
		b.ReportMetric(s.Drift, "drift")
		b.Logf("%+v", s)
	}
}

// cachedModel trains, or reads the model that an earlier run trained.
func cachedModel(b *testing.B, d train.Data, o train.Options) *model.Embedding {
	path := os.Getenv("INKLING_CACHE")
	if e, err := model.Load(path); err == nil {
		return e
	}
	e, err := train.Train(context.Background(), d, o)
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
