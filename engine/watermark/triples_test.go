package watermark

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/inklingdb/inkling/store/rdf"
)

// published returns the triples that a rule leaves in.
func published(t *testing.T, k *GraphKey, list []Triple, s Selection, entailed func(Triple) bool) []Triple {
	t.Helper()
	p := s.With(k)
	var out []Triple
	for _, f := range list {
		var ask func() (bool, error)
		if entailed != nil {
			ask = func() (bool, error) { return entailed(f), nil }
		}
		gone, err := p.LeavesOut(f, ask)
		if err != nil {
			t.Fatal(err)
		}
		if !gone {
			out = append(out, f)
		}
	}
	return out
}

func resultOf(k *GraphKey, gamma uint64, list []Triple) Result {
	test := k.TripleTest(gamma)
	test.Add(list...)
	return test.Result()
}

func TestTripleMark(t *testing.T) {
	list := facts(60_000)
	key := graphKey(1)
	for _, z := range []float64{0, 8, 14} {
		making := key.Selecting(int64(len(list)), z)
		if err := making.Add(list, nil); err != nil {
			t.Fatal(err)
		}
		rule, err := making.Rule()
		if err != nil {
			t.Fatal(err)
		}
		out := published(t, key, list, rule, nil)
		if gone := len(list) - len(out); gone != rule.LeftOut {
			t.Errorf("%d left out, %d planned", gone, rule.LeftOut)
		}
		want := z
		if z == 0 {
			want = DefaultTripleZ
		}
		got := resultOf(key, rule.Gamma, out)
		if math.Abs(got.Z-rule.Z) > 1e-9 || got.Z < want || got.Z > want+0.5 {
			t.Errorf("z = %g, planned %g, wanted %g", got.Z, rule.Z, want)
		}
		t.Logf("gamma %d: %d of %d left out, z = %.2f, log10 p = %.1f", rule.Gamma, rule.LeftOut, rule.Of, got.Z, got.Log10P)
		if p := resultOf(key, rule.Gamma, list); p.Z > 4 {
			t.Errorf("all facts show a mark: %+v", p)
		}
		// Half deleted: z falls by the root of a half. Repeats and order change nothing.
		rand.New(rand.NewPCG(1, 2)).Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
		if twice := resultOf(key, rule.Gamma, append(slices.Clone(out), out...)); twice != got {
			t.Errorf("twice: %+v, once %+v", twice, got)
		}
		half := resultOf(key, rule.Gamma, out[:len(out)/2])
		if e := got.Z * math.Sqrt(0.5); math.Abs(half.Z-e) > 2.5 {
			t.Errorf("half of them: z = %g, expected %g", half.Z, e)
		}
	}
}

func TestEntailedTriplesGoFirst(t *testing.T) {
	list := facts(60_000)
	key := graphKey(2)
	entailed := func(f Triple) bool { return f.a%2 == 0 }
	making := key.Selecting(int64(len(list)), 0)
	for from := 0; from < len(list); from += 999 { // asking the rule does not disturb it
		some := list[from:min(from+999, len(list))]
		if err := making.Add(some, func(i int) (bool, error) { return making.Red(some[i]) && entailed(some[i]), nil }); err != nil {
			t.Fatal(err)
		}
	}
	rule, err := making.Rule()
	if err != nil {
		t.Fatal(err)
	}
	out := published(t, key, list, rule, entailed)
	stays := map[Triple]bool{}
	for _, f := range out {
		stays[f] = true
	}
	lost := 0
	for _, f := range list {
		if !stays[f] && !entailed(f) {
			lost++
		}
	}
	if len(list)-len(out) != rule.LeftOut || lost > 0 && rule.Entailed < 1 {
		t.Errorf("%d left out, %d planned, %d of them not entailed: %+v", len(list)-len(out), rule.LeftOut, lost, rule)
	}
	t.Logf("%+v, %d not entailed", rule, lost)
}

func TestFewTriplesAreRefused(t *testing.T) {
	for _, n := range []int{0, 1, 300, 5000} {
		list := facts(n)
		making := graphKey(1).Selecting(int64(n), 0)
		if err := making.Add(list, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := making.Rule(); !errors.Is(err, ErrTooSmall) {
			t.Errorf("%d triples: %v", n, err)
		}
	}
}

func TestBlankNodesAreNoCarriers(t *testing.T) {
	test := graphKey(1).TripleTest(1)
	test.Add(DigestTriple(rdf.Quad{S: rdf.NewBlank("b"), P: rdf.NewIRI("http://e/p"), O: rdf.NewIRI("http://e/o")}))
	if r := test.Result(); r.Tested {
		t.Errorf("%+v", r)
	}
}

func TestCanonicalIRI(t *testing.T) {
	for in, want := range map[string]string{
		"http://example.org/a/b":              "http://example.org/a/b",
		"HTTP://Example.ORG/A":                "http://example.org/A",
		"http://example.org:80/x":             "http://example.org/x",
		"https://example.org:443/x?Q#F":       "https://example.org/x?Q#F",
		"https://example.org:8443/x":          "https://example.org:8443/x",
		"http://example.org":                  "http://example.org/",
		"http://example.org?Q":                "http://example.org?Q",
		"http://User@Example.org/":            "http://User@example.org/",
		"http://example.org/%7euser%2f%C3%A9": "http://example.org/~user%2F%C3%A9",
		"http://example.org/100%":             "http://example.org/100%",
		"http://example.org/Cafe\u0301":       "http://example.org/Caf\u00e9",
		"URN:isbn:X":                          "urn:isbn:X",
		"no scheme/at:all":                    "no scheme/at:all",
		"":                                    "",
	} {
		if got := CanonicalIRI(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
		if again := CanonicalIRI(want); again != want {
			t.Errorf("%q is not stable: %q", want, again)
		}
	}
}

func FuzzCanonicalIRI(f *testing.F) {
	f.Add("HTTP://a%7e:80/%2f?#")
	f.Add("http://a:b:80:80")
	f.Fuzz(func(t *testing.T, iri string) {
		once := CanonicalIRI(iri)
		if twice := CanonicalIRI(once); twice != once {
			t.Errorf("%q: %q, then %q", iri, once, twice)
		}
	})
}
