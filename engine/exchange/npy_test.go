package exchange

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sample is the array of testdata/generate.py.
func sample() []float32 {
	out := make([]float32, 12)
	for i := range out {
		out[i] = (float32(i) - 5) / 4
	}
	return out
}

func readNPY(name string, data []byte) (*Table, []float32, error) {
	t, err := OpenNPY(bytes.NewReader(data), int64(len(data)), name)
	if err != nil {
		return nil, nil, err
	}
	values, err := t.Read(context.Background())
	return t, values, err
}

func golden(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func equal(t *testing.T, name string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d numbers, want %d", name, len(got), len(want))
		return
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%s: number %d is %v, want %v", name, i, got[i], want[i])
			return
		}
	}
}

func TestReadsWhatNumPyWrites(t *testing.T) {
	for _, name := range []string{"f4", "f8_fortran", "f2", "big_endian", "c8", "c16_fortran", "three_fortran", "version2", "version3"} {
		table, values, err := readNPY(name, golden(t, name+".npy"))
		if err != nil {
			t.Error(err)
			continue
		}
		if table.Rows != 3 || table.Width != 4 || table.Complex != strings.HasPrefix(name, "c") {
			t.Errorf("%s: %+v", name, table)
		}
		equal(t, name, values, sample())
	}
	table, values, err := readNPY("one", golden(t, "one.npy"))
	if err != nil || table.Rows != 3 || table.Width != 1 {
		t.Fatalf("%+v %v", table, err)
	}
	equal(t, "one", values, []float32{-1.25, -0.25, 0.75})
}

// The bytes are those that numpy.save wrote for the same array.
func TestWritesWhatNumPyWrites(t *testing.T) {
	var b bytes.Buffer
	if err := WriteNPY(&b, 3, 4, sample()); err != nil {
		t.Fatal(err)
	}
	if want := golden(t, "f4.npy"); !bytes.Equal(b.Bytes(), want) {
		t.Errorf("wrote\n%q\nNumPy writes\n%q", b.Bytes(), want)
	}
	if err := WriteNPY(&b, 3, 4, sample()[1:]); err == nil {
		t.Error("11 numbers are no 3 rows of 4")
	}
	for width := 1; width < 200; width += 7 { // every length of header
		b.Reset()
		if err := WriteNPY(&b, 1, width, make([]float32, width)); err != nil {
			t.Fatal(err)
		}
		if (b.Len()-4*width)%npyAlignment != 0 {
			t.Errorf("width %d: the numbers begin at byte %d", width, b.Len()-4*width)
		}
		if table, _, err := readNPY("written", b.Bytes()); err != nil || table.Width != width {
			t.Errorf("width %d: %+v %v", width, table, err)
		}
	}
}

func TestLargeFortranArray(t *testing.T) {
	const rows, width = 301, 211 // several chunks, which end within a column
	want := make([]float32, rows*width)
	turned := make([]float32, rows*width)
	for i := range want {
		want[i] = float32(i)
		turned[i%width*rows+i/width] = float32(i)
	}
	var b bytes.Buffer
	if err := WriteNPY(&b, rows, width, turned); err != nil {
		t.Fatal(err)
	}
	data := bytes.Replace(b.Bytes(), []byte("'fortran_order': False"), []byte("'fortran_order': True "), 1)
	_, values, err := readNPY("fortran", data)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "fortran", values, want)
}

// header returns an npy file of format 1 with that header and so many bytes behind it.
func header(text string, body int) []byte {
	head := append([]byte(npyMagic+"\x01\x00"), byte(len(text)), byte(len(text)>>8))
	return append(append(head, text...), make([]byte, body)...)
}

func TestBrokenNPY(t *testing.T) {
	for _, c := range []struct {
		name string
		data []byte
		want string // in the message
	}{
		{"empty", nil, "no npy file"},
		{"text", []byte("1.0 2.0 3.0 4.0"), "no npy file"},
		{"version", []byte(npyMagic + "\x09\x00\x00\x00"), "format 9.0"},
		{"cut header", golden(t, "f4.npy")[:60], "byte 8"},
		{"cut numbers", golden(t, "f4.npy")[:160], "cut short"},
		{"more", append(golden(t, "f4.npy"), 0), "1 bytes follow"},
		{"integers", golden(t, "integers.npy"), "astype('float32')"},
		{"objects", golden(t, "objects.npy"), "pickled"},
		{"fields", golden(t, "fields.npy"), "named fields"},
		{"huge", header("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000, 1000000000), }", 16), "needs more than the 16 bytes"},
		{"overflow", header("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296, 4294967296, 16), }", 16), "needs more"},
		{"scalar", header("{'descr': '<f4', 'fortran_order': False, 'shape': (), }", 4), "single number"},
		{"twice", header("{'descr': '<f4', 'descr': '<f4', 'shape': (1,), }", 4), "twice"},
		{"missing", header("{'descr': '<f4', 'shape': (1,), }", 4), "lacks one of"},
		{"negative", header("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", 4), "whole numbers"},
		{"code", header("{'descr': '<f4', 'fortran_order': exit(), 'shape': (1,), }", 4), "True or False"},
		{"other key", header("{'x': 1}", 4), `"x" does not belong`},
		{"no end", header("{'descr': '<f4", 4), "does not end"},
		{"behind", header("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), } x", 4), "text follows"},
		{"not a number", header("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 4), "cut short"},
	} {
		_, _, err := readNPY(c.name+".npy", c.data)
		var place *Error
		if !errors.As(err, &place) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.name+".npy, byte ") {
			t.Errorf("%s: %v, want …%s…", c.name, err, c.want)
		}
	}
}

func TestNumbersMustBeFinite(t *testing.T) {
	data := header("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 1), }", 16)
	copy(data[len(data)-8:], []byte{0, 0, 0, 0, 0, 0, 0xf0, 0x7f}) // +Inf
	if _, _, err := readNPY("inf.npy", data); err == nil || !strings.Contains(err.Error(), "row 1, number 0") {
		t.Errorf("an infinite number: %v", err)
	}
	copy(data[len(data)-8:], []byte{0, 0, 0, 0, 0, 0, 0xe0, 0x7e}) // 1e302, more than a float32 holds
	if _, _, err := readNPY("large.npy", data); err == nil {
		t.Error("a number too large for a float32 must be refused")
	}
}

func TestReadEndsWithItsContext(t *testing.T) {
	data := golden(t, "f4.npy")
	table, err := OpenNPY(bytes.NewReader(data), int64(len(data)), "f4.npy")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := table.Read(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("read: %v", err)
	}
}
