package hookcrash

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

func TestMain(m *testing.M) {
	if Child() {
		return
	}
	os.Exit(m.Run())
}

// TestHooksSurviveKill kills a writing process a few times; `inkling bench hooks --crashes` does it for longer.
func TestHooksSurviveKill(t *testing.T) {
	r, err := Run(context.Background(), Options{Dir: filepath.Join(t.TempDir(), "db"), Rounds: 5, Seed: 3, Log: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(r)
	if r.Bad() || r.Acknowledged == 0 {
		t.Error(r)
	}
}
