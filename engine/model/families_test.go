package model

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/inklingdb/inkling/internal/vec"
	"github.com/inklingdb/inkling/store"
)

// ids returns n term identifiers after the first skip.
func ids(skip, n int) []store.TermID {
	out := make([]store.TermID, n)
	for i := range out {
		out[i] = store.TermID(skip + i + 1)
	}
	return out
}

// randomEmbedding returns an embedding whose parameters are normal with the given standard deviation.
func randomEmbedding(t testing.TB, f Family, dim int, reciprocal bool, scale float64) *Embedding {
	t.Helper()
	const entities, relations = 23, 4
	v, err := NewVocabulary(ids(0, entities), ids(entities, relations))
	if err != nil {
		t.Fatal(err)
	}
	e := &Embedding{Tables: Tables{Family: f, Dim: dim, Vocabulary: v, Reciprocal: reciprocal}}
	we, wr := e.Widths()
	random := rand.New(rand.NewPCG(7, 7))
	normal := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(scale * random.NormFloat64())
		}
		return x
	}
	e.Entities, e.Relations = normal(entities*we), normal(e.RelationRows()*wr)
	if err := e.Check(); err != nil {
		t.Fatal(err)
	}
	return e
}

// eachFamily runs a test for every entry of the table, with and without reciprocal relations.
func eachFamily(t *testing.T, test func(t *testing.T, e *Embedding)) {
	for _, f := range Families {
		for name, reciprocal := range map[string]bool{"forward": false, "reciprocal": true} {
			t.Run(f.Name+"/"+name, func(t *testing.T) { test(t, randomEmbedding(t, f, 7, reciprocal, 0.5)) })
		}
	}
}

func TestFamiliesAreDescribed(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Families {
		if f.Title == "" || f.Equation == "" || f.Source == "" || f.Layout == "" || (f.Modulus != 1 && f.Modulus != 2) {
			t.Errorf("%s: a field is empty or the modulus is not 1 or 2: %+v", f.Name, f)
		}
		if seen[f.Name] {
			t.Errorf("%s is in the table twice", f.Name)
		}
		seen[f.Name] = true
		if g, err := FamilyByName(f.Title); err != nil || g.Name != f.Name {
			t.Errorf("%s is not found by its title: %v", f.Title, err)
		}
	}
	if _, err := FamilyByName("nonsense"); err == nil {
		t.Error("an unknown name is found")
	}
}

// Central differences of the score, in each of the three rows, against Grad.
func TestGradientsMatchFiniteDifferences(t *testing.T) {
	for _, f := range Families {
		t.Run(f.Name, func(t *testing.T) {
			e := randomEmbedding(t, f, 6, false, 0.7)
			rows := [3][]float32{e.Entity(1), e.Relation(2), e.Entity(3)}
			var grads [3][]float32
			for i := range rows {
				grads[i] = make([]float32, len(rows[i]))
			}
			const g, step = 1.5, 2e-3 // small enough that no coordinate of a distance crosses its kink
			f.Interaction.Grad(g, rows[0], rows[1], rows[2], grads[0], grads[1], grads[2])
			for r := range rows {
				for i := range rows[r] {
					keep := rows[r][i]
					rows[r][i] = keep + step
					up := float64(f.Interaction.Score(rows[0], rows[1], rows[2]))
					rows[r][i] = keep - step
					down := float64(f.Interaction.Score(rows[0], rows[1], rows[2]))
					rows[r][i] = keep
					want := g * (up - down) / (2 * step)
					if diff := math.Abs(want - float64(grads[r][i])); diff > 5e-3*(1+math.Abs(want)) {
						t.Errorf("row %d, float %d: gradient %g, differences give %g", r, i, grads[r][i], want)
					}
				}
			}
		})
	}
}

// What flows back through a query row must be what Grad says: with x in the missing place, ∂Score/∂x = ∂s/∂x.
func TestQueriesFlowBackAsGradients(t *testing.T) {
	for _, f := range Families {
		q, ok := f.Interaction.(Querier)
		if !ok {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			e := randomEmbedding(t, f, 6, false, 0.7)
			h, r, o := e.Entity(1), e.Relation(2), e.Entity(3)
			for _, heads := range []bool{false, true} {
				checkFlow(t, f, q, heads, [3][]float32{h, r, o})
			}
		})
	}
}

func checkFlow(t *testing.T, f Family, q Querier, heads bool, rows [3][]float32) {
	t.Helper()
	fixed, other := 0, rows[2]
	if heads {
		fixed, other = 2, rows[0]
	}
	w := len(rows[0])
	query, dq := make([]float32, w), make([]float32, w)
	seen := other
	if p, ok := f.Interaction.(Projector); ok {
		seen = make([]float32, w)
		project(p.Projection(rows[1]), other, seen)
	}
	got, want := [3][]float32{}, [3][]float32{}
	for i := range rows {
		got[i], want[i] = make([]float32, len(rows[i])), make([]float32, len(rows[i]))
	}
	if heads {
		q.HeadQuery(rows[1], rows[2], query)
	} else {
		q.TailQuery(rows[0], rows[1], query)
	}
	if score := f.Interaction.Score(rows[0], rows[1], rows[2]); !near(f.Similarity.Of(query, seen), score) {
		t.Fatalf("heads %v: the query row scores %g, the triple %g", heads, f.Similarity.Of(query, seen), score)
	}
	if f.Similarity == Dot {
		copy(dq, seen)
	} else {
		addSimilarityGrad(f.Similarity, 1, query, seen, dq, nil)
	}
	if heads {
		q.HeadBackward(rows[1], rows[2], dq, got[1], got[2])
	} else {
		q.TailBackward(rows[0], rows[1], dq, got[0], got[1])
	}
	f.Interaction.Grad(1, rows[0], rows[1], rows[2], want[0], want[1], want[2])
	compare := []int{fixed, 1}
	if _, ok := f.Interaction.(Projector); ok {
		compare = compare[:1] // the relation's matrix also sees the missing entity
	}
	for _, i := range compare {
		for k := range want[i] {
			if !near(got[i][k], want[i][k]) {
				t.Fatalf("heads %v, row %d, float %d: %g through the query, %g by Grad", heads, i, k, got[i][k], want[i][k])
			}
		}
	}
}

func TestGradientAddsAndLeavesOutNil(t *testing.T) {
	for _, f := range Families {
		e := randomEmbedding(t, f, 5, false, 1)
		h, r, o := e.Entity(0), e.Relation(0), e.Entity(1)
		once := make([]float32, len(r))
		f.Interaction.Grad(1, h, r, o, nil, once, nil)
		twice := make([]float32, len(r))
		f.Interaction.Grad(1, h, r, o, nil, twice, nil)
		f.Interaction.Grad(1, h, r, o, nil, twice, nil)
		for i := range once {
			if !near(2*once[i], twice[i]) {
				t.Fatalf("%s: relation gradient %d is %g after two calls, %g after one", f.Name, i, twice[i], once[i])
			}
		}
	}
}

func near(a, b float32) bool {
	return math.Abs(float64(a-b)) <= 1e-4*(1+math.Abs(float64(a)))
}

func TestQueriesEqualRepeatedScores(t *testing.T) {
	eachFamily(t, func(t *testing.T, e *Embedding) {
		n := e.Vocabulary.Entities()
		var queries []Query
		for i := range uint32(13) { // more than the kernel's "few rows", so that both of its ways are taken
			queries = append(queries, Query{Entity: i, Relation: i % 4, Heads: i%2 == 0})
		}
		batch := vec.MatrixOf(make([]float32, len(queries)*n), len(queries), n)
		e.ScoreQueries(queries, batch, 2)
		single := make([]float32, n)
		for i, q := range queries {
			e.ScoreQuery(q, single)
			for x := range uint32(n) {
				want := e.ScoreCompletion(q, x)
				if !near(single[x], want) || !near(batch.Row(i)[x], want) {
					t.Fatalf("%+v, entity %d: %g alone, %g in a batch, %g by ScoreCompletion", q, x, single[x], batch.Row(i)[x], want)
				}
			}
		}
	})
}

func TestScoreIsTheMeanOfBothDirections(t *testing.T) {
	eachFamily(t, func(t *testing.T, e *Embedding) {
		n := e.Vocabulary.Entities()
		tails, heads := make([]float32, n), make([]float32, n)
		e.ScoreTails(2, 1, tails)
		e.ScoreHeads(1, 5, heads)
		if want := (tails[5] + heads[2]) / 2; !near(e.Score(2, 1, 5), want) {
			t.Errorf("score %g, directions give %g", e.Score(2, 1, 5), want)
		}
		all := make([]float32, 2)
		e.ScoreAll([]Triple{{2, 1, 5}, {0, 0, 1}}, all)
		relations := make([]float32, e.Vocabulary.Relations())
		e.ScoreRelations(2, 5, relations)
		if all[0] != e.Score(2, 1, 5) || relations[1] != all[0] || all[1] != e.Score(0, 0, 1) {
			t.Errorf("one triple has different scores: %v, %v, %g", all, relations, e.Score(2, 1, 5))
		}
	})
}

func TestNoNaNOnExtremeRows(t *testing.T) {
	for _, f := range Families {
		for _, scale := range []float64{0, 1e-38, 1e-20, 1e4, 1e9} {
			e := randomEmbedding(t, f, 9, true, scale)
			e.Calibration = Calibration{Slope: 2, Intercept: -1, Samples: 1}
			out := make([]float32, e.Vocabulary.Entities())
			e.ScoreTails(0, 0, out)
			for x, s := range append(out, e.Score(0, 0, 1)) {
				if s != s {
					t.Fatalf("%s at scale %g: the score of entity %d is NaN", f.Name, scale, x)
				}
			}
			if p := e.Prob(0, 0, 1); !(p >= 0 && p <= 1) {
				t.Fatalf("%s at scale %g: probability %g", f.Name, scale, p)
			}
			we, wr := e.Widths()
			grad := make([]float32, we+wr+we)
			f.Interaction.Grad(1, e.Entity(0), e.Relation(0), e.Entity(1), grad[:we], grad[we:we+wr], grad[we+wr:])
			for _, g := range grad {
				if g != g {
					t.Fatalf("%s at scale %g: a gradient is NaN", f.Name, scale)
				}
			}
		}
	}
}
