package factor

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/inklingdb/inkling/engine/model"
)

// tensor is the graph as one sparse 0/1 matrix X_k for each relation.
type tensor struct {
	entities int
	slices   []slice
	ones     int   // distinct triples
	order    []int // relations, those with the most work first
}

// slice is X_k seen from the end at which fewer entities stand ("near"), so that products with the relation's p×p matrix
// are made for as few rows as can be.
type slice struct {
	heads     bool     // the near end is the heads
	near      []uint32 // entities there, ascending
	nearStart []int32  // by place in near: where its neighbours begin in nearFar
	nearFar   []uint32 // neighbours, as entities
	far       []uint32 // entities at the other end, ascending
	farStart  []int32
	farNear   []uint32 // neighbours, as places in near
}

// newTensor sorts the triples; one that is there twice counts once.
func newTensor(triples []model.Triple, entities, relations int) *tensor {
	byRelation := make([][]model.Triple, relations)
	for _, t := range triples {
		byRelation[t.R] = append(byRelation[t.R], t)
	}
	x := &tensor{entities: entities, slices: make([]slice, relations), order: make([]int, relations)}
	for k, of := range byRelation {
		x.slices[k] = newSlice(of)
		x.ones += len(x.slices[k].nearFar)
		x.order[k] = k
	}
	slices.SortStableFunc(x.order, func(a, b int) int {
		return cmp.Compare(len(x.slices[b].nearFar), len(x.slices[a].nearFar))
	})
	return x
}

// link is a triple of one relation, seen from the near end.
type link struct{ near, far uint32 }

func newSlice(triples []model.Triple) slice {
	links := make([]link, len(triples))
	for i, t := range triples {
		links[i] = link{t.H, t.T}
	}
	links = sortLinks(links)
	flipped := make([]link, len(links))
	for i, l := range links {
		flipped[i] = link{l.far, l.near}
	}
	flipped = sortLinks(flipped)
	heads, headStart := runs(links)
	tails, tailStart := runs(flipped)
	s := slice{heads: true, near: heads, nearStart: headStart, far: tails, farStart: tailStart}
	if len(tails) < len(heads) {
		links, flipped = flipped, links
		s = slice{near: tails, nearStart: tailStart, far: heads, farStart: headStart}
	}
	s.nearFar, s.farNear = make([]uint32, len(links)), make([]uint32, len(links))
	for i, l := range links {
		s.nearFar[i] = l.far
		place, _ := slices.BinarySearch(s.near, flipped[i].far)
		s.farNear[i] = uint32(place)
	}
	return s
}

func sortLinks(links []link) []link {
	slices.SortFunc(links, func(a, b link) int { return cmp.Or(cmp.Compare(a.near, b.near), cmp.Compare(a.far, b.far)) })
	return slices.Compact(links)
}

// runs returns the distinct near entities of sorted links and where the links of each begin, with the end.
func runs(links []link) (entities []uint32, start []int32) {
	for i, l := range links {
		if i == 0 || l.near != links[i-1].near {
			entities, start = append(entities, l.near), append(start, int32(i))
		}
	}
	return entities, append(start, int32(len(links)))
}

// inTurn calls do(worker, 0), do(worker, 1), … do(worker, n−1), by as many goroutines as asked for.
func inTurn(n, workers int, do func(worker, i int)) {
	if workers = min(workers, n); workers <= 1 {
		for i := range n {
			do(0, i)
		}
		return
	}
	var next atomic.Int64
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(w, i)
			}
		})
	}
	group.Wait()
}
