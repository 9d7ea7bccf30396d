package factor

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/index"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

type set = map[uint32]bool

// TestSimilaritiesEqualTheirFormulas compares with plain sets: the five formulas of the source, entry by entry.
func TestSimilaritiesEqualTheirFormulas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.IntRange(1, 6).Draw(t, "m")
		triples := rapid.SliceOf(rapid.Custom(func(t *rapid.T) model.Triple {
			return model.Triple{H: rapid.Uint32Range(0, 9).Draw(t, "h"), R: uint32(rapid.IntRange(0, m-1).Draw(t, "r")), T: rapid.Uint32Range(0, 9).Draw(t, "t")}
		})).Draw(t, "triples")
		s, o, both := make([]set, m), make([]set, m), make([]set, m)
		for k := range m {
			s[k], o[k], both[k] = set{}, set{}, set{}
		}
		for _, x := range triples {
			s[x.R][x.H], o[x.R][x.T], both[x.R][x.H], both[x.R][x.T] = true, true, true, true
		}
		ends := EndsOfTriples(triples, m)
		for _, c := range []struct {
			similarity    Similarity
			first, second []set
		}{{Symmetric, both, both}, {Agency, s, s}, {Patient, o, o}, {Transitivity, s, o}, {ReverseTrans, o, s}} {
			got := c.similarity.Of(ends)
			sym := Symmetrised(got)
			for k := range m {
				for l := range m {
					want := share(c.first[k], c.second[l])
					if got.At(k, l) != want || sym.At(k, l) != (want+share(c.first[l], c.second[k]))/2 {
						t.Fatalf("%s of %d and %d: %g and %g, want %g", c.similarity.Name, k, l, got.At(k, l), sym.At(k, l), want)
					}
				}
			}
		}
	})
}

// share returns |a∩b| / |a∪b|.
func share(a, b set) float64 {
	common, all := 0, len(a)
	for x := range b {
		if a[x] {
			common++
		} else {
			all++
		}
	}
	if common == 0 {
		return 0
	}
	return float64(common) / float64(all)
}

// TestEndsOfGraphAreTheIndexes imports a graph and compares the index's sets with those of its triples.
func TestEndsOfGraphAreTheIndexes(t *testing.T) {
	s, err := store.Open(t.TempDir(), store.Options{Indexes: index.All()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	iri := func(name string) rdf.Term { return rdf.NewIRI("http://e/" + name) }
	names := [][3]string{{"a", "r", "b"}, {"b", "r", "c"}, {"b", "q", "a"}, {"c", "q", "a"}, {"c", "q", "d"}}
	var quads []rdf.Quad
	for _, n := range names {
		quads = append(quads, rdf.Quad{S: iri(n[0]), P: iri(n[1]), O: iri(n[2])})
	}
	if _, err := s.Write(context.Background(), store.Batch{Add: quads}); err != nil {
		t.Fatal(err)
	}
	v, err := s.View()
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	id := func(name string) store.TermID {
		id, ok, err := v.ID(iri(name))
		if err != nil || !ok {
			t.Fatal(name, err)
		}
		return id
	}
	vocabulary, err := model.NewVocabulary([]store.TermID{id("a"), id("b"), id("c"), id("d")}, []store.TermID{id("q"), id("r")})
	if err != nil {
		t.Fatal(err)
	}
	var triples []model.Triple
	for _, n := range names {
		row, _ := vocabulary.Triple(store.Triple{S: id(n[0]), P: id(n[1]), O: id(n[2])})
		triples = append(triples, row)
	}
	for _, similarity := range Similarities {
		want, got := similarity.Of(EndsOfTriples(triples, 2)), similarity.Of(EndsOfGraph(index.SetsOf(v), 0, vocabulary))
		if !mat.Equal(want, got) || mat.Max(want) == 0 {
			t.Errorf("%s: %v from the index, %v from the triples", similarity.Name, mat.Formatted(got), mat.Formatted(want))
		}
	}
}

func relationRow(name string) (int, bool) {
	i := slices.Index([]string{"a", "b", "c"}, name)
	return i, i >= 0
}

func TestReadSimilarity(t *testing.T) {
	c, unknown, err := ReadSimilarity(strings.NewReader("# by hand\na\tb\t0.5\n\nb\ta\t1\nb\tc\t.25\r\na\tz\t0.1\n"), 3, relationRow)
	if err != nil || unknown != 1 {
		t.Fatal(unknown, err)
	}
	if want := mat.NewSymDense(3, []float64{1, .75, 0, .75, 1, .25, 0, .25, 1}); !mat.Equal(c, want) {
		t.Errorf("%v", mat.Formatted(c))
	}
	for text, says := range map[string]string{
		"a\tb":                     "line 1: 2 columns",
		"a\tb\t1\n\na b c":         "line 3: 1 columns",
		"a\tb\t1.5":                "line 1: the value \"1.5\"",
		"a\tb\tNaN":                "line 1: the value",
		"a\tb\t0.1\na\tb\t0.2":     "line 2: this pair",
		"x\ty\t0.1":                "no line names two relations of the graph (1",
		"":                         "no line",
		strings.Repeat("a", 2<<20): "line 1",
	} {
		if _, _, err := ReadSimilarity(strings.NewReader(text), 3, relationRow); !errors.Is(err, ErrOptions) || !strings.Contains(err.Error(), says) {
			t.Errorf("%.20q: %v, want %q", text, err, says)
		}
	}
}

func FuzzReadSimilarity(f *testing.F) {
	for _, text := range []string{"a\tb\t0.5\nb\ta\t1\n", "#\na\ta\t0\n", "a\tb\t1e-300\r\n", "\t\t\n", "a\tb\t0x1p-2"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, _, err := ReadSimilarity(strings.NewReader(text), 3, relationRow)
		if err != nil {
			if c != nil || !errors.Is(err, ErrOptions) {
				t.Fatal(err)
			}
			return
		}
		if err := checkSimilarity(c, 3); err != nil {
			t.Fatal(err)
		}
	})
}

// TestSimilarRelationsComeNearer gives two relations of unlike triples a similarity of 1.
func TestSimilarRelationsComeNearer(t *testing.T) {
	d := randomGraph(30, 3, 150, 8)
	apart := func(o Options) (pulled, free float64) {
		o.Rank, o.Matrix = 4, mat.NewSymDense(3, []float64{1, 1, 0, 1, 1, 0, 0, 0, 1})
		e, err := Fit(context.Background(), d, o)
		if err != nil {
			t.Fatal(err)
		}
		size := math.Sqrt(squares(widened(e.Relation(0))) * squares(widened(e.Relation(1))))
		return gap(e.Relation(0), e.Relation(1)) / size, gap(e.Relation(0), e.Relation(2)) / size
	}
	for _, method := range []string{"linear-reg", "quadratic-reg"} {
		weak, _ := apart(Options{Method: method, Settings: Settings{LambdaS: 1e-6}})
		strong, free := apart(Options{Method: method, Settings: Settings{LambdaS: 1e4}})
		if strong > 0.05*weak || strong > 0.05*free {
			t.Errorf("%s: apart %g with a weight of 1e4, %g with 1e-6; of an unlike relation %g", method, strong, weak, free)
		}
	}
	for _, method := range []string{"linear-con", "quadratic-con"} {
		weak, _ := apart(Options{Method: method, Settings: Settings{StepMu: 1e-9, Iterations: 100}})
		strong, free := apart(Options{Method: method, Settings: Settings{StepMu: 1, Iterations: 100}})
		if strong > 0.5*weak || strong > 0.5*free {
			t.Errorf("%s: apart %g with a step of 1, %g with 1e-9; of an unlike relation %g", method, strong, weak, free)
		}
	}
}

func widened(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}
