package train

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzFolds feeds the readers of facts: what they take has rows in the vocabulary, and errors name the line.
func FuzzFolds(f *testing.F) {
	for _, text := range []string{"0\ta\tr\tb\t1\n0\ta\tr\tc\t0\n1\ta\tr\tb\t-1\n", "a\tr\tb\t1\n", "0\ta\tr\tb\tmaybe\n", "7\ta\tr\tb\t1", "\n\n\t\t\t\t\n", "\x00\xff"} {
		f.Add(text)
	}
	folder := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(folder, "x")
		if err := os.WriteFile(path+".tsv", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		n := NewNames()
		folds, err := n.Folds(path)
		facts, factsErr := n.Facts(path)
		for _, e := range []error{err, factsErr} {
			if e != nil && !strings.Contains(e.Error(), "x.tsv line ") {
				t.Fatalf("no line is named: %v", e)
			}
		}
		v, err := n.Vocabulary()
		if err != nil {
			t.Fatal(err)
		}
		for _, fold := range append(folds, facts) {
			for _, x := range fold {
				if int(x.H) >= v.Entities() || int(x.T) >= v.Entities() || int(x.R) >= len(n.RelationNames()) {
					t.Fatalf("%v is outside the names", x)
				}
			}
		}
	})
}
