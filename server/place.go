package server

import (
	"errors"

	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store/rdf"
	"github.com/inklingdb/inkling/udf"
	"github.com/inklingdb/inkling/udf/cel"
)

// isAboutInput reports whether an error tells of what the client sent: a place in it, a name that is not known, or a
// document that cannot be decompressed.
func isAboutInput(err error) bool {
	var query *sparql.Error
	var document *rdf.SyntaxError
	var expression *cel.Error
	var unknown *udf.UnknownError
	var unreadable *rdf.ReadError
	return errors.Is(err, udf.ErrArgument) || errors.As(err, &unreadable) || errors.As(err, &query) || errors.As(err, &document) || errors.As(err, &expression) || errors.As(err, &unknown)
}

// place copies the place that an error names into the problem.
func (p *problem) place(err error) {
	var query *sparql.Error
	if errors.As(err, &query) {
		p.Line, p.Column, p.Expected, p.Found, p.Hint = query.Line, query.Column, query.Expected, query.Found, query.Hint
	}
	var document *rdf.SyntaxError
	if errors.As(err, &document) {
		p.File, p.Line, p.Column = document.File, document.Line, document.Column
	}
	var expression *cel.Error
	if errors.As(err, &expression) {
		p.Detail, p.Line, p.Column = expression.Message, expression.Line, expression.Column
	}
}
