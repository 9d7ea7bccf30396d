package maintain

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/store"
)

var testWidths = [2]int{3, 2}

func drawRecord(t *rapid.T) record {
	r := record{
		version: store.Version(rapid.Uint64().Draw(t, "version")),
		changes: rapid.Int64().Draw(t, "changes"),
		stale:   rapid.String().Draw(t, "stale"),
		stage:   stage{Part: rapid.Uint32().Draw(t, "part"), From: store.Triple{S: 1, P: 2, O: 3}},
	}
	if rapid.Bool().Draw(t, "calibrated") {
		r.calibration = &model.Calibration{Slope: rapid.Float64().Draw(t, "slope"), Intercept: 1}
	}
	ids := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) store.TermID { return store.TermID(rapid.Uint64().Draw(t, "id")) }), 0, 4)
	r.entities, r.relations = ids.Draw(t, "entities"), ids.Draw(t, "relations")
	for range rapid.IntRange(0, 5).Draw(t, "rows") {
		k := rowKey{rapid.Bool().Draw(t, "relation"), rapid.Uint32().Draw(t, "row")}
		width := testWidths[0]
		if k.relation {
			width = testWidths[1]
		}
		r.rows = append(r.rows, k)
		r.values = append(r.values, rapid.SliceOfN(rapid.Float32(), width, width).Draw(t, "values"))
	}
	return r
}

func TestRecordRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRecord(t)
		content := encodeRecord(r)
		back, ok := decodeRecord(tagStep, content, testWidths)
		if !ok || !bytes.Equal(encodeRecord(back), content) || back.version != r.version || back.stale != r.stale {
			t.Fatalf("%+v came back as %+v, %v", r, back, ok)
		}
		if _, ok := decodeRecord(tagStep, content[:rapid.IntRange(0, len(content)-1).Draw(t, "cut")], testWidths); ok {
			t.Fatal("a record cut short was read")
		}
	})
}

func FuzzDecodeRecord(f *testing.F) {
	f.Add(encodeRecord(record{version: 3, stale: "x", delta: delta{entities: []store.TermID{1}, rows: []rowKey{{true, 1}}, values: [][]float32{{1, 2}}}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, ok := decodeRecord(tagStep, b, testWidths); ok && len(encodeRecord(r)) != len(b) {
			t.Fatalf("%d bytes read as a record of %d", len(b), len(encodeRecord(r)))
		}
		readFrames(b)
	})
}

func TestJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	if _, err := openJournal(path, testWidths, false); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("no file: %v", err)
	}
	b := base{Training: "t", Typical: 1.5, Sample: []store.Triple{{S: 1, P: 2, O: 3}}, Losses: []float64{0.25}, Changes: 7}
	j, err := createJournal(path, b, []byte("state"), false)
	if err != nil {
		t.Fatal(err)
	}
	for v := range 3 {
		if err := j.append(appendFrame(nil, tagStep, encodeRecord(record{version: store.Version(v + 1), changes: int64(v)}))); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.close(); err != nil {
		t.Fatal(err)
	}
	o, err := openJournal(path, testWidths, false)
	if err != nil || len(o.records) != 3 || o.records[2].version != 3 || !reflect.DeepEqual(o.base, b) || string(o.state) != "state" {
		t.Fatalf("%+v %v", o, err)
	}
	o.close()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	content[len(content)-1] ^= 1 // the last record's checksum
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	o, err = openJournal(path, testWidths, false)
	if err != nil || len(o.records) != 2 {
		t.Fatalf("after damage: %d records, %v", len(o.records), err)
	}
	if err := o.append(appendFrame(nil, tagStep, encodeRecord(record{version: 9}))); err != nil {
		t.Fatal(err)
	}
	o.close()
	o, err = openJournal(path, testWidths, false)
	if err != nil || len(o.records) != 3 || o.records[2].version != 9 {
		t.Fatalf("after an append in place of the damage: %+v, %v", o.records, err)
	}
	o.close()
	if err := os.WriteFile(path, []byte("something else"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openJournal(path, testWidths, false); !errors.Is(err, ErrJournal) {
		t.Errorf("another program's file: %v", err)
	}
}
