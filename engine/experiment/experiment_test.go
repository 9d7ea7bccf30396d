package experiment

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/internal/generate"
)

// TestDistMultLearnsFansNotDirections trains the family whose score cannot tell a triple from its reverse.
func TestDistMultLearnsFansNotDirections(t *testing.T) {
	done := 0
	cells, err := Run(context.Background(), Options{
		Families: []string{"distmult"}, Patterns: []string{"antisymmetric", "1-to-N"}, Workers: 2,
		Adjust: func(_ string, o *train.Options) { o.Epochs = 30 },
		Done:   func(Cell, int, int) { done++ },
	})
	if err != nil || len(cells) != 2 || done != 2 {
		t.Fatalf("%d cells, %d done: %v", len(cells), done, err)
	}
	anti, fan := cells[0], cells[1]
	if anti.Learnt || math.Abs(anti.Direction-0.5) > 0.1 || anti.Published != Fails || anti.Differs() {
		t.Errorf("antisymmetric: %+v", anti)
	}
	if !fan.Learnt || fan.Ranked < 0.9 || fan.Apart < 0.9 || fan.Within <= fan.Between || fan.Differs() {
		t.Errorf("1-to-N: %+v", fan)
	}
	if anti.Threshold != 0.75 || fan.Threshold != (1+1.0/8)/2 || !math.IsNaN(fan.Direction) || !math.IsNaN(anti.Apart) {
		t.Errorf("thresholds %g and %g", anti.Threshold, fan.Threshold)
	}
}

// measured returns a measurer of an embedding written by hand: DistMult, whose rows the caller sets.
func measured(t *testing.T, g *generate.PatternGraph, dim int, rows func(entity uint32, row []float32)) *measurer {
	t.Helper()
	d, err := dataOf(g)
	if err != nil {
		t.Fatal(err)
	}
	f, err := model.FamilyByName("distmult")
	if err != nil {
		t.Fatal(err)
	}
	e := &model.Embedding{Tables: model.Tables{Family: f, Dim: dim, Vocabulary: d.Vocabulary,
		Entities: make([]float32, dim*g.Entities), Relations: make([]float32, dim*len(g.Relations))}}
	for i := range e.Relations {
		e.Relations[i] = 1
	}
	for x := range g.Entities {
		rows(uint32(x), e.Entities[x*dim:(x+1)*dim])
	}
	return &measurer{graph: g, data: d, embedding: e, known: eval.NewKnown(d.Train, d.Valid, d.Test)}
}

// TestFiguresOfCollapsedTails gives all tails of a head one row: they rank first, and nothing tells them apart.
func TestFiguresOfCollapsedTails(t *testing.T) {
	for _, name := range []string{"1-to-N", "N-to-1"} {
		p, err := generate.PatternByName(name)
		if err != nil {
			t.Fatal(err)
		}
		g := p.Graph(1)
		one := map[uint32]int{} // the coordinate of a head and its tails, and one for their own nodes
		fanOf := func(node uint32) int {
			if _, ok := one[node]; !ok {
				one[node] = len(one)
			}
			return one[node]
		}
		place := map[uint32]int{}
		for _, x := range g.Train {
			if x.R == 0 && name == "1-to-N" {
				place[x.T] = fanOf(x.H)
			} else if x.R == 0 {
				place[x.H] = fanOf(x.T)
			}
		}
		for _, x := range g.Apart {
			place[x.T] = 30 + place[x.H]
		}
		for node, at := range one {
			place[node] = at
		}
		m := measured(t, &g, 60, func(x uint32, row []float32) {
			row[place[x]] = 1
			if at := place[x]; at >= 30 { // also near its tails, half as much
				row[at-30] = 0.5
			}
			if _, head := one[x]; head {
				row[place[x]] = 0.9
			}
		})
		f, err := m.figures(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if f.Ranked != 1 || math.Abs(f.Within-1) > 1e-6 || f.Between != 0 {
			t.Errorf("%s: ranked %g, cosines %g and %g", name, f.Ranked, f.Within, f.Between)
		}
		if f.Apart > 0.2 || f.Score != f.Apart {
			t.Errorf("%s: %g told apart, score %g", name, f.Apart, f.Score)
		}
	}
}

func TestBlindGuesses(t *testing.T) {
	want := map[string]float64{"symmetric": 1.0 / 400, "antisymmetric": 0.5, "1-to-N": 1.0 / 8, "N-to-1": 1.0 / 8}
	for _, p := range generate.Patterns {
		g := p.Graph(2)
		m := measured(t, &g, 1, func(uint32, []float32) {})
		got := m.blind()
		if w, ok := want[p.Name]; ok && got != w {
			t.Errorf("%s: %g, want %g", p.Name, got, w)
		}
		switch p.Name {
		case "inverse": // an inner node of a chain has two neighbours
			if got < 0.5 || got > 0.65 {
				t.Errorf("inverse: %g", got)
			}
		case "composition": // a node in the middle of an outer grid has three neighbours by single steps and nine by composed ones
			if got < 1.0/12 || got > 0.2 {
				t.Errorf("composition: %g", got)
			}
		}
	}
}

func TestRunRefusesUnknownNames(t *testing.T) {
	if _, err := Run(context.Background(), Options{Families: []string{"transh"}}); err == nil || !strings.Contains(err.Error(), "transh") {
		t.Errorf("an unknown family: %v", err)
	}
	if _, err := Run(context.Background(), Options{Patterns: []string{"transitive"}}); err == nil || !strings.Contains(err.Error(), "composition") {
		t.Errorf("an unknown pattern: %v", err)
	}
}

// TestPublishedTableIsWhole checks that every family of the lecture has an entry in each of its rows.
func TestPublishedTableIsWhole(t *testing.T) {
	for pattern, row := range published {
		if _, err := generate.PatternByName(pattern); err != nil {
			t.Error(err)
		}
		for _, name := range []string{"transe", "transr", "distmult", "complex", "rotate"} {
			if row[name] == Unstated {
				t.Errorf("%s: no entry for %s", pattern, name)
			}
		}
	}
	if len(published) != 5 || slices.Contains([]string{Learns.String(), Fails.String()}, Unstated.String()) {
		t.Errorf("%d rows", len(published))
	}
}
