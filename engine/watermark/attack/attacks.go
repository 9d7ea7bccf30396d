package attack

import "fmt"

// Attack is one line of the benchmark: an edit at one strength.
type Attack struct {
	Name     string
	Doc      string // what strength means and what is done
	Strength float64
	Source   bool // one of the source's
	Do       Func
	Retrain  int // epochs of training afterwards: what poisoning is for
}

// Title names the attack with its strength.
func (a Attack) Title() string {
	title := a.Name
	if a.Strength > 0 {
		title += fmt.Sprintf(" %g%%", 100*a.Strength)
	}
	if a.Retrain > 0 {
		title += fmt.Sprintf(", %d epochs", a.Retrain)
	}
	return title
}

// Attacks lists the benchmark's lines, the source's first.
var Attacks = append(source(), own()...)

// graded returns an attack at the source's three strengths.
func graded(name, doc string, do Func) []Attack {
	var list []Attack
	for _, strength := range []float64{0.1, 0.3, 0.5} {
		list = append(list, Attack{Name: name, Doc: doc, Strength: strength, Source: true, Do: do})
	}
	return list
}

func source() []Attack {
	list := []Attack{{Name: "clean", Doc: "nothing", Source: true, Do: Clean}}
	list = append(list, graded("relation alteration", "that share of triples gets another relation", AlterRelations)...)
	list = append(list, graded("triple deletion", "that share of triples goes", DeleteTriples)...)
	return append(append(append(list,
		Attack{Name: "L2 metric", Doc: "for that share of triples the nearest training triple beside them goes (Bhardwaj et al. 2021)", Strength: 0.1, Source: true, Do: L2Metric},
		Attack{Name: "NEA", Doc: "that share of triples is flipped, by their effect on the spectrum (Bojchevski and Günnemann 2019)", Strength: 0.1, Source: true, Do: NEA},
		Attack{Name: "isomorphism", Doc: "all entities get other names and another order", Source: true, Do: Relabel}),
		graded("noise", "that share of rows gets Gaussian noise of 1 standard deviation a dimension", Noise)...),
		graded("smoothing", "that share of rows becomes the mean of itself and its neighbours in the graph", Smooth)...)
}

func own() []Attack {
	return []Attack{
		{Name: "noise", Doc: "as above", Strength: 1, Do: Noise},
		{Name: "smoothing", Doc: "as above", Strength: 1, Do: Smooth},
		{Name: "gauge", Doc: "every complex dimension turns by an angle of its own; no score changes", Do: Gauge},
		{Name: "dimension permutation", Doc: "complex dimensions change places, relations' too; no score changes", Do: PermuteDimensions},
		{Name: "fp16", Doc: "numbers are rounded to half precision", Do: Half},
		{Name: "int8", Doc: "numbers are rounded to 255 levels a dimension", Do: Int8},
		{Name: "row deletion", Doc: "that share of entities goes with its triples", Strength: 0.5, Do: DeleteRows},
		{Name: "row deletion", Doc: "as above", Strength: 0.9, Do: DeleteRows},
		{Name: "averaging", Doc: "the mean with a copy that bears another key's mark", Do: Average},
		{Name: "namespace", Doc: "every IRI gets another namespace", Do: Rename},
		{Name: "triple deletion", Doc: "as above, then training goes on", Strength: 0.5, Do: DeleteTriples, Retrain: 5},
		{Name: "relation alteration", Doc: "as above, then training goes on", Strength: 0.5, Do: AlterRelations, Retrain: 5},
		{Name: "L2 metric", Doc: "as above, then training goes on", Strength: 0.1, Do: L2Metric, Retrain: 5},
		{Name: "NEA", Doc: "as above, then training goes on", Strength: 0.1, Do: NEA, Retrain: 5},
		{Name: "triple deletion", Doc: "as above, then training goes on", Strength: 0.5, Do: DeleteTriples, Retrain: 20},
	}
}
