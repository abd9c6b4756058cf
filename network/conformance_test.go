package network

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"ventral/internal/kernel"
	"ventral/neuron"
)

// A layerCase is a layer with what it is to compute.
type layerCase struct {
	name        string
	in, out     Shape
	make        func(rng *rand.Rand) layer
	reference   reference
	kink        bool // at 0 or where inputs are equal, from which the numerical gradient keeps away
	perStimulus bool // in training too, no stimulus depends on another
}

// layerCases is every layer, for the conformance suite: a new one adds a row.
var layerCases = []layerCase{
	filterCase("convolution", downsampling, 3, 2, filterOptions{}),
	filterCase("convolution, even and rectangular kernel", oblong, 3, 2, filterOptions{}),
	filterCase("convolution, field larger than the input", wide, 3, 2, filterOptions{}),
	filterCase("grouped convolution", downsampling, 4, 6, filterOptions{groups: 2}),
	filterCase("locally connected", downsampling, 3, 2, filterOptions{local: true}),
	filterCase("locally connected, even and rectangular kernel", oblong, 3, 2, filterOptions{local: true}),
	filterCase("locally connected, field larger than the input", wide, 3, 2, filterOptions{local: true}),
	filterCase("grouped, locally connected", downsampling, 4, 6, filterOptions{local: true, groups: 2}),
	filterCase("depthwise, locally connected", oblong, 4, 4, filterOptions{local: true, groups: 4}),
	{"bias per channel", Shape{3, 2, 3}, Shape{3, 2, 3}, func(rng *rand.Rand) layer { return anyBias(rng, false) }, biasReference{"b.bias", 3, false}, false, true},
	{"bias per position", Shape{3, 2, 3}, Shape{3, 2, 3}, func(rng *rand.Rand) layer { return anyBias(rng, true) }, biasReference{"b.bias", 3, true}, false, true},
	{"max pooling", Shape{3, 5, 4}, Shape{3, 3, 2}, func(*rand.Rand) layer { return &pool{sheet: downsampling} }, poolReference{downsampling, false}, true, true},
	{"max pooling, even and rectangular", Shape{3, 5, 4}, Shape{3, 2, 4}, func(*rand.Rand) layer { return &pool{sheet: oblong} }, poolReference{oblong, false}, true, true},
	{"mean pooling", Shape{3, 5, 4}, Shape{3, 3, 2}, func(*rand.Rand) layer { return &pool{sheet: downsampling, mean: true} }, poolReference{downsampling, true}, false, true},
	{"mean pooling, even and rectangular", Shape{3, 5, 4}, Shape{3, 2, 4}, func(*rand.Rand) layer { return &pool{sheet: oblong, mean: true} }, poolReference{oblong, true}, false, true},
	{"batch normalisation", Shape{3, 2, 3}, Shape{3, 2, 3}, func(rng *rand.Rand) layer { return anyNorm(rng, "bn", 3) }, normReference{"bn", 3}, false, false},
	{"rectification", Shape{3, 2, 3}, Shape{3, 2, 3}, func(*rand.Rand) layer { return new(relu) }, reluReference{}, true, true},
	{"average", Shape{4, 3, 2}, Shape{4, 1, 1}, func(*rand.Rand) layer { return new(average) }, averageReference{4}, false, true},
	{"linear", Shape{5, 1, 1}, Shape{3, 1, 1}, func(rng *rand.Rand) layer { return newLinear("fc", 5, 3, rng) }, linearReference{"fc"}, false, true},
	{"residual", Shape{3, 5, 4}, Shape{3, 5, 4}, func(rng *rand.Rand) layer {
		return &residual{main: sequence{newFilters("f", keeping, 3, 3, filterOptions{local: true}, rng), anyNorm(rng, "bn", 3)}}
	}, residualReference{main: sequenceReference{filterReference{"f.weights", keeping, 3, 3, 1, true}, normReference{"bn", 3}}}, false, false},
	{"residual with projection", Shape{3, 5, 4}, Shape{2, 3, 2}, func(rng *rand.Rand) layer {
		return &residual{
			main:     sequence{newFilters("f", downsampling, 3, 2, filterOptions{local: true}, rng), anyNorm(rng, "bn", 2)},
			shortcut: sequence{newFilters("g", projection, 3, 2, filterOptions{local: true}, rng), anyNorm(rng, "gn", 2)},
		}
	}, residualReference{
		main:     sequenceReference{filterReference{"f.weights", downsampling, 3, 2, 1, true}, normReference{"bn", 2}},
		shortcut: sequenceReference{filterReference{"g.weights", projection, 3, 2, 1, true}, normReference{"gn", 2}},
	}, false, false},
}

var (
	fiveByFour   = neuron.Size{Rows: 5, Cols: 4}
	keeping      = neuron.Sheet{In: fiveByFour, Kernel: neuron.Square(3), Stride: neuron.Square(1), Padding: neuron.Square(1)}
	downsampling = neuron.Sheet{In: fiveByFour, Kernel: neuron.Square(3), Stride: neuron.Square(2), Padding: neuron.Square(1)}
	projection   = neuron.Sheet{In: fiveByFour, Kernel: neuron.Square(1), Stride: neuron.Square(2)}
	oblong       = neuron.Sheet{In: fiveByFour, Kernel: neuron.Size{Rows: 2, Cols: 3}, Stride: neuron.Size{Rows: 2, Cols: 1}, Padding: neuron.Size{Cols: 1}}
	wide         = neuron.Sheet{In: fiveByFour, Kernel: neuron.Size{Rows: 7, Cols: 6}, Stride: neuron.Size{Rows: 1, Cols: 2}, Padding: neuron.Size{Rows: 2, Cols: 3}}
)

// filterCase is filters of inputs → outputs channels on a sheet.
func filterCase(name string, sheet neuron.Sheet, inputs, outputs int, o filterOptions) layerCase {
	in, out := sheet.In, sheet.Out()
	return layerCase{
		name: name, in: Shape{inputs, in.Rows, in.Cols}, out: Shape{outputs, out.Rows, out.Cols}, perStimulus: true,
		make:      func(rng *rand.Rand) layer { return newFilters("f", sheet, inputs, outputs, o, rng) },
		reference: referenceOf("f", sheet, inputs, outputs, o),
	}
}

// referenceOf is that of filters with a name.
func referenceOf(name string, sheet neuron.Sheet, inputs, outputs int, o filterOptions) filterReference {
	of := map[bool]string{false: ".weight", true: ".weights"}
	return filterReference{name + of[o.local], sheet, inputs, outputs, max(o.groups, 1), o.local}
}

// anyNorm is batch normalisation with gains and offsets of no special value.
func anyNorm(rng *rand.Rand, name string, channels int) *batchNorm {
	b := newBatchNorm(name, channels)
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
// input, and the gradients of its parameters in the order of a checkpoint.
type trial struct {
	y, dx []float32
	dw    map[string][]float32
}

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
	r.dw = gradients(l.state())
	return r
}

// gradients are those of the parameters among the entries.
func gradients(state []entry) map[string][]float32 {
	all := map[string][]float32{}
	for _, e := range state {
		if e.param != nil {
			all[e.name] = e.gradient()
		}
	}
	return all
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

func float64s(a []float32) []float64 {
	wide := make([]float64, len(a))
	for i, v := range a {
		wide[i] = float64(v)
	}
	return wide
}

// arraysOf are the values of the entries.
func arraysOf(state []entry) arrays {
	a := arrays{}
	for _, e := range state {
		if e.counter == nil {
			a[e.name] = float64s(e.save(nil))
		}
	}
	return a
}

// What may differ, of the largest value. Float32 layers differ from the float64
// reference by their rounding: 3·10⁻⁷ single layers, 1·10⁻⁶ sums over 37 stimuli and
// 153 inputs, 7·10⁻⁷ the whole network. The reference's analytic gradients differ
// from its numerical ones by 3·10⁻¹⁰ and these from themselves over a double step
// by 1·10⁻⁹, the rounding of differences.
const (
	rounding    = 5e-6
	analytical  = 1e-7
	differences = 1e-8
)

// apart is the largest difference, of the largest value of want.
func apart[T float32 | float64](got []T, want []float64) float64 {
	if len(got) != len(want) {
		return math.Inf(1)
	}
	var worst, largest float64
	for i, w := range want {
		d := math.Abs(float64(got[i]) - w)
		if math.IsNaN(d) {
			return d
		}
		worst, largest = max(worst, d), max(largest, math.Abs(w))
	}
	if worst == 0 {
		return 0
	}
	return worst / largest
}

// against fails where float32 values are not those of a reference.
func against(t *testing.T, what string, got []float32, want []float64) {
	t.Helper()
	d := apart(got, want)
	if !(d <= rounding) {
		t.Errorf("%s is off by %.2g of the largest, allowed %g", what, d, rounding)
	}
}

// differentiated is numericalGradient, whose accuracy it sees to.
func differentiated(t *testing.T, what string, values []float64, loss func() float64) []float64 {
	t.Helper()
	gradient, apart := numericalGradient(values, loss)
	if !(apart <= differences) {
		t.Fatalf("the numerical gradient by %s is good to %.2g of the largest only, want %g", what, apart, differences)
	}
	return gradient
}

// TestLayerConformance is what every layer keeps to.
func TestLayerConformance(t *testing.T) {
	for _, c := range layerCases {
		t.Run(c.name, func(t *testing.T) {
			c.computesItsDefinition(t)
			c.hasItsGradients(t)
			c.givesTheSameBits(t)
			c.knowsNoCompany(t)
			c.isSaved(t)
		})
	}
}

// computesItsDefinition: in training and in evaluation the output is the
// reference's, and so are the statistics that training moves.
func (c layerCase) computesItsDefinition(t *testing.T) {
	const n = 37 // more than a vector, and no multiple of it
	rng := rand.New(rand.NewPCG(3, 4))
	l, x := c.make(rng), randomRows(rng, n, c.in, c.kink)
	for _, train := range []bool{true, false} {
		a, when := arraysOf(l.state()), map[bool]string{true: "training", false: "evaluation"}[train]
		got := show(t, l, c.in, c.out, x, nil, train)
		against(t, "the output in "+when, got.y, c.reference.forward(a, float64s(x), n, train))
		for _, e := range l.state() {
			if e.counter == nil {
				against(t, e.name+" after "+when, e.save(nil), a[e.name])
			}
		}
	}
}

// hasItsGradients: backward gives the gradients of L = Σ dy·y by the input and by
// every parameter. Those are taken from the reference numerically, and where it has
// them analytically they agree.
func (c layerCase) hasItsGradients(t *testing.T) {
	const n = 17
	rng := rand.New(rand.NewPCG(5, 6))
	l := c.make(rng)
	x, dy := randomRows(rng, n, c.in, c.kink), randomRows(rng, n, c.out, false)
	a, x64, dy64 := arraysOf(l.state()), float64s(x), float64s(dy)
	loss := func() (sum float64) {
		for i, y := range c.reference.forward(a, x64, n, true) {
			sum += dy64[i] * y
		}
		return sum
	}
	got := show(t, l, c.in, c.out, x, dy, true)
	dx, da := differentiated(t, "the input", x64, loss), arrays{}
	against(t, "the gradient by the input", got.dx, dx)
	for name, gradient := range got.dw {
		da[name] = differentiated(t, name, a[name], loss)
		against(t, "the gradient by "+name, gradient, da[name])
	}
	exact, ok := c.reference.(analytic)
	if !ok {
		return
	}
	exactDx, exactDa := exact.backward(a, x64, dy64, n)
	if d := apart(exactDx, dx); !(d <= analytical) {
		t.Errorf("the reference's gradient by the input is off by %.2g of the largest, allowed %g", d, analytical)
	}
	for name, gradient := range exactDa {
		if d := apart(gradient, da[name]); !(d <= analytical) {
			t.Errorf("the reference's gradient by %s is off by %.2g of the largest, allowed %g", name, d, analytical)
		}
	}
}

func sameBits(a, b trial) bool {
	for name := range a.dw {
		if !slices.Equal(a.dw[name], b.dw[name]) {
			return false
		}
	}
	return slices.Equal(a.y, b.y) && slices.Equal(a.dx, b.dx) && len(a.dw) == len(b.dw)
}

// givesTheSameBits: however often it is shown a batch, on any number of cores.
func (c layerCase) givesTheSameBits(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	l := c.make(rng)
	x, dy := randomRows(rng, 37, c.in, false), randomRows(rng, 37, c.out, false)
	want := show(t, l, c.in, c.out, x, dy, true)
	if !sameBits(show(t, l, c.in, c.out, x, dy, true), want) {
		t.Error("the same batch gives other bits the second time")
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, procs := range []int{1, 2, 3} {
		runtime.GOMAXPROCS(procs)
		if !sameBits(show(t, l, c.in, c.out, x, dy, true), want) {
			t.Errorf("GOMAXPROCS %d gives other bits", procs)
		}
	}
}

// knowsNoCompany: a smaller batch in the memory of a larger one. No stimulus
// depends on its company, outside training at least.
func (c layerCase) knowsNoCompany(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	l := c.make(rng)
	x, dy := randomRows(rng, 37, c.in, false), randomRows(rng, 37, c.out, false)
	want, alone := show(t, l, c.in, c.out, x, dy, true), show(t, l, c.in, c.out, x, nil, false)
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
}

// isSaved: what is saved comes back, into a layer with other weights.
func (c layerCase) isSaved(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	l, other := c.make(rng), c.make(rng)
	show(t, l, c.in, c.out, randomRows(rng, 5, c.in, false), nil, true)
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
}

// TestNetworkGradients: a whole network, from the image to the loss, answers and
// has the gradients of its reference: two residual blocks, filters that are shared
// and that are not, in groups, with a bias, and both poolings.
func TestNetworkGradients(t *testing.T) {
	const n, classes = 5, 3
	m, network, rng := everyKind(t)
	x, labels := randomRows(rng, n, m.arch.Input, false), []int{2, 0, 1, 1, 0}
	a, x64 := arraysOf(m.state()), float64s(x)
	loss := func() float64 { return crossEntropyReference(network.forward(a, x64, n, true), labels) }
	want := loss()

	m.show(x)
	logits := m.forward(true, nil)
	answer := make([]float32, n*classes)
	fromTensor(answer, logits)
	against(t, "the logits", answer, network.forward(arraysOf(m.state()), x64, n, true))
	got := crossEntropy(logits, labels, m.scratch(), true)
	if !(math.Abs(got.loss/n-want) <= rounding*want) {
		t.Errorf("the mean loss is %g, want %g", got.loss/n, want)
	}
	m.backward(logits)
	for name, gradient := range gradients(m.state()) {
		against(t, "the gradient by "+name, gradient, differentiated(t, name, a[name], loss))
	}
}

// everyKind is a network with a layer of every kind, its reference, and where its
// random numbers go on.
func everyKind(t *testing.T) (*Model, sequenceReference, *rand.Rand) {
	t.Helper()
	m, err := New(Architecture{Name: "own", Local: true, KeepConv: 1, Input: Shape{2, 6, 5}, Classes: 3, Width: 2, Layout: `
		a = filter 3 W | norm | relu
		b = block W
		c = filter 2x3 2W groups=2 bias=position padding=1x1 | relu | mean 2x1 stride=1 padding=1x0
		d = block W stride=2
		e = filter 1 3 bias=channel | max 3 stride=1 padding=1
	`}, 11)
	if err != nil {
		t.Fatal(err)
	}
	square := neuron.Square
	sheet := func(rows, cols int, kernel neuron.Size, stride int, padding neuron.Size) neuron.Sheet {
		return neuron.Sheet{In: neuron.Size{Rows: rows, Cols: cols}, Kernel: kernel, Stride: square(stride), Padding: padding}
	}
	local := filterOptions{local: true}
	block := func(name string, rows, cols, inputs, stride int, shortcut ...reference) reference {
		half := func(n int) int { return (n + stride - 1) / stride }
		return residualReference{sequenceReference{
			referenceOf(name+".conv1", sheet(rows, cols, square(3), stride, square(1)), inputs, 2, local), normReference{name + ".bn1", 2}, reluReference{},
			referenceOf(name+".conv2", sheet(half(rows), half(cols), square(3), 1, square(1)), 2, 2, local), normReference{name + ".bn2", 2},
		}, shortcut}
	}
	oblong, up := neuron.Size{Rows: 2, Cols: 3}, neuron.Size{Rows: 1}
	reference := sequenceReference{
		referenceOf("a.conv1", sheet(6, 5, square(3), 1, square(1)), 2, 2, filterOptions{}), normReference{"a.bn1", 2}, reluReference{},
		block("b", 6, 5, 2, 1), reluReference{},
		referenceOf("c.conv1", sheet(6, 5, oblong, 1, square(1)), 2, 4, filterOptions{local: true, groups: 2}), biasReference{"c.conv1.bias", 4, true}, reluReference{},
		poolReference{sheet(7, 5, neuron.Size{Rows: 2, Cols: 1}, 1, up), true},
		block("d", 8, 5, 4, 2, referenceOf("d.downsample.0", sheet(8, 5, square(1), 2, neuron.Size{}), 4, 2, local), normReference{"d.downsample.1", 2}), reluReference{},
		referenceOf("e.conv1", sheet(4, 3, square(1), 1, neuron.Size{}), 2, 3, local), biasReference{"e.conv1.bias", 3, false},
		poolReference{sheet(4, 3, square(3), 1, square(1)), false},
		averageReference{3}, linearReference{"fc"},
	}
	rng := rand.New(rand.NewPCG(12, 17))
	for _, p := range m.parameters() { // gains and offsets of no special value
		for i := range p.w {
			p.w[i] += float32(.2 * rng.NormFloat64())
		}
	}
	return m, reference, rng
}
