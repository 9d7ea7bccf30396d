package eval

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/inklingdb/inkling/engine/model"
)

// graphOf draws a graph of up to 40 triples a relation over 30 entities.
func graphOf(t *rapid.T) []model.Triple {
	seen := map[model.Triple]bool{}
	var list []model.Triple
	for r := range rapid.Uint32Range(1, 4).Draw(t, "relations") {
		for range rapid.IntRange(0, 40).Draw(t, "triples") {
			x := model.Triple{H: rapid.Uint32Range(0, 29).Draw(t, "h"), R: r, T: rapid.Uint32Range(0, 29).Draw(t, "t")}
			if !seen[x] {
				seen[x] = true
				list = append(list, x)
			}
		}
	}
	return list
}

func TestUniformFacts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		triples := graphOf(t)
		known := NewKnown(triples)
		o := UniformOptions{PerRelation: rapid.SampledFrom([]int{10, 20}).Draw(t, "a relation"), Seed: rapid.Uint64Range(0, 9).Draw(t, "seed"),
			Corruption: rapid.SampledFrom([]Corruption{ReplaceObject, ReplaceBoth}).Draw(t, "corruption")}
		facts := UniformFacts(triples, known, 30, o)
		if again := UniformFacts(triples, known, 30, o); !slices.Equal(facts, again) {
			t.Fatal("the same seed draws other facts")
		}
		checkFacts(t, facts, known)
		trues, falses, all := map[uint32]int{}, map[uint32]int{}, map[uint32]int{}
		subjects := map[[2]uint32]bool{}
		for _, x := range triples {
			all[x.R]++
			subjects[[2]uint32{x.R, x.H}] = true
		}
		for _, f := range facts {
			if f.True {
				trues[f.R]++
				continue
			}
			falses[f.R]++
			if o.Corruption == ReplaceObject && !subjects[[2]uint32{f.R, f.H}] {
				t.Fatalf("%v is false and its subject is no subject of the relation", f)
			}
		}
		for r, n := range all {
			if want := min(o.PerRelation*6/10, n/2); trues[r] != want {
				t.Fatalf("relation %d of %d triples: %d true facts, want %d", r, n, trues[r], want)
			}
			if want := (trues[r]*4 + 3) / 6; falses[r] != want {
				t.Fatalf("relation %d: %d false beside %d true facts, want %d", r, falses[r], trues[r], want)
			}
		}
	})
}

// checkFacts fails unless facts are distinct and the graph states the true ones only.
func checkFacts(t *rapid.T, facts []Fact, known *Known) {
	seen := map[model.Triple]bool{}
	for _, f := range facts {
		if seen[f.Triple] || known.Has(f.Triple) != f.True {
			t.Fatalf("%+v: seen before %v, stated %v", f, seen[f.Triple], known.Has(f.Triple))
		}
		seen[f.Triple] = true
	}
}

func TestWeightedFacts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		triples := graphOf(t)
		known := NewKnown(triples)
		facts := WeightedFacts(triples, known, 30, 5)
		checkFacts(t, facts, known)
		if len(facts) != len(triples) {
			t.Fatalf("%d facts of %d triples", len(facts), len(triples))
		}
		trues := len(Truths(facts))
		if want := (len(triples)*6 + 5) / 10; trues != want {
			t.Fatalf("%d of %d are true, want %d", trues, len(facts), want)
		}
		byRelation := func(r uint32) (n int) {
			for _, x := range triples {
				if x.R == r {
					n++
				}
			}
			for _, f := range facts {
				if f.R == r {
					n--
				}
			}
			return n
		}
		for r := range uint32(4) {
			if left := byRelation(r); left != 0 {
				t.Fatalf("relation %d has %d facts too few", r, left)
			}
		}
	})
}

// A relation that holds of everything has no false triple: it is left without, not looked for for ever.
func TestNoFalseFactsWhereAllIsTrue(t *testing.T) {
	var triples []model.Triple
	for h := range uint32(4) {
		for o := range uint32(4) {
			triples = append(triples, model.Triple{H: h, T: o})
		}
	}
	facts := UniformFacts(triples, NewKnown(triples), 4, UniformOptions{PerRelation: 10})
	if len(facts) != 6 || len(Truths(facts)) != 6 {
		t.Errorf("%v", facts)
	}
}

func TestFactSamplesLeaveDoubtfulOnesOut(t *testing.T) {
	facts := []Fact{{Triple: model.Triple{H: 1}, True: true}, {Triple: model.Triple{H: 2}, True: true, Doubtful: true}, {Triple: model.Triple{H: 3, R: 1}}}
	score := func(h, _, _ uint32) float32 { return float32(h) }
	if all := FactSamples(facts, score, false); len(all) != 3 || all[1] != (Sample{Score: 2, True: true}) {
		t.Errorf("all: %v", all)
	}
	if certain := FactSamples(facts, score, true); len(certain) != 2 || certain[1] != (Sample{Score: 3, Relation: 1}) {
		t.Errorf("certain: %v", certain)
	}
}
