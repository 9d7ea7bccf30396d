package figure

import (
	"bytes"
	"context"
	"errors"
	"github.com/inklingdb/inkling/engine/train"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/engine/plot"
	"github.com/inklingdb/inkling/internal/demo"
)

// trained returns the demo's graph with two small models.
func trained(t *testing.T) *engine.DB {
	t.Helper()
	ctx := context.Background()
	db, err := engine.Open("", engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := db.Import(ctx, engine.ImportRequest{Reader: bytes.NewReader(demo.Graph), Name: "graph.tsv.gz"}); err != nil {
		t.Fatal(err)
	}
	for _, family := range []string{"complex", "distmult"} {
		if _, err := db.Train(ctx, engine.TrainRequest{Options: train.Options{Family: family, Dim: 8, Epochs: 2}}); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

func TestEveryKindIsDrawn(t *testing.T) {
	db, ctx := trained(t), context.Background()
	for _, kind := range Kinds() {
		d, err := Make(ctx, db, Request{Kind: kind, Entities: 200})
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		var b bytes.Buffer
		if err := plot.Write(&b, d, plot.Options{Format: "svg"}); err != nil || !strings.Contains(b.String(), "complex") {
			t.Errorf("%s: %v, %d bytes", kind, err, b.Len())
		}
	}
	both, err := Make(ctx, db, Request{Kind: "curves", Models: []string{"complex", "distmult"}, ByTime: true})
	if c, ok := both.(*plot.Curves); err != nil || !ok || len(c.Curves) != 2 || len(c.Curves[1].Points) != 2 {
		t.Errorf("two models: %v %v", both, err)
	}
	file := filepath.Join(t.TempDir(), "test.tsv")
	if err := os.WriteFile(file, []byte("Karl_Popper\tinfluenced_by\tLudwig_Wittgenstein\nnobody\tspeaks\tEnglish\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := Make(ctx, db, Request{Kind: "relations", Test: []string{file}})
	r, ok := d.(*plot.Relations)
	if err != nil || !ok || r.All.Triples != 1 || len(r.Rows) != 1 || r.Rows[0].Name != "influenced_by" || !strings.Contains(r.Source, "without 1 that") {
		t.Errorf("a file: %+v %v", d, err)
	}
}

// The commonest types have colours of their own, and each group its best connected entities named.
func TestEntitiesAreGroupedAndNamed(t *testing.T) {
	d, err := Make(context.Background(), trained(t), Request{Kind: "entities", Method: "pca", TypeRelation: "occupation"})
	if err != nil {
		t.Fatal(err)
	}
	e := d.(*plot.Entities)
	if len(e.Groups) != plot.MaxGroups || e.Others == 0 || e.Heading != "type, by occupation" || len(e.Points) != len(e.Group) {
		t.Errorf("groups %v and %d others, %q", e.Groups, e.Others, e.Heading)
	}
	counts := map[int]int{}
	for _, g := range e.Group {
		counts[g]++
	}
	for i := 1; i < len(e.Groups); i++ {
		if counts[i] > counts[i-1] {
			t.Errorf("%s has %d, %s before it %d", e.Groups[i], counts[i], e.Groups[i-1], counts[i-1])
		}
	}
	if counts[plot.None] == 0 || counts[plot.Other] == 0 || len(e.Names) < plot.MaxGroups {
		t.Errorf("counts %v, %d names", counts, len(e.Names))
	}
	named := map[int]bool{}
	for _, n := range e.Names[:plot.MaxGroups] {
		named[e.Group[n.Point]] = true
	}
	if len(named) != plot.MaxGroups {
		t.Errorf("the first names are of %d groups", len(named))
	}
}

func TestWrongRequests(t *testing.T) {
	db, ctx := trained(t), context.Background()
	for name, r := range map[string]Request{
		"kind": {Kind: "pie"}, "two models": {Kind: "ranks", Models: []string{"complex", "distmult"}}, "limit": {Kind: "ranks", Limit: -1},
		"method": {Kind: "entities", Method: "umap"}, "file": {Kind: "ranks", Test: []string{"nosuch.tsv"}},
	} {
		if _, err := Make(ctx, db, r); !errors.Is(err, engine.ErrBadInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, kind := range Kinds() {
		if _, err := Make(ctx, db, Request{Kind: kind, Models: []string{"nosuch"}}); !errors.Is(err, engine.ErrUnknownModel) {
			t.Errorf("%s of no model: %v", kind, err)
		}
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := Make(cancelled, db, Request{Kind: "entities"}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// A model of fewer entities than t-SNE needs is laid out by PCA, and the plot says so.
func TestFewEntities(t *testing.T) {
	ctx := context.Background()
	db, err := engine.Open("", engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := db.Import(ctx, engine.ImportRequest{Reader: strings.NewReader("a\tr\tb\nb\tr\tc\n"), Format: "tsv"}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Train(ctx, engine.TrainRequest{Options: train.Options{Dim: 2, Epochs: 2}}); err != nil {
		t.Fatal(err)
	}
	d, err := Make(ctx, db, Request{Kind: "entities"})
	if err != nil {
		t.Fatal(err)
	}
	e := d.(*plot.Entities)
	if len(e.Points) != 3 || !strings.Contains(e.Below, "since t-SNE needs at least 5") {
		t.Errorf("%d points, %q", len(e.Points), e.Below)
	}
	if err := plot.Write(io.Discard, d, plot.Options{}); err != nil {
		t.Error(err)
	}
	if !slices.Contains(Methods, "pca") {
		t.Error("pca is no method")
	}
}
