package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/inklingdb/inkling/engine/bundle"
	"github.com/inklingdb/inkling/engine/hook"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/engine/watermark"
)

// bundled writes a marked world's bundle, with more triples that join nothing, and returns its path, key and triples.
func bundled(t *testing.T, more int) (path string, key *watermark.Key, triples int64) {
	t.Helper()
	ctx := context.Background()
	key = newKey(t, "acme")
	db := markedWorld(t, "", ringOf(key))
	var b strings.Builder
	for i := range more {
		fmt.Fprintf(&b, "<http://more/%d> <http://more/p> \"%d\" .\n", i, i)
	}
	importText(t, db, b.String(), "nt")
	report, err := db.WatermarkEmbed(ctx, WatermarkRequest{Key: key, Sizing: watermark.Sizing{Cosine: 0.99}})
	if err != nil {
		t.Fatal(err)
	}
	key.Record(report.Entry)
	path = filepath.Join(t.TempDir(), "b")
	out, err := db.ExportBundle(ctx, BundleRequest{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	return path, key, out.Manifest.Parts[0].Count
}

// bundleCrash names the database, the bundle and the moment, only between the tests here and the child they start.
const bundleCrash = "INKLING_TEST_BUNDLE_CRASH"

// killVerifier kills the process when a commit is checked.
type killVerifier struct{}

func (killVerifier) Verify(context.Context, []hook.Change) error { return killSelf() }

func killSelf() error {
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		return err
	}
	if err := self.Kill(); err != nil {
		return err
	}
	select {}
}

// TestBundleCrashChild imports a bundle and is killed on the way; by itself it does nothing.
func TestBundleCrashChild(t *testing.T) {
	about := strings.Split(os.Getenv(bundleCrash), "\n")
	if len(about) != 3 {
		t.Skip("runs as a child of TestBundleImportSurvivesKill")
	}
	db, err := Open(about[0], Options{Verifier: killVerifier{}})
	if err != nil {
		t.Fatal(err)
	}
	r := BundleImportRequest{Path: about[1], Replace: true}
	switch about[2] {
	case "committed":
		r.Progress = func(p ImportProgress) {
			if p.File == "" { // after the commit
				t.Error(killSelf())
			}
		}
	case "checked": // after the model was made, where the commit is an ordinary one
		addHook(t, db, hook.Definition{Name: "kill", When: hook.Before, Action: "verify"})
	}
	_, err = db.ImportBundle(context.Background(), r)
	t.Fatalf("it was not killed: %v", err)
}

func importAndKill(t *testing.T, dir, path, when string) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestBundleCrashChild$", "-test.v")
	child.Env = append(os.Environ(), bundleCrash+"="+strings.Join([]string{dir, path, when}, "\n"))
	out, err := child.CombinedOutput()
	if err == nil || child.ProcessState.Exited() {
		t.Fatalf("%v: %s", err, out)
	}
}

// newFiles lists checkpoints that are not in their place.
func newFiles(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, modelsDir, "*"+newCheckpoint+"*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// wholeBundle fails unless the database holds the bundle's triples and its model, by the mark of both.
func wholeBundle(t *testing.T, db *DB, key *watermark.Key, triples int64) {
	t.Helper()
	if got := triplesIn(t, db); got != triples {
		t.Errorf("%d triples, want %d", got, triples)
	}
	if e := detectIn(t, db, key); e.Owner != "acme" || e.Results[watermark.T1].Z < 8 {
		t.Errorf("%+v", e)
	}
	if left := newFiles(t, db.dir); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
	if r, err := db.Check(context.Background()); err != nil || len(r.Problems) > 0 {
		t.Errorf("%q %v", r.Problems, err)
	}
}

// A process killed before the commit of a bundle leaves nothing of it, and one killed after it everything: the next opening
// puts the model in its place.
func TestBundleImportSurvivesKill(t *testing.T) {
	for name, more := range map[string]int{"ordinary commit": 0, "bulk": 50_000} {
		path, key, triples := bundled(t, more)
		for _, when := range []string{"checked", "committed"} {
			if when == "checked" && more > 0 {
				continue // a bulk commit is checked before the model is made
			}
			t.Run(name+" "+when, func(t *testing.T) {
				dir := t.TempDir()
				importAndKill(t, dir, path, when)
				if left := newFiles(t, dir); len(left) != 1 {
					t.Errorf("killed at another moment than meant: %q", left)
				}
				db := openDir(t, dir)
				if when == "committed" {
					wholeBundle(t, db, key, triples)
					return
				}
				if n := triplesIn(t, db); n != 0 || len(db.models.all()) != 0 || len(newFiles(t, dir)) != 0 {
					t.Errorf("%d triples, %d models, %q", n, len(db.models.all()), newFiles(t, dir))
				}
				if err := db.RemoveHook(context.Background(), "kill"); err != nil {
					t.Fatal(err)
				}
				if _, err := db.ImportBundle(context.Background(), BundleImportRequest{Path: path}); err != nil {
					t.Fatal(err)
				}
				wholeBundle(t, db, key, triples)
			})
		}
	}
}

// Of a model that gives way, marked itself, all is there until the commit and nothing after it, killed or not.
func TestBundleReplacesAfterKill(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	path, key, triples := bundled(t, 0)
	own := newKey(t, "own")
	db := openWith(t, dir, ringOf(own))
	importText(t, db, families(300, 7), "tsv")
	trainSmall(t, db, TrainRequest{Name: "m", Options: train.Options{Seed: 5, Epochs: 3, Dim: 40}})
	report, err := db.WatermarkEmbed(ctx, WatermarkRequest{Key: own, Sizing: watermark.Sizing{Cosine: 0.99}})
	if err != nil {
		t.Fatal(err)
	}
	own.Record(report.Entry)
	before := triplesIn(t, db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	importAndKill(t, dir, path, "checked")
	db = openWith(t, dir, ringOf(own))
	if e := detectIn(t, db, own); e.Owner != "own" || triplesIn(t, db) != before {
		t.Errorf("the former model after a crash before the commit: %+v", e)
	}
	if err := errors.Join(db.RemoveHook(ctx, "kill"), db.Close()); err != nil {
		t.Fatal(err)
	}
	importAndKill(t, dir, path, "committed")
	db = openWith(t, dir, ringOf(own))
	if e := detectIn(t, db, key); e.Owner != "acme" || e.Results[watermark.T1].Z < 8 || triplesIn(t, db) < triples {
		t.Errorf("%+v", e)
	}
	if m, err := db.Model("m"); err != nil || m.Dim != 32 || len(newFiles(t, dir)) != 0 {
		t.Errorf("%+v %v", m, err)
	}
}

// What goes wrong before the commit leaves nothing, and what goes wrong after it is said, and made good by the next opening.
func TestBundleImportFails(t *testing.T) {
	ctx := context.Background()
	path, key, triples := bundled(t, 0)
	nothing := func(db *DB, version any) {
		t.Helper()
		if n := triplesIn(t, db); n != 0 || len(db.models.all()) != 0 || len(newFiles(t, db.dir)) != 0 || db.Version() != version {
			t.Errorf("%d triples, %d models, version %d", n, len(db.models.all()), db.Version())
		}
	}
	dir := t.TempDir()
	db := openDir(t, dir)
	version := db.Version()
	if err := os.WriteFile(db.modelsDir, nil, 0o600); err != nil { // there is no room for a model
		t.Fatal(err)
	}
	if _, err := db.ImportBundle(ctx, BundleImportRequest{Path: path}); err == nil {
		t.Error("a model was saved nowhere")
	}
	nothing(db, version)
	if err := os.Remove(db.modelsDir); err != nil {
		t.Fatal(err)
	}
	addHook(t, db, hook.Definition{Name: "no", When: hook.Before, Action: "reject"})
	version = db.Version()
	if _, err := db.ImportBundle(ctx, BundleImportRequest{Path: path}); !errors.Is(err, ErrRejected) {
		t.Errorf("a hook rejects it: %v", err)
	}
	nothing(db, version)
	if err := db.RemoveHook(ctx, "no"); err != nil {
		t.Fatal(err)
	}
	inTheWay := filepath.Join(db.modelPath("m"), "file")
	if err := errors.Join(os.Mkdir(db.modelPath("m"), 0o700), os.WriteFile(inTheWay, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	out, err := db.ImportBundle(ctx, BundleImportRequest{Path: path})
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("model m are committed as version %d", out.Triples.Version)) || triplesIn(t, db) != triples {
		t.Errorf("a folder in the model's place: %v", err)
	}
	if err := errors.Join(db.Close(), os.RemoveAll(db.modelPath("m"))); err != nil {
		t.Fatal(err)
	}
	wholeBundle(t, openDir(t, dir), key, triples)

	if err := os.WriteFile(filepath.Join(path, bundle.TriplesFile), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	empty := openDir(t, t.TempDir())
	if _, err := empty.ImportBundle(ctx, BundleImportRequest{Path: path}); !errors.Is(err, ErrBadInput) || !strings.Contains(err.Error(), "nothing is imported") {
		t.Errorf("a model of no triple: %v", err)
	}
	if slices.Contains([]bool{empty.Version() == 0, triplesIn(t, empty) == 0, len(newFiles(t, empty.dir)) == 0}, false) {
		t.Errorf("version %d", empty.Version())
	}
}
