package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/inklingdb/inkling/engine/model"
)

// TestInterchangeListsEveryFamily keeps the rows of docs/interchange.md what the families say of themselves.
func TestInterchangeListsEveryFamily(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "docs", "interchange.md"))
	if err != nil {
		t.Fatal(err)
	}
	escape := func(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
	for _, f := range model.Families {
		line := fmt.Sprintf("| `%s` | %s | %s |\n", f.Name, escape(f.Equation), escape(f.Layout))
		if !strings.Contains(string(text), line) {
			t.Errorf("docs/interchange.md lacks this line of its table:\n%s", line)
		}
	}
}
