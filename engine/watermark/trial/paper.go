package trial

import (
	"context"
	"fmt"
	"time"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/watermark/attack"
	"github.com/inklingdb/inkling/engine/watermark/kgmark"
)

// Paper is what a method of the published watermark reached. Units are its communities.
type Paper struct {
	Method  string
	Title   string
	Cells   []Cell
	Cosine  float64 // mean over marked rows
	Quality []Quality
	Mark    time.Duration
}

// RunPaper trains the published watermark's networks on the graph, marks its communities by each method and tests them
// under the attacks, like RunPlus. Attacks that take names away, or rename them, are met by the detector that goes by the
// graph's shape; all others by the one that goes by names.
func RunPaper(ctx context.Context, g Graph, o kgmark.Options, methods []kgmark.Method, s Settings) ([]Paper, error) {
	s = s.Defaults()
	if err := s.check(); err != nil {
		return nil, err
	}
	if err := g.Check(); err != nil {
		return nil, err
	}
	o.Workers, o.Seed, o.Progress = s.Workers, s.Seed, s.Progress
	pipeline, err := kgmark.Train(ctx, graphOf(g.Copy), o)
	if err != nil {
		return nil, err
	}
	r := paperRun{Settings: s, graph: g, pipeline: pipeline, key: fmt.Appendf(nil, "trial %d", s.Seed)}
	original, err := pipeline.Open(ctx, graphOf(g.Copy))
	if err != nil {
		return nil, err
	}
	for _, m := range methods {
		if err := r.mark(ctx, original, m); err != nil {
			return nil, fmt.Errorf("%s: %w", m.Name, err)
		}
	}
	for i, a := range s.Attacks {
		if err := r.attack(ctx, a, float64(i)/float64(len(s.Attacks))); err != nil {
			return nil, err
		}
	}
	return r.out, nil
}

// graphOf returns a copy as package kgmark takes it.
func graphOf(c attack.Copy) kgmark.Graph {
	return kgmark.Graph{Names: c.Table.Names, Rows: c.Table.Rows, Triples: c.Triples, Relations: c.Relations.Rows}
}

type paperRun struct {
	Settings
	graph    Graph
	pipeline *kgmark.Pipeline
	key      []byte
	copies   []attack.Copy // by method
	records  []*kgmark.Record
	out      []Paper
}

// mark marks the graph by one method and measures what that costs.
func (r *paperRun) mark(ctx context.Context, original *kgmark.Reading, m kgmark.Method) error {
	r.report(m.Title, 0)
	start := time.Now()
	marked, err := original.Mark(ctx, m, r.key)
	if err != nil {
		return err
	}
	out := Paper{Method: m.Name, Title: m.Title, Cosine: original.Cosine(marked.Rows), Mark: time.Since(start)}
	c := r.graph.Copy
	c.Table.Rows = marked.Rows
	if out.Quality, err = Compare(ctx, r.inside(), c, m.Name, r.Workers); err != nil {
		return err
	}
	r.copies, r.records, r.out = append(r.copies, c), append(r.records, marked.Record), append(r.out, out)
	return nil
}

// inside returns the graph with only those triples that have both ends in marked communities: what the mark can change.
func (r *paperRun) inside() Graph {
	in := map[string]bool{}
	for _, community := range r.pipeline.Communities() {
		for _, name := range community {
			in[name] = true
		}
	}
	g := r.graph
	filter := func(list []model.Triple) (out []model.Triple) {
		for _, t := range list {
			if in[g.Table.Names[t.H]] && in[g.Table.Names[t.T]] {
				out = append(out, t)
			}
		}
		return out
	}
	g.Triples, g.HeldOut = filter(g.Triples), filter(g.HeldOut)
	return g
}

// attack tests every method under one attack.
func (r *paperRun) attack(ctx context.Context, a attack.Attack, done float64) error {
	byNames := a.Name != "isomorphism" && a.Name != "namespace"
	detector := r.pipeline.Finding(byNames)
	read := func(c attack.Copy) (*kgmark.Reading, error) {
		setting := attack.Setting{Other: &r.graph.Copy, Train: r.graph.Train}
		setting.Train.Workers = r.Workers
		attacked, err := a.Run(ctx, setting, c, r.Seed)
		if err != nil {
			return nil, err
		}
		return detector.Read(ctx, graphOf(attacked))
	}
	r.report("paper, unmarked: "+a.Title(), done)
	unmarked, err := read(r.graph.Copy)
	if err != nil {
		return err
	}
	for i := range r.out {
		r.report(fmt.Sprintf("%s: %s", r.out[i].Title, a.Title()), done)
		suspect, err := read(r.copies[i])
		if err != nil {
			return err
		}
		evidence, err := suspect.Evidence(ctx, r.records[i])
		if err != nil {
			return err
		}
		found, err := evidence.Test(ctx, r.key)
		if err != nil {
			return err
		}
		if evidence, err = unmarked.Evidence(ctx, r.records[i]); err != nil {
			return err
		}
		var negatives []float64
		for n := range r.Fresh {
			d, err := evidence.Test(ctx, fmt.Appendf(nil, "fresh %d of %x", n, r.key))
			if err != nil {
				return err
			}
			negatives = append(negatives, d.Communities...)
		}
		cell := newCell(a, 0, r.out[i].Method, found.Communities, negatives)
		r.out[i].Cells = append(r.out[i].Cells, cell)
	}
	return nil
}
