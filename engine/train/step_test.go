package train

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/internal/vec"
)

// plain is a loss written down in float64, from the scores of triples alone.
type plain struct {
	p     *parameters
	o     Options
	drawn [][]uint32 // negatives of each group, for a paired loss
	step  *queryStep // whose dropout counts; nil without
}

// query returns the query row of a group, with what dropout left of it.
func (x plain) query(g group) []float32 {
	entity, q := slices.Clone(x.p.Entity(g.entity)), make([]float32, x.p.entityWidth)
	i := slices.IndexFunc(testGroups, func(y group) bool { return y.question() == g.question() })
	if x.o.EntityDropout > 0 {
		vec.Mul(x.step.whole.Row(i), entity, entity)
	}
	if g.heads {
		x.p.querier.HeadQuery(x.p.Relation(g.relation), entity, q)
	} else {
		x.p.querier.TailQuery(entity, x.p.Relation(g.relation), q)
	}
	if x.o.Dropout > 0 {
		vec.Mul(x.step.kept.Row(i), q, q)
	}
	return q
}

func (x plain) score(g group, answer uint32) float64 {
	h, t := x.p.Entity(g.entity), x.p.Entity(answer)
	if g.heads {
		h, t = t, h
	}
	score := float64(x.p.Family.Interaction.Score(h, x.p.Relation(g.relation), t))
	if x.step != nil {
		score = float64(x.p.Family.Similarity.Of(x.query(g), x.p.Entity(answer)))
	}
	if x.drawn == nil && x.p.Family.Similarity == model.NegL2 {
		return -score * score
	}
	return score
}

func (x plain) loss() float64 {
	var loss float64
	for i, g := range testGroups {
		for _, part := range x.cut(g) {
			if x.drawn == nil {
				loss += x.overAll(part)
			} else {
				loss += x.paired(part, x.drawn[i])
			}
		}
	}
	return loss
}

func (x plain) cut(g group) []group {
	if x.drawn == nil {
		return []group{g}
	}
	return []group{{g.entity, g.relation, g.targets[:1], g.heads}}
}

func (x plain) overAll(g group) float64 {
	var sum, binary, mean float64
	n := x.p.Vocabulary.Entities()
	for e := range n {
		s := x.score(g, uint32(e))
		sum += math.Exp(s)
		binary += softplus(s)
		mean += s / float64(n)
	}
	loss := binary - x.o.LabelSmoothing*mean
	for _, t := range g.targets {
		if x.o.Loss == KvsAll {
			loss -= (1 - x.o.LabelSmoothing) * x.score(g, t)
			continue
		}
		if t == g.targets[0] {
			loss = 0
		}
		loss += math.Log(sum) - (1-x.o.LabelSmoothing)*x.score(g, t) - x.o.LabelSmoothing*mean
	}
	return loss
}

func (x plain) paired(g group, drawn []uint32) float64 {
	positive := x.score(g, g.targets[0])
	k := float64(x.o.Negatives) // masked ones count as drawn
	var loss, sum float64
	sum = math.Exp(positive)
	for _, e := range drawn {
		s := x.score(g, e)
		sum += math.Exp(s)
		switch x.o.Loss {
		case Margin:
			loss += math.Max(0, x.o.Margin-positive+s) / k
		case Logistic:
			loss += softplus(s+x.o.Margin) / k / 2
		}
	}
	switch x.o.Loss {
	case Logistic:
		loss += softplus(-positive-x.o.Margin) / 2
	case Softmax:
		loss = math.Log(sum) - positive
	}
	return loss
}

// penalties are those of every triple of the test's groups.
func (x plain) penalties() float64 {
	var sum float64
	for _, g := range testGroups {
		for _, part := range x.cut(g) {
			q := x.query(g)
			for _, t := range part.targets {
				ends := [][]float32{x.p.Entity(g.entity), x.p.Entity(t)}
				sized := ends
				if !x.p.Family.Directions {
					sized = append(sized, x.p.Relation(g.relation))
				}
				for _, row := range sized {
					sum += x.o.N3*cubed(row, x.p.Family.Modulus) + x.o.L2*squared(row)
				}
				for _, row := range append(ends, q) {
					sum += x.o.Dura * squared(row)
				}
			}
		}
	}
	return sum
}

func squared(x []float32) float64 { return float64(vec.Dot(x, x)) }

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

func testParameters(t testing.TB, f model.Family, o Options) *parameters {
	t.Helper()
	v, err := model.NewVocabulary(numbers(0, 11), numbers(11, 2))
	if err != nil {
		t.Fatal(err)
	}
	o.Dim = 4
	p := newParameters(f, o, v)
	p.initialise(0.5, rand.New(rand.NewPCG(1, 1)))
	return p
}

var testGroups = []group{
	{0, 0, []uint32{1, 4}, false}, {1, 2, []uint32{0}, false}, {3, 1, []uint32{3, 5, 7}, false}, {0, 3, []uint32{10}, false}, {10, 1, []uint32{0}, false},
}

// testObjective makes the objective of the options and the plain loss beside it.
func testObjective(p *parameters, o Options) (objective, plain) {
	x := plain{p: p, o: o}
	kind, _ := o.Loss.kind()
	if kind == dense {
		return newDense(p, o), x
	}
	seed := rand.New(rand.NewPCG(5, 5)).Uint64()
	sampler := newSampler(o, testGroups, p.Vocabulary.Entities())
	if o.Shared {
		x.drawn = sharedDraws(o, sampler, seed)
	}
	for i, g := range testGroups {
		if o.Shared {
			break
		}
		out := make([]uint32, o.Negatives)
		sampler.draw(g, out, rand.New(rand.NewPCG(seed, uint64(i))))
		x.drawn = append(x.drawn, out)
	}
	random := rand.New(rand.NewPCG(5, 5))
	if o.Shared {
		return newSharedPairs(p, o, testGroups, random), x
	}
	if _, projects := p.querier.(model.Projector); projects {
		return newProjected(p, o, testGroups, random), x
	}
	return newPairs(p, o, testGroups, random), x
}

// sharedDraws returns what a batch of the test's groups draws once, for each group what does not answer it.
func sharedDraws(o Options, s *sampler, seed uint64) (drawn [][]uint32) {
	random := rand.New(rand.NewPCG(seed, 0))
	all := make([]uint32, o.Negatives)
	for i := range all {
		all[i] = s.one(random)
	}
	for _, g := range testGroups {
		drawn = append(drawn, slices.DeleteFunc(slices.Clone(all), func(e uint32) bool { return slices.Contains(g.targets, e) }))
	}
	return drawn
}

// From zero sums, one Adagrad step moves each parameter by rate·sign(gradient) and leaves gradient² in the sums: so
// the step shows the whole gradient, and it must be that of the plain loss.
func TestStepFollowsTheGradientOfThePlainLoss(t *testing.T) {
	for _, f := range model.Families {
		for _, loss := range []Loss{AllEntities, KvsAll, Softmax, Margin, Logistic} {
			o := Options{Family: f.Name, Loss: loss, Batch: 8, Negatives: 6, Margin: 0.7, Temperature: 1, RelationRate: 1, Workers: 2, N3: 0.05, L2: 0.03, Precision: Float32, Optimiser: Adagrad}
			if f.Similarity == model.Dot {
				o.Dura = 0.02
			}
			if kind, _ := loss.kind(); kind == dense {
				o.LabelSmoothing = 0.1
			}
			if o.checkLoss(f) != nil {
				continue
			}
			t.Run(f.Name+"/"+string(loss), func(t *testing.T) { checkStep(t, f, o) })
			if o.Shared = true; o.checkLoss(f) == nil {
				t.Run(f.Name+"/"+string(loss)+"/shared", func(t *testing.T) { checkStep(t, f, o) })
			}
			if o.Shared, o.Dropout, o.EntityDropout = false, 0.3, 0.4; o.checkLoss(f) == nil {
				t.Run(f.Name+"/"+string(loss)+"/dropout", func(t *testing.T) { checkStep(t, f, o) })
			}
		}
	}
}

func checkStep(t *testing.T, f model.Family, o Options) {
	p := testParameters(t, f, o)
	step, x := testObjective(p, o)
	switch s := step.(type) {
	case *denseStep:
		x.step = &s.queryStep
	case *pairStep:
		x.step = &s.queryStep
	}
	if o.Dropout == 0 {
		x.step = nil
	}
	groups := testGroups
	if x.drawn != nil {
		groups = nil
		for _, g := range testGroups {
			groups = append(groups, x.cut(g)...)
		}
	}
	entities, relations := slices.Clone(p.Entities), slices.Clone(p.Relations)
	loss := step.step(groups, 0.2) // large, so that a gradient taken after some step shows
	moved := [2][]float32{slices.Clone(p.Entities), slices.Clone(p.Relations)}
	copy(p.Entities, entities)
	copy(p.Relations, relations)
	if want := x.loss(); math.Abs(loss-want) > 1e-4*(1+want) {
		t.Errorf("loss %g, plainly %g", loss, want)
	}
	tables, sums := [2][]float32{p.Entities, p.Relations}, [2][]float32{p.entities.second, p.relations.second}
	for k, table := range tables {
		for i := range table {
			want := x.difference(&table[i])
			got := math.Sqrt(float64(sums[k][i]))
			if moved[k][i] > table[i] {
				got = -got
			}
			if math.Abs(got-want) > 1e-2*(1+math.Abs(want)) {
				t.Fatalf("table %d, float %d: gradient %g, differences give %g", k, i, got, want)
			}
		}
	}
}

// difference returns the central difference of the plain loss in one parameter.
func (x plain) difference(w *float32) float64 {
	const step = 5e-4 // so small that hardly a coordinate of a distance crosses its kink
	keep := *w
	*w = keep + step
	up := x.loss() + x.penalties()
	*w = keep - step
	down := x.loss() + x.penalties()
	*w = keep
	return (up - down) / (2 * step)
}

// When the sample happens to be every other entity once, the sampled softmax is the full one.
func TestSampledSoftmaxEqualsTheFullOneOnAllEntities(t *testing.T) {
	f := model.Families[0]
	groups := []group{{0, 0, []uint32{1}, false}, {3, 1, []uint32{5}, false}}
	o := Options{Batch: 2, Loss: AllEntities, RelationRate: 1, Precision: Float32}
	full, sampled := testParameters(t, f, o), testParameters(t, f, o)
	want := newDense(full, o).step(groups, 0.1)
	n := full.Vocabulary.Entities()
	o.Negatives = n
	s := newSampledSoftmax(sampled, o, rand.New(rand.NewPCG(0, 0)))
	s.shift = 0
	s.begin(groups, 0.1)
	for j := range s.candidates {
		s.candidates[j] = uint32(j)
		copy(s.rowsOf.Row(j), sampled.Entity(uint32(j)))
	}
	got := s.finish(groups)
	if math.Abs(got-want) > 1e-4*want {
		t.Errorf("loss %g, in full %g", got, want)
	}
	for i := range full.Entities {
		if math.Abs(float64(full.entities.second[i]-sampled.entities.second[i])) > 1e-4*(1+float64(full.entities.second[i])) {
			t.Fatalf("entity float %d: squared gradient %g, in full %g", i, sampled.entities.second[i], full.entities.second[i])
		}
	}
}

func TestQuestionsHoldEveryTripleTwice(t *testing.T) {
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
		groups := questions(triples, 3, limit)
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
		c := CalibrationOptions{}.Fit(slices.Clone(samples))
		for _, x := range []float32{-1e7, 0, 3, 1e7} {
			if p := c.Prob(x); !(p >= 0 && p <= 1) {
				t.Errorf("%s: probability %g of score %g (%+v)", name, p, x, c)
			}
		}
	}
}
