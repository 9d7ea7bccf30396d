package rdf_test

import (
	"strings"
	"testing"

	"github.com/inklingdb/inkling/store/rdf"
	"github.com/inklingdb/inkling/store/rdf/isomorphic"
)

func TestRDFXML(t *testing.T) {
	doc := `<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="` + rdf.RDF + `" xmlns:e="http://e/" xml:base="http://base/d/">
  <rdf:Description rdf:about="x"><e:label xml:lang="EN">a</e:label><e:knows rdf:nodeID="n"/></rdf:Description>
  <rdf:Description rdf:nodeID="n"><e:age rdf:datatype="` + rdf.XSDInteger + `">5</e:age></rdf:Description>
</rdf:RDF>`
	want := `<http://base/d/x> <http://e/label> "a"@en .
<http://base/d/x> <http://e/knows> _:n .
_:n <http://e/age> "5"^^<` + rdf.XSDInteger + `> .`
	got, err := rdf.ReadAll(strings.NewReader(doc), rdf.RDFXML, rdf.Options{BlankPrefix: "i3-"})
	if err != nil {
		t.Fatal(err)
	}
	expected, err := rdf.ReadAll(strings.NewReader(want), rdf.NTriples, rdf.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !isomorphic.Quads(got, expected) {
		t.Errorf("got %v", got)
	}
	for _, q := range got {
		if q.S.Kind == rdf.Blank && !strings.HasPrefix(q.S.Value, "i3-") {
			t.Errorf("blank node %v lacks the prefix", q.S)
		}
	}
}
