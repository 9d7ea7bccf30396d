package factor

import "slices"

const (
	// rowsAtOnce is how many near rows of a relation make one product.
	rowsAtOnce = 1024
	// productNumbers bounds what is computed before it is added to the entities' rows: 64 MB of float32.
	productNumbers = 16 << 20
	// entityParts is into how many parts the entities are divided when rows are added up.
	entityParts = 32
)

// products makes the sparse products of a tensor with dense factors of p columns.
type products[T number] struct {
	x       *tensor
	p       int
	workers int
	atOnce  int            // near rows in a product
	numbers int            // computed before they are added up
	room    [][2]matrix[T] // by worker: [atOnce × p] each
	made    []T
}

func newProducts[T number](x *tensor, p, workers int) *products[T] {
	return productsOf[T](x, p, workers, rowsAtOnce, productNumbers)
}

func productsOf[T number](x *tensor, p, workers, atOnce, numbers int) *products[T] {
	s := &products[T]{x: x, p: p, workers: max(1, workers), atOnce: atOnce, numbers: numbers}
	for range s.workers {
		s.room = append(s.room, [2]matrix[T]{newMatrix[T](atOnce, p), newMatrix[T](atOnce, p)})
	}
	return s
}

// part is some near rows of a relation, times its matrix.
type part[T number] struct {
	k       int
	forHead bool // of X_k·right·R_kᵀ, else of X_kᵀ·left·R_k
	lo, hi  int  // places in near
	out     matrix[T]
}

// rows adds Σ_k X_k·right·R_kᵀ and Σ_k X_kᵀ·left·R_k to out, [entities × p]; a nil factor is left out.
//
// Where the sum's rows are of the near end, neighbours are added up before the product with R_k; where they are of the
// far end, the near rows are multiplied before they are handed to their neighbours. Either way one row is multiplied for
// each near entity. A row of out sees the same sums in the same order whatever the number of workers.
func (s *products[T]) rows(out matrix[T], left, right *matrix[T], r matrix[T]) {
	var batch []part[T]
	size := 0
	for k := range s.x.slices {
		for _, forHead := range []bool{true, false} {
			if forHead && right == nil || !forHead && left == nil {
				continue
			}
			near := len(s.x.slices[k].near)
			for lo := 0; lo < near; lo += s.atOnce {
				hi := min(lo+s.atOnce, near)
				if n := (hi - lo) * s.p; size+n > s.numbers {
					s.run(out, batch, left, right, r)
					batch, size = batch[:0], 0
				}
				size += (hi - lo) * s.p
				batch = append(batch, part[T]{k: k, forHead: forHead, lo: lo, hi: hi})
			}
		}
	}
	s.run(out, batch, left, right, r)
}

// run multiplies the parts of a batch, then adds them to out.
func (s *products[T]) run(out matrix[T], batch []part[T], left, right *matrix[T], r matrix[T]) {
	size := 0
	for _, b := range batch {
		size += (b.hi - b.lo) * s.p
	}
	s.made = slices.Grow(s.made[:0], size)[:size]
	at := 0
	for i, b := range batch {
		n := (b.hi - b.lo) * s.p
		batch[i].out = matrix[T]{s.made[at : at+n], b.hi - b.lo, s.p}
		at += n
	}
	inTurn(len(batch), s.workers, func(w, i int) {
		b := &batch[i]
		x := &s.x.slices[b.k]
		from, as := left, nn
		if b.forHead {
			from, as = right, nt
		}
		rows := s.room[w][0].block(0, b.hi-b.lo)
		if b.forHead == x.heads {
			gather(rows, *from, x, b.lo)
		} else {
			take(rows, *from, x.near[b.lo:b.hi])
		}
		mul(as, b.out, rows, r.square(b.k, s.p), false, 1)
	})
	inTurn(entityParts, s.workers, func(_, i int) {
		lo, hi := uint32(i*out.rows/entityParts), uint32((i+1)*out.rows/entityParts)
		for _, b := range batch {
			if x := &s.x.slices[b.k]; b.forHead == x.heads {
				addNear(out, b, x, lo, hi)
			} else {
				addFar(out, b, x, lo, hi)
			}
		}
	})
}

// gather sets row i to the sum of a table's rows over the neighbours of near entity lo+i.
func gather[T number](rows, table matrix[T], x *slice, lo int) {
	for i := range rows.rows {
		sum := rows.row(i)
		far := x.nearFar[x.nearStart[lo+i]:x.nearStart[lo+i+1]]
		copy(sum, table.row(int(far[0])))
		for _, e := range far[1:] {
			axpy(1, table.row(int(e)), sum)
		}
	}
}

// take copies a table's rows.
func take[T number](rows, table matrix[T], entities []uint32) {
	for i, e := range entities {
		copy(rows.row(i), table.row(int(e)))
	}
}

// addNear adds a part to the rows of its own entities from lo to hi.
func addNear[T number](out matrix[T], b part[T], x *slice, lo, hi uint32) {
	near := x.near[b.lo:b.hi]
	for i, _ := slices.BinarySearch(near, lo); i < len(near) && near[i] < hi; i++ {
		axpy(1, b.out.row(i), out.row(int(near[i])))
	}
}

// addFar adds a part to the rows of its neighbours from lo to hi.
func addFar[T number](out matrix[T], b part[T], x *slice, lo, hi uint32) {
	whole := b.hi-b.lo == len(x.near)
	for i, _ := slices.BinarySearch(x.far, lo); i < len(x.far) && x.far[i] < hi; i++ {
		places := x.farNear[x.farStart[i]:x.farStart[i+1]]
		if !whole {
			from, _ := slices.BinarySearch(places, uint32(b.lo))
			to, _ := slices.BinarySearch(places, uint32(b.hi))
			places = places[from:to]
		}
		sum := out.row(int(x.far[i]))
		for _, place := range places {
			axpy(1, b.out.row(int(place)-b.lo), sum)
		}
	}
}

// cores sets row k of b, a p×p matrix, to leftᵀ·X_k·right.
func (s *products[T]) cores(b, left, right matrix[T]) {
	inTurn(len(s.x.slices), s.workers, func(w, i int) {
		k := s.x.order[i]
		x := &s.x.slices[k]
		core := b.square(k, s.p)
		if len(x.near) == 0 {
			clear(core.data)
		}
		for lo := 0; lo < len(x.near); lo += s.atOnce {
			hi := min(lo+s.atOnce, len(x.near))
			sums, own := s.room[w][0].block(0, hi-lo), s.room[w][1].block(0, hi-lo)
			if x.heads {
				gather(sums, right, x, lo)
				take(own, left, x.near[lo:hi])
				mul(tn, core, own, sums, lo > 0, 1)
				continue
			}
			gather(sums, left, x, lo)
			take(own, right, x.near[lo:hi])
			mul(tn, core, sums, own, lo > 0, 1)
		}
	})
}
