package engine

import (
	"context"
	"errors"
	"time"

	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// UpdateOptions changes how one update runs.
type UpdateOptions struct {
	Source      string     // who writes, kept in the commit; "" means "update"
	Wait        bool       // return only when the models have caught up too
	UsingGraphs []rdf.Term // the protocol's using-graph-uri
	UsingNamed  []rdf.Term // the protocol's using-named-graph-uri
	Limits      Limits     // zero fields: the database's
	AllowLoad   bool       // let LOAD read files of this machine; the server leaves it off
}

// UpdateReport is what an update did.
type UpdateReport struct {
	Added   int64         `json:"added"`   // triples that were not there before
	Removed int64         `json:"removed"` // triples that were there
	Version store.Version `json:"version"` // the commit; unchanged when nothing changed
	Elapsed time.Duration `json:"elapsed_ns"`
}

// Update runs a SPARQL 1.1 update as one commit: all of its operations become visible together, or none.
func (db *DB) Update(ctx context.Context, text string, o UpdateOptions) (UpdateReport, error) {
	return UpdateReport{}, errors.ErrUnsupported
}

// Apply adds and removes quads as one commit, without a query. Concurrent calls share one sync to disk.
func (db *DB) Apply(ctx context.Context, add, remove []rdf.Quad, source string) (UpdateReport, error) {
	return UpdateReport{}, errors.ErrUnsupported
}
