package hook

import (
	"math/rand/v2"
	"time"
)

// Backoff grows the time between attempts: the n-th waits between half of and all of First·2ⁿ, at most Most. The
// jitter keeps hooks that failed together from trying again together.
type Backoff struct{ First, Most time.Duration }

// Wait returns how long to wait after attempt n, from 0.
func (b Backoff) Wait(n int) time.Duration {
	full := b.Most
	if n < 32 && b.First<<n > 0 {
		full = min(b.First<<n, b.Most)
	}
	return full/2 + rand.N(full/2+1)
}
