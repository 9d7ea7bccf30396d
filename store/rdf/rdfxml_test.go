package rdf_test

import (
	"strings"
	"testing"

	"github.com/inklingdb/inkling/store/rdf"
	"github.com/inklingdb/inkling/store/rdf/isomorphic"
)

const xmlHead = `<rdf:RDF xmlns:rdf="` + rdf.RDF + `" xmlns:e="http://e/" xml:base="http://b/d/x">`

// TestRDFXML gives documents and the triples they are, by the sections of the RDF 1.1 XML Syntax.
func TestRDFXML(t *testing.T) {
	const prefixes = "@prefix rdf: <" + rdf.RDF + "> . @prefix e: <http://e/> . @base <http://b/d/x> .\n"
	for name, c := range map[string][2]string{
		"property elements":   {`<rdf:Description rdf:about="s"><e:p>a &amp; b</e:p><e:q rdf:resource="../o"/></rdf:Description>`, `<s> e:p "a & b" ; e:q <../o> .`},
		"striped nodes":       {`<rdf:Description rdf:about="s"> <e:p> <rdf:Description rdf:about="o"><e:q/></rdf:Description> </e:p></rdf:Description>`, `<s> e:p <o> . <o> e:q "" .`},
		"property attributes": {`<rdf:Description rdf:about="s" e:p="1" rdf:type="C" xml:lang="EN"/>`, `<s> e:p "1"@en ; a <C> .`},
		"languages":           {`<rdf:Description xml:lang="fr" rdf:about="s"><e:p>a</e:p><e:p xml:lang="">b</e:p><e:p rdf:datatype="#t">c</e:p></rdf:Description>`, `<s> e:p "a"@fr, "b", "c"^^<#t> .`},
		"typed nodes":         {`<e:C rdf:nodeID="n"><e:p rdf:nodeID="n"/></e:C><e:C rdf:nodeID="genid1"/><e:C/>`, `_:n a e:C ; e:p _:n . _:m a e:C . [] a e:C .`},
		"ids":                 {`<e:C rdf:ID="i"/><e:C rdf:ID="i" xml:base="http://o/"/>`, `<#i> a e:C . <http://o/#i> a e:C .`},
		"XML literal":         {`<rdf:Description rdf:about="s"><e:p rdf:parseType="Literal">a <e:b y="2" x="&lt;1"><i/></e:b>&gt;</e:p></rdf:Description>`, `<s> e:p "a <e:b xmlns:e=\"http://e/\" x=\"&lt;1\" y=\"2\"><i></i></e:b>&gt;"^^rdf:XMLLiteral .`},
		"parseType Resource":  {`<rdf:Description rdf:about="s"><e:p rdf:parseType="Resource"><e:q>1</e:q></e:p></rdf:Description>`, `<s> e:p [ e:q "1" ] .`},
		"property and object": {`<rdf:Description rdf:about="s"><e:p e:q="1"/><e:p rdf:nodeID="z" e:q="2"> </e:p></rdf:Description>`, `<s> e:p [ e:q "1" ], [ e:q "2" ] .`},
		"containers":          {`<rdf:Bag rdf:about="s"><rdf:li>a</rdf:li><rdf:_7>c</rdf:_7><rdf:li rdf:resource="b"/></rdf:Bag>`, `<s> a rdf:Bag ; rdf:_1 "a" ; rdf:_2 <b> ; rdf:_7 "c" .`},
		"collections":         {`<rdf:Description rdf:about="s"><e:p rdf:parseType="Collection"><e:C/> <rdf:Description rdf:about="x"/></e:p><e:q rdf:parseType="Collection"/></rdf:Description>`, `<s> e:p ( [ a e:C ] <x> ) ; e:q () .`},
		"reification":         {`<rdf:Description rdf:about="s"><e:p rdf:ID="r">1</e:p></rdf:Description>`, `<s> e:p "1" . <#r> a rdf:Statement ; rdf:subject <s> ; rdf:predicate e:p ; rdf:object "1" .`},
		"comments":            {`<!-- c --><rdf:Description rdf:about="s"><e:p>a<!-- c -->b<![CDATA[<]]></e:p></rdf:Description>`, `<s> e:p "ab<" .`},
	} {
		want, err := rdf.ReadAll(strings.NewReader(prefixes+c[1]), rdf.Turtle, rdf.Options{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := rdf.ReadAll(strings.NewReader(xmlHead+c[0]+"</rdf:RDF>\n"), rdf.RDFXML, rdf.Options{BlankPrefix: "i3-"})
		if err != nil || !isomorphic.Quads(got, want) {
			t.Errorf("%s: got %v, %v; want %v", name, got, err, want)
		}
		for _, q := range got {
			if q.S.Kind == rdf.Blank && !strings.HasPrefix(q.S.Value, "i3-") {
				t.Errorf("%s: blank node %v lacks the prefix", name, q.S)
			}
		}
	}
}

// TestRDFXMLWithoutRoot also expands the entities that OWL files declare.
func TestRDFXMLWithoutRoot(t *testing.T) {
	doc := `<?xml version="1.0"?><!DOCTYPE x [ <!ENTITY e "http://e/"> <!ENTITY f '&e;f#'> ]>
<a:C xmlns:a="http://e/" xmlns:r="` + rdf.RDF + `" r:about="&f;x"/>`
	got, err := rdf.ReadAll(strings.NewReader(doc), rdf.RDFXML, rdf.Options{})
	want := rdf.Quad{S: rdf.NewIRI("http://e/f#x"), P: rdf.NewIRI(rdf.RDFType), O: rdf.NewIRI("http://e/C")}
	if err != nil || len(got) != 1 || got[0] != want {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
}

// TestBadRDFXML gives what is XML but not RDF; each is passed over with SkipBad.
func TestBadRDFXML(t *testing.T) {
	for _, bad := range []string{
		`<rdf:li/>`, `<rdf:Description rdf:about="a" rdf:ID="b"/>`, `<e:C rdf:nodeID="1"/>`, `text`, `<C/>`, `<x:C/>`,
		`<e:C rdf:ID="i"/><e:C rdf:ID="i"/>`, `<e:C foo="1"/>`, `<e:C rdf:aboutEach="x"/>`, `<e:C e:p="1" rdf:li="x"/>`,
		`<e:C><rdf:Description/></e:C>`, `<e:C><e:p>text<e:D/></e:p></e:C>`, `<e:C><e:p><e:D/><e:D/></e:p></e:C>`,
		`<e:C><e:p rdf:resource="a"><e:D/></e:p></e:C>`, `<e:C><e:p rdf:resource="a" rdf:nodeID="b"/></e:C>`,
		`<e:C><e:p rdf:parseType="Resource" rdf:resource="a"/></e:C>`, `<e:C><e:p rdf:resource="a b"/></e:C>`, `<e:C>text</e:C>`,
	} {
		doc := xmlHead + bad + `<e:Good rdf:about="g"/></rdf:RDF>`
		if got, err := rdf.ReadAll(strings.NewReader(doc), rdf.RDFXML, rdf.Options{}); err == nil {
			t.Errorf("%s is read as %v", bad, got)
		}
		got, err := rdf.ReadAll(strings.NewReader(doc), rdf.RDFXML, rdf.Options{SkipBad: true})
		if err != nil || len(got) == 0 || got[len(got)-1].O.Value != "http://e/Good" {
			t.Errorf("%s with bad elements skipped: %v, %v", bad, got, err)
		}
	}
	for _, broken := range []string{"<a", xmlHead, xmlHead + "<e:C></e:D></rdf:RDF>", xmlHead + "&nope;</rdf:RDF>", xmlHead + "</rdf:RDF><x/>", xmlHead + strings.Repeat("<e:C><e:p>", 3000)} {
		if got, err := rdf.ReadAll(strings.NewReader(broken), rdf.RDFXML, rdf.Options{}); err == nil {
			t.Errorf("%.40q is read as %v", broken, got)
		}
	}
}
