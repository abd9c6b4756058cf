package stimuli

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// parallel calls work for every i in [0, n) on at most GOMAXPROCS goroutines.
// Each goroutine asks worker for its own work function, which may therefore
// own buffers. What work does for i must depend on i alone.
func parallel(n int, worker func() (work func(i int))) {
	workers := min(runtime.GOMAXPROCS(0), n)
	if workers <= 1 {
		work := worker()
		for i := range n {
			work(i)
		}
		return
	}
	var next atomic.Int64
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			work := worker()
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				work(i)
			}
		})
	}
	group.Wait()
}
