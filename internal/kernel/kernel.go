// Package kernel is the arithmetic of package network on one processor: sums over receptive fields, batch normalisation and the
// optimizer's step, in C with vector extensions (AVX-512, AVX2 or what the architecture has, chosen at run time) or in plain Go.
//
// Activations are a Tensor: the stimuli come in blocks of Lanes, and within a block the lanes are innermost, so that a neuron's
// activity is one line of memory and one vector register, a receptive field is a few runs of lines that are read in place, and no
// patches are copied. The layers of package network are written in terms of
//
//	Filters    y, dx and dw of a convolution or a locally connected layer
//	Moments …  batch normalisation
//	ReLU, Add, AdamW
//
// Every result is computed by one goroutine in an order that depends on the shapes only, never on GOMAXPROCS: the same input gives
// the same bits on any number of cores.
package kernel

import (
	"sync"
	"unsafe"
)

// Lanes is the number of stimuli in a block.
const Lanes = 16

// A Tensor holds the activity of Channels neurons at each of Positions positions for Stimuli stimuli, as
// [block of Lanes stimuli][position][channel][lane]. The lanes past the last stimulus are zero: every kernel keeps them so.
type Tensor struct {
	Positions, Channels, Stimuli int
	Data                         []float32
}

// Blocks returns the number of blocks of stimuli, the last perhaps not full.
func (t *Tensor) Blocks() int { return (t.Stimuli + Lanes - 1) / Lanes }

// blockLen returns the floats of one block.
func (t *Tensor) blockLen() int { return t.Positions * t.Channels * Lanes }

// lanes returns how many lanes of block b are stimuli.
func (t *Tensor) lanes(b int) int { return min(Lanes, t.Stimuli-b*Lanes) }

// Resize gives t a shape, and memory where it has too little; the contents are undefined after it.
func (t *Tensor) Resize(positions, channels, stimuli int) {
	t.Positions, t.Channels, t.Stimuli = positions, channels, stimuli
	n := t.Blocks() * t.blockLen()
	if cap(t.Data) < n {
		t.Data = Alloc(n)
	}
	t.Data = t.Data[:n]
}

// Index returns where in Data the activity of a neuron for a stimulus lies.
func (t *Tensor) Index(stimulus, position, channel int) int {
	return ((stimulus/Lanes*t.Positions+position)*t.Channels+channel)*Lanes + stimulus%Lanes
}

// Alloc returns n zeros that begin at a multiple of a cache line.
func Alloc(n int) []float32 {
	const line = 64
	a := make([]float32, n+line/4)
	inHugePages(a)
	skip := 0
	if past := uintptr(unsafe.Pointer(&a[0])) % line; past != 0 {
		skip = int(line-past) / 4
	}
	return a[skip : skip+n : skip+n]
}

// A Variant is one implementation of the kernels.
type Variant struct {
	name string
	operations
}

// Name says which instructions the variant uses: "AVX-512", "AVX2+FMA", "portable C" or "portable Go".
func (v *Variant) Name() string { return v.name }

// Variants returns every variant that this machine can run, the best first.
func Variants() []*Variant { return append(nativeVariants(), &Variant{"portable Go", portable{}}) }

// Best returns the fastest variant that this machine can run.
var Best = sync.OnceValue(func() *Variant { return Variants()[0] })

// Name says which variant Best is.
func Name() string { return Best().Name() }

// operations are the serial parts of the kernels, which a variant implements. Slices are whole arrays or blocks, as each says.
type operations interface {
	// product computes, for the positions first ≤ p < last of y and every block of stimuli,
	//
	//	y[p][m] = Σ_segments Σ_{r<N} w[W + m·stepM + r·stepR] · x[X + r].
	product(f *Wiring, first, last, stepM, stepR int, w []float32, x, y *Tensor)

	// weightGradient computes, for the positions first ≤ p < last of dy and their segments,
	//
	//	dw[W + r·dy.Channels + m] = Σ_stimuli x[X + r] · dy[p][m],
	//
	// or adds it to dw. scratch has scratchLen(dy.Stimuli) floats.
	weightGradient(f *Wiring, first, last int, add bool, x, dy *Tensor, dw, scratch []float32)

	// The others see positions × channels lines of one block, of whose lanes the first are stimuli.

	// moments computes per channel Σ x and Σ (x − mean)² about the mean of these lines.
	moments(x []float32, channels, lanes int, sum, m2 []float32)
	// normalise computes y = scale·x + shift, and zero in the other lanes.
	normalise(y, x []float32, lanes int, scale, shift []float32)
	// gradientSums computes per channel Σ dy and Σ dy·(x − mean).
	gradientSums(dy, x []float32, mean, sum, dot []float32)
	// normaliseGradient computes dy ← a·dy + b·x + c, and zero in the other lanes.
	normaliseGradient(dy, x []float32, lanes int, a, b, c []float32)

	add(y, x []float32)           // y ← y + x
	relu(x []float32)             // x ← max(x, 0); NaN stays
	reluGradient(dy, y []float32) // dy ← 0 where y ≤ 0
	adamW(s *adamStep, w, g, m, v []float32)
	sgd(rate, momentum, decay float32, w, g, v []float32)
}

// scratchLen returns the floats that weightGradient needs: every block's stimuli as lines of Lanes channels, a table of the blocks,
// and room to begin at a cache line.
func scratchLen(stimuli int) int {
	blocks := (stimuli + Lanes - 1) / Lanes
	return blocks*Lanes*Lanes + blocks*int(unsafe.Sizeof(Segment{})/4) + Lanes
}

// elementChunk is the work item of the operations that go through arrays, in floats.
const elementChunk = 1 << 15

// An arrayTask is an operation that goes through arrays of one length.
type arrayTask struct {
	v          *Variant
	op         func(t *arrayTask, from, to int)
	a, b, c, d []float32
	adam       adamStep
	sgd        SGD
}

var arrayTasks tasks[arrayTask]

func (t *arrayTask) do(_, item int) {
	t.op(t, item*elementChunk, min(len(t.a), (item+1)*elementChunk))
}

// overArrays runs t on chunks of its arrays, and puts it back.
func overArrays(t *arrayTask) {
	run((len(t.a)+elementChunk-1)/elementChunk, t)
	arrayTasks.put(t)
}

// through is an operation on two arrays.
func (v *Variant) through(op func(t *arrayTask, from, to int), a, b []float32) {
	t := arrayTasks.get()
	t.v, t.op, t.a, t.b = v, op, a, b
	overArrays(t)
}

// Add adds x to y.
func (v *Variant) Add(y, x *Tensor) {
	v.through(func(t *arrayTask, from, to int) { t.v.add(t.a[from:to], t.b[from:to]) }, y.Data, x.Data)
}

// ReLU sets x ← max(x, 0).
func (v *Variant) ReLU(x *Tensor) {
	v.through(func(t *arrayTask, from, to int) { t.v.relu(t.a[from:to]) }, x.Data, nil)
}

// ReLUGradient sets the gradient dy to 0 where the rectified activity y is.
func (v *Variant) ReLUGradient(dy, y *Tensor) {
	v.through(func(t *arrayTask, from, to int) { t.v.reluGradient(t.a[from:to], t.b[from:to]) }, dy.Data, y.Data)
}
