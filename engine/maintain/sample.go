package maintain

import (
	"math/rand/v2"

	"github.com/inklingdb/inkling/engine/model"
	"github.com/inklingdb/inkling/store"
)

const (
	// scanLimit is how many triples of one pattern are read before sampling turns to random positions: a scan of
	// so many takes some 10 µs.
	scanLimit = 512
	// stripe is how many triples are taken at each random position.
	stripe = 2
	// knownLimit is how many stated answers of one query are kept from being drawn against.
	knownLimit = 2048
)

// sample returns up to k triples of a pattern, each about equally likely, and how many the pattern has, at most
// scanLimit.
func (l *learner) sample(h *history, p store.Pattern, k int, random *rand.Rand) ([]store.Triple, int, error) {
	all, err := h.Triples(p, store.Triple{}, scanLimit)
	if err != nil {
		return nil, 0, err
	}
	if len(all) < scanLimit {
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		return all[:min(k, len(all))], len(all), nil
	}
	seen := map[store.Triple]bool{}
	var out []store.Triple
	for range 2 * k / stripe {
		from := l.randomPosition(p, random)
		part, err := h.Triples(p, from, stripe)
		if err != nil {
			return nil, 0, err
		}
		for _, t := range part {
			if !seen[t] && len(out) < k {
				seen[t] = true
				out = append(out, t)
			}
		}
	}
	return out, scanLimit, nil
}

// randomPosition returns a triple with random terms of the model in the places that p leaves open.
func (l *learner) randomPosition(p store.Pattern, random *rand.Rand) store.Triple {
	v := l.tables.Vocabulary
	t := store.Triple(p)
	if t.S == 0 {
		t.S = v.EntityID(uint32(random.IntN(v.Entities())))
	}
	if t.P == 0 {
		t.P = v.RelationID(uint32(random.IntN(v.Relations())))
	}
	if t.O == 0 {
		t.O = v.EntityID(uint32(random.IntN(v.Entities())))
	}
	return t
}

// neighbours returns up to k stated triples of an entity, half of them with it as object where there are as
// many, and the entity's degree, at most 2·scanLimit.
func (l *learner) neighbours(h *history, e uint32, k int, random *rand.Rand) ([]model.Triple, int, error) {
	id := l.tables.Vocabulary.EntityID(e)
	out, outDegree, err := l.sample(h, store.Pattern{S: id}, k, random)
	if err != nil {
		return nil, 0, err
	}
	in, inDegree, err := l.sample(h, store.Pattern{O: id}, k, random)
	if err != nil {
		return nil, 0, err
	}
	half := k / 2
	takeOut := min(len(out), max(half, k-len(in)))
	takeIn := min(len(in), k-takeOut)
	return l.rowsOf(append(out[:takeOut:takeOut], in[:takeIn]...)), outDegree + inDegree, nil
}

// known returns the rows of a query's stated answers, at most knownLimit.
func (l *learner) known(h *history, q query) ([]uint32, error) { return l.knownOf(h, q, knownLimit) }

func (l *learner) knownOf(h *history, q query, limit int) ([]uint32, error) {
	v := l.tables.Vocabulary
	p := store.Pattern{P: v.RelationID(q.relation)}
	if q.heads {
		p.O = v.EntityID(q.fixed)
	} else {
		p.S = v.EntityID(q.fixed)
	}
	triples, err := h.Triples(p, store.Triple{}, limit)
	if err != nil {
		return nil, err
	}
	var rows []uint32
	for _, t := range triples {
		id := t.O
		if q.heads {
			id = t.S
		}
		if row, ok := v.Entity(id); ok {
			rows = append(rows, row)
		}
	}
	return rows, nil
}
