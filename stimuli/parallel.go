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

// firstError keeps the first error that goroutines meet.
type firstError struct {
	once sync.Once
	err  error
}

func (f *firstError) note(err error) {
	if err != nil {
		f.once.Do(func() { f.err = err })
	}
}

// A seen image is one that was read, or the error.
type seen struct {
	pixels        []float32
	height, width int
	err           error
}

// inOrder calls visit with images 0 … n−1, in order, until it returns false. A
// block of them is read in parallel ahead of it; read may reuse the buffer of the
// image that it replaces.
func inOrder(n, block int, read func(i int, image *seen), visit func(i int, image seen) bool) {
	images := make([]seen, min(block, n))
	for first := 0; first < n; first += block {
		count := min(block, n-first)
		parallel(count, func() func(int) {
			return func(b int) { read(first+b, &images[b]) }
		})
		for b, image := range images[:count] {
			if !visit(first+b, image) {
				return
			}
		}
	}
}

// eachInOrder is inOrder of a set's images.
func eachInOrder(s Set, visit func(i int, image seen) bool) {
	_, h, w := s.Shape()
	inOrder(s.Len(), 64, func(i int, image *seen) {
		image.pixels, image.height, image.width = resized(image.pixels, size(s)), h, w
		image.err = s.Pixels(i, image.pixels)
	}, visit)
}

// eachWholeInOrder is inOrder of the images that a set's are parts of, which may
// be large: a few are in memory at a time.
func eachWholeInOrder(n int, s wholes, visit func(i int, image seen) bool) {
	inOrder(n, runtime.GOMAXPROCS(0), func(i int, image *seen) {
		image.pixels, image.height, image.width, image.err = s.whole(i, image.pixels)
	}, visit)
}
