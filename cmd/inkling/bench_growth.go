package main

import (
	"fmt"
	"math"
	"runtime"
	"text/tabwriter"
	"time"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/internal/generate"
	"github.com/inklingdb/inkling/store"
)

type benchGrowth struct {
	Triples int    `default:"100000" placeholder:"N" help:"Triples of the smallest graph (${default}); a tenth as many entities."`
	Doubled int    `default:"3" placeholder:"N" help:"How often the graph is doubled (${default})."`
	Model   string `default:"complex" placeholder:"FAMILY" help:"${families} (${default})."`
	trainFlags
}

// growthPoint is one size of the graph.
type growthPoint struct {
	triples, entities int
	epoch             time.Duration // the faster of two
	heap              uint64
}

// Run trains two epochs at each size and fits the exponent of growth.
func (c *benchGrowth) Run(a *app) error {
	a.machine()
	if c.Loss == "" {
		c.Loss = string(train.SampledSoftmax)
	}
	var points []growthPoint
	for k := range max(1, c.Doubled) + 1 {
		p, err := c.measure(a, c.Triples<<k)
		if err != nil {
			return err
		}
		points = append(points, p)
	}
	fmt.Fprintf(a.out, "%s, loss %s: one epoch as the graph grows\n", c.Model, c.Loss)
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "triples\tentities\ts an epoch\tµs a triple\tmemory\tbytes an entity")
	for _, p := range points {
		fmt.Fprintf(w, "%s\t%s\t%.2f\t%.2f\t%s\t%d\n", grouped(int64(p.triples)), grouped(int64(p.entities)), p.epoch.Seconds(),
			p.epoch.Seconds()*1e6/float64(p.triples), sizeText(int64(p.heap)), p.heap/uint64(p.entities))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	time := slope(points, func(p growthPoint) float64 { return p.epoch.Seconds() })
	memory := slope(points, func(p growthPoint) float64 { return float64(p.heap) })
	fmt.Fprintf(a.out, "exponent of growth (1 is linear): time %.2f, memory %.2f\n", time, memory)
	return nil
}

func (c *benchGrowth) measure(a *app, triples int) (growthPoint, error) {
	g := generate.PowerLaw{Triples: triples, Entities: max(triples/10, 16)}
	d, err := linkedData(g)
	if err != nil {
		return growthPoint{}, err
	}
	o := c.options(c.Model, 0)
	o.Epochs, o.Patience = 2, -1
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	p := growthPoint{triples: triples, entities: g.Entities}
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	o.Progress = func(q train.Progress) {
		if q.Batch == q.Batches {
			runtime.GC()
			runtime.ReadMemStats(&now)
			p.heap = max(p.heap, now.HeapAlloc-before.HeapAlloc)
		}
	}
	e, err := train.Train(a.ctx, d, o)
	if err != nil {
		return p, err
	}
	p.epoch = min(e.Timing.Epochs[0], e.Timing.Epochs[1]-e.Timing.Epochs[0])
	return p, nil
}

// linkedData returns a generated graph as rows, nothing held out.
func linkedData(g generate.PowerLaw) (train.Data, error) {
	const relations = 50
	g.Relations = relations
	entities, names := make([]store.TermID, g.Entities), make([]store.TermID, relations)
	for i := range entities {
		entities[i] = store.TermID(i + 1)
	}
	for i := range names {
		names[i] = store.TermID(len(entities) + i + 1)
	}
	var d train.Data
	var err error
	if d.Vocabulary, err = model.NewVocabulary(entities, names); err != nil {
		return d, err
	}
	g.Links(func(s, p, o int) {
		d.Train = append(d.Train, model.Triple{H: uint32(s), R: uint32(p), T: uint32(o)})
	})
	return d, nil
}

// slope fits y = c·triplesˢ by least squares of logarithms and returns s.
func slope(points []growthPoint, y func(growthPoint) float64) float64 {
	var mx, my float64
	for _, p := range points {
		mx += math.Log(float64(p.triples)) / float64(len(points))
		my += math.Log(y(p)) / float64(len(points))
	}
	var xy, xx float64
	for _, p := range points {
		dx := math.Log(float64(p.triples)) - mx
		xy += dx * (math.Log(y(p)) - my)
		xx += dx * dx
	}
	return xy / xx
}
