package train

import (
	"fmt"
	"math"
	"strings"

	"github.com/inklingdb/inkling/engine/model"
)

// Preset is a set of options with a name, and what it reached where it was measured.
type Preset struct {
	Name     string
	Measured string // filtered test figures and time, on which machine
	Options  Options
}

// Presets lists the settings that were measured, by the data set they were measured on.
var Presets = []Preset{
	{
		Name: "fb15k-237",
		Measured: "test MRR 0.3445, Hits@1 0.2530, @3 0.3787, @10 0.5263, seed 0; trained in 130 s, 188 s of processor time in all, 181 MB; " +
			"two cores of an EPYC 9005, AVX-512",
		Options: Options{
			Family: "complex", Dim: 100, Loss: AllEntities, Batch: 256, QueryTargets: math.MaxInt32,
			LearningRate: 0.2, DecayTo: 0.05, N3: 0.05, InitScale: 1e-3, Epochs: 10, ValidEvery: 2, Patience: 10,
		},
	},
	{
		Name: "wn18rr",
		Measured: "test MRR 0.4651, Hits@1 0.4282, @3 0.4775, @10 0.5405, seed 0; 484 s of processor time in all, 499 MB; " +
			"two cores of an EPYC 9005, AVX-512",
		Options: Options{
			Family: "complex", Dim: 100, Loss: AllEntities, Batch: 384, QueryTargets: math.MaxInt32,
			LearningRate: 0.2, DecayTo: 0.05, N3: 0.08, InitScale: 1e-3, Epochs: 14, ValidEvery: 2, ValidSample: 1000, Patience: 10,
		},
	},
}

// PresetName returns the name that the settings of a family on a data set have, if there are any: the data set's own
// for the default family.
func PresetName(dataset, family string) string {
	if family == "" || family == model.Families[0].Name {
		return dataset
	}
	return dataset + "-" + family
}

// PresetByName returns the options of a preset, in any letter case.
func PresetByName(name string) (Options, error) {
	names := make([]string, len(Presets))
	for i, p := range Presets {
		if strings.EqualFold(p.Name, name) {
			return p.Options, nil
		}
		names[i] = p.Name
	}
	return Options{}, fmt.Errorf("train: %w: no preset %q (there are %s)", ErrOptions, name, strings.Join(names, ", "))
}
