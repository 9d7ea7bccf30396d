package engine

import (
	"strings"

	"github.com/inklingdb/inkling/query/expr"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// names translates between terms and what people type, at one snapshot. It is a udf.Names.
type names struct {
	view     *store.View
	base     string
	prefixes map[string]string
}

func newNames(v *store.View) names {
	base := baseOf(v)
	return names{view: v, base: base, prefixes: prefixes(base)}
}

// ID returns the node that a name stands for. A name like "rdf:type" is first taken as it stands, as TSV files have
// it, and as a prefix and a local name when the database does not know that.
func (n names) ID(name string) (store.TermID, bool, error) {
	for _, t := range n.readings(name) {
		id, known, err := n.view.ID(t)
		if known || err != nil {
			return id, known, err
		}
	}
	return 0, false, nil
}

// readings returns the terms that a name may stand for, the likeliest first.
func (n names) readings(name string) []rdf.Term {
	switch {
	case strings.HasPrefix(name, "<") && strings.HasSuffix(name, ">"):
		return []rdf.Term{rdf.NewIRI(name[1 : len(name)-1])}
	case strings.HasPrefix(name, "_:"):
		return []rdf.Term{rdf.NewBlank(name[2:])}
	case rdf.LooksAbsolute(name):
		return []rdf.Term{rdf.NewIRI(name)}
	}
	found := []rdf.Term{rdf.NewIRI(rdf.NameIRI(n.base, name))}
	if prefix, local, ok := strings.Cut(name, ":"); ok {
		if space, known := n.prefixes[prefix]; known {
			found = append(found, rdf.NewIRI(space+local))
		}
	}
	return found
}

// Name returns the shortest name that ID understands; a literal's text.
func (n names) Name(id store.TermID) (string, error) {
	t, err := n.view.Term(id)
	if err != nil {
		return "", err
	}
	name := n.shorten(t)
	if back := n.readings(name)[0]; back != t && t.Kind != rdf.Literal { // a prefixed name may be a plain one too
		if _, taken, err := n.view.ID(back); taken || err != nil {
			return "<" + t.Value + ">", err
		}
	}
	return name, nil
}

func (n names) shorten(t rdf.Term) string {
	switch t.Kind {
	case rdf.Blank:
		return "_:" + t.Value
	case rdf.Literal:
		return t.Value
	}
	if name, ok := rdf.IRIName(n.base, t.Value); ok && !rdf.LooksAbsolute(name) && !strings.HasPrefix(name, "_:") && !strings.HasPrefix(name, "<") {
		return name
	}
	for prefix, space := range n.prefixes {
		if local, ok := strings.CutPrefix(t.Value, space); ok && prefix != "" && local != "" && !strings.ContainsAny(local, "/#:") {
			return prefix + ":" + local
		}
	}
	if rdf.LooksAbsolute(t.Value) {
		return t.Value
	}
	return "<" + t.Value + ">"
}

// Shorten returns the shortest way to name a term on the command line and in expressions; a literal's text.
func (db *DB) Shorten(t rdf.Term) string {
	base := db.Base()
	return names{base: base, prefixes: prefixes(base)}.shorten(t)
}

// Shortener returns Shorten for many terms: it looks up the base once.
func (db *DB) Shortener() func(rdf.Term) string {
	base := db.Base()
	n := names{base: base, prefixes: prefixes(base)}
	return n.shorten
}

// plain returns a term as CEL has it: a node's name, or a literal's number, truth value or text.
func (n names) plain(t rdf.Term) any {
	if t.Kind != rdf.Literal {
		return n.shorten(t)
	}
	v := expr.FromTerm(t)
	switch v.Kind {
	case expr.Boolean:
		return v.Text() == "true" || v.Text() == "1"
	case expr.Integer, expr.Decimal, expr.Float, expr.Double:
		if i, ok := v.Int64(); ok {
			return i
		}
		f, _ := v.Float()
		return f
	}
	return t.Value
}

// triple returns the names of a triple's terms.
func (n names) triple(t store.Triple) (named [3]string, err error) {
	for i, id := range [3]store.TermID{t.S, t.P, t.O} {
		if named[i], err = n.Name(id); err != nil {
			return named, err
		}
	}
	return named, nil
}
