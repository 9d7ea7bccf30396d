package exec

import (
	"context"
	"fmt"
	"slices"

	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// Graphs exist while they hold a triple: CREATE makes nothing that lasts, and CLEAR and DROP do the same.

// clear removes the triples of the graphs that ref names.
func (u *updater) clear(ctx context.Context, ref sparql.GraphRef) error {
	source := u.target.Source()
	var graphs []store.TermID
	switch ref.Kind {
	case sparql.DefaultGraph:
		graphs = []store.TermID{0}
	case sparql.NamedGraphs:
		graphs = source.Graphs()
	case sparql.AllGraphs:
		graphs = append(source.Graphs(), 0)
	default:
		id, known, err := source.ID(rdf.NewIRI(ref.IRI))
		if err != nil || !known {
			return err
		}
		graphs = []store.TermID{id}
	}
	for _, g := range graphs {
		if err := u.target.ClearGraph(ctx, g); err != nil {
			return fmt.Errorf("exec: clear: %w", err)
		}
	}
	return nil
}

// manage applies CREATE, ADD, MOVE and COPY.
func (u *updater) manage(ctx context.Context, op sparql.Operation) error {
	switch op := op.(type) {
	case *sparql.CreateGraph:
		_, exists, err := u.existing(sparql.GraphRef{IRI: op.IRI})
		if err == nil && exists && !op.Silent {
			return fmt.Errorf("exec: CREATE: graph <%s> exists", op.IRI)
		}
		return err
	case *sparql.AddGraph:
		return u.transfer(ctx, transfer{op.From, op.To, op.Silent, false, false})
	case *sparql.MoveGraph:
		return u.transfer(ctx, transfer{op.From, op.To, op.Silent, true, true})
	case *sparql.CopyGraph:
		return u.transfer(ctx, transfer{op.From, op.To, op.Silent, true, false})
	}
	return fmt.Errorf("exec: no way to apply %T", op)
}

// existing returns the identifier of one graph and whether it holds a triple; the default graph always exists.
func (u *updater) existing(ref sparql.GraphRef) (id store.TermID, exists bool, err error) {
	if ref.Kind == sparql.DefaultGraph {
		return 0, true, nil
	}
	source := u.target.Source()
	id, known, err := source.ID(rdf.NewIRI(ref.IRI))
	if err != nil || !known {
		return 0, false, err
	}
	return id, slices.Contains(source.Graphs(), id), nil
}

// transfer is ADD, or with replace COPY, or with remove as well MOVE.
type transfer struct {
	from, to                sparql.GraphRef
	silent, replace, remove bool
}

func (u *updater) transfer(ctx context.Context, t transfer) error {
	if err := writable(t.to.IRI); err != nil {
		return err
	}
	from, exists, err := u.existing(t.from)
	if err != nil {
		return err
	}
	if !exists {
		if t.silent {
			return nil
		}
		return fmt.Errorf("exec: graph <%s> does not exist", t.from.IRI)
	}
	if t.from == t.to {
		return nil
	}
	var to store.TermID
	if t.to.Kind != sparql.DefaultGraph {
		if to, err = u.target.Intern(rdf.NewIRI(t.to.IRI)); err != nil {
			return err
		}
	}
	if t.replace {
		if err := u.target.ClearGraph(ctx, to); err != nil {
			return err
		}
	}
	if err := u.copyGraph(ctx, from, to); err != nil {
		return err
	}
	if t.remove {
		return u.target.ClearGraph(ctx, from)
	}
	return nil
}

// copyGraph adds every triple of one graph to another.
func (u *updater) copyGraph(ctx context.Context, from, to store.TermID) error {
	c, err := u.target.Source().Scan(from, store.Pattern{})
	if err != nil {
		return fmt.Errorf("exec: copy: %w", err)
	}
	defer c.Close()
	buf := make([]store.Triple, 1024)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := c.Next(buf)
		if err != nil || n == 0 {
			return err
		}
		for _, t := range buf[:n] {
			if err := u.target.Add(to, t); err != nil {
				return fmt.Errorf("exec: copy: %w", err)
			}
		}
	}
}
