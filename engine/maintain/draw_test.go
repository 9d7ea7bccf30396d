package maintain

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
)

// Entities of the wheel stand at wheelPlaces places, wheelSeats at each, and each relation leads from a place to all seats
// of the place so many steps on. The third is the first after the second, the fourth the first backwards: what is told of
// an entity by one tells of its triples by all.
const wheelPlaces, wheelSeats = 32, 5

var wheelSteps = []int{3, 7, 10, -3}

// wheelData returns the wheel's triples in random order: a share to train on, one to stream, the rest held out.
func wheelData(t *testing.T, seed uint64, trained, streamed float64) (d train.Data, stream []model.Triple) {
	t.Helper()
	var all []model.Triple
	n := wheelPlaces * wheelSeats
	for e := range n {
		for r, steps := range wheelSteps {
			place := (e/wheelSeats + steps + wheelPlaces) % wheelPlaces
			for seat := range wheelSeats {
				all = append(all, model.Triple{H: uint32(e), R: uint32(r), T: uint32(place*wheelSeats + seat)})
			}
		}
	}
	random := rand.New(rand.NewPCG(seed, 1))
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	a := int(trained * float64(len(all)))
	b := a + int(streamed*float64(len(all)))
	d = train.Data{Train: all[:a], Test: all[b:]}
	setVocabulary(t, &d, n, len(wheelSteps))
	return d, all[a:b]
}

// TestStreamTellsOfOthers streams triples by commits that are studied: triples that were never stated must rank better than
// before by a good part of what a training on all of them gains, and the trained ones not worse.
func TestStreamTellsOfOthers(t *testing.T) {
	for _, family := range []string{"complex", "cp", "rotate-l2"} {
		t.Run(family, func(t *testing.T) {
			d, stream := wheelData(t, 5, 0.22, 0.2)
			o := train.Options{Family: family, Dim: 24, Epochs: 30, Seed: 2, ValidEvery: 100}
			fit := func(triples []model.Triple) *model.Embedding {
				e, err := train.Train(context.Background(), train.Data{Vocabulary: d.Vocabulary, Train: triples}, o)
				if err != nil {
					t.Fatal(err)
				}
				return e
			}
			e := fit(d.Train)
			w := newWorld(t, d, e)
			w.data.Valid = stream // known to be true when others are ranked
			f := w.follow(Options{})
			before := w.mrr(e, d.Test)
			trained := w.mrr(e, d.Train)
			for part := range slices.Chunk(stream, len(stream)/3+1) {
				w.apply(f, w.write(nil, part))
			}
			now := f.Embedding()
			after, anew := w.mrr(now, d.Test), w.mrr(fit(slices.Concat(d.Train, stream)), d.Test)
			t.Logf("%d triples streamed: held-out MRR %.3f before, %.3f after, %.3f retrained; trained %.3f, %.3f; streamed %.3f, %.3f", len(stream),
				before, after, anew, trained, w.mrr(now, d.Train), w.mrr(e, stream), w.mrr(now, stream))
			if after < before+0.4*(anew-before) || anew < before+0.05 {
				t.Errorf("MRR of triples that were never stated goes from %.3f to %.3f, by retraining to %.3f", before, after, anew)
			}
			if still := w.mrr(now, d.Train); still < trained-0.05 {
				t.Errorf("MRR of trained triples goes from %.3f to %.3f", trained, still)
			}
		})
	}
}
