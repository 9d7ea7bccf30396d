package tune

import (
	"context"
	"fmt"
	"strings"

	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/index/pattern"
)

// Evidence is what the training triples show before anything is trained.
type Evidence struct {
	Triples     int     `json:"triples"`
	Entities    int     `json:"entities"`
	Relations   int     `json:"relations"`
	PerEntity   float64 `json:"per_entity"`   // triples for each entity
	PerRelation float64 `json:"per_relation"` // triples for each relation
	Answers     float64 `json:"answers"`      // stated answers of a question (h, r, ?) or (?, r, t) in the mean
	Reversed    float64 `json:"reversed"`     // share of pairs whose reverse the same relation states
	Inverted    float64 `json:"inverted"`     // share of pairs whose reverse the relation's best inverse states
	Patterns    []Share `json:"patterns"`     // that some relation has; see docs/patterns.md
}

// Share is the share of the triples whose relation has a pattern.
type Share struct {
	Pattern string  `json:"pattern"`
	Share   float64 `json:"share"`
}

// look analyses the training triples; those held out are not looked at.
func look(ctx context.Context, d train.Data, workers int) (Evidence, error) {
	found, err := pattern.Analyse(ctx, d.Train, d.Vocabulary.Relations(), pattern.Options{Workers: workers})
	if err != nil {
		return Evidence{}, err
	}
	e := Evidence{Triples: found.Triples, Entities: found.Entities, Relations: len(found.Relations)}
	e.PerEntity, e.PerRelation = ratio(e.Triples, e.Entities), ratio(e.Triples, e.Relations)
	questions, pairs, reversed, inverted := 0, 0, 0, 0
	for i := range found.Relations {
		r := &found.Relations[i]
		questions += r.Heads + r.Tails
		pairs += r.Pairs()
		reversed += r.Reversed
		inverted += r.Inverse.Support
	}
	e.Answers, e.Reversed, e.Inverted = ratio(2*e.Triples, questions), ratio(reversed, pairs), ratio(inverted, pairs)
	for i, share := range found.Shares() {
		if share > 0 {
			e.Patterns = append(e.Patterns, Share{pattern.All[i].String(), share})
		}
	}
	return e, nil
}

func ratio(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// share returns the share of the triples whose relation has a pattern.
func (e Evidence) share(p pattern.Set) float64 {
	for _, s := range e.Patterns {
		if s.Pattern == p.String() {
			return s.Share
		}
	}
	return 0
}

// String returns the evidence in a sentence.
func (e Evidence) String() string {
	var shares []string
	for _, s := range e.Patterns {
		shares = append(shares, fmt.Sprintf("%s %.0f%%", s.Pattern, 100*s.Share))
	}
	return fmt.Sprintf("%s, %s, %s: %.1f triples a node, %.1f answers a question; reversed %.0f%%, inverted %.0f%%; by relation: %s",
		plural(e.Triples, "triple"), plural(e.Entities, "node"), plural(e.Relations, "relation"), e.PerEntity, e.Answers, 100*e.Reversed, 100*e.Inverted, strings.Join(shares, ", "))
}

func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
