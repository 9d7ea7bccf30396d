package train

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/store"
)

// ReadSplits reads the files train, valid and test (.tsv.gz or .tsv: head, relation, tail) of a benchmark folder
// without a store: terms are numbered in order of appearance. Absent valid or test files leave that split empty.
func ReadSplits(folder string) (Data, error) {
	d, _, err := ReadNamedSplits(folder)
	return d, err
}

// Names are the rows of a benchmark's entities and relations by their names.
type Names struct{ Entities, Relations map[string]uint32 }

// ReadNamedSplits is ReadSplits with the names.
func ReadNamedSplits(folder string) (Data, Names, error) {
	r := splitReader{entities: map[string]uint32{}, relations: map[string]uint32{}}
	var d Data
	for _, split := range []struct {
		name string
		into *[]model.Triple
	}{{"train", &d.Train}, {"valid", &d.Valid}, {"test", &d.Test}} {
		triples, err := r.read(filepath.Join(folder, split.name))
		if errors.Is(err, fs.ErrNotExist) && split.name != "train" {
			continue
		}
		if err != nil {
			return Data{}, Names{}, fmt.Errorf("train: splits: %w", err)
		}
		*split.into = triples
	}
	var err error
	d.Vocabulary, err = model.NewVocabulary(numbers(0, len(r.entities)), numbers(len(r.entities), len(r.relations)))
	return d, Names{r.entities, r.relations}, err
}

// numbers returns n term identifiers after the first skip.
func numbers(skip, n int) []store.TermID {
	ids := make([]store.TermID, n)
	for i := range ids {
		ids[i] = store.TermID(skip + i + 1)
	}
	return ids
}

type splitReader struct{ entities, relations map[string]uint32 }

func (r *splitReader) read(path string) ([]model.Triple, error) {
	f, err := os.Open(path + ".tsv.gz")
	if errors.Is(err, fs.ErrNotExist) {
		f, err = os.Open(path + ".tsv")
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var text io.Reader = f
	if strings.HasSuffix(f.Name(), ".gz") {
		if text, err = gzip.NewReader(f); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name(), err)
		}
	}
	var triples []model.Triple
	lines := bufio.NewScanner(text)
	for n := 1; lines.Scan(); n++ {
		fields := strings.Split(lines.Text(), "\t")
		if len(fields) < 3 {
			return nil, fmt.Errorf("%s line %d: %d columns, 3 expected", f.Name(), n, len(fields))
		}
		triples = append(triples, model.Triple{H: row(r.entities, fields[0]), R: row(r.relations, fields[1]), T: row(r.entities, fields[2])})
	}
	return triples, lines.Err()
}

// row returns the number of a name, giving the next one to a new name.
func row(rows map[string]uint32, name string) uint32 {
	n, ok := rows[name]
	if !ok {
		n = uint32(len(rows))
		rows[name] = n
	}
	return n
}
