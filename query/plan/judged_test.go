package plan

import (
	"net/url"
	"testing"
)

func TestJudgedGraph(t *testing.T) {
	for iri, want := range map[string]struct {
		kind  GraphKind
		model string
		ok    bool
	}{
		"urn:inkling:plausible":         {Plausible, "", true},
		"urn:inkling:doubtful":          {Doubtful, "", true},
		"urn:inkling:doubtful/complex":  {Doubtful, "complex", true},
		"urn:inkling:plausible/a%2Fb/c": {Plausible, "a/b/c", true},
		"urn:inkling:plausible/50%":     {Plausible, "50%", true},
		"urn:inkling:plausible/":        {},
		"urn:inkling:plausibles":        {},
		"http://e/plausible":            {},
	} {
		if kind, model, ok := JudgedGraph(iri); ok != want.ok || ok && (kind != want.kind || model != want.model) {
			t.Errorf("%s: %d %q %t, want %+v", iri, kind, model, ok, want)
		}
	}
}

// FuzzJudgedGraph holds that a model of any name can be named, and that no IRI is too odd to look at.
func FuzzJudgedGraph(f *testing.F) {
	for _, name := range []string{"complex", "a/b", "50%", "Modell ä", "%2F"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		kind, model, ok := JudgedGraph(DoubtIRI + "/" + url.PathEscape(name))
		if name != "" && (!ok || kind != Doubtful || model != name) {
			t.Errorf("%q comes back as %q, %t", name, model, ok)
		}
		JudgedGraph(name)
		JudgedGraph(GraphIRI + name)
	})
}
