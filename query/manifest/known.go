package manifest

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// Outcome is what came of one test: Category to count it under, ID its name in the list of known failures.
type Outcome struct {
	Category, ID string
	Err          error
}

// Judge logs passed and failed tests by category and compares them with the list of known failures in a file (one
// ID a line; # begins a comment): a failure that is not listed is an error, and so is a listed test that passes.
func Judge(t *testing.T, outcomes []Outcome, knownFile string) {
	t.Helper()
	known, err := readKnown(knownFile)
	if err != nil {
		t.Fatal(err)
	}
	passed, total := map[string]int{}, map[string]int{}
	for _, o := range outcomes {
		total[o.Category]++
		if o.Err == nil {
			passed[o.Category]++
		}
		switch {
		case o.Err != nil && !known[o.ID]:
			t.Errorf("%s: %v", o.ID, o.Err)
		case o.Err == nil && known[o.ID]:
			t.Errorf("%s passes: take it out of %s", o.ID, knownFile)
		}
		delete(known, o.ID)
	}
	for id := range known {
		t.Errorf("%s lists %s, which is no test", knownFile, id)
	}
	good := 0
	for _, c := range slices.Sorted(maps.Keys(total)) {
		t.Logf("%-40s passed %3d, failed %d", c, passed[c], total[c]-passed[c])
		good += passed[c]
	}
	t.Logf("%-40s passed %3d, failed %d", "all", good, len(outcomes)-good)
}

// readKnown returns the IDs listed in a file.
func readKnown(name string) (map[string]bool, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	defer f.Close()
	known := map[string]bool{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line, _, _ := strings.Cut(lines.Text(), "#")
		if line = strings.TrimSpace(line); line != "" {
			known[line] = true
		}
	}
	return known, lines.Err()
}
