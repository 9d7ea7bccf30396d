package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"

	"github.com/inklingdb/inkling/engine"
)

type checkCommand struct {
	database
	JSON bool `help:"Print as JSON."`
}

// Run verifies the database; problems found make it fail.
func (c *checkCommand) Run(a *app) error {
	return c.with(func(db *engine.DB) error {
		r, err := db.Check(a.ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			if err := printJSON(a.out, r); err != nil {
				return err
			}
		} else {
			fmt.Fprintf(a.out, "%s, %s, %s and %s read\n", plural(r.Triples, "triple"), plural(r.Terms, "term"),
				plural(r.Commits, "commit"), plural(int64(r.Models), "model"))
			for _, p := range r.Problems {
				fmt.Fprintln(a.out, "problem:", p)
			}
		}
		if len(r.Problems) > 0 {
			return fmt.Errorf("%s found; restore a backup, or export what can be read", plural(int64(len(r.Problems)), "problem"))
		}
		if !c.JSON {
			fmt.Fprintln(a.out, "all is well")
		}
		return nil
	})
}

type backupCommand struct {
	database
	File string `arg:"" help:"The file to write; - is standard output."`
}

// Run writes a backup, to a temporary file first so that a broken one never has the name.
func (c *backupCommand) Run(a *app) error {
	return c.with(func(db *engine.DB) error {
		if c.File == "-" {
			_, err := db.Backup(a.ctx, a.out)
			return err
		}
		f, err := os.CreateTemp(filepath.Dir(c.File), filepath.Base(c.File)+".part*")
		if err != nil {
			return err
		}
		defer os.Remove(f.Name())
		n, err := db.Backup(a.ctx, f)
		if err == nil {
			err = f.Sync()
		}
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
		if err := os.Rename(f.Name(), c.File); err != nil {
			return err
		}
		fmt.Fprintf(a.out, "%s written to %s\n", sizeText(n), c.File)
		return nil
	})
}

type restoreCommand struct {
	database
	File string `arg:"" help:"The backup; - is standard input."`
}

// Run makes a new database from a backup.
func (c *restoreCommand) Run(a *app) error {
	in := a.in
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	if err := engine.Restore(a.ctx, c.DB, in); err != nil {
		return err
	}
	fmt.Fprintf(a.out, "restored to %s\n", c.DB)
	return nil
}

type versionCommand struct{}

// Run prints what this binary is.
func (c *versionCommand) Run(a *app) error {
	version := "unreleased"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				version = s.Value[:min(12, len(s.Value))]
			}
		}
	}
	_, err := fmt.Fprintf(a.out, "inkling %s %s %s/%s\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
