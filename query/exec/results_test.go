package exec_test

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/inklingdb/inkling/query/expr"
	"github.com/inklingdb/inkling/query/manifest"
	"github.com/inklingdb/inkling/store/rdf"
)

// expected is an expected result of SELECT or ASK.
type expected struct {
	vars      []string
	rows      [][]rdf.Term
	truth     bool
	unordered bool // the format does not tell the order
	textOnly  bool // CSV: terms are known by their text only
}

// readResults reads a file in one of the result formats.
func readResults(f manifest.File) (expected, error) {
	data, err := os.ReadFile(f.Path)
	if err != nil {
		return expected{}, err
	}
	switch f.Path[strings.LastIndexByte(f.Path, '.'):] {
	case ".srx":
		return readXML(data)
	case ".srj":
		return readJSON(data)
	case ".csv":
		return readCSV(data)
	case ".tsv":
		return readTSV(string(data))
	}
	return readRDF(f)
}

func readXML(data []byte) (expected, error) {
	var doc struct {
		Vars []struct {
			Name string `xml:"name,attr"`
		} `xml:"head>variable"`
		Boolean string `xml:"boolean"`
		Results []struct {
			Bindings []struct {
				Name    string  `xml:"name,attr"`
				URI     *string `xml:"uri"`
				Blank   *string `xml:"bnode"`
				Literal *struct {
					Text     string `xml:",chardata"`
					Lang     string `xml:"http://www.w3.org/XML/1998/namespace lang,attr"`
					Datatype string `xml:"datatype,attr"`
				} `xml:"literal"`
			} `xml:"binding"`
		} `xml:"results>result"`
	}
	if err := xml.Unmarshal(data, &doc); err != nil {
		return expected{}, err
	}
	out := expected{truth: strings.TrimSpace(doc.Boolean) == "true"}
	for _, v := range doc.Vars {
		out.vars = append(out.vars, v.Name)
	}
	for _, r := range doc.Results {
		row := make([]rdf.Term, len(out.vars))
		for _, b := range r.Bindings {
			i := slices.Index(out.vars, b.Name)
			switch {
			case b.URI != nil:
				row[i] = rdf.NewIRI(*b.URI)
			case b.Blank != nil:
				row[i] = rdf.NewBlank(*b.Blank)
			case b.Literal != nil:
				row[i] = literal(b.Literal.Text, b.Literal.Datatype, b.Literal.Lang)
			}
		}
		out.rows = append(out.rows, row)
	}
	return out, nil
}

func literal(text, datatype, lang string) rdf.Term {
	switch {
	case lang != "":
		return rdf.NewLang(text, strings.ToLower(lang))
	case datatype != "":
		return rdf.NewTyped(text, datatype)
	}
	return rdf.NewString(text)
}

func readJSON(data []byte) (expected, error) {
	var doc struct {
		Head    struct{ Vars []string }
		Boolean bool
		Results struct {
			Bindings []map[string]struct {
				Type, Value, Datatype string
				Lang                  string `json:"xml:lang"`
			}
		}
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		return expected{}, err
	}
	out := expected{vars: doc.Head.Vars, truth: doc.Boolean}
	for _, b := range doc.Results.Bindings {
		row := make([]rdf.Term, len(out.vars))
		for name, v := range b {
			i := slices.Index(out.vars, name)
			switch v.Type {
			case "uri":
				row[i] = rdf.NewIRI(v.Value)
			case "bnode":
				row[i] = rdf.NewBlank(v.Value)
			default:
				row[i] = literal(v.Value, v.Datatype, v.Lang)
			}
		}
		out.rows = append(out.rows, row)
	}
	return out, nil
}

func readCSV(data []byte) (expected, error) {
	records, err := csv.NewReader(strings.NewReader(string(data))).ReadAll()
	if err != nil {
		return expected{}, err
	}
	out := expected{vars: records[0], textOnly: true}
	for _, r := range records[1:] {
		row := make([]rdf.Term, len(r))
		for i, cell := range r {
			if cell != "" {
				row[i] = rdf.NewString(cell)
			}
		}
		out.rows = append(out.rows, row)
	}
	return out, nil
}

func readTSV(data string) (expected, error) {
	var out expected
	lines := bufio.NewScanner(strings.NewReader(data))
	for first := true; lines.Scan(); first = false {
		cells := strings.Split(lines.Text(), "\t")
		if first {
			for _, c := range cells {
				out.vars = append(out.vars, strings.TrimPrefix(c, "?"))
			}
			continue
		}
		row := make([]rdf.Term, len(cells))
		for i, c := range cells {
			if c == "" {
				continue
			}
			quads, err := rdf.ReadAll(strings.NewReader("<http://s> <http://p> "+c+" ."), rdf.Turtle, rdf.Options{})
			if err != nil {
				return out, err
			}
			row[i] = quads[0].O
		}
		out.rows = append(out.rows, row)
	}
	return out, nil
}

// readRDF reads the result-set vocabulary of the first test suite.
func readRDF(f manifest.File) (expected, error) {
	const rs = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#"
	quads, err := read(f, "", "")
	if err != nil {
		return expected{}, err
	}
	objects := map[rdf.Term]map[string][]rdf.Term{}
	var root rdf.Term
	for _, q := range quads {
		if objects[q.S] == nil {
			objects[q.S] = map[string][]rdf.Term{}
		}
		objects[q.S][q.P.Value] = append(objects[q.S][q.P.Value], q.O)
		if q.P.Value == rdf.RDFType && q.O.Value == rs+"ResultSet" {
			root = q.S
		}
	}
	if root.Kind == rdf.None {
		return expected{}, fmt.Errorf("no result set in %s", f.Path)
	}
	out := expected{unordered: true}
	for _, v := range objects[root][rs+"resultVariable"] {
		out.vars = append(out.vars, v.Value)
	}
	if b := objects[root][rs+"boolean"]; len(b) > 0 {
		out.truth = b[0].Value == "true"
	}
	solutions := objects[root][rs+"solution"]
	index := func(s rdf.Term) (float64, bool) {
		if list := objects[s][rs+"index"]; len(list) > 0 {
			return expr.FromTerm(list[0]).Float()
		}
		return 0, false
	}
	slices.SortStableFunc(solutions, func(a, b rdf.Term) int {
		x, ok := index(a)
		y, _ := index(b)
		out.unordered = out.unordered && !ok
		return int(x - y)
	})
	for _, s := range solutions {
		row := make([]rdf.Term, len(out.vars))
		for _, b := range objects[s][rs+"binding"] {
			row[slices.Index(out.vars, objects[b][rs+"variable"][0].Value)] = objects[b][rs+"value"][0]
		}
		out.rows = append(out.rows, row)
	}
	return out, nil
}

// normal brings rows to the columns of want, in name order, with numbers in one spelling, so that equal values compare
// equal.
func normal(rows [][]rdf.Term, vars []string, want expected, columns []string) [][]rdf.Term {
	columns = slices.Sorted(slices.Values(columns))
	for _, v := range vars {
		if !slices.Contains(columns, v) {
			columns = append(columns, v)
		}
	}
	out := make([][]rdf.Term, len(rows))
	for i, row := range rows {
		out[i] = make([]rdf.Term, len(columns))
		for j, name := range columns {
			if k := slices.Index(vars, name); k >= 0 && k < len(row) {
				out[i][j] = canonical(row[k], want.textOnly)
			}
		}
	}
	return out
}

func canonical(t rdf.Term, textOnly bool) rdf.Term {
	if textOnly {
		if t.Kind == rdf.None || t.Kind == rdf.Blank {
			return t
		}
		if label, ok := strings.CutPrefix(t.Value, "_:"); ok {
			return rdf.NewBlank(label)
		}
		return rdf.NewString(t.Value)
	}
	if f, ok := expr.FromTerm(t).Float(); ok {
		return rdf.NewTyped(fmt.Sprintf("%.12g", f), t.Datatype)
	}
	return t
}

func distinctRows(rows [][]rdf.Term) [][]rdf.Term {
	var out [][]rdf.Term
	for _, r := range rows {
		if !slices.ContainsFunc(out, func(o []rdf.Term) bool { return slices.Equal(o, r) }) {
			out = append(out, r)
		}
	}
	return out
}
