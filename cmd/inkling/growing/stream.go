// Package growing measures models of graphs that grow: Continual follows a model over the snapshots of a continual-learning
// benchmark, Inductive over a graph of entities that arrive after its training. Models are maintained as a user's are, by
// commits to a database; fine-tuning and training anew are run beside them. Published figures are facts.go's.
// It prints nothing: `inkling bench` does.
package growing

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/store"
)

// Stream is a graph that grows by snapshots. Entities and relations are numbered in the order in which they appear.
type Stream struct {
	Name                string
	Entities, Relations []string
	Snapshots           []Snapshot
}

// Snapshot is what one step adds, split for training and testing.
type Snapshot struct {
	Train, Valid, Test []model.Triple
	// Entities and Relations are how many the graph has with it, those of its test triples too.
	Entities, Relations int
}

// splitNames are the splits in the order in which the published code numbers their entities.
var splitNames = []string{"train", "valid", "test"}

// line is one triple of a file, by names.
type line struct {
	snapshot, split int
	names           [3]string
}

// ReadCKGE reads a file of snapshot, split, head, relation and tail, parted by tabs, plain or gzip.
func ReadCKGE(path string) (*Stream, error) {
	text, err := openText(path)
	if err != nil {
		return nil, err
	}
	defer text.Close()
	name, _, _ := strings.Cut(filepath.Base(path), ".")
	s, err := parseCKGE(text, name)
	if err != nil {
		return nil, fmt.Errorf("growing: %s: %w: %w", path, engine.ErrBadInput, err)
	}
	return s, nil
}

// maxSnapshots bounds what a slip in a file can ask for.
const maxSnapshots = 1000

func parseCKGE(text io.Reader, name string) (*Stream, error) {
	var lines []line
	scanner := bufio.NewScanner(text)
	for n := 1; scanner.Scan(); n++ {
		fields := strings.Split(scanner.Text(), "\t")
		if len(fields) != 5 {
			return nil, fmt.Errorf("line %d: %d columns; there must be snapshot, split, head, relation, tail", n, len(fields))
		}
		snapshot, err := strconv.ParseUint(fields[0], 10, 16)
		split := slices.Index(splitNames, fields[1])
		switch {
		case err != nil || snapshot >= maxSnapshots:
			return nil, fmt.Errorf("line %d: snapshot %q is no number from 0 to %d", n, fields[0], maxSnapshots-1)
		case split < 0:
			return nil, fmt.Errorf("line %d: split %q is none of %s", n, fields[1], strings.Join(splitNames, ", "))
		case slices.Contains(fields[2:], ""):
			return nil, fmt.Errorf("line %d: a name is empty", n)
		}
		lines = append(lines, line{int(snapshot), split, [3]string(fields[2:])})
	}
	if err := scanner.Err(); err != nil {
		return nil, err
	}
	return newStream(name, lines)
}

// newStream numbers the terms of lines; each snapshot must have triples to train on and to test.
func newStream(name string, lines []line) (*Stream, error) {
	s := numbered(name, lines)
	for i, snapshot := range s.Snapshots {
		if len(snapshot.Train) == 0 || len(snapshot.Test) == 0 {
			return nil, fmt.Errorf("snapshot %d has %d training and %d test triples; each needs some", i, len(snapshot.Train), len(snapshot.Test))
		}
	}
	if len(s.Snapshots) == 0 {
		return nil, fmt.Errorf("there are no triples")
	}
	return s, nil
}

// numbered returns lines as a stream, terms numbered by snapshot and split.
func numbered(name string, lines []line) *Stream {
	slices.SortStableFunc(lines, func(a, b line) int {
		return cmp.Or(cmp.Compare(a.snapshot, b.snapshot), cmp.Compare(a.split, b.split))
	})
	s := &Stream{Name: name}
	entities, relations := map[string]uint32{}, map[string]uint32{}
	for _, l := range lines {
		for l.snapshot >= len(s.Snapshots) {
			s.Snapshots = append(s.Snapshots, Snapshot{Entities: len(s.Entities), Relations: len(s.Relations)})
		}
		now := &s.Snapshots[l.snapshot]
		t := model.Triple{H: number(entities, &s.Entities, l.names[0]), R: number(relations, &s.Relations, l.names[1]),
			T: number(entities, &s.Entities, l.names[2])}
		into := []*[]model.Triple{&now.Train, &now.Valid, &now.Test}[l.split]
		*into = append(*into, t)
		now.Entities, now.Relations = len(s.Entities), len(s.Relations)
	}
	return s
}

// number returns the number of a name, the next one for a new name.
func number(numbers map[string]uint32, names *[]string, name string) uint32 {
	n, ok := numbers[name]
	if !ok {
		n = uint32(len(*names))
		numbers[name] = n
		*names = append(*names, name)
	}
	return n
}

// text is an open file, decompressed.
type text struct {
	io.Reader
	file *os.File
}

func (t text) Close() error { return t.file.Close() }

func openText(path string) (text, error) {
	f, err := os.Open(path)
	if err != nil {
		return text{}, err
	}
	if !strings.HasSuffix(path, ".gz") {
		return text{f, f}, nil
	}
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		f.Close()
		return text{}, fmt.Errorf("growing: %s: %w", path, err)
	}
	return text{unzipped, f}, nil
}

// Among returns the stream of the triples between n entities: of each snapshot as many of those that most of its triples
// have. It is a small graph about as dense as the whole one, for a first look. A snapshot that would be left without triples to train on
// or to test is an error.
func (s *Stream) Among(n int) (*Stream, error) {
	kept := map[uint32]bool{}
	for i, snapshot := range s.Snapshots {
		degrees := map[uint32]int{}
		for _, t := range snapshot.Train {
			degrees[t.H]++
			degrees[t.T]++
		}
		order := slices.SortedFunc(maps.Keys(degrees), func(a, b uint32) int {
			return cmp.Or(cmp.Compare(degrees[b], degrees[a]), cmp.Compare(a, b))
		})
		for _, e := range order {
			if len(kept) >= n*(i+1)/len(s.Snapshots) {
				break
			}
			kept[e] = true
		}
	}
	var lines []line
	for i, snapshot := range s.Snapshots {
		for split, triples := range [][]model.Triple{snapshot.Train, snapshot.Valid, snapshot.Test} {
			for _, t := range triples {
				if kept[t.H] && kept[t.T] {
					lines = append(lines, line{i, split, [3]string{s.Entities[t.H], s.Relations[t.R], s.Entities[t.T]}})
				}
			}
		}
	}
	small, err := newStream(s.Name, lines)
	if err != nil {
		return nil, fmt.Errorf("growing: %s among %d entities: %w: %w", s.Name, n, engine.ErrBadInput, err)
	}
	return small, nil
}

// vocabulary returns that of the first entities and relations, numbered as the stream numbers them.
func (s *Stream) vocabulary(entities, relations int) (*model.Vocabulary, error) {
	return model.NewVocabulary(identifiers(0, entities), identifiers(len(s.Entities), relations))
}

// identifiers returns n identifiers after those of the first skip numbers.
func identifiers(skip, n int) []store.TermID {
	ids := make([]store.TermID, n)
	for i := range ids {
		ids[i] = store.TermID(skip + i + 1)
	}
	return ids
}

// upTo returns the triples of one split of all snapshots up to one.
func (s *Stream) upTo(snapshot int, split func(Snapshot) []model.Triple) []model.Triple {
	var all []model.Triple
	for _, x := range s.Snapshots[:snapshot+1] {
		all = append(all, split(x)...)
	}
	return all
}

func trainOf(s Snapshot) []model.Triple { return s.Train }
func validOf(s Snapshot) []model.Triple { return s.Valid }
func testOf(s Snapshot) []model.Triple  { return s.Test }
