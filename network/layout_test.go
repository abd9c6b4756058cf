package network

import (
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ventral/internal/kernel"
	"ventral/internal/npy"
)

// everyLayer is a layout with every kind of layer and option.
const everyLayer = `
# a comment
retina = filter 3x2 W stride=2x1 padding=1x0 bias=position | relu
V1     = V1.simple:filter 3 2W groups=2 bias=channel | V1.gain:norm | relu | max 2   # max strides by 2
V2     = block 2W | block 3W stride=2
V4     = mean 2x1 stride=1
IT     = filter 1 8
`

func TestLayoutOfEveryLayer(t *testing.T) {
	a := Architecture{Name: "own", Layout: everyLayer, Local: true, Input: Shape{3, 16, 15}, Classes: 4, Width: 2}
	m, err := New(a, 1)
	if err != nil {
		t.Fatal(err)
	}
	shapes := map[string]Shape{"retina": {2, 8, 14}, "V1": {4, 4, 7}, "V2": {6, 2, 4}, "V4": {6, 1, 4}, "IT": {8, 1, 4}, "avgpool": {8, 1, 1}}
	if names := m.LayerNames(); !slices.Equal(names, []string{"retina", "V1", "V2", "V4", "IT", "avgpool"}) {
		t.Errorf("layers %v", names)
	}
	for name, want := range shapes {
		if got, _ := m.LayerShape(name); got != want {
			t.Errorf("%s has the shape %v, want %v", name, got, want)
		}
	}
	entries := map[string][]int{}
	for _, e := range m.state() {
		entries[e.name] = e.shape
	}
	for name, want := range map[string][]int{
		"retina.conv1.weights": {3, 2, 8, 14, 3, 2}, "retina.conv1.bias": {2, 8, 14},
		"V1.simple.weights": {1, 4, 8, 14, 3, 3}, "V1.simple.bias": {4}, "V1.gain.weight": {4},
		"V2.block1.conv1.weights": {4, 4, 4, 7, 3, 3}, "V2.block2.downsample.0.weights": {4, 6, 2, 4, 1, 1},
		"IT.conv1.weights": {6, 8, 1, 4, 1, 1}, "fc.weight": {4, 8},
	} {
		if !slices.Equal(entries[name], want) {
			t.Errorf("%s has the shape %v, want %v", name, entries[name], want)
		}
	}
	// The whole of it learns: a gradient reaches every parameter.
	rows := make([]float32, 24*a.Input.Size())
	for i := range rows {
		rows[i] = float32(math.Sin(float64(i * i)))
	}
	m.show(rows)
	logits := m.forward(true, nil)
	labels := make([]int, 24)
	for i := range labels {
		labels[i] = i % 4
	}
	crossEntropy(logits, labels, m.scratch(), true)
	m.backward(logits)
	for _, e := range m.state() {
		if e.param != nil && !slices.ContainsFunc(e.param.grad, func(g float32) bool { return g != 0 }) {
			t.Errorf("no gradient reaches %s", e.name)
		}
	}
}

func TestLayoutErrors(t *testing.T) {
	for text, says := range map[string]string{
		"":                                 "no stage in it",
		"a filter 3 16":                    "line 1: \"a filter 3 16\": expected STAGE = LAYER",
		"\na = conv 3 16":                  `line 2: unknown layer "conv": expected one of filter, norm`,
		"a = Conv2d 3 16":                  "did you mean filter?",
		"a = filter 3 16 pad=1":            `unexpected "pad=1": its options are stride, padding, groups, bias; did you mean padding=?`,
		"a = filter 3 16 | relu stride=2":  `unexpected "stride=2": it has no options`,
		"fc = filter 3 16":                 "the name is reserved",
		"a = filter 3":                     `"filter 3": expected filter K C`,
		"a = filter three 16":              `size "three"`,
		"a = filter 3 0":                   `channels "0"`,
		"a = filter 3 16 dilation=2":       `unexpected "dilation=2"`,
		"a = filter 3 16 stride=0":         `size "0"`,
		"a = filter 3 16 groups=x":         "groups=x",
		"a = filter 3 16 bias=all":         "bias=all",
		"a = q:relu":                       "relu has nothing to save",
		"a = filter 3 16 |":                "an empty layer",
		"a = filter 3 16\na = relu":        "line 2: stage a is there already",
		"fc:filter":                        "expected STAGE = LAYER",
		"a = fc:filter 3 4":                "two layers are called fc",
		"a = optimizer.m:filter 3 4":       "no optimizer. or training. at its beginning",
		".. = filter 3 4":                  "expected STAGE = LAYER",
		"a = filter 3 4 stride=2 stride=3": "stride is there twice",
		"a = relu":                         "has no filters",
		"a = filter 3 4 groups=3":          "cannot be cut into 3 groups",
		"a = filter 99 4 padding=0":        "does not fit",
		"a = x:filter 3 4 | x:filter 3 4":  "two layers are called x",
		"a = filter 3 4 | max 2 padding=2": "leaves fields of 2×2 without input",
		"a = block 4 | max 9 padding=0":    "does not fit",
	} {
		_, err := New(Architecture{Name: "own", Layout: text, Local: true, Input: Shape{1, 8, 8}, Classes: 2}, 1)
		if err == nil || text != "" && !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", text, err, says)
		}
	}
}

// Whatever stands between the image and the first filters, the gradient reaches
// it: every layout that is taken learns.
func TestLayoutsThatBeginWithAnything(t *testing.T) {
	for _, layout := range []string{
		"V1 = filter 3 4", "V1 = norm | filter 3 4", "V1 = relu | filter 3 4", "V1 = max 2 | filter 3 4", "V1 = mean 2 | norm | filter 3 4", "V1 = block 4", "\ufeffV1=block 4 | norm | filter 1 3 | block 4",
	} {
		for _, local := range []bool{false, true} {
			a := Architecture{Name: "own", Layout: layout, Local: local, Input: Shape{3, 8, 8}, Classes: 2}
			m, err := New(a, 1)
			if err != nil {
				t.Errorf("%s: %v", layout, err)
				continue
			}
			data := Data{Train: blobs{20, a.Input}, Test: blobs{10, a.Input}}
			if _, err := (Training{Epochs: 2, BatchSize: 8}).Run(t.Context(), m, data, State{}, Hooks{}); err != nil {
				t.Errorf("%s: %v", layout, err)
			}
			if err := m.Save(filepath.Join(t.TempDir(), "w.npz")); err != nil {
				t.Errorf("%s: %v", layout, err)
			}
		}
	}
}

func FuzzParseLayout(f *testing.F) {
	f.Add(everyLayer)
	for _, name := range Architectures() {
		f.Add(Layout(name))
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := parseLayout(text, 2); err != nil {
			return
		}
		_, _ = Architecture{Name: "own", Layout: text, Input: Shape{1, 8, 8}, Classes: 2, Width: 2}.Size()
	})
}

// What Size foresees is what the network has.
func TestSizeIsWhatTheNetworkHas(t *testing.T) {
	for _, a := range []Architecture{
		{Name: "own", Layout: everyLayer, Local: true, Input: Shape{3, 16, 15}, Classes: 4, Width: 2},
		{Name: "resnet18", Local: true, Input: Shape{3, 64, 64}, Classes: 10, Width: 4},
		{Name: "resnet20", KeepConv: 2, Local: true, Input: Shape{3, 16, 16}, Classes: 10, Width: 4},
		{Name: "small", Input: Shape{1, 8, 8}, Classes: 3},
	} {
		size, err := a.Size()
		if err != nil {
			t.Fatal(err)
		}
		m, err := New(a, 1)
		if err != nil {
			t.Fatal(err)
		}
		var weights int64
		for _, f := range m.filters {
			weights += int64(len(f.weights.w))
		}
		if size.Filters != weights {
			t.Errorf("%s: %d weights foreseen, %d there", a.Name, size.Filters, weights)
		}
		if m.filters[0].local != (a.Local && a.KeepConv == 0) || m.filters[len(m.filters)-1].local != a.Local {
			t.Errorf("%s, keep %d: the first filters are local: %v", a.Name, a.KeepConv, m.filters[0].local)
		}
		// Run a batch and count the buffers.
		const n = 16
		m.show(make([]float32, n*a.Input.Size()))
		m.backward(m.forward(true, nil))
		floats := 0
		var count func(l layer)
		count = func(l layer) {
			switch l := l.(type) {
			case *filters:
				floats += len(l.out.Data) + len(l.dx.Data)
			case *batchNorm:
				floats += len(l.out.Data)
			case *pool:
				floats += len(l.out.Data) + len(l.dx.Data) + len(l.from)
			case *residual:
				floats += len(l.copied.Data)
				for _, part := range append(slices.Clone(l.main), l.shortcut...) {
					count(part)
				}
			case *average:
				floats += len(l.out.Data) + len(l.dx.Data)
			}
		}
		for _, s := range m.stages {
			for _, l := range s.layers {
				count(l)
			}
		}
		if want := float64(size.Activations * n); math.Abs(float64(floats)-want) > .02*want {
			t.Errorf("%s: %d floats of activity, %.0f foreseen", a.Name, floats, want)
		}
	}
}

// A locally connected network that starts from one shared filter (eps = 0) is
// the convolution with that filter, as far as rounding goes: in activity and in
// the gradient by the input; each position's weight gradients add up to the
// convolution's.
func TestTiedNetworkIsAConvolutionalOne(t *testing.T) {
	a := Architecture{Name: "resnet20", Local: true, SharedInit: true, Input: Shape{3, 8, 8}, Classes: 5, Width: 3}
	local, err := New(a, 3)
	if err != nil {
		t.Fatal(err)
	}
	a.Local, a.SharedInit = false, false
	conv, err := New(a, 4)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range local.filters {
		n := len(conv.filters[i].weights.w)
		for p := range f.sheet.Out().Area() {
			if !slices.Equal(f.weights.w[:n], f.weights.w[p*n:(p+1)*n]) {
				t.Fatalf("%s: eps = 0 gives position %d filters of its own", f.name, p)
			}
		}
		copy(conv.filters[i].weights.w, f.weights.w[:n])
	}
	copy(conv.readout.weights.w, local.readout.weights.w)
	copy(conv.readout.bias.w, local.readout.bias.w)
	x := make([]float32, 20*a.Input.Size())
	for i := range x {
		x[i] = float32(math.Cos(float64(i*i))) * 2
	}
	labels := make([]int, 20)
	var logits [2][]float32
	for i, m := range []*Model{local, conv} {
		m.show(x)
		out := m.forward(true, nil)
		logits[i] = make([]float32, 20*5)
		fromTensor(logits[i], out)
		crossEntropy(out, labels, m.scratch(), true)
		m.backward(out)
	}
	if d := distance(logits[0], logits[1]); d > 1e-5 {
		t.Errorf("logits differ by %.2g of their size", d)
	}
	for i, f := range local.filters {
		want := conv.filters[i].weights.grad
		sum := make([]float32, len(want))
		for j, g := range f.weights.grad {
			sum[j%len(want)] += g
		}
		if d := distance(sum, want); d > 1e-3 {
			t.Errorf("%s: the weight gradients differ by %.2g of their size", f.name, d)
		}
	}
}

// Filters that start near a shared one have the variance of the others, and a
// correlation of 1/(1 + eps²) between positions.
func TestSharedInit(t *testing.T) {
	a := Architecture{Name: "small", Local: true, SharedInit: true, Eps: .5, Input: Shape{3, 32, 32}, Classes: 2, Width: 16}
	m, err := New(a, 5)
	if err != nil {
		t.Fatal(err)
	}
	f := m.filters[1]
	n := f.perPosition()
	var squares, products float64
	for i, w := range f.weights.w {
		squares += float64(w) * float64(w)
		products += float64(w) * float64(f.weights.w[(i+n)%len(f.weights.w)]) // the next position's
	}
	count := float64(len(f.weights.w))
	if want := 2 / float64(f.outputs*9); math.Abs(squares/count/want-1) > .05 {
		t.Errorf("variance %.4g, want %.4g", squares/count, want)
	}
	if want := 1 / 1.25; math.Abs(products/squares-want) > .02 {
		t.Errorf("correlation between positions %.3f, want %.3f", products/squares, want)
	}
}

// Max pooling keeps NaN, the first of equal inputs gets the gradient, and the
// padding counts for nothing.
func TestPoolingByHand(t *testing.T) {
	var in, dy kernel.Tensor
	toTensor(&in, []float32{-1, -2, -1, -3}, Shape{1, 2, 2})
	layer := &pool{sheet: downsampling}
	layer.sheet.In.Rows, layer.sheet.In.Cols = 2, 2
	out := layer.forward(&in, true)
	if out.Positions != 1 || out.Data[0] != -1 {
		t.Errorf("the maximum of four negative numbers, padded, is %v", out.Data[0])
	}
	toTensor(&dy, []float32{5}, Shape{1, 1, 1})
	dx := make([]float32, 4)
	fromTensor(dx, layer.backward(&dy))
	if !slices.Equal(dx, []float32{5, 0, 0, 0}) {
		t.Errorf("the gradient goes to %v, want the first of the largest", dx)
	}
	nan := float32(math.NaN())
	toTensor(&in, []float32{1, nan, 2, 3}, Shape{1, 2, 2})
	if y := layer.forward(&in, false).Data[0]; y == y {
		t.Errorf("the maximum over NaN is %v", y)
	}
}

// The weights of other programs' files are refused with what makes them fit.
func TestLoadOfForeignFiles(t *testing.T) {
	m, err := New(Architecture{Name: "small", Input: Shape{3, 8, 8}, Classes: 2, Width: 2}, 1)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "weights.npz")
	for says, name := range map[string]string{"torch.save": "", "begin with module.": "module." + m.state()[0].name} {
		z, err := npy.CreateZip(path)
		if err != nil {
			t.Fatal(err)
		}
		if name != "" {
			if err := npy.AddEntry(z, name, []int{1}, []float32{0}); err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		if err := m.Load(path); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
}
