package main

import (
	"bytes"
	"errors"
	"fmt"
	"github.com/inklingdb/inkling/engine/train"
	"os"
	"strings"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/internal/demo"
)

type demoCommand struct {
	Epochs int    `hidden:"" help:"Passes over the triples at most; without it as many as pay."`
	Keep   string `placeholder:"DIR" help:"Keep the database in this directory, to go on asking; without it a temporary one is removed at the end."`
}

// Run tells the whole story on the embedded graph.
func (c *demoCommand) Run(a *app) (err error) {
	dir := c.Keep
	if dir == "" {
		if dir, err = os.MkdirTemp("", "inkling-demo-*"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	db, err := engine.Open(dir, engine.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	s := &story{app: a, db: db, epochs: c.Epochs}
	for _, chapter := range []func() error{s.load, s.learn, s.ask, s.change} {
		if err := chapter(); err != nil {
			return err
		}
	}
	s.say("\nThe same on your own data, three tab-separated columns a line:\n" +
		"  inkling import --db my.db facts.tsv && inkling train --db my.db && inkling eval --db my.db 'predict_tail(\"NAME\", \"RELATION\", 5)'\n")
	return nil
}

// story is the demo under way.
type story struct {
	app    *app
	db     *engine.DB
	epochs int
}

func (s *story) say(format string, args ...any) { fmt.Fprintf(s.app.out, format, args...) }

func (s *story) load() error {
	s.say("%s", "Inkling on a small real graph: people, countries, languages and music from Wikidata (CC0),\n"+
		"embedded in this program. Nothing is downloaded and nothing leaves this machine.\n\n")
	report, err := s.db.Import(s.app.ctx, engine.ImportRequest{Reader: bytes.NewReader(demo.Graph), Name: "graph.tsv.gz"})
	if err != nil {
		return err
	}
	stats, err := s.db.Stats(s.app.ctx)
	if err != nil {
		return err
	}
	s.say("1. Import: %s, %s, in %s\n\n", plural(report.Added, "triple"),
		plural(int64(len(stats.Relations)), "relation"), shortTime(report.Elapsed))
	return nil
}

func (s *story) learn() error {
	s.say("2. Train: a tenth of the triples is held out; how many of those can the model find again?\n\n")
	info, err := s.app.train(s.db, engine.TrainRequest{Options: train.Options{Seed: 1, Epochs: s.epochs}})
	if err != nil {
		return err
	}
	printCard(s.app.out, info)
	return nil
}

// show prints a question and its answer.
func (s *story) show(words, query string) error {
	s.say("\n%s\n", words)
	s.say("  %s\n", strings.ReplaceAll(query, "\n", "\n  "))
	return s.app.query(s.db, query, "table", engine.QueryOptions{Wait: true})
}

// eval prints an expression and its value.
func (s *story) eval(expression string) error {
	if err := s.db.Wait(s.app.ctx); err != nil {
		return err
	}
	value, err := s.db.Eval(s.app.ctx, expression, nil)
	if err != nil {
		return err
	}
	s.say("  %s\n", expression)
	return printValue(s.app.out, value)
}

func (s *story) ask() error {
	s.say("\n3. Ask\n")
	err := s.show("What the graph states: Canadians who play the guitar, and their record labels.",
		"SELECT ?who (COUNT(?label) AS ?labels) { ?who :citizen_of :Canada ; :plays :guitar ; :record_label ?label }\n"+
			"GROUP BY ?who ORDER BY DESC(?labels) LIMIT 5")
	if err != nil {
		return err
	}
	err = s.show("What it leaves out: whom may people in philosophy (stated) have been influenced by (plausible, not stated),\n"+
		"if that one was a writer (stated)?",
		"SELECT ?who ?by ?p {\n"+
			"  ?who :field_of_work :philosophy .\n"+
			"  SERVICE ink:predict { ?who :influenced_by ?by . [] ink:prob ?p ; ink:k 10 }\n"+
			"  ?by :occupation :writer\n"+
			"} ORDER BY DESC(?p) LIMIT 8")
	if err != nil {
		return err
	}
	s.say("\nA single fact that the graph does not state, in CEL:\n")
	for _, e := range []string{
		`is_stated("Karl_Popper", "influenced_by", "Ludwig_Wittgenstein")`,
		`is_fact("Karl_Popper", "influenced_by", "Ludwig_Wittgenstein")`,
		`prob("Karl_Popper", "influenced_by", "Madonna")`,
	} {
		if err := s.eval(e); err != nil {
			return err
		}
	}
	return nil
}

// edit applies an update and waits for the model.
func (s *story) edit(words, update string) error {
	s.say("\n%s\n  %s\n", words, update)
	r, err := s.db.Update(s.app.ctx, update, engine.UpdateOptions{Wait: true})
	if err != nil {
		return err
	}
	s.say("  %s added, %d removed; the model followed %s after the commit began\n", plural(r.Added, "triple"), r.Removed, shortTime(r.Elapsed))
	return nil
}

func (s *story) change() error {
	s.say("\n4. Change the graph: the model follows, without a new training\n")
	const question = `predict_tail("Mira_Newcomer", "speaks", 3)`
	err := s.edit("A writer whom the model has never heard of:",
		"INSERT DATA { :Mira_Newcomer :citizen_of :Germany ; :residence :Berlin ; :occupation :writer }")
	if err != nil {
		return err
	}
	if err := s.eval(question); err != nil {
		return err
	}
	err = s.edit("It was a mistake: she is from Italy.",
		"DELETE DATA { :Mira_Newcomer :citizen_of :Germany ; :residence :Berlin } ;\n"+
			"  INSERT DATA { :Mira_Newcomer :citizen_of :Italy }")
	if err != nil {
		return err
	}
	return s.eval(question)
}
