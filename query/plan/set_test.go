package plan_test

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/inklingdb/inkling/query/plan"
)

// TestSet compares sets with maps.
func TestSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) (plan.Set, map[int]bool) {
			m := map[int]bool{}
			for _, slot := range rapid.SliceOf(rapid.IntRange(0, 200)).Draw(t, name) {
				m[slot] = true
			}
			return plan.SetOf(slices.Collect(maps.Keys(m))...), m
		}
		a, x := draw("a")
		b, y := draw("b")
		both, either := map[int]bool{}, maps.Clone(x)
		maps.Copy(either, y)
		within := true
		for slot := range x {
			if y[slot] {
				both[slot] = true
			} else {
				within = false
			}
		}
		check := func(name string, got plan.Set, want map[int]bool) {
			if !slices.Equal(got.Slots(), slices.Sorted(maps.Keys(want))) {
				t.Fatalf("%s: %v, want %v", name, got.Slots(), want)
			}
			if got.Empty() != (len(want) == 0) {
				t.Fatalf("%s: Empty is %t", name, got.Empty())
			}
		}
		check("a", a, x)
		check("union", a.Union(b), either)
		check("intersection", a.Intersect(b), both)
		if a.Within(b) != within {
			t.Fatalf("%v within %v is %t", x, y, a.Within(b))
		}
	})
}
