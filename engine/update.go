package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/inklingdb/inkling/engine/hook"
	"github.com/inklingdb/inkling/query/exec"
	"github.com/inklingdb/inkling/query/sparql"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// UpdateOptions changes how one update runs.
type UpdateOptions struct {
	Source      string     // who writes, kept in the commit; "" means "update"
	Wait        bool       // return only when after-hooks and models have caught up too
	UsingGraphs []rdf.Term // the protocol's using-graph-uri
	UsingNamed  []rdf.Term // the protocol's using-named-graph-uri
	Limits      Limits     // zero fields: the database's
	AllowLoad   bool       // let LOAD read files of this machine; the server leaves it off
}

// UpdateReport is what an update did.
type UpdateReport struct {
	Added   int64         `json:"added"`   // triples that were not there before
	Removed int64         `json:"removed"` // triples that were there
	Version store.Version `json:"version"` // the commit; unchanged when nothing changed
	Elapsed time.Duration `json:"elapsed_ns"`
	// Warnings are what before-hooks say of the commit.
	Warnings []HookWarning `json:"warnings,omitempty"`
	// Watermarks are those that the update made by watermark_embed. Their entries are for the key ring.
	Watermarks []WatermarkReport `json:"watermarks,omitempty"`
	// Verdicts are what the tests for watermarks say of the graphs that LOAD read, and the import policy's outcome.
	Verdicts []ImportVerdict `json:"verdicts,omitempty"`
}

// Update runs a SPARQL 1.1 update as one commit: all of its operations become visible together, or none.
func (db *DB) Update(ctx context.Context, text string, o UpdateOptions) (UpdateReport, error) {
	started := time.Now()
	known := db.Prefixes()
	request, err := sparql.ParseUpdate(text, sparql.Options{Base: known[""], Prefixes: known})
	if err != nil {
		return UpdateReport{}, err
	}
	if o.Source == "" {
		o.Source = "update"
	}
	if hook.Reserved(o.Source) {
		return UpdateReport{}, fmt.Errorf("engine: update: %w: source %q may only be a hook's", ErrBadInput, o.Source)
	}
	limits := o.Limits.or(db.opts.Limits)
	if err := db.admit(ctx); err != nil {
		return UpdateReport{}, err
	}
	running, cancel := limits.deadline(ctx)
	defer cancel()
	var asked []WatermarkRequest
	var verdicts []ImportVerdict
	commit, warnings, err := db.hooked(running, func(running context.Context) (store.Commit, error) {
		return db.store.Update(running, o.Source, func(tx *store.Tx) error {
			asked, verdicts = nil, nil // a transaction may be tried again
			s := db.snapshotOf(tx.View(), db.models.edition())
			s.asked = &asked
			options := s.options(limits)
			options.DefaultGraphs, options.NamedGraphs = o.UsingGraphs, o.UsingNamed
			if o.AllowLoad {
				options.Load = func(ctx context.Context, d exec.Document, add func(rdf.Quad) error) error {
					list, err := db.load(ctx, d, add)
					verdicts = append(verdicts, list...)
					return err
				}
			}
			return exec.Update(running, exec.FromTx(tx), request, options)
		})
	})
	if cause := context.Cause(running); errors.Is(err, context.DeadlineExceeded) && errors.Is(cause, ErrLimit) {
		err = fmt.Errorf("engine: update, while others wrote: %w", cause)
	}
	if err != nil {
		return UpdateReport{}, err
	}
	marked, failed := db.embedAll(ctx, asked)
	r, err := db.report(ctx, commit, started, o.Wait)
	r.Warnings, r.Watermarks, r.Verdicts = warnings, marked, verdicts
	return r, errors.Join(failed, err)
}

// Apply adds and removes quads as one commit, without a query. Concurrent calls share one sync to disk.
func (db *DB) Apply(ctx context.Context, add, remove []rdf.Quad, source string) (UpdateReport, error) {
	started := time.Now()
	if hook.Reserved(source) {
		return UpdateReport{}, fmt.Errorf("engine: apply: %w: source %q may only be a hook's", ErrBadInput, source)
	}
	if err := db.admit(ctx); err != nil {
		return UpdateReport{}, err
	}
	commit, warnings, err := db.hooked(ctx, func(ctx context.Context) (store.Commit, error) {
		return db.store.Write(ctx, store.Batch{Source: source, Add: add, Remove: remove})
	})
	if err != nil {
		return UpdateReport{}, fmt.Errorf("engine: apply: %w", err)
	}
	r, err := db.report(ctx, commit, started, false)
	r.Warnings = warnings
	return r, err
}

// report sums up a commit, and waits for the models if asked to.
func (db *DB) report(ctx context.Context, c store.Commit, started time.Time, wait bool) (UpdateReport, error) {
	r := UpdateReport{Version: c.Version}
	for _, change := range c.Changes {
		if change.Removed {
			r.Removed++
		} else {
			r.Added++
		}
	}
	var err error
	if wait {
		if err = db.WaitHooks(ctx); err == nil {
			err = db.Wait(ctx)
		}
	}
	r.Elapsed = time.Since(started)
	return r, err
}

// load reads the document of a LOAD: a file:// IRI of this machine. Nothing is fetched from elsewhere. What it holds is
// tested for watermarks and judged by the import policy before any of it is added.
func (db *DB) load(ctx context.Context, d exec.Document, add func(rdf.Quad) error) (verdicts []ImportVerdict, err error) {
	place, err := url.Parse(d.IRI)
	if err != nil || place.Scheme != "file" {
		return nil, fmt.Errorf("engine: %w: LOAD <%s>: only file:// is read; fetch the document first", ErrBadInput, d.IRI)
	}
	path := filepath.FromSlash(place.Path)
	format := ""
	if f := rdf.FormatByFile(path); f != nil {
		format = strings.TrimPrefix(f.Extensions[0], ".")
	}
	n, err := db.inspect(d.IRI, format)
	if err != nil {
		return nil, fmt.Errorf("engine: LOAD <%s>: %w", d.IRI, err)
	}
	reader, err := rdf.OpenFile(path, nil, rdf.Options{Base: d.IRI, BlankPrefix: fmt.Sprintf("v%dl-", db.Version()+1)})
	if err != nil {
		return nil, fmt.Errorf("engine: LOAD <%s>: %w", d.IRI, err)
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	give := func(quads []rdf.Quad) error {
		for _, q := range quads {
			if err := add(q); err != nil {
				return err
			}
		}
		return ctx.Err()
	}
	buf := make([]rdf.Quad, importBatch)
	for {
		m, err := reader.Read(buf)
		if err != nil && err != io.EOF {
			return nil, err
		}
		if d.Into.Kind != rdf.None {
			for i := range buf[:m] {
				buf[i].G = d.Into
			}
		}
		n.add(buf[:m])
		if failed := give(buf[:m]); failed != nil {
			return nil, failed
		}
		if err == io.EOF {
			break
		}
	}
	verdicts, tags, err := n.decide(ctx)
	if err != nil {
		return nil, fmt.Errorf("engine: LOAD <%s>: %w", d.IRI, err)
	}
	return verdicts, give(tags)
}
