package exec

import (
	"context"
	"fmt"

	"github.com/inklingdb/inkling/query/expr"
	"github.com/inklingdb/inkling/query/plan"
	"github.com/inklingdb/inkling/store"
)

// doubtful keeps of a scan's matches those that the model takes to be false: known to it and less probable than its
// threshold. A batch is judged in one call.
type doubtful struct {
	q         *query
	n         *plan.Scan
	scan      iterator
	predictor Predictor
	triples   []store.Triple
	rows      []int32
	out       sink
}

func (q *query) startDoubtful(n *plan.Scan, input iterator) (iterator, error) {
	m, err := q.predictor(n.Graph.Predict.Model)
	if err != nil {
		return nil, err
	}
	stated := *n
	stated.Graph = plan.Graph{}
	return &doubtful{q: q, n: n, predictor: m, out: newSink(q.width()),
		scan: &scan{q: q, n: &stated, input: input, out: newSink(q.width())}}, nil
}

// predictor returns a model and notes that the query used it.
func (q *query) predictor(name string) (Predictor, error) {
	if q.opt.Models == nil {
		return nil, fmt.Errorf("exec: predictions need a model: train one first")
	}
	m, err := q.opt.Models(name)
	if err != nil {
		return nil, fmt.Errorf("exec: model %q: %w", name, err)
	}
	known, version := m.Model()
	q.models[known] = version
	return m, nil
}

func (d *doubtful) next(ctx context.Context) (*expr.Batch, error) {
	for {
		in, err := d.scan.next(ctx)
		if in == nil || err != nil {
			return nil, err
		}
		d.triples = d.triples[:0]
		for row := range in.N {
			d.triples = append(d.triples, d.triple(in, row))
		}
		probs, err := d.predictor.Prob(ctx, d.triples)
		if err != nil {
			return nil, fmt.Errorf("exec: probability: %w", err)
		}
		threshold := d.predictor.Threshold()
		d.rows = d.rows[:0]
		for row, prob := range probs {
			if prob > 0 && prob < threshold { // 0 is a term that the model does not know
				d.rows = append(d.rows, int32(row))
			}
		}
		if len(d.rows) > 0 {
			d.out.reset()
			d.out.gather(in, d.rows)
			return &d.out.batch, nil
		}
	}
}

// triple returns what a row of the scan matched.
func (d *doubtful) triple(in *expr.Batch, row int) store.Triple {
	var ids [3]store.TermID
	for i, pos := range [3]plan.Position{d.n.S, d.n.P, d.n.O} {
		if ids[i] = pos.ID; pos.ID == 0 {
			ids[i] = in.At(pos.Slot, row)
		}
	}
	return store.Triple{S: ids[0], P: ids[1], O: ids[2]}
}

func (d *doubtful) close() { d.scan.close() }
