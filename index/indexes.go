// Package index holds access paths over a snapshot of the store beside its sorted triples: which terms stand in
// which relation, counts for the planner, and long postings as sets. Each is a store.Indexer in one file and a line
// of the table Indexes; each follows every commit before it becomes visible, and its snapshot is immutable. A query
// must also be able to do without: a transaction's view has no index.
package index

import (
	"context"
	"errors"

	"github.com/inklingdb/inkling/store"
)

// Index is one entry of the table.
type Index struct {
	Name string // under which View.Index finds the snapshot
	New  func() store.Indexer
	// Verify returns an error that says where the snapshot of a view differs from a full scan of the view.
	Verify func(ctx context.Context, v *store.View) error
}

// Indexes lists all indexes. Open a store with All; the conformance tests and Check range over this table.
var Indexes = []Index{
	{SetsName, func() store.Indexer { return NewSets() }, verifySets},
	{ListsName, func() store.Indexer { return NewLists(DefaultListBytes) }, verifyLists},
}

// ErrDiffers is wrapped by what Verify returns when an index does not agree with the triples.
var ErrDiffers = errors.New("the index differs from the triples")

// All returns a new indexer of each kind, for store.Options.Indexes.
func All() []store.Indexer {
	all := make([]store.Indexer, len(Indexes))
	for i, x := range Indexes {
		all[i] = x.New()
	}
	return all
}

// Verify compares every index of a view with a full scan and returns what differs.
func Verify(ctx context.Context, v *store.View) error {
	var errs []error
	for _, x := range Indexes {
		errs = append(errs, x.Verify(ctx, v))
	}
	return errors.Join(errs...)
}

// batch is how many triples are read at a time.
const batch = 1024

// scan calls visit with runs of the triples that match a pattern, in an order; ctx is checked once a run.
func scan(ctx context.Context, v *store.View, g store.TermID, p store.Pattern, o store.Order, visit func([]store.Triple)) error {
	c, err := v.Scan(g, p, o)
	if err != nil {
		return err
	}
	defer c.Close()
	buf := make([]store.Triple, batch)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := c.Next(buf)
		if err != nil || n == 0 {
			return err
		}
		visit(buf[:n])
	}
}
