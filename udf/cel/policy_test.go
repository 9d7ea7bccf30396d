package cel

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func policyEnv(t testing.TB) *Env {
	t.Helper()
	e, err := NewEnv(Options{CostLimit: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestPolicyDecides(t *testing.T) {
	e := policyEnv(t)
	marked := Import{Source: "a.nt", Format: "nt", Graph: "http://g/", Triples: 12, Verdict: "altered", Owner: "acme", Log10P: -30, KeysTested: 4}
	for source, want := range map[string]string{
		"// A sentence, it's one.\nimport.owner == \"acme\" ? 'warn' : 'accept'": Warn,
		`"accept"`: Accept,
		`import.owner == "acme" ? "reject" : "accept"`:                                                       Reject,
		`import.log10_p < -9.0 && import.triples > 10 ? "tag" : "accept"`:                                    Tag,
		`import.signed || import.intact ? "accept" : "warn"`:                                                 Warn,
		`import.source == "import" ? "reject" : 'tag'`:                                                       Tag,
		`[import].all(x, x.keys_tested == 4) && import . verdict == "altered" ? "warn" : "accept" // import`: Warn,
		`import.graph.startsWith(r"http:\") ? "reject" : "accept"`:                                           Accept,
		`import.signer == "" && import.format != "bundle" ? "accept" : "reject"`:                             Accept,
		`{"import": "tag"}["import"]`:                                                                        Tag,
		`{"a": {"import": "warn"}}.a["import"]`:                                                              Warn,
	} {
		p, err := e.CompilePolicy(source)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		if got, err := p.Decide(context.Background(), &Run{}, marked); got != want || err != nil {
			t.Errorf("%s: %q, %v; want %q", source, got, err, want)
		}
	}
}

func TestPolicyErrors(t *testing.T) {
	e := policyEnv(t)
	for source, want := range map[string]string{
		`import.verdct == "intact" ? "accept" : "reject"`: "line 1, column 7: undefined field 'verdct'",
		`import.triples > 3`:                              "must give one of",
		`import.triples > "x" ? "tag" : "warn"`:           "line 1, column 16",
		`"acc`:                                            "line 1",
		`{"a": "b"}`:                                      "must give one of",
		`other.owner`:                                     "undeclared reference to 'other'",
	} {
		_, err := e.CompilePolicy(source)
		var fault *Error
		if !errors.As(err, &fault) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %s", source, err, want)
		}
	}
	for source, want := range map[string]string{
		`import.owner == "" ? "delete" : "accept"`: "not \"delete\"",
		`{"x": "accept"}[import.owner]`:            "no such key",
		`[1,2,3,4,5,6,7,8,9].all(a, [1,2,3,4,5,6,7,8,9].all(b, [1,2,3,4,5,6,7,8,9].all(c, [1,2,3,4,5,6,7,8,9].all(d, a+b+c+d > 0)))) ? "accept" : "warn"`: "cost limit",
	} {
		p, err := e.CompilePolicy(source)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		if _, err := p.Decide(context.Background(), &Run{}, Import{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %s", source, err, want)
		}
	}
}

// Nothing that a policy says makes the compiler fail in another way than by an error.
func FuzzPolicy(f *testing.F) {
	for _, s := range []string{`import.owner == "acme" ? "reject" : "accept"`, `import`, `r'import`, `"""import""" // import`, `b'\'' + import.x`} {
		f.Add(s)
	}
	e := policyEnv(f)
	f.Fuzz(func(t *testing.T, source string) {
		if len(source) > 200 {
			return
		}
		if replaced := replaceWord(source, policyName, importName); len(replaced) != len(source) {
			t.Fatalf("%q became %q", source, replaced)
		}
		p, err := e.CompilePolicy(source)
		if err != nil {
			return
		}
		if out, err := p.Decide(context.Background(), &Run{}, Import{Triples: 3}); err == nil && out == "" {
			t.Fatal("no outcome")
		}
	})
}
