package exchange

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A file is either refused or gives a table as large as it says and no larger than the file can hold, which is
// written and read back the same.
func FuzzNPY(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.npy")
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		table, values, err := readNPY("fuzz", data)
		if err != nil {
			return
		}
		if len(values) != table.Rows*table.Width || 2*len(values) > len(data) {
			t.Fatalf("%d numbers for %d rows of %d from %d bytes", len(values), table.Rows, table.Width, len(data))
		}
		var b bytes.Buffer
		if err := WriteNPY(&b, table.Rows, table.Width, values); err != nil {
			t.Fatal(err)
		}
		if _, again, err := readNPY("again", b.Bytes()); err != nil || !slices.Equal(values, again) {
			t.Fatalf("read again: %v", err)
		}
	})
}

func FuzzSafetensors(f *testing.F) {
	var b bytes.Buffer
	if err := WriteSafetensors(&b, []Tensor{{"e", 1, 2, []float32{1, 2}}, {"r", 1, 1, []float32{3}}}, map[string]string{"a": "b"}); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add(tensorsFile(`{"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"I8","shape":[],"data_offsets":[4,5]}}`, make([]byte, 5)))
	f.Fuzz(func(t *testing.T, data []byte) {
		tables, about, err := OpenSafetensors(bytes.NewReader(data), int64(len(data)), "fuzz")
		if err != nil {
			return
		}
		total := 0
		var tensors []Tensor
		for _, table := range tables {
			values, err := table.Read(context.Background())
			if err != nil {
				return
			}
			total += len(values)
			tensors = append(tensors, Tensor{table.Name, table.Rows, table.Width, values})
		}
		if 2*total > len(data) {
			t.Fatalf("%d numbers from %d bytes", total, len(data))
		}
		var out bytes.Buffer
		if err := WriteSafetensors(&out, tensors, about); err != nil {
			t.Fatal(err)
		}
		if again, _, _, err := readTensors("again", out.Bytes()); err != nil || len(again) != len(tables) {
			t.Fatalf("read again: %v", err)
		}
	})
}

func FuzzVectors(f *testing.F) {
	for _, text := range []string{"2 2\na 1 2\nb 3 4\n", "a\t1\t2\n", "x y 1e-3\n", "1 1\n\"q\" -0\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := readVectors(text)
		if err != nil || len(rows) == 0 {
			return
		}
		var names []string
		var values []float32
		for _, r := range rows {
			if !Wordlike(r.name) {
				return
			}
			names, values = append(names, r.name), append(values, r.row...)
		}
		var b bytes.Buffer
		if err := WriteVectors(&b, names, len(rows[0].row), values); err != nil {
			t.Fatal(err)
		}
		again, err := readVectors(b.String())
		if err != nil || !slices.EqualFunc(rows, again, func(x, y named) bool { return x.name == y.name && slices.Equal(x.row, y.row) }) {
			t.Fatalf("wrote %q, read %v, %v", b.String(), again, err)
		}
	})
}

func FuzzNames(f *testing.F) {
	for _, text := range []string{"0\ta\n1\tb\n", "id\tlabel\n1\tb\n0\ta\n", "2\nb\t1\na\t0\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		names, err := ReadNames(strings.NewReader(text), "fuzz", 100)
		if err != nil || slices.ContainsFunc(names, func(n string) bool { return !Tabular(n) }) {
			return
		}
		var b bytes.Buffer
		if err := WriteNames(&b, names); err != nil {
			t.Fatal(err)
		}
		if again, err := ReadNames(&b, "again", 100); len(names) > 0 && (err != nil || !slices.Equal(again, names)) {
			t.Fatalf("%q: %q, %v", names, again, err)
		}
	})
}
