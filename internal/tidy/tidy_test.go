package tidy

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const (
	module       = "github.com/inklingdb/inkling"
	maxFileLines = 500
	// The longest function allowed, and the longest test: a test may spell out a session.
	maxFunctionLines = 60
	maxTestLines     = 100
)

// layers lists the folders in import order: a package may import its own layer's folder and those before it.
var layers = []string{"internal", "store", "index", "query", "udf", "engine", "server", "cmd"}

// below lists the order inside engine: a folder may import those before it, and engine itself comes last.
var below = []string{"engine/model", "engine/nearest", "engine/exchange", "engine/eval", "engine/project", "engine/plot", "engine/train", "engine/factor", "engine/watermark", "engine/watermark/kgmark", "engine/watermark/attack", "engine/watermark/trial", "engine/experiment", "engine/tune", "engine/doubt", "engine/maintain", "engine/hook"}

// celImporters are the only folders that may import cel-go.
var celImporters = []string{"query/expr", "udf"}

type source struct {
	path  string // relative to the module's root, slashes
	lines int
	file  *ast.File
	fset  *token.FileSet
}

// load parses every Go file of the main module.
func load(t *testing.T) []source {
	t.Helper()
	root := filepath.Join("..", "..")
	var sources []source
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skipFolder(root, path, d.Name())
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, text, parser.ParseComments)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		sources = append(sources, source{filepath.ToSlash(name), strings.Count(string(text), "\n"), file, fset})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(sources) < 10 {
		t.Fatalf("only %d Go files found under %s: the walk is wrong", len(sources), root)
	}
	return sources
}

// skipFolder passes over hidden folders, test data and nested modules.
func skipFolder(root, path, name string) error {
	if path == root {
		return nil
	}
	if strings.HasPrefix(name, ".") || name == "testdata" || name == "node_modules" {
		return fs.SkipDir
	}
	if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil {
		return fs.SkipDir
	}
	return nil
}

// rank returns the place of a folder in an order, by the longest entry that holds it, or -1.
func rank(order []string, folder string) int {
	found := -1
	for i, name := range order {
		if (folder == name || strings.HasPrefix(folder, name+"/")) && (found < 0 || len(name) > len(order[found])) {
			found = i
		}
	}
	return found
}

func TestImportsPointLeft(t *testing.T) {
	for _, s := range load(t) {
		folder := filepath.ToSlash(filepath.Dir(s.path))
		for _, spec := range s.file.Imports {
			path := strings.Trim(spec.Path.Value, `"`)
			if strings.HasPrefix(path, "cel.dev/cel-go") && rank(celImporters, folder) < 0 {
				t.Errorf("%s imports %s: only %v may", s.path, path, celImporters)
			}
			target, ours := strings.CutPrefix(path, module+"/")
			if !ours {
				continue
			}
			checkOrder(t, s.path, folder, target)
		}
	}
}

func checkOrder(t *testing.T, file, folder, target string) {
	t.Helper()
	test := strings.HasSuffix(file, "_test.go")
	if from, to := rank(layers, folder), rank(layers, target); to > from && !test {
		t.Errorf("%s imports %s: imports point left in %v", file, target, layers)
	}
	from, to := rank(below, folder), rank(below, target)
	if from >= 0 && (to > from || target == "engine") && !test {
		t.Errorf("%s imports %s: inside engine imports point left in %v", file, target, below)
	}
}

func TestPackagesHaveComments(t *testing.T) {
	documented := map[string]bool{}
	for _, s := range load(t) {
		if strings.HasSuffix(s.path, "_test.go") {
			continue
		}
		folder := filepath.Dir(s.path)
		documented[folder] = documented[folder] || s.file.Doc != nil
	}
	for folder, ok := range documented {
		if !ok {
			t.Errorf("package %s has no comment: say what it is for and what it does not do", folder)
		}
	}
}

func TestExportedNamesHaveComments(t *testing.T) {
	for _, s := range load(t) {
		if strings.HasSuffix(s.path, "_test.go") || s.file.Name.Name == "main" {
			continue
		}
		for _, decl := range s.file.Decls {
			if name := undocumented(decl); name != "" {
				t.Errorf("%s: %s is exported and has no comment", s.fset.Position(decl.Pos()), name)
			}
		}
	}
}

// wellKnown are methods whose meaning the language's own interfaces fix.
var wellKnown = map[string]bool{"String": true, "Error": true, "Unwrap": true, "Len": true, "Less": true, "Swap": true}

// undocumented returns the name of a declaration that is exported and has no comment.
func undocumented(decl ast.Decl) string {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) && !(d.Recv != nil && wellKnown[d.Name.Name]) {
			return d.Name.Name
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			ts, ok := spec.(*ast.TypeSpec)
			if ok && ts.Name.IsExported() && d.Doc == nil && ts.Doc == nil && ts.Comment == nil {
				return ts.Name.Name
			}
		}
	}
	return ""
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	kind := d.Recv.List[0].Type
	if star, ok := kind.(*ast.StarExpr); ok {
		kind = star.X
	}
	name, ok := kind.(*ast.Ident)
	return ok && name.IsExported()
}

func TestSizes(t *testing.T) {
	for _, s := range load(t) {
		if s.lines > maxFileLines && !ast.IsGenerated(s.file) {
			t.Errorf("%s has %d lines: the limit is %d; split it by concern", s.path, s.lines, maxFileLines)
		}
		for _, decl := range s.file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || ast.IsGenerated(s.file) {
				continue
			}
			limit := maxFunctionLines
			if strings.HasSuffix(s.path, "_test.go") {
				limit = maxTestLines
			}
			lines := s.fset.Position(f.End()).Line - s.fset.Position(f.Pos()).Line + 1
			if lines > limit {
				t.Errorf("%s: %s has %d lines: the limit is %d", s.fset.Position(f.Pos()), f.Name.Name, lines, limit)
			}
		}
	}
}

var helperNames = regexp.MustCompile(`(?i)^(utils?|common|base|helpers?|manager|misc|shared)$`)

func TestPackageNamesSayWhatTheyHold(t *testing.T) {
	for _, s := range load(t) {
		if helperNames.MatchString(s.file.Name.Name) {
			t.Errorf("%s: package %s: name it after what it holds", s.path, s.file.Name.Name)
		}
	}
}

func TestNoInit(t *testing.T) {
	for _, s := range load(t) {
		for _, decl := range s.file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s: init function: pass what it sets up", s.fset.Position(f.Pos()))
			}
		}
	}
}

var citation = regexp.MustCompile(`(?:19|20)\d\d`)

// Every scoring model's file names its equation's source: a year and an author in a comment.
func TestModelsCiteTheirSource(t *testing.T) {
	found := 0
	for _, s := range load(t) {
		if filepath.ToSlash(filepath.Dir(s.path)) != "engine/model" || strings.HasSuffix(s.path, "_test.go") || !definesScore(s.file) {
			continue
		}
		found++
		cited := false
		for _, group := range s.file.Comments {
			text := group.Text()
			cited = cited || citation.MatchString(text) && strings.Contains(text, "Score")
		}
		if !cited {
			t.Errorf("%s defines an interaction and cites no source: write `Score = …. Author et al. year, eq. n.`", s.path)
		}
	}
	t.Logf("%d interactions", found)
}

// definesScore reports whether a file defines an interaction: a method Grad beside a method Score.
func definesScore(file *ast.File) bool {
	var score, grad bool
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Recv != nil {
			score = score || f.Name.Name == "Score"
			grad = grad || f.Name.Name == "Grad"
		}
	}
	return score && grad
}
