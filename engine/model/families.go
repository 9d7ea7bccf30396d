package model

import (
	"errors"
	"fmt"
	"strings"
)

// Family describes one embedding model. To add one: write its file (see complex.go) and name it in Families.
type Family struct {
	Name     string // as in `--model`: lower case
	Title    string // as papers write it
	Equation string
	Source   string // who, where, when
	Layout   string // what an entity row and a relation row hold
	// Modulus is 2 when a parameter is a complex number stored as two halves of the row, else 1. The N3 norm is
	// taken over moduli.
	Modulus     int
	Interaction Interaction
}

// Families lists every embedding model Inkling has, the default first.
var Families = []Family{
	complEx,
	distMult,
}

// ErrUnknownFamily is returned for a model name that is not in Families.
var ErrUnknownFamily = errors.New("unknown model family")

// FamilyByName returns the family with that name, in any letter case.
func FamilyByName(name string) (Family, error) {
	names := make([]string, len(Families))
	for i, f := range Families {
		if strings.EqualFold(f.Name, name) {
			return f, nil
		}
		names[i] = f.Name
	}
	return Family{}, fmt.Errorf("model: %w %q (there are %s)", ErrUnknownFamily, name, strings.Join(names, ", "))
}
