package experiment

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/inklingdb/inkling/engine/factor"
	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
)

// DefaultFactModels are those that Facts trains unless told otherwise.
var DefaultFactModels = []string{"complex", "rescal", "rescal-als", "nn-rescal", "linear-reg", "quadratic-reg", "linear-con", "quadratic-con"}

// authors, behind the name of a factorization, asks for the settings that the source's authors chose.
const authors = "-authors"

// factTrainer returns a model of a set's training facts, and its settings in words. Of the options it heeds those that
// are given.
type factTrainer func(ctx context.Context, set string, d train.Data, o train.Options, s factor.Settings) (*model.Embedding, string, error)

// trainerOf returns what trains a model by its name: a family of embeddings, a factorization, or that with "-authors".
func trainerOf(name string) (factTrainer, error) {
	method, theirs := strings.CutSuffix(name, authors)
	if m, ok := factor.MethodByName(method); ok {
		return func(ctx context.Context, set string, d train.Data, o train.Options, s factor.Settings) (*model.Embedding, string, error) {
			return factorized(ctx, factorSettings(set, m.Name, theirs), d, o, s)
		}, nil
	}
	f, err := model.FamilyByName(name)
	if err != nil {
		return nil, fmt.Errorf("%w for fact prediction, and no factorization (there are %s, each also with %s behind it)", err, factor.MethodNames(), authors)
	}
	return func(ctx context.Context, set string, d train.Data, o train.Options, s factor.Settings) (*model.Embedding, string, error) {
		if err := s.CheckUnused(f.Name); err != nil {
			return nil, "", err
		}
		o.Family = f.Name
		e, err := train.Train(ctx, d, o.Over(factSettings(set, f.Name)))
		if err != nil {
			return nil, "", err
		}
		return e, settingsText(e.Metadata.Settings), nil
	}, nil
}

func factorized(ctx context.Context, preset factor.Options, d train.Data, o train.Options, s factor.Settings) (*model.Embedding, string, error) {
	o.Family = preset.Method
	given, err := factor.From(o, s)
	if err != nil {
		return nil, "", err
	}
	if given, err = given.Over(preset); err != nil {
		return nil, "", err
	}
	e, err := factor.Fit(ctx, d, given)
	if err != nil {
		return nil, "", err
	}
	return e, settingsText(e.Metadata.Settings), nil
}

// factorSettings returns the settings of a factorization on a set: the authors' where they have some and are asked for.
func factorSettings(set, method string, theirs bool) factor.Options {
	if theirs {
		if p, err := factor.PresetByName(factSetName(set) + "-" + method); err == nil {
			return p
		}
	}
	return factor.Options{Method: method, Settings: factorBest[factSetName(set)][method]}
}

// factorBest are the settings of factorizations that told facts best on a set, of a handful tried on its published folds;
// elsewhere the method's own are taken.
var factorBest = map[string]map[string]factor.Settings{
	"kinship": {
		"rescal-als": {LambdaA: 10, LambdaR: 10},
		"linear-reg": {LambdaA: 1, LambdaR: 1, LambdaE: 0.1},
		"linear-con": {StepMu: 0.1},
	},
	"umls": {
		"rescal-als":    {LambdaA: 10, LambdaR: 10},
		"linear-reg":    {LambdaA: 1, LambdaR: 1, LambdaS: 0.1},
		"quadratic-reg": {LambdaA: 3, LambdaR: 3, LambdaS: 20},
		"quadratic-con": {StepMu: 0.1},
	},
	"fb15k-237": {"rescal-als": {LambdaA: 30, LambdaR: 30}},
}

// settingsText writes settings in one line.
func settingsText(settings map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		parts = append(parts, name+" "+settings[name])
	}
	return strings.Join(parts, ", ")
}

// factSettings returns the settings of a family for a set: those that told facts best where some were tried, else the
// trainer's preset for the set, else none, so that the trainer chooses by size.
func factSettings(set, family string) train.Options {
	if o, ok := embeddingBest[factSetName(set)][family]; ok {
		return o
	}
	o, err := train.PresetByName(train.PresetName(factSetName(set), family))
	if err != nil {
		return train.Options{}
	}
	return o
}

// embeddingBest are the settings of embeddings that told facts best on a set, of a handful tried on its published folds.
// The logistic loss draws both ends at random, as the false facts of those folds are.
var embeddingBest = map[string]map[string]train.Options{
	"umls": {"complex": {Loss: train.Logistic}},
}
