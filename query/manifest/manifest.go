// Package manifest reads the manifests of the W3C SPARQL test suite: which query, which data, which result. It runs
// nothing; the tests of the packages beside it do.
package manifest

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/inklingdb/inkling/store/rdf"
)

// Root is where the test suite lies, seen from a package two folders deep in the repository.
const Root = "../../../shared/rdf-tests/sparql"

// baseIRI stands for Root in the IRIs of the suite's files.
const baseIRI = "https://w3c.github.io/rdf-tests/sparql/"

// File is a file of the suite and the IRI that stands for it, which is its base.
type File struct {
	Path, IRI string
}

// NamedGraph is a file whose triples form the graph Name.
type NamedGraph struct {
	Name string
	File File
}

// Dataset is what a store holds before or after a test.
type Dataset struct {
	Default []File
	Named   []NamedGraph
}

// Test is one entry of a manifest.
type Test struct {
	Suite    string // folder under Root, as in "sparql11/aggregates"
	Name     string // unique within Suite: the end of the test's IRI
	Title    string // what it is about
	Kind     string // the test's class without its namespace, as in "QueryEvaluationTest"
	Request  File   // the query or update
	Data     Dataset
	Services map[string]Dataset // endpoint IRI → what it holds
	Result   File               // the expected result of a query
	After    Dataset            // the expected state after an update
	Lax      bool               // duplicates may be dropped (mf:resultCardinality mf:LaxCardinality)
	Regime   bool               // needs an entailment regime
}

// ID returns a name that is unique in the whole suite.
func (t Test) ID() string { return t.Suite + "/" + t.Name }

// IsUpdate reports whether Request is an update.
func (t Test) IsUpdate() bool { return strings.Contains(t.Kind, "Update") }

// Dir reports whether the suite lies at root.
func Dir(root string) bool {
	info, err := os.Stat(root)
	return err == nil && info.IsDir()
}

// ReadAll returns the tests of every manifest in the folders of root, such as Root, ordered by suite and within it
// as the manifest lists them. Files that a test names need not exist.
func ReadAll(root string) ([]Test, error) {
	paths, err := filepath.Glob(filepath.Join(root, "*", "*", "manifest.ttl"))
	if err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	sort.Strings(paths)
	var all []Test
	for _, path := range paths {
		tests, err := read(root, filepath.Dir(path))
		if err != nil {
			return nil, err
		}
		all = append(all, tests...)
	}
	return all, nil
}

// The vocabularies of the manifests.
const (
	mf    = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
	qt    = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#"
	ut    = "http://www.w3.org/2009/sparql/tests/test-update#"
	rdfs  = "http://www.w3.org/2000/01/rdf-schema#"
	sd    = "http://www.w3.org/ns/sparql-service-description#"
	entIs = "http://www.w3.org/ns/entailment/"
)

// document is a manifest's graph, by subject and predicate.
type document struct {
	root    string
	objects map[[2]string][]rdf.Term
	entries []rdf.Term // heads of mf:entries
}

// read returns the tests of the manifest in dir.
func read(root, dir string) ([]Test, error) {
	suite, err := filepath.Rel(root, dir)
	if err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	suite = filepath.ToSlash(suite)
	path := filepath.Join(dir, "manifest.ttl")
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	defer f.Close()
	quads, err := rdf.ReadAll(f, rdf.Turtle, rdf.Options{Base: baseIRI + suite + "/manifest.ttl", File: path})
	if err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	d := &document{root: root, objects: map[[2]string][]rdf.Term{}}
	for _, q := range quads {
		key := [2]string{q.S.Value, q.P.Value}
		d.objects[key] = append(d.objects[key], q.O)
		if q.P.Value == mf+"entries" {
			d.entries = append(d.entries, q.O)
		}
	}
	var tests []Test
	for _, head := range d.entries {
		for link := head; link.Value != rdf.RDFNil && link.Kind != rdf.None; link = d.one(link, rdf.RDFRest) {
			tests = append(tests, d.test(suite, d.one(link, rdf.RDFFirst)))
		}
	}
	return tests, nil
}

// all returns the objects of s and a predicate; one the first of them, or the zero Term.
func (d *document) all(s rdf.Term, p string) []rdf.Term { return d.objects[[2]string{s.Value, p}] }

func (d *document) one(s rdf.Term, p string) rdf.Term {
	if list := d.all(s, p); len(list) > 0 {
		return list[0]
	}
	return rdf.Term{}
}

// file returns the file that an IRI of the suite stands for.
func (d *document) file(t rdf.Term) File {
	if t.Kind != rdf.IRI {
		return File{}
	}
	return File{IRI: t.Value, Path: filepath.Join(d.root, filepath.FromSlash(strings.TrimPrefix(t.Value, baseIRI)))}
}

func (d *document) test(suite string, node rdf.Term) Test {
	kind := d.one(node, rdf.RDFType).Value
	action, result := d.one(node, mf+"action"), d.one(node, mf+"result")
	t := Test{
		Suite: suite,
		Name:  node.Value[strings.LastIndexAny(node.Value, "#/")+1:],
		Title: d.one(node, mf+"name").Value,
		Kind:  kind[strings.LastIndexByte(kind, '#')+1:],
		Data:  d.dataset(action),
		After: d.dataset(result),
		Lax:   d.one(node, mf+"resultCardinality").Value == mf+"LaxCardinality",
	}
	t.Request, t.Result = d.file(action), d.file(result)
	for _, p := range []string{qt + "query", ut + "request"} {
		if q := d.one(action, p); q.Kind == rdf.IRI {
			t.Request = d.file(q)
		}
	}
	for _, s := range []rdf.Term{action, node} {
		for _, r := range d.all(s, sd+"entailmentRegime") {
			t.Regime = t.Regime || r.Value != entIs+"Simple"
		}
	}
	for _, s := range d.all(action, qt+"serviceData") {
		if t.Services == nil {
			t.Services = map[string]Dataset{}
		}
		t.Services[d.one(s, qt+"endpoint").Value] = d.dataset(s)
	}
	return t
}

// dataset reads the data of an action or a result; the qt and ut vocabularies name it alike.
func (d *document) dataset(node rdf.Term) Dataset {
	var out Dataset
	for _, vocabulary := range []string{qt, ut} {
		for _, f := range d.all(node, vocabulary+"data") {
			out.Default = append(out.Default, d.file(f))
		}
		for _, g := range d.all(node, vocabulary+"graphData") {
			n := NamedGraph{Name: g.Value, File: d.file(g)}
			if f := d.one(g, vocabulary+"graph"); f.Kind == rdf.IRI {
				n = NamedGraph{Name: d.one(g, rdfs+"label").Value, File: d.file(f)}
			}
			out.Named = append(out.Named, n)
		}
	}
	return out
}
