package sparql

import "github.com/inklingdb/inkling/store/rdf"

// path reads a property path: alternatives of sequences.
func (p *parser) path() Path {
	pos := p.tok.pos
	paths := []Path{p.pathSequence()}
	for p.accept("|") {
		paths = append(paths, p.pathSequence())
	}
	if len(paths) == 1 {
		return paths[0]
	}
	return &PathAlternative{Pos: pos, Paths: paths}
}

func (p *parser) pathSequence() Path {
	pos := p.tok.pos
	paths := []Path{p.pathStep()}
	for p.accept("/") {
		paths = append(paths, p.pathStep())
	}
	if len(paths) == 1 {
		return paths[0]
	}
	return &PathSequence{Pos: pos, Paths: paths}
}

// pathStep reads an element, inverse or not.
func (p *parser) pathStep() Path {
	pos := p.tok.pos
	if p.accept("^") {
		return &PathInverse{Pos: pos, Path: p.pathElement()}
	}
	return p.pathElement()
}

// pathElement reads a primary path with its ?, * or +.
func (p *parser) pathElement() Path {
	pos := p.tok.pos
	path := p.pathPrimary()
	switch {
	case p.accept("?"):
		return &PathRepeat{Pos: pos, Path: path}
	case p.accept("*"):
		return &PathRepeat{Pos: pos, Path: path, Unbounded: true}
	case p.accept("+"):
		return &PathRepeat{Pos: pos, Path: path, AtLeastOnce: true, Unbounded: true}
	}
	return path
}

func (p *parser) pathPrimary() Path {
	pos := p.tok.pos
	switch {
	case p.accept("("):
		p.enter()
		defer p.leave()
		path := p.path()
		p.expect(")", "a path operator")
		return path
	case p.accept("!"):
		return p.negatedSet(pos)
	case p.isA():
		p.next()
		return &PathIRI{Pos: pos, IRI: rdf.RDFType}
	}
	return &PathIRI{Pos: pos, IRI: p.iri(`an IRI, "a", "^", "!" or "("`)}
}

// negatedSet reads what follows the exclamation mark.
func (p *parser) negatedSet(pos Pos) Path {
	n := &PathNegated{Pos: pos}
	one := func() {
		if p.accept("^") {
			n.Inverse = append(n.Inverse, p.predicate())
			return
		}
		n.Forward = append(n.Forward, p.predicate())
	}
	if !p.accept("(") {
		one()
		return n
	}
	if p.accept(")") {
		return n
	}
	one()
	for p.accept("|") {
		one()
	}
	p.expect(")", `"|"`)
	return n
}
