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

// A productTask computes sums over receptive fields at positions of y.
type productTask struct {
	v            *Variant
	wiring       *Wiring
	stepM, stepR int
	w            []float32
	x, y         *Tensor
	size         int // positions of an item
}

var productTasks tasks[productTask]

func (t *productTask) do(_, item int) {
	t.v.product(t.wiring, item*t.size, min(t.y.Positions, (item+1)*t.size), t.stepM, t.stepR, t.w, t.x, t.y)
}

func (v *Variant) products(f *Wiring, stepM, stepR int, w []float32, x, y *Tensor) {
	t := productTasks.get()
	*t = productTask{v, f, stepM, stepR, w, x, y, (y.Positions + items - 1) / items}
	run((y.Positions+t.size-1)/t.size, t)
	productTasks.put(t)
}

// Apply computes the activity y of the filters w for the input x. y has its shape already.
func (v *Variant) Apply(f *Filters, y, x *Tensor, w []float32) {
	f.check(x, y)
	v.products(&f.Forward, 1, f.Outputs, w, x, y)
}

// InputGradient computes the gradient dx of the input from the gradient dy of the activity. dx has its shape already. Each input
// gathers from the neurons that see it, so nothing is written twice.
func (v *Variant) InputGradient(f *Filters, dx, dy *Tensor, w []float32) {
	f.check(dx, dy)
	v.products(&f.Backward, f.Outputs, 1, w, dy, dx)
}

// GradientSums is how many partial sums of the weight gradient a convolution keeps: fixed, for their order decides its bits.
const GradientSums = 16

// A gradientTask computes weight gradients at positions of dy: in dw itself, or for a convolution in a partial sum for each item.
type gradientTask struct {
	v     *Variant
	f     *Filters
	x, dy *Tensor
	dw    []float32
	size  int // positions of an item
}

var gradientTasks tasks[gradientTask]

func (t *gradientTask) do(worker, item int) {
	first, last := item*t.size, min(t.dy.Positions, (item+1)*t.size)
	scratch := t.f.scratch[worker]
	if need := scratchLen(t.dy.Stimuli); len(scratch) < need {
		scratch = Alloc(need)
		t.f.scratch[worker] = scratch
	}
	if !t.f.Shared {
		t.v.weightGradient(&t.f.Forward, first, last, false, t.x, t.dy, t.dw, scratch)
		return
	}
	part := t.f.partial[item*len(t.dw) : (item+1)*len(t.dw)]
	clear(part)
	t.v.weightGradient(&t.f.Forward, first, last, true, t.x, t.dy, part, scratch)
}

// WeightGradient computes the gradient dw of the weights. Weights that see only padding are not written: their gradient is the zero
// that the caller put there.
func (v *Variant) WeightGradient(f *Filters, dw []float32, x, dy *Tensor) {
	f.check(x, dy)
	for len(f.scratch) < runtime.GOMAXPROCS(0) {
		f.scratch = append(f.scratch, nil)
	}
	t := gradientTasks.get()
	*t = gradientTask{v, f, x, dy, dw, (dy.Positions + items - 1) / items}
	if f.Shared {
		t.size = (dy.Positions + GradientSums - 1) / GradientSums
	}
	count := (dy.Positions + t.size - 1) / t.size
	if f.Shared && len(f.partial) < count*len(dw) {
		f.partial = Alloc(count * len(dw))
	}
	run(count, t)
	gradientTasks.put(t)
	if !f.Shared {
		return
	}
	// The partial sums, in their order.
	v.through(func(t *arrayTask, from, to int) {
		n := len(t.a)
		copy(t.a[from:to], t.b[from:to])
		for at := n; at < len(t.b); at += n {
			t.v.add(t.a[from:to], t.b[at+from:at+to])
		}
	}, dw, f.partial[:count*len(dw)])
}

// check panics unless input and output have the shapes that the wiring is for.
func (f *Filters) check(in, out *Tensor) {
	if in.Stimuli != out.Stimuli || in.Channels != f.Inputs || out.Channels != f.Outputs ||
		in.Positions != len(f.Backward.Start)-1 || out.Positions != len(f.Forward.Start)-1 {
		panic(fmt.Sprintf("kernel: filters of %d×%d → %d×%d positions × channels do not fit tensors of %d×%d → %d×%d with %d and %d stimuli",
			len(f.Backward.Start)-1, f.Inputs, len(f.Forward.Start)-1, f.Outputs, in.Positions, in.Channels, out.Positions, out.Channels, in.Stimuli, out.Stimuli))
	}
}
