package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/inklingdb/inkling/query/exec"
	"github.com/inklingdb/inkling/query/expr"
	"github.com/inklingdb/inkling/udf"
	"github.com/inklingdb/inkling/udf/cel"
)

// options returns what a query over this snapshot runs with.
func (s *snapshot) options(l Limits) exec.Options {
	run := s.run()
	return exec.Options{
		Base:      s.names.base,
		Functions: func(iri string, args int) (expr.Function, error) { return s.extension(run, iri, args) },
		CEL: func(text string, vars []string) (expr.Function, error) {
			p, err := s.db.expressions.Load().CompileColumns(text, vars)
			if err != nil {
				return nil, err
			}
			return p.Function(run), nil
		},
		Models: s.predictor,
		Limits: exec.Limits{Time: unlimited(l.Time), Rows: unlimited(l.Rows), MemoryBytes: unlimited(l.Memory)},
	}
}

// unlimited turns our negative "no limit" into the evaluator's 0.
func unlimited[T ~int64](limit T) T { return max(0, limit) }

// run returns what CEL sees of this snapshot.
func (s *snapshot) run() *cel.Run { return &cel.Run{Host: s.host(), Match: s.match} }

// extension returns the function of an IRI: a built-in one, or one that a user defined.
func (s *snapshot) extension(run *cel.Run, iri string, args int) (expr.Function, error) {
	name, ours := strings.CutPrefix(iri, Namespace)
	if !ours {
		return nil, fmt.Errorf("unknown function <%s>", iri)
	}
	if f, ok := udf.ByName(name); ok {
		return udf.Extension(run.Host, f), f.CheckCount(args)
	}
	users, err := userFunctions(s.view)
	if err != nil {
		return nil, err
	}
	for _, u := range users {
		if u.Name == name {
			return s.userExtension(run, name, args)
		}
	}
	unknown := &udf.UnknownError{What: "function", Name: "ink:" + name, Nearest: udf.Nearest("ink:"+name, func(yield func(string) bool) {
		for _, f := range s.db.Functions() {
			if !yield("ink:" + f.Name) {
				return
			}
		}
	})}
	return nil, unknown
}

// userExtension compiles a call of a user's function over as many columns as it is given.
func (s *snapshot) userExtension(run *cel.Run, name string, args int) (expr.Function, error) {
	columns := make([]string, args)
	for i := range columns {
		columns[i] = fmt.Sprintf("argument_%d", i+1)
	}
	p, err := s.db.expressions.Load().CompileColumns(name+"("+strings.Join(columns, ", ")+")", columns)
	if err != nil {
		return nil, err
	}
	return p.Function(run), nil
}

// match answers match("…") of CEL: the solutions of a graph pattern as maps from variable to value.
func (s *snapshot) match(ctx context.Context, pattern string) ([]map[string]any, error) {
	result, _, err := s.query(ctx, "SELECT * WHERE { "+pattern+"\n}", QueryOptions{Limits: s.db.opts.Limits})
	if err != nil {
		return nil, err
	}
	defer result.Close()
	var rows []map[string]any
	for row, err := range result.Rows() {
		if err != nil {
			return nil, err
		}
		m := make(map[string]any, len(row))
		for i, term := range row {
			if term.Kind != 0 {
				m[result.Vars()[i]] = s.names.plain(term)
			}
		}
		rows = append(rows, m)
	}
	return rows, nil
}
