package trial

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/engine/watermark"
	"github.com/inklingdb/inkling/engine/watermark/attack"
	"github.com/inklingdb/inkling/engine/watermark/kgmark"
	"github.com/inklingdb/inkling/internal/vec"
	"github.com/inklingdb/inkling/store"
)

// Source says where a graph comes from and how its table is trained: RotatE-L2.
type Source struct {
	Folder   string // with kg_final.txt.gz: see kgmark.ReadFolder
	Cache    string // a folder that keeps trained tables; "" keeps none
	Dim      int    // real numbers of a row, even
	Epochs   int
	Seed     uint64
	Workers  int
	Progress func(train.Progress)
}

// heldOut is how many triples the training does not see, at most a fiftieth of all.
const heldOut = 1000

// Name is the graph's: its folder's.
func (s Source) Name() string { return filepath.Base(filepath.Clean(s.Folder)) }

// settings suit RotatE-L2 on the three graphs of the source; see kgmark.Graph.TrainTable.
func (s Source) settings() train.Options {
	return train.Options{
		Family: "rotate-l2", Dim: s.Dim / 2, Loss: train.SelfAdversarial, Shared: true, Negatives: 256, Batch: 512, Optimiser: train.Adam,
		LearningRate: 0.01, NoReciprocal: true, Epochs: s.Epochs, Patience: -1, InitScale: 4 / math.Sqrt(float64(s.Dim)), Seed: s.Seed, Workers: s.Workers,
	}
}

// Load returns the graph with its table, from the cache where that has it. An entity's name is its number behind
// http://inkling.example/<graph>/e/.
func (s Source) Load(ctx context.Context) (Graph, error) {
	if s.Dim < 2 || s.Dim%2 != 0 || s.Epochs < 1 {
		return Graph{}, fmt.Errorf("trial: dimension %d and %d epochs: RotatE has an even number of reals, and at least one epoch", s.Dim, s.Epochs)
	}
	read, err := kgmark.ReadFolder(s.Folder)
	if err != nil {
		return Graph{}, err
	}
	rng := rand.New(rand.NewPCG(s.Seed, 5))
	rng.Shuffle(len(read.Triples), func(i, j int) { read.Triples[i], read.Triples[j] = read.Triples[j], read.Triples[i] })
	out := min(heldOut, len(read.Triples)/50)
	g := Graph{HeldOut: read.Triples[:out], Train: s.settings()}
	e, err := s.table(ctx, read, read.Triples[out:], g.Train)
	if err != nil {
		return Graph{}, err
	}
	table := watermark.Table{Names: make([]string, len(read.Names)), Rows: vec.MatrixOf(e.Entities, len(read.Names), s.Dim)}
	for i, name := range read.Names {
		table.Names[i] = fmt.Sprintf("http://inkling.example/%s/e/%s", s.Name(), name)
	}
	relations := make([]string, read.Relations)
	for i := range relations {
		relations[i] = fmt.Sprintf("http://inkling.example/%s/r/%d", s.Name(), i)
	}
	g.Copy = attack.New(table, vec.MatrixOf(e.Relations, read.Relations, s.Dim), relations, read.Triples[out:])
	return g, g.Check()
}

// table loads the trained table or trains and keeps it.
func (s Source) table(ctx context.Context, g kgmark.Graph, triples []model.Triple, o train.Options) (*model.Embedding, error) {
	path := ""
	if s.Cache != "" {
		if err := os.MkdirAll(s.Cache, 0o755); err != nil {
			return nil, fmt.Errorf("trial: cache: %w", err)
		}
		path = filepath.Join(s.Cache, fmt.Sprintf("%s-rotate-l2-%d-%d-epochs-seed-%d.model", s.Name(), s.Dim, s.Epochs, s.Seed))
		e, err := model.Load(path)
		if err == nil && (e.Family.Name != o.Family || e.Dim != o.Dim || e.Vocabulary.Entities() != len(g.Names) || e.Vocabulary.Relations() != g.Relations) {
			return nil, fmt.Errorf("trial: %s is a table of another graph: remove it", path)
		}
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return e, err
		}
	}
	ids := make([]store.TermID, len(g.Names)+g.Relations)
	for i := range ids {
		ids[i] = store.TermID(i + 1)
	}
	vocabulary, err := model.NewVocabulary(ids[:len(g.Names)], ids[len(g.Names):])
	if err != nil {
		return nil, err
	}
	o.Progress = s.Progress
	e, err := train.Train(ctx, train.Data{Vocabulary: vocabulary, Train: triples}, o)
	if err != nil || path == "" {
		return e, err
	}
	return e, e.Save(path)
}
