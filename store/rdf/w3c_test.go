package rdf_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/inklingdb/inkling/store/rdf"
	"github.com/inklingdb/inkling/store/rdf/isomorphic"
)

const (
	manifestNS = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
	testNS     = "http://www.w3.org/ns/rdftest#"
	w3cRoot    = "../../../shared/rdf-tests/rdf/rdf11"
	knownFile  = "testdata/w3c-known-failures.txt"
)

// suites are the W3C folders with the base that their documents are read under.
var suites = []struct {
	folder string
	format *rdf.Format
	result *rdf.Format
}{
	{"rdf-n-triples", rdf.NTriples, nil},
	{"rdf-n-quads", rdf.NQuads, nil},
	{"rdf-turtle", rdf.Turtle, rdf.NTriples},
	{"rdf-trig", rdf.TriG, rdf.NQuads},
}

// TestW3C runs the manifests of the W3C test suite. The names in testdata/w3c-known-failures.txt must fail, all
// others must pass.
func TestW3C(t *testing.T) {
	if _, err := os.Stat(w3cRoot); err != nil {
		t.Skip("the W3C tests are not beside the checkout:", err)
	}
	known := knownFailures(t)
	passed, failed := map[string]int{}, map[string]int{}
	for _, s := range suites {
		base := "https://w3c.github.io/rdf-tests/rdf/rdf11/" + s.folder + "/"
		for _, test := range manifest(t, filepath.Join(w3cRoot, s.folder), base) {
			err := test.run(s.format, s.result, base)
			category := s.folder + " " + strings.TrimPrefix(test.kind, testNS)
			name := s.folder + "/" + test.name
			if err == nil {
				passed[category]++
			} else {
				failed[category]++
			}
			switch {
			case err != nil && !known[name]:
				t.Errorf("%s: %v", name, err)
			case err == nil && known[name]:
				t.Errorf("%s passes: take it out of %s", name, knownFile)
			}
		}
	}
	report(t, passed, failed)
}

func report(t *testing.T, passed, failed map[string]int) {
	var names []string
	for c := range passed {
		names = append(names, c)
	}
	for c := range failed {
		if passed[c] == 0 {
			names = append(names, c)
		}
	}
	sort.Strings(names)
	total, good := 0, 0
	for _, c := range names {
		t.Logf("%-45s passed %3d, failed %d", c, passed[c], failed[c])
		good += passed[c]
		total += passed[c] + failed[c]
	}
	t.Logf("%-45s passed %d of %d", "all", good, total)
	if total < 800 {
		t.Errorf("only %d tests were found, the manifests hold more", total)
	}
}

func knownFailures(t *testing.T) map[string]bool {
	file, err := os.Open(knownFile)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	known := map[string]bool{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if name, _, _ := strings.Cut(lines.Text(), "#"); strings.TrimSpace(name) != "" {
			known[strings.TrimSpace(name)] = true
		}
	}
	return known
}

type w3cTest struct{ name, kind, action, result string }

// manifest reads the tests a folder lists, in order of name.
func manifest(t *testing.T, folder, base string) (tests []w3cTest) {
	quads := readFile(t, filepath.Join(folder, "manifest.ttl"), rdf.Turtle, base+"manifest.ttl")
	byName := map[rdf.Term]*w3cTest{}
	for _, q := range quads {
		test := byName[q.S]
		if test == nil {
			test = &w3cTest{}
			byName[q.S] = test
		}
		file := filepath.Join(folder, strings.TrimPrefix(q.O.Value, base))
		switch q.P.Value {
		case rdf.RDFType:
			test.kind = q.O.Value
		case manifestNS + "name":
			test.name = q.O.Value
		case manifestNS + "action":
			test.action = file
		case manifestNS + "result":
			test.result = file
		}
	}
	for _, test := range byName {
		if strings.HasPrefix(test.kind, testNS+"Test") {
			tests = append(tests, *test)
		}
	}
	slices.SortFunc(tests, func(a, b w3cTest) int { return strings.Compare(a.name, b.name) })
	return tests
}

func readFile(t *testing.T, file string, f *rdf.Format, base string) []rdf.Quad {
	quads, err := load(file, f, base)
	if err != nil {
		t.Fatal(err)
	}
	return quads
}

func load(file string, f *rdf.Format, base string) ([]rdf.Quad, error) {
	r, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return rdf.ReadAll(r, f, rdf.Options{Base: base, File: filepath.Base(file)})
}

// run returns nil when the test passes.
func (test w3cTest) run(f, result *rdf.Format, base string) error {
	got, err := load(test.action, f, base+filepath.Base(test.action))
	switch {
	case strings.Contains(test.kind, "Negative"):
		if err == nil {
			return fmt.Errorf("read without an error: %v", got)
		}
		return nil
	case err != nil:
		return err
	case test.result == "":
		return nil
	}
	want, err := load(test.result, result, base)
	if err != nil {
		return err
	}
	if !isomorphic.Quads(got, want) {
		return fmt.Errorf("got %v, want %v", got, want)
	}
	return nil
}
