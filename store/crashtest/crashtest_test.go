package crashtest

import (
	"context"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	if Child() {
		return
	}
	os.Exit(m.Run())
}

// TestKill kills a writing process a few times; `inkling bench crash` does it for longer.
func TestKill(t *testing.T) {
	report, err := Run(context.Background(), Options{Dir: t.TempDir(), Rounds: 8, Seed: 1, Log: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(report)
	if report.Lost != 0 || report.Torn != 0 {
		t.Fatalf("lost %d, torn %d", report.Lost, report.Torn)
	}
	if report.Acknowledged == 0 || report.Imports == 0 {
		t.Fatalf("nothing was tested: %v", report)
	}
}
