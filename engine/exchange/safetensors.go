package exchange

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// safetensorsHeaderMost is the longest header that the format's own reader takes.
const safetensorsHeaderMost = 100_000_000

// metadataKey stands beside the tensors for a map of texts.
const metadataKey = "__metadata__"

// tensorHead is what the header says of a tensor.
type tensorHead struct {
	Dtype   string    `json:"dtype"`
	Shape   []int     `json:"shape"`
	Offsets *[2]int64 `json:"data_offsets"` // from the end of the header; the second is past the last byte
}

// OpenSafetensors reads the header of a safetensors file of size bytes and returns its tensors in the order of their
// places, and its metadata. Tensors of F16, BF16, F32, F64 and C64 can be read; others may stand beside them.
// Source of the format: the README of github.com/huggingface/safetensors. As it asks, the tensors must fill the
// file without holes, and no name may occur twice.
func OpenSafetensors(data io.ReaderAt, size int64, file string) ([]*Table, map[string]string, error) {
	var head [8]byte
	if n, err := data.ReadAt(head[:], 0); n < len(head) {
		return nil, nil, atByte(file, 0, "it is no safetensors file: its first 8 bytes are missing (%v)", err)
	}
	length := binary.LittleEndian.Uint64(head[:])
	if length > safetensorsHeaderMost || int64(length) > size-8 {
		return nil, nil, atByte(file, 0, "a header of %d bytes is stated; %d follow and %d are the most read: it is cut short or no safetensors file", length, size-8, safetensorsHeaderMost)
	}
	text := make([]byte, length)
	if n, err := data.ReadAt(text, 8); n < len(text) {
		return nil, nil, atByte(file, 8+int64(n), "%v", err)
	}
	names, heads, metadata, err := tensorHeads(text, file)
	if err != nil {
		return nil, nil, err
	}
	at := 8 + int64(length)
	tables := make([]*Table, len(names))
	for i, name := range names {
		if tables[i], err = tensorTable(name, heads[i], Table{File: file, Name: name, data: data, at: at}, size-at); err != nil {
			return nil, nil, err
		}
	}
	return tables, metadata, filled(tables, heads, at, size)
}

// tensorHeads reads the header's JSON, member by member, so that a name that occurs twice is seen.
func tensorHeads(text []byte, file string) (names []string, heads []tensorHead, metadata map[string]string, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	fail := func(format string, args ...any) error {
		return atByte(file, 8+d.InputOffset(), format, args...)
	}
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, nil, nil, fail("the header is no JSON object: it is no safetensors file")
	}
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, nil, nil, fail("%v", err)
		}
		name, _ := token.(string)
		if seen[name] {
			return nil, nil, nil, fail("tensor %q is described twice", name)
		}
		seen[name] = true
		if name == metadataKey {
			err = d.Decode(&metadata)
		} else {
			var h tensorHead
			if err = d.Decode(&h); err == nil && h.Offsets == nil {
				err = fmt.Errorf("it has no data_offsets")
			}
			names, heads = append(names, name), append(heads, h)
		}
		if err != nil {
			return nil, nil, nil, fail("%q: %v", name, err)
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, nil, nil, fail("%v", err)
	}
	if rest := text[d.InputOffset():]; len(bytes.TrimSpace(rest)) > 0 {
		return nil, nil, nil, fail("text follows the header's object")
	}
	return names, heads, metadata, nil
}

// tensorElements are the types whose sizes are known.
var tensorElements = map[string]element{
	"F16": {kind: float16, size: 2}, "BF16": {kind: bfloat16, size: 2}, "F32": {kind: float32Kind, size: 4},
	"F64": {kind: float64Kind, size: 8}, "C64": {kind: float32Kind, size: 8, complex: true},
	"BOOL": {size: 1}, "U8": {size: 1}, "I8": {size: 1}, "I16": {size: 2}, "U16": {size: 2},
	"I32": {size: 4}, "U32": {size: 4}, "I64": {size: 8}, "U64": {size: 8},
}

// tensorTable completes a table from what the header says; room is the bytes behind the header.
func tensorTable(name string, h tensorHead, t Table, room int64) (*Table, error) {
	from, to := h.Offsets[0], h.Offsets[1]
	if from < 0 || to < from || to > room {
		return nil, inFile(t.File, "tensor %q is said to stand from %d to %d of %d bytes: the file is cut short or its header is wrong", name, from, to, room)
	}
	e, known := tensorElements[h.Dtype]
	e.name, e.order = h.Dtype, binary.LittleEndian
	t.element, t.shape, t.at = e, h.Shape, t.at+from
	if !known {
		return &t, nil
	}
	table, err := newTable(t, to-from)
	if err != nil {
		return nil, err
	}
	if needs := int64(table.Rows) * int64(table.Width/e.numbers()) * int64(e.size); needs != to-from {
		return nil, inFile(t.File, "tensor %q of shape %v and type %s takes %d bytes, but %d are stated: the header is wrong", name, h.Shape, h.Dtype, needs, to-from)
	}
	return table, nil
}

// filled sorts the tables by place and returns an error unless they follow each other without holes to the end.
func filled(tables []*Table, heads []tensorHead, at, size int64) error {
	places := make([][2]int64, len(heads))
	for i, h := range heads {
		places[i] = *h.Offsets
	}
	slices.SortFunc(tables, func(a, b *Table) int { return int(a.at - b.at) })
	slices.SortFunc(places, func(a, b [2]int64) int {
		if a[0] != b[0] {
			return int(a[0] - b[0])
		}
		return int(a[1] - b[1])
	})
	end := int64(0)
	for _, p := range places {
		if p[0] != end {
			return inFile(tables[0].File, "a tensor begins at byte %d behind the header where %d is free: tensors must follow each other without holes", p[0], end)
		}
		end = p[1]
	}
	if at+end != size && len(tables) > 0 {
		return atByte(tables[0].File, at+end, "%d bytes follow the last tensor: the file or its header is wrong", size-at-end)
	}
	return nil
}

// Tensor is a table to be written: Rows × Width numbers, row-major.
type Tensor struct {
	Name        string
	Rows, Width int
	Values      []float32
}

// WriteSafetensors writes tensors as F32 in the order given, with metadata. The same input gives the same bytes.
func WriteSafetensors(w io.Writer, tensors []Tensor, metadata map[string]string) error {
	var header strings.Builder
	about, err := json.Marshal(metadata) // keys in order
	if err != nil {
		return err
	}
	fmt.Fprintf(&header, `{%q:%s`, metadataKey, about)
	var end int64
	for _, t := range tensors {
		if len(t.Values) != t.Rows*t.Width {
			return fmt.Errorf("exchange: tensor %s: %d numbers for %d rows of %d", t.Name, len(t.Values), t.Rows, t.Width)
		}
		from := end
		end += 4 * int64(len(t.Values))
		head, err := json.Marshal(tensorHead{Dtype: "F32", Shape: []int{t.Rows, t.Width}, Offsets: &[2]int64{from, end}})
		if err != nil {
			return err
		}
		name, err := json.Marshal(t.Name)
		if err != nil {
			return err
		}
		fmt.Fprintf(&header, ",%s:%s", name, head)
	}
	header.WriteString("}")
	text := header.String()
	text += strings.Repeat(" ", (8-len(text)%8)%8) // so that the numbers are aligned
	if _, err := w.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(text)))); err != nil {
		return err
	}
	if _, err := io.WriteString(w, text); err != nil {
		return err
	}
	for _, t := range tensors {
		if err := writeFloats(w, t.Values); err != nil {
			return err
		}
	}
	return nil
}
