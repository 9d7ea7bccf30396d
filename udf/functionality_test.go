package udf_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/udf"
	"github.com/inklingdb/inkling/udf/toyworld"
)

// random returns a host over triples drawn from a few nodes and relations.
func randomHost(seed uint64) (*udf.Host, *toyworld.Graph) {
	r := rand.New(rand.NewPCG(seed, 7))
	iri := func(n int) store.TermID { return store.TermID(store.KindIRI)<<56 | store.TermID(n) }
	g := &toyworld.Graph{}
	seen := map[store.Triple]bool{}
	for range 20 + r.IntN(200) {
		t := store.Triple{S: iri(1 + r.IntN(60)), P: iri(100 + r.IntN(3)), O: iri(1 + r.IntN(7))}
		if t.P == iri(100) { // a function, but for a rare exception
			t.O = iri(1 + int(t.S)%7)
			if r.IntN(50) == 0 {
				t.O = iri(1 + r.IntN(7))
			}
		}
		if !seen[t] {
			seen[t] = true
			g.Triples = append(g.Triples, t)
		}
	}
	h := toyworld.New()
	h.Graph, h.Sets = g, g.Sets
	return h, g
}

// reference counts the tails of every head by looking at all triples.
func reference(g *toyworld.Graph, h, r store.TermID) (tails []store.TermID, heads, triples float64) {
	seen := map[store.TermID]bool{}
	for _, t := range g.Triples {
		if t.P != r {
			continue
		}
		triples++
		if !seen[t.S] {
			seen[t.S] = true
			heads++
		}
		if t.S == h {
			tails = append(tails, t.O)
		}
	}
	return tails, heads, triples
}

func call(t *testing.T, h *udf.Host, name string, options []udf.Argument, nodes ...store.TermID) udf.Outcome {
	t.Helper()
	f, ok := udf.ByName(name)
	if !ok {
		t.Fatalf("no function %s", name)
	}
	var args []udf.Argument
	for _, n := range nodes {
		args = append(args, udf.Argument{Nodes: []store.TermID{n}})
	}
	out, err := udf.Invoke(context.Background(), h, f, append(args, options...), 1)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return out
}

// TestFunctionalEqualsReference compares the five functions with counts made from all triples.
func TestFunctionalEqualsReference(t *testing.T) {
	conflicting := 0
	for seed := range uint64(20) {
		h, g := randomHost(seed)
		for _, x := range g.Triples[:20] {
			other := g.Triples[int(seed)%len(g.Triples)].O
			for _, tail := range []store.TermID{x.O, other} {
				tails, heads, triples := reference(g, x.S, x.P)
				if got := call(t, h, "functionality", nil, x.P).Numbers[0]; got != heads/triples {
					t.Fatalf("functionality %g, want %g/%g", got, heads/triples, triples)
				}
				others := slices.DeleteFunc(tails, func(id store.TermID) bool { return id == tail })
				if got := call(t, h, "has_other", nil, x.S, x.P, tail).Truths[0]; got != (len(others) > 0) {
					t.Fatalf("has_other %t with %d others", got, len(others))
				}
				for _, least := range []float64{0.3, 0.9} {
					option := []udf.Argument{{Shares: []float64{least}}}
					// Wilson's interval lies above least where the share does by z standard errors at least.
					p := heads / triples
					want := p > least && (p-least)*(p-least) >= 1.6448536269514722*1.6448536269514722*least*(1-least)/triples
					if got := call(t, h, "is_functional", option, x.P).Truths[0]; got != want {
						t.Fatalf("is_functional at %g: %t for %g of %g", least, got, heads, triples)
					}
					var found []store.TermID
					for _, item := range call(t, h, "conflicts", option, x.S, x.P, tail).Lists[0] {
						found = append(found, item.Node)
					}
					if wanted := others; !want && found != nil || want && !slices.Equal(found, wanted) {
						t.Fatalf("conflicts %v, want %v (functional: %t)", found, wanted, want)
					}
					conflicting += len(found)
				}
			}
		}
	}
	if conflicting < 20 {
		t.Errorf("only %d conflicts were seen: the test shows little", conflicting)
	}
}

func TestLeastOutOfRange(t *testing.T) {
	h := toyworld.New()
	f, _ := udf.ByName("is_functional")
	r := nodes(t, h, "in", "in")
	for _, least := range [][]float64{{-0.1}, {1.5}, {math.NaN()}, {0.5, math.NaN()}} {
		_, err := udf.Invoke(context.Background(), h, f, []udf.Argument{r, {Shares: least}}, 2)
		if !errors.Is(err, udf.ErrArgument) {
			t.Errorf("least %v: %v", least, err)
		}
	}
	unused := nodes(t, h, "tokyo") // an entity is no relation
	if out := call(t, h, "functionality", nil, unused.Nodes[0]); out.Errs[0] == nil {
		t.Error("the functionality of a relation without triples must be an error")
	}
	if out := call(t, h, "is_functional", nil, unused.Nodes[0]); out.Errs[0] != nil || out.Truths[0] {
		t.Errorf("is_functional of a relation without triples: %+v", out)
	}
}

// TestExplainNamesWhatIsOdd builds one triple for each kind of reason.
func TestExplainNamesWhatIsOdd(t *testing.T) {
	iri := func(n int) store.TermID { return store.TermID(store.KindIRI)<<56 | store.TermID(n) }
	const born, lives, made, label = 500, 501, 502, 503
	g := &toyworld.Graph{}
	state := func(s, p, o int) store.Triple {
		x := store.Triple{S: iri(s), P: iri(p), O: iri(o)}
		g.Triples = append(g.Triples, x)
		return x
	}
	for i := range 40 { // people 1–40 are born in and live in towns 101–108; things 201–220 are made in towns 111–114
		state(1+i, born, 101+i%8)
		state(1+i, lives, 101+i%7)
		state(1+i, label, 300+i)
		if i < 20 {
			state(201+i, made, 111+i%4)
			state(201+i, label, 350+i)
		}
	}
	twice := state(1, born, 105)
	thing := state(205, born, 101) // a thing, where people are born
	alone := state(999, lives, 102)
	fine := g.Triples[3]
	h := toyworld.New()
	h.Graph, h.Sets = g, g.Sets
	reasons, err := udf.Explain(context.Background(), h, nil, 0, []store.Triple{twice, thing, alone, fine}, 5)
	if err != nil {
		t.Fatal(err)
	}
	kinds := func(i int) (list []udf.ReasonKind) {
		for _, r := range reasons[i] {
			list = append(list, r.Kind)
		}
		return list
	}
	for i, want := range [][]udf.ReasonKind{{udf.Conflict}, {udf.UnlikeHead}, {udf.LoneHead}, nil} {
		if !slices.Equal(kinds(i), want) {
			t.Errorf("triple %d: %v, want %v", i, kinds(i), want)
		}
	}
	if r := reasons[0][0]; len(r.Nodes) != 1 || r.Nodes[0].Node != iri(101) {
		t.Errorf("what contradicts: %+v", r)
	}
}
