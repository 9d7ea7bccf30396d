package tune

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/index/pattern"
)

// Candidate is a configuration to be tried, with the reason for it.
type Candidate struct {
	Name    string        `json:"name"`
	Why     string        `json:"why"`
	Options train.Options `json:"options"`           // what is set, the search's fixed settings included; the rest is train's default
	Of      string        `json:"of,omitempty"`      // the candidate that it is a variant of
	Refused string        `json:"refused,omitempty"` // why it was not tried

	root train.Options // of the candidate whose variant this one is in the end, or its own
	name string        // that candidate's
}

// Variant reports whether the candidate came of another one by changing a setting.
func (c *Candidate) Variant() bool { return c.Of != "" }

// Thresholds of the rules. They only decide what is tried; what is chosen, the validation triples decide.
const (
	someReversed = 0.2 // share of reversed pairs from which symmetry counts
	somePattern  = 0.1 // share of triples from which a pattern of relations counts
	mostPattern  = 0.5
	sparseBelow  = 5   // triples an entity, as engine/train has it: WN18RR has 2.1, FB15k-237 18.7
	denseFrom    = 10  // triples an entity from which rows of their own for heads and tails, or matrices, find data
	matrixFrom   = 100 // triples a relation from which a matrix for it finds data: UMLS has 113, Nations 29
	manyAnswers  = 3   // answers of a question from which learning them at once counts
	sampledAbove = 100_000
	fewest       = 3 // candidates, before settings are varied
)

// rule proposes a candidate where the evidence speaks for it. Rules stand in the order in which candidates are tried:
// where time is short, the last ones are not.
type rule struct {
	options train.Options
	when    func(e Evidence) bool
	why     func(e Evidence) string
	// spare rules fill up the candidates where too few others apply.
	spare bool
}

// euclidean are the settings with which distances learnt best in one softmax over all entities: TransE on FB15k-237,
// dimension 128, four epochs, reached a validation MRR of 0.313.
func euclidean(family string) train.Options {
	return train.Options{Family: family, Loss: train.AllEntities, LearningRate: 0.2, InitScale: 0.1}
}

var rules = []rule{
	{
		options: train.Options{Family: "complex"},
		when:    func(Evidence) bool { return true },
		why: func(e Evidence) string {
			return fmt.Sprintf("expresses symmetric, antisymmetric and inverse relations; N3 for %.1f triples a node", e.PerEntity)
		},
	},
	{
		options: euclidean("rotate-l2"),
		when: func(e Evidence) bool {
			return e.Entities <= sampledAbove &&
				(e.Reversed >= someReversed || e.Inverted >= somePattern || e.share(pattern.Composed) >= somePattern)
		},
		why: func(e Evidence) string {
			return fmt.Sprintf("rotations are symmetric (%.0f%% of pairs reversed), have inverses (%.0f%%) and compose (%.0f%% of triples)",
				100*e.Reversed, 100*e.Inverted, 100*e.share(pattern.Composed))
		},
		spare: true,
	},
	{
		options: train.Options{Family: "distmult"},
		when:    func(e Evidence) bool { return e.Reversed >= someReversed },
		why: func(e Evidence) string {
			return fmt.Sprintf("symmetric by its equation: %.0f%% of pairs are stated both ways", 100*e.Reversed)
		},
		spare: true,
	},
	{
		options: train.Options{Family: "rotate", Loss: train.SelfAdversarial, NoReciprocal: true,
			LearningRate: 0.2, InitScale: 0.1, Negatives: 64, Margin: 9},
		when: func(e Evidence) bool { return e.share(pattern.Composed) >= somePattern },
		why: func(e Evidence) string {
			return fmt.Sprintf("rotations compose (%.0f%% of triples are of composed relations), heads asked by the relation itself so that they do",
				100*e.share(pattern.Composed))
		},
	},
	{
		options: euclidean("transe"),
		when: func(e Evidence) bool {
			return e.Entities <= sampledAbove && e.Reversed < mostPattern && (e.share(pattern.Composed) >= somePattern ||
				e.share(pattern.OneToOne) >= mostPattern || e.PerEntity < sparseBelow)
		},
		why: func(e Evidence) string {
			return fmt.Sprintf("translations compose (%.0f%% of triples) and need few triples (%.1f a node)", 100*e.share(pattern.Composed), e.PerEntity)
		},
	},
	{
		options: train.Options{Family: "cp"},
		when:    func(e Evidence) bool { return e.PerEntity >= sparseBelow },
		why: func(e Evidence) string {
			return fmt.Sprintf("a node's rows as head and as tail are learnt apart: %.1f triples a node suffice", e.PerEntity)
		},
	},
	{
		options: train.Options{Family: "rescal", Dim: 32},
		when:    func(e Evidence) bool { return e.PerEntity >= denseFrom && e.PerRelation >= matrixFrom },
		why: func(e Evidence) string {
			return fmt.Sprintf("dense, %.0f triples a node and %.0f a relation: a small matrix for each relation finds data", e.PerEntity, e.PerRelation)
		},
	},
	{
		options: train.Options{Family: "complex", Loss: train.KvsAll},
		when:    func(e Evidence) bool { return e.Answers >= manyAnswers && e.Entities <= sampledAbove },
		why: func(e Evidence) string {
			return fmt.Sprintf("a question has %.1f answers: they are learnt at once, each yes or no", e.Answers)
		},
	},
	{
		options: train.Options{Family: "transr", Loss: train.Softmax, Dim: 32, Negatives: 64},
		when: func(e Evidence) bool {
			many := e.share(pattern.OneToN) + e.share(pattern.NToOne)
			return e.Triples < smallBelow && many >= mostPattern && e.share(pattern.Composed) >= somePattern
		},
		why: func(e Evidence) string {
			return fmt.Sprintf("translations in a space of each relation's own: %.0f%% of triples are 1-to-N or N-to-1",
				100*(e.share(pattern.OneToN)+e.share(pattern.NToOne)))
		},
	},
}

// candidates returns what the rules propose under the fixed settings, refused ones last.
func candidates(e Evidence, d train.Data, base train.Options) []Candidate {
	var list, refused []Candidate
	add := func(o train.Options, why string) {
		c := newCandidate(base.Over(o), d, why)
		if c.Refused != "" {
			refused = append(refused, c)
		} else if !slices.ContainsFunc(list, func(other Candidate) bool { return other.Name == c.Name }) {
			list = append(list, c)
		}
	}
	wanted := func(r rule) bool { return base.Family == "" || strings.EqualFold(base.Family, r.options.Family) }
	for _, r := range rules {
		if wanted(r) && r.when(e) {
			add(r.options, r.why(e))
		}
	}
	for _, r := range rules {
		if wanted(r) && r.spare && len(list) < fewest {
			add(r.options, "to compare with, for few patterns stand out")
		}
	}
	if base.Family != "" {
		add(train.Options{}, "the family asked for, with its default settings")
	}
	return append(list, refused...)
}

// newCandidate names a configuration and checks it.
func newCandidate(o train.Options, d train.Data, why string) Candidate {
	o.Seed, o.Workers, o.Budget, o.Epochs, o.Progress = 0, 0, 0, 0, nil // of the trial, not of the candidate
	full := o.Defaults(d)
	c := Candidate{Name: full.Family + " " + string(full.Loss), Why: why, Options: o, root: o}
	c.name = c.Name
	if err := o.Check(d); err != nil {
		c.Refused = err.Error()
	}
	return c
}

// variants returns the candidate's neighbours: each with one setting changed that is not fixed.
func (c Candidate) variants(d train.Data, base train.Options) []Candidate {
	full := c.Options.Defaults(d)
	f, err := model.FamilyByName(full.Family)
	if err != nil {
		return nil
	}
	var list []Candidate
	vary := func(fixed bool, change func(o *train.Options)) {
		if fixed {
			return
		}
		v := c
		change(&v.Options)
		v.Name = v.name + changes(v.root.Defaults(d), v.Options.Defaults(d))
		v.Why, v.Of = "a variant of "+c.Name, c.Name
		if err := v.Options.Check(d); err == nil {
			list = append(list, v)
		}
	}
	if f.Similarity == model.Dot && full.N3 > 0 {
		vary(base.N3 != 0, func(o *train.Options) { o.N3 = full.N3 * 3 })
		vary(base.N3 != 0, func(o *train.Options) { o.N3 = full.N3 / 3 })
	}
	vary(base.Dim != 0, func(o *train.Options) { o.Dim = full.Dim * 2 })
	vary(base.LearningRate != 0, func(o *train.Options) { o.LearningRate = full.LearningRate * 2 })
	vary(base.LearningRate != 0, func(o *train.Options) { o.LearningRate = full.LearningRate / 2 })
	if full.Loss == train.AllEntities && f.Similarity == model.Dot {
		vary(base.LabelSmoothing != 0, func(o *train.Options) { o.LabelSmoothing = pick(o.LabelSmoothing == 0, 0.1, 0) })
	}
	if full.Loss == train.Margin || full.Loss == train.SelfAdversarial {
		vary(base.Margin != 0, func(o *train.Options) { o.Margin = full.Margin / 2 })
		vary(base.Margin != 0, func(o *train.Options) { o.Margin = full.Margin * 2 })
	}
	return list
}

func pick[T any](first bool, a, b T) T {
	if first {
		return a
	}
	return b
}

// changes lists the settings of o that differ from those of root, as " name=value", by name.
func changes(root, o train.Options) string {
	before, after := fields(root), fields(o)
	text := ""
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if before[name] == after[name] {
			continue
		}
		if x, ok := after[name].(float64); ok {
			text += fmt.Sprintf(" %s=%.3g", name, x)
		} else {
			text += fmt.Sprintf(" %s=%v", name, after[name])
		}
	}
	return text
}

// fields returns the settings that are not zero, by their JSON names.
func fields(o train.Options) map[string]any {
	var m map[string]any
	data, err := json.Marshal(o)
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	if err != nil { // numbers and words only
		panic(err)
	}
	return m
}
