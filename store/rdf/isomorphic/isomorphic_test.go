package isomorphic

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/inklingdb/inkling/store/rdf"
	"pgregory.net/rapid"
)

// TestRenamedGraphsAreIsomorphic renames the blank nodes of random graphs and shuffles them; then breaks one row.
func TestRenamedGraphsAreIsomorphic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes := rapid.IntRange(1, 7).Draw(t, "nodes")
		node := rapid.Custom(func(t *rapid.T) rdf.Term {
			if rapid.IntRange(0, 3).Draw(t, "ground") == 0 {
				return rdf.NewIRI("http://e/" + strconv.Itoa(rapid.IntRange(0, 2).Draw(t, "iri")))
			}
			return rdf.NewBlank("b" + strconv.Itoa(rapid.IntRange(0, nodes-1).Draw(t, "blank")))
		})
		p := rdf.NewIRI("http://e/p")
		var a, b []rdf.Quad
		random := rand.New(rand.NewPCG(1, rapid.Uint64().Draw(t, "seed")))
		to := random.Perm(nodes)
		rename := func(r rdf.Term) rdf.Term {
			if r.Kind != rdf.Blank {
				return r
			}
			n, _ := strconv.Atoi(r.Value[1:])
			return rdf.NewBlank("c" + strconv.Itoa(to[n]))
		}
		for range rapid.IntRange(0, 12).Draw(t, "rows") {
			q := rdf.Quad{S: node.Draw(t, "s"), P: p, O: node.Draw(t, "o")}
			a = append(a, q)
			b = append(b, rdf.Quad{S: rename(q.S), P: p, O: rename(q.O)})
		}
		random.Shuffle(len(b), func(i, j int) { b[i], b[j] = b[j], b[i] })
		if !Quads(a, b) {
			t.Fatalf("renamed graph is not isomorphic:\n%v\n%v", a, b)
		}
		if len(b) > 0 {
			b[0].O = rdf.NewIRI("http://e/new")
			if Quads(a, b) {
				t.Fatalf("changed graph is isomorphic:\n%v\n%v", a, b)
			}
		}
	})
}

// TestRegularGraphs holds what colours alone cannot tell apart: two triangles and one hexagon.
func TestRegularGraphs(t *testing.T) {
	ring := func(sizes ...int) (quads []rdf.Quad) {
		next := 0
		for _, n := range sizes {
			for i := range n {
				s, o := rdf.NewBlank(strconv.Itoa(next+i)), rdf.NewBlank(strconv.Itoa(next+(i+1)%n))
				quads = append(quads, rdf.Quad{S: s, P: rdf.NewIRI("p:p"), O: o})
			}
			next += n
		}
		return quads
	}
	if Quads(ring(3, 3), ring(6)) {
		t.Error("two triangles equal a hexagon")
	}
	if !Quads(ring(3, 5), ring(5, 3)) {
		t.Error("the same rings in another order differ")
	}
}

func TestRowsCountDuplicates(t *testing.T) {
	x, y := []rdf.Term{rdf.NewBlank("x")}, []rdf.Term{rdf.NewBlank("y")}
	one := [][]rdf.Term{x, x, y}
	two := [][]rdf.Term{y, x, y}
	three := [][]rdf.Term{x, y, {rdf.NewBlank("z")}}
	if !Rows(one, two) || Rows(one, three) {
		t.Error("rows must be compared as multisets")
	}
}
