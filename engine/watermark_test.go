package engine

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/engine/watermark"
	"github.com/inklingdb/inkling/store/rdf"
)

// ringOf returns Options with a ring of keys.
func ringOf(keys ...*watermark.Key) Options {
	return Options{Keys: func() (*watermark.Ring, error) { return &watermark.Ring{Keys: keys}, nil }}
}

func newKey(t testing.TB, name string) *watermark.Key {
	t.Helper()
	k, err := watermark.NewKey(name)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// markedWorld returns a database of 500 nodes with a model of 64 numbers each.
func markedWorld(t testing.TB, dir string, o Options) *DB {
	t.Helper()
	db := openWith(t, dir, o)
	importText(t, db, families(440, 1), "tsv")
	trainSmall(t, db, TrainRequest{Name: "m", Options: train.Options{Seed: 3, Epochs: 30, Dim: 32}})
	return db
}

func openWith(t testing.TB, dir string, o Options) *DB {
	t.Helper()
	db, err := Open(dir, o)
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

func detectIn(t testing.TB, db *DB, keys ...*watermark.Key) watermark.Evidence {
	t.Helper()
	e, err := db.WatermarkDetect(context.Background(), WatermarkTest{Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestWatermarkOfAModel(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	key, other := newKey(t, "acme"), newKey(t, "other")
	db := markedWorld(t, dir, ringOf(key, other))
	clean := embeddingOf(t, db, "m")
	if e := detectIn(t, db, key, other); e.Verdict != watermark.NoMark && e.Verdict != watermark.TooSmall {
		t.Errorf("before: %+v", e)
	}
	report, err := db.WatermarkEmbed(ctx, WatermarkRequest{Key: key, Sizing: watermark.Sizing{Cosine: 0.99}})
	if err != nil {
		t.Fatal(err)
	}
	if report.Model != "m" || report.Selection != nil || !strings.Contains(report.Reason, " triples") || strings.Contains(report.Reason, "watermark: ") || len(report.Entry.Channels) != 3 {
		t.Errorf("%+v", report) // 1,380 triples are too few
	}
	if e := detectIn(t, db, key, other); e.Verdict != watermark.Altered || e.Owner != "acme" || e.KeysTested != 2 {
		t.Errorf("marked: %+v", e)
	}
	if e := detectIn(t, db, other); e.Verdict != watermark.NoMark {
		t.Errorf("another key: %+v", e)
	}
	key.Record(report.Entry)
	if e := detectIn(t, db, key); e.Verdict != watermark.Intact || e.KeysTested != 1 {
		t.Errorf("as released: %+v", e)
	}
	info, err := db.Model("m")
	if err != nil || info.Watermark == nil || info.Watermark.KeyID != key.ID || info.Watermark.Frozen != "" {
		t.Errorf("card: %+v %v", info.Watermark, err)
	}
	if err := db.WatermarkRemove(ctx, "m"); err != nil {
		t.Fatal(err)
	}
	back := embeddingOf(t, db, "m")
	for i := range clean.Entities {
		if back.Entities[i] != clean.Entities[i] {
			t.Fatal("the clean rows are not what they were")
		}
	}
	if _, err := os.Stat(db.markedPath("m")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("marked rows are left: %v", err)
	}
}

// Reopened with the key the mark goes on; without it the last marked rows are served, and never the clean ones.
func TestWatermarkWithoutItsKey(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	key := newKey(t, "acme")
	db := markedWorld(t, dir, ringOf(key))
	if _, err := db.WatermarkEmbed(ctx, WatermarkRequest{Key: key, Sizing: watermark.Sizing{Cosine: 0.99}}); err != nil {
		t.Fatal(err)
	}
	change := func(db *DB, who string) {
		t.Helper()
		text := fmt.Sprintf("INSERT DATA { :%s :citizen_of :country4 ; :lives_in :city4_2 }", who)
		if _, err := db.Update(ctx, text, UpdateOptions{Wait: true}); err != nil {
			t.Fatal(err)
		}
	}
	change(db, "mira")
	marked := embeddingOf(t, db, "m")
	if n := marked.Vocabulary.Entities(); n != embeddingBehind(t, db).Vocabulary.Entities() || len(marked.Entities) != n*64 {
		t.Fatalf("%d marked rows", n)
	}
	var backup bytes.Buffer
	if _, err := db.Backup(ctx, &backup); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	lost := openWith(t, dir, Options{})
	change(lost, "nora")
	frozen := embeddingOf(t, lost, "m")
	for i := range marked.Entities {
		if frozen.Entities[i] != marked.Entities[i] {
			t.Fatal("without the key other rows are served")
		}
	}
	info, err := lost.Model("m")
	if err != nil || info.Watermark == nil || !strings.Contains(info.Watermark.Frozen, "acme") || info.Version != marked.Metadata.DataVersion || info.Lag == 0 {
		t.Errorf("card: %+v, version %d, %v", info.Watermark, info.Version, err)
	}
	if e := detectIn(t, lost, key); e.Verdict != watermark.Altered {
		t.Errorf("frozen: %+v", e)
	}
	if err := lost.Close(); err != nil {
		t.Fatal(err)
	}

	again := openWith(t, dir, ringOf(key))
	if err := again.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	if n := embeddingOf(t, again, "m").Vocabulary.Entities(); n != marked.Vocabulary.Entities()+1 {
		t.Errorf("with the key again: %d entities", n)
	}
	restored := filepath.Join(t.TempDir(), "r")
	if err := Restore(ctx, restored, &backup); err != nil {
		t.Fatal(err)
	}
	copied := openWith(t, restored, Options{})
	if e := detectIn(t, copied, key); e.Verdict != watermark.Altered {
		t.Errorf("restored without the key: %+v", e)
	}
	if err := copied.DropModel(ctx, "m"); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(restored, "models", "*")); len(left) != 0 {
		t.Errorf("dropping left %v", left)
	}
}

// embeddingBehind returns the model m without its mark.
func embeddingBehind(t testing.TB, db *DB) *model.Embedding {
	t.Helper()
	m, err := db.models.find("m")
	if err != nil {
		t.Fatal(err)
	}
	return m.clean()
}

// zOf returns T1's and T2's z of a model's served rows.
func zOf(t testing.TB, db *DB, e *model.Embedding, key *watermark.GraphKey) (t1, t2 float64) {
	t.Helper()
	names, err := db.canonicalNames(e.Vocabulary.EntityIDs())
	if err != nil {
		t.Fatal(err)
	}
	s, err := watermark.NewSuspect(context.Background(), watermark.Table{Names: names, Rows: e.EntityMatrix()}, 2)
	if err != nil {
		t.Fatal(err)
	}
	scores, err := s.Test(context.Background(), []*watermark.GraphKey{key})
	if err != nil {
		t.Fatal(err)
	}
	return scores[0][watermark.T1].Z, scores[0][watermark.T2].Z
}

// commits is how many TestRandomCommitsLeaveTheMark makes.
var commits = flag.Int("watermark.commits", 600, "random commits that a mark must survive; docs/watermark.md has 10,000")

// Random commits leave z where a fresh mark of the same strength would put it, and every served row is its clean
// row with its mark, bit for bit.
func TestRandomCommitsLeaveTheMark(t *testing.T) {
	ctx := context.Background()
	key := newKey(t, "acme")
	o := ringOf(key)
	o.RiskLosingRecentCommits = true
	db := markedWorld(t, "", o)
	report, err := db.WatermarkEmbed(ctx, WatermarkRequest{Key: key, Sizing: watermark.Sizing{Cosine: 0.99}, Triples: TriplesNone})
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	quad := func() rdf.Quad {
		iri := func(format string, args ...any) rdf.Term {
			return rdf.NewIRI(rdf.DefaultBase + fmt.Sprintf(format, args...))
		}
		who, c := iri("person%d", random.IntN(460)), random.IntN(10)
		return [...]rdf.Quad{
			{S: who, P: iri("lives_in"), O: iri("city%d_%d", c, random.IntN(5))},
			{S: who, P: iri("speaks"), O: iri("language%d", c)},
			{S: who, P: iri("citizen_of"), O: iri("country%d", c)},
		}[random.IntN(3)]
	}
	var added []rdf.Quad
	for n := range *commits {
		var add, remove []rdf.Quad
		if len(added) > 300 || len(added) > 0 && random.IntN(2) == 0 {
			at := random.IntN(len(added))
			remove = added[at : at+1 : at+1]
			added = append(added[:at:at], added[at+1:]...)
		} else {
			add = []rdf.Quad{quad()}
			added = append(added, add[0])
		}
		if _, err := db.Apply(ctx, add, remove, "test"); err != nil {
			t.Fatal(err)
		}
		if n%97 == 0 {
			embeddingOf(t, db, "m") // the layer must follow at any time
		}
	}
	if err := db.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	served, clean := embeddingOf(t, db, "m"), embeddingBehind(t, db)
	if served.Metadata.DataVersion != db.Version() {
		t.Fatalf("version %d of %d", served.Metadata.DataVersion, db.Version())
	}
	m, err := db.models.find("m")
	if err != nil {
		t.Fatal(err)
	}
	graph := key.Graph(report.Graph)
	names, err := db.canonicalNames(clean.Vocabulary.EntityIDs())
	if err != nil {
		t.Fatal(err)
	}
	marker, row := m.marking.record.mark().With(graph), make([]float32, 64)
	for i, name := range names {
		marker.Add(name, clean.Entity(uint32(i)), row)
		for j := range row {
			if row[j] != served.Entity(uint32(i))[j] {
				t.Fatalf("row %d is not its clean row with its mark", i)
			}
		}
	}
	table := watermark.Table{Names: names, Rows: clean.EntityMatrix()}
	rows, err := watermark.Mark{Strengths: m.marking.record.Strengths, Scale: table.Scale()}.Apply(ctx, graph, table, 2)
	if err != nil {
		t.Fatal(err)
	}
	fresh := *clean
	fresh.Entities = rows.Data
	t1, t2 := zOf(t, db, served, graph)
	f1, f2 := zOf(t, db, &fresh, graph)
	n1, n2 := zOf(t, db, clean, graph)
	t.Logf("T1 %.2f, fresh %.2f, unmarked %.2f; T2 %.2f, fresh %.2f, unmarked %.2f; expected %+v", t1, f1, n1, t2, f2, n2, report.Expected)
	if math.Abs(t1-f1) > 1+0.1*f1 || math.Abs(t2-f2) > 1+0.1*f2 || t1 < 8 {
		t.Errorf("T1 %.2f and T2 %.2f, a fresh mark has %.2f and %.2f", t1, t2, f1, f2)
	}
}

// A mark of cosine 0.999 hardly changes how well the model ranks.
func TestWatermarkHardlyChangesRanks(t *testing.T) {
	ctx := context.Background()
	key := newKey(t, "acme")
	db := openWith(t, "", ringOf(key))
	importText(t, db, families(1500, 1), "tsv")
	trainSmall(t, db, TrainRequest{Name: "m", Options: train.Options{Seed: 3, Epochs: 20, Dim: 64}})
	file := filepath.Join(t.TempDir(), "test.tsv")
	lines := strings.SplitAfter(families(1500, 1), "\n")
	if err := os.WriteFile(file, []byte(strings.Join(lines[100:1100], "")), 0o600); err != nil {
		t.Fatal(err)
	}
	measure := func() Metrics {
		t.Helper()
		e, err := db.EvaluateModel(ctx, EvaluateRequest{Model: "m", Test: []string{file}})
		if err != nil {
			t.Fatal(err)
		}
		return e.All
	}
	before := measure()
	report, err := db.WatermarkEmbed(ctx, WatermarkRequest{Key: key, Triples: TriplesNone})
	if err != nil {
		t.Fatal(err)
	}
	after := measure()
	t.Logf("MRR %.4f, %.4f marked; Hits@10 %.4f, %.4f; expected %+v", before.MRR, after.MRR, before.Hits10, after.Hits10, report.Expected)
	if math.Abs(before.MRR-after.MRR) > 0.01 || math.Abs(before.Hits10-after.Hits10) > 0.01 || before.MRR < 0.3 {
		t.Errorf("MRR %.4f became %.4f, Hits@10 %.4f became %.4f", before.MRR, after.MRR, before.Hits10, after.Hits10)
	}
	if e := detectIn(t, db, key); e.Verdict != watermark.Altered || e.Z < 10 {
		t.Errorf("%+v", e)
	}
}

// TestAnUnboundGraphIsNotTheDefaultOne holds that a call whose graph or key has no value marks and tests nothing.
func TestAnUnboundGraphIsNotTheDefaultOne(t *testing.T) {
	k := newKey(t, "acme")
	db := markedWorld(t, "", ringOf(k))
	ctx := context.Background()
	if _, err := db.Update(ctx, `INSERT {} WHERE { OPTIONAL { :nobody :graph ?g } BIND(ink:watermark_embed(?g, "acme") AS ?done) }`, UpdateOptions{}); err != nil {
		t.Errorf("an unbound graph: %v", err)
	}
	if e := detectIn(t, db, k); e.Verdict == watermark.Altered || e.Verdict == watermark.Intact {
		t.Errorf("the default graph is marked: %+v", e)
	}
	expect(t, db, `SELECT ?e { OPTIONAL { :nobody :key ?k } BIND(ink:watermark_detect("", ?k) AS ?e) }`, "<>") // unbound
}

// What is wrong is said once, however many packages it comes through, and is still the error that it was.
func TestWatermarkErrorsSayThingsOnce(t *testing.T) {
	ctx := context.Background()
	key := newKey(t, "acme")
	db := openWith(t, "", ringOf(key))
	importText(t, db, families(40, 1), "tsv")
	trainSmall(t, db, TrainRequest{Name: "m", Options: train.Options{Seed: 3, Epochs: 1, Dim: 16}})
	_, small := db.WatermarkEmbed(ctx, WatermarkRequest{Key: key})
	if !errors.Is(small, watermark.ErrTooSmall) {
		t.Errorf("%v", small)
	}
	_, missing := DetectWatermark(ctx, WatermarkFiles{Paths: []string{filepath.Join(t.TempDir(), "none.nt")}, Keys: []*watermark.Key{key}})
	if !errors.Is(missing, os.ErrNotExist) {
		t.Errorf("%v", missing)
	}
	_, alpha := db.WatermarkDetect(ctx, WatermarkTest{Keys: []*watermark.Key{key}, Alpha: 2})
	_, sizing := db.WatermarkEmbed(ctx, WatermarkRequest{Key: key, Sizing: watermark.Sizing{Z: 2}})
	for err, begin := range map[error]string{
		small:   "engine: watermark: too small to mark: table: ",
		missing: "engine: watermark: open ",
		alpha:   "engine: watermark: a rate of false alarms of 2",
		sizing:  "engine: watermark: bad input: z 2: ",
	} {
		text := err.Error()
		t.Log(text)
		if !strings.HasPrefix(text, begin) {
			t.Errorf("%q does not begin with %q", text, begin)
		}
		for _, once := range []string{"engine: ", "watermark: ", "too small to mark", "bad input", "no such file"} {
			if strings.Count(text, once) > 1 {
				t.Errorf("%q says %q twice", text, once)
			}
		}
	}
}
