package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/store/rdf"
)

type benchPredict struct {
	database
	Calls int    `default:"1000" placeholder:"N" help:"Calls to time (${default})."`
	K     int    `default:"10" placeholder:"N" help:"Candidates a call (${default})."`
	Model string `placeholder:"NAME" help:"The model; without it the default one."`
}

// Run times predict_tail on heads and relations of stated triples, drawn at random.
func (c *benchPredict) Run(a *app) error {
	a.machine()
	return c.with(func(db *engine.DB) error {
		asks, err := a.drawTriples(db, c.Calls)
		if err != nil {
			return err
		}
		info, err := db.Model(c.Model)
		if err != nil {
			return err
		}
		times := make([]time.Duration, 0, len(asks))
		shorten := db.Shortener()
		text := fmt.Sprintf("predict_tail(h, r, %d, %q)", c.K, info.Name)
		for _, t := range asks {
			started := time.Now()
			_, err := db.Eval(a.ctx, text, map[string]any{"h": shorten(t.S), "r": shorten(t.P)})
			if err != nil {
				return err
			}
			times = append(times, time.Since(started))
		}
		plain, err := plainLoop(info)
		if err != nil {
			return err
		}
		fmt.Fprintf(a.out, "predict_tail(h, r, %d) over %s, dimension %d: p50 %s, p99 %s, mean %s of %s calls, expression and names included\n",
			c.K, plural(int64(info.Entities), "node"), info.Dim, shortTime(percentile(times, 0.5)),
			shortTime(percentile(times, 0.99)), shortTime(mean(times)), grouped(int64(len(times))))
		fmt.Fprintf(a.out, "baseline, scoring every entity in a plain Go loop: %s; the whole call takes %.2f of that\n",
			shortTime(plain), percentile(times, 0.5).Seconds()/plain.Seconds())
		return nil
	})
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
func plainLoop(m engine.ModelInfo) (time.Duration, error) {
	width := 2 * m.Dim
	if m.Family == "distmult" {
		width = m.Dim
	}
	rows := make([]float32, m.Entities*width)
	query, out := make([]float32, width), make([]float32, m.Entities)
	for i := range query {
		query[i] = 1
	}
	times := make([]time.Duration, 0, 50)
	for range cap(times) {
		started := time.Now()
		for e := range out {
			row := rows[e*width : (e+1)*width]
			var sum float32
			for i, x := range row {
				sum += x * query[i]
			}
			out[e] = sum
		}
		times = append(times, time.Since(started))
	}
	return percentile(times, 0.5), nil
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
