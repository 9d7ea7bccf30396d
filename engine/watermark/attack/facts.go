package attack

import (
	"context"
	"fmt"
	"slices"

	"github.com/inklingdb/inkling/engine/model"
)

// AlterRelations gives a share of triples another relation, drawn uniformly.
func AlterRelations(_ context.Context, _ Setting, c Copy, share float64, seed uint64) (Copy, error) {
	if c.Relations.Rows < 2 {
		return Copy{}, fmt.Errorf("attack: a graph of %d relations has no other to alter to", c.Relations.Rows)
	}
	rng := random(seed, "alteration")
	triples := slices.Clone(c.Triples)
	for i, yes := range chosen(rng, len(triples), share) {
		if yes {
			triples[i].R = (triples[i].R + 1 + rng.Uint32N(uint32(c.Relations.Rows-1))) % uint32(c.Relations.Rows)
		}
	}
	c.Triples = triples
	return c, nil
}

// DeleteTriples takes a share of triples away.
func DeleteTriples(_ context.Context, _ Setting, c Copy, share float64, seed uint64) (Copy, error) {
	c.Triples = without(c.Triples, chosen(random(seed, "deletion"), len(c.Triples), share))
	return c, nil
}

// without returns the triples that are not gone.
func without(triples []model.Triple, gone []bool) []model.Triple {
	out := make([]model.Triple, 0, len(triples))
	for i, t := range triples {
		if !gone[i] {
			out = append(out, t)
		}
	}
	return out
}

// both returns the triples of a that b has.
func both(a, b []model.Triple) []model.Triple {
	has := make(map[model.Triple]bool, len(b))
	for _, t := range b {
		has[t] = true
	}
	return slices.DeleteFunc(slices.Clone(a), func(t model.Triple) bool { return !has[t] })
}

// Relabel gives entities each other's names and puts rows in another order: an isomorphic graph whose names tell
// nothing. The structure, and what each row says, stay.
func Relabel(_ context.Context, _ Setting, c Copy, _ float64, seed uint64) (Copy, error) {
	rng := random(seed, "isomorphism")
	out := c.keeping(rng.Perm(c.Table.Rows.Rows))
	names := slices.Clone(out.Table.Names)
	rng.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	out.Table.Names = names
	rng.Shuffle(len(out.Triples), func(i, j int) { out.Triples[i], out.Triples[j] = out.Triples[j], out.Triples[i] })
	return out, nil
}

// Rename puts every IRI, relations' too, into another namespace: what comes after the last / or # stays.
func Rename(_ context.Context, _ Setting, c Copy, _ float64, seed uint64) (Copy, error) {
	renamed := func(names []string) []string {
		out := make([]string, len(names))
		for i, name := range names {
			end := 0
			for j := range len(name) {
				if name[j] == '/' || name[j] == '#' {
					end = j + 1
				}
			}
			out[i] = fmt.Sprintf("http://other.example/%d/%s", seed, name[end:])
		}
		return out
	}
	c.Table.Names, c.RelationNames = renamed(c.Table.Names), renamed(c.RelationNames)
	return c, nil
}
