package udf

import (
	"encoding/json"

	"github.com/inklingdb/inkling/store"
)

// Plain returns an item as a value that CEL and JSON understand: a name, a map of "node" and its figures, or the map of a
// finding or a reason.
func (t Type) Plain(names Names, item Item) (any, error) {
	switch t {
	case Patterns:
		return item.Finding.plain(names)
	case Reasons:
		return item.Reason.plain(names)
	}
	name, err := names.Name(item.Node)
	if err != nil {
		return nil, err
	}
	switch t {
	case Candidates:
		return map[string]any{"node": name, "prob": item.Prob, "score": item.Score}, nil
	case Similar:
		return map[string]any{"node": name, "similarity": item.Score}, nil
	}
	return name, nil
}

// PlainList returns a list result as values that CEL and JSON understand.
func (t Type) PlainList(names Names, items []Item) ([]any, error) {
	list := make([]any, len(items))
	for i, item := range items {
		var err error
		if list[i], err = t.Plain(names, item); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// JSON returns a list result as JSON text: what SPARQL sees as an rdf:JSON literal.
func (t Type) JSON(names Names, items []Item) (string, error) {
	list, err := t.PlainList(names, items)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(list)
	return string(text), err
}

// Plausible returns the model's judgement of whole triples: out[i] is the probability of triples[i], and -1 when the
// model does not know one of its terms. One kernel call.
func Plausible(m *Model, triples []store.Triple, out []float64) {
	rows := make([]Rows, 0, len(triples))
	places := make([]int, 0, len(triples))
	for i, t := range triples {
		h, okH := m.Vocabulary.Entity(t.S)
		r, okR := m.Vocabulary.Relation(t.P)
		o, okT := m.Vocabulary.Entity(t.O)
		out[i] = -1
		if okH && okR && okT {
			rows, places = append(rows, Rows{h, r, o}), append(places, i)
		}
	}
	scores := make([]float32, len(rows))
	m.Scorer.ScoreTriples(rows, scores)
	for i, place := range places {
		out[place] = m.Scorer.Prob(scores[i])
	}
}
