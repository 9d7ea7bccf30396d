package results

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/inklingdb/inkling/store/rdf"
)

// The vocabulary of result sets as graphs, which the W3C tests use.
const resultSet = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#"

// FromGraph returns the answer that a graph describes in the vocabulary of the W3C tests (rs:ResultSet); an error
// when it describes none. Rows with rs:index are in that order; ordered says whether there were any.
func FromGraph(quads []rdf.Quad) (result *Result, ordered bool, err error) {
	objects := map[[2]rdf.Term][]rdf.Term{}
	var root rdf.Term
	for _, q := range quads {
		key := [2]rdf.Term{q.S, q.P}
		objects[key] = append(objects[key], q.O)
		if q.P.Value == rdf.RDFType && q.O.Value == resultSet+"ResultSet" {
			root = q.S
		}
	}
	if root.Kind == rdf.None {
		return nil, false, errors.New("results: the graph holds no rs:ResultSet")
	}
	all := func(s rdf.Term, p string) []rdf.Term { return objects[[2]rdf.Term{s, rdf.NewIRI(resultSet + p)}] }
	if b := all(root, "boolean"); len(b) > 0 {
		yes, err := strconv.ParseBool(b[0].Value)
		if err != nil {
			return nil, false, fmt.Errorf("results: %w", err)
		}
		return &Result{Boolean: &yes}, false, nil
	}
	out := &Result{Rows: [][]rdf.Term{}}
	for _, v := range all(root, "resultVariable") {
		out.Vars = append(out.Vars, v.Value)
	}
	type numbered struct {
		index int
		row   []rdf.Term
	}
	var rows []numbered
	for _, s := range all(root, "solution") {
		n := numbered{row: make([]rdf.Term, len(out.Vars))}
		for _, index := range all(s, "index") {
			ordered = true
			n.index, _ = strconv.Atoi(index.Value) // a broken index sorts first
		}
		for _, b := range all(s, "binding") {
			name, value := all(b, "variable"), all(b, "value")
			if len(name) != 1 || len(value) != 1 {
				return nil, false, errors.New("results: a binding without one variable and one value")
			}
			i := slices.Index(out.Vars, name[0].Value)
			if i < 0 {
				return nil, false, fmt.Errorf("results: %q is bound and not listed", name[0].Value)
			}
			n.row[i] = value[0]
		}
		rows = append(rows, n)
	}
	slices.SortStableFunc(rows, func(a, b numbered) int { return a.index - b.index })
	for _, n := range rows {
		out.Rows = append(out.Rows, n.row)
	}
	return out, ordered, nil
}
