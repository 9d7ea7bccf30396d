package index

import (
	"context"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/inklingdb/inkling/store"
)

// gathering is a set under construction. Numbers come ascending, or nearly so, which appends to the last container.
type gathering struct {
	bitmap  *roaring.Bitmap
	pending []uint32
}

func (g *gathering) add(n uint32) {
	if g.pending = append(g.pending, n); len(g.pending) == 1024 {
		g.flush()
	}
}

func (g *gathering) flush() {
	if g.bitmap == nil {
		g.bitmap = roaring.New()
	}
	g.bitmap.AddMany(g.pending)
	g.pending = g.pending[:0]
}

func (g *gathering) set() *set {
	g.flush()
	return newSet(g.bitmap)
}

// relationBuild is a relation under construction.
type relationBuild struct {
	triples           int64
	subjects, objects gathering
	inline            int64
	lastSubject       store.TermID
}

// setsBuild reads a graph in three orders: in SPO each relation's subjects come ascending, in POS its objects, in
// OSP the graph's.
type setsBuild struct {
	relations map[store.TermID]*relationBuild
	kinds     [4]gathering
}

// buildSets returns the index of a view, read from its triples.
func buildSets(ctx context.Context, v *store.View) (*SetsSnapshot, error) {
	s := &SetsSnapshot{}
	b := setsBuild{}
	for _, g := range append([]store.TermID{0}, v.Graphs()...) {
		b.relations = map[store.TermID]*relationBuild{}
		if err := b.graph(ctx, v, g); err != nil {
			return nil, err
		}
		for p, r := range b.relations {
			k := placedRelation{g, p}
			if s.shards[k.shard()] == nil {
				s.shards[k.shard()] = map[placedRelation]*relation{}
			}
			s.shards[k.shard()][k] = &relation{triples: r.triples, subjects: r.subjects.set(), objects: r.objects.set(), inline: r.inline}
		}
	}
	for i := range b.kinds {
		s.kinds[i] = b.kinds[i].set()
	}
	return s, nil
}

func (b *setsBuild) graph(ctx context.Context, v *store.View, g store.TermID) error {
	whole := &relationBuild{}
	// SPO: subjects of each relation and of the graph.
	err := scan(ctx, v, g, store.Pattern{}, store.SPO, func(run []store.Triple) {
		for _, t := range run {
			r := b.relation(t.P)
			r.triples++
			if r.lastSubject != t.S {
				r.lastSubject = t.S
				r.subjects.add(t.S.Number())
			}
			if whole.lastSubject != t.S {
				whole.lastSubject = t.S
				whole.subjects.add(t.S.Number())
				b.learn(t.S)
			}
		}
		whole.triples += int64(len(run))
	})
	if err != nil || whole.triples == 0 {
		return err
	}
	// POS: objects of each relation.
	var last store.Triple
	var current *relationBuild
	err = scan(ctx, v, g, store.Pattern{}, store.POS, func(run []store.Triple) {
		for _, t := range run {
			if t.P != last.P {
				current = b.relations[t.P]
			} else if t.O == last.O {
				continue
			}
			last = t
			current.addObject(t.O)
		}
	})
	if err != nil {
		return err
	}
	// OSP: objects of the graph.
	var lastObject store.TermID
	err = scan(ctx, v, g, store.Pattern{}, store.OSP, func(run []store.Triple) {
		for _, t := range run {
			if t.O != lastObject {
				lastObject = t.O
				whole.addObject(t.O)
				b.learn(t.O)
			}
		}
	})
	b.relations[0] = whole
	return err
}

func (b *setsBuild) relation(p store.TermID) *relationBuild {
	r := b.relations[p]
	if r == nil {
		r = &relationBuild{}
		b.relations[p] = r
	}
	return r
}

func (r *relationBuild) addObject(o store.TermID) {
	if n := o.Number(); n != 0 {
		r.objects.add(n)
	} else {
		r.inline++
	}
}

func (b *setsBuild) learn(t store.TermID) {
	if i := kindOf(t); i >= 0 {
		b.kinds[i].add(t.Number())
	}
}
