package engine

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/inklingdb/inkling/engine/watermark"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/store/rdf"
)

// oddStatements are statements in two graphs with terms of every kind, spelled in every way, some of them twice.
func oddStatements(t testing.TB, n int) []rdf.Quad {
	t.Helper()
	random := rand.New(rand.NewPCG(7, 7))
	node := func() string {
		i := random.IntN(4000)
		return []string{"<http://example.org/e%d>", "<HTTP://Example.ORG/%%7e%d>", "<http://example.org/~%d>", "<http://example.org:80/Cafe\u0301%d>", "<urn:x:%d>", "_:b%d"}[i%6]
	}
	literals := []string{`"%d"`, `"e\u0301%d"`, `"%d"@EN-gb`, `"%d"^^<` + rdf.XSDInteger + `>`, `"0%d"^^<` + rdf.XSDInteger + `>`, `"%d.50"^^<` + rdf.XSDDecimal + `>`,
		`"true"^^<` + rdf.XSDBoolean + `>`, `"20%02d-01-31"^^<` + rdf.XSDDate + `>`, `"%d"^^<http://example.org/type>`}
	fill := func(format string, most int) string {
		if !strings.Contains(strings.ReplaceAll(format, "%%", ""), "%") {
			return format
		}
		return fmt.Sprintf(format, random.IntN(most))
	}
	var text bytes.Buffer
	for range n {
		object := fill(node(), 4000)
		if random.IntN(3) == 0 {
			object = fill(literals[random.IntN(len(literals))], 90)
		}
		graph := []string{"", "<http://g/>"}[random.IntN(2)]
		fmt.Fprintf(&text, "%s <http://example.org/r%d> %s %s .\n", fill(node(), 4000), random.IntN(9), object, graph)
	}
	r, err := rdf.NewReader(&text, rdf.FormatByName("nq"), rdf.Options{})
	if err != nil {
		t.Fatal(err)
	}
	quads := make([]rdf.Quad, n+1)
	got := 0
	for err == nil && got < n {
		var k int
		k, err = r.Read(quads[got:])
		got += k
	}
	if got != n || err != nil && err != io.EOF {
		t.Fatalf("%d of %d statements: %v", got, n, err)
	}
	return quads[:n]
}

// What a test finds is the same whether it sees terms as they are parsed, by the numbers that an import gives them, with some
// there already, or in the store; and of a file.
func TestMarksAreReadAlikeFromParserAndStore(t *testing.T) {
	ctx := context.Background()
	key := newKey(t, "acme")
	key.Record(watermark.Marked{Graph: watermark.NewUUID(), Gamma: 4})
	quads := oddStatements(t, 30_000)
	db := openWith(t, "", ringOf(key))
	if _, err := db.Apply(ctx, quads[:700], nil, "earlier"); err != nil {
		t.Fatal(err)
	}
	parsed, numbered := inspectionOf(t, db), inspectionOf(t, db)
	parsed.add(quads)
	given := 0
	_, _, err := db.store.Import(ctx, store.ImportOptions{CommitLimit: 100, Numbered: func(some []rdf.Quad, ids []store.Triple) {
		given += len(some)
		numbered.addNumbered(some, ids)
	}}, func(add func([]rdf.Quad) error) error {
		for from := 0; from < len(quads); from += 999 {
			if err := add(quads[from:min(from+999, len(quads))]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || given != len(quads) {
		t.Fatalf("%d of %d with numbers: %v", given, len(quads), err)
	}
	if len(parsed.order) != 2 || len(numbered.order) != 2 {
		t.Fatalf("%d and %d graphs", len(parsed.order), len(numbered.order))
	}
	for i, g := range parsed.order {
		want, other := g.screen.Evidence(1), numbered.order[i]
		if got := other.screen.Evidence(1); !reflect.DeepEqual(got, want) || other.graph != g.graph || other.triples != g.triples || want.RowsUsed < 1000 {
			t.Errorf("graph %q: parsed %+v, by numbers %+v", g.graph, want, got)
		}
		stored, err := db.WatermarkDetect(ctx, WatermarkTest{Keys: []*watermark.Key{key}, Graph: graphTerm(g.graph)})
		if err != nil || stored.Z != want.Z || stored.RowsUsed != want.RowsUsed {
			t.Errorf("graph %q: parsed z %g of %d, stored z %g of %d: %v", g.graph, want.Z, want.RowsUsed, stored.Z, stored.RowsUsed, err)
		}
		var text bytes.Buffer
		graph, file := graphTerm(g.graph), filepath.Join(t.TempDir(), "copy.nt")
		if _, err := db.Export(ctx, &text, ExportRequest{Format: "nt", Graph: &graph}); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		filed, err := DetectWatermark(ctx, WatermarkFiles{Paths: []string{file}, Keys: []*watermark.Key{key}})
		if err != nil || filed.Z != want.Z || filed.RowsUsed != want.RowsUsed {
			t.Errorf("graph %q: parsed z %g of %d, in a file z %g of %d: %v", g.graph, want.Z, want.RowsUsed, filed.Z, filed.RowsUsed, err)
		}
	}
}

func inspectionOf(t testing.TB, db *DB) *inspection {
	t.Helper()
	n, err := db.inspect("x", "nq")
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// An import tests each statement once, be it one commit, one that grows out of it, or in bulk.
func TestImportsOfAllSizesAreTestedWhole(t *testing.T) {
	key := newKey(t, "acme")
	key.Record(watermark.Marked{Graph: watermark.NewUUID(), Gamma: 4})
	for _, n := range []int{0, 1, 4096, 49_999, 50_000, 50_001, 60_000} {
		var text bytes.Buffer
		for i := range n {
			fmt.Fprintf(&text, "e%d\tr\te%d\n", i/3, i)
		}
		db := openWith(t, "", ringOf(key))
		report, err := db.Import(context.Background(), ImportRequest{Reader: &text, Format: "tsv"})
		if err != nil {
			t.Fatal(err)
		}
		got := int64(0)
		for _, v := range report.Verdicts {
			got += v.Triples
		}
		if got != int64(n) {
			t.Errorf("%d of %d statements were tested", got, n)
		}
	}
}

// The table gives each term its own digest however terms meet in it.
func TestDigestTable(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 9))
	table := newDigestTable()
	for range 50_000 {
		// Few of the low bits: terms meet, and some are each other's but for the kind.
		id := store.TermID(1+random.Uint64N(3000)) | store.TermID(random.Uint64N(3))<<24 | store.TermID(1+random.Uint64N(10))<<56
		want := watermark.DigestTerm(rdf.NewString(fmt.Sprint(id)))
		known := table.find(id)
		if known.id != id {
			known = table.put(id, want)
		}
		if known.id != id || known.digest != want || *table.find(id) != *known {
			t.Fatalf("term %x has %v", id, known)
		}
	}
	if len(table.slots) < 4096 {
		t.Errorf("it has %d places for 90,000 terms", len(table.slots))
	}
}
