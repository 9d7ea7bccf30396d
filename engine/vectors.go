package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
	"github.com/inklingdb/inkling/udf"
)

// VectorsRequest says which embeddings EntityVectors returns.
type VectorsRequest struct {
	Model        string // "" means the default model
	Max          int    // at most so many entities, drawn uniformly by the seed; 0 means all
	Seed         uint64
	TypeRelation string // the relation whose objects are an entity's types; "" means rdf:type
}

// EntityVectors are embeddings of a model's entities, each with a type to tell it by.
type EntityVectors struct {
	Model    string
	Version  store.Version // of the model
	Entities int           // the model has, of which len(Names) were drawn
	Width    int           // numbers of a vector
	Vectors  []float32     // [entities drawn × Width]; a copy
	Names    []string      // labels by rdfs:label where there are any, English ones first, or the shortest names
	Degrees  []int         // triples of the graph that each entity drawn stands in, literals not counted; a loop counts twice
	Types    []string      // each entity's; of several the one most common among those drawn; "" for none
	// TypedBy is the relation whose objects the types are. "" says that no entity drawn has any, so that Types holds
	// the relation of which an entity most often is the object.
	TypedBy string
}

// EntityVectors returns embeddings of the model as it is now. Types are looked up in the model's graph and, when that
// has none, in the default graph. It reads the model's whole graph once.
func (db *DB) EntityVectors(ctx context.Context, r VectorsRequest) (EntityVectors, error) {
	s, err := db.snapshot()
	if err != nil {
		return EntityVectors{}, fmt.Errorf("engine: entity vectors: %w", err)
	}
	defer s.close()
	out, err := s.entityVectors(ctx, r)
	if err != nil {
		return EntityVectors{}, fmt.Errorf("engine: entity vectors: %w", err)
	}
	return out, nil
}

func (s *snapshot) entityVectors(ctx context.Context, r VectorsRequest) (EntityVectors, error) {
	p, err := s.model(r.Model)
	if err != nil {
		return EntityVectors{}, err
	}
	typedBy, known, err := s.typeRelation(r.TypeRelation)
	if err != nil {
		return EntityVectors{}, err
	}
	e := p.embedding
	width, _ := e.Widths()
	rows := drawRows(e.Vocabulary.Entities(), r.Max, r.Seed)
	out := EntityVectors{Model: p.functions.Name, Version: p.functions.Version, Entities: e.Vocabulary.Entities(), Width: width}
	for _, row := range rows {
		name, err := s.label(e.Vocabulary.EntityID(row))
		if err != nil {
			return EntityVectors{}, err
		}
		out.Names, out.Vectors = append(out.Names, name), append(out.Vectors, e.Entity(row)...)
	}
	roles, err := s.roles(ctx, p.functions.Graph, e.Vocabulary, rows)
	if err != nil {
		return EntityVectors{}, err
	}
	for i := range rows {
		out.Degrees = append(out.Degrees, roles[i].degree)
	}
	if known {
		if out.Types, err = s.types(ctx, slices.Compact([]store.TermID{p.functions.Graph, 0}), typedBy, e.Vocabulary, rows); err != nil {
			return EntityVectors{}, err
		}
	}
	if out.Types != nil {
		out.TypedBy, err = s.names.Name(typedBy)
		return out, err
	}
	if r.TypeRelation != "" {
		return EntityVectors{}, fmt.Errorf("%w: no entity of model %s has a type by %s: name a relation that they are subjects of", ErrBadInput, out.Model, r.TypeRelation)
	}
	out.Types, err = s.roleNames(e.Vocabulary, roles)
	return out, err
}

// typeRelation returns the relation named, or rdf:type; known is false when the store does not have rdf:type.
func (s *snapshot) typeRelation(name string) (id store.TermID, known bool, err error) {
	if name == "" {
		return s.names.ID("rdf:type")
	}
	id, known, err = s.names.ID(name)
	if err == nil && !known {
		err = s.host().Unknown(udf.Relation, name)
	}
	return id, known, err
}

// drawRows returns at most limit of n rows, uniformly drawn, in ascending order; all of them for limit 0.
func drawRows(n, limit int, seed uint64) []uint32 {
	rows := make([]uint32, n)
	for i := range rows {
		rows[i] = uint32(i)
	}
	if limit <= 0 || n <= limit {
		return rows
	}
	random := rand.New(rand.NewPCG(seed, 21))
	for i := range limit { // Fisher and Yates, as far as needed
		j := i + random.IntN(n-i)
		rows[i], rows[j] = rows[j], rows[i]
	}
	rows = rows[:limit]
	slices.Sort(rows)
	return rows
}

// label returns what people call a node: its rdfs:label in the default graph, an English or a plain one before others,
// or else its shortest name.
func (s *snapshot) label(id store.TermID) (string, error) {
	name, err := s.names.Name(id)
	by, known, findErr := s.view.ID(rdf.NewIRI(rdfsLabel))
	if err = errors.Join(err, findErr); err != nil || !known {
		return name, err
	}
	best, from := 0, name
	err = graph{s.view}.Match(0, store.Pattern{S: id, P: by}, func(t store.Triple) bool {
		term, termErr := s.view.Term(t.O)
		if termErr != nil || term.Kind != rdf.Literal {
			return true
		}
		fits := 1
		if term.Lang == "" || strings.HasPrefix(term.Lang, "en") {
			fits = 2
		}
		if fits > best {
			best, from = fits, term.Value
		}
		return best < 2
	})
	return from, err
}

// rdfsLabel relates a thing to its name for people.
const rdfsLabel = "http://www.w3.org/2000/01/rdf-schema#label"

// types returns each row's type by the first of the graphs that has any, nil when none has.
func (s *snapshot) types(ctx context.Context, graphs []store.TermID, by store.TermID, v *model.Vocabulary, rows []uint32) ([]string, error) {
	all := make([][]store.TermID, len(rows))
	often := map[store.TermID]int{}
	for _, g := range graphs {
		for i, row := range rows {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			err := graph{s.view}.Match(g, store.Pattern{S: v.EntityID(row), P: by}, func(t store.Triple) bool {
				all[i] = append(all[i], t.O)
				often[t.O]++
				return true
			})
			if err != nil {
				return nil, err
			}
		}
		if len(often) > 0 {
			break
		}
	}
	if len(often) == 0 {
		return nil, nil
	}
	names := make([]string, len(rows))
	for i, types := range all {
		if len(types) == 0 {
			continue
		}
		first := slices.MinFunc(types, func(a, b store.TermID) int { return cmp.Or(often[b]-often[a], cmp.Compare(a, b)) })
		name, err := s.label(first)
		if err != nil {
			return nil, err
		}
		names[i] = name
	}
	return names, nil
}

// role is how an entity stands in a graph.
type role struct {
	degree int
	object map[uint32]int // by relation row, triples of which it is the object
}

// roles returns the roles of entity rows, in their order.
func (s *snapshot) roles(ctx context.Context, g store.TermID, v *model.Vocabulary, rows []uint32) ([]role, error) {
	found := make([]role, len(rows))
	place := make(map[store.TermID]int, len(rows))
	for i, row := range rows {
		place[v.EntityID(row)] = i
	}
	visited := 0
	err := graph{s.view}.Match(g, store.Pattern{}, func(t store.Triple) bool {
		if i, ok := place[t.S]; ok && t.O.IsNode() {
			found[i].degree++
		}
		if i, ok := place[t.O]; ok {
			found[i].degree++
			if r, ok := v.Relation(t.P); ok {
				if found[i].object == nil {
					found[i].object = map[uint32]int{}
				}
				found[i].object[r]++
			}
		}
		visited++
		return visited%4096 != 0 || ctx.Err() == nil
	})
	if err == nil {
		err = ctx.Err()
	}
	return found, err
}

// roleNames returns the relation of which each entity is the object most often, the lower row of equals; "" for never.
func (s *snapshot) roleNames(v *model.Vocabulary, roles []role) ([]string, error) {
	names := make([]string, len(roles))
	for i, r := range roles {
		best, most := uint32(0), 0
		for relation, n := range r.object {
			if n > most || n == most && relation < best {
				best, most = relation, n
			}
		}
		if most == 0 {
			continue
		}
		name, err := s.names.Name(v.RelationID(best))
		if err != nil {
			return nil, err
		}
		names[i] = name
	}
	return names, nil
}
