package rdf

import (
	"strconv"
	"strings"
)

// Names that the syntax keeps for itself: none is a node element's, and of properties only Description differs.
var (
	xmlSyntaxNames = map[string]bool{RDF + "RDF": true, RDF + "ID": true, RDF + "about": true, RDF + "parseType": true,
		RDF + "resource": true, RDF + "nodeID": true, RDF + "datatype": true, RDF + "aboutEach": true,
		RDF + "aboutEachPrefix": true, RDF + "bagID": true}
	xmlLi          = RDF + "li"
	xmlDescription = RDF + "Description"
)

// node reads a node element up to its end tag and returns its subject.
func (p *xmlParser) node(e *xmlElement) (Term, error) {
	if err := p.readAttributes(e); err != nil {
		return Term{}, err
	}
	if xmlSyntaxNames[e.name] || e.name == xmlLi {
		return Term{}, p.fail("expected a node, found <%s>", tagText(e.tag))
	}
	subject, rest, err := p.subject(e)
	if err != nil {
		return Term{}, err
	}
	if e.name != xmlDescription {
		class, err := p.resolve(e.name)
		if err != nil {
			return Term{}, err
		}
		p.emit(subject, NewIRI(RDFType), class)
	}
	if err := p.propertyAttributes(subject, rest); err != nil {
		return Term{}, err
	}
	return subject, p.properties(subject)
}

// subject returns who a node element is about, and the attributes that are its properties.
func (p *xmlParser) subject(e *xmlElement) (subject Term, rest []xmlAttribute, err error) {
	for _, a := range e.attributes {
		var named Term
		switch a.name {
		case RDF + "about":
			named, err = p.resolve(a.value)
		case RDF + "ID":
			named, err = p.declareID(a.value)
		case RDF + "nodeID":
			named, err = p.labelled(a.value)
		default:
			rest = append(rest, a)
			continue
		}
		if err == nil && subject.Kind != None {
			err = p.fail("expected one of rdf:about, rdf:ID and rdf:nodeID, found two")
		}
		if err != nil {
			return Term{}, nil, err
		}
		subject = named
	}
	if subject.Kind == None {
		subject = p.fresh()
	}
	return subject, rest, nil
}

// declareID returns the term of an rdf:ID, which a document may hold once.
func (p *xmlParser) declareID(id string) (Term, error) {
	if err := p.checkName(id); err != nil {
		return Term{}, err
	}
	t, err := p.resolve("#" + id)
	if err == nil && p.ids[t.Value] {
		err = p.fail("rdf:ID %q stands here for the second time", id)
	}
	p.ids[t.Value] = true
	return t, err
}

func (p *xmlParser) labelled(label string) (Term, error) {
	if looksFresh([]byte(label)) {
		label += "u"
	}
	return NewBlank(p.o.BlankPrefix + label), p.checkName(label)
}

// checkName demands an XML name without a colon.
func (p *xmlParser) checkName(s string) error {
	for i, r := range s {
		if !isNameStart(r) && (i == 0 || !isNameRune(r) && r != '.') {
			return p.fail("expected a name, found %q", s)
		}
	}
	if s == "" {
		return p.fail("expected a name, found nothing")
	}
	return nil
}

// propertyAttributes states what attributes say about a subject.
func (p *xmlParser) propertyAttributes(subject Term, attributes []xmlAttribute) error {
	for _, a := range attributes {
		if a.name == RDFType {
			class, err := p.resolve(a.value)
			if err != nil {
				return err
			}
			p.emit(subject, NewIRI(RDFType), class)
			continue
		}
		if xmlSyntaxNames[a.name] || a.name == xmlLi || a.name == xmlDescription {
			return p.fail("expected a property, found the attribute <%s>", a.name)
		}
		verb, err := p.resolve(a.name)
		if err != nil {
			return err
		}
		p.emit(subject, verb, p.text(a.value))
	}
	return nil
}

// text returns a literal in the language of the innermost open element.
func (p *xmlParser) text(s string) Term {
	if lang := p.top().lang; lang != "" {
		return NewLang(s, lang)
	}
	return NewString(s)
}

// properties reads property elements up to the end tag of what holds them.
func (p *xmlParser) properties(subject Term) error {
	items := 0
	for {
		e, text, err := p.token()
		switch {
		case err != nil:
			return err
		case e != nil:
			err = p.property(subject, e, &items)
		case text != nil:
			err = p.onlySpace(text)
		default:
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// xmlProperty is a property element's attributes by their role.
type xmlProperty struct {
	id, resource, nodeID, datatype, parseType *string
	rest                                      []xmlAttribute
}

func (e *xmlElement) property() (x xmlProperty) {
	for i := range e.attributes {
		a := &e.attributes[i]
		switch a.name {
		case RDF + "ID":
			x.id = &a.value
		case RDF + "resource":
			x.resource = &a.value
		case RDF + "nodeID":
			x.nodeID = &a.value
		case RDF + "datatype":
			x.datatype = &a.value
		case RDF + "parseType":
			x.parseType = &a.value
		default:
			x.rest = append(x.rest, *a)
		}
	}
	return x
}

// property reads a property element up to its end tag.
func (p *xmlParser) property(subject Term, e *xmlElement, items *int) error {
	if err := p.readAttributes(e); err != nil {
		return err
	}
	if xmlSyntaxNames[e.name] || e.name == xmlDescription {
		return p.fail("expected a property, found <%s>", tagText(e.tag))
	}
	if e.name == xmlLi {
		*items++
		e.name = RDF + "_" + strconv.Itoa(*items)
	}
	verb, err := p.resolve(e.name)
	if err != nil {
		return err
	}
	x := e.property()
	var statement Term // what rdf:ID names; resolved in the element's own scope
	if x.id != nil {
		if statement, err = p.declareID(*x.id); err != nil {
			return err
		}
	}
	object, err := p.propertyObject(e, x, func(o Term) { p.emit(subject, verb, o) })
	if err == nil && x.id != nil {
		p.emit(statement, NewIRI(RDFType), NewIRI(RDF+"Statement"))
		p.emit(statement, NewIRI(RDF+"subject"), subject)
		p.emit(statement, NewIRI(RDF+"predicate"), verb)
		p.emit(statement, NewIRI(RDF+"object"), object)
	}
	return err
}

// propertyObject reads a property's value up to the end tag, states it, and returns it.
func (p *xmlParser) propertyObject(e *xmlElement, x xmlProperty, state func(Term)) (object Term, err error) {
	plain := x.resource == nil && x.nodeID == nil && len(x.rest) == 0
	switch {
	case x.parseType != nil && (!plain || x.datatype != nil):
		return object, p.fail("rdf:parseType stands alone, but for rdf:ID")
	case x.parseType == nil && !plain:
		return p.emptyProperty(x, state)
	case x.parseType == nil:
		return p.content(x.datatype, state)
	}
	switch *x.parseType {
	case "Resource":
		object = p.fresh()
		state(object)
		return object, p.properties(object)
	case "Collection":
		object, err = p.collection()
	default: // "Literal", and any other
		var canonical strings.Builder
		err = p.canonicalXML(&canonical)
		object = NewTyped(canonical.String(), RDF+"XMLLiteral")
	}
	if err == nil {
		state(object)
	}
	return object, err
}

// emptyProperty reads an element whose attributes are its value.
func (p *xmlParser) emptyProperty(x xmlProperty, state func(Term)) (object Term, err error) {
	switch {
	case x.datatype != nil, x.resource != nil && x.nodeID != nil:
		return object, p.fail("expected one of rdf:resource, rdf:nodeID and rdf:datatype")
	case x.resource != nil:
		object, err = p.resolve(*x.resource)
	case x.nodeID != nil:
		object, err = p.labelled(*x.nodeID)
	default:
		object = p.fresh()
	}
	if err != nil {
		return object, err
	}
	state(object)
	if err := p.propertyAttributes(object, x.rest); err != nil {
		return object, err
	}
	e, text, err := p.token()
	for ; err == nil && text != nil; e, text, err = p.token() {
		if err := p.onlySpace(text); err != nil {
			return object, err
		}
	}
	if err == nil && e != nil {
		err = p.fail("expected the property's end, found <%s>", tagText(e.tag))
	}
	return object, err
}

// content reads text, or one node element with nothing but space around it.
func (p *xmlParser) content(datatype *string, state func(Term)) (object Term, err error) {
	own := *p.top() // its language and base; the end tag closes it
	var words []byte
	for {
		e, text, err := p.token()
		switch {
		case err != nil:
			return object, err
		case e != nil && (object.Kind != None || datatype != nil):
			return object, p.fail("expected the property's end, found <%s>", tagText(e.tag))
		case e != nil:
			if object, err = p.node(e); err != nil {
				return object, err
			}
		case text != nil:
			words = append(words, text...)
		case object.Kind != None:
			state(object)
			return object, p.onlySpace(words)
		default:
			object, err = p.written(string(words), datatype, own)
			if err == nil {
				state(object)
			}
			return object, err
		}
	}
}

// written returns the literal that an element's text is.
func (p *xmlParser) written(words string, datatype *string, own xmlScope) (Term, error) {
	switch {
	case datatype != nil:
		iri, err := ResolveIRI(own.base, *datatype)
		if err != nil {
			return Term{}, p.fail("%v: %q", err, *datatype)
		}
		return NewTyped(words, iri), nil
	case own.lang != "":
		return NewLang(words, own.lang), nil
	}
	return NewString(words), nil
}

// collection reads node elements up to the property's end tag and returns the list's first node.
func (p *xmlParser) collection() (Term, error) {
	cells := chain{to: p}
	for {
		e, text, err := p.token()
		if err == nil && e == nil && text != nil {
			err = p.onlySpace(text)
		}
		if err != nil {
			return Term{}, err
		}
		if e == nil && text == nil {
			break
		}
		if e == nil {
			continue
		}
		item, err := p.node(e)
		if err != nil {
			return Term{}, err
		}
		cells.add(item)
	}
	return cells.end(), nil
}
