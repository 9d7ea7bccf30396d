package main

import (
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/engine/bundle"
	"github.com/inklingdb/inkling/engine/watermark"
	"github.com/inklingdb/inkling/store/rdf"
)

type bundleCommand struct {
	Export bundleExport `cmd:"" help:"Write a marked graph to give away: triples, embeddings and a signed manifest."`
	Verify bundleVerify `cmd:"" help:"Check a bundle's signature and contents, and test it for marks; needs no database."`
	Import bundleImport `cmd:"" help:"Verify a bundle, ask the import policy, and import its triples and its model."`
}

type bundleExport struct {
	database
	Path   string `arg:"" help:"The folder or .tar.gz to make; it must not be there yet."`
	Graph  string `placeholder:"IRI" help:"The named graph; without it the default one."`
	Model  string `placeholder:"NAME" help:"The model; without it that of the graph, if it is marked."`
	Format string `default:"safetensors" enum:"safetensors,npy" help:"Of the embeddings: safetensors or npy (${default})."`
	JSON   bool   `help:"Print the report as JSON."`
}

// Run writes a bundle.
func (c *bundleExport) Run(a *app) error {
	return c.with(func(db *engine.DB) error {
		r := engine.BundleRequest{Path: c.Path, Model: c.Model, Format: c.Format}
		if c.Graph != "" {
			r.Graph = rdf.NewIRI(c.Graph)
		}
		report, err := db.ExportBundle(a.ctx, r)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.out, report)
		}
		m := report.Manifest
		fmt.Fprintf(a.out, "bundle of graph %s written to %s, signed with key %s (%s)\n", m.Graph, report.Path, m.Owner, m.KeyID)
		for _, p := range m.Parts {
			fmt.Fprintf(a.out, "  %-11s %s\n", p.Name, grouped(p.Count))
		}
		if report.Left != "" {
			fmt.Fprintf(a.out, "  embeddings  none: %s\n", report.Left)
		}
		fmt.Fprintf(a.out, "  root        %s\n  public key  %x\n", m.Root, m.PublicKey)
		return nil
	})
}

// publicKeys is the flag that names owners whose secrets are not at hand.
type publicKeys struct {
	Public []string `placeholder:"HEX" help:"An owner's public key, as its bundles and inkling watermark key list --json show it; may be repeated."`
}

func (p publicKeys) keys() ([]ed25519.PublicKey, error) {
	var list []ed25519.PublicKey
	for _, text := range p.Public {
		b, err := hex.DecodeString(text)
		if err != nil || len(b) != ed25519.PublicKeySize {
			return nil, usageError{fmt.Errorf("public key %.80q is not %d hexadecimal digits", text, 2*ed25519.PublicKeySize)}
		}
		list = append(list, b)
	}
	return list, nil
}

type bundleVerify struct {
	keyRing
	publicKeys
	Path     string  `arg:"" help:"The folder or .tar.gz."`
	Alpha    float64 `default:"1e-9" placeholder:"P" help:"Rate of false alarms over all keys and channels (${default})."`
	MaxBytes int64   `name:"max-bytes" placeholder:"N" help:"Refuse a bundle of more bytes, unpacked (16 GiB)."`
	JSON     bool    `help:"Print the verdict as JSON."`
}

// Run verifies a bundle.
func (c *bundleVerify) Run(a *app) error {
	if !(c.Alpha > 0 && c.Alpha < 1) {
		return usageError{fmt.Errorf("alpha %g is not between 0 and 1", c.Alpha)}
	}
	public, err := c.keys()
	if err != nil {
		return err
	}
	ring, err := c.ring()
	if err != nil {
		return err
	}
	v, err := engine.VerifyBundle(a.ctx, c.Path, engine.BundleTest{Keys: ring.Keys, Public: public, Alpha: c.Alpha, MaxBytes: c.MaxBytes})
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(a.out, v)
	}
	printBundle(a.out, v)
	return nil
}

// printBundle writes what a bundle is, then what it rests on.
func printBundle(out io.Writer, v engine.BundleVerdict) {
	switch {
	case v.Verdict == watermark.Intact && v.Owner != "":
		fmt.Fprintf(out, "intact: as %s signed it\n", v.Owner)
	case v.Verdict == watermark.Intact:
		fmt.Fprintln(out, "intact: as the owner signed it")
	case v.Unread != "":
		fmt.Fprintf(out, "altered: it cannot be read: %s\n", v.Unread)
	default:
		fmt.Fprintln(out, v.Evidence.Sentence())
	}
	m := v.Manifest
	claim := fmt.Sprintf("by a key that calls itself %.100q", v.Claim)
	switch {
	case !v.Signed:
		claim = "the signature does not hold: the manifest was changed"
	case !v.Known:
		claim += ", unknown here: compare the public key with what the owner publishes (--public)"
	case v.Commits != nil && !*v.Commits:
		claim += ", with a commitment that is not the key's"
	}
	fmt.Fprintf(out, "  signature  %s\n  public key %s\n  graph      %s of %s\n", claim, v.Signer, m.Graph, m.Created.Format("2006-01-02"))
	for _, p := range v.Parts {
		what := "as signed"
		switch {
		case p.Problem != "":
			what = "cannot be read: " + p.Problem
		case !v.Signed && p.Same():
			what = "as the manifest says, which is not signed"
		case !p.Same():
			what = fmt.Sprintf("changed, in %d of %d sections; the manifest says %s", p.Changed, bundle.Sections, grouped(p.Stated))
		}
		fmt.Fprintf(out, "  %-10s %s: %s\n", p.Name, grouped(p.Found), what)
	}
	if e := v.Evidence; e.Channel != "" {
		fmt.Fprintf(out, "  marks      p = 10^%.1f by %s; %s tested, false alarms at most %g in all\n", e.Log10P, e.Channel, plural(int64(e.KeysTested), "pair of a key and a graph"), e.Alpha)
	}
}

type bundleImport struct {
	database
	publicKeys
	Path     string `arg:"" help:"The folder or .tar.gz."`
	Graph    string `placeholder:"IRI" help:"Put the triples into this named graph; default is the default graph; without it as the manifest says."`
	Model    string `placeholder:"NAME" help:"The model's name; without it as the manifest says."`
	Replace  bool   `help:"A model of that name gives way."`
	MaxBytes int64  `name:"max-bytes" placeholder:"N" help:"Refuse a bundle of more bytes, unpacked (16 GiB)."`
	JSON     bool   `help:"Print the report as JSON."`
}

// Run imports a bundle.
func (c *bundleImport) Run(a *app) error {
	public, err := c.keys()
	if err != nil {
		return err
	}
	db, err := c.create(engine.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	r := engine.BundleImportRequest{Path: c.Path, Model: c.Model, Replace: c.Replace, Public: public, MaxBytes: c.MaxBytes}
	if c.Graph == "default" {
		r.Graph = &rdf.Term{}
	} else if c.Graph != "" {
		g := rdf.NewIRI(c.Graph)
		r.Graph = &g
	}
	report, err := db.ImportBundle(a.ctx, r)
	if err != nil {
		return err
	}
	if err := db.WaitHooks(a.ctx); err != nil {
		return err
	}
	a.printWarnings(report.Triples.Warnings)
	a.printVerdicts(report.Triples.Verdicts)
	if c.JSON {
		return printJSON(a.out, report)
	}
	printBundle(a.out, report.Bundle)
	fmt.Fprintf(a.out, "%s added to %s (%s read)\n", plural(report.Triples.Added, "triple"), c.DB, grouped(report.Triples.Read))
	if report.Model != nil {
		fmt.Fprintf(a.out, "model %s is made of %s\n", report.Model.Model.Name, plural(int64(report.Bundle.Parts[1].Found), "row"))
	}
	return db.Close()
}
