package experiment

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/engine/train"
)

// DefaultFactModels are those that Facts trains unless told otherwise.
var DefaultFactModels = []string{"complex", "rescal"}

// factTrainer returns a model of a set's training facts, and its settings in words.
type factTrainer func(ctx context.Context, set string, d train.Data, o train.Options) (*model.Embedding, string, error)

// trainerOf returns what trains a model by its name.
func trainerOf(name string) (factTrainer, error) {
	f, err := model.FamilyByName(name)
	if err != nil {
		return nil, fmt.Errorf("%w for fact prediction", err)
	}
	return func(ctx context.Context, set string, d train.Data, o train.Options) (*model.Embedding, string, error) {
		o.Family = f.Name
		e, err := train.Train(ctx, d, o.Over(factSettings(set, f.Name)))
		if err != nil {
			return nil, "", err
		}
		return e, settingsText(e.Metadata.Settings), nil
	}, nil
}

// settingsText writes settings in one line.
func settingsText(settings map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		parts = append(parts, name+" "+settings[name])
	}
	return strings.Join(parts, ", ")
}

// factSettings returns the settings of a family that told facts best on a set, those of its kind elsewhere.
func factSettings(set, family string) train.Options {
	return train.Options{}
}
