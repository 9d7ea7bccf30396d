package udf

import (
	"context"
	"fmt"
	"math"

	"github.com/inklingdb/inkling/store"
)

// Argument is one argument of a batch: a column of nodes for a required parameter, and for an optional one the
// values by row, or a single value that holds for every row.
type Argument struct {
	Nodes  []store.TermID // required parameters; 0 is an error of the row
	Counts []int64
	Flags  []bool
	Shares []float64
	Texts  []string // a required text, or a model's names
	Absent []bool   // of a required text: rows that have none; nil means no row
}

// options are the optional arguments of one row.
type options struct {
	k      int64
	stated bool
	least  float64
	model  string
}

// Invoke runs a function on a batch of rows. The arguments are those of the required parameters followed by any of
// the optional ones, in order. Errors of single rows are in the Outcome; the error returned is one of the call:
// wrong arguments, a missing model, a cancelled context or a failing disk.
func Invoke(ctx context.Context, h *Host, f *Function, args []Argument, rows int) (Outcome, error) {
	if err := f.CheckCount(len(args)); err != nil {
		return Outcome{}, err
	}
	if rows == 0 {
		return newOutcome(f.Result, 0), nil
	}
	nodes, given := args[:len(f.Params)], args[len(f.Params):]
	first := optionsOf(given, 0)
	for row := 1; row < rows; row++ {
		if optionsOf(given, row) != first {
			return invokeGroups(ctx, h, f, args, rows)
		}
	}
	return invokeUniform(ctx, h, f, nodes, first, rows)
}

// optionsOf reads the optional arguments of a row.
func optionsOf(given []Argument, row int) options {
	o := options{k: DefaultK}
	for _, a := range given {
		switch {
		case a.Counts != nil:
			o.k = a.Counts[min(row, len(a.Counts)-1)]
		case a.Flags != nil:
			o.stated = a.Flags[min(row, len(a.Flags)-1)]
		case a.Shares != nil:
			o.least = a.Shares[min(row, len(a.Shares)-1)]
			if math.IsNaN(o.least) {
				o.least = -1 // refused like any other number out of range, and equal to itself
			}
		case a.Texts != nil:
			o.model = a.Texts[min(row, len(a.Texts)-1)]
		}
	}
	return o
}

// invokeUniform runs rows that share their options: the usual case, one kernel call.
func invokeUniform(ctx context.Context, h *Host, f *Function, nodes []Argument, o options, rows int) (Outcome, error) {
	if err := ctx.Err(); err != nil {
		return Outcome{}, err
	}
	if o.k < 1 {
		return Outcome{}, fmt.Errorf("%w: %s: k is %d and must be at least 1", ErrArgument, f.Name, o.k)
	}
	if !(o.least >= 0 && o.least <= 1) {
		return Outcome{}, fmt.Errorf("%w: %s: least is %g and must be from 0 to 1", ErrArgument, f.Name, o.least)
	}
	c := &Call{Host: h, Rows: rows, K: int(o.k), Stated: o.stated, Named: o.model, Least: o.least, Out: newOutcome(f.Result, rows)}
	var err error
	if c.Model, err = modelFor(h, f, o.model); err != nil {
		return Outcome{}, err
	}
	for i, a := range nodes {
		for row, absent := range a.Absent {
			if absent && c.Out.Errs[row] == nil {
				c.Fail(row, fmt.Errorf("%s: %s has no value", f.Name, f.Params[i].Name))
			}
		}
		c.Nodes, c.Texts = append(c.Nodes, a.Nodes), append(c.Texts, a.Texts)
		for row, id := range a.Nodes {
			if id == 0 && c.Out.Errs[row] == nil {
				c.Fail(row, fmt.Errorf("%s: %s is not a term of this database", f.Name, f.Params[i].Name))
			}
		}
	}
	return c.Out, f.Run(ctx, c)
}

func modelFor(h *Host, f *Function, name string) (*Model, error) {
	m, err := h.Model(name)
	if err != nil && name == "" && f.GraphOnly {
		return nil, nil
	}
	return m, err
}

// invokeGroups runs rows whose options differ, one group of equal options at a time.
func invokeGroups(ctx context.Context, h *Host, f *Function, args []Argument, rows int) (Outcome, error) {
	groups := map[options][]int{}
	var order []options
	for row := range rows {
		o := optionsOf(args[len(f.Params):], row)
		if groups[o] == nil {
			order = append(order, o)
		}
		groups[o] = append(groups[o], row)
	}
	out := newOutcome(f.Result, rows)
	for _, o := range order {
		members := groups[o]
		part := make([]Argument, len(f.Params))
		for i := range part {
			for _, row := range members {
				if args[i].Texts != nil {
					part[i].Texts = append(part[i].Texts, args[i].Texts[row])
					part[i].Absent = append(part[i].Absent, args[i].Absent != nil && args[i].Absent[row])
				} else {
					part[i].Nodes = append(part[i].Nodes, args[i].Nodes[row])
				}
			}
		}
		got, err := invokeUniform(ctx, h, f, part, o, len(members))
		if err != nil {
			return Outcome{}, err
		}
		out.scatter(&got, members)
	}
	return out, nil
}

// scatter copies row i of part to row members[i] of out.
func (out *Outcome) scatter(part *Outcome, members []int) {
	for i, row := range members {
		out.Errs[row] = part.Errs[i]
		switch {
		case out.Truths != nil:
			out.Truths[row] = part.Truths[i]
		case out.Integers != nil:
			out.Integers[row] = part.Integers[i]
		case out.Numbers != nil:
			out.Numbers[row] = part.Numbers[i]
		case out.Maps != nil:
			out.Maps[row] = part.Maps[i]
		default:
			out.Lists[row] = part.Lists[i]
		}
	}
}

// graph returns the graph that the call is about.
func (c *Call) graph() store.TermID {
	if c.Model == nil {
		return 0
	}
	return c.Model.Graph
}
