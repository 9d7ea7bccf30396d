package exec_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/inklingdb/inkling/query/exec"
	"github.com/inklingdb/inkling/query/expr"
	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

var update = flag.Bool("update", false, "rewrite the expected output of testdata/scripts")

// TestScripts runs testdata/scripts. A script is blocks of a command line, input lines, "----" and the expected
// output, with a blank line behind. Commands: "load" (TriG), "update", "query [ordered]", "explain", and "predict",
// which sets what the model of the test believes, a line "head relation tail probability" each.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/scripts/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts: ", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { runScript(t, file) })
	}
}

// block is one command of a script.
type block struct {
	line            int
	comments        []string
	command         string
	input, expected []string
}

func runScript(t *testing.T, file string) {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	var rewritten strings.Builder
	for _, b := range blocks(string(data)) {
		got := w.run(b.command, strings.Join(b.input, "\n"))
		for _, c := range b.comments {
			rewritten.WriteString(c + "\n")
		}
		fmt.Fprintf(&rewritten, "%s\n%s\n----\n%s\n", b.command, strings.Join(b.input, "\n"), got)
		if want := strings.Join(b.expected, "\n"); !*update && strings.TrimSpace(got) != strings.TrimSpace(want) {
			t.Errorf("%s:%d: %s\n%s\n got:\n%s\nwant:\n%s", file, b.line, b.command, strings.Join(b.input, "\n"), got, want)
		}
	}
	if *update {
		if err := os.WriteFile(file, []byte(strings.TrimSpace(rewritten.String())+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func blocks(text string) (out []block) {
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); {
		var b block
		for i < len(lines) && (lines[i] == "" || strings.HasPrefix(lines[i], "#")) {
			if lines[i] != "" || len(b.comments) > 0 {
				b.comments = append(b.comments, lines[i])
			}
			i++
		}
		if i == len(lines) {
			return out
		}
		b.line, b.command = i+1, lines[i]
		for i++; i < len(lines) && lines[i] != "----"; i++ {
			b.input = append(b.input, lines[i])
		}
		for i++; i < len(lines) && lines[i] != ""; i++ {
			b.expected = append(b.expected, lines[i])
		}
		out = append(out, b)
	}
	return out
}

// world is what a script works on.
type world struct {
	t     *testing.T
	store *store.Store
	model *fakeModel
	calls int // of extension functions
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, store: newStore(t, nil)}
	w.model = &fakeModel{world: w}
	return w
}

const ns = "http://inkling.example/"

func (w *world) run(command, input string) string {
	name, args, _ := strings.Cut(command, " ")
	var out string
	var err error
	switch name {
	case "load":
		err = w.load(input)
	case "update":
		err = w.update(input)
	case "query", "explain":
		out, err = w.query(name, args, input)
	case "predict":
		w.model.beliefs = nil
		for _, line := range strings.Split(input, "\n") {
			f := strings.Fields(line)
			p, _ := strconv.ParseFloat(f[3], 64)
			w.model.beliefs = append(w.model.beliefs, belief{f[0], f[1], f[2], p})
		}
	default:
		err = fmt.Errorf("no command %q", name)
	}
	if err != nil {
		out += "error: " + err.Error() + "\n"
	}
	return out
}

func (w *world) load(input string) error {
	quads, err := rdf.ReadAll(strings.NewReader("@prefix : <"+ns+"> .\n"+input), rdf.TriG, rdf.Options{})
	if err != nil {
		return err
	}
	_, err = w.store.Write(context.Background(), store.Batch{Add: quads})
	return err
}

func (w *world) update(input string) error {
	request, err := sparql.ParseUpdate(input, sparql.Options{Prefixes: map[string]string{"": ns}})
	if err != nil {
		return err
	}
	_, err = w.store.Update(context.Background(), "script", func(tx *store.Tx) error {
		return exec.Update(context.Background(), exec.FromTx(tx), request, w.options(""))
	})
	return err
}

// options understands rows=N, memory=BYTES.
func (w *world) options(args string) exec.Options {
	opt := exec.Options{
		Functions: w.function,
		CEL:       w.cel,
		Models:    func(name string) (exec.Predictor, error) { return w.model.named(name) },
		Load: func(_ context.Context, d exec.Document, add func(rdf.Quad) error) error {
			if d.IRI != ns+"document" {
				return errors.New("no such document")
			}
			b := rdf.NewBlank("x")
			return errors.Join(add(rdf.Quad{S: b, P: rdf.NewIRI(ns + "p"), O: b, G: d.Into}))
		},
		Now:  time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC),
		Seed: 7,
	}
	for _, a := range strings.Fields(args) {
		name, value, _ := strings.Cut(a, "=")
		n, _ := strconv.ParseInt(value, 10, 64)
		switch name {
		case "rows":
			opt.Limits.Rows = n
		case "memory":
			opt.Limits.MemoryBytes = n
		case "measured":
			opt.Explain = true
		}
	}
	return opt
}

func (w *world) query(command, args, input string) (string, error) {
	var lines []string
	ordered := strings.Contains(args, "ordered")
	w.calls = 0
	err := ask(w.t, w.store, input, w.options(args), func(r *exec.Result) error {
		switch {
		case command == "explain":
			_, err := rows(r)
			lines = strings.Split(strings.TrimRight(r.Explain(), "\n"), "\n")
			ordered = true
			return err
		case r.Form() == sparql.Ask:
			lines = append(lines, strconv.FormatBool(r.Bool()))
			return nil
		case r.Form() != sparql.Select:
			for q, err := range r.Quads() {
				if err != nil {
					return err
				}
				lines = append(lines, strings.Join([]string{abbreviate(q.S), abbreviate(q.P), abbreviate(q.O)}, " "))
			}
			return nil
		}
		for row, err := range r.Rows() {
			if err != nil {
				return err
			}
			line := ""
			for i, t := range row {
				if t.Kind != rdf.None {
					line += fmt.Sprintf("%s=%s ", r.Vars()[i], abbreviate(t))
				}
			}
			lines = append(lines, "("+strings.TrimSpace(line)+")")
		}
		if strings.Contains(args, "models") {
			lines = append(lines, fmt.Sprintf("models %v, %d predictions, %d judgements", r.Models(), w.model.predictions, w.model.judgements))
		}
		return nil
	})
	if !ordered {
		slices.Sort(lines)
	}
	if strings.Contains(args, "calls") {
		lines = append(lines, fmt.Sprintf("%d calls", w.calls))
	}
	return strings.Join(append(lines, ""), "\n"), err
}

func abbreviate(t rdf.Term) string {
	if name, ok := strings.CutPrefix(t.Value, ns); ok && t.Kind == rdf.IRI {
		return ":" + name
	}
	switch t.Datatype {
	case rdf.XSDInteger, rdf.XSDDecimal, rdf.XSDDouble, rdf.XSDBoolean:
		return t.Value
	}
	if t.Kind == rdf.Blank {
		return "_:"
	}
	return strings.ReplaceAll(string(rdf.AppendTerm(nil, t)), rdf.XSD, "xsd:")
}

// function is ink:twice(?x), a number doubled, and ink:fail(?x), which breaks the query.
func (w *world) function(iri string, args int) (expr.Function, error) {
	switch iri {
	case exec.Ink + "twice":
		if args != 1 {
			return nil, errors.New("takes one argument")
		}
		return func(_ context.Context, columns []expr.Column, out []expr.Value) error {
			w.calls++
			for i := range out {
				v, err := columns[0].Value(i)
				if err != nil {
					return err
				}
				out[i] = expr.Mul(v, expr.Int(2))
			}
			return nil
		}, nil
	case exec.Ink + "fail":
		return func(context.Context, []expr.Column, []expr.Value) error { return errors.New("out of order") }, nil
	}
	return nil, errors.New("no such function")
}

// cel is a stand-in for CEL: the text names a variable, and the value is whether it is bound.
func (w *world) cel(text string, vars []string) (expr.Function, error) {
	i := slices.Index(vars, text)
	if i < 0 {
		return nil, fmt.Errorf("undeclared reference to %q among %v", text, vars)
	}
	return func(_ context.Context, columns []expr.Column, out []expr.Value) error {
		w.calls++
		for r := range out {
			out[r] = expr.Bool(columns[i].IDs[r] != 0)
		}
		return nil
	}, nil
}

// belief is a triple the fake model holds probable.
type belief struct {
	head, relation, tail string
	prob                 float64
}

// fakeModel predicts from a list.
type fakeModel struct {
	world                   *world
	beliefs                 []belief
	predictions, judgements int
}

func (m *fakeModel) named(name string) (exec.Predictor, error) {
	if name != "" && name != "fake" {
		return nil, errors.New("no such model")
	}
	m.predictions, m.judgements = 0, 0
	return m, nil
}

func (m *fakeModel) ids() (out []exec.Edge, triples []store.Triple) {
	v, err := m.world.store.View()
	if err != nil {
		m.world.t.Fatal(err)
	}
	defer v.Close()
	for _, b := range m.beliefs {
		var ids [3]store.TermID
		for i, name := range []string{b.head, b.relation, b.tail} {
			ids[i], _, _ = v.ID(rdf.NewIRI(ns + strings.TrimPrefix(name, ":")))
		}
		t := store.Triple{S: ids[0], P: ids[1], O: ids[2]}
		stated, _ := v.Has(0, t)
		out = append(out, exec.Edge{Prob: b.prob, Stated: stated})
		triples = append(triples, t)
	}
	return out, triples
}

func (m *fakeModel) Predict(_ context.Context, queries []store.Triple, opt exec.PredictOptions) ([][]exec.Candidate, error) {
	m.predictions++
	edges, triples := m.ids()
	out := make([][]exec.Candidate, len(queries))
	if opt.MinProb < 0 {
		opt.MinProb = 0.5
	}
	for i, q := range queries {
		for j, t := range triples {
			if t.P != q.P || q.S != 0 && q.S != t.S || q.O != 0 && q.O != t.O || edges[j].Prob < opt.MinProb || edges[j].Stated && !opt.Stated {
				continue
			}
			c := exec.Candidate{ID: t.O, Prob: edges[j].Prob}
			if q.S == 0 {
				c.ID = t.S
			}
			out[i] = append(out[i], c)
		}
		slices.SortFunc(out[i], func(a, b exec.Candidate) int { return int(1e6 * (b.Prob - a.Prob)) })
		out[i] = out[i][:min(len(out[i]), opt.K)]
	}
	return out, nil
}

func (m *fakeModel) Prob(_ context.Context, asked []store.Triple) ([]float64, error) {
	m.judgements++
	edges, triples := m.ids()
	out := make([]float64, len(asked))
	for i, t := range asked {
		if j := slices.Index(triples, t); j >= 0 {
			out[i] = edges[j].Prob
		}
	}
	return out, nil
}

func (m *fakeModel) Relations() (ids []store.TermID) {
	_, triples := m.ids()
	for _, t := range triples {
		if !slices.Contains(ids, t.P) {
			ids = append(ids, t.P)
		}
	}
	return ids
}

func (m *fakeModel) Threshold(store.TermID) float64 { return 0.5 }

func (m *fakeModel) Model() (string, store.Version) { return "fake", 3 }
