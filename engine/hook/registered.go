package hook

import (
	"context"
	"time"

	"github.com/inklingdb/inkling/store/rdf"
)

// Change is a change as editors, verifiers and webhooks see it, by terms.
type Change struct {
	Op      string     // Insert or Delete
	Quad    rdf.Quad   // G is the zero Term for the default graph
	Older   []rdf.Term // tails that the same head and relation had before, for an editor
	Version uint64     // of the commit; 0 inside it
	Time    time.Time
	Source  string
}

// Editor moves facts in what it edits, such as a language model. It is called at least once for each change, and must
// take a second call for the same one.
type Editor interface {
	Edit(ctx context.Context, changes []Change) error
}

// Verifier looks at changes, such as for a watermark. What it finds wrong is its error.
type Verifier interface {
	Verify(ctx context.Context, changes []Change) error
}
