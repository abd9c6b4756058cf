package kernel

import (
	"fmt"
	"runtime"
)

// A Segment is a run of N lines of an input, from line X of a block on, that is multiplied with weights from W on.
type Segment struct {
	X, N int32
	W    int64
}

// A Wiring says what every position of an output sums over: position p has the segments Start[p] to Start[p+1].
type Wiring struct {
	Start    []int32
	Segments []Segment
}

// Filters is the wiring of a layer of linear filters whose weights are [filter][element of the receptive field][input channel][output
// channel], with a filter for every position (locally connected) or one (a convolution). It holds scratch memory: one call at a time.
type Filters struct {
	Inputs, Outputs int  // channels
	Shared          bool // one filter for all positions

	// Forward lists, for every output position, the runs of its receptive field that lie on the input: lines of the input
	// (position·Inputs + channel) and the weight of the first of them and the first output channel.
	Forward Wiring
	// Backward lists, for every input position, the output positions that see it, a segment for each: line position·Outputs, N =
	// Outputs, and the weight with which the input's first channel reaches the first output channel.
	Backward Wiring

	scratch [][]float32 // per worker
	partial []float32
}

// items is how many work items a layer's positions are cut into, at most. As every position is computed by itself, except in the
// weight gradient of a convolution, the number has no influence on results.
const items = 64

// overPositions cuts n positions into work items.
func overPositions(n int, do func(first, last int)) {
	size := (n + items - 1) / items
	Parallel((n+size-1)/size, func(i int) { do(i*size, min(n, (i+1)*size)) })
}

// Apply computes the activity y of the filters w for the input x. y has its shape already.
func (v *Variant) Apply(f *Filters, y, x *Tensor, w []float32) {
	f.check(x, y)
	overPositions(y.Positions, func(first, last int) {
		v.product(&f.Forward, first, last, 1, f.Outputs, w, x, y)
	})
}

// InputGradient computes the gradient dx of the input from the gradient dy of the activity. dx has its shape already. Each input
// gathers from the neurons that see it, so nothing is written twice.
func (v *Variant) InputGradient(f *Filters, dx, dy *Tensor, w []float32) {
	f.check(dx, dy)
	overPositions(dx.Positions, func(first, last int) {
		v.product(&f.Backward, first, last, f.Outputs, 1, w, dy, dx)
	})
}

// gradientItems is how many partial sums the weight gradient of a convolution has: fixed, for their order decides its bits.
const gradientItems = 16

// WeightGradient computes the gradient dw of the weights. Weights that see only padding are not written: their gradient is the zero
// that the caller put there.
func (v *Variant) WeightGradient(f *Filters, dw []float32, x, dy *Tensor) {
	f.check(x, dy)
	for len(f.scratch) < runtime.GOMAXPROCS(0) {
		f.scratch = append(f.scratch, nil)
	}
	need := scratchLen(dy.Stimuli)
	workerScratch := func(worker int) []float32 {
		if len(f.scratch[worker]) < need {
			f.scratch[worker] = Alloc(need)
		}
		return f.scratch[worker]
	}
	if !f.Shared {
		size := (dy.Positions + items - 1) / items
		ParallelWorkers((dy.Positions+size-1)/size, func(worker, i int) {
			v.weightGradient(&f.Forward, i*size, min(dy.Positions, (i+1)*size), false, x, dy, dw, workerScratch(worker))
		})
		return
	}
	size := (dy.Positions + gradientItems - 1) / gradientItems
	count := (dy.Positions + size - 1) / size
	if len(f.partial) < count*len(dw) {
		f.partial = Alloc(count * len(dw))
	}
	ParallelWorkers(count, func(worker, i int) {
		part := f.partial[i*len(dw) : (i+1)*len(dw)]
		clear(part)
		v.weightGradient(&f.Forward, i*size, min(dy.Positions, (i+1)*size), true, x, dy, part, workerScratch(worker))
	})
	chunks(len(dw), func(from, to int) {
		copy(dw[from:to], f.partial[from:to])
		for i := 1; i < count; i++ {
			v.add(dw[from:to], f.partial[i*len(dw)+from:i*len(dw)+to])
		}
	})
}

// check panics unless input and output have the shapes that the wiring is for.
func (f *Filters) check(in, out *Tensor) {
	if in.Stimuli != out.Stimuli || in.Channels != f.Inputs || out.Channels != f.Outputs ||
		in.Positions != len(f.Backward.Start)-1 || out.Positions != len(f.Forward.Start)-1 {
		panic(fmt.Sprintf("kernel: filters of %d×%d → %d×%d positions × channels do not fit tensors of %d×%d → %d×%d with %d and %d stimuli",
			len(f.Backward.Start)-1, f.Inputs, len(f.Forward.Start)-1, f.Outputs, in.Positions, in.Channels, out.Positions, out.Channels, in.Stimuli, out.Stimuli))
	}
}
