package index

import (
	"bytes"
	"context"
	"slices"
	"testing"

	"github.com/inklingdb/inkling/internal/generate"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// open returns a store in memory, with a generated graph and all indexes.
func open(t testing.TB, triples int) (*store.Store, *store.View) {
	s, err := store.Open("", store.Options{Indexes: All()})
	if err != nil {
		t.Fatal(err)
	}
	var doc bytes.Buffer
	if err := (generate.PowerLaw{Triples: triples, Seed: 3, Relations: 8}).NTriples(&doc); err != nil {
		t.Fatal(err)
	}
	quads, err := rdf.ReadAll(&doc, rdf.NTriples, rdf.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write(context.Background(), store.Batch{Source: "test", Add: quads}); err != nil {
		t.Fatal(err)
	}
	if err := s.Fold(context.Background()); err != nil {
		t.Fatal(err)
	}
	v, err := s.View()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		v.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, v
}

// TestEstimatesAreMeans holds that an estimate for unknown values equals the true mean over the values there are.
func TestEstimatesAreMeans(t *testing.T) {
	_, v := open(t, 5000)
	stats := NewStatistics(v)
	for _, p := range SetsOf(v).Relations(0) {
		rows := map[store.TermID]float64{}
		total := 0.0
		err := scan(context.Background(), v, 0, store.Pattern{P: p}, store.SPO, func(run []store.Triple) {
			for _, tr := range run {
				rows[tr.S]++
				total++
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := stats.Estimate(0, store.Pattern{P: p}, 0); got != total {
			t.Errorf("relation %x: %v rows, want %v", uint64(p), got, total)
		}
		if got, want := stats.Estimate(0, store.Pattern{P: p}, PlaceS), total/float64(len(rows)); got != want {
			t.Errorf("relation %x: %v rows a subject, want %v", uint64(p), got, want)
		}
		if got := stats.Estimate(0, store.Pattern{P: p}, PlaceS|PlaceO); got > 1 || got <= 0 {
			t.Errorf("relation %x: %v rows a pair", uint64(p), got)
		}
	}
}

// TestFilterAndDegree compares with a scan, and maps lists to rows.
func TestFilterAndDegree(t *testing.T) {
	ctx := context.Background()
	_, v := open(t, 3000)
	tails := map[[2]store.TermID][]store.TermID{}
	out := map[store.TermID]int64{}
	err := scan(ctx, v, 0, store.Pattern{}, store.SPO, func(run []store.Triple) {
		for _, tr := range run {
			tails[[2]store.TermID{tr.S, tr.P}] = append(tails[[2]store.TermID{tr.S, tr.P}], tr.O)
			out[tr.S]++
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	filter := NewFilter(v, 0)
	for k, want := range tails {
		l, err := filter.Tails(ctx, k[0], k[1])
		if err != nil {
			t.Fatal(err)
		}
		got := append(SetsOf(v).IDs(l.Numbers, nil), l.Inline...)
		slices.Sort(got)
		if !slices.Equal(got, want) || l.Len() != len(want) {
			t.Fatalf("tails of %x: %x, want %x", k, got, want)
		}
		for _, o := range want {
			heads, err := filter.Heads(ctx, k[1], o)
			if err != nil || !heads.Contains(k[0]) || !l.Contains(o) {
				t.Fatalf("heads of %x %x lack %x: %v", k[1], o, k[0], err)
			}
		}
		rows := l.Rows(nil, func(n uint32) (uint32, bool) { return ^n, n%2 == 0 })
		if !slices.IsSorted(rows) {
			t.Fatalf("rows %v are not sorted", rows)
		}
	}
	for s, want := range out {
		if got, _ := Degree(v, 0, s); got != want {
			t.Errorf("degree of %x is %d, want %d", uint64(s), got, want)
		}
	}
}

// TestKinds holds that numbers become the identifiers they came from.
func TestKinds(t *testing.T) {
	_, v := open(t, 2000)
	sets := SetsOf(v)
	err := scan(context.Background(), v, 0, store.Pattern{}, store.SPO, func(run []store.Triple) {
		for _, tr := range run {
			if n := tr.O.Number(); n != 0 && sets.ID(n) != tr.O {
				t.Fatalf("number %d is %x, want %x", n, uint64(sets.ID(n)), uint64(tr.O))
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// BenchmarkRebuild reads 200,000 triples into sets; BenchmarkApply follows commits of one triple.
func BenchmarkRebuild(b *testing.B) {
	_, v := open(b, 200_000)
	x := NewSets()
	for b.Loop() {
		if err := x.Rebuild(context.Background(), v); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(200_000*b.N)/b.Elapsed().Seconds(), "triples/s")
}

func BenchmarkApply(b *testing.B) {
	_, v := open(b, 200_000)
	x := NewSets()
	if err := x.Rebuild(context.Background(), v); err != nil {
		b.Fatal(err)
	}
	c, err := v.Scan(0, store.Pattern{}, store.SPO)
	if err != nil {
		b.Fatal(err)
	}
	all := make([]store.Triple, 100_000)
	n, err := c.Next(all)
	if err != nil {
		b.Fatal(err)
	}
	c.Close()
	i := 0
	for b.Loop() {
		t := all[i%n]
		t.O = all[(i*7919+1)%n].S
		change := store.Change{Triple: t}
		if err := x.Apply(context.Background(), store.Commit{Version: store.Version(i), Changes: []store.Change{change}}, v); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

// BenchmarkList reads the longest posting of the graph from blocks, and from the cache.
func BenchmarkList(b *testing.B) {
	_, v := open(b, 200_000)
	ctx := context.Background()
	stats := NewStatistics(v)
	var longest posting
	most := 0.0
	for _, p := range SetsOf(v).Relations(0) {
		for _, o := range SetsOf(v).IDs(SetsOf(v).Objects(0, p), nil) {
			k := store.Pattern{P: p, O: o}
			if n := stats.Estimate(0, k, 0); n > most {
				longest, most = posting{0, k}, n
			}
		}
	}
	b.Run("blocks", func(b *testing.B) {
		for b.Loop() {
			if _, err := readList(ctx, v, longest); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(most*float64(b.N)/b.Elapsed().Seconds(), "terms/s")
	})
	b.Run("cache", func(b *testing.B) {
		for b.Loop() {
			if _, err := find(ctx, v, longest); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(most, "terms")
	})
}
