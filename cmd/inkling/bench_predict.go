package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"time"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/internal/generate"
	"github.com/inklingdb/inkling/internal/vec"
	"github.com/inklingdb/inkling/store/rdf"
	"github.com/inklingdb/inkling/udf"
)

type benchPredict struct {
	database
	Calls     int    `default:"1000" placeholder:"N" help:"Calls to time (${default})."`
	K         int    `default:"10" placeholder:"N" help:"Candidates a call (${default})."`
	Model     string `placeholder:"NAME" help:"The model; without it the default one."`
	Generated int    `placeholder:"N" help:"Search a generated table of so many rows instead of a database's model."`
	Dim       int    `default:"200" placeholder:"N" help:"Numbers a generated row (${default})."`
	Types     int    `placeholder:"N" help:"Groups that generated rows lie in; the root of the rows unless given."`
}

// Run times predictions of heads, tails and relations of stated triples, drawn at random.
func (c *benchPredict) Run(a *app) error {
	a.machine()
	if c.Generated > 0 {
		return c.searchGenerated(a)
	}
	return c.with(func(db *engine.DB) error {
		info, err := db.Model(c.Model)
		if err != nil {
			return err
		}
		asks, err := a.drawTriples(db, c.Calls)
		if err != nil {
			return err
		}
		var tails time.Duration
		for _, call := range []string{"predict_tail(h, r, %d, %q)", "predict_head(r, t, %d, %q)", "similar(h, %d, %q)"} {
			times, err := a.timeCalls(db, fmt.Sprintf(call, c.K, info.Name), asks)
			if err != nil {
				return err
			}
			name, _, _ := strings.Cut(call, ",")
			fmt.Fprintf(a.out, "%s, …, %d) over %s of %s, dimension %d: p50 %s, p99 %s, mean %s of %s calls, expression and names included\n",
				name, c.K, plural(int64(info.Entities), "node"), info.Family, info.Dim, shortTime(percentile(times, 0.5)),
				shortTime(percentile(times, 0.99)), shortTime(mean(times)), grouped(int64(len(times))))
			if tails == 0 {
				tails = percentile(times, 0.5)
			}
		}
		return a.printScans(info, tails)
	})
}

// timeCalls evaluates an expression of h, r and t on each triple.
func (a *app) timeCalls(db *engine.DB, text string, asks []rdf.Quad) ([]time.Duration, error) {
	times := make([]time.Duration, 0, len(asks))
	shorten := db.Shortener()
	for _, t := range asks {
		variables := map[string]any{"h": shorten(t.S), "r": shorten(t.P), "t": shorten(t.O)}
		started := time.Now()
		_, err := db.Eval(a.ctx, text, variables)
		var unknown *udf.UnknownError
		if errors.As(err, &unknown) {
			continue // a node that came after the model
		}
		if err != nil {
			return nil, err
		}
		times = append(times, time.Since(started))
	}
	if len(times) == 0 {
		return nil, fmt.Errorf("%w: the model knows no node of the triples drawn", engine.ErrBadInput)
	}
	return times, nil
}

// printScans prints what it takes to score every entity, by kernels and in plain Go, and what reading the rows takes.
func (a *app) printScans(m engine.ModelInfo, call time.Duration) error {
	family, err := model.FamilyByName(m.Family)
	if err != nil {
		return err
	}
	width, _ := family.Interaction.Width(m.Dim)
	rows := vec.MatrixOf(generate.Rows{Rows: m.Entities, Width: width}.Table(), m.Entities, width)
	query, scores := make([]float32, width), make([]float32, m.Entities)
	for i := range query {
		query[i] = 1
	}
	workers := runtime.GOMAXPROCS(0)
	scans := make([]time.Duration, 0, 50)
	for range cap(scans) {
		started := time.Now()
		scanFloats(rows, query, scores, 10, workers)
		scans = append(scans, time.Since(started))
	}
	plain, scan := plainLoop(rows, query, scores), percentile(scans, 0.5)
	gbps := readSpeed(rows.Data, workers)
	fmt.Fprintf(a.out, "baselines over rows of %d numbers: inner products by kernels and the best of them %s, %s threads; in a plain Go loop %s; predict_tail takes %.2f and %.2f of that\n",
		width, shortTime(scan), grouped(int64(workers)), shortTime(plain), call.Seconds()/scan.Seconds(), call.Seconds()/plain.Seconds())
	fmt.Fprintf(a.out, "roofline: %.1f GB/s are read of such a table; its floats, %s, take %s, and a byte a number %s\n", gbps,
		megabytes(4*int64(len(rows.Data))), shortTime(transferTime(4*int64(len(rows.Data)), gbps)), shortTime(transferTime(int64(len(rows.Data)), gbps)))
	return nil
}

// drawTriples returns stated triples between nodes, drawn at random with a fixed seed.
func (a *app) drawTriples(db *engine.DB, n int) (drawn []rdf.Quad, err error) {
	r, err := db.Query(a.ctx, "SELECT ?s ?p ?o { ?s ?p ?o FILTER(!isLiteral(?o)) }", engine.QueryOptions{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	random := rand.New(rand.NewPCG(1, 0))
	seen := 0
	for row, err := range r.Rows() { // reservoir sampling
		if err != nil {
			return nil, err
		}
		q := rdf.Quad{S: row[0], P: row[1], O: row[2]}
		if seen++; len(drawn) < n {
			drawn = append(drawn, q)
		} else if i := random.IntN(seen); i < n {
			drawn[i] = q
		}
	}
	if len(drawn) == 0 {
		return nil, fmt.Errorf("%w: the database has no triples between nodes", engine.ErrBadInput)
	}
	return drawn, nil
}

// plainLoop times what a call must at least compute, written as anyone would: an inner product of one row with each
// of the entities' rows, in Go.
func plainLoop(rows vec.Matrix, query, out []float32) time.Duration {
	times := make([]time.Duration, 0, 50)
	for range cap(times) {
		started := time.Now()
		for e := range out {
			var sum float32
			for i, x := range rows.Row(e) {
				sum += x * query[i]
			}
			out[e] = sum
		}
		times = append(times, time.Since(started))
	}
	return percentile(times, 0.5)
}

type benchQuery struct {
	database
	First  string `required:"" placeholder:"RELATION" help:"First stated pattern: ?a RELATION ?b."`
	Second string `required:"" placeholder:"RELATION" help:"Second stated pattern: ?a RELATION ?c."`
	Third  string `required:"" placeholder:"RELATION" help:"Plausible pattern: ?a RELATION ?d."`
	K      int    `default:"10" placeholder:"N" help:"Candidates a node (${default})."`
}

// Run times the join with and without its plausible pattern.
func (c *benchQuery) Run(a *app) error {
	a.machine()
	return c.with(func(db *engine.DB) error {
		iri := func(name string) string { return "<" + rdf.NameIRI(db.Base(), name) + ">" }
		stated := fmt.Sprintf("?a %s ?b . ?a %s ?c", iri(c.First), iri(c.Second))
		plausible := fmt.Sprintf("SERVICE ink:predict { ?a %s ?d . [] ink:k %d }", iri(c.Third), c.K)
		rows, took, err := a.countRows(db, "SELECT * { "+stated+" . "+plausible+" }")
		if err != nil {
			return err
		}
		alone, statedTook, err := a.countRows(db, "SELECT * { "+stated+" }")
		if err != nil {
			return err
		}
		fmt.Fprintf(a.out, "two stated patterns and a plausible one: %s in %s, %s a second\n", plural(rows, "row"),
			shortTime(took), plural(int64(float64(rows)/took.Seconds()), "row"))
		fmt.Fprintf(a.out, "baseline, the stated part alone: %s in %s; the whole takes %.1f times as long\n",
			plural(alone, "row"), shortTime(statedTook), took.Seconds()/statedTook.Seconds())
		return nil
	})
}

// countRows answers a query, counts its rows and times it.
func (a *app) countRows(db *engine.DB, text string) (rows int64, took time.Duration, err error) {
	r, err := db.Query(a.ctx, text, engine.QueryOptions{})
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for _, err := range r.Rows() {
		if err != nil {
			return 0, 0, err
		}
		rows++
	}
	return rows, r.Elapsed(), nil
}
