package cel

import (
	"errors"
	"fmt"
	"strings"

	celgo "cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"

	"github.com/inklingdb/inkling/query/exec"
)

// Error is a fault of an expression, with the place where it lies.
type Error struct {
	Source  string // the whole expression
	Line    int    // from 1; 0 when the place is not known
	Column  int    // from 1, in characters
	Message string
	Cause   error // what a function or a limit reported; may be nil
}

// Error returns place and message, then the line of the source with a caret under the place.
func (e *Error) Error() string {
	if e.Line == 0 {
		return "expression: " + e.Message
	}
	text := fmt.Sprintf("expression, line %d, column %d: %s", e.Line, e.Column, e.Message)
	lines := strings.Split(e.Source, "\n")
	if e.Line <= len(lines) {
		text += "\n  " + lines[e.Line-1] + "\n  " + strings.Repeat(" ", max(0, e.Column-1)) + "^"
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// compileError turns the first of cel-go's issues into an Error.
func compileError(source string, issues *celgo.Issues) error {
	found := issues.Errors()
	if len(found) == 0 {
		return issues.Err()
	}
	first := found[0]
	message := strings.TrimSuffix(first.Message, " (in container '')")
	return &Error{Source: source, Line: first.Location.Line(), Column: first.Location.Column() + 1, Message: message}
}

// limitReached reports that the cost limit ended an evaluation: not a row's error but the query's.
func limitReached(err error) bool { return strings.Contains(err.Error(), "cost limit exceeded") }

// runError gives an error of an evaluation its place, where cel-go tells it.
func runError(source string, ast *celgo.Ast, err error) error {
	if limitReached(err) {
		return &Error{Source: source, Message: "it takes more steps than the cost limit allows", Cause: exec.ErrLimit}
	}
	e := &Error{Source: source, Message: err.Error(), Cause: err}
	var value *types.Err
	if errors.As(err, &value) {
		e.Cause = value.Unwrap()
		if at := ast.NativeRep().SourceInfo().GetStartLocation(value.NodeID()); value.NodeID() > 0 && at.Line() > 0 {
			e.Line, e.Column = at.Line(), at.Column()+1
		}
	}
	return e
}
