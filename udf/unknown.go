package udf

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/inklingdb/inkling/store"
)

// UnknownError says that a name is not known, and which known ones are nearest.
type UnknownError struct {
	What    string // "entity", "relation", "model", "node"
	Name    string
	Where   string   // who does not know it, such as `model "complex"`; may be ""
	Nearest []string // best first; may be empty
}

// Error names the unknown thing and the nearest known ones.
func (e *UnknownError) Error() string {
	text := fmt.Sprintf("unknown %s %q", e.What, e.Name)
	if e.Where != "" {
		text += " in " + e.Where
	}
	if len(e.Nearest) > 0 {
		text += "; did you mean " + strings.Join(e.Nearest, " or ") + "?"
	}
	return text
}

// searched bounds how many known names are compared with an unknown one.
const searched = 200_000

// entity returns the model's row of an entity, or an *UnknownError.
func (c *Call) entity(id store.TermID) (uint32, error) {
	if row, ok := c.Model.Vocabulary.Entity(id); ok {
		return row, nil
	}
	return 0, c.unknown("entity", id)
}

// relation returns the model's row of a relation, or an *UnknownError.
func (c *Call) relation(id store.TermID) (uint32, error) {
	if row, ok := c.Model.Vocabulary.Relation(id); ok {
		return row, nil
	}
	return 0, c.unknown("relation", id)
}

// unknown describes a term that the database has and the model has not. Only a single call looks for near names.
func (c *Call) unknown(what string, id store.TermID) error {
	name, err := c.Host.Names.Name(id)
	if err != nil {
		return err
	}
	e := &UnknownError{What: what, Name: name, Where: fmt.Sprintf("model %q", c.Model.Name)}
	if c.Rows == 1 {
		e.Nearest = nearIn(c.Host.Names, vocabularyOf(c.Model, what), name)
	}
	return e
}

// Unknown describes a name that the database does not have, with the nearest names of the default model's
// vocabulary or, without one, of the graph.
func (h *Host) Unknown(what Type, name string) *UnknownError {
	e := &UnknownError{What: what.String(), Name: name, Where: "this database"}
	if m, err := h.Model(""); err == nil {
		e.Nearest = nearIn(h.Names, vocabularyOf(m, e.What), name)
		return e
	}
	seen := map[store.TermID]bool{}
	var ids []store.TermID
	visited := 0
	// A disk error here only costs the suggestion.
	_ = h.Graph.Match(0, store.Pattern{}, func(t store.Triple) bool {
		for _, id := range candidatesOf(what, t) {
			if !seen[id] {
				seen[id] = true
				ids = append(ids, id)
			}
		}
		visited++
		return visited < searched
	})
	e.Nearest = nearIn(h.Names, ids, name)
	return e
}

func candidatesOf(what Type, t store.Triple) []store.TermID {
	if what == Relation {
		return []store.TermID{t.P}
	}
	return []store.TermID{t.S, t.O}
}

func vocabularyOf(m *Model, what string) []store.TermID {
	if what == "relation" {
		return m.Vocabulary.RelationIDs()
	}
	return m.Vocabulary.EntityIDs()
}

func nearIn(names Names, ids []store.TermID, name string) []string {
	return Nearest(name, func(yield func(string) bool) {
		for i, id := range ids {
			known, err := names.Name(id)
			if i >= searched || err != nil || !yield(known) {
				return
			}
		}
	})
}

// Nearest returns the up to three known names that differ least from name, best first, letter case aside: those
// within a third of its length in edits.
func Nearest(name string, known func(yield func(string) bool)) []string {
	type near struct {
		name  string
		edits int
	}
	lower := []rune(strings.ToLower(name))
	limit := max(1, len(lower)/3)
	var best []near
	known(func(candidate string) bool {
		n := utf8.RuneCountInString(candidate)
		if n-len(lower) > limit || len(lower)-n > limit {
			return true
		}
		if d := editDistance(lower, []rune(strings.ToLower(candidate)), limit); d <= limit {
			best = append(best, near{candidate, d})
		}
		return true
	})
	slices.SortStableFunc(best, func(a, b near) int { return a.edits - b.edits })
	var names []string
	for _, n := range best[:min(3, len(best))] {
		names = append(names, n.name)
	}
	return names
}

// editDistance returns the least number of insertions, deletions and replacements that turn a into b; some number
// above limit when it is above limit.
func editDistance(a, b []rune, limit int) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		diagonal, least := row[0], i+1
		row[0] = i + 1
		for j, y := range b {
			cost := diagonal
			if x != y {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
			least = min(least, cost)
		}
		if least > limit {
			return limit + 1
		}
	}
	return row[len(b)]
}
