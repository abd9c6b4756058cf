package network

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"ventral/internal/kernel"
	"ventral/neuron"
)

// layerCases is every layer, for the conformance suite.
var layerCases = []struct {
	name          string
	in, out       Shape
	make          func(rng *rand.Rand) layer
	kink          bool // at 0 or where inputs are equal, from which the numerical gradient keeps away
	perStimulus   bool // in training too, no stimulus depends on another
	ownsParameter bool
}{
	{"convolution", Shape{3, 5, 4}, Shape{2, 3, 2}, func(rng *rand.Rand) layer { return newFilters("f", downsampling, 3, 2, filterOptions{}, rng) }, false, true, true},
	{"locally connected", Shape{3, 5, 4}, Shape{2, 3, 2}, func(rng *rand.Rand) layer {
		return newFilters("f", downsampling, 3, 2, filterOptions{local: true}, rng)
	}, false, true, true},
	{"grouped convolution", Shape{4, 5, 4}, Shape{6, 3, 2}, func(rng *rand.Rand) layer {
		return newFilters("f", downsampling, 4, 6, filterOptions{groups: 2}, rng)
	}, false, true, true},
	{"grouped, locally connected", Shape{4, 5, 4}, Shape{4, 3, 2}, func(rng *rand.Rand) layer {
		return newFilters("f", downsampling, 4, 4, filterOptions{local: true, groups: 4}, rng)
	}, false, true, true},
	{"bias per channel", Shape{3, 2, 3}, Shape{3, 2, 3}, func(rng *rand.Rand) layer { return anyBias(rng, false) }, false, true, true},
	{"bias per position", Shape{3, 2, 3}, Shape{3, 2, 3}, func(rng *rand.Rand) layer { return anyBias(rng, true) }, false, true, true},
	{"max pooling", Shape{3, 5, 4}, Shape{3, 3, 2}, func(*rand.Rand) layer { return &pool{sheet: downsampling} }, true, true, false},
	{"mean pooling", Shape{3, 5, 4}, Shape{3, 3, 2}, func(*rand.Rand) layer { return &pool{sheet: downsampling, mean: true} }, false, true, false},
	{"batch normalisation", Shape{3, 2, 3}, Shape{3, 2, 3}, func(rng *rand.Rand) layer { return anyNorm(rng, 3) }, false, false, true},
	{"rectification", Shape{3, 2, 3}, Shape{3, 2, 3}, func(*rand.Rand) layer { return new(relu) }, true, true, false},
	{"average", Shape{4, 3, 2}, Shape{4, 1, 1}, func(*rand.Rand) layer { return new(average) }, false, true, false},
	{"linear", Shape{5, 1, 1}, Shape{3, 1, 1}, func(rng *rand.Rand) layer { return newLinear("fc", 5, 3, rng) }, false, true, true},
	{"residual", Shape{3, 5, 4}, Shape{3, 5, 4}, func(rng *rand.Rand) layer {
		return &residual{main: sequence{newFilters("f", keeping, 3, 3, filterOptions{local: true}, rng), anyNorm(rng, 3)}}
	}, false, false, true},
	{"residual with projection", Shape{3, 5, 4}, Shape{2, 3, 2}, func(rng *rand.Rand) layer {
		return &residual{
			main:     sequence{newFilters("f", downsampling, 3, 2, filterOptions{local: true}, rng), anyNorm(rng, 2)},
			shortcut: sequence{newFilters("g", projection, 3, 2, filterOptions{local: true}, rng), anyNorm(rng, 2)},
		}
	}, false, false, true},
}

var (
	keeping      = neuron.Sheet{In: neuron.Size{Rows: 5, Cols: 4}, Kernel: neuron.Square(3), Stride: neuron.Square(1), Padding: neuron.Square(1)}
	downsampling = neuron.Sheet{In: neuron.Size{Rows: 5, Cols: 4}, Kernel: neuron.Square(3), Stride: neuron.Square(2), Padding: neuron.Square(1)}
	projection   = neuron.Sheet{In: neuron.Size{Rows: 5, Cols: 4}, Kernel: neuron.Square(1), Stride: neuron.Square(2)}
)

// anyNorm is batch normalisation with gains and offsets of no special value.
func anyNorm(rng *rand.Rand, channels int) *batchNorm {
	b := newBatchNorm("bn", channels)
	for i := range channels {
		b.gamma.w[i], b.beta.w[i] = float32(.5+rng.Float64()), float32(rng.NormFloat64())
	}
	return b
}

// anyBias is a bias of no special values for 3×2×3 neurons.
func anyBias(rng *rand.Rand, perPosition bool) *bias {
	b := newBias("b", Shape{3, 2, 3}, perPosition)
	for i := range b.b.w {
		b.b.w[i] = float32(rng.NormFloat64())
	}
	return b
}

// randomRows returns n_stimuli × shape normal numbers, in the layout of a
// Source; apart makes them a random order of numbers a tenth apart, none nearer
// to 0 than a twentieth, for layers with kinks.
func randomRows(rng *rand.Rand, n int, shape Shape, apart bool) []float32 {
	rows := make([]float32, n*shape.Size())
	for i, at := range rng.Perm(len(rows)) {
		rows[i] = float32(rng.NormFloat64())
		if apart {
			rows[i] = (float32(at-len(rows)/2) + .5) / 10
		}
	}
	return rows
}

// A trial is a layer's answer: rows of its output and of the gradient by the
// input, and the gradients of its parameters one after the other.
type trial struct{ y, dx, dw []float32 }

// show passes stimuli through a layer, and a gradient back if there is one. It
// gives the layer tensors of its own, which it may overwrite.
func show(t *testing.T, l layer, shape, outShape Shape, x, dy []float32, train bool) (r trial) {
	t.Helper()
	var in, dout kernel.Tensor
	toTensor(&in, x, shape)
	out := l.forward(&in, train)
	n := len(x) / shape.Size()
	if out.Positions != outShape.Height*outShape.Width || out.Channels != outShape.Channels || out.Stimuli != n {
		t.Fatalf("the output has %d positions, %d channels, %d stimuli; want %v for %d", out.Positions, out.Channels, out.Stimuli, outShape, n)
	}
	idleLanes(t, "output", out)
	r.y = make([]float32, n*outShape.Size())
	fromTensor(r.y, out)
	if dy == nil {
		return r
	}
	toTensor(&dout, dy, outShape)
	dx := l.backward(&dout)
	if dx.Positions != in.Positions || dx.Channels != in.Channels || dx.Stimuli != n {
		t.Fatalf("the input gradient has %d positions, %d channels, %d stimuli; want %v for %d", dx.Positions, dx.Channels, dx.Stimuli, shape, n)
	}
	idleLanes(t, "input gradient", dx)
	r.dx = make([]float32, len(x))
	fromTensor(r.dx, dx)
	for _, e := range l.state() {
		if e.param != nil {
			r.dw = append(r.dw, e.param.grad...)
		}
	}
	return r
}

// idleLanes fails the test where a lane of no stimulus is not zero.
func idleLanes(t *testing.T, what string, a *kernel.Tensor) {
	t.Helper()
	for s := a.Stimuli; s < a.Blocks()*kernel.Lanes; s++ {
		for p := range a.Positions {
			for c := range a.Channels {
				if v := a.Data[a.Index(s, p, c)]; v != 0 {
					t.Fatalf("%s: lane %d is of no stimulus and holds %g", what, s, v)
				}
			}
		}
	}
}

// TestLayerGradients compares backward with central differences of
// L = Σ dy·y, summed in float64. y is float32, so a difference over a step h is
// good to about 10⁻⁷·√n_outputs/h plus, for batch normalisation, h²: the
// gradients must agree to 10⁻³ of the largest, which no wrong term survives.
func TestLayerGradients(t *testing.T) {
	const h, tolerance, n = 1. / 64, 1e-3, 7
	for _, c := range layerCases {
		rng := rand.New(rand.NewPCG(5, 6))
		l := c.make(rng)
		x, dy := randomRows(rng, n, c.in, c.kink), randomRows(rng, n, c.out, false)
		got := show(t, l, c.in, c.out, x, dy, true)
		loss := func() (sum float64) {
			for i, y := range show(t, l, c.in, c.out, x, nil, true).y {
				sum += float64(dy[i]) * float64(y)
			}
			return sum
		}
		check := func(what string, values, gradient []float32) {
			var largest, worst float64
			for i := range values {
				before := values[i]
				values[i] = before + h
				up := loss()
				values[i] = before - h
				down := loss()
				values[i] = before
				want := (up - down) / (2 * h)
				largest, worst = max(largest, math.Abs(want)), max(worst, math.Abs(float64(gradient[i])-want))
			}
			if !(worst <= tolerance*largest) {
				t.Errorf("%s: a gradient by %s is off by %.2g of the largest, allowed %g", c.name, what, worst/largest, tolerance)
			}
		}
		check("the input", x, got.dx)
		at := 0
		for _, e := range l.state() {
			if e.param != nil {
				check(e.name, e.param.w, got.dw[at:at+len(e.param.w)])
				at += len(e.param.w)
			}
		}
		if (at > 0) != c.ownsParameter {
			t.Errorf("%s: %d parameters", c.name, at)
		}
	}
}

// TestLayerConformance is what every layer keeps to.
func TestLayerConformance(t *testing.T) {
	const n = 37
	same := func(a, b trial) bool {
		return slices.Equal(a.y, b.y) && slices.Equal(a.dx, b.dx) && slices.Equal(a.dw, b.dw)
	}
	for _, c := range layerCases {
		t.Run(c.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(7, 8))
			l := c.make(rng)
			x, dy := randomRows(rng, n, c.in, false), randomRows(rng, n, c.out, false)
			want := show(t, l, c.in, c.out, x, dy, true)
			if !same(show(t, l, c.in, c.out, x, dy, true), want) {
				t.Error("the same batch gives other bits the second time")
			}
			before := runtime.GOMAXPROCS(0)
			for _, procs := range []int{1, 2, 3} {
				runtime.GOMAXPROCS(procs)
				if !same(show(t, l, c.in, c.out, x, dy, true), want) {
					t.Errorf("GOMAXPROCS %d gives other bits", procs)
				}
			}
			runtime.GOMAXPROCS(before)

			// A smaller batch in the memory of a larger one: no stimulus
			// depends on its company, outside training at least.
			alone := show(t, l, c.in, c.out, x, nil, false)
			for _, size := range []int{1, 5, 16} {
				part := x[3*c.in.Size() : (3+size)*c.in.Size()]
				got := show(t, l, c.in, c.out, part, nil, false)
				if !slices.Equal(got.y, alone.y[3*c.out.Size():(3+size)*c.out.Size()]) {
					t.Errorf("%d stimuli answer differently without the others", size)
				}
				if c.perStimulus {
					got := show(t, l, c.in, c.out, part, dy[3*c.out.Size():(3+size)*c.out.Size()], true)
					if !slices.Equal(got.dx, want.dx[3*c.in.Size():(3+size)*c.in.Size()]) {
						t.Errorf("the input gradients of %d stimuli depend on the others", size)
					}
				}
			}

			// What is saved comes back, into a layer with other weights.
			other := c.make(rng)
			for i, e := range l.state() {
				o := other.state()[i]
				if o.name != e.name || !slices.Equal(o.shape, e.shape) {
					t.Errorf("entry %d is %s %v in one layer, %s %v in another", i, e.name, e.shape, o.name, o.shape)
				}
				if e.counter != nil {
					continue
				}
				size := 1
				for _, d := range e.shape {
					size *= d
				}
				saved := slices.Clone(e.save(nil))
				if len(saved) != size {
					t.Errorf("%s: %d values, its shape %v says %d", e.name, len(saved), e.shape, size)
				}
				o.load(saved)
				if !slices.Equal(o.save(nil), saved) {
					t.Errorf("%s changes when it is saved and loaded", e.name)
				}
			}
		})
	}
}

// TestStepsDoNotAllocate: once the buffers have their size, showing a batch,
// going forward, the loss, going back and the update take no memory.
func TestStepsDoNotAllocate(t *testing.T) {
	for _, local := range []bool{false, true} {
		for _, optimizer := range []string{AdamW, SGD} {
			m, err := New(Architecture{Name: "resnet20", Local: local, Input: Shape{3, 8, 8}, Classes: 3, Width: 2}, 1)
			if err != nil {
				t.Fatal(err)
			}
			x, labels := make([]float32, 20*m.arch.Input.Size()), make([]int, 20)
			tr := Training{Optimizer: optimizer}
			steps := 0
			step := func() {
				m.show(x)
				logits := m.forward(true, nil)
				crossEntropy(logits, labels, m.scratch(), true)
				m.backward(logits)
				steps++
				tr.update(m, 1e-3, steps)
			}
			step()
			// A garbage collection in between may empty the pools of tasks.
			if n := testing.AllocsPerRun(20, step); n > 1 && !raceEnabled {
				t.Errorf("local %t, %s: %g allocations in a step", local, optimizer, n)
			}
		}
	}
}

// TestBatchNormStatistics: in training the output has mean β and deviation γ;
// the running moments approach the batch's, the variance unbiased, with
// PyTorch's momentum, and are what evaluation uses.
func TestBatchNormStatistics(t *testing.T) {
	shape := Shape{1, 2, 2}
	x := []float32{1, 2, 3, 4, 5, 6, 7, 8} // two stimuli; mean 4.5, population variance 5.25, unbiased 6
	b := newBatchNorm("bn", 1)
	b.gamma.w[0], b.beta.w[0] = 2, -1
	got := show(t, b, shape, shape, x, nil, true)
	for i, y := range got.y {
		if want := 2*(float64(x[i])-4.5)/math.Sqrt(5.25+1e-5) - 1; math.Abs(float64(y)-want) > 1e-6 {
			t.Errorf("training: %g becomes %g, want %g", x[i], y, want)
		}
	}
	if mean, variance := float64(b.runningMean[0]), float64(b.runningVar[0]); math.Abs(mean-.45) > 1e-6 || math.Abs(variance-(.9+.6)) > 1e-6 || b.batches != 1 {
		t.Errorf("running mean %g, variance %g after %d batches; want 0.45, 1.5 after 1", mean, variance, b.batches)
	}
	got = show(t, b, shape, shape, x, nil, false)
	for i, y := range got.y {
		if want := 2*(float64(x[i])-.45)/math.Sqrt(1.5+1e-5) - 1; math.Abs(float64(y)-want) > 2e-6 {
			t.Errorf("evaluation: %g becomes %g, want %g", x[i], y, want)
		}
	}
	if b.batches != 1 {
		t.Error("evaluation moved the running statistics")
	}
}

// TestCrossEntropy: known values, its gradient by differences, and logits that
// overflow an exponential.
func TestCrossEntropy(t *testing.T) {
	shape := Shape{3, 1, 1}
	rows := []float32{0, 0, 0, 1, 2, 3, 1000, 0, -1000}
	labels := []int{1, 2, 2}
	of := func(rows []float32, train bool) (*kernel.Tensor, float64, int) {
		var logits kernel.Tensor
		toTensor(&logits, rows, shape)
		t := crossEntropy(&logits, labels, make([]float64, 3), train)
		return &logits, t.loss, t.right
	}
	_, loss, right := of(rows, false)
	want := math.Log(3) + math.Log(1+math.Exp(-1)+math.Exp(-2)) + 2000
	if !(math.Abs(loss-want) <= 1e-9) || right != 1 {
		t.Errorf("loss %g with %d right, want %g with 1", loss, right, want)
	}
	rows = []float32{.3, -.2, .1, 1, 2, 3, 2, 0, -1}
	logits, _, _ := of(rows, true)
	gradient := make([]float32, len(rows))
	fromTensor(gradient, logits)
	for i := range rows {
		const h = 1. / 64
		before := rows[i]
		rows[i] = before + h
		_, up, _ := of(rows, false)
		rows[i] = before - h
		_, down, _ := of(rows, false)
		rows[i] = before
		if want := (up - down) / (2 * h) / float64(len(labels)); math.Abs(float64(gradient[i])-want) > 1e-4 {
			t.Errorf("gradient by logit %d is %g, want %g", i, gradient[i], want)
		}
	}
	idleLanes(t, "gradient of the logits", logits)
}

// TestLayout: what goes into a tensor comes out, whatever was there before.
func TestLayout(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	var a kernel.Tensor
	for _, n := range []int{40, 1, 16, 17} {
		shape := Shape{3, 4, 5}
		rows := randomRows(rng, n, shape, false)
		toTensor(&a, rows, shape)
		idleLanes(t, fmt.Sprintf("%d stimuli", n), &a)
		if got := a.Data[a.Index(n-1, 2*5+3, 1)]; got != rows[(n-1)*60+20+2*5+3] {
			t.Errorf("%d stimuli: row 2, column 3 of channel 1 holds %g", n, got)
		}
		back := make([]float32, len(rows))
		fromTensor(back, &a)
		if !slices.Equal(back, rows) {
			t.Errorf("%d stimuli come back changed", n)
		}
	}
}
