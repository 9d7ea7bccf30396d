package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/engine/evidence"
	"github.com/inklingdb/inkling/engine/watermark"
	"github.com/inklingdb/inkling/store/rdf"
)

type watermarkReport struct {
	watermarkDetect
	Output string `short:"o" default:"watermark.html" placeholder:"FILE" help:"The page to write (${default})."`
	Sample int    `default:"1000" placeholder:"N" help:"Entities drawn before and after, at most (${default})."`
}

// Run writes the page. Without --key all keys are tried.
func (c *watermarkReport) Run(a *app) error {
	if !(c.Alpha > 0 && c.Alpha < 1) || c.Sample < 1 {
		return usageError{fmt.Errorf("alpha %g is not between 0 and 1, or there is nothing to draw of %d entities", c.Alpha, c.Sample)}
	}
	ring, err := c.ring()
	if err != nil {
		return err
	}
	keys := ring.Keys
	if c.Key != "" {
		key, err := ring.Find(c.Key)
		if err != nil {
			return err
		}
		keys = []*watermark.Key{key}
	}
	r := evidence.Report{Files: c.Files, Claims: engine.Claims(keys), Made: time.Now()}
	for _, k := range keys {
		r.Keys = append(r.Keys, k.Name)
	}
	if len(c.Files) > 0 {
		r.Exhibit.Evidence, err = engine.DetectWatermark(a.ctx, engine.WatermarkFiles{Paths: c.Files, Names: c.Names, Base: c.Base, Keys: keys, Alpha: c.Alpha})
		if err != nil {
			return err
		}
		return c.write(a, r)
	}
	return c.with(func(db *engine.DB) error {
		t := engine.WatermarkTest{Keys: keys, Model: c.Model, Alpha: c.Alpha}
		if c.Graph != "" {
			t.Graph = rdf.NewIRI(c.Graph)
		}
		var err error
		if r.Exhibit, err = db.WatermarkExhibit(a.ctx, t, c.Sample); err != nil {
			return err
		}
		return c.write(a, r)
	})
}

func (c *watermarkReport) write(a *app, r evidence.Report) error {
	if c.JSON {
		return printJSON(a.out, r.Exhibit.Evidence)
	}
	f, err := os.Create(c.Output)
	if err != nil {
		return err
	}
	if err = errors.Join(evidence.Write(a.ctx, f, r), f.Close()); err != nil {
		return err
	}
	fmt.Fprintf(a.out, "%s: %s\n", c.Output, r.Exhibit.Evidence.Sentence())
	return nil
}
