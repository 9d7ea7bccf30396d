package index

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestSetEqualsMap edits a set and a map alike; earlier versions must stay as they were.
func TestSetEqualsMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type version struct {
			set  *set
			want map[uint32]bool
		}
		now := version{emptySet, map[uint32]bool{}}
		var all []version
		top := rapid.SampledFrom([]uint32{20, 500, 200_000}).Draw(t, "top")
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			var add, remove []uint32
			want := maps.Clone(now.want)
			for _, n := range rapid.SliceOfNDistinct(rapid.Uint32Range(1, top), 0, min(200, int(top)), rapid.ID).Draw(t, "numbers") {
				if now.want[n] {
					remove = append(remove, n)
					delete(want, n)
				} else {
					add = append(add, n)
					want[n] = true
				}
			}
			now = version{now.set.with(add, remove), want}
			all = append(all, now)
		}
		for i, v := range all {
			want := slices.Sorted(maps.Keys(v.want))
			if got := v.set.bitmap().ToArray(); !slices.Equal(got, want) || v.set.count != int64(len(want)) {
				t.Fatalf("version %d: %d numbers, count %d, want %d", i, len(got), v.set.count, len(want))
			}
			for n := uint32(1); n <= min(top, 600); n++ {
				if v.set.contains(n) != v.want[n] {
					t.Fatalf("version %d: contains(%d) is %v", i, n, v.set.contains(n))
				}
			}
		}
	})
}
