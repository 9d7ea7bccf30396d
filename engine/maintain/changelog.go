package maintain

import (
	"slices"
	"sync"

	"github.com/inklingdb/inkling/store"
)

// changeLog remembers which entity rows the latest publications changed, so that whoever holds something made of the
// rows can renew only that. It is bounded by a share of the rows: beyond, making all anew is as good.
type changeLog struct {
	mu        sync.Mutex
	entries   []changeEntry // oldest first
	rows      int           // in the entries
	forgotten store.Version // of the latest publication that has no entry
}

type changeEntry struct {
	version store.Version
	rows    []uint32
}

// rememberedShare is how many rows are remembered, as a share of the entities.
const rememberedShare = 1. / 8

// add remembers what a publication changed.
func (l *changeLog) add(v store.Version, keys []rowKey, entities int) {
	e := changeEntry{version: v}
	for _, k := range keys {
		if !k.relation {
			e.rows = append(e.rows, k.row)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries, l.rows = append(l.entries, e), l.rows+len(e.rows)
	drop := 0
	for float64(l.rows) > rememberedShare*float64(entities) && drop < len(l.entries) || len(l.entries)-drop > entities+16 {
		l.rows -= len(l.entries[drop].rows)
		l.forgotten = l.entries[drop].version
		drop++
	}
	l.entries = slices.Delete(l.entries, 0, drop)
}

// between returns the rows changed by publications after from, up to to.
func (l *changeLog) between(from, to store.Version) (rows []uint32, known bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if from < l.forgotten {
		return nil, false
	}
	for _, e := range l.entries {
		if e.version > from && e.version <= to {
			rows = append(rows, e.rows...)
		}
	}
	slices.Sort(rows)
	return slices.Compact(rows), true
}
