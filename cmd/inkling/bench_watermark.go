package main

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/inklingdb/inkling/engine/watermark"
	"github.com/inklingdb/inkling/internal/generate"
	"github.com/inklingdb/inkling/internal/vec"
	"github.com/inklingdb/inkling/store/rdf"
)

type benchWatermark struct {
	Folder           []string `arg:"" optional:"" help:"Folders with kg_final.txt.gz, such as ../shared/data/mind: marks under attack."`
	Cache            string   `placeholder:"DIR" help:"Keep trained tables in this folder and take them from there."`
	Dims             []int    `default:"256" placeholder:"N" help:"Real numbers of a row (${default}); several: 256,1024."`
	Epochs           int      `default:"30" placeholder:"N" help:"Epochs of RotatE-L2 (${default})."`
	Cosine           float64  `default:"0.998" placeholder:"C" help:"Cosine of marked rows with themselves before (${default})."`
	Copies           int      `default:"3" placeholder:"N" help:"Marked copies, each with a key of its own (${default})."`
	Fresh            int      `default:"20" placeholder:"N" help:"Fresh keys tested on what is not marked (${default})."`
	Sizes            []int    `default:"100,500" placeholder:"N" help:"Entities of the communities that are tested, beside whole graphs (${default})."`
	Communities      int      `default:"40" placeholder:"N" help:"Communities of each size at most (${default})."`
	Attack           []string `placeholder:"NAME" help:"Only attacks with this in their name, or source for the published ones."`
	NoRetrain        bool     `help:"Without attacks that end in training."`
	Mode             string   `default:"plus" enum:"plus,paper,both" help:"plus, paper (the published watermark, its variants and baselines) or both (${default})."`
	Method           []string `placeholder:"NAME" help:"Published methods; without it all."`
	Min              int      `default:"100" placeholder:"N" help:"Entities of a community that published methods mark at least, twice it at most (${default})."`
	PaperCommunities int      `default:"12" placeholder:"N" help:"Communities that published methods mark (${default})."`
	Seed             uint64   `default:"0" placeholder:"N" help:"Seed of training, attacks and draws; keys are always fresh."`
	JSON             string   `placeholder:"FILE" help:"Write all figures as JSON, - for standard output."`
	Calibration      bool     `help:"Test fresh keys on an unmarked table and unmarked triples: false alarms beside their nominal rate."`
	Speed            bool     `help:"Time the detection of one key in a generated table of --rows by --dim, such as 100000 by 1024."`
	Keys             int      `default:"100000" placeholder:"N" help:"Keys for the calibration (${default})."`
	Rows             int      `default:"400" placeholder:"N" help:"Rows of its generated table (${default})."`
	Dim              int      `default:"64" placeholder:"N" help:"Their numbers (${default})."`
	Triples          int      `default:"2000" placeholder:"N" help:"Its generated triples, of which one in four is a carrier (${default})."`
}

// Run marks and attacks graphs, or measures false alarms or the speed of detection.
func (c *benchWatermark) Run(a *app) error {
	asked := 0
	for _, yes := range []bool{len(c.Folder) > 0, c.Calibration, c.Speed} {
		if yes {
			asked++
		}
	}
	switch {
	case asked != 1:
		return usageError{errors.New("say what to measure: folders, --calibration or --speed")}
	case len(c.Folder) > 0:
		return c.attacks(a)
	case c.Speed && c.Rows > 0 && c.Dim > 0:
		return c.speed(a)
	}
	return c.calibrate(a)
}

// calibrate measures false alarms.
func (c *benchWatermark) calibrate(a *app) error {
	if c.Keys < 1 || c.Rows < 1 || c.Dim < 1 || c.Triples < 1 {
		return usageError{errors.New("keys, rows, dim and triples must be at least 1")}
	}
	a.machine()
	started := time.Now()
	table := watermark.Table{Rows: vec.MatrixOf(generate.Rows{Rows: c.Rows, Width: c.Dim, Seed: 1}.Table(), c.Rows, c.Dim)}
	for i := range c.Rows {
		table.Names = append(table.Names, fmt.Sprintf("http://inkling.example/e%d", i))
	}
	suspect, err := watermark.NewSuspect(a.ctx, table, runtime.GOMAXPROCS(0))
	if err != nil {
		return err
	}
	if reason := suspect.Reason(); reason != "" {
		return usageError{fmt.Errorf("the table is too small: %s", reason)}
	}
	facts := c.facts()
	tally := falseAlarms{}
	b := a.newBar("calibration")
	for done := 0; done < c.Keys; {
		n := min(64, c.Keys-done)
		keys := make([]*watermark.GraphKey, n)
		for i := range keys {
			key, err := watermark.NewKey("fresh")
			if err != nil {
				return err
			}
			keys[i] = key.Graph(watermark.NewUUID())
		}
		scores, err := suspect.Test(a.ctx, keys)
		if err != nil {
			b.fail()
			return err
		}
		for i, k := range keys {
			test := k.TripleTest(4)
			test.Add(facts...)
			tally.add(append(scores[i][:], test.Result(), watermark.JointOf(scores[i][watermark.T1], scores[i][watermark.T2])))
		}
		done += n
		b.set(float64(done)/float64(c.Keys), "testing keys")
	}
	b.done("calibration")
	tally.print(a, c.Keys)
	fmt.Fprintf(a.out, "%d × %d numbers and %d triples, %s keys in %s\n", c.Rows, c.Dim, c.Triples, grouped(int64(c.Keys)), shortTime(time.Since(started)))
	return nil
}

// facts returns generated triples.
func (c *benchWatermark) facts() []watermark.Triple {
	random := rand.New(rand.NewPCG(1, 1))
	list := make([]watermark.Triple, c.Triples)
	for i := range list {
		iri := func(kind string, n int) rdf.Term {
			return rdf.NewIRI(fmt.Sprintf("http://inkling.example/%s%d", kind, n))
		}
		list[i] = watermark.DigestTriple(rdf.Quad{S: iri("s", i), P: iri("p", random.IntN(20)), O: iri("o", random.IntN(1000))})
	}
	return list
}

// nominal are the rates at which false alarms are counted.
var nominal = []float64{0.05, 0.01, 1e-3, 1e-4, 5e-5}

// falseAlarms counts, by channel and nominal rate.
type falseAlarms map[watermark.Channel]*[5]int

func (f falseAlarms) add(results []watermark.Result) {
	for _, r := range results {
		if !r.Tested {
			continue
		}
		if f[r.Channel] == nil {
			f[r.Channel] = new([5]int)
		}
		for i, rate := range nominal {
			if r.Log10P <= math.Log10(rate) {
				f[r.Channel][i]++
			}
		}
	}
}

func (f falseAlarms) print(a *app, keys int) {
	header := []string{"channel"}
	for _, rate := range nominal {
		header = append(header, fmt.Sprintf("at %g", rate))
	}
	t := newTable(a.out, header...)
	for c := watermark.T1; c <= watermark.Joint; c++ {
		if f[c] == nil {
			continue
		}
		row := []any{c.String()}
		for i := range nominal {
			row = append(row, fmt.Sprintf("%.2g (%d)", float64(f[c][i])/float64(keys), f[c][i]))
		}
		t.AppendRow(row)
	}
	t.Render()
}
