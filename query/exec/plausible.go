package exec

import (
	"context"
	"fmt"
	"slices"

	"github.com/inklingdb/inkling/query/expr"
	"github.com/inklingdb/inkling/query/plan"
	"github.com/inklingdb/inkling/store"
)

// plausible extends each row of a batch by the stated and predicted triples that match a pattern. The model is asked
// once for all distinct questions of a run of rows: a short one first, for a LIMIT may want no more, then whole batches.
type plausible struct {
	ledger
	n         *plan.Scan
	input     iterator
	predictor Predictor
	options   PredictOptions

	in      *expr.Batch
	row     int       // the current one
	first   int       // of the run
	end     int       // behind the run
	run     int       // its length next time
	at      int       // in the matches of the row
	matches [][]match // of the run's rows
	out     sink
	open    openQuestions // of a run of one row, still to be asked
}

// edgeBytes is what a triple remembered for Result.Edges takes.
const edgeBytes = 80

// firstRun is the number of rows that the model is first asked for; each run is four times longer, up to a batch.
const firstRun = 32

// match is a triple with its probability, 1 when stated.
type match struct {
	triple store.Triple
	prob   float64
	stated bool
}

func (q *query) startPlausible(n *plan.Scan, input iterator) (iterator, error) {
	pr := n.Graph.Predict
	m, err := q.predictor(pr.Model)
	if err != nil {
		return nil, err
	}
	options := PredictOptions{K: pr.K, MinProb: pr.MinProb, Exact: pr.Exact}
	if options.MinProb < 0 {
		options.MinProb = m.Threshold()
	}
	return &plausible{ledger: ledger{q: q}, n: n, input: input, predictor: m, options: options, run: firstRun, out: newSink(q.width())}, nil
}

func (p *plausible) next(ctx context.Context) (*expr.Batch, error) {
	p.out.reset()
	for !p.out.full() {
		if p.row == p.end {
			if p.out.batch.N > 0 {
				break // the rows found so far may be enough
			}
			if more, err := p.advance(ctx); err != nil {
				return nil, err
			} else if !more {
				break
			}
			continue
		}
		if p.at == len(p.matches[p.row-p.first]) {
			if p.open.more() {
				if p.out.batch.N > 0 {
					break // the rows found so far may be enough
				}
				if err := p.askOpen(ctx); err != nil {
					return nil, err
				}
				continue
			}
			p.row, p.at = p.row+1, 0
			continue
		}
		if err := p.emit(p.matches[p.row-p.first][p.at]); err != nil {
			return nil, err
		}
		p.at++
	}
	if p.out.batch.N == 0 {
		return nil, nil
	}
	return &p.out.batch, nil
}

// advance turns to the next run of rows; false at the end of the input.
func (p *plausible) advance(ctx context.Context) (bool, error) {
	if p.in == nil || p.end == p.in.N {
		in, err := p.input.next(ctx)
		p.in = in
		if err != nil || in == nil {
			return false, err
		}
		p.end = 0
	}
	p.first, p.row, p.at = p.end, p.end, 0
	p.end = min(p.first+p.run, p.in.N)
	p.run = min(4*p.run, expr.BatchRows)
	return true, p.ask(ctx)
}

// emit appends the current row extended by a match, unless that would bind one variable to two terms.
func (p *plausible) emit(m match) error {
	ends := []struct {
		pos plan.Position
		id  store.TermID
	}{{p.n.S, m.triple.S}, {p.n.P, m.triple.P}, {p.n.O, m.triple.O}}
	for i, a := range ends {
		for _, b := range ends[:i] {
			if a.pos.ID == 0 && b.pos.ID == 0 && a.pos.Slot == b.pos.Slot && a.id != b.id {
				return nil
			}
		}
	}
	probSlot := p.n.Graph.Predict.ProbSlot
	var prob store.TermID
	if probSlot >= 0 {
		var err error
		if prob, err = p.q.terms.ValueID(expr.Num(m.prob)); err != nil {
			return err
		}
		if bound := p.in.At(probSlot, p.row); bound != 0 && bound != prob {
			return nil // joined on the probability
		}
	}
	row := p.out.repeat(p.in, p.row, 1)
	for _, e := range ends {
		if e.pos.ID == 0 {
			p.out.set(e.pos.Slot, row, e.id)
		}
	}
	if probSlot >= 0 {
		p.out.set(probSlot, row, prob)
	}
	if _, known := p.q.edges[m.triple]; !known {
		p.q.edges[m.triple] = edgeMark{m.stated, m.prob}
		return p.q.keep(edgeBytes)
	}
	return nil
}

// ask finds the matches of every row of the run.
func (p *plausible) ask(ctx context.Context) error {
	if err := p.q.check(ctx); err != nil {
		return err
	}
	p.release() // the matches of the run before
	answers := map[store.Triple][]match{}
	p.open = openQuestions{}
	var ends, facts []question
	rowPattern := make([]store.Triple, 0, p.end-p.first)
	for r := p.first; r < p.end; r++ {
		t := p.pattern(r)
		rowPattern = append(rowPattern, t)
		if _, asked := answers[t]; asked || expr.IsLocal(t.S) || expr.IsLocal(t.P) || expr.IsLocal(t.O) {
			continue
		}
		stated, err := p.stated(t)
		if err != nil {
			return err
		}
		answers[t] = stated
		switch {
		case t.S != 0 && t.O != 0:
			if facts, err = p.facts(t, facts); err != nil {
				return err
			}
		case t.P != 0 && (t.S != 0 || t.O != 0):
			ends = append(ends, question{t, t})
		default:
			if err := p.openEnds(t); err != nil {
				return err
			}
		}
	}
	if p.end-p.first > 1 { // rows share the answers, so they are all asked for now
		if err := p.open.complete(); err != nil {
			return err
		}
		ends = append(ends, p.open.pending...)
		p.open = openQuestions{}
	}
	if err := p.predict(ctx, ends, answers); err != nil {
		return err
	}
	if err := p.judge(ctx, facts, answers); err != nil {
		return err
	}
	p.matches = p.matches[:0]
	for _, t := range rowPattern {
		p.matches = append(p.matches, answers[t])
	}
	return nil
}

func (p *plausible) pattern(row int) store.Triple {
	var ids [3]store.TermID
	for i, pos := range [3]plan.Position{p.n.S, p.n.P, p.n.O} {
		ids[i] = pos.ID
		if pos.ID == 0 {
			ids[i] = p.in.At(pos.Slot, row)
		}
	}
	return store.Triple{S: ids[0], P: ids[1], O: ids[2]}
}

// stated returns the default graph's triples that match, none when stated ones are to be left out.
func (p *plausible) stated(t store.Triple) ([]match, error) {
	var out []match
	if !p.n.Graph.Predict.Stated || len(p.q.graphs) == 0 {
		return nil, nil
	}
	c, err := p.q.scanGraphs(p.q.graphs, store.Pattern(t))
	if err != nil {
		return nil, err
	}
	defer c.Close()
	var buf [64]store.Triple
	for {
		n, err := c.Next(buf[:])
		if err != nil || n == 0 {
			return out, err
		}
		for _, found := range buf[:n] {
			out = append(out, match{found, 1, true})
		}
		if err := p.keep(int64(n) * 40); err != nil {
			return nil, err
		}
	}
}

func (p *plausible) isStated(t store.Triple) (bool, error) {
	for _, g := range p.q.graphs {
		if found, err := p.q.source.Has(g, t); err != nil || found {
			return found, err
		}
	}
	return false, nil
}

// question is a triple with one end open, asked for the rows that look for pattern.
type question struct{ triple, pattern store.Triple }

// candidatesAtOnce bounds the candidates that one call of the model may return before they count as memory held:
// 1 Mi of 16 bytes.
const candidatesAtOnce = 1 << 20

// predict asks the model for open ends and adds its candidates to the answers they belong to.
func (p *plausible) predict(ctx context.Context, questions []question, answers map[store.Triple][]match) error {
	for part := range slices.Chunk(questions, max(1, candidatesAtOnce/max(1, p.options.K))) {
		triples := make([]store.Triple, len(part))
		for i, asked := range part {
			triples[i] = asked.triple
		}
		lists, err := p.predictor.Predict(ctx, triples, p.options)
		if err != nil {
			return fmt.Errorf("exec: prediction: %w", err)
		}
		for i, asked := range part {
			if answers[asked.pattern], err = p.unstated(answers[asked.pattern], asked.triple, lists[i]); err != nil {
				return err
			}
			if err := p.keep(int64(len(lists[i])) * 40); err != nil {
				return err
			}
		}
	}
	return nil
}

// unstated appends the candidates for a triple's open end whose triple no graph states: a stated one is among the
// matches already, or not wanted.
func (p *plausible) unstated(to []match, t store.Triple, candidates []Candidate) ([]match, error) {
	head := t.S == 0
	for _, c := range candidates {
		if head {
			t.S = c.ID
		} else {
			t.O = c.ID
		}
		if known, err := p.isStated(t); err != nil {
			return to, err
		} else if !known {
			to = append(to, match{t, c.Prob, false})
		}
	}
	return to, nil
}

// judge asks the model for whole triples and keeps those probable enough.
func (p *plausible) judge(ctx context.Context, facts []question, answers map[store.Triple][]match) error {
	if len(facts) == 0 {
		return nil
	}
	triples := make([]store.Triple, len(facts))
	for i, f := range facts {
		triples[i] = f.triple
	}
	probs, err := p.predictor.Prob(ctx, triples)
	if err != nil {
		return fmt.Errorf("exec: probability: %w", err)
	}
	for i, t := range triples {
		if probs[i] >= p.options.MinProb && probs[i] > 0 {
			answers[facts[i].pattern] = append(answers[facts[i].pattern], match{t, probs[i], false})
		}
	}
	return nil
}

func (p *plausible) close() {
	p.release()
	p.input.close()
}
