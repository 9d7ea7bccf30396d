package exchange

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// named is a row of a text.
type named struct {
	name string
	row  []float32
}

func readVectors(text string) (rows []named, err error) {
	v := NewVectorReader(strings.NewReader(text), "x.vec")
	for {
		name, row, err := v.Next()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		rows = append(rows, named{name, slices.Clone(row)})
	}
}

func TestVectors(t *testing.T) {
	for text, want := range map[string][]named{
		"":                                     nil,
		"2 2\na 1 2\nb 3 4\n":                  {{"a", []float32{1, 2}}, {"b", []float32{3, 4}}},
		"a 1 2\nb 3 4":                         {{"a", []float32{1, 2}}, {"b", []float32{3, 4}}},
		"a\t1\t2\r\nb c\t3\t4\r\n":             {{"a", []float32{1, 2}}, {"b c", []float32{3, 4}}},
		"1 2\nNew York 1 2 \n":                 {{"New York", []float32{1, 2}}}, // trailing spaces as word2vec writes them
		"1 2\n1984 1985 1986\n":                {{"1984", []float32{1985, 1986}}},
		"x 1e-3 -2.5E+1\n\"y\" z 0 +1\n":       {{"x", []float32{1e-3, -25}}, {"\"y\" z", []float32{0, 1}}},
		"\n3 1\n\na 1\n b 2\nc\td   3\n":       {{"a", []float32{1}}, {"b", []float32{2}}, {"c\td", []float32{3}}},
		"1 1\n<http://example.org/a%20b> 1e-9": {{"<http://example.org/a%20b>", []float32{1e-9}}},
	} {
		rows, err := readVectors(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if !slices.EqualFunc(rows, want, func(a, b named) bool { return a.name == b.name && slices.Equal(a.row, b.row) }) {
			t.Errorf("%q: %v, want %v", text, rows, want)
		}
	}
}

func TestBrokenVectors(t *testing.T) {
	for text, want := range map[string]string{
		"3 2\na 1 2\n":         "line 2: the file ends after 1 rows",
		"1 2\na 1 2\nb 1 2\n":  "line 3: the first line states 1 rows",
		"1 2\na 1\n":           "line 2: expected a name and 2 numbers",
		"a 1 2\nb 1\n":         "line 2: expected a name and 2 numbers",
		"1 2\na 1 x\n":         `number 2 of 2 is "x"`,
		"1 1\na nan\n":         "not a finite",
		"1 1\na 1e39\n":        "not a finite",
		"lonely\n":             "line 1: expected a name",
		"1 2147483647\na 1 2 ": "line 2: expected a name and 2147483647 numbers",
		" 1 2 3\n a":           "line 1",
	} {
		_, err := readVectors(text)
		var place *Error
		if !errors.As(err, &place) || !strings.Contains(err.Error(), want) || place.File != "x.vec" {
			t.Errorf("%q: %v, want …%s…", text, err, want)
		}
	}
	if _, err := readVectors(strings.Repeat("a", vectorLineMost+1)); err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("an endless line: %.100v", err)
	}
}

// Every finite float32 reads back bit for bit.
func TestVectorsKeepEveryBit(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	values := []float32{0, float32(math.Copysign(0, -1)), math.MaxFloat32, math.SmallestNonzeroFloat32, 1.0 / 3}
	for len(values) < 6000 {
		if v := math.Float32frombits(random.Uint32()); v-v == 0 {
			values = append(values, v)
		}
	}
	names := make([]string, len(values)/6)
	for i := range names {
		names[i] = "n" + strings.Repeat("x", i%5)
	}
	var b bytes.Buffer
	if err := WriteVectors(&b, names, 6, values); err != nil {
		t.Fatal(err)
	}
	rows, err := readVectors(b.String())
	if err != nil || len(rows) != len(names) {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for i, r := range rows {
		for j, v := range r.row {
			if math.Float32bits(v) != math.Float32bits(values[6*i+j]) || r.name != names[i] {
				t.Fatalf("row %d: %s %v, want %s %v", i, r.name, v, names[i], values[6*i+j])
			}
		}
	}
	for _, name := range []string{"", "a b", "a\tb", "a\nb", `"a"`} {
		if err := WriteVectors(io.Discard, []string{name}, 1, []float32{1}); err == nil {
			t.Errorf("the name %q must be refused", name)
		}
	}
}

func TestNames(t *testing.T) {
	for text, want := range map[string][]string{
		"0\ta\n1\tb\n":                   {"a", "b"},
		"a\t0\nb\t1\n":                   {"a", "b"},
		"1\tb\r\n0\ta c\r\n":             {"a c", "b"},
		"id\tlabel\n1\tb\n0\ta\n":        {"a", "b"}, // PyKEEN
		"2\nb\t1\na\t0\n":                {"a", "b"}, // OpenKE
		"1\t0\n0\t1\n":                   {"1", "0"}, // both columns are row numbers: the first one it is
		"label\tid\n1\t0\n0\t1\n":        {"1", "0"},
		"name\tid\n7\t0\n9\t1\n":         {"7", "9"},
		"7\t0\n9\t1\n":                   {"7", "9"},
		"\ufeff0\t\"a\"\n\n1\t/m/0b 'c'": {`"a"`, "/m/0b 'c'"},
		"":                               {},
	} {
		got, err := ReadNames(strings.NewReader(text), "n.tsv", 2)
		if err != nil && text != "" || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"0\ta\n1\tb\n2\tc\n": "line 3: more names than the 2 rows",
		"0\ta\n0\tb\n":       "entry 2 has the number",
		"a\t0\nb\t7\n":       `entry 2 has the number "7"`,
		"0\ta\tx\n":          "line 1: expected a row's number",
		"0\t\n1\tb\n":        "empty name",
		"a\nb\n":             "line 1: expected",
	} {
		_, err := ReadNames(strings.NewReader(text), "n.tsv", 2)
		var place *Error
		if !errors.As(err, &place) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want …%s…", text, err, want)
		}
	}
	if err := WriteNames(io.Discard, []string{"a\tb"}); err == nil {
		t.Error("a tab in a name must be refused")
	}
}

func TestOpenTextUnpacks(t *testing.T) {
	for name, want := range map[string]string{"plain": "0\ta\n", "packed.gz": "0\ta\n", "empty": ""} {
		path := filepath.Join(t.TempDir(), name)
		data := []byte(want)
		if strings.HasSuffix(name, ".gz") {
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			if _, err := z.Write(data); err != nil || z.Close() != nil {
				t.Fatal(err)
			}
			data = b.Bytes()
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		r, err := OpenText(path)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || string(got) != want || r.Close() != nil {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
}
