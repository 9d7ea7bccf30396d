package engine

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/inklingdb/inkling/engine/watermark"
	"github.com/inklingdb/inkling/index/pattern"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// couples are n married pairs, stated both ways, each with three children and their ages.
func couples(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "a%d\tspouse\tb%d\nb%d\tspouse\ta%d\n", i, i, i, i)
		for j := range 3 {
			fmt.Fprintf(&b, "a%d\tchild\tc%d_%d\nc%d_%d\tparent\ta%d\n", i, i, j, i, j, i)
		}
	}
	return b.String()
}

func holding(t *testing.T, db *DB, relation string) []any {
	t.Helper()
	got, err := db.Eval(context.Background(), fmt.Sprintf(`relation_pattern(%q).filter(p, p.holds).map(p, p.pattern)`, relation), nil)
	if err != nil {
		t.Fatal(err)
	}
	return got.([]any)
}

func TestPatternsFollowTheGraph(t *testing.T) {
	ctx := context.Background()
	db := openDir(t, "")
	importText(t, db, couples(15), "tsv")
	if _, err := db.Update(ctx, `INSERT DATA { :a1 :age 40 . :a2 :age 41 }`, UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	for relation, want := range map[string][]any{
		"spouse": {"symmetric", "1-to-1"}, "child": {"inverse", "1-to-N"}, "parent": {"inverse", "N-to-1"}, "age": {},
	} {
		if got := holding(t, db, relation); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", relation, got, want)
		}
	}
	r, err := db.Patterns(ctx, rdf.Term{})
	if err != nil || r.Triples != 15*8 || len(r.Relations) != 3 {
		t.Fatalf("%+v %v", r, err)
	}
	child := r.Relations[0]
	if !strings.HasSuffix(child.Relation, "child") || child.Inverse == nil || !strings.HasSuffix(child.Inverse.Relation, "parent") || child.Inverse.Back != 1 {
		t.Errorf("child: %+v %+v", child, child.Inverse)
	}
	if _, err := db.Update(ctx, `DELETE { ?x :spouse ?y } WHERE { ?x :spouse ?y FILTER(STR(?x) < STR(?y)) }`, UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if got, want := holding(t, db, "spouse"), []any{"1-to-1"}; !reflect.DeepEqual(got, want) {
		t.Errorf("after half of the triples went: %v", got)
	}
	if _, err := db.Patterns(ctx, rdf.NewIRI("http://nowhere")); !errors.Is(err, ErrBadInput) {
		t.Errorf("an unknown graph: %v", err)
	}
}

// TestPatternsInAnUpdate: a transaction's uncommitted triples must not be kept as those of a version.
func TestPatternsInAnUpdate(t *testing.T) {
	db := openDir(t, "")
	importText(t, db, couples(15), "tsv")
	update := `INSERT { :child :about ?p } WHERE { BIND(STR(ink:relation_pattern(:child)) AS ?p) }`
	if _, err := db.Update(context.Background(), update, UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	got := ask(t, db, `SELECT ?p { :child :about ?p FILTER(CONTAINS(?p, "\"of\":[\"parent\"]")) }`)
	if len(got) != 1 || len(db.patterns.byGraph) != 0 {
		t.Errorf("%q, %d kept", got, len(db.patterns.byGraph))
	}
}

func TestPatternsAreSharedAndSurviveACancelledCaller(t *testing.T) {
	db := openDir(t, "")
	importText(t, db, couples(15), "tsv")
	v, err := db.store.View()
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	stopped, stop := context.WithCancel(context.Background())
	stop()
	var cache patternCache
	if _, err := cache.of(stopped, v, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	var wg sync.WaitGroup
	found := make([]*pattern.GraphReport, 8)
	for i := range found {
		wg.Go(func() {
			r, err := cache.of(context.Background(), v, 0)
			if err != nil {
				t.Error(err)
			}
			found[i] = r
		})
	}
	wg.Wait()
	for _, r := range found[1:] {
		if r != found[0] {
			t.Error("one version was analysed twice")
		}
	}
	newer := &patternEntry{changed: v.Changed() + 1, done: make(chan struct{}), report: found[0]}
	cache.byGraph[store.TermID(0)] = newer
	if r, err := cache.of(context.Background(), v, 0); err != nil || r == found[0] || cache.byGraph[0] != newer {
		t.Errorf("an old view must neither see nor replace a newer analysis: %v", err)
	}
}

// TestPatternsAreKeptOverMetadata: a commit without triples, such as that of a mark's record, does not make the analysis
// again; any that changes one does, whatever the way, and nobody sees what a commit under way would leave.
func TestPatternsAreKeptOverMetadata(t *testing.T) {
	ctx := context.Background()
	key := newKey(t, "acme")
	db := openWith(t, "", ringOf(key))
	importText(t, db, couples(5500), "tsv")
	report := func() *pattern.GraphReport {
		t.Helper()
		v, err := db.store.View()
		if err != nil {
			t.Fatal(err)
		}
		defer v.Close()
		r, err := db.patterns.of(ctx, v, 0)
		if err != nil {
			t.Fatal(err)
		}
		fresh, err := pattern.OfGraph(ctx, v, 0, r.Options)
		if err != nil || fresh.Triples != r.Triples || len(fresh.IDs) != len(r.IDs) {
			t.Errorf("%d triples of %d relations, afresh %d of %d: %v", r.Triples, len(r.IDs), fresh.Triples, len(fresh.IDs), err)
		}
		return r
	}
	first := report()
	if _, err := db.WatermarkEmbed(ctx, WatermarkRequest{Key: key, Sizing: watermark.Sizing{Z: 8}}); err != nil {
		t.Fatal(err)
	}
	setPolicy(t, db, `"accept"`)
	if report() != first {
		t.Error("analysed again after commits that changed no triple")
	}
	if p, err := db.Patterns(ctx, rdf.Term{}); err != nil || p.Version != db.Version() {
		t.Errorf("of version %d at %d: %v", p.Version, db.Version(), err)
	}
	last := first
	for what, change := range map[string]func(){
		"inserted": func() { mustUpdate(t, db, `INSERT DATA { :a1 :knows :a2 }`) },
		"deleted":  func() { mustUpdate(t, db, `DELETE WHERE { :a3 :spouse ?x }`) },
		"imported": func() { importText(t, db, couples(5600), "tsv") },
	} {
		change()
		now := report()
		if now == last {
			t.Errorf("%s: the analysis is stale", what)
		}
		last = now
	}
}
