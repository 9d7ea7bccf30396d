package sparql_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/inklingdb/inkling/query/sparql"
)

// read parses a query or an update.
func read(text string, update bool, opt sparql.Options) (sparql.Node, error) {
	if update {
		u, err := sparql.ParseUpdate(text, opt)
		if err != nil {
			return nil, err
		}
		return u, nil
	}
	q, err := sparql.Parse(text, opt)
	if err != nil {
		return nil, err
	}
	return q, nil
}

// roundTrip returns the error of parsing text, or how its printed form reads back to something else.
func roundTrip(text string, update bool, opt sparql.Options) error {
	first, err := read(text, update, opt)
	if err != nil {
		return err
	}
	printed := first.(fmt.Stringer).String()
	second, err := read(printed, update, sparql.Options{})
	if err != nil {
		return fmt.Errorf("printed form does not parse: %w\n%s", err, printed)
	}
	forgetPositions(reflect.ValueOf(first))
	forgetPositions(reflect.ValueOf(second))
	if !reflect.DeepEqual(first, second) {
		return fmt.Errorf("printed form reads back differently:\n%s\n%s", printed, second.(fmt.Stringer))
	}
	return nil
}

var posType = reflect.TypeFor[sparql.Pos]()

// forgetPositions zeroes every Pos below v, syntax and algebra.
func forgetPositions(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			forgetPositions(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			forgetPositions(v.Index(i))
		}
	case reflect.Struct:
		if v.Type() == posType {
			if v.CanSet() {
				v.SetZero()
			}
			return
		}
		for i := range v.NumField() {
			forgetPositions(v.Field(i))
		}
	}
}

// TestPrint pins the printed form where a slip would still read back equal on the common cases.
func TestPrint(t *testing.T) {
	prefixes := map[string]string{"": "http://e/"}
	for _, expr := range []string{
		"1 + 2 * 3", "(1 + 2) * 3", "1 - (2 - 3)", "1 - 2 - 3", "- (-1)", "- 1", "?x - -1", "!(?a && ?b) || ?c",
		"(?a = ?b) = true", "?x NOT IN (1, 2)", "(?x IN (1)) IN (true)", "STR(?x) = \"a\\\\u0041\\n\"",
		"BOUND(?x)", "IF(true, 1.5, 1e0)", "COALESCE()", "\"-1\"^^<http://e/t>", "- ?x",
	} {
		for _, text := range []string{
			"SELECT (" + expr + " AS ?r) WHERE { BIND(" + expr + " AS ?s) FILTER(" + expr + ") }",
			"SELECT * WHERE { } ORDER BY (" + expr + ")",
		} {
			if err := roundTrip(text, false, sparql.Options{Prefixes: prefixes}); err != nil {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
	for _, path := range []string{
		":a/:b|:c", "(:a|:b)/:c", "^(:a/:b)", "^:a*", "(^:a)*", "(:a*)*", "!(:a|^:b|a)", "!^:a", "!()", "((:a/:b)/:c)", ":a?",
	} {
		if err := roundTrip("ASK { ?s "+path+" ?o }", false, sparql.Options{Prefixes: prefixes}); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}
