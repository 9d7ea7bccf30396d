package hook

import (
	"fmt"
	"strings"
)

// ReadyMade is a hook that needs no writing.
type ReadyMade struct {
	Doc        string     `json:"doc"`
	Definition Definition `json:"definition"`
}

// Ready lists the ready-made hooks.
var Ready = []ReadyMade{
	{Doc: "a new tail for a functional relation supersedes the old one, in the graph and in the embeddings", Definition: Definition{
		Name: "supersede", When: After, On: Insert, Condition: "is_functional(r) && has_other(h, r, t)",
		Action: "edit", Params: map[string]string{"editor": GraphEditor}}},
	{Doc: "warns of a triple that the default model finds implausible", Definition: Definition{
		Name: "implausible", When: Before, On: Insert, Condition: "prob(h, r, t) < 0.01",
		Action: "warn", Message: "the model gives this less than 1%", OnError: Ignore}},
	{Doc: "rejects a second tail for a functional relation", Definition: Definition{
		Name: "functional", When: Before, On: Insert, Condition: "is_functional(r) && has_other(h, r, t)",
		Action: "reject", Message: "the relation has one tail per head"}},
	{Doc: "rejects every change of a graph: the default graph unless graphs are named", Definition: Definition{
		Name: "protect", When: Before, On: Both, Graphs: []string{DefaultGraph},
		Action: "reject", Message: "the graph is protected"}},
}

// GraphEditor is the editor that every database has.
const GraphEditor = "graph"

// ReadyByName returns a ready-made definition.
func ReadyByName(name string) (Definition, error) {
	names := make([]string, len(Ready))
	for i, r := range Ready {
		if r.Definition.Name == name {
			return r.Definition, nil
		}
		names[i] = r.Definition.Name
	}
	return Definition{}, fmt.Errorf("%w: no ready-made hook %q; there are %s", ErrDefinition, name, strings.Join(names, ", "))
}
