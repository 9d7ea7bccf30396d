package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/inklingdb/inkling/engine/hook"
)

// TestSupersedeKeepsWhatAnImportBrings imports in bulk two tails for one head, and a tail that came after the fact that
// a late hook is about: none is newer than the other or an older one, so all stay.
func TestSupersedeKeepsWhatAnImportBrings(t *testing.T) {
	dir := t.TempDir()
	db := openDir(t, dir)
	ctx := context.Background()
	mustUpdate(t, db, "INSERT DATA { :p1 :lives_in :old }")
	addHook(t, db, hook.Definition{Name: "move", Action: "edit", Relations: []string{"lives_in"}})
	// A hook of another name holds nothing up; this one is stopped, as one that lags would be.
	db.stopHook("move")
	mustUpdate(t, db, "INSERT DATA { :p2 :lives_in :first }")
	var big strings.Builder
	for i := range 60_000 {
		fmt.Fprintf(&big, "n%d\tknows\tm%d\n", i, i)
	}
	big.WriteString("p0\tlives_in\tx\np0\tlives_in\ty\np1\tlives_in\tnew\np2\tlives_in\tsecond\n")
	if report := importText(t, db, big.String(), "tsv"); report.Added < 50_000 {
		t.Fatal(report)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = openDir(t, dir)
	if err := db.WaitHooks(ctx); err != nil {
		t.Fatal(err)
	}
	for q, want := range map[string][]string{
		"SELECT ?c { :p0 :lives_in ?c }": {"x", "y"},
		"SELECT ?c { :p1 :lives_in ?c }": {"new"},
		"SELECT ?c { :p2 :lives_in ?c }": {"second"},
	} {
		got := ask(t, db, q)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", q, got, want)
		}
	}
}

// TestSupersedeKeepsWhatCameLater lets a hook lag by more than it can undo: a tail that came later is no older one.
func TestSupersedeKeepsWhatCameLater(t *testing.T) {
	old := undoChanges
	undoChanges = 2
	t.Cleanup(func() { undoChanges = old }) // after the database is closed
	dir := t.TempDir()
	db := openDir(t, dir)
	mustUpdate(t, db, "INSERT DATA { :p :lives_in :a }")
	addHook(t, db, hook.Definition{Name: "move", Action: "edit", Relations: []string{"lives_in"}})
	db.stopHook("move") // as one that lags
	mustUpdate(t, db, "INSERT DATA { :p :lives_in :b }")
	for i := range 5 {
		mustUpdate(t, db, fmt.Sprintf("INSERT DATA { :x :y %d }", i))
	}
	mustUpdate(t, db, "INSERT DATA { :p :lives_in :c }")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = openDir(t, dir)
	if err := db.WaitHooks(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, db, "SELECT ?c { :p :lives_in ?c }"); !slices.Equal(got, []string{"c"}) {
		t.Errorf("%v, want c", got)
	}
}
