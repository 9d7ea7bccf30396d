package engine

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/inklingdb/inkling/store/rdf"
)

const crashDir = "INKLING_TEST_CRASH_DIR" // only between this test and the child it starts

// TestCrashChild is the process that TestModelsSurviveKill kills; by itself it does nothing.
func TestCrashChild(t *testing.T) {
	dir := os.Getenv(crashDir)
	if dir == "" {
		t.Skip("runs as a child of TestModelsSurviveKill")
	}
	db, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; ; n++ {
		q := fmt.Sprintf(`INSERT DATA { :newcomer%d :citizen_of :country%d ; :lives_in :city%d_1 }`, n, n%10, n%10)
		if _, err := db.Update(context.Background(), q, UpdateOptions{Wait: n%4 == 0}); err != nil {
			t.Fatal(err)
		}
		fmt.Printf("acknowledged %d\n", n)
	}
}

// TestModelsSurviveKill kills a process that commits while a model follows, and looks at what is left.
func TestModelsSurviveKill(t *testing.T) {
	dir := t.TempDir()
	db := modelled(t, dir)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	last := -1
	for round := range 2 {
		last = max(last, runAndKill(t, dir, 15+10*round))
		after := openDir(t, dir)
		if err := after.Wait(context.Background()); err != nil {
			t.Fatal(err)
		}
		for n := range last + 1 {
			if got := ask(t, after, fmt.Sprintf(`ASK { :newcomer%d :citizen_of :country%d ; :lives_in :city%d_1 }`, n, n%10, n%10)); got[0] != "true" {
				t.Fatalf("round %d: acknowledged commit %d is lost", round, n)
			}
		}
		info, err := after.Model("")
		if err != nil || info.Lag != 0 || info.Stale {
			t.Fatalf("round %d: the model did not resume: %+v %v", round, info, err)
		}
		name := fmt.Sprintf("newcomer%d", last)
		if _, err := after.Eval(context.Background(), `predict_tail(who, "speaks", 1)[0].node`, map[string]any{"who": name}); err != nil {
			t.Errorf("round %d: the model does not know %s: %v", round, name, err)
		}
		if report, err := after.Check(context.Background()); err != nil || len(report.Problems) > 0 {
			t.Errorf("round %d: check: %v %v", round, report.Problems, err)
		}
		if err := after.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// runAndKill starts the child and kills it once it has acknowledged so many commits. It returns the last of them.
func runAndKill(t *testing.T, dir string, commits int) int {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestCrashChild$", "-test.v")
	child.Env = append(os.Environ(), crashDir+"="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	child.Stderr = os.Stderr
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	last, seen := -1, 0
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		n := 0
		if _, err := fmt.Sscanf(strings.TrimSpace(lines.Text()), "acknowledged %d", &n); err != nil {
			continue
		}
		last, seen = n, seen+1
		if seen == commits {
			time.Sleep(3 * time.Millisecond) // into the next commit
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = child.Wait() // killed
	if seen < commits {
		t.Fatalf("the child ended by itself after %d commits", seen)
	}
	return last
}

// TestModelFollowsTheGraph adds a node, corrects it and removes it again.
func TestModelFollowsTheGraph(t *testing.T) {
	dir := t.TempDir()
	db := modelled(t, dir)
	ctx := context.Background()
	language := func(db *DB) string {
		v, err := db.Eval(ctx, `predict_tail("mira", "speaks", 1)[0].node`, nil)
		if err != nil {
			return err.Error()
		}
		return v.(string)
	}
	change := func(text string) {
		t.Helper()
		if _, err := db.Update(ctx, text, UpdateOptions{Wait: true}); err != nil {
			t.Fatal(err)
		}
	}
	if got := language(db); !strings.Contains(got, "unknown entity") {
		t.Errorf("before: %s", got)
	}
	change(`INSERT DATA { :mira :citizen_of :country4 ; :lives_in :city4_2 }`)
	if got := language(db); got != "language4" {
		t.Errorf("after adding her: %s", got)
	}
	change(`DELETE DATA { :mira :citizen_of :country4 ; :lives_in :city4_2 } ; INSERT DATA { :mira :citizen_of :country8 ; :lives_in :city8_2 }`)
	if got := language(db); got != "language8" {
		t.Errorf("after correcting her: %s", got)
	}
	if info, err := db.Model(""); err != nil || info.Maintained == 0 || info.Lag != 0 {
		t.Errorf("card: %+v %v", info, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	again := openDir(t, dir)
	if err := again.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	if got := language(again); got != "language8" {
		t.Errorf("after reopening: %s", got)
	}
}

// TestUnmaintainedModelsStandStill opens a database whose models do not follow.
func TestUnmaintainedModelsStandStill(t *testing.T) {
	dir := t.TempDir()
	db := modelled(t, dir)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	still, err := Open(dir, Options{Unmaintained: true})
	if err != nil {
		t.Fatal(err)
	}
	defer still.Close()
	add := []rdf.Quad{{S: rdf.NewIRI("http://a/"), P: rdf.NewIRI("http://b/"), O: rdf.NewIRI("http://c/")}}
	if _, err := still.Apply(context.Background(), add, nil, "test"); err != nil {
		t.Fatal(err)
	}
	if err := still.Wait(context.Background()); err != nil {
		t.Error(err)
	}
	if info, err := still.Model(""); err != nil || info.Lag == 0 {
		t.Errorf("%+v %v", info, err)
	}
}
