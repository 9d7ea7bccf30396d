package generate

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// Row is a triple by numbers: entities H and T, relation R.
type Row struct{ H, R, T uint32 }

// PatternGraph is a graph whose relations follow exactly one pattern, cut so that a test triple follows from the
// training triples by the pattern and by nothing else: no other triple joins its two entities, but for those that the
// pattern speaks of.
type PatternGraph struct {
	Pattern   string
	Entities  int
	Relations []string // names by row
	Train     []Row
	Valid     []Row
	Test      []Row
	// False are triples that the pattern rules out: for antisymmetric, training triples turned round. A pattern that only
	// forbids infers no triple, so there Valid and Test repeat training triples.
	False []Row
	// Apart are training triples by which entities that the pattern makes alike can be told apart: 1-to-N and N-to-1.
	Apart []Row
}

// Pattern makes graphs of one relation pattern.
type Pattern struct {
	Name string
	Doc  string // the graph in a sentence
	make func(b *patternBuilder)
}

// Patterns lists the generated patterns in the order of the experiment's table.
var Patterns = []Pattern{
	{"symmetric", "200 pairs, stated both ways; of a half of them only one way is in the training triples", makeSymmetric},
	{"antisymmetric", "50 chains of 8 nodes, stated one way", makeAntisymmetric},
	{"inverse", "a relation of 50 chains with 15% of its triples in pairs stated both ways, and its inverse; half of the " +
		"chains' triples are trained by one of the two only", makeInverse},
	{"composition", "six times three grids of 5 by 5: three relations go right by 0, 1 and 2 from the first grid to the " +
		"second, three up from the second to the third, and nine compose them; 40% of the nine's triples are left out", makeComposition},
	{"1-to-N", "30 heads of 8 tails each, stated by two relations, half of the second's triples left out; each tail has " +
		"a node of its own by a third", makeOneToN},
	{"N-to-1", "the same, stated from the tails to the head", makeNToOne},
}

// ErrUnknownPattern is returned for a name that is not in Patterns.
var ErrUnknownPattern = errors.New("unknown pattern")

// PatternByName returns a pattern of the table.
func PatternByName(name string) (Pattern, error) {
	var names []string
	for _, p := range Patterns {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	return Pattern{}, fmt.Errorf("generate: %w %q (there are %s)", ErrUnknownPattern, name, strings.Join(names, ", "))
}

// Graph returns the graph of a seed. Which entity has which number, and which triples are left out, is random.
func (p Pattern) Graph(seed uint64) PatternGraph {
	b := &patternBuilder{random: rand.New(rand.NewPCG(seed, 0x2545f4914f6cdd1d))}
	p.make(b)
	b.graph.Pattern = p.Name
	b.renumber()
	return b.graph
}

// All returns every triple that is true: of training, validation and test.
func (g *PatternGraph) All() []Row {
	return append(append(append([]Row(nil), g.Train...), g.Valid...), g.Test...)
}

// WriteTSV writes train.tsv, valid.tsv and test.tsv, names separated by tabs, into a folder that it makes.
func (g *PatternGraph) WriteTSV(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("generate: %w", err)
	}
	for name, rows := range map[string][]Row{"train": g.Train, "valid": g.Valid, "test": g.Test} {
		if err := g.writeRows(filepath.Join(folder, name+".tsv"), rows); err != nil {
			return fmt.Errorf("generate: %w", err)
		}
	}
	return nil
}

func (g *PatternGraph) writeRows(path string, rows []Row) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	for _, r := range rows {
		fmt.Fprintf(w, "e%d\t%s\te%d\n", r.H, g.Relations[r.R], r.T)
	}
	if err := w.Flush(); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// patternBuilder is a graph under construction.
type patternBuilder struct {
	random *rand.Rand
	graph  PatternGraph
	held   int
}

// nodes returns n new entities.
func (b *patternBuilder) nodes(n int) []uint32 {
	list := make([]uint32, n)
	for i := range list {
		list[i] = uint32(b.graph.Entities + i)
	}
	b.graph.Entities += n
	return list
}

func (b *patternBuilder) relation(name string) uint32 {
	b.graph.Relations = append(b.graph.Relations, name)
	return uint32(len(b.graph.Relations) - 1)
}

func (b *patternBuilder) train(r Row) { b.graph.Train = append(b.graph.Train, r) }

// hold keeps a triple out of the training: one in four for validation, three for the test.
func (b *patternBuilder) hold(r Row) {
	if b.held%4 == 0 {
		b.graph.Valid = append(b.graph.Valid, r)
	} else {
		b.graph.Test = append(b.graph.Test, r)
	}
	b.held++
}

// renumber gives the entities numbers that tell nothing, and mixes the triples.
func (b *patternBuilder) renumber() {
	order := b.random.Perm(b.graph.Entities)
	for _, rows := range [][]Row{b.graph.Train, b.graph.Valid, b.graph.Test, b.graph.False, b.graph.Apart} {
		for i, r := range rows {
			rows[i] = Row{uint32(order[r.H]), r.R, uint32(order[r.T])}
		}
		b.random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	}
}

func makeSymmetric(b *patternBuilder) {
	r := b.relation("symmetric")
	for i := range 200 {
		n := b.nodes(2)
		b.train(Row{n[0], r, n[1]})
		if i%2 == 0 {
			b.train(Row{n[1], r, n[0]})
		} else {
			b.hold(Row{n[1], r, n[0]})
		}
	}
}

// chain is how many nodes a chain has.
const chain = 8

func makeAntisymmetric(b *patternBuilder) {
	r := b.relation("antisymmetric")
	for i := range 50 {
		n := b.nodes(chain)
		for j := range chain - 1 {
			stated := Row{n[j], r, n[j+1]}
			b.train(stated)
			b.graph.False = append(b.graph.False, Row{n[j+1], r, n[j]})
			if (i+j)%3 == 0 {
				b.hold(stated)
			}
		}
	}
}

func makeInverse(b *patternBuilder) {
	first, second := b.relation("forth"), b.relation("back")
	both := func(h, t uint32) { b.train(Row{h, first, t}); b.train(Row{t, second, h}) }
	for i := range 50 {
		n := b.nodes(chain)
		for j := range chain - 1 {
			forth, back := Row{n[j], first, n[j+1]}, Row{n[j+1], second, n[j]}
			switch (i + j) % 4 {
			case 0:
				b.train(forth)
				b.hold(back)
			case 2:
				b.train(back)
				b.hold(forth)
			default:
				both(n[j], n[j+1])
			}
		}
	}
	for range 31 { // 62 of 412 triples: the relation is neither symmetric nor antisymmetric
		n := b.nodes(2)
		both(n[0], n[1])
		both(n[1], n[0])
	}
}

// Sizes of the composition's grids: steps relations in each direction, by 0 to steps−1. Small grids many times, since a
// long line that a model must unroll is a test of its optimiser and not of its equation.
const (
	grids = 6
	side  = 5
	steps = 3
)

func makeComposition(b *patternBuilder) {
	var right, up [steps]uint32
	var both [steps][steps]uint32
	for i := range steps {
		right[i] = b.relation(fmt.Sprintf("right_%d", i))
		up[i] = b.relation(fmt.Sprintf("up_%d", i))
		for j := range steps {
			both[i][j] = b.relation(fmt.Sprintf("right_%d_up_%d", i, j))
		}
	}
	for range grids {
		first, second, third := b.nodes(side*side), b.nodes(side*side), b.nodes(side*side)
		for at := range side * side {
			x, y := at%side, at/side
			for i := range min(steps, side-x) {
				b.train(Row{first[at], right[i], second[at+i]})
				for j := range min(steps, side-y) {
					b.sometimes(Row{first[at], both[i][j], third[at+i+side*j]})
				}
			}
			for j := range min(steps, side-y) {
				b.train(Row{second[at], up[j], third[at+side*j]})
			}
		}
	}
}

// sometimes keeps two triples in five out of the training.
func (b *patternBuilder) sometimes(r Row) {
	if b.random.IntN(5) < 2 {
		b.hold(r)
	} else {
		b.train(r)
	}
}

func makeOneToN(b *patternBuilder) { b.fan(func(one, many uint32) (h, t uint32) { return one, many }) }
func makeNToOne(b *patternBuilder) { b.fan(func(one, many uint32) (h, t uint32) { return many, one }) }

// fan joins single nodes to many by two relations that state the same, in the direction that ends picks.
func (b *patternBuilder) fan(ends func(one, many uint32) (h, t uint32)) {
	first, second, own := b.relation("first"), b.relation("second"), b.relation("own")
	for range 30 {
		one, many := b.nodes(1)[0], b.nodes(8)
		for i, n := range many {
			h, t := ends(one, n)
			b.train(Row{h, first, t})
			if i%2 == 0 {
				b.train(Row{h, second, t})
			} else {
				b.hold(Row{h, second, t})
			}
			apart := Row{n, own, b.nodes(1)[0]}
			b.train(apart)
			b.graph.Apart = append(b.graph.Apart, apart)
		}
	}
}
