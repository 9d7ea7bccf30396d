package exchange

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
)

// tensorsFile returns a safetensors file of that header and body.
func tensorsFile(header string, body []byte) []byte {
	return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...), body...)
}

func readTensors(name string, data []byte) ([]*Table, map[string]string, [][]float32, error) {
	tables, about, err := OpenSafetensors(bytes.NewReader(data), int64(len(data)), name)
	if err != nil {
		return nil, nil, nil, err
	}
	values := make([][]float32, len(tables))
	for i, t := range tables {
		if values[i], err = t.Read(context.Background()); err != nil {
			return nil, nil, nil, err
		}
	}
	return tables, about, values, nil
}

func TestSafetensorsBytes(t *testing.T) {
	var b bytes.Buffer
	tensors := []Tensor{{"b", 1, 2, []float32{1, -2}}, {"a", 1, 1, []float32{0.5}}}
	if err := WriteSafetensors(&b, tensors, map[string]string{"z": "1", "family": "x"}); err != nil {
		t.Fatal(err)
	}
	want := "\x98\x00\x00\x00\x00\x00\x00\x00" +
		`{"__metadata__":{"family":"x","z":"1"},"b":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[1,1],"data_offsets":[8,12]}}` +
		"  " + "\x00\x00\x80\x3f\x00\x00\x00\xc0\x00\x00\x00\x3f"
	if b.String() != want {
		t.Errorf("wrote\n%q, want\n%q", b.String(), want)
	}
	tables, about, values, err := readTensors("written", b.Bytes())
	if err != nil || len(tables) != 2 || about["family"] != "x" || tables[0].Name != "b" || tables[1].Rows != 1 {
		t.Fatalf("%v %v %v", tables, about, err)
	}
	equal(t, "b", values[0], []float32{1, -2})
	equal(t, "a", values[1], []float32{0.5})
}

func TestSafetensorsTypes(t *testing.T) {
	word := binary.LittleEndian
	for _, c := range []struct {
		dtype string
		size  int
		put   func(p []byte, v float64)
	}{
		{"F16", 2, func(p []byte, v float64) { word.PutUint16(p, toHalf(float32(v))) }},
		{"BF16", 2, func(p []byte, v float64) { word.PutUint16(p, uint16(math.Float32bits(float32(v))>>16)) }},
		{"F32", 4, func(p []byte, v float64) { word.PutUint32(p, math.Float32bits(float32(v))) }},
		{"F64", 8, func(p []byte, v float64) { word.PutUint64(p, math.Float64bits(v)) }},
	} {
		body := make([]byte, 12*c.size)
		for i, v := range sample() {
			c.put(body[i*c.size:], float64(v))
		}
		data := tensorsFile(fmt.Sprintf(`{"x":{"dtype":%q,"shape":[3,4],"data_offsets":[0,%d]}}`, c.dtype, len(body)), body)
		tables, _, values, err := readTensors(c.dtype, data)
		if err != nil || tables[0].Rows != 3 || tables[0].Width != 4 {
			t.Errorf("%s: %v", c.dtype, err)
			continue
		}
		equal(t, c.dtype, values[0], sample())
	}
}

func TestSafetensorsBesideOthers(t *testing.T) {
	data := tensorsFile(`{"ids":{"dtype":"I64","shape":[1],"data_offsets":[8,16]},"e":{"dtype":"C64","shape":[1,1],"data_offsets":[0,8]},
		"none":{"dtype":"F32","shape":[0,3],"data_offsets":[8,8]},"new":{"dtype":"F4","shape":[4],"data_offsets":[16,18]}}  `,
		append([]byte{0, 0, 0x80, 0x3f, 0, 0, 0, 0x40}, make([]byte, 10)...))
	tables, _, err := OpenSafetensors(bytes.NewReader(data), int64(len(data)), "mixed")
	if err != nil || len(tables) != 4 {
		t.Fatal(err)
	}
	for _, table := range tables {
		values, err := table.Read(context.Background())
		switch table.Name {
		case "e":
			if err != nil || !table.Complex {
				t.Errorf("complex: %v", err)
			}
			equal(t, "e", values, []float32{1, 2})
		case "none":
			if err != nil || len(values) != 0 {
				t.Errorf("an empty tensor: %v %v", values, err)
			}
		default:
			if err == nil || !strings.Contains(err.Error(), "save them as float32") {
				t.Errorf("%s: %v", table.Name, err)
			}
		}
	}
}

func TestBrokenSafetensors(t *testing.T) {
	const x = `"dtype":"F32","shape":[2],"data_offsets":`
	for name, c := range map[string]struct {
		header, want string
		body         int
	}{
		"not json":    {"hello", "no JSON object", 0},
		"list":        {"[]", "no JSON object", 0},
		"twice":       {`{"a":{` + x + `[0,8]},"a":{` + x + `[0,8]}}`, "described twice", 8},
		"cut":         {`{"a":{` + x + `[0,8]}}`, "cut short", 4},
		"more":        {`{"a":{` + x + `[0,8]}}`, "1 bytes follow", 9},
		"hole":        {`{"a":{` + x + `[4,12]}}`, "without holes", 12},
		"overlap":     {`{"a":{` + x + `[0,8]},"b":{` + x + `[4,12]}}`, "without holes", 12},
		"backwards":   {`{"a":{` + x + `[8,0]}}`, "cut short", 8},
		"negative":    {`{"a":{` + x + `[-8,0]}}`, "cut short", 8},
		"wrong size":  {`{"a":{` + x + `[0,12]}}`, "takes 8 bytes", 12},
		"huge":        {`{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}`, "needs more", 8},
		"no offsets":  {`{"a":{"dtype":"F32","shape":[2]}}`, "data_offsets", 8},
		"not ended":   {`{"a":{` + x + `[0,8]}`, "byte", 8},
		"behind":      {`{"a":{` + x + `[0,8]}} x`, "text follows", 8},
		"odd meta":    {`{"__metadata__":{"a":1}}`, "__metadata__", 0},
		"half number": {`{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,8]}}`, `"a"`, 8},
	} {
		_, _, _, err := readTensors(name, tensorsFile(c.header, make([]byte, c.body)))
		var place *Error
		if !errors.As(err, &place) || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), name) {
			t.Errorf("%s: %v, want …%s…", name, err, c.want)
		}
	}
	for name, data := range map[string][]byte{"empty": nil, "short": {1, 2}, "lies": {255, 255, 255, 255, 255, 255, 255, 127, '{', '}'}} {
		if _, _, _, err := readTensors(name, data); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// toHalf returns the binary16 number nearest to a v that has few digits.
func toHalf(v float32) uint16 {
	if v == 0 {
		return 0
	}
	b := math.Float32bits(v)
	return uint16(b>>16&0x8000) | uint16((b>>23&255)-127+15)<<10 | uint16(b>>13&1023)
}

func TestEveryHalfNumber(t *testing.T) {
	for h := range 1 << 16 {
		got := float64(fromHalf(uint16(h)))
		exponent, fraction := h>>10&31, float64(h&1023)
		want := math.Ldexp(1+fraction/1024, exponent-15)
		switch exponent {
		case 0:
			want = math.Ldexp(fraction/1024, -14)
		case 31:
			want = math.Inf(1)
			if fraction != 0 {
				want = math.NaN()
			}
		}
		if h>>15 == 1 {
			want = -want
		}
		if got != want && !(math.IsNaN(got) && math.IsNaN(want)) || math.Signbit(got) != (h>>15 == 1) {
			t.Fatalf("%#04x is %v, want %v", h, got, want)
		}
	}
}
