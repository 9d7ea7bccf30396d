package rdf

// chainer is a parser that makes blank nodes and gives out triples.
type chainer interface {
	fresh() Term
	emit(s, p, o Term)
}

// chain builds an RDF collection, a cell a node, as its nodes are read.
type chain struct {
	to         chainer
	head, last Term
}

// add appends a node in a new cell.
func (c *chain) add(item Term) {
	cell := c.to.fresh()
	if c.last.Kind == None {
		c.head = cell
	} else {
		c.to.emit(c.last, NewIRI(RDFRest), cell)
	}
	c.to.emit(cell, NewIRI(RDFFirst), item)
	c.last = cell
}

// end closes the collection and returns its first cell, rdf:nil when it is empty.
func (c *chain) end() Term {
	if c.last.Kind == None {
		return NewIRI(RDFNil)
	}
	c.to.emit(c.last, NewIRI(RDFRest), NewIRI(RDFNil))
	return c.head
}
