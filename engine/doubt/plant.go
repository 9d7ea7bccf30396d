package doubt

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/model"
)

// Kind says which entity stands in a planted triple where the right one stood.
type Kind string

// The kinds of planted error.
const (
	Uniform Kind = "uniform" // any entity: mostly one of the wrong type
	Fitting Kind = "fitting" // one that stands at that end of the relation elsewhere: of the right type, and still wrong
)

// Kinds lists the kinds of planted error.
var Kinds = []Kind{Uniform, Fitting}

// KindByName returns the kind of a name.
func KindByName(name string) (Kind, error) {
	if k := Kind(strings.ToLower(name)); slices.Contains(Kinds, k) {
		return k, nil
	}
	return "", fmt.Errorf("doubt: no kind of error %q (there are %v)", name, Kinds)
}

// Plant returns the triples with about a share of them made wrong, and which those are: one end, drawn by lot, gives way to an
// entity of the kind. No wrong triple is one that known has. A triple for which twenty draws find none stays right.
func Plant(triples []model.Triple, known *eval.Known, kind Kind, share float64, seed uint64) (planted []model.Triple, wrong []bool) {
	random := rand.New(rand.NewPCG(seed, 21))
	planted, wrong = slices.Clone(triples), make([]bool, len(triples))
	entities, fitting := endsOf(triples)
	pick := func(at, end int) uint32 {
		from := entities
		if kind == Fitting {
			from = fitting[end][triples[at].R]
		}
		return from[random.IntN(len(from))]
	}
	made := map[model.Triple]bool{}
	for _, at := range random.Perm(len(triples))[:int(share*float64(len(triples)))] {
		end := random.IntN(2)
		for range 20 {
			t := triples[at]
			if e := pick(at, end); end == 0 {
				t.H = e
			} else {
				t.T = e
			}
			if !known.Has(t) && !made[t] {
				planted[at], wrong[at], made[t] = t, true, true
				break
			}
		}
	}
	return planted, wrong
}

// endsOf returns all entities, and for heads (0) and tails (1) those of each relation, ascending.
func endsOf(triples []model.Triple) (entities []uint32, fitting [2]map[uint32][]uint32) {
	fitting = [2]map[uint32][]uint32{{}, {}}
	for _, t := range triples {
		entities = append(entities, t.H, t.T)
		fitting[0][t.R] = append(fitting[0][t.R], t.H)
		fitting[1][t.R] = append(fitting[1][t.R], t.T)
	}
	sorted := func(rows []uint32) []uint32 {
		slices.Sort(rows)
		return slices.Compact(rows)
	}
	for _, side := range fitting {
		for r, rows := range side {
			side[r] = sorted(rows)
		}
	}
	return sorted(entities), fitting
}

// Detection is how well verdicts tell planted errors from sound triples.
type Detection struct {
	Triples  int
	Wrong    int     // planted
	Judged   int     // triples with a verdict
	Found    int     // planted with a verdict
	AUC      float64 // chance that a sound triple is more probable than a planted one, of those judged; 0.5 is chance
	AtN      float64 // precision of as many least probable triples as there are errors; also their recall among all planted
	At100    float64 // precision of the 100 least probable
	Average  float64 // average precision of the ranking by improbability
	Doubted  int     // triples below the threshold
	Precise  float64 // share of the doubted that are planted
	Recalled float64 // share of the planted that are doubted
}

// Detect compares verdicts with the truth.
func Detect(verdicts []Verdict, wrong []bool) Detection {
	d := Detection{Triples: len(verdicts)}
	var samples []eval.Sample
	for i, v := range verdicts {
		if wrong[i] {
			d.Wrong++
		}
		if !v.Judged {
			continue
		}
		d.Judged++
		samples = append(samples, eval.Sample{Score: v.Prob, True: !wrong[i]})
		if wrong[i] {
			d.Found++
		}
		if v.Doubtful() {
			d.Doubted++
			if wrong[i] {
				d.Precise++
			}
		}
	}
	d.Recalled = d.Precise / float64(max(1, d.Wrong))
	d.Precise /= float64(max(1, d.Doubted))
	d.AUC = eval.AUC(samples)
	// Sound ones first among equals, so that a tie flatters nobody.
	slices.SortStableFunc(samples, func(a, b eval.Sample) int {
		return cmp.Or(cmp.Compare(a.Score, b.Score), cmp.Compare(truth(b), truth(a)))
	})
	hits := 0
	for i, s := range samples {
		if !s.True {
			hits++
			d.Average += float64(hits) / float64(i+1) / float64(max(1, d.Wrong))
		}
		if i+1 == min(d.Wrong, len(samples)) {
			d.AtN = float64(hits) / float64(d.Wrong)
		}
		if i+1 == min(100, len(samples)) {
			d.At100 = float64(hits) / float64(i+1)
		}
	}
	return d
}

func truth(s eval.Sample) int {
	if s.True {
		return 1
	}
	return 0
}
