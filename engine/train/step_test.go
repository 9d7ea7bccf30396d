package train

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/model"
)

// plainLoss is Σ over the groups' targets of −log softmax over all entities, plus the N3 terms, in float64.
func plainLoss(p *parameters, groups []group, n3 float64) float64 {
	var loss float64
	for _, g := range groups {
		var sum float64
		for e := range p.Vocabulary.Entities() {
			sum += math.Exp(float64(p.Family.Interaction.Score(p.Entity(g.entity), p.Relation(g.relation), p.Entity(uint32(e)))))
		}
		for _, t := range g.targets {
			loss += math.Log(sum) - float64(p.Family.Interaction.Score(p.Entity(g.entity), p.Relation(g.relation), p.Entity(t)))
			for _, row := range [][]float32{p.Entity(g.entity), p.Relation(g.relation), p.Entity(t)} {
				loss += n3 * cubed(row, p.Family.Modulus)
			}
		}
	}
	return loss
}

func cubed(x []float32, modulus int) float64 {
	d := len(x) / modulus
	var sum float64
	for i := range d {
		square := float64(x[i]) * float64(x[i])
		if modulus == 2 {
			square += float64(x[i+d]) * float64(x[i+d])
		}
		sum += math.Pow(square, 1.5)
	}
	return sum
}

func testParameters(t testing.TB, f model.Family) *parameters {
	t.Helper()
	v, err := model.NewVocabulary(numbers(0, 11), numbers(11, 2))
	if err != nil {
		t.Fatal(err)
	}
	p := newParameters(f, 4, v)
	p.initialise(0.5, rand.New(rand.NewPCG(1, 1)))
	return p
}

var testGroups = []group{
	{0, 0, []uint32{1, 4}}, {1, 2, []uint32{0}}, {3, 1, []uint32{3, 5, 7}}, {0, 3, []uint32{10}}, {10, 1, []uint32{0}},
}

// From zero sums, one Adagrad step moves each parameter by rate·sign(gradient) and leaves gradient² in the sums: so
// the step shows the whole gradient, and it must be that of the plain loss.
func TestStepFollowsTheGradientOfThePlainLoss(t *testing.T) {
	const n3 = 0.05
	for _, f := range model.Families {
		t.Run(f.Name, func(t *testing.T) {
			p := testParameters(t, f)
			o := Options{Batch: 8, N3: n3, Workers: 2}
			entities, relations := slices.Clone(p.Entities), slices.Clone(p.Relations)
			loss := newAllEntities(p, o).step(testGroups, 1e-3)
			moved := [2][]float32{slices.Clone(p.Entities), slices.Clone(p.Relations)}
			copy(p.Entities, entities)
			copy(p.Relations, relations)
			if want := plainLoss(p, testGroups, 0); math.Abs(loss-want) > 1e-4*want {
				t.Errorf("loss %g, plainly %g", loss, want)
			}
			tables, sums := [2][]float32{p.Entities, p.Relations}, [2][]float32{p.entitySums, p.relationSums}
			for k, table := range tables {
				for i := range table {
					want := difference(p, &table[i], n3)
					got := math.Sqrt(float64(sums[k][i]))
					if moved[k][i] > table[i] {
						got = -got
					}
					if math.Abs(got-want) > 5e-3*(1+math.Abs(want)) {
						t.Fatalf("table %d, float %d: gradient %g, differences give %g", k, i, got, want)
					}
				}
			}
		})
	}
}

// difference returns the central difference of the plain loss in one parameter.
func difference(p *parameters, x *float32, n3 float64) float64 {
	const step = 4e-3
	keep := *x
	*x = keep + step
	up := plainLoss(p, testGroups, n3)
	*x = keep - step
	down := plainLoss(p, testGroups, n3)
	*x = keep
	return (up - down) / (2 * step)
}

// When the sample happens to be every other entity once, the sampled softmax is the full one.
func TestSampledSoftmaxEqualsTheFullOneOnAllEntities(t *testing.T) {
	f := model.Families[0]
	groups := []group{{0, 0, []uint32{1}}, {3, 1, []uint32{5}}}
	full, sampled := testParameters(t, f), testParameters(t, f)
	want := newAllEntities(full, Options{Batch: 2}).step(groups, 0.1)
	n := full.Vocabulary.Entities()
	s := newSampledSoftmax(sampled, Options{Batch: 2, Negatives: n}, rand.New(rand.NewPCG(0, 0)))
	s.shift = 0
	s.begin(groups)
	for j := range s.candidates {
		s.candidates[j] = uint32(j)
		copy(s.rowsOf.Row(j), sampled.Entity(uint32(j)))
	}
	got := s.finish(groups, 0.1)
	if math.Abs(got-want) > 1e-4*want {
		t.Errorf("loss %g, in full %g", got, want)
	}
	for i := range full.Entities {
		if math.Abs(float64(full.entitySums[i]-sampled.entitySums[i])) > 1e-4*(1+float64(full.entitySums[i])) {
			t.Fatalf("entity float %d: squared gradient %g, in full %g", i, sampled.entitySums[i], full.entitySums[i])
		}
	}
}

func TestQueryGroupsHoldEveryTripleTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		row := rapid.Uint32Range(0, 6)
		triples := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) model.Triple {
			return model.Triple{H: row.Draw(t, "h"), R: row.Draw(t, "r") % 3, T: row.Draw(t, "t")}
		}), 0, 80).Draw(t, "triples")
		limit := rapid.IntRange(1, 5).Draw(t, "limit")
		want := map[[3]uint32]int{}
		for _, x := range triples {
			want[[3]uint32{x.H, x.R, x.T}]++
			want[[3]uint32{x.T, x.R + 3, x.H}]++
		}
		groups := queryGroups(triples, 3, limit)
		if triplesOf(groups) != 2*len(triples) {
			t.Fatalf("%d targets for %d triples", triplesOf(groups), len(triples))
		}
		for _, g := range groups {
			if len(g.targets) < 1 || len(g.targets) > limit || !slices.IsSorted(g.targets) {
				t.Fatalf("targets %v at limit %d", g.targets, limit)
			}
			for _, e := range g.targets {
				if want[[3]uint32{g.entity, g.relation, e}]--; want[[3]uint32{g.entity, g.relation, e}] < 0 {
					t.Fatalf("%v holds a triple that is not there", g)
				}
			}
		}
	})
}

func TestHoldOutLeavesNothingUnseen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		row := rapid.Uint32Range(0, 15)
		triples := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) model.Triple {
			return model.Triple{H: row.Draw(t, "h"), R: row.Draw(t, "r") % 4, T: row.Draw(t, "t")}
		}), 1, 120).Draw(t, "triples")
		seed := rapid.Uint64().Draw(t, "seed")
		d := HoldOut(triples, 0.2, 0.1, seed)
		if again := HoldOut(triples, 0.2, 0.1, seed); !slices.Equal(d.Train, again.Train) || !slices.Equal(d.Test, again.Test) {
			t.Fatal("the same seed gives another split")
		}
		if len(d.Train)+len(d.Valid)+len(d.Test) != len(triples) {
			t.Fatalf("%d + %d + %d of %d", len(d.Train), len(d.Valid), len(d.Test), len(triples))
		}
		if len(d.Valid) > share(0.2, len(triples)) || len(d.Test) > share(0.1, len(triples)) {
			t.Fatalf("%d and %d held out of %d", len(d.Valid), len(d.Test), len(triples))
		}
		entities, relations := map[uint32]bool{}, map[uint32]bool{}
		for _, x := range d.Train {
			entities[x.H], entities[x.T], relations[x.R] = true, true, true
		}
		for _, x := range append(d.Valid, d.Test...) {
			if !entities[x.H] || !entities[x.T] || !relations[x.R] {
				t.Fatalf("%v is held out and nothing like it is left", x)
			}
		}
	})
}

// Samples drawn from a known sigmoid: the fit finds its parameters.
func TestPlattRecoversASigmoid(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const slope, intercept = 1.7, -3.0
	var samples []eval.Sample
	for range 20_000 {
		x := 100 + 2*random.NormFloat64() // far from zero, as scores may be
		p := 1 / (1 + math.Exp(-(slope*(x-100) + intercept)))
		samples = append(samples, eval.Sample{Score: x, True: random.Float64() < p})
	}
	c := Platt(samples)
	if math.Abs(c.Slope-slope) > 0.1 || math.Abs(c.Intercept+100*c.Slope-intercept) > 0.15 {
		t.Errorf("slope %g, intercept at 100: %g", c.Slope, c.Intercept+100*c.Slope)
	}
	if p := c.Prob(100 + 3/1.7); math.Abs(p-0.5) > 0.03 {
		t.Errorf("probability %g where it should be 1/2", p)
	}
}

func TestPlattOnDegenerateSamples(t *testing.T) {
	for name, samples := range map[string][]eval.Sample{
		"none":      nil,
		"one kind":  {{Score: 1, True: true}, {Score: 2, True: true}},
		"constant":  {{Score: 3, True: true}, {Score: 3}, {Score: 3}},
		"separable": {{Score: -1e6}, {Score: -1e6 + 1}, {Score: 1e6, True: true}, {Score: 1e6 + 1, True: true}},
	} {
		c := fit(slices.Clone(samples))
		for _, x := range []float32{-1e7, 0, 3, 1e7} {
			if p := c.Prob(x); !(p >= 0 && p <= 1) {
				t.Errorf("%s: probability %g of score %g (%+v)", name, p, x, c)
			}
		}
	}
}
