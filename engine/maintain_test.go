package engine

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/inklingdb/inkling/engine/train"
)

const (
	catchUpDir  = "INKLING_TEST_CATCH_UP_DIR" // only between this test and the child it starts
	catchUpKill = "INKLING_TEST_CATCH_UP_KILL"
)

// TestCatchUpChild follows what the database has until it is killed; by itself it does nothing.
func TestCatchUpChild(t *testing.T) {
	dir := os.Getenv(catchUpDir)
	if dir == "" {
		t.Skip("runs as a child of TestMaintenanceSurvivesKill")
	}
	after, err := strconv.Atoi(os.Getenv(catchUpKill))
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		time.Sleep(time.Duration(after) * time.Microsecond)
		self, _ := os.FindProcess(os.Getpid())
		_ = self.Kill()
	}()
	db, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Wait(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// TestMaintenanceSurvivesKill kills a process at random moments while its model follows a backlog, and compares the model
// that comes of it with one that was never interrupted, byte by byte: one family of each kind.
func TestMaintenanceSurvivesKill(t *testing.T) {
	for _, family := range []string{"complex", "transe-l1", "transr", "quadratic-reg", "linear-reg", "nn-rescal"} {
		t.Run(family, func(t *testing.T) {
			t.Parallel()
			dir := backlog(t, family)
			whole := copyDir(t, dir)
			want, took := followed(t, whole)
			random := rand.New(rand.NewPCG(1, uint64(len(family))))
			for range 4 {
				child := exec.Command(os.Args[0], "-test.run=^TestCatchUpChild$")
				kill := random.Int64N(2 * int64(took/time.Microsecond))
				child.Env = append(os.Environ(), catchUpDir+"="+dir, fmt.Sprint(catchUpKill, "=", kill))
				_ = child.Run() // killed, or done before
			}
			if got, _ := followed(t, dir); !bytes.Equal(got, want) {
				t.Error("the model that was killed on its way is another than the one that was not")
			}
		})
	}
}

// backlog returns a closed database with a model and commits that it has not followed, a large one among them.
func backlog(t *testing.T, family string) string {
	t.Helper()
	dir := t.TempDir()
	db := openDir(t, dir)
	importText(t, db, families(80, 1), "tsv")
	trainSmall(t, db, TrainRequest{Options: train.Options{Family: family, Seed: 3, Epochs: 6, Dim: 8}})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	still, err := Open(dir, Options{Unmaintained: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	for n := range 24 {
		q := fmt.Sprintf(`INSERT DATA { :newcomer%d :citizen_of :country%d ; :lives_in :city%d_1 ; :met%d :person%d }`, n, n%10, n%10, n%3, n)
		if n%5 == 4 {
			q = fmt.Sprintf(`DELETE WHERE { :person%d :lives_in ?x }`, n)
		}
		if n == 12 {
			q = `INSERT { ?a :neighbour ?b } WHERE { ?a :lives_in ?c . ?b :lives_in ?c FILTER(?a != ?b) }`
		}
		if _, err := still.Update(ctx, q, UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := still.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func copyDir(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

// followed opens a database, lets its model catch up, and returns the model's bytes and what that took.
func followed(t *testing.T, dir string) ([]byte, time.Duration) {
	t.Helper()
	start := time.Now()
	db := openDir(t, dir)
	if err := db.Wait(context.Background()); err != nil {
		t.Fatal(err)
	}
	took := time.Since(start)
	var b bytes.Buffer
	e := db.models.all()[0].embedding()
	if info := db.Models()[0]; info.Lag != 0 || info.Maintained == 0 {
		t.Fatalf("the model has not followed: %+v", info)
	}
	if _, err := e.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), took
}

// TestWritesWaitForTheModel bounds the lag and writes faster than the model follows.
func TestWritesWaitForTheModel(t *testing.T) {
	dir := t.TempDir()
	if err := modelled(t, dir).Close(); err != nil {
		t.Fatal(err)
	}
	const most = 3
	db, err := Open(dir, Options{MaxLag: most})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx := context.Background()
	first := db.Version()
	for n := range 30 {
		if _, err := db.Update(ctx, fmt.Sprintf(`INSERT DATA { :newcomer%d :citizen_of :country%d }`, n, n%10), UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
		if info, err := db.Model(""); err != nil || info.Lag > most {
			t.Fatalf("after %d writes the model is %d commits behind, %v", n+1, info.Lag, err)
		}
	}
	if got := db.Version(); got != first+30 {
		t.Errorf("version %d after 30 commits on %d", got, first)
	}
}
