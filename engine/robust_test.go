package engine

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"github.com/inklingdb/inkling/engine/train"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/store"
)

// TestImportsAtOnceKeepBlankNodesApart imports a document while another one is being read.
func TestImportsAtOnceKeepBlankNodesApart(t *testing.T) {
	db := openDir(t, "")
	in, out := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		_, err := db.Import(context.Background(), ImportRequest{Reader: in, Format: "nt"})
		in.CloseWithError(err)
		ended <- err
	}()
	if _, err := io.WriteString(out, "_:b <http://x/p> \"first\" .\n"); err != nil {
		t.Fatal(err)
	}
	importText(t, db, "_:b <http://x/p> \"second\" .\n", "nt")
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	expect(t, db, `SELECT (COUNT(DISTINCT ?b) AS ?n) { ?b <http://x/p> ?o }`, "2")
}

// cancelling is a document whose reading ends the import's context.
type cancelling struct {
	cancel context.CancelFunc
	text   *strings.Reader
}

func (c cancelling) Read(p []byte) (int, error) {
	c.cancel()
	return c.text.Read(p)
}

// TestImportEndsWithItsContext cancels imports while they wait for what the parser reads.
func TestImportEndsWithItsContext(t *testing.T) {
	db := openDir(t, "")
	for range 20 {
		ctx, cancel := context.WithCancel(context.Background())
		_, err := db.Import(ctx, ImportRequest{Reader: cancelling{cancel, strings.NewReader("a\tr\tb\n")}, Format: "tsv"})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("a cancelled import: %v", err)
		}
	}
}

// TestModelIsNoNewerThanTheGraph asks a snapshot for predictions after its model has followed later commits: it must
// not answer with nodes that the snapshot does not know.
func TestModelIsNoNewerThanTheGraph(t *testing.T) {
	db := modelled(t, "")
	ctx := context.Background()
	s, err := db.snapshot()
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	for c := range 10 {
		insert := fmt.Sprintf(`INSERT DATA { :newcity%d :in :country%d }`, c, c)
		if _, err := db.Update(ctx, insert, UpdateOptions{Wait: true}); err != nil {
			t.Fatal(err)
		}
	}
	program, err := db.expressions.Load().Compile(`predict_head("in", "country3", 100, true).map(c, c.node)`, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := program.Eval(ctx, s.run(), nil)
	if err != nil {
		t.Fatalf("predictions of an older snapshot: %v", err)
	}
	if strings.Contains(fmt.Sprint(answer), "newcity") {
		t.Errorf("nodes of a later commit: %v", answer)
	}
	for name, version := range s.versions().Models {
		if version > s.view.Version() {
			t.Errorf("model %s of version %d answers for a graph of version %d", name, version, s.view.Version())
		}
	}
}

// TestReplacingIsCancelledLate cancels a training that is about to replace a model: there must be a maintained model of
// that name afterwards.
func TestReplacingIsCancelledLate(t *testing.T) {
	db := openDir(t, "")
	importText(t, db, families(50, 1), "tsv")
	trainSmall(t, db, TrainRequest{Options: train.Options{Epochs: 2}})
	ctx, cancel := context.WithCancel(context.Background())
	_, err := db.Train(ctx, TrainRequest{Options: train.Options{Epochs: 2, Dim: 8}, Replace: true, Progress: func(p TrainProgress) {
		if p.Phase == "saving" {
			cancel()
		}
	}})
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if _, err := db.Update(context.Background(), `INSERT DATA { :newcity :in :country3 }`, UpdateOptions{Wait: true}); err != nil {
		t.Fatal(err)
	}
	if info, err := db.Model(""); err != nil || info.Lag != 0 {
		t.Errorf("the model no longer follows: %+v %v", info, err)
	}
}

// TestDroppedModelStaysDropped drops a model while it is being made the default.
func TestDroppedModelStaysDropped(t *testing.T) {
	db := openDir(t, "")
	importText(t, db, families(20, 1), "tsv")
	trainSmall(t, db, TrainRequest{Options: train.Options{Epochs: 1}})
	ctx := context.Background()
	ended := make(chan error, 2)
	_, err := db.store.Update(ctx, "test", func(*store.Tx) error { // writers wait for this one
		go func() { ended <- db.SetDefaultModel(ctx, "complex") }()
		time.Sleep(20 * time.Millisecond)
		go func() { ended <- db.DropModel(ctx, "complex") }()
		time.Sleep(20 * time.Millisecond)
		return nil
	})
	if err := errors.Join(err, <-ended, <-ended); err != nil && !errors.Is(err, ErrUnknownModel) {
		t.Fatal(err)
	}
	if info, err := db.Model("complex"); err == nil {
		t.Errorf("the dropped model answers: %+v", info)
	}
}

func TestTrainRefusesNamesNoFileCanHave(t *testing.T) {
	db := openDir(t, "")
	importText(t, db, families(20, 1), "tsv")
	for _, name := range []string{strings.Repeat("x", 300), strings.Repeat("模", 60)} {
		if _, err := db.Train(context.Background(), TrainRequest{Options: train.Options{Epochs: 1, Dim: 4}, Name: name}); !errors.Is(err, ErrBadInput) {
			t.Errorf("a name of %d bytes: %v", len(name), err)
		}
	}
}

// TestStatedSplitsStayApart names a test file whose triples the graph holds: none of them may train, stop the training
// or calibrate.
func TestStatedSplitsStayApart(t *testing.T) {
	db := openDir(t, "")
	text := families(100, 1)
	importText(t, db, text, "tsv")
	var lines []string
	for i, line := range strings.SplitAfter(text, "\n") {
		if i%3 == 0 {
			lines = append(lines, line)
		}
	}
	path := filepath.Join(t.TempDir(), "stated.tsv")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "")), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]TrainRequest{"test": {Test: []string{path}}, "valid": {Valid: []string{path}}} {
		j := trainJob{db: db, request: r}
		if _, err := j.read(context.Background()); err != nil {
			t.Fatal(err)
		}
		part := map[model.Triple]string{}
		for which, triples := range map[string][]model.Triple{"train": j.data.Train, "valid": j.data.Valid, "test": j.data.Test} {
			for _, triple := range triples {
				if other := part[triple]; other != "" && other != which {
					t.Fatalf("%s file: %v is in %s and in %s", name, triple, other, which)
				}
				part[triple] = which
			}
		}
		if len(j.data.Train) == 0 || len(j.data.Valid) == 0 || len(j.data.Test) == 0 {
			t.Errorf("%s file: %d, %d and %d triples", name, len(j.data.Train), len(j.data.Valid), len(j.data.Test))
		}
	}
}

// TestUpdateThatWaitsTooLong gives an update less time than another one holds the writer.
func TestUpdateThatWaitsTooLong(t *testing.T) {
	db := openDir(t, "")
	ended := make(chan error, 1)
	_, err := db.store.Update(context.Background(), "test", func(*store.Tx) error {
		go func() {
			_, err := db.Update(context.Background(), `INSERT DATA { :a :b :c }`, UpdateOptions{Limits: Limits{Time: time.Millisecond}})
			ended <- err
		}()
		time.Sleep(50 * time.Millisecond)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, ErrLimit) {
		t.Errorf("an update out of time: %v", err)
	}
}

// TestBackupLeavesASuccessorAlone archives a model that was replaced after the backup had listed it: its checkpoint's
// file belongs to its successor.
func TestBackupLeavesASuccessorAlone(t *testing.T) {
	dir := t.TempDir()
	db := openDir(t, dir)
	importText(t, db, families(20, 1), "tsv")
	trainSmall(t, db, TrainRequest{Options: train.Options{Epochs: 1, Dim: 16}})
	listed := db.models.all()
	trainSmall(t, db, TrainRequest{Options: train.Options{Epochs: 1, Dim: 8}, Replace: true})
	var out bytes.Buffer
	archive := tar.NewWriter(&out)
	if err := db.archiveModel(archive, listed[0]); err != nil {
		t.Error(err)
	}
	if e, err := model.Load(db.modelPath("complex")); err != nil || e.Dim != 8 {
		t.Errorf("the successor's checkpoint: %+v %v", e, err)
	}
	if err := db.DropModel(context.Background(), "complex"); err != nil {
		t.Fatal(err)
	}
	if err := db.archiveModel(archive, listed[0]); err != nil {
		t.Errorf("a model dropped meanwhile: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, modelsDir, "*")); len(left) != 0 {
		t.Errorf("files of a dropped model: %v", left)
	}
}

// TestOpeningRemovesHalfWrittenCheckpoints opens a database that was killed while it saved a model.
func TestOpeningRemovesHalfWrittenCheckpoints(t *testing.T) {
	dir := t.TempDir()
	db := openDir(t, dir)
	importText(t, db, families(20, 1), "tsv")
	trainSmall(t, db, TrainRequest{Options: train.Options{Epochs: 1}})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	whole, _ := filepath.Glob(filepath.Join(dir, modelsDir, "*"))
	for _, name := range []string{"complex.inkmodel.tmp123", "complex.inkmodel.journal.tmp456"} {
		if err := os.WriteFile(filepath.Join(dir, modelsDir, name), []byte("half"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	again := openDir(t, dir)
	if left, _ := filepath.Glob(filepath.Join(dir, modelsDir, "*")); len(left) != len(whole) {
		t.Errorf("files: %v, before: %v", left, whole)
	}
	if _, err := again.Model("complex"); err != nil {
		t.Error(err)
	}
}
