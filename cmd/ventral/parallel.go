package main

import (
	"runtime"
	"sync"
)

// inParallel calls work for every i in [0, n), in this order, on as many
// goroutines as there are processors. After an error no more begin; the error of
// the smallest i comes back.
func inParallel(n int, work func(i int) error) error {
	var (
		mu    sync.Mutex
		group sync.WaitGroup
		next  int
		first error
		at    int // where first was
	)
	take := func() (int, bool) {
		mu.Lock()
		defer mu.Unlock()
		next++
		return next - 1, next <= n && first == nil
	}
	for range min(n, runtime.GOMAXPROCS(0)) {
		group.Go(func() {
			for i, ok := take(); ok; i, ok = take() {
				if err := work(i); err != nil {
					mu.Lock()
					if first == nil || i < at {
						first, at = err, i
					}
					mu.Unlock()
				}
			}
		})
	}
	group.Wait()
	return first
}
