package train

import (
	"math"
	"math/rand/v2"

	"github.com/inklingdb/inkling/engine/model"
)

// HoldOut divides triples into a training part and two held-out parts of about the given shares (each in [0, 1)),
// drawn by the seed. A triple is held out only if the training part still has each of its entities and its relation
// elsewhere, so that nothing is asked about a row that was never trained; on sparse graphs the held-out parts
// come out smaller. The order of the input is kept in each part.
func HoldOut(triples []model.Triple, valid, test float64, seed uint64) Data {
	entities, relations := map[uint32]int{}, map[uint32]int{}
	for _, t := range triples {
		entities[t.H]++
		entities[t.T]++
		relations[t.R]++
	}
	want := [3]int{0, share(valid, len(triples)), share(test, len(triples))}
	part := make([]uint8, len(triples))
	to := uint8(1)
	for _, at := range rand.New(rand.NewPCG(seed, 4)).Perm(len(triples)) {
		if want[to] == 0 {
			to = 3 - to
		}
		if want[to] == 0 {
			break
		}
		if !spare(triples[at], entities, relations) {
			continue
		}
		part[at] = to
		want[to]--
		to = 3 - to // alternate, so that a graph with few spare triples fills both parts alike
	}
	var d Data
	for i, t := range triples {
		switch part[i] {
		case 0:
			d.Train = append(d.Train, t)
		case 1:
			d.Valid = append(d.Valid, t)
		case 2:
			d.Test = append(d.Test, t)
		}
	}
	return d
}

func share(s float64, n int) int { return int(math.Round(s * float64(n))) }

// spare takes a triple out of the counts if each of its rows stays in use without it.
func spare(t model.Triple, entities, relations map[uint32]int) bool {
	own := 1
	if t.H == t.T {
		own = 2
	}
	if entities[t.H] <= own || entities[t.T] <= own || relations[t.R] <= 1 {
		return false
	}
	entities[t.H]--
	entities[t.T]--
	relations[t.R]--
	return true
}

// Folds divides triples into k parts of about equal size, drawn by the seed: fold[i] is the part of triples[i], from 0.
// It is -1 for a triple that no part can have, because without its part one of its entities or its relation would stand
// in no triple: a model trained without it could not judge it.
func Folds(triples []model.Triple, k int, seed uint64) (fold []int) {
	entities, relations := map[uint32]int{}, map[uint32]int{}
	for _, t := range triples {
		entities[t.H]++
		entities[t.T]++
		relations[t.R]++
	}
	fold = make([]int, len(triples))
	order := rand.New(rand.NewPCG(seed, 6)).Perm(len(triples))
	for f := range k {
		part := order[f*len(order)/k : (f+1)*len(order)/k]
		var taken []model.Triple
		for _, at := range part {
			if fold[at] = -1; spare(triples[at], entities, relations) {
				fold[at] = f
				taken = append(taken, triples[at])
			}
		}
		for _, t := range taken { // other parts do without their own only
			entities[t.H]++
			entities[t.T]++
			relations[t.R]++
		}
	}
	return fold
}
