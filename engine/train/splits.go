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
	"strconv"
	"strings"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/store"
)

// ReadSplits reads the files train, valid and test (.tsv.gz or .tsv: head, relation, tail) of a benchmark folder
// without a store: terms are numbered in order of appearance. Absent valid or test files leave that split empty.
func ReadSplits(folder string) (Data, error) {
	d, _, err := ReadNamedSplits(folder)
	return d, err
}

// ReadNamedSplits is ReadSplits with the names.
func ReadNamedSplits(folder string) (Data, Names, error) {
	n := NewNames()
	var d Data
	for _, split := range []struct {
		name string
		into *[]model.Triple
	}{{"train", &d.Train}, {"valid", &d.Valid}, {"test", &d.Test}} {
		triples, err := n.Triples(filepath.Join(folder, split.name))
		if errors.Is(err, fs.ErrNotExist) && split.name != "train" {
			continue
		}
		if err != nil {
			return Data{}, Names{}, err
		}
		*split.into = triples
	}
	var err error
	d.Vocabulary, err = n.Vocabulary()
	return d, *n, err
}

// numbers returns n term identifiers after the first skip.
func numbers(skip, n int) []store.TermID {
	ids := make([]store.TermID, n)
	for i := range ids {
		ids[i] = store.TermID(skip + i + 1)
	}
	return ids
}

// Names numbers the entities and relations of a benchmark's files, in order of appearance.
type Names struct{ Entities, Relations map[string]uint32 } // rows by name

// NewNames returns an empty numbering.
func NewNames() *Names { return &Names{Entities: map[string]uint32{}, Relations: map[string]uint32{}} }

// Vocabulary returns the names read so far as a vocabulary without a store: term identifiers count from 1.
func (n *Names) Vocabulary() (*model.Vocabulary, error) {
	return model.NewVocabulary(numbers(0, len(n.Entities)), numbers(len(n.Entities), len(n.Relations)))
}

// RelationNames returns the relations' names by row.
func (n *Names) RelationNames() []string {
	names := make([]string, len(n.Relations))
	for name, row := range n.Relations {
		names[row] = name
	}
	return names
}

// Triples reads path.tsv.gz or path.tsv: head, relation, tail, and columns that it passes over. The error is one of the
// file's, or names the line.
func (n *Names) Triples(path string) (triples []model.Triple, err error) {
	err = lines(path, 3, func(fields []string) error {
		triples = append(triples, n.triple(fields))
		return nil
	})
	return triples, err
}

// Facts reads path.tsv.gz or path.tsv: head, relation, tail and its truth, 1 or -1 (or 0).
func (n *Names) Facts(path string) (facts []eval.Fact, err error) {
	err = lines(path, 4, func(fields []string) error {
		yes, err := truth(fields[3])
		facts = append(facts, eval.Fact{Triple: n.triple(fields), True: yes})
		return err
	})
	return facts, err
}

// Folds reads path.tsv.gz or path.tsv, the published samples of Padia et al.: fold, head, relation, tail and truth. Of a
// relation's facts in a fold the first 60 % were drawn as true; later ones that are true all the same are doubtful.
func (n *Names) Folds(path string) ([][]eval.Fact, error) {
	var folds [][]eval.Fact
	err := lines(path, 5, func(fields []string) error {
		fold, err := strconv.Atoi(fields[0])
		if err != nil || fold < 0 || fold > len(folds) {
			return fmt.Errorf("fold %q: they are numbered from 0, and %d came before", fields[0], len(folds))
		}
		yes, err := truth(fields[4])
		if err != nil {
			return err
		}
		if fold == len(folds) {
			folds = append(folds, nil)
		}
		folds[fold] = append(folds[fold], eval.Fact{Triple: n.triple(fields[1:]), True: yes})
		return nil
	})
	for _, fold := range folds {
		eval.MarkDoubtful(fold)
	}
	return folds, err
}

func (n *Names) triple(fields []string) model.Triple {
	return model.Triple{H: row(n.Entities, fields[0]), R: row(n.Relations, fields[1]), T: row(n.Entities, fields[2])}
}

func truth(field string) (bool, error) {
	switch strings.TrimSpace(field) {
	case "1", "+1":
		return true, nil
	case "-1", "0":
		return false, nil
	}
	return false, fmt.Errorf("truth %q: 1 says true, -1 or 0 false", field)
}

// longestLine bounds the bytes of a line: names are short, and a file of another kind is told early.
const longestLine = 1 << 20

// lines calls each with the columns of every line of path.tsv.gz or path.tsv; empty lines are passed over.
func lines(path string, columns int, each func(fields []string) error) error {
	f, err := os.Open(path + ".tsv.gz")
	if errors.Is(err, fs.ErrNotExist) {
		f, err = os.Open(path + ".tsv")
	}
	if err != nil {
		return fmt.Errorf("train: %w", err)
	}
	defer f.Close()
	var text io.Reader = f
	if strings.HasSuffix(f.Name(), ".gz") {
		if text, err = gzip.NewReader(f); err != nil {
			return fmt.Errorf("train: %s: %w", f.Name(), err)
		}
	}
	scan := bufio.NewScanner(text)
	scan.Buffer(nil, longestLine)
	n := 1
	for ; scan.Scan(); n++ {
		if scan.Text() == "" {
			continue
		}
		fields := strings.Split(scan.Text(), "\t")
		if len(fields) < columns {
			return fmt.Errorf("train: %s line %d: %d columns, %d expected", f.Name(), n, len(fields), columns)
		}
		if err := each(fields); err != nil {
			return fmt.Errorf("train: %s line %d: %w", f.Name(), n, err)
		}
	}
	if err := scan.Err(); err != nil {
		return fmt.Errorf("train: %s line %d: %w", f.Name(), n, err)
	}
	return nil
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
