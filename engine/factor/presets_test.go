package factor

import (
	"context"
	"testing"

	"github.com/inklingdb/inkling/engine/eval"
	"github.com/inklingdb/inkling/engine/model"
)

// kin returns a graph of Kinship's size whose relations lead from all of one class to all of another.
func kin() []model.Triple {
	const people, classes, relations = 104, 8, 8
	var triples []model.Triple
	for r := range relations {
		for i := range people {
			for j := range people {
				if (i%classes*(2*r+1)+r)%classes == j%classes {
					triples = append(triples, triple(uint32(i), uint32(r), uint32(j)))
				}
			}
		}
	}
	return triples
}

// TestAuthorsWeightsLeaveAModel fits the constrained methods with what the source's authors chose for Kinship, ridges of 10 and
// 100: from an A of orthonormal columns both A and R follow the ridges to 0, and nothing is told from anything.
func TestAuthorsWeightsLeaveAModel(t *testing.T) {
	d := randomGraph(104, 8, 0, 1)
	d.Train = kin()
	known := eval.NewKnown(d.Train)
	for _, solver := range []Solver{Adam, ALS} {
		for _, name := range []string{"kinship-quadratic-con", "kinship-linear-con"} {
			p, err := PresetByName(name)
			if err != nil {
				t.Fatal(err)
			}
			o, err := Options{Rank: 8, Settings: Settings{Solver: solver, Iterations: 100}, Seed: 1}.Over(p)
			if err != nil {
				t.Fatal(err)
			}
			e, err := Fit(context.Background(), d, o)
			if err != nil {
				t.Fatal(err)
			}
			var samples []eval.Sample
			for h := range uint32(104) {
				x := triple(h, h%8, h*7%104)
				samples = append(samples, eval.Sample{Score: float64(e.Score(x.H, x.R, x.T)), True: known.Has(x)})
				x = d.Train[int(h)*97%len(d.Train)]
				samples = append(samples, eval.Sample{Score: float64(e.Score(x.H, x.R, x.T)), True: true})
			}
			if auc := eval.AUC(samples); auc < 0.95 {
				t.Errorf("%s by %s: ROC-AUC %.3f", name, solver, auc)
			}
		}
	}
}
