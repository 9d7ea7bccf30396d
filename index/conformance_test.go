package index

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"

	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// world draws quads from so few terms that additions repeat and removals hit.
type world struct {
	random *rand.Rand
	terms  int
}

func (w world) quad() rdf.Quad {
	iri := func(kind string, n int) rdf.Term {
		return rdf.NewIRI("http://e/" + kind + strconv.Itoa(w.random.IntN(n)))
	}
	q := rdf.Quad{S: iri("n", w.terms), P: iri("p", 5)}
	if w.random.IntN(6) == 0 {
		q.S = rdf.NewBlank("b" + strconv.Itoa(w.random.IntN(5)))
	}
	switch w.random.IntN(6) {
	case 0:
		q.O = rdf.NewTyped(strconv.Itoa(w.random.IntN(w.terms)), rdf.XSDInteger)
	case 1:
		q.O = rdf.NewString("s" + strconv.Itoa(w.random.IntN(w.terms)))
	case 2:
		q.O = rdf.NewLang("l"+strconv.Itoa(w.random.IntN(3)), "en")
	case 3:
		q.O = rdf.NewTyped("t"+strconv.Itoa(w.random.IntN(3)), rdf.XSD+"token")
	default:
		q.O = iri("n", w.terms)
	}
	if w.random.IntN(3) == 0 {
		q.G = iri("g", 2)
	}
	return q
}

func (w world) batch() (b store.Batch) {
	for range w.random.IntN(12) {
		b.Add = append(b.Add, w.quad())
	}
	for range w.random.IntN(12) {
		b.Remove = append(b.Remove, w.quad())
	}
	b.Source = "test"
	return b
}

// read asks for postings, so that Lists keeps some. minKept is above what small worlds have: put them by hand.
func read(ctx context.Context, t *testing.T, v *store.View) {
	x := v.Index(ListsName).(*Lists)
	for _, p := range SetsOf(v).Relations(0) {
		for _, n := range SetsOf(v).Objects(0, p).ToArray() {
			k := posting{0, store.Pattern{P: p, O: SetsOf(v).ID(n)}}
			l, err := readList(ctx, v, k)
			if err != nil {
				t.Error(err)
			}
			x.put(k, l, v.Version())
		}
	}
}

// TestIndexesEqualScans commits at random and verifies every index of the table, at each version and again at the
// end on views that stayed open, while other goroutines read older ones.
func TestIndexesEqualScans(t *testing.T) {
	for seed := range uint64(6) {
		ctx := context.Background()
		s, err := store.Open("", store.Options{Indexes: All(), FoldMin: 40})
		if err != nil {
			t.Fatal(err)
		}
		w := world{rand.New(rand.NewPCG(seed, 1)), []int{4, 30, 400}[seed%3]}
		var views []*store.View
		var readers sync.WaitGroup
		for range 60 {
			if _, err := s.Write(ctx, w.batch()); err != nil {
				t.Fatal(err)
			}
			v, err := s.View()
			if err != nil {
				t.Fatal(err)
			}
			views = append(views, v)
			readers.Go(func() {
				read(ctx, t, v)
				if err := Verify(ctx, v); err != nil {
					t.Errorf("seed %d, version %d: %v", seed, v.Version(), err)
				}
			})
			if w.random.IntN(4) == 0 {
				readers.Wait()
			}
		}
		readers.Wait()
		for _, v := range views {
			if err := Verify(ctx, v); err != nil {
				t.Errorf("seed %d, version %d, at the end: %v", seed, v.Version(), err)
			}
			v.Close()
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestVerifyFinds holds that a broken index does not pass: the other tests rest on it.
func TestVerifyFinds(t *testing.T) {
	ctx := context.Background()
	s, err := store.Open("", store.Options{Indexes: All()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w := world{rand.New(rand.NewPCG(9, 9)), 10}
	for range 5 {
		if _, err := s.Write(ctx, w.batch()); err != nil {
			t.Fatal(err)
		}
	}
	v, err := s.View()
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	read(ctx, t, v)
	if err := Verify(ctx, v); err != nil {
		t.Fatal(err)
	}
	sets := SetsOf(v)
	p := sets.Relations(0)[0]
	sets.find(0, p).inline++
	if err := verifySets(ctx, v); !errors.Is(err, ErrDiffers) {
		t.Errorf("a wrong count passes: %v", err)
	}
	lists := v.Index(ListsName).(*Lists)
	lists.order.Front().Value.(*keptList).list.Numbers.Add(77777)
	if err := verifyLists(ctx, v); !errors.Is(err, ErrDiffers) {
		t.Errorf("a wrong list passes: %v", err)
	}
}

// TestFollowEqualsRebuild reopens a store on disk: the sets read anew equal those that followed.
func TestFollowEqualsRebuild(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	w := world{rand.New(rand.NewPCG(5, 5)), 50}
	counts := map[store.TermID]RelationCounts{}
	for round := range 2 {
		s, err := store.Open(dir, store.Options{Indexes: All()})
		if err != nil {
			t.Fatal(err)
		}
		for range 20 * (1 - round) {
			if _, err := s.Write(ctx, w.batch()); err != nil {
				t.Fatal(err)
			}
		}
		v, err := s.View()
		if err != nil {
			t.Fatal(err)
		}
		if err := Verify(ctx, v); err != nil {
			t.Error(err)
		}
		for _, p := range append(SetsOf(v).Relations(0), 0) {
			if got := SetsOf(v).Counts(0, p); round == 0 {
				counts[p] = got
			} else if got != counts[p] {
				t.Errorf("relation %x: %+v after reopening, was %+v", uint64(p), got, counts[p])
			}
		}
		v.Close()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(counts) != 6 {
		t.Errorf("%d relations, want 5 and the whole graph", len(counts))
	}
}
