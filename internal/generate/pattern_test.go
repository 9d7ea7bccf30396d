package generate_test

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/inklingdb/inkling/index/pattern"
	"github.com/inklingdb/inkling/internal/generate"
)

// TestGraphsHaveExactlyTheirPattern analyses all true triples of each graph.
func TestGraphsHaveExactlyTheirPattern(t *testing.T) {
	for _, p := range generate.Patterns {
		for seed := range uint64(3) {
			g := p.Graph(seed)
			r, err := pattern.Analyse(context.Background(), g.All(), len(g.Relations), pattern.Options{})
			if err != nil {
				t.Fatal(err)
			}
			var found pattern.Set
			for _, e := range r.Relations {
				found |= e.Verdict
			}
			found &^= pattern.OneToOne
			if found.String() != p.Name {
				t.Errorf("%s, seed %d: the graph shows %q", p.Name, seed, found)
			}
			if r.Entities != g.Entities {
				t.Errorf("%s: %d of %d entities stand in a triple", p.Name, r.Entities, g.Entities)
			}
		}
	}
}

// follows says, for each pattern, whether a test triple follows from the training triples.
var follows = map[string]func(g *generate.PatternGraph, train map[generate.Row]bool, x generate.Row) bool{
	"symmetric": func(_ *generate.PatternGraph, train map[generate.Row]bool, x generate.Row) bool {
		return train[generate.Row{H: x.T, R: x.R, T: x.H}]
	},
	"inverse": func(_ *generate.PatternGraph, train map[generate.Row]bool, x generate.Row) bool {
		return train[generate.Row{H: x.T, R: 1 - x.R, T: x.H}]
	},
	"composition": func(g *generate.PatternGraph, train map[generate.Row]bool, x generate.Row) bool {
		var i, j string
		parts := strings.Split(g.Relations[x.R], "_")
		i, j = "right_"+parts[1], "up_"+parts[3]
		first, second := uint32(slices.Index(g.Relations, i)), uint32(slices.Index(g.Relations, j))
		for y := range train {
			if y.H == x.H && y.R == first && train[generate.Row{H: y.T, R: second, T: x.T}] {
				return true
			}
		}
		return false
	},
	"1-to-N": sameByFirst,
	"N-to-1": sameByFirst,
}

func sameByFirst(_ *generate.PatternGraph, train map[generate.Row]bool, x generate.Row) bool {
	return train[generate.Row{H: x.H, R: 0, T: x.T}]
}

// TestHeldOutTriplesFollowByThePatternAlone also counts the training triples that join a test triple's ends.
func TestHeldOutTriplesFollowByThePatternAlone(t *testing.T) {
	for _, p := range generate.Patterns {
		g := p.Graph(1)
		train := map[generate.Row]bool{}
		joined := map[[2]uint32]int{}
		for _, x := range g.Train {
			if train[x] {
				t.Fatalf("%s: %v is stated twice", p.Name, x)
			}
			train[x] = true
			joined[[2]uint32{min(x.H, x.T), max(x.H, x.T)}]++
		}
		if len(g.Test) < 75 || len(g.Valid) < 25 {
			t.Errorf("%s: %d test and %d validation triples", p.Name, len(g.Test), len(g.Valid))
		}
		for _, x := range g.False {
			if train[x] || !train[generate.Row{H: x.T, R: x.R, T: x.H}] {
				t.Fatalf("%s: %v is not a stated triple turned round", p.Name, x)
			}
		}
		if p.Name == "antisymmetric" {
			continue // infers what is false
		}
		for _, x := range append(slices.Clone(g.Test), g.Valid...) {
			if train[x] || !follows[p.Name](&g, train, x) {
				t.Fatalf("%s: %v is stated, or does not follow", p.Name, x)
			}
			want := 1
			if p.Name == "composition" {
				want = 0
			}
			if n := joined[[2]uint32{min(x.H, x.T), max(x.H, x.T)}]; n != want {
				t.Fatalf("%s: %d triples join the ends of %v, want %d", p.Name, n, x, want)
			}
		}
	}
}

func TestPatternGraphsByTheirSeed(t *testing.T) {
	p, err := generate.PatternByName("inverse")
	if err != nil {
		t.Fatal(err)
	}
	if a, b := p.Graph(5), p.Graph(5); !reflect.DeepEqual(a, b) {
		t.Error("the same seed gave two graphs")
	}
	if a, b := p.Graph(5), p.Graph(6); reflect.DeepEqual(a.Train, b.Train) {
		t.Error("two seeds gave one graph")
	}
	if _, err := generate.PatternByName("transitive"); err == nil || !strings.Contains(err.Error(), "composition") {
		t.Errorf("an unknown pattern: %v", err)
	}
}

func TestWriteTSV(t *testing.T) {
	g := generate.Patterns[0].Graph(1)
	folder := filepath.Join(t.TempDir(), "new", "symmetric")
	if err := g.WriteTSV(folder); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(folder, "test.tsv"))
	if lines := strings.Count(string(text), "\n"); err != nil || lines != len(g.Test) || strings.Count(string(text), "\tsymmetric\t") != lines {
		t.Errorf("%d lines for %d triples: %v", lines, len(g.Test), err)
	}
	if err := g.WriteTSV(filepath.Join(folder, "test.tsv")); err == nil {
		t.Error("a file is no folder")
	}
}
