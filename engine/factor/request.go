package factor

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/inklingdb/inkling/engine/train"
)

// shared are the fields of train.Options that a factorization has a use for.
var shared = []string{"Family", "Dim", "Epochs", "Budget", "Precision", "ValidEvery", "ValidSample", "Patience", "Seed", "Workers", "Progress"}

// From returns the options of a factorization from a training's, whose family names the method and whose epochs are
// iterations where the settings have none. ErrOptions where the training has settings that only training by gradient has
// a use for, such as a loss or negatives, and names them.
func From(t train.Options, s Settings) (Options, error) {
	m, ok := MethodByName(t.Family)
	if !ok {
		return Options{}, fmt.Errorf("factor: %w: %q is no factorization", ErrOptions, t.Family)
	}
	var refused []string
	v := reflect.ValueOf(t)
	for i := range v.NumField() {
		if field := v.Type().Field(i); !slices.Contains(shared, field.Name) && !v.Field(i).IsZero() {
			refused = append(refused, flagOf(field))
		}
	}
	if len(refused) > 0 {
		return Options{}, fmt.Errorf("factor: %w: %s is for training by gradient; %s solves least squares and has no use for it", ErrOptions, strings.Join(refused, ", "), m.Name)
	}
	if t.Epochs != 0 && s.Iterations != 0 && t.Epochs != s.Iterations {
		return Options{}, fmt.Errorf("factor: %w: %d epochs and %d iterations are the same thing twice: give one", ErrOptions, t.Epochs, s.Iterations)
	}
	s.Iterations = cmp.Or(s.Iterations, t.Epochs)
	return Options{
		Method: m.Name, Rank: t.Dim, Settings: s, Precision: t.Precision, Budget: t.Budget,
		ValidEvery: t.ValidEvery, ValidSample: t.ValidSample, Patience: t.Patience, Seed: t.Seed, Workers: t.Workers, Progress: t.Progress,
	}, nil
}

// CheckUnused returns ErrOptions, with their names, where settings of a factorization are given for a family that is
// trained by gradient.
func (s Settings) CheckUnused(family string) error {
	var given []string
	v := reflect.ValueOf(s)
	for i := range v.NumField() {
		if !v.Field(i).IsZero() {
			given = append(given, flagOf(v.Type().Field(i)))
		}
	}
	if len(given) == 0 {
		return nil
	}
	return fmt.Errorf("factor: %w: %s is for factorizations (%s), and %s is trained by gradient", ErrOptions, strings.Join(given, ", "), MethodNames(), family)
}

// flagOf returns a setting's name as the command line has it.
func flagOf(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	return strings.ReplaceAll(strings.TrimSuffix(name, "_ns"), "_", "-")
}
