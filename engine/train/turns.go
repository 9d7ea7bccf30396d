package train

import (
	"sync"
	"sync/atomic"
)

// inTurn calls do for 0..n, each worker taking the next one that is free; start makes each worker's do, with what it
// needs of its own. It returns when all are done. What is done must not depend on who does it.
func inTurn(n, workers int, start func() func(i int)) {
	var next atomic.Int64
	work := func() {
		do := start()
		for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
			do(i)
		}
	}
	var wait sync.WaitGroup
	for w := 1; w < min(workers, n); w++ {
		wait.Go(work)
	}
	work()
	wait.Wait()
}
