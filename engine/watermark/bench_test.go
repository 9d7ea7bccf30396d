package watermark

import (
	"context"
	"testing"
)

// BenchmarkSigns measures T1 alone on a table larger than the caches: signs, products and reading.
func BenchmarkSigns(b *testing.B) {
	table := gaussian(20_000, 1024, 1)
	s := newSource(graphKey(1).secrets[T1])
	words := make([]uint64, wordsFor(1024))
	b.SetBytes(int64(4 * len(table.Rows.Data)))
	sum := float32(0)
	for b.Loop() {
		for i := range table.Rows.Rows {
			s.signs(ofName, table.Names[i], words)
			sum += signedSum(table.Rows.Row(i), words)
		}
	}
}

// BenchmarkTest measures all three table channels for one key; the table's bytes are what is counted.
func BenchmarkTest(b *testing.B) {
	table := gaussian(20_000, 1024, 1)
	s, err := NewSuspect(context.Background(), table, 2)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(4 * len(table.Rows.Data)))
	for b.Loop() {
		if _, err := s.Test(context.Background(), []*GraphKey{graphKey(1)}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSuspect measures what needs no key: scale and whitening.
func BenchmarkSuspect(b *testing.B) {
	table := gaussian(20_000, 1024, 1)
	b.SetBytes(int64(4 * len(table.Rows.Data)))
	for b.Loop() {
		if _, err := NewSuspect(context.Background(), table, 2); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkApply measures marking.
func BenchmarkApply(b *testing.B) {
	table := gaussian(20_000, 1024, 1)
	scale := table.Scale()
	strength, _, err := Sizing{}.Strength(table, scale)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(4 * len(table.Rows.Data)))
	for b.Loop() {
		if _, err := (Mark{strength, scale}).Apply(context.Background(), graphKey(1), table, 2); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTriples measures a triple of the triple channel for one key, its digest at hand.
func BenchmarkTriples(b *testing.B) {
	list := facts(1000)
	test := graphKey(1).TripleTest(0)
	for b.Loop() {
		test.Add(list...)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(list)), "ns/triple")
}
