package main

import (
	"errors"
	"runtime"
	"sync"
)

// inParallel calls work for every i in [0, n), in this order, on as many
// goroutines as there are processors. After the first error no more begin; the
// errors come back joined.
func inParallel(n int, work func(i int) error) error {
	var (
		mu    sync.Mutex
		group sync.WaitGroup
		next  int
		errs  []error
	)
	take := func() (int, bool) {
		mu.Lock()
		defer mu.Unlock()
		next++
		return next - 1, next <= n && len(errs) == 0
	}
	for range min(n, runtime.GOMAXPROCS(0)) {
		group.Go(func() {
			for i, ok := take(); ok; i, ok = take() {
				if err := work(i); err != nil {
					mu.Lock()
					errs = append(errs, err)
					mu.Unlock()
				}
			}
		})
	}
	group.Wait()
	return errors.Join(errs...)
}
