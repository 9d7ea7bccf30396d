package engine

import "slices"

// leaders keeps the first of many items by an order. Memory is that of twice the limit.
type leaders[T any] struct {
	limit  int
	order  func(a, b T) int // below 0 where a comes first; total, so that the outcome does not depend on the order of adding
	items  []T
	sorted int // items up to here are sorted and, once there are limit of them, the last is the worst
}

func newLeaders[T any](limit int, order func(a, b T) int) *leaders[T] {
	return &leaders[T]{limit: limit, order: order}
}

// add offers an item.
func (l *leaders[T]) add(x T) {
	if worst, full := l.worst(); full && l.order(x, worst) >= 0 {
		return
	}
	if l.items = append(l.items, x); len(l.items) >= 2*l.limit {
		l.settle()
	}
}

// worst returns the item that another must come before to be kept, as far as that is known; false while any is kept.
func (l *leaders[T]) worst() (x T, full bool) {
	if l.limit < 1 || l.sorted < l.limit {
		return x, false
	}
	return l.items[l.limit-1], true
}

func (l *leaders[T]) settle() {
	slices.SortFunc(l.items, l.order)
	l.items = l.items[:min(len(l.items), l.limit)]
	l.sorted = len(l.items)
}

// list returns the items in order.
func (l *leaders[T]) list() []T {
	l.settle()
	return l.items
}
