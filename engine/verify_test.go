package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/inklingdb/inkling/engine/hook"
	"github.com/inklingdb/inkling/engine/watermark"
	"github.com/inklingdb/inkling/store/rdf"
	"github.com/inklingdb/inkling/udf/cel"
)

// markedCopy returns a published copy, as N-Triples, of a graph that the key marked; the key knows of it.
func markedCopy(t testing.TB, key *watermark.Key) []byte {
	t.Helper()
	ctx := context.Background()
	db := openWith(t, "", ringOf(key))
	importText(t, db, families(6000, 1), "tsv")
	report, err := db.WatermarkEmbed(ctx, WatermarkRequest{Key: key, Sizing: watermark.Sizing{Z: 8}})
	if err != nil {
		t.Fatal(err)
	}
	key.Record(report.Entry)
	var out bytes.Buffer
	if _, err := db.Export(ctx, &out, ExportRequest{Format: "nt", Publish: true, Graph: &rdf.Term{}}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func setPolicy(t testing.TB, db *DB, expression string) {
	t.Helper()
	if _, err := db.SetImportPolicy(context.Background(), expression); err != nil {
		t.Fatal(err)
	}
}

func importNT(db *DB, text []byte, graph string) (ImportReport, error) {
	r := ImportRequest{Reader: bytes.NewReader(text), Name: "copy.nt"}
	if graph != "" {
		r.Graph = rdf.NewIRI(graph)
	}
	return db.Import(context.Background(), r)
}

func triplesIn(t testing.TB, db *DB) int64 {
	t.Helper()
	s, err := db.Stats(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return s.Triples
}

func TestImportPolicyOutcomes(t *testing.T) {
	key, other := newKey(t, "acme"), newKey(t, "other")
	text := markedCopy(t, key)
	lines := int64(bytes.Count(text, []byte("\n")))
	for _, outcome := range cel.Outcomes {
		db := openWith(t, "", ringOf(other, key))
		setPolicy(t, db, fmt.Sprintf(`import.owner == "acme" && import.verdict == "altered" && import.log10_p < -9.0 && import.format == "nt"
			&& import.source == "copy.nt" && import.graph == "http://g/" && import.triples > 17000 && import.keys_tested == 1 && !import.signed ? %q : "accept"`, outcome))
		report, err := importNT(db, text, "http://g/")
		if outcome == cel.Reject {
			var rejected *RejectedImportError
			if !errors.Is(err, ErrImportRejected) || !errors.As(err, &rejected) || rejected.Verdict.Owner != "acme" || triplesIn(t, db) != 0 {
				t.Errorf("reject: %v, %d triples", err, triplesIn(t, db))
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(report.Verdicts) != 1 || report.Verdicts[0].Outcome != outcome || report.Verdicts[0].Owner != "acme" {
			t.Errorf("%s: %+v", outcome, report.Verdicts)
		}
		tags := int64(0)
		if outcome == cel.Tag {
			tags = 4
			if got := ask(t, db, `ASK { GRAPH ink:tags { <http://g/> ink:verdict "altered" ; ink:owner "acme" ; ink:source "copy.nt" ; ink:log10_p ?p FILTER(?p < -9) } }`); got[0] != "true" {
				t.Error("the graph is not tagged")
			}
		}
		if n := triplesIn(t, db); n != lines+tags || report.Added != n {
			t.Errorf("%s: %d triples, %d reported; want %d", outcome, n, report.Added, lines+tags)
		}
		// The same graph of another hand bears no mark.
		report, err = db.Import(context.Background(), ImportRequest{Reader: strings.NewReader(families(6000, 2)), Format: "tsv"})
		if err != nil || report.Verdicts[0].Marked() || report.Verdicts[0].Verdict != watermark.NoMark || report.Verdicts[0].Outcome != cel.Accept {
			t.Errorf("%s, unmarked: %+v %v", outcome, report.Verdicts, err)
		}
	}
}

// Each graph of a document is tested by itself, and LOAD is an import too.
func TestImportPolicyByGraph(t *testing.T) {
	ctx := context.Background()
	key := newKey(t, "acme")
	text := markedCopy(t, key)
	db := openWith(t, "", ringOf(key))
	setPolicy(t, db, `import.owner != "" ? (import.graph == "http://no/" ? "reject" : "tag") : "accept"`)
	quads := append([]byte("<http://a/> <http://p/> <http://b/> .\n"), bytes.ReplaceAll(text, []byte(" .\n"), []byte(" <http://marked/> .\n"))...)
	report, err := db.Import(ctx, ImportRequest{Reader: bytes.NewReader(quads), Format: "nq"})
	if err != nil || len(report.Verdicts) != 2 || report.Verdicts[0].Outcome != cel.Accept || report.Verdicts[0].Verdict != watermark.TooSmall || report.Verdicts[1].Outcome != cel.Tag {
		t.Fatalf("%+v %v", report.Verdicts, err)
	}
	before := triplesIn(t, db)
	file := filepath.Join(t.TempDir(), "copy.nt")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	load := "INSERT DATA { :x :y :z } ; LOAD <file://" + file + "> INTO GRAPH "
	_, err = db.Update(ctx, load+"<http://no/>", UpdateOptions{AllowLoad: true})
	if !errors.Is(err, ErrImportRejected) || triplesIn(t, db) != before {
		t.Errorf("LOAD: %v, %d triples of %d", err, triplesIn(t, db), before)
	}
	loaded, err := db.Update(ctx, load+"<http://yes/>", UpdateOptions{AllowLoad: true})
	if err != nil || len(loaded.Verdicts) != 1 || loaded.Verdicts[0].Outcome != cel.Tag || !strings.HasPrefix(loaded.Verdicts[0].Source, "file://") {
		t.Errorf("LOAD: %+v %v", loaded.Verdicts, err)
	}
	if got := ask(t, db, `ASK { GRAPH ink:tags { <http://yes/> ink:owner "acme" } GRAPH <http://yes/> { ?s ?p ?o } }`); got[0] != "true" {
		t.Error("LOAD does not tag")
	}
	silent, err := db.Update(ctx, strings.Replace(load, "LOAD", "LOAD SILENT", 1)+"<http://no/>", UpdateOptions{AllowLoad: true})
	if err != nil || len(silent.Verdicts) != 0 || ask(t, db, `ASK { GRAPH <http://no/> { ?s ?p ?o } }`)[0] != "false" {
		t.Errorf("LOAD SILENT: %+v %v", silent, err)
	}
}

// A policy that fails, or a ring that cannot be read, lets nothing through.
func TestImportPolicyThatFails(t *testing.T) {
	ctx := context.Background()
	broken := errors.New("the ring is sealed")
	db := openWith(t, "", Options{Keys: func() (*watermark.Ring, error) { return nil, broken }})
	one := []byte("<http://a/> <http://p/> <http://b/> .\n")
	report, err := importNT(db, one, "")
	if err != nil || len(report.Verdicts) != 1 || report.Verdicts[0].NotTested != broken.Error() {
		t.Errorf("without a policy: %+v %v", report.Verdicts, err)
	}
	setPolicy(t, db, `"accept"`)
	if _, err := importNT(db, []byte("<http://a/> <http://p/> <http://c/> .\n"), ""); !errors.Is(err, broken) || triplesIn(t, db) != 1 {
		t.Errorf("with a policy: %v", err)
	}
	open := openWith(t, "", Options{})
	var fault *cel.Error
	if _, err := open.SetImportPolicy(ctx, `import.verdct == "x" ? "tag" : "warn"`); !errors.As(err, &fault) || fault.Column == 0 {
		t.Errorf("a wrong field: %v", err)
	}
	if _, err := open.ImportPolicy(); !errors.Is(err, ErrNoPolicy) {
		t.Errorf("kept: %v", err)
	}
	setPolicy(t, open, `{"x": "accept"}[import.owner]`)
	if _, err := importNT(open, one, ""); !errors.As(err, &fault) || triplesIn(t, open) != 0 {
		t.Errorf("a policy that fails: %v", err)
	}
	setPolicy(t, open, `import.triples == 1 ? "shrug" : "accept"`)
	if _, err := importNT(open, one, ""); !errors.As(err, &fault) || triplesIn(t, open) != 0 {
		t.Errorf("a policy that says something else: %v", err)
	}
	if err := open.RemoveImportPolicy(ctx); err != nil {
		t.Fatal(err)
	}
	if err := open.RemoveImportPolicy(ctx); !errors.Is(err, ErrNoPolicy) {
		t.Errorf("removed twice: %v", err)
	}
	if r, err := importNT(open, one, ""); err != nil || r.Verdicts != nil {
		t.Errorf("without policy and keys: %+v %v", r, err)
	}
}

// copyWhileReading copies the database's folder in the middle of a stream, as a crash at that moment leaves it.
type copyWhileReading struct {
	io.Reader
	t        *testing.T
	from, to string
	left     int
}

func (c *copyWhileReading) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if c.left -= n; c.left < 0 && c.to != "" {
		if err := os.CopyFS(c.to, os.DirFS(c.from)); err != nil {
			c.t.Error(err)
		}
		c.to = ""
	}
	return n, err
}

func TestCrashInAnImportLeavesNothing(t *testing.T) {
	key := newKey(t, "acme")
	text := markedCopy(t, key)
	many := bytes.Repeat(text, 4) // a bulk import
	dir, crashed := t.TempDir(), filepath.Join(t.TempDir(), "crashed")
	db := openWith(t, dir, ringOf(key))
	setPolicy(t, db, `import.owner == "" ? "accept" : "tag"`)
	version := db.Version()
	_, err := db.Import(context.Background(), ImportRequest{Reader: &copyWhileReading{Reader: bytes.NewReader(many), t: t, from: dir, to: crashed, left: len(many) * 9 / 10}, Name: "copy.nt"})
	if err != nil {
		t.Fatal(err)
	}
	after := openWith(t, crashed, ringOf(key))
	if n := triplesIn(t, after); n != 0 || after.Version() != version {
		t.Errorf("%d triples, version %d of %d", n, after.Version(), version)
	}
	if p, err := after.ImportPolicy(); err != nil || !strings.Contains(p.Expression, "tag") {
		t.Errorf("the policy: %+v %v", p, err)
	}
	if report, err := after.Check(context.Background()); err != nil || len(report.Problems) > 0 {
		t.Errorf("check: %v %v", report.Problems, err)
	}
}

// The action verify of hooks is the import's verifier.
func TestHookVerifiesMarks(t *testing.T) {
	ctx := context.Background()
	key := newKey(t, "acme")
	text := markedCopy(t, key)
	db := openWith(t, "", ringOf(key))
	if _, err := db.AddHook(ctx, hook.Definition{Name: "marks", Action: "verify", When: hook.Before}); err != nil {
		t.Fatal(err)
	}
	var quads []rdf.Quad
	r, err := rdf.NewReader(bytes.NewReader(text), rdf.FormatByName("nt"), rdf.Options{})
	for err == nil {
		buf := make([]rdf.Quad, 4096)
		var n int
		n, err = r.Read(buf)
		quads = append(quads, buf[:n]...)
	}
	if err != io.EOF {
		t.Fatal(err)
	}
	if _, err := db.Apply(ctx, quads[:10], nil, "test"); err != nil {
		t.Errorf("too few to tell: %v", err)
	}
	if _, err := db.Apply(ctx, quads, nil, "test"); !errors.Is(err, ErrRejected) || !strings.Contains(err.Error(), "marked by acme") {
		t.Errorf("marked: %v", err)
	}
	setPolicy(t, db, `import.owner == "acme" && import.format == "changes" ? "warn" : "reject"`)
	if _, err := db.Apply(ctx, quads, nil, "test"); err != nil {
		t.Errorf("a policy that warns: %v", err)
	}
}

func BenchmarkImportVerified(b *testing.B) {
	key := newKey(b, "acme")
	text := markedCopy(b, key)
	for name, o := range map[string]Options{"plain": {}, "verified": ringOf(key)} {
		b.Run(name, func(b *testing.B) {
			o.RiskLosingRecentCommits = true
			for range b.N {
				db := openWith(b, "", o)
				if _, err := importNT(db, text, ""); err != nil {
					b.Fatal(err)
				}
				if err := db.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// What testing adds to an import for each statement, with one key.
func BenchmarkInspection(b *testing.B) {
	key := newKey(b, "acme")
	key.Record(watermark.Marked{Graph: watermark.NewUUID(), Gamma: watermark.DefaultGamma})
	db := openWith(b, "", ringOf(key))
	quads := make([]rdf.Quad, 4096)
	for i := range quads {
		quads[i] = rdf.Quad{S: rdf.NewIRI(fmt.Sprintf("http://example.org/e%d", i/5)), P: rdf.NewIRI(fmt.Sprintf("http://example.org/r%d", i%9)), O: rdf.NewIRI(fmt.Sprintf("http://example.org/e%d", i*7919%4000))}
	}
	n, err := db.inspect("x", "nt")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		n.add(quads)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(quads)), "ns/triple")
}
