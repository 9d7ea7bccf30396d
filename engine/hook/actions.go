package hook

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/inklingdb/inkling/store/rdf"
)

// Action is something that hooks may do.
type Action struct {
	Name   string
	Doc    string
	Before bool // may run inside the commit
	After  bool // may run after it
	Writes bool // makes commits of its own
	Params []Param
	check  func(Definition) error // nil: the parameters need no more than to be known
}

// Param is a parameter of an action.
type Param struct {
	Name, Doc string
	Required  bool
	Secret    bool // kept in a file of its own, never shown
}

// Actions lists what a hook may do, in the order of the manual.
var Actions = []Action{
	{Name: "reject", Before: true, Doc: "refuses the whole commit; the error names hook, triple and message"},
	{Name: "warn", Before: true, After: true, Doc: "lets the commit through with a warning in its report and in the log"},
	{Name: "tag", After: true, Writes: true, Doc: "adds a triple about the change to a named graph, once", check: checkTag, Params: []Param{
		{Name: "graph", Doc: "the graph's IRI; urn:inkling:tags unless given"},
		{Name: "style", Doc: "reify (an rdf:Statement with rdf:subject, rdf:predicate, rdf:object and the tag) or member (the changed triple itself, in the graph); reify unless given"},
		{Name: "predicate", Doc: "the tag's IRI, for reify; urn:inkling:tag unless given"},
		{Name: "value", Doc: "the tag's text, for reify; the hook's name unless given"}}},
	{Name: "maintain", After: true, Doc: "waits until the models have re-optimised the rows of the change", Params: []Param{
		{Name: "model", Doc: "only this model"}}},
	{Name: "edit", After: true, Writes: true, Doc: "moves the fact: an editor makes the graph and the models hold the new one instead of the old", Params: []Param{
		{Name: "editor", Doc: "graph (removes the older tails of the same head and relation; maintained embeddings unlearn them), or one that the program has registered; graph unless given"}}},
	{Name: "verify", Before: true, After: true, Doc: "hands the changes to the program's registered verifier; before the commit, what it finds refuses it"},
	{Name: "webhook", After: true, Doc: "posts the changes as JSON, signed by HMAC-SHA256", check: checkWebhook, Params: []Param{
		{Name: "url", Doc: "where to; this machine unless webhooks are allowed", Required: true},
		{Name: "secret", Doc: "the key of the signature, at least 16 bytes", Required: true, Secret: true}}},
}

// ActionByName returns an action; nil when there is none.
func ActionByName(name string) *Action {
	for i := range Actions {
		if Actions[i].Name == name {
			return &Actions[i]
		}
	}
	return nil
}

func actionNames() []string {
	names := make([]string, len(Actions))
	for i, a := range Actions {
		names[i] = a.Name
	}
	return names
}

// Secrets returns the parameters that are kept apart from the definition.
func (a *Action) Secrets() (names []string) {
	for _, p := range a.Params {
		if p.Secret {
			names = append(names, p.Name)
		}
	}
	return names
}

// checkParams refuses unknown parameters and misses required ones. A secret is the engine's to ask for: a stored
// definition has none.
func (a *Action) checkParams(d Definition) error {
	for _, name := range slices.Sorted(maps.Keys(d.Params)) {
		if !slices.ContainsFunc(a.Params, func(p Param) bool { return p.Name == name }) {
			known := []string{}
			for _, p := range a.Params {
				known = append(known, p.Name)
			}
			return fmt.Errorf("%w %s: %s has no parameter %q; it takes: %s", ErrDefinition, d.Name, a.Name, name, strings.Join(known, ", "))
		}
		if len(d.Params[name]) > maxConditionBytes {
			return fmt.Errorf("%w %s: parameter %s is longer than %d bytes", ErrDefinition, d.Name, name, maxConditionBytes)
		}
	}
	for _, p := range a.Params {
		if p.Required && !p.Secret && d.Params[p.Name] == "" {
			return fmt.Errorf("%w %s: %s needs the parameter %s: %s", ErrDefinition, d.Name, a.Name, p.Name, p.Doc)
		}
	}
	if a.check == nil {
		return nil
	}
	return a.check(d)
}

// Styles of the tag action.
const (
	Reify  = "reify"
	Member = "member"
)

// Param returns a parameter, or what stands for it when it is not given.
func (d Definition) Param(name, standard string) string {
	if v := d.Params[name]; v != "" {
		return v
	}
	return standard
}

func checkTag(d Definition) error {
	if s := d.Param("style", Reify); s != Reify && s != Member {
		return fmt.Errorf("%w %s: style is %q; it is reify or member", ErrDefinition, d.Name, s)
	}
	for _, name := range []string{"graph", "predicate"} {
		if v := d.Params[name]; v != "" {
			if err := rdf.ValidIRI(v); err != nil || !rdf.IsAbsolute(v) {
				return fmt.Errorf("%w %s: %s %q is not an absolute IRI", ErrDefinition, d.Name, name, v)
			}
		}
	}
	return nil
}

func checkWebhook(d Definition) error {
	if err := CheckURL(d.Params["url"]); err != nil {
		return fmt.Errorf("%w %s: %w", ErrDefinition, d.Name, err)
	}
	return nil
}
