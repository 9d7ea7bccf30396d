package kgmark

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/inklingdb/inkling/engine/model"
)

func TestReadTriples(t *testing.T) {
	g, err := ReadTriples(strings.NewReader("70 1 5\n5 0 70\n70 1 5\n\n5 0 9\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []model.Triple{{H: 0, R: 1, T: 1}, {H: 1, R: 0, T: 0}, {H: 1, R: 0, T: 2}}
	if !slices.Equal(g.Triples, want) || !slices.Equal(g.Names, []string{"70", "5", "9"}) || g.Relations != 2 {
		t.Errorf("%+v", g)
	}
	for text, says := range map[string]string{"1 2 3\n1 2\n": "line 2", "1 x 3\n": `"x"`, "1 -2 3": `"-2"`, "1 2000000 3": "relation 2000000"} {
		if _, err := ReadTriples(strings.NewReader(text)); !errors.Is(err, ErrGraph) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzReadTriples(f *testing.F) {
	f.Add("70 1 5\n5 0 70\n")
	f.Add("1 2\n")
	f.Fuzz(func(t *testing.T, text string) {
		g, err := ReadTriples(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, triple := range g.Triples {
			if int(triple.H) >= len(g.Names) || int(triple.T) >= len(g.Names) || int(triple.R) >= g.Relations {
				t.Fatalf("%v of %d names and %d relations", triple, len(g.Names), g.Relations)
			}
		}
	})
}

func TestAUC(t *testing.T) {
	if got := AUC([]float64{-3, -1}, []float64{-2, -1, 0}); got != (3+1.5)/6 {
		t.Errorf("AUC %g, want %g", got, 4.5/6)
	}
}
