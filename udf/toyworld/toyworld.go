// Package toyworld is the small graph and model on which the functions' documentation shows them: seven nodes, three
// relations, a model written down by hand. Only tests use it.
//
//	tokyo capital_of japan    paris capital_of france
//	tokyo in japan    osaka in japan    lyon in france    kyoto twin_of lyon
package toyworld

import (
	"context"
	"math"
	"strings"

	"github.com/inklingdb/inkling/index"
	"github.com/inklingdb/inkling/index/pattern"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/udf"
)

var (
	entities  = []string{"tokyo", "kyoto", "osaka", "paris", "lyon", "japan", "france"}
	relations = []string{"in", "capital_of", "twin_of"}
	stated    = "tokyo capital_of japan;paris capital_of france;tokyo in japan;osaka in japan;lyon in france;kyoto twin_of lyon"
	country   = map[string]string{"tokyo": "japan", "kyoto": "japan", "osaka": "japan", "paris": "france", "lyon": "france"}
	capital   = map[string]string{"tokyo": "japan", "paris": "france"}
)

// All terms are IRIs: entities count from 1, relations from relationBase. A stranger to the model comes last.
const (
	iri          = store.TermID(store.KindIRI) << 56
	relationBase = iri + 100
	stranger     = iri + 200
)

// New returns the world as functions see it. The model is called "toy" and is the default one.
func New() *udf.Host {
	m := &udf.Model{Name: "toy", Version: 6, Threshold: 0.5, Vocabulary: vocabulary{}, Scorer: scorer{}}
	g := NewGraph()
	return &udf.Host{Graph: g, Names: names{}, Patterns: g.Patterns, Sets: g.Sets, Model: func(name string) (*udf.Model, error) {
		if name != "" && name != "toy" {
			return nil, &udf.UnknownError{What: "model", Name: name, Nearest: []string{"toy"}}
		}
		return m, nil
	}}
}

// Graph is the stated triples in memory; add to it at will before use.
type Graph struct{ Triples []store.Triple }

// NewGraph returns the stated triples of the world.
func NewGraph() *Graph {
	g := &Graph{}
	for _, line := range strings.Split(stated, ";") {
		w := strings.Fields(line)
		g.Triples = append(g.Triples, store.Triple{S: id(w[0]), P: id(w[1]), O: id(w[2])})
	}
	return g
}

// Has reports whether the triple is among Triples.
func (g *Graph) Has(_ store.TermID, t store.Triple) (bool, error) {
	found := false
	err := g.Match(0, store.Pattern(t), func(store.Triple) bool { found = true; return false })
	return found, err
}

// Match visits the triples that match a pattern, in the order they were stated.
func (g *Graph) Match(_ store.TermID, p store.Pattern, visit func(store.Triple) bool) error {
	for _, t := range g.Triples {
		if (p.S == 0 || p.S == t.S) && (p.P == 0 || p.P == t.P) && (p.O == 0 || p.O == t.O) && !visit(t) {
			return nil
		}
	}
	return nil
}

// Count returns how many triples match.
func (g *Graph) Count(_ store.TermID, p store.Pattern) (rows int64, exact bool) {
	err := g.Match(0, p, func(store.Triple) bool { rows++; return true })
	return rows, err == nil
}

// Patterns analyses the triples as they are now.
func (g *Graph) Patterns(ctx context.Context, _ store.TermID) (*pattern.GraphReport, error) {
	var b pattern.Builder
	for _, t := range g.Triples {
		b.Add(t)
	}
	return b.Analyse(ctx, pattern.Options{})
}

// Sets returns the index of the triples as they are now.
func (g *Graph) Sets(ctx context.Context) (*index.SetsSnapshot, error) {
	commit := store.Commit{Version: 1}
	for _, t := range g.Triples {
		commit.Changes = append(commit.Changes, store.Change{Triple: t})
	}
	x := index.NewSets()
	if err := x.Apply(ctx, commit, nil); err != nil { // only removals and inline values are looked up
		return nil, err
	}
	return x.Snapshot().(*index.SetsSnapshot), nil
}

func id(name string) store.TermID {
	for i, e := range entities {
		if e == name {
			return entity(i)
		}
	}
	for i, r := range relations {
		if r == name {
			return relation(i)
		}
	}
	if name == "stranger" {
		return stranger
	}
	return 0
}

func entity(i int) store.TermID   { return iri + store.TermID(i+1) }
func relation(i int) store.TermID { return relationBase + store.TermID(i) }

type names struct{}

func (names) ID(name string) (store.TermID, bool, error) {
	n := id(name)
	return n, n != 0, nil
}

func (names) Name(id store.TermID) (string, error) {
	switch {
	case id == stranger:
		return "stranger", nil
	case id >= relationBase:
		return relations[id-relationBase], nil
	}
	return entities[id-iri-1], nil
}

type vocabulary struct{}

func (vocabulary) Entity(id store.TermID) (uint32, bool) {
	return uint32(id - iri - 1), id >= entity(0) && id <= entity(len(entities)-1)
}

func (vocabulary) Relation(id store.TermID) (uint32, bool) {
	return uint32(id - relationBase), id >= relation(0) && id <= relation(len(relations)-1)
}

func (vocabulary) EntityIDs() []store.TermID {
	ids := make([]store.TermID, len(entities))
	for i := range ids {
		ids[i] = entity(i)
	}
	return ids
}

func (vocabulary) RelationIDs() []store.TermID {
	ids := make([]store.TermID, len(relations))
	for i := range ids {
		ids[i] = relation(i)
	}
	return ids
}

// scorer knows geography: a city is in its country and a capital of it if it is one; it doubts all else.
type scorer struct{}

func one(h, r, t uint32) float32 {
	head, tail := entities[h], entities[t]
	right, wrong := map[string]float32{"in": 4, "capital_of": 5, "twin_of": -1}[relations[r]], float32(-4)
	if country[tail] != "" {
		wrong = -6 // a city is no country
	}
	fits := country[head] == tail
	if relations[r] == "capital_of" {
		fits = capital[head] == tail
	}
	if relations[r] == "twin_of" {
		fits = country[head] != "" && country[tail] != "" && country[head] != country[tail]
	}
	if fits && head != tail {
		return right
	}
	return wrong
}

func (scorer) ScoreTriples(triples []udf.Rows, out []float32) {
	for i, t := range triples {
		out[i] = one(t.H, t.R, t.T)
	}
}

func (scorer) ScoreEntities(questions []udf.Question, out []float32) {
	for i, q := range questions {
		for e := range entities {
			h, t := q.Entity, uint32(e)
			if q.Heads {
				h, t = t, h
			}
			out[i*len(entities)+e] = one(h, q.Relation, t)
		}
	}
}

func (scorer) ScoreRelations(h, t uint32, out []float32) {
	for r := range out {
		out[r] = one(h, uint32(r), t)
	}
}

// Similarities gives 0.9 to cities of one country, less the further they stand apart in the list.
func (scorer) Similarities(entity uint32, out []float32) {
	for e := range entities {
		out[e] = -0.5 + 0.01*float32(e)
		if country[entities[e]] != "" && country[entities[e]] == country[entities[entity]] {
			out[e] = 0.7 + 0.1*float32(e)
		}
	}
}

func (scorer) Prob(score float32) float64 { return 1 / (1 + math.Exp(-float64(score))) }
