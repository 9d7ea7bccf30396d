package rdf

import (
	"encoding/xml"
	"maps"
	"sort"
	"strings"
)

// canonicalXML writes the content of the innermost open element as exclusive canonical XML without comments, which
// is the lexical form of an XML literal, and reads its end tag.
func (p *xmlParser) canonicalXML(out *strings.Builder) error {
	type level struct {
		tag    string
		spaces map[string]string // prefixes written so far on the way here
	}
	levels := []level{{spaces: map[string]string{}}}
	for {
		e, text, err := p.token()
		last := levels[len(levels)-1]
		switch {
		case err != nil:
			return err
		case e != nil:
			inner := level{tagText(e.tag), maps.Clone(last.spaces)}
			p.writeStart(out, e, inner.spaces)
			levels = append(levels, inner)
		case text != nil:
			out.WriteString(xmlText.Replace(string(text)))
		case len(levels) == 1:
			return nil
		default:
			out.WriteString("</" + last.tag + ">")
			levels = levels[:len(levels)-1]
		}
	}
}

// Escapes of canonical XML in text and in attributes.
var (
	xmlText  = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#xD;")
	xmlValue = strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;", "\t", "&#x9;", "\n", "&#xA;", "\r", "&#xD;")
)

// writeStart writes a start tag: the namespaces its names use and that seen lacks, then its attributes by namespace
// and name. seen takes what is written.
func (p *xmlParser) writeStart(out *strings.Builder, e *xmlElement, seen map[string]string) {
	var attributes []xml.Attr
	used := map[string]bool{e.tag.Space: true}
	for _, a := range e.raw {
		if a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns" {
			continue
		}
		attributes = append(attributes, a)
		if a.Name.Space != "" && a.Name.Space != "xml" {
			used[a.Name.Space] = true
		}
	}
	prefixes := make([]string, 0, len(used))
	for prefix := range used {
		space, _ := p.namespace(prefix)
		if old, known := seen[prefix]; old != space || !known && prefix != "" {
			prefixes = append(prefixes, prefix)
			seen[prefix] = space
		}
	}
	sort.Strings(prefixes)
	out.WriteString("<" + tagText(e.tag))
	for _, prefix := range prefixes {
		name := "xmlns"
		if prefix != "" {
			name += ":" + prefix
		}
		out.WriteString(" " + name + `="` + xmlValue.Replace(seen[prefix]) + `"`)
	}
	sort.Slice(attributes, func(i, j int) bool {
		a, _ := p.namespace(attributes[i].Name.Space)
		b, _ := p.namespace(attributes[j].Name.Space)
		if attributes[i].Name.Space == "" || attributes[j].Name.Space == "" {
			a, b = attributes[i].Name.Space, attributes[j].Name.Space
		}
		return a < b || a == b && attributes[i].Name.Local < attributes[j].Name.Local
	})
	for _, a := range attributes {
		out.WriteString(" " + tagText(a.Name) + `="` + xmlValue.Replace(a.Value) + `"`)
	}
	out.WriteString(">")
}
