package factor

import (
	"fmt"
	"strings"
)

// Preset is a set of options with a name.
type Preset struct {
	Name    string // DATASET-METHOD, as benchmarks name the data set: kinship-linear-reg
	Options Options
}

// PresetNames says how presets are named, for help texts.
const PresetNames = "kinship, umls, wn18, wn18rr, fb13 or fb15k-237, then - and a factorization's method, such as kinship-linear-reg"

// Presets lists the settings that the source's authors found best by coordinate descent on validation triples, for each
// of their data sets: Padia et al. 2019, section 5, rank and iterations as there. Those of the constrained methods are for
// their solver, adam.
var Presets = presets()

const none = -1.0 // of a weight

// byDataSet are the weights and steps of one method, in the order in which its kind of preset takes them.
type byDataSet map[string][]float64

func presets() []Preset {
	var all []Preset
	for _, p := range []struct {
		method  string
		settled func(v []float64) Settings
		values  byDataSet
	}{
		{"rescal-als", ridgesOf, byDataSet{
			"kinship": {10, 10}, "umls": {10, 10}, "wn18": {.1, .1}, "wn18rr": {.01, .002}, "fb13": {10, 10}, "fb15k-237": {.01, .002},
		}},
		{"nn-rescal", ridgesOf, byDataSet{
			"kinship": {none, none}, "umls": {none, none}, "wn18": {none, none}, "wn18rr": {.01, .002}, "fb13": {none, none},
		}},
		{"quadratic-reg", quadraticOf, byDataSet{
			"kinship": {10, 10, .2}, "umls": {.1, .1, .2}, "wn18": {.1, .1, .1}, "wn18rr": {.1, .1, .1}, "fb13": {.1, .1, none},
		}},
		{"linear-reg", linearOf, byDataSet{
			"kinship": {.01, .01, 2e-5, 10, 1}, "umls": {.01, .01, 2e-5, 10, 1}, "wn18": {.01, .01, 2e-5, 10, 1},
			"wn18rr": {.01, .01, 2e-5, 10, 1}, "fb13": {10, .2, 2e-5, 1, 1},
		}},
		{"quadratic-con", quadraticConstrainedOf, byDataSet{
			"kinship": {10, 100, 1e-4, 1e-4, 1}, "umls": {10, 100, 1e-4, 1e-4, .2}, "wn18": {100, 100, .1, .01, 1e-4},
			"wn18rr": {100, 100, .1, .01, 1e-4}, "fb13": {100, 1000, .1, .1, 1e-4}, "fb15k-237": {none, .001, 1e-4, 1e-3, 1e-3},
		}},
		{"linear-con", linearConstrainedOf, byDataSet{
			"kinship": {1, 10, 100, .01, 1e-4, .01}, "umls": {1, 10, 100, 1e-5, 1e-4, .1}, "wn18": {1000, 1, 1000, .1, .01, 1e-4},
			"wn18rr": {1000, 1, 1000, .1, .01, 1e-4}, "fb13": {10, 5, 1000, 1e-4, .1, 1e-4}, "fb15k-237": {1, 1, 1, .1, .001, 1},
		}},
	} {
		for _, set := range []string{"kinship", "umls", "wn18", "wn18rr", "fb13", "fb15k-237"} {
			if v := p.values[set]; v != nil {
				all = append(all, Preset{set + "-" + p.method, Options{Method: p.method, Settings: p.settled(v)}})
			}
		}
	}
	return all
}

func ridgesOf(v []float64) Settings { return Settings{LambdaA: v[0], LambdaR: v[1]} }

func quadraticOf(v []float64) Settings {
	return Settings{LambdaA: v[0], LambdaR: v[1], LambdaS: v[2]}
}

func linearOf(v []float64) Settings {
	return Settings{LambdaA: v[0], LambdaR: v[1], LambdaS: v[2], LambdaE: v[3], Rho: 1 / v[4]}
}

func quadraticConstrainedOf(v []float64) Settings {
	return Settings{Solver: Adam, LambdaA: v[0], LambdaR: v[1], StepA: v[2], StepR: v[3], StepMu: v[4], Iterations: 500, Tolerance: 1e-6}
}

func linearConstrainedOf(v []float64) Settings {
	s := quadraticConstrainedOf([]float64{v[0], v[2], v[3], v[4], v[5]})
	s.LambdaE = v[1]
	return s
}

// PresetByName returns the options of a preset, in any letter case; ErrOptions when there is none.
func PresetByName(name string) (Options, error) {
	for _, p := range Presets {
		if strings.EqualFold(p.Name, name) {
			return p.Options, nil
		}
	}
	return Options{}, fmt.Errorf("factor: %w: no preset %q (%s)", ErrOptions, name, PresetNames)
}
