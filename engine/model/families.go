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
	Similarity  Similarity // of a query row and an entity's row, where Interaction is a Querier; the zero value is Dot
	Interaction Interaction
	// Directions says that only the directions of a relation's numbers count: penalties of size leave them alone.
	Directions bool
	// StartRelation changes a relation's row of small random numbers into the one that training begins with; nil leaves
	// it as it is.
	StartRelation func(row []float32)
}

// Families lists every embedding model Inkling has, the default first.
var Families = []Family{
	complEx,
	distMult,
	cp,
	rescal,
	rescalLinear,
	transE,
	transEL1,
	transR,
	rotatE,
	rotatEL2,
}

// ErrUnknownFamily is returned for a model name that is not in Families.
var ErrUnknownFamily = errors.New("unknown model family")

// Bilinear reports whether the score is an inner product of a query row and an entity's row.
func (f Family) Bilinear() bool {
	_, ok := f.Interaction.(Querier)
	return ok && f.Similarity == Dot
}

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
