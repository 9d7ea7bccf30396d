package index

import (
	"context"
	"maps"

	"github.com/inklingdb/inkling/store"
)

// edit is what a commit changes in a relation: by how many triples it grows, in all and by subject and object.
type edit struct {
	triples  int64
	subjects map[store.TermID]int64
	objects  map[store.TermID]int64
}

// Apply implements store.Indexer. What it adds costs a set look-up; a removal also counts, in after, whether the
// subject or object has triples left.
func (x *Sets) Apply(ctx context.Context, c store.Commit, after *store.View) error {
	edits := map[placedRelation]*edit{}
	next := *x.current
	for _, change := range c.Changes {
		n := int64(1)
		if change.Removed {
			n = -1
		}
		for _, p := range [2]store.TermID{change.Triple.P, 0} {
			k := placedRelation{change.Graph, p}
			e := edits[k]
			if e == nil {
				e = &edit{subjects: map[store.TermID]int64{}, objects: map[store.TermID]int64{}}
				edits[k] = e
			}
			e.triples += n
			e.subjects[change.Triple.S] += n
			e.objects[change.Triple.O] += n
		}
	}
	next.learnKinds(c.Changes)
	var copied [shards]bool
	for k, e := range edits {
		if err := ctx.Err(); err != nil {
			return err
		}
		i := k.shard()
		if !copied[i] {
			next.shards[i], copied[i] = maps.Clone(next.shards[i]), true
		}
		if next.shards[i] == nil {
			next.shards[i] = map[placedRelation]*relation{}
		}
		if r := x.current.find(k.graph, k.relation).with(k, e, after); r.triples > 0 {
			next.shards[i][k] = r
		} else {
			delete(next.shards[i], k)
		}
	}
	x.current, x.version = &next, c.Version
	return nil
}

// with returns the relation after an edit.
func (r *relation) with(k placedRelation, e *edit, after *store.View) *relation {
	next := *r
	next.triples += e.triples
	left := func(p store.Pattern) int64 {
		p.P = k.relation
		rows, _ := after.Count(k.graph, p)
		return rows
	}
	var add, remove []uint32
	for s, n := range e.subjects {
		switch held := r.subjects.contains(s.Number()); {
		case n > 0 && !held:
			add = append(add, s.Number())
		case n < 0 && held && left(store.Pattern{S: s}) == 0:
			remove = append(remove, s.Number())
		}
	}
	next.subjects = r.subjects.with(add, remove)
	add, remove = nil, nil
	for o, n := range e.objects {
		if o.IsInline() {
			now := left(store.Pattern{O: o})
			next.inline += min(now, 1) - min(now-n, 1)
			continue
		}
		switch held := r.objects.contains(o.Number()); {
		case n > 0 && !held:
			add = append(add, o.Number())
		case n < 0 && held && left(store.Pattern{O: o}) == 0:
			remove = append(remove, o.Number())
		}
	}
	next.objects = r.objects.with(add, remove)
	return &next
}

// learnKinds records the kinds of terms that appear for the first time. A term's kind never changes, so that
// removals leave it.
func (s *SetsSnapshot) learnKinds(changes []store.Change) {
	var fresh [4]map[uint32]bool
	for _, c := range changes {
		for _, t := range [2]store.TermID{c.Triple.S, c.Triple.O} {
			i := kindOf(t)
			if i < 0 || c.Removed || s.kinds[i].contains(t.Number()) {
				continue
			}
			if fresh[i] == nil {
				fresh[i] = map[uint32]bool{}
			}
			fresh[i][t.Number()] = true
		}
	}
	for i, numbers := range fresh {
		var add []uint32
		for n := range numbers {
			add = append(add, n)
		}
		s.kinds[i] = s.kinds[i].with(add, nil)
	}
}

// Rebuild implements store.Indexer.
func (x *Sets) Rebuild(ctx context.Context, v *store.View) error {
	built, err := buildSets(ctx, v)
	if err != nil {
		return err
	}
	x.current, x.version = built, v.Version()
	return nil
}
