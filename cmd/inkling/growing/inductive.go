package growing

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/inklingdb/inkling/engine"
	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
	"github.com/inklingdb/inkling/internal/vec"
)

// layouts are the file names of inductive benchmarks, without .tsv: the graph to train on and triples to stop by, then
// the graph of new entities, further true triples about them, and those to predict.
var layouts = []struct{ train, valid, graph, known, test string }{
	{"train", "valid", "ind_train", "ind_valid", "ind_test"},             // GraIL: Teru, Denis, Hamilton 2020
	{"train", "", "inference", "inference_validation", "inference_test"}, // ILPC: Galkin et al. 2022
}

// InductiveOptions say how Inductive runs. The zero value works.
type InductiveOptions struct {
	Train     train.Options // Seed and Workers too; the seed draws the sampled negatives as well
	Commit    int           // triples of one commit; 0 commits the new graph at once
	NoRetrain bool          // leave out training from nothing with the new graph's triples among the others
	Negatives int           // sampled for each end of a test triple; 0 means 50, as published
	Progress  func(share float64, words string)
}

// InductiveReport is what Inductive measured on a data set.
type InductiveReport struct {
	Dataset   string           `json:"dataset"`
	Family    string           `json:"family"`
	Seed      uint64           `json:"seed"`
	Commit    int              `json:"triples_per_commit"`
	Trained   int              `json:"trained_triples"`
	Entities  int              `json:"trained_entities"`
	New       int              `json:"new_entities"` // of the graph that came later
	Known     int              `json:"new_entities_placed"`
	Committed int              `json:"committed_triples"`
	Negatives int              `json:"negatives"`
	Methods   []InductiveFound `json:"methods"`
}

// InductiveFound is one method's figures on the test triples.
type InductiveFound struct {
	Method  string  `json:"method"`
	Seconds float64 `json:"seconds"` // of learning the new graph; retrain: of the whole training
	All     Figures `json:"all"`     // among all entities of the new graph, filtered
	Sampled Figures `json:"sampled"` // among sampled ones, filtered
	Stale   string  `json:"stale,omitempty"`
}

// inductive is a benchmark as a stream of two snapshots, the second one of new entities.
type inductive struct {
	*Stream
	candidates []uint32 // the entities of the new graph, ascending
	known      *eval.Known
	test       []model.Triple
}

// Inductive trains on one graph, commits a graph of new entities to its database, and predicts further triples of that.
func Inductive(ctx context.Context, folder string, o InductiveOptions) (InductiveReport, error) {
	r := InductiveReport{Dataset: filepath.Base(folder), Seed: o.Train.Seed, Commit: o.Commit, Negatives: o.Negatives}
	if r.Negatives <= 0 {
		r.Negatives = 50
	}
	d, err := readInductive(folder)
	if err != nil {
		return r, err
	}
	if o.Train, err = d.settle(o.Train); err != nil {
		return r, err
	}
	first, second := d.Snapshots[0], d.Snapshots[1]
	r.Trained, r.Entities, r.Committed = len(first.Train), first.Entities, len(second.Train)
	k, err := newKept(d.Stream)
	if err != nil {
		return r, err
	}
	err = d.maintain(ctx, k, o, &r)
	if err = errors.Join(err, k.close()); err != nil || o.NoRetrain {
		return r, err
	}
	t := retrained{tuned{stream: d.Stream, options: ContinualOptions{Train: o.Train}}}
	start := time.Now()
	if err := t.learn(ctx, 1, progressOf(o, "training anew")); err != nil {
		return r, err
	}
	found := InductiveFound{Method: "retrain", Seconds: time.Since(start).Seconds()}
	if err := d.measure(ctx, d.identity(t.now), o, r.Negatives, &found); err != nil {
		return r, err
	}
	r.Methods = append(r.Methods, found)
	return r, nil
}

func progressOf(o InductiveOptions, words string) func(float64) {
	return func(share float64) {
		if o.Progress != nil {
			o.Progress(share, words)
		}
	}
}

// maintain trains a database's model on the first graph and lets it follow the second.
func (d *inductive) maintain(ctx context.Context, k *kept, o InductiveOptions, r *InductiveReport) error {
	first, second := d.Snapshots[0], d.Snapshots[1]
	options := o.Train
	options.Progress = trainProgress(progressOf(o, "training"))
	if err := k.train(ctx, first.Train, first.Valid, options); err != nil {
		return err
	}
	start, done := time.Now(), 0
	follow := progressOf(o, "following")
	if err := k.add(ctx, second.Train, o.Commit, func(n int) {
		done += n
		follow(float64(done) / float64(len(second.Train)))
	}); err != nil {
		return err
	}
	found := InductiveFound{Method: "maintain", Seconds: time.Since(start).Seconds()}
	v, card, err := k.view()
	if err != nil {
		return err
	}
	r.Family, found.Stale = card.Family, card.StaleBecause
	for _, e := range d.candidates {
		if int(e) >= first.Entities {
			r.New++
			if v.entities[e] >= 0 {
				r.Known++
			}
		}
	}
	if err := d.measure(ctx, v, o, r.Negatives, &found); err != nil {
		return err
	}
	r.Methods = append(r.Methods, found)
	return nil
}

// measure ranks the test triples among the new graph's entities, and among sampled ones.
func (d *inductive) measure(ctx context.Context, v view, o InductiveOptions, negatives int, found *InductiveFound) error {
	among := newcomers{view: v.of(len(d.Entities)), candidates: d.candidates}
	// Rank wants its rows numbered from 0: the new graph's entities in order.
	place := map[uint32]uint32{}
	for i, e := range d.candidates {
		place[e] = uint32(i)
	}
	test := make([]model.Triple, len(d.test))
	for i, t := range d.test {
		test[i] = model.Triple{H: place[t.H], R: t.R, T: place[t.T]}
	}
	r, err := eval.Rank(ctx, among, len(d.candidates), test, knownNewcomers{d.known, d.candidates, place}, eval.Options{Workers: o.Train.Workers})
	if err != nil {
		return err
	}
	found.All = Figures{len(test), r.MRR, r.Hits1, r.Hits10}
	found.Sampled = d.sampled(v, negatives, rand.New(rand.NewPCG(o.Train.Seed, 50)))
	return nil
}

// newcomers scores the new graph's entities alone, numbered from 0 in the order of candidates. It is an eval.Scorer.
type newcomers struct {
	view
	candidates []uint32
}

// ScoreQueries sets row i of out to the scores of queries[i] completed by each candidate.
func (n newcomers) ScoreQueries(queries []model.Query, out vec.Matrix, workers int) {
	asked := make([]model.Query, len(queries))
	for i, q := range queries {
		q.Entity = n.candidates[q.Entity]
		asked[i] = q
	}
	all := n.view.candidates
	scores := vec.MatrixOf(make([]float32, len(asked)*all), len(asked), all)
	n.view.ScoreQueries(asked, scores, workers)
	for i := range asked {
		from, to := scores.Row(i), out.Row(i)
		for k, e := range n.candidates {
			to[k] = from[e]
		}
	}
}

// knownNewcomers is the filter by the numbers of newcomers.
type knownNewcomers struct {
	known      *eval.Known
	candidates []uint32
	place      map[uint32]uint32
}

// Known implements eval.Filter.
func (k knownNewcomers) Known(q model.Query, dst []uint32) []uint32 {
	q.Entity = k.candidates[q.Entity]
	for _, e := range k.known.Known(q, nil) {
		if at, ok := k.place[e]; ok {
			dst = append(dst, at)
		}
	}
	return dst
}

// sampled ranks each end of each test triple among entities of the new graph drawn at random, none that makes a known
// triple, none twice; all there are where they are fewer.
func (d *inductive) sampled(v view, negatives int, random *rand.Rand) Figures {
	f := Figures{Triples: len(d.test)}
	share := 1 / float64(2*max(1, len(d.test)))
	for _, t := range d.test {
		for _, heads := range []bool{false, true} {
			score, above, equal := v.score(t), 0.0, 0.0
			for _, wrong := range d.corrupt(t, heads, negatives, random) {
				switch s := v.score(wrong); {
				case s > score:
					above++
				case s == score:
					equal++
				}
			}
			rank := 1 + above + equal/2
			f.MRR += share / rank
			if rank <= 1 {
				f.Hits1 += share
			}
			if rank <= 10 {
				f.Hits10 += share
			}
		}
	}
	return f
}

// corrupt draws false triples that differ from a true one at one end.
func (d *inductive) corrupt(t model.Triple, heads bool, n int, random *rand.Rand) []model.Triple {
	var list []model.Triple
	for _, at := range random.Perm(len(d.candidates)) {
		wrong := t
		if heads {
			wrong.H = d.candidates[at]
		} else {
			wrong.T = d.candidates[at]
		}
		if !d.known.Has(wrong) {
			list = append(list, wrong)
		}
		if len(list) == n {
			break
		}
	}
	return list
}

// score returns a triple's score; below all others where the embedding does not know a term.
func (v view) score(t model.Triple) float64 {
	h, r, o := v.entities[t.H], v.relations[t.R], v.entities[t.T]
	if h < 0 || r < 0 || o < 0 {
		return math.Inf(-1)
	}
	return float64(v.embedding.Score(uint32(h), uint32(r), uint32(o)))
}

// readInductive reads the files of a folder.
func readInductive(folder string) (*inductive, error) {
	for _, l := range layouts {
		if _, err := readTriples(folder, l.graph, 0, 0); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var lines []line
		for _, part := range []struct {
			name            string
			snapshot, split int
		}{{l.train, 0, 0}, {l.valid, 0, 1}, {l.graph, 1, 0}, {l.known, 1, 1}, {l.test, 1, 2}} {
			if part.name == "" {
				continue
			}
			found, err := readTriples(folder, part.name, part.snapshot, part.split)
			if err != nil {
				return nil, fmt.Errorf("growing: %w", err)
			}
			lines = append(lines, found...)
		}
		if l.valid == "" { // every twentieth triple stops the training instead
			for i := 0; i < len(lines) && lines[i].snapshot == 0; i += 20 {
				lines[i].split = 1
			}
		}
		return newInductive(numbered(filepath.Base(folder), lines))
	}
	return nil, fmt.Errorf("growing: %s holds neither ind_train (GraIL) nor inference (ILPC) as .tsv or .tsv.gz: %w", folder, fs.ErrNotExist)
}

// readTriples reads a file of head, relation and tail.
func readTriples(folder, name string, snapshot, split int) ([]line, error) {
	file, err := openText(filepath.Join(folder, name+".tsv.gz"))
	if errors.Is(err, fs.ErrNotExist) {
		file, err = openText(filepath.Join(folder, name+".tsv"))
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var lines []line
	scanner := bufio.NewScanner(file)
	for n := 1; scanner.Scan(); n++ {
		fields := strings.Split(scanner.Text(), "\t")
		if len(fields) != 3 || slices.Contains(fields, "") {
			return nil, fmt.Errorf("%w: %s line %d: there must be head, relation and tail, parted by tabs", engine.ErrBadInput, filepath.Join(folder, name), n)
		}
		lines = append(lines, line{snapshot, split, [3]string(fields)})
	}
	return lines, scanner.Err()
}

func newInductive(s *Stream) (*inductive, error) {
	if len(s.Snapshots) < 2 || len(s.Snapshots[0].Train) == 0 || len(s.Snapshots[1].Train) == 0 || len(s.Snapshots[1].Test) == 0 {
		return nil, fmt.Errorf("growing: %w: %s: a file has no triples", engine.ErrBadInput, s.Name)
	}
	d := &inductive{Stream: s, test: s.Snapshots[1].Test}
	graph := s.Snapshots[1]
	d.known = eval.NewKnown(graph.Train, graph.Valid, graph.Test)
	there := map[uint32]bool{}
	for _, triples := range [][]model.Triple{graph.Train, graph.Valid, graph.Test} {
		for _, t := range triples {
			there[t.H], there[t.T] = true, true
		}
	}
	d.candidates = slices.Sorted(maps.Keys(there))
	return d, nil
}
