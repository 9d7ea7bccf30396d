package cel

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	celgo "cel.dev/cel-go/cel"
	"cel.dev/cel-go/ext"
)

// Import is what a policy sees of an imported graph, as its variable import.
type Import struct {
	Source     string  `cel:"source"`      // the file, the URL or "request body"
	Format     string  `cel:"format"`      // such as "nt", or "bundle"
	Graph      string  `cel:"graph"`       // IRI; "" for the default graph
	Triples    int64   `cel:"triples"`     // statements of the graph in the import
	Verdict    string  `cel:"verdict"`     // intact, altered, no mark found or too small
	Owner      string  `cel:"owner"`       // name of the key that marked it; "" when none did
	Log10P     float64 `cel:"log10_p"`     // decimal logarithm of the chance of a false alarm
	KeysTested int64   `cel:"keys_tested"` // pairs of a key and a graph
	Signed     bool    `cel:"signed"`      // a bundle whose manifest bears a valid signature
	Signer     string  `cel:"signer"`      // hexadecimal public key of the signature; "" without one
	Intact     bool    `cel:"intact"`      // a signed bundle that is as it was signed
}

// What a policy may say.
const (
	Accept = "accept"
	Tag    = "tag"
	Warn   = "warn"
	Reject = "reject"
)

// Outcomes lists what a policy may say.
var Outcomes = []string{Accept, Tag, Warn, Reject}

// Policy is an expression over import that says what becomes of it.
type Policy struct{ program Program }

// policyName is the variable; importName stands for it, since CEL keeps the word import for itself. They are equally long,
// so that places in errors hold.
const (
	policyName = "import"
	importName = "Import"
)

// CompilePolicy checks a policy: fields of import by name and type, and that it gives a text. A fault is an *Error.
func (e *Env) CompilePolicy(source string) (*Policy, error) {
	env, err := e.env.Extend(ext.NativeTypes(reflect.TypeFor[Import](), ext.ParseStructTags(true)),
		celgo.Variable(importName, celgo.ObjectType("cel.Import")))
	if err != nil {
		return nil, fmt.Errorf("cel: declaring the import: %w", err)
	}
	ast, issues := env.Compile(replaceWord(source, policyName, importName))
	if issues.Err() != nil {
		return nil, compileError(source, issues)
	}
	if t := ast.OutputType(); t != celgo.StringType && t != celgo.DynType {
		return nil, &Error{Source: source, Line: 1, Column: 1,
			Message: fmt.Sprintf("a policy must give one of %s; this is of type %s", quoted(Outcomes), t)}
	}
	program, err := e.program(env, ast)
	if err != nil {
		return nil, fmt.Errorf("cel: planning: %w", err)
	}
	p := &Policy{Program{source: source, ast: ast, program: program}}
	return p, nil
}

// Decide returns one of Outcomes. A fault is an *Error.
func (p *Policy) Decide(ctx context.Context, r *Run, i Import) (string, error) {
	value, err := p.program.Eval(ctx, r, map[string]any{importName: i})
	if err != nil {
		return "", err
	}
	outcome, ok := value.(string)
	if !ok || !slices.Contains(Outcomes, outcome) {
		return "", &Error{Source: p.program.source, Message: fmt.Sprintf("a policy must give one of %s, not %.80q", quoted(Outcomes), fmt.Sprint(value))}
	}
	return outcome, nil
}

func quoted(list []string) string { return `"` + strings.Join(list, `", "`) + `"` }

// replaceWord puts another word, as long, in the place of an identifier, wherever it stands by itself: not as a field, nor
// in a text or a comment.
func replaceWord(source, word, other string) string {
	out := []byte(source)
	field := false // what comes next is one
	for i := 0; i < len(source); {
		start := i
		switch c := source[i]; {
		case strings.HasPrefix(source[i:], "//"):
			for i < len(source) && source[i] != '\n' {
				i++
			}
			continue
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f':
			i++
			continue
		case c == '"' || c == '\'':
			i = skipText(source, i)
		case isWord(rune(c)):
			for i < len(source) && isWord(rune(source[i])) {
				i++
			}
			if source[start:i] == word && !field {
				copy(out[start:], other)
			}
		default:
			i++
		}
		field = source[start] == '.'
	}
	return string(out)
}

func isWord(r rune) bool {
	return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

// skipText returns where a text that begins at i ends: 'a', "a", ”'a”' or """a""", raw after r or R.
func skipText(source string, i int) int {
	raw := i > 0 && (source[i-1] == 'r' || source[i-1] == 'R')
	mark := source[i : i+1]
	if triple := strings.Repeat(mark, 3); strings.HasPrefix(source[i:], triple) {
		mark = triple
	}
	for i += len(mark); i < len(source); i++ {
		switch {
		case source[i] == '\\' && !raw:
			i++
		case strings.HasPrefix(source[i:], mark):
			return i + len(mark)
		}
	}
	return len(source)
}
