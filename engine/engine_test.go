package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/engine/tune"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/inklingdb/inkling/store/rdf"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// openDir opens a database that is closed, without error, when the test ends.
func openDir(t testing.TB, dir string) *DB {
	t.Helper()
	db, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return db
}

// families is a graph that a model learns easily: ten countries with five cities, each city in its country, each
// language spoken in one country by people who live in its cities.
func families(people int, seed uint64) string {
	random := rand.New(rand.NewPCG(seed, 0))
	var b strings.Builder
	for c := range 10 {
		for i := range 5 {
			fmt.Fprintf(&b, "city%d_%d\tin\tcountry%d\n", c, i, c)
		}
		fmt.Fprintf(&b, "country%d\tlanguage\tlanguage%d\n", c, c)
	}
	for p := range people {
		c := random.IntN(10)
		fmt.Fprintf(&b, "person%d\tlives_in\tcity%d_%d\n", p, c, random.IntN(5))
		fmt.Fprintf(&b, "person%d\tspeaks\tlanguage%d\n", p, c)
		fmt.Fprintf(&b, "person%d\tcitizen_of\tcountry%d\n", p, c)
	}
	return b.String()
}

func importText(t testing.TB, db *DB, text, format string) ImportReport {
	t.Helper()
	report, err := db.Import(context.Background(), ImportRequest{Reader: strings.NewReader(text), Format: format})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func trainSmall(t testing.TB, db *DB, r TrainRequest) ModelInfo {
	t.Helper()
	if r.Dim == 0 {
		r.Dim = 16
	}
	if r.Epochs == 0 {
		r.Epochs = 30
	}
	info, err := db.Train(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func TestImportIsAllOrNothing(t *testing.T) {
	db := openDir(t, t.TempDir())
	_, err := db.Import(context.Background(), ImportRequest{
		Reader: strings.NewReader("a\tb\tc\nbroken line\n"), Name: "things.tsv"})
	if err == nil || !strings.Contains(err.Error(), "things.tsv:2:") {
		t.Errorf("a broken line must be named: %v", err)
	}
	if stats, err := db.Stats(context.Background()); err != nil || stats.Triples != 0 {
		t.Errorf("after a failed import: %+v %v", stats, err)
	}
	report, err := db.Import(context.Background(), ImportRequest{
		Reader: strings.NewReader("a\tb\tc\nbroken line\na\tb\td\n"), Name: "things.tsv", SkipBad: true})
	if err != nil || report.Added != 2 || report.Skipped != 1 || len(report.Bad) != 1 || report.Bad[0].Line != 2 {
		t.Errorf("skipping: %+v %v", report, err)
	}
	for _, r := range []ImportRequest{{}, {Paths: []string{"nosuch.tsv"}}, {Paths: []string{"what.ever"}},
		{Reader: strings.NewReader(""), Format: "cobol"}, {Reader: strings.NewReader(""), Name: "x.tsv", Base: "not an iri"}} {
		if _, err := db.Import(context.Background(), r); err == nil {
			t.Errorf("%+v must fail", r)
		}
	}
}

func TestImportKeepsBaseAndGraph(t *testing.T) {
	db := openDir(t, "")
	_, err := db.Import(context.Background(), ImportRequest{Reader: strings.NewReader("a b\tr\tc\n"), Format: "tsv",
		Base: "http://example.org/", Graph: rdf.NewIRI("http://example.org/g")})
	if err != nil {
		t.Fatal(err)
	}
	if db.Base() != "http://example.org/" {
		t.Errorf("base %s", db.Base())
	}
	var out bytes.Buffer
	if n, err := db.Export(context.Background(), &out, ExportRequest{}); n != 1 || err != nil {
		t.Errorf("export: %d %v", n, err)
	}
	want := "<http://example.org/a%20b> <http://example.org/r> <http://example.org/c> <http://example.org/g> .\n"
	if out.String() != want {
		t.Errorf("exported %q", out.String())
	}
	if _, err := db.Export(context.Background(), &out, ExportRequest{Format: "rdf"}); !errors.Is(err, ErrBadInput) {
		t.Errorf("RDF/XML cannot be written: %v", err)
	}
}

func TestTrainMeasuresAndKeepsAModel(t *testing.T) {
	dir := t.TempDir()
	db := openDir(t, dir)
	importText(t, db, families(200, 1), "tsv")
	phases := map[string]bool{}
	info := trainSmall(t, db, TrainRequest{Options: train.Options{Seed: 7}, HoldOut: 0.1, Progress: func(p TrainProgress) { phases[p.Phase] = true }})
	if info.HeldOut.MRR < 0.3 || info.HeldOut.Triples == 0 || info.HeldOut.AUC < 0.8 || !info.Default {
		t.Errorf("an easy graph: %+v", info)
	}
	if len(info.Curve) == 0 || info.Curve[len(info.Curve)-1].Loss >= info.Curve[0].Loss {
		t.Errorf("the loss must fall: %+v", info.Curve)
	}
	for _, phase := range []string{"reading", "training", "evaluating", "saving"} {
		if !phases[phase] {
			t.Errorf("no progress of phase %q", phase)
		}
	}
	if _, err := db.Train(context.Background(), TrainRequest{}); !errors.Is(err, ErrModelExists) {
		t.Errorf("a second model of the name: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	again := openDir(t, dir)
	reopened, err := again.Model("")
	if err != nil || reopened.HeldOut != info.HeldOut || reopened.Threshold != info.Threshold {
		t.Errorf("reopened: %+v %v", reopened, err)
	}
	if err := again.DropModel(context.Background(), "complex"); err != nil {
		t.Error(err)
	}
	if _, err := again.Model(""); !errors.Is(err, ErrNoModel) {
		t.Errorf("after dropping the only model: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, modelsDir, "*")); len(left) != 0 {
		t.Errorf("files left: %v", left)
	}
}

func TestTrainRefusesNonsense(t *testing.T) {
	db := openDir(t, "")
	ctx := context.Background()
	if _, err := db.Train(ctx, TrainRequest{}); !errors.Is(err, ErrBadInput) {
		t.Errorf("an empty graph: %v", err)
	}
	importText(t, db, "a\tr\tb\n", "tsv")
	nameless := `INSERT DATA { GRAPH <http://g/> { _:b :r :c } } ; INSERT { GRAPH ?b { :a :r :b . :b :r :c } } WHERE { GRAPH ?g { ?b :r :c } }`
	if _, err := db.Update(ctx, nameless, UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	v, err := db.store.View()
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	var blank rdf.Term
	for _, g := range v.Graphs() {
		if name, err := v.Term(g); err == nil && name.Kind == rdf.Blank {
			blank = name
		}
	}
	for _, r := range []TrainRequest{
		{Options: train.Options{Family: "nosuch"}}, {HoldOut: 0.9}, {Graph: rdf.NewIRI("http://nosuch/")},
		{Graph: blank, Options: train.Options{Epochs: 1, Dim: 4}}, {Options: train.Options{Epochs: -1}},
		{Options: train.Options{Dim: 1 << 50}}, {Options: train.Options{Batch: 1 << 50}}, {Options: train.Options{Batch: -1}},
		{Options: train.Options{Family: "transe", Loss: train.KvsAll}}, {Options: train.Options{Loss: "nosuch"}}, {Preset: "nosuch"},
		{Auto: true, Preset: "wn18rr"}, {Auto: true, Options: train.Options{Family: "nosuch"}}, {Auto: true, Options: train.Options{Budget: -1}},
		{Rungs: []tune.Rung{{Epochs: 1}, {Epochs: 1}}}, {Auto: true, Rungs: []tune.Rung{{Epochs: 1}}},
		{Auto: true}, // two triples: none to hold out and compare by
	} {
		if _, err := db.Train(ctx, r); !errors.Is(err, ErrBadInput) {
			t.Errorf("%+v: %v", r, err)
		}
	}
}

func TestDamagedCheckpointIsReportedNotFatal(t *testing.T) {
	dir := t.TempDir()
	db := openDir(t, dir)
	importText(t, db, families(50, 1), "tsv")
	trainSmall(t, db, TrainRequest{Options: train.Options{Epochs: 2}})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, modelsDir, fileOf("complex"))
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	again := openDir(t, dir)
	if _, err := again.Model("complex"); !errors.Is(err, ErrUnknownModel) && !errors.Is(err, ErrNoModel) {
		t.Errorf("a damaged model must be left out: %v", err)
	}
}

func TestUserFunctions(t *testing.T) {
	dir := t.TempDir()
	db := openDir(t, dir)
	ctx := context.Background()
	for name, body := range map[string]string{"likely": `prob(h, "in", t) > 0.6`, "twice": `x + x`} {
		if err := db.DefineFunction(ctx, name, body); err != nil {
			t.Error(err)
		}
	}
	if err := db.DefineFunction(ctx, "sure", `likely(h, t) && prob(h, "in", t) > 0.9`); err != nil {
		t.Error(err)
	}
	if err := db.DropFunction(ctx, "likely"); err == nil {
		t.Error("a function that another uses must stay")
	}
	for name, body := range map[string]string{"prob": "1", "bad": "1 +", "worse": "nosuch(1)"} {
		if err := db.DefineFunction(ctx, name, body); !errors.Is(err, ErrBadInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	again := openDir(t, dir)
	var users []string
	for _, f := range again.Functions() {
		if f.User {
			users = append(users, f.Signature)
		}
	}
	if len(users) != 3 || users[2] != "sure(h, t)" {
		t.Errorf("after reopening: %v", users)
	}
}
