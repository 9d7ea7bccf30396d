package kgmark

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/internal/vec"
	"github.com/inklingdb/inkling/store"
)

// ReadFolder reads kg_final.txt.gz, or kg_final.txt, of a folder in the form of the KGAT and KGIN data: head, relation and
// tail as numbers, a triple a line. Entities that occur get rows in the order of their first triple and their number as a
// name; the graph has no table yet.
func ReadFolder(folder string) (Graph, error) {
	path := filepath.Join(folder, "kg_final.txt.gz")
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		path = filepath.Join(folder, "kg_final.txt")
		f, err = os.Open(path)
	}
	if err != nil {
		return Graph{}, fmt.Errorf("kgmark: %w", err)
	}
	defer f.Close()
	var text io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if text, err = gzip.NewReader(f); err != nil {
			return Graph{}, fmt.Errorf("kgmark: %s: %w", path, err)
		}
	}
	g, err := ReadTriples(text)
	if err != nil {
		return Graph{}, fmt.Errorf("kgmark: %s: %w", path, err)
	}
	return g, nil
}

// ReadTriples reads the form of ReadFolder. Repeated triples count once. The error names the line.
func ReadTriples(text io.Reader) (Graph, error) {
	var g Graph
	rows := map[uint32]uint32{}
	row := func(id uint32) uint32 {
		n, ok := rows[id]
		if !ok {
			n = uint32(len(rows))
			rows[id] = n
			g.Names = append(g.Names, strconv.FormatUint(uint64(id), 10))
		}
		return n
	}
	seen := map[model.Triple]bool{}
	lines := bufio.NewScanner(text)
	for n := 1; lines.Scan(); n++ {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 {
			continue
		}
		if len(fields) != 3 {
			return Graph{}, fmt.Errorf("line %d: %w: %d numbers, 3 expected: head, relation, tail", n, ErrGraph, len(fields))
		}
		var ids [3]uint32
		for i, field := range fields {
			id, err := strconv.ParseUint(field, 10, 31)
			if err != nil {
				return Graph{}, fmt.Errorf("line %d: %w: %q is not a number below 2^31", n, ErrGraph, field)
			}
			ids[i] = uint32(id)
		}
		if ids[1] >= largestRelation {
			return Graph{}, fmt.Errorf("line %d: %w: relation %d; relations are numbered below %d", n, ErrGraph, ids[1], largestRelation)
		}
		t := model.Triple{H: row(ids[0]), R: ids[1], T: row(ids[2])}
		if !seen[t] {
			seen[t] = true
			g.Triples = append(g.Triples, t)
			g.Relations = max(g.Relations, int(ids[1])+1)
		}
	}
	return g, lines.Err()
}

// largestRelation bounds a relation's number: each has weights in five layers.
const largestRelation = 1 << 20

// TrainTable returns the graph with a RotatE-L2 table trained on its triples: dim real numbers a row. Settings left zero
// suit a table to be marked within a minute or so; they are not a benchmark's.
func (g Graph) TrainTable(ctx context.Context, dim int, o train.Options) (Graph, error) {
	if dim < 2 || dim%2 != 0 {
		return Graph{}, fmt.Errorf("kgmark: %w: dimension %d; RotatE has an even number of reals", ErrOptions, dim)
	}
	vocabulary, err := model.NewVocabulary(terms(0, len(g.Names)), terms(len(g.Names), g.Relations))
	if err != nil {
		return Graph{}, err
	}
	o.Family, o.Dim = "rotate-l2", dim/2
	o = o.Over(train.Options{
		Loss: train.SelfAdversarial, Shared: true, Negatives: 256, Batch: 512, Optimiser: train.Adam, LearningRate: 0.01,
		NoReciprocal: true, Epochs: 10, Patience: -1, InitScale: 4 / math.Sqrt(float64(dim)),
	})
	e, err := train.Train(ctx, train.Data{Vocabulary: vocabulary, Train: g.Triples}, o)
	if err != nil {
		return Graph{}, err
	}
	g.Rows = vec.MatrixOf(e.Entities, len(g.Names), dim)
	return g, nil
}

// terms returns n term identifiers after the first skip.
func terms(skip, n int) []store.TermID {
	ids := make([]store.TermID, n)
	for i := range ids {
		ids[i] = store.TermID(skip + i + 1)
	}
	return ids
}
