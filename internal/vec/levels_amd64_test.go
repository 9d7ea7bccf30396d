//go:build !purego

package vec

import "testing"

// atEveryLevel runs a test with each variant this processor can run.
func atEveryLevel(t *testing.T, do func(t *testing.T)) {
	for active = detect(); active >= variantGo; active-- {
		t.Run(Variant(), do)
	}
	active = detect()
}

// atEveryLevelB is atEveryLevel for benchmarks: the Go twin is the baseline, last.
func atEveryLevelB(b *testing.B, do func(b *testing.B)) {
	for active = detect(); active >= variantGo; active-- {
		b.Run(Variant(), do)
	}
	active = detect()
}
