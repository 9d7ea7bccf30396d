package model

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func checkpointOf(t testing.TB, f Family) []byte {
	t.Helper()
	e := randomEmbedding(t, f, 3, true, 1)
	e.Calibration = Calibration{Slope: 1.5, Intercept: -2, Threshold: 0.4, Prior: 0.25, Samples: 100, F1: 0.8,
		Knots: []Knot{{-1, 0.1}, {0.5, 0.1}, {2, 0.75}}, Thresholds: map[uint32]float64{0: 0.3, 2: 0.6}}
	e.Metadata = Metadata{
		Name: "m", Graph: "http://g", DataVersion: 12, Seed: 5, Triples: 99, Epochs: 2, BestEpoch: 1,
		Settings: map[string]string{"b": "2", "a": "1"}, Curve: []CurvePoint{{1, 2.5, 0.3}, {2, 2.25, 0.25}},
		Metrics: map[string]float64{"mrr": 0.3},
	}
	e.Timing = Timing{Finished: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), Total: time.Minute, Epochs: []time.Duration{1, 2}}
	var b bytes.Buffer
	n, err := e.WriteTo(&b)
	if err != nil || n != int64(b.Len()) {
		t.Fatalf("wrote %d of %d bytes: %v", n, b.Len(), err)
	}
	return b.Bytes()
}

func TestCheckpointRoundTripIsByteIdentical(t *testing.T) {
	for _, f := range Families {
		first := checkpointOf(t, f)
		e, err := Read(bytes.NewReader(first), int64(len(first)), "memory")
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "m.ink")
		for range 2 { // the second save replaces a file
			if err := e.Save(path); err != nil {
				t.Fatal(err)
			}
		}
		if e, err = Load(path); err != nil {
			t.Fatal(err)
		}
		second, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, second) {
			t.Errorf("%s: %d bytes before, %d after, not the same", f.Name, len(first), len(second))
		}
		if e.Metadata.DataVersion != 12 || e.Metadata.Curve[1].Loss != 2.25 || e.Calibration.ThresholdOf(1) != 0.4 || e.Calibration.ThresholdOf(2) != 0.6 || len(e.Calibration.Knots) != 3 || e.Timing.Total != time.Minute {
			t.Errorf("%s: loaded %+v %+v %+v", f.Name, e.Metadata, e.Calibration, e.Timing)
		}
		left, err := os.ReadDir(filepath.Dir(path))
		if err != nil || len(left) != 1 {
			t.Errorf("%d files beside the checkpoint, %v", len(left)-1, err)
		}
	}
}

func TestCheckpointReportsEveryFlippedByteAndCut(t *testing.T) {
	whole := checkpointOf(t, Families[0])
	for i := range whole {
		broken := bytes.Clone(whole)
		broken[i] ^= 0x40
		_, err := Read(bytes.NewReader(broken), int64(len(broken)), "x.ink")
		if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrVersion) {
			t.Fatalf("byte %d flipped: %v", i, err)
		}
		if !strings.Contains(err.Error(), "x.ink") {
			t.Fatalf("byte %d flipped: the error does not name the file: %v", i, err)
		}
		if _, err := Read(bytes.NewReader(whole[:i]), int64(i), "x.ink"); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
	longer := append(bytes.Clone(whole), 0)
	if _, err := Read(bytes.NewReader(longer), int64(len(longer)), "x.ink"); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a byte after the end: %v", err)
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none.ink")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// A curve that falls and a threshold of no relation are told as what they are, not served.
func TestCheckpointWithAWrongCalibration(t *testing.T) {
	for want, c := range map[string]Calibration{
		"does not rise": {Samples: 1, Knots: []Knot{{0, 0.5}, {1, 0.4}}},
		"knot 1":        {Samples: 1, Knots: []Knot{{0, 0.5}, {0, 0.6}}},
		"probability 2": {Samples: 1, Knots: []Knot{{0, 2}}},
		"row 99 of":     {Samples: 1, Thresholds: map[uint32]float64{99: 0.5}},
	} {
		e := randomEmbedding(t, Families[0], 3, true, 1)
		e.Calibration = c
		var b bytes.Buffer
		if _, err := e.WriteTo(&b); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(&b, int64(b.Len()), "x.ink"); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// Files of before there were curves and thresholds of relations say neither.
func TestACalibrationWithoutTheNewPartsIsWrittenAsBefore(t *testing.T) {
	text, err := json.Marshal(Calibration{Slope: 1.5, Intercept: -2, Threshold: 0.4, Prior: 0.25, Samples: 100, F1: 0.8})
	if want := `{"Slope":1.5,"Intercept":-2,"Threshold":0.4,"Prior":0.25,"Samples":100,"F1":0.8}`; err != nil || string(text) != want {
		t.Errorf("%s, want %s (%v)", text, want, err)
	}
}

func TestIsFactGoesByTheRelation(t *testing.T) {
	e := randomEmbedding(t, Families[0], 3, true, 1)
	e.Calibration = Calibration{Slope: 1, Threshold: 1, Samples: 1, Thresholds: map[uint32]float64{1: 0}}
	if e.IsFact(0, 0, 1) || !e.IsFact(0, 1, 1) {
		t.Errorf("relation 0: %v, relation 1: %v", e.IsFact(0, 0, 1), e.IsFact(0, 1, 1))
	}
}

func TestSaveLeavesTheOldFileWhenItFails(t *testing.T) {
	e := randomEmbedding(t, Families[0], 3, true, 1)
	path := filepath.Join(t.TempDir(), "m.ink")
	if err := e.Save(path); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	e.Entities = e.Entities[1:]
	if err := e.Save(path); !errors.Is(err, ErrShape) {
		t.Errorf("tables of the wrong shape were saved: %v", err)
	}
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the old file changed: %v", err)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("a temporary file was left behind")
	}
}

// FuzzRead feeds sections whose checksums are right, so that the fuzzer reaches what is behind them.
func FuzzRead(f *testing.F) {
	f.Add(checkpointOf(f, Families[0]))
	f.Add(checkpointOf(f, Families[len(Families)-1]))
	f.Add([]byte(checkpointMagic))
	f.Fuzz(func(t *testing.T, data []byte) {
		mend(data)
		e, err := Read(bytes.NewReader(data), int64(len(data)), "fuzz")
		if err != nil {
			return
		}
		if err := e.Check(); err != nil {
			t.Fatalf("read, but %v", err)
		}
		var again bytes.Buffer
		if _, err := e.WriteTo(&again); err != nil {
			t.Fatalf("read, but not written: %v", err)
		}
	})
}

// mend gives every section that lies inside the file the right checksum.
func mend(data []byte) {
	for at := headerBytes; at+sectionHead <= len(data); {
		length := binary.LittleEndian.Uint64(data[at+4:])
		if length > uint64(len(data)-at-sectionHead) {
			return
		}
		end := at + sectionHead + int(length)
		if end+sectionTail > len(data) {
			return
		}
		binary.LittleEndian.PutUint32(data[end:], crc32.Checksum(data[at:end], castagnoli))
		at = end + sectionTail
	}
}
