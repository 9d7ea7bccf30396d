package factor

import (
	"fmt"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"
	"gonum.org/v1/gonum/mat"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/index"
	"github.com/inklingdb/inkling/store"
)

// Ends are the sets of what stands at each end of one relation.
type Ends struct{ Subjects, Objects *roaring.Bitmap }

// Similarity compares two relations by their ends, as the share that two sets have in common of their union: the
// Jaccard index, in [0, 1].
type Similarity struct {
	Name string
	Doc  string // in sets: S subjects, O objects of relations k and l
	// sets returns the set taken of the first relation and of the second.
	sets func(k, l Ends) (first, second *roaring.Bitmap)
	// both says that a relation's set is of both of its ends.
	both bool
}

// The similarities: Padia, Kalpakis, Ferraro, Finin 2019, eq. 3 to 7.
var (
	Symmetric    = Similarity{Name: "symmetric", Doc: "(S_k∪O_k) with (S_l∪O_l)", both: true, sets: func(k, l Ends) (a, b *roaring.Bitmap) { return k.Subjects, l.Subjects }}
	Agency       = Similarity{Name: "agency", Doc: "S_k with S_l", sets: func(k, l Ends) (a, b *roaring.Bitmap) { return k.Subjects, l.Subjects }}
	Patient      = Similarity{Name: "patient", Doc: "O_k with O_l", sets: func(k, l Ends) (a, b *roaring.Bitmap) { return k.Objects, l.Objects }}
	Transitivity = Similarity{Name: "transitivity", Doc: "S_k with O_l", sets: func(k, l Ends) (a, b *roaring.Bitmap) { return k.Subjects, l.Objects }}
	ReverseTrans = Similarity{Name: "reverse-transitivity", Doc: "O_k with S_l", sets: func(k, l Ends) (a, b *roaring.Bitmap) { return k.Objects, l.Subjects }}
)

// Similarities lists them all.
var Similarities = []Similarity{Symmetric, Agency, Patient, Transitivity, ReverseTrans}

// SimilarityByName returns the similarity with that name, in any letter case; ErrOptions when there is none.
func SimilarityByName(name string) (Similarity, error) {
	names := make([]string, len(Similarities))
	for i, s := range Similarities {
		if strings.EqualFold(s.Name, name) {
			return s, nil
		}
		names[i] = s.Name
	}
	return Similarity{}, fmt.Errorf("factor: %w: no similarity of relations %q (there are %s)", ErrOptions, name, strings.Join(names, ", "))
}

// Of returns the m×m matrix C of m relations as the formula has it: entry (k, l) compares relation k with l. It is not
// symmetric where subjects are compared with objects; see Symmetrised. Two empty sets have nothing in common: 0.
func (s Similarity) Of(relations []Ends) *mat.Dense {
	m := len(relations)
	if m == 0 {
		return &mat.Dense{}
	}
	if s.both {
		joined := make([]Ends, m)
		for k, e := range relations {
			joined[k].Subjects = roaring.Or(e.Subjects, e.Objects)
		}
		relations = joined
	}
	c := mat.NewDense(m, m, nil)
	for k := range m {
		for l := range m {
			c.Set(k, l, jaccard(s.sets(relations[k], relations[l])))
		}
	}
	return c
}

// jaccard returns |a∩b| / |a∪b|.
func jaccard(a, b *roaring.Bitmap) float64 {
	common := a.AndCardinality(b)
	if common == 0 {
		return 0
	}
	return float64(common) / float64(a.GetCardinality()+b.GetCardinality()-common)
}

// Symmetrised returns (C + Cᵀ)/2, which is all that ΣC_kl‖R_k−R_l‖² sees of C.
func Symmetrised(c mat.Matrix) *mat.SymDense {
	m, _ := c.Dims()
	if m == 0 {
		return &mat.SymDense{}
	}
	s := mat.NewSymDense(m, nil)
	for k := range m {
		for l := k; l < m; l++ {
			s.SetSym(k, l, (c.At(k, l)+c.At(l, k))/2)
		}
	}
	return s
}

// EndsOfTriples returns the ends of m relations by entity rows.
func EndsOfTriples(triples []model.Triple, m int) []Ends {
	ends := make([]Ends, m)
	heads, tails := make([][]uint32, m), make([][]uint32, m)
	for _, t := range triples {
		heads[t.R], tails[t.R] = append(heads[t.R], t.H), append(tails[t.R], t.T)
	}
	for k := range ends {
		ends[k] = Ends{roaring.BitmapOf(heads[k]...), roaring.BitmapOf(tails[k]...)}
	}
	return ends
}

// EndsOfGraph returns the ends of a vocabulary's relations, row by row, straight from the sets that the store's index
// keeps, by dictionary numbers; the bitmaps are shared and read only. Objects that are literals are in them. g is the
// graph, 0 the default one.
func EndsOfGraph(sets *index.SetsSnapshot, g store.TermID, v *model.Vocabulary) []Ends {
	ends := make([]Ends, v.Relations())
	for k, id := range v.RelationIDs() {
		ends[k] = Ends{sets.Subjects(g, id), sets.Objects(g, id)}
	}
	return ends
}

// checkSimilarity returns ErrOptions unless a matrix is m×m with entries in [0, 1].
func checkSimilarity(c mat.Symmetric, m int) error {
	if n := c.SymmetricDim(); n != m {
		return fmt.Errorf("factor: %w: the similarity is of %d relations, the graph has %d", ErrOptions, n, m)
	}
	for k := range m {
		for l := k; l < m; l++ {
			if v := c.At(k, l); !(v >= 0 && v <= 1) {
				return fmt.Errorf("factor: %w: the similarity %g of relations %d and %d must be in [0, 1]", ErrOptions, v, k, l)
			}
		}
	}
	return nil
}

// laplacian returns diag(W·1) − W for symmetric weights, whose diagonal does not matter.
func laplacian(w mat.Symmetric) *mat.SymDense {
	m := w.SymmetricDim()
	l := mat.NewSymDense(m, nil)
	for i := range m {
		sum := 0.0
		for j := range m {
			if i != j {
				sum += w.At(i, j)
				l.SetSym(i, j, -w.At(i, j))
			}
		}
		l.SetSym(i, i, sum)
	}
	return l
}
