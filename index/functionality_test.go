package index

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/inklingdb/inkling/store"
)

// TestFunctionalityEqualsAScan commits at random and compares with heads and tails counted one by one.
func TestFunctionalityEqualsAScan(t *testing.T) {
	ctx := context.Background()
	for seed := range uint64(4) {
		s, err := store.Open("", store.Options{Indexes: All(), FoldMin: 40})
		if err != nil {
			t.Fatal(err)
		}
		w := world{rand.New(rand.NewPCG(seed, 3)), []int{4, 30}[seed%2]}
		for range 30 {
			if _, err := s.Write(ctx, w.batch()); err != nil {
				t.Fatal(err)
			}
			v, err := s.View()
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range append([]store.TermID{0}, v.Graphs()...) {
				checkFunctionality(t, v, g)
			}
			v.Close()
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func checkFunctionality(t *testing.T, v *store.View, g store.TermID) {
	t.Helper()
	triples := map[store.TermID]float64{}
	heads, tails := map[[2]store.TermID]bool{}, map[[2]store.TermID]bool{}
	firstOfHead, firstOfTail := map[store.TermID]float64{}, map[store.TermID]float64{}
	err := scan(context.Background(), v, g, store.Pattern{}, store.SPO, func(run []store.Triple) {
		for _, x := range run {
			triples[x.P]++
			if h := [2]store.TermID{x.P, x.S}; !heads[h] {
				heads[h] = true
				firstOfHead[x.P]++
			}
			if o := [2]store.TermID{x.P, x.O}; !tails[o] {
				tails[o] = true
				firstOfTail[x.P]++
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for p, n := range triples {
		c := SetsOf(v).Counts(g, p)
		forward, back := c.Functionality(), c.InverseFunctionality()
		if forward.Share != firstOfHead[p]/n || back.Share != firstOfTail[p]/n || forward.Triples != int64(n) {
			t.Fatalf("relation %x: %+v and %+v, want %g and %g of %g", uint64(p), forward, back, firstOfHead[p]/n, firstOfTail[p]/n, n)
		}
	}
}

// TestWilsonsInterval holds the ends against the equation that defines them: (share - end)² = z²·end·(1-end)/n.
func TestWilsonsInterval(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for range 2000 {
		n := 1 + random.Int64N(500)
		f := functionality(1+random.Int64N(n), n)
		for _, end := range []float64{f.Low, f.High} {
			want := oneSided * oneSided * end * (1 - end) / float64(n)
			if got := (f.Share - end) * (f.Share - end); math.Abs(got-want) > 1e-12 || end < 0 || end > 1 {
				t.Fatalf("%+v: end %g lies √%g off, want √%g", f, end, got, want)
			}
		}
		if f.Low > f.Share+1e-12 || f.High < f.Share-1e-12 {
			t.Fatalf("the interval %+v does not hold its share", f)
		}
	}
	if f := functionality(0, 0); f.Functional(0) || f.Share != 0 || f.High != 1 {
		t.Errorf("no triples: %+v", f)
	}
	for n, want := range map[int64]bool{24: false, 25: true} {
		if f := functionality(n, n); f.Functional(0) != want {
			t.Errorf("%d triples without exception: functional %t, want %t (%+v)", n, f.Functional(0), want, f)
		}
	}
	for further, want := range map[int64]bool{84: true, 85: false} {
		if f := functionality(1000-further, 1000); f.Functional(0) != want {
			t.Errorf("%d further tails of 1,000: %+v", further, f)
		}
	}
}
