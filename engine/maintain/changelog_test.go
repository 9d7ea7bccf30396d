package maintain

import (
	"slices"
	"testing"

	"github.com/inklingdb/inkling/store"
)

func TestChangeLog(t *testing.T) {
	l := changeLog{forgotten: 10}
	keys := func(rows ...uint32) (k []rowKey) {
		for _, r := range rows {
			k = append(k, rowKey{row: r})
		}
		return append(k, rowKey{relation: true, row: 99})
	}
	l.add(11, keys(3, 1), 80)
	l.add(14, keys(), 80)
	l.add(15, keys(1, 7), 80)
	for _, c := range []struct {
		from, to store.Version
		want     []uint32
	}{{10, 15, []uint32{1, 3, 7}}, {11, 15, []uint32{1, 7}}, {10, 14, []uint32{1, 3}}, {14, 14, nil}, {15, 15, nil}} {
		if got, known := l.between(c.from, c.to); !known || !slices.Equal(got, c.want) {
			t.Errorf("%d to %d: %v %v, want %v", c.from, c.to, got, known, c.want)
		}
	}
	if _, known := l.between(9, 15); known {
		t.Error("it knows what was before it began")
	}
	l.add(16, keys(20, 21, 22, 23, 24, 25, 26, 27), 80) // ten rows are remembered
	if _, known := l.between(14, 16); !known {
		t.Error("it forgot more than it had to")
	}
	if _, known := l.between(10, 16); known {
		t.Error("it remembers more rows than an eighth")
	}
	l.add(17, keys(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), 80)
	if _, known := l.between(16, 17); known || len(l.entries) != 0 || l.rows != 0 {
		t.Errorf("too many rows at once: %v, %d rows", l.entries, l.rows)
	}
	if rows, known := l.between(17, 17); !known || len(rows) != 0 {
		t.Errorf("nothing after: %v %v", rows, known)
	}
}
