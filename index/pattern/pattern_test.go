package pattern

import (
	"cmp"
	"context"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// drawGraph draws a small graph in which symmetric, inverse and composed triples are frequent.
func drawGraph(t *rapid.T) ([]Triple, int) {
	entities, relations := rapid.IntRange(1, 9).Draw(t, "entities"), rapid.IntRange(1, 4).Draw(t, "relations")
	e, r := rapid.Uint32Range(0, uint32(entities-1)), rapid.Uint32Range(0, uint32(relations-1))
	var list []Triple
	for range rapid.IntRange(0, 60).Draw(t, "steps") {
		x := Triple{e.Draw(t, "h"), r.Draw(t, "r"), e.Draw(t, "t")}
		list = append(list, x)
		switch rapid.IntRange(0, 3).Draw(t, "with") {
		case 0:
			list = append(list, Triple{x.T, r.Draw(t, "back"), x.H})
		case 1:
			y := Triple{x.T, r.Draw(t, "second"), e.Draw(t, "end")}
			list = append(list, y, Triple{x.H, r.Draw(t, "third"), y.T})
		case 2:
			list = append(list, x)
		}
	}
	return list, relations
}

// world is a graph as a plain set of triples.
type world map[Triple]bool

// plain is the reference: every question asked of every combination of entities.
func (w world) evidence(r uint32, relations int) Evidence {
	e := Evidence{Relation: r}
	heads, tails := map[uint32]bool{}, map[uint32]bool{}
	for x := range w {
		if x.R == r {
			e.Triples++
			heads[x.H], tails[x.T] = true, true
			if x.H == x.T {
				e.Loops++
			}
		}
	}
	nodes := map[uint32]bool{}
	for h := range heads {
		nodes[h] = true
	}
	for t := range tails {
		nodes[t] = true
	}
	e.Heads, e.Tails, e.Nodes = len(heads), len(tails), len(nodes)
	for x := range w {
		if x.R != r || x.H == x.T {
			continue
		}
		if heads[x.T] && tails[x.H] {
			e.Reversible++
		}
		if w[Triple{x.T, r, x.H}] {
			e.Reversed++
		}
	}
	for other := range uint32(relations) {
		if found := w.inverse(r, other); other != r && min(found.Share, found.Back) > min(e.Inverse.Share, e.Inverse.Back) {
			e.Inverse = found
		}
	}
	e.Depth, e.Cyclic = w.hierarchy(r)
	e.Compositions = w.compositions(r, relations)
	return e
}

func (w world) inverse(r, other uint32) Inverse {
	i := Inverse{Relation: other}
	pairs, others := 0, 0
	for x := range w {
		if x.H == x.T {
			continue
		}
		if x.R == other {
			others++
		}
		if x.R == r {
			pairs++
			if w[Triple{x.T, other, x.H}] {
				i.Support++
			}
		}
	}
	i.Share, i.Back = ratio(i.Support, pairs), ratio(i.Support, others)
	return i
}

// hierarchy walks all chains: a node is cyclic if a walk to it can be longer than there are nodes.
func (w world) hierarchy(r uint32) (depth, cyclic int) {
	const far = 20
	longest := func(node uint32) int {
		ends := map[uint32]bool{node: true}
		for n := range far {
			before := map[uint32]bool{}
			for x := range w {
				if x.R == r && ends[x.T] {
					before[x.H] = true
				}
			}
			if len(before) == 0 {
				return n
			}
			ends = before
		}
		return far
	}
	for x := range w {
		if x.R != r {
			continue
		}
		if longest(x.H) == far {
			cyclic++
		}
		for _, node := range []uint32{x.H, x.T} {
			if n := longest(node); n < far {
				depth = max(depth, n)
			}
		}
	}
	return depth, cyclic
}

func (w world) compositions(r uint32, relations int) []Composition {
	var list []Composition
	votes := map[Composition]int{}
	pairs := 0
	for x := range w {
		if x.R == r && x.H != x.T {
			pairs++
		}
	}
	for first := range uint32(relations) {
		for second := range uint32(relations) {
			c, covered := w.composition(r, first, second)
			c.Coverage = ratio(covered, pairs)
			if covered > 0 && c.Coverage >= leastCoverage {
				list = append(list, c)
				votes[c] = covered
			}
		}
	}
	slices.SortStableFunc(list, func(x, y Composition) int { return cmp.Compare(votes[y], votes[x]) })
	list = list[:min(len(list), triedCompositions)]
	slices.SortStableFunc(list, func(x, y Composition) int {
		return cmp.Compare((y.Share-y.Chance)*y.Coverage, (x.Share-x.Chance)*x.Coverage)
	})
	return list[:min(len(list), keptCompositions)]
}

func (w world) composition(r, first, second uint32) (c Composition, covered int) {
	c = Composition{First: first, Second: second}
	joined := map[[2]uint32]bool{}
	for x := range w {
		for y := range w {
			if x.R == first && y.R == second && x.T == y.H && x.H != y.T && x.T != x.H && x.T != y.T {
				joined[[2]uint32{x.H, y.T}] = true
			}
		}
	}
	met := 0
	for a := range joined {
		c.Joined++
		if w[Triple{a[0], r, a[1]}] {
			c.Stated++
		}
		for b := range joined {
			if a[0] != b[1] && w[Triple{a[0], r, b[1]}] {
				met++
			}
		}
	}
	c.Share = ratio(c.Stated, c.Joined)
	c.Chance = ratio(met, c.Joined*c.Joined)
	if c.Stated > 0 {
		c.Lift = c.Share / c.Chance
	}
	for pair := range joined {
		if w[Triple{pair[0], r, pair[1]}] {
			covered++
		}
	}
	return c, covered
}

// TestEvidenceIsThePlainCount compares every figure with a count over all combinations.
func TestEvidenceIsThePlainCount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		triples, relations := drawGraph(t)
		w := world{}
		for _, x := range triples {
			w[x] = true
		}
		got, err := Analyse(context.Background(), triples, relations, Options{Sample: -1, Paths: -1, Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		if got.Triples != len(w) {
			t.Fatalf("%d triples, want %d", got.Triples, len(w))
		}
		for r := range uint32(relations) {
			g, want := got.Relations[r], w.evidence(r, relations)
			for i := range g.Compositions {
				c := &g.Compositions[i]
				if i < len(want.Compositions) && math.Abs(c.Chance-want.Compositions[i].Chance) < 1e-12 {
					c.Chance, c.Lift = want.Compositions[i].Chance, want.Compositions[i].Lift
				}
			}
			g.Verdict = 0
			if len(g.Compositions) == 0 {
				g.Compositions = want.Compositions[:0]
			}
			if !reflect.DeepEqual(g, want) {
				t.Fatalf("relation %d of %v:\n got %+v\nwant %+v", r, triples, g, want)
			}
		}
	})
}

// TestSampleBoundsTheWork looks at a relation composed of two others and half lost, too large to be read whole.
func TestSampleBoundsTheWork(t *testing.T) {
	const n = 3000
	var triples []Triple
	all := map[Triple]bool{}
	for i := range uint32(n) {
		for j := range uint32(4) {
			m := n + (7*i+j)%n
			triples = append(triples, Triple{i, 0, m}, Triple{m, 1, 2*n + (m+n/2*j)%n})
			for k := range uint32(4) {
				all[Triple{i, 2, 2*n + (m+n/2*k)%n}] = true
			}
		}
	}
	kept := 0
	for x := range all {
		if (x.H+x.T)%2 == 0 {
			triples = append(triples, x)
			kept++
		}
	}
	var reports []*Report
	for _, o := range []Options{{Workers: 1}, {Workers: 3}, {Sample: -1, Paths: -1}} {
		r, err := Analyse(context.Background(), triples, 3, o)
		if err != nil {
			t.Fatal(err)
		}
		reports = append(reports, r)
	}
	if !reflect.DeepEqual(reports[0].Relations, reports[1].Relations) {
		t.Error("the report depends on the number of workers")
	}
	sampled, exact := reports[0].Relations[2].Compositions[0], reports[2].Relations[2].Compositions[0]
	if exact.Joined != len(all) || exact.Stated != kept || exact.Sampled || exact.Coverage != 1 {
		t.Errorf("all of it: %+v, want %d of %d", exact, kept, len(all))
	}
	if !sampled.Sampled || sampled.Joined > 6000 || math.Abs(sampled.Share-exact.Share) > 0.05 {
		t.Errorf("a sample: %+v, all of it: %+v", sampled, exact)
	}
}

func TestVerdicts(t *testing.T) {
	var triples []Triple
	add := func(h, r, t uint32) { triples = append(triples, Triple{h, r, t}) }
	const symmetric, above, below, loop, of, rare = 0, 1, 2, 3, 4, 5
	for i := range uint32(20) {
		add(2*i, symmetric, 2*i+1)
		add(2*i+1, symmetric, 2*i)
		add(i, above, i+1)
		add(i+1, below, i)
		add(i, loop, i)
		for j := range uint32(3) {
			add(100+i, of, 200+3*i+j)
		}
	}
	for i := range uint32(leastSupport - 1) {
		add(i, rare, i+50)
		add(i+50, rare, i)
	}
	r, err := Analyse(context.Background(), triples, 6, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []Set{
		Symmetric | OneToOne, Antisymmetric | InverseOf | OneToOne, Antisymmetric | InverseOf | OneToOne,
		Reflexive | OneToOne, OneToN, Symmetric | OneToOne,
	}
	for i, e := range r.Relations {
		if e.Verdict != want[i] {
			t.Errorf("relation %d: %v, want %v", i, e.Verdict, want[i])
		}
	}
	if got := r.Relations[above].Depth; got != 20 || r.Relations[symmetric].Cyclic != 40 {
		t.Errorf("depth %d, %d cyclic", got, r.Relations[symmetric].Cyclic)
	}
	if s := r.Shares(); math.Abs(s[4]) > 0 || math.Abs(s[6]-60.0/float64(r.Triples)) > 1e-12 {
		t.Errorf("shares %v", s)
	}
}

func TestBadInput(t *testing.T) {
	_, err := Analyse(context.Background(), []Triple{{0, 0, 1}, {0, 3, 1}}, 2, Options{})
	if err == nil || !strings.Contains(err.Error(), "triple 1 names relation 3 of 2") {
		t.Errorf("a relation out of range: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Analyse(ctx, []Triple{{0, 0, 1}}, 1, Options{}); err == nil {
		t.Error("a cancelled context must end the analysis")
	}
	r, err := Analyse(context.Background(), []Triple(nil), 0, Options{})
	if err != nil || r.Triples != 0 || r.Shares()[0] != 0 {
		t.Errorf("an empty graph: %+v %v", r, err)
	}
}
