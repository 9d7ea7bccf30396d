package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/inklingdb/inkling/store/rdf"
)

// benchStore returns a store of 500,000 triples, with a delta of the last few when asked for.
func benchStore(b *testing.B, recent int) (*View, []Triple) {
	b.Helper()
	s := mustOpen(b, b.TempDir(), Options{FoldFraction: -1})
	quads := powerQuads(500_000)
	importAll(b, s, quads[:len(quads)-recent])
	for i := len(quads) - recent; i < len(quads); i += 1000 {
		if _, err := s.Write(context.Background(), Batch{Add: quads[i:min(i+1000, len(quads))]}); err != nil {
			b.Fatal(err)
		}
	}
	v, err := s.View()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(v.Close)
	return v, scanAll(b, v, 0, Pattern{}, SPO)
}

func benchRead(b *testing.B, fn func(b *testing.B, v *View, triples []Triple)) {
	for _, recent := range []int{0, 10_000} {
		b.Run(fmt.Sprint("recent=", recent), func(b *testing.B) {
			v, triples := benchStore(b, recent)
			r := rand.New(rand.NewPCG(1, 1))
			r.Shuffle(len(triples), func(i, j int) { triples[i], triples[j] = triples[j], triples[i] })
			b.ReportAllocs()
			b.ResetTimer()
			fn(b, v, triples)
		})
	}
}

func BenchmarkHas(b *testing.B) {
	benchRead(b, func(b *testing.B, v *View, triples []Triple) {
		for i := range b.N {
			if has, err := v.Has(0, triples[i%len(triples)]); !has || err != nil {
				b.Fatal(has, err)
			}
		}
	})
}

func BenchmarkSubjectScan(b *testing.B) {
	benchRead(b, func(b *testing.B, v *View, triples []Triple) {
		buffer := make([]Triple, 64)
		for i := range b.N {
			c, err := v.Scan(0, Pattern{S: triples[i%len(triples)].S}, Any)
			if err != nil {
				b.Fatal(err)
			}
			if n, err := c.Next(buffer); n == 0 || err != nil {
				b.Fatal(n, err)
			}
			c.Close()
		}
	})
}

func BenchmarkFullScan(b *testing.B) {
	benchRead(b, func(b *testing.B, v *View, triples []Triple) {
		buffer := make([]Triple, 1024)
		rows := 0
		for b.Loop() {
			c, err := v.Scan(0, Pattern{}, SPO)
			if err != nil {
				b.Fatal(err)
			}
			for {
				n, err := c.Next(buffer)
				if err != nil {
					b.Fatal(err)
				}
				if n == 0 {
					break
				}
				rows += n
			}
		}
		b.ReportMetric(float64(rows)/b.Elapsed().Seconds()/1e6, "Mtriples/s")
	})
}

func BenchmarkCount(b *testing.B) {
	benchRead(b, func(b *testing.B, v *View, triples []Triple) {
		for i := range b.N {
			v.Count(0, Pattern{P: triples[i%len(triples)].P, O: triples[i%len(triples)].O})
		}
	})
}

func BenchmarkTerm(b *testing.B) {
	benchRead(b, func(b *testing.B, v *View, triples []Triple) {
		for i := range b.N {
			if _, err := v.Term(triples[i%len(triples)].S); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkID(b *testing.B) {
	benchRead(b, func(b *testing.B, v *View, triples []Triple) {
		terms := make([]rdf.Term, len(triples))
		for i := range terms {
			terms[i], _ = v.Term(triples[i].O)
		}
		b.ResetTimer()
		for i := range b.N {
			if _, ok, err := v.ID(terms[i%len(terms)]); !ok || err != nil {
				b.Fatal(ok, err)
			}
		}
	})
}

// BenchmarkCommit has many writers of one triple each share syncs.
func BenchmarkCommit(b *testing.B) {
	for _, writers := range []int{1, 16, 256} {
		b.Run(fmt.Sprint("writers=", writers), func(b *testing.B) {
			s := mustOpen(b, b.TempDir(), Options{})
			var next atomic.Int64
			var group sync.WaitGroup
			b.ResetTimer()
			for range writers {
				group.Go(func() {
					for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
						q := spo(fmt.Sprint("s", n/8), "p", fmt.Sprint("o", n))
						if _, err := s.Write(context.Background(), Batch{Add: []rdf.Quad{q}}); err != nil {
							b.Error(err)
						}
					}
				})
			}
			group.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
		})
	}
}
