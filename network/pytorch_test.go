package network

import (
	"math"
	"path/filepath"
	"slices"
	"testing"

	"ventral/internal/npy"
)

// TestPyTorch holds ResNet-20 against PyTorch (testdata/make_pytorch.py): the
// checkpoint loads unchanged, and logits, gradients, ten steps of AdamW and of
// SGD, and the running statistics agree.
func TestPyTorch(t *testing.T) {
	for _, c := range []struct {
		name  string
		local bool
		width int
	}{{"conv", false, 2}, {"local", true, 1}} {
		m, err := New(Architecture{Name: "resnet20", Local: c.local, Input: Shape{3, 8, 8}, Classes: 5, Width: c.width}, 1)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Load(filepath.Join("testdata", c.name+"_weights.npz")); err != nil {
			t.Fatal(err)
		}
		z, err := npy.OpenZip(filepath.Join("testdata", c.name+"_golden.npz"))
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		golden := func(name string) []float32 {
			data, _, err := npy.ReadEntry[float32](z, name)
			if err != nil {
				t.Fatal(err)
			}
			return data
		}
		agree := func(what string, got, want []float32, tolerance float64) {
			t.Helper()
			if d := distance(got, want); !(d <= tolerance) {
				t.Errorf("%s: %s is %.2g of its size away from PyTorch's, allowed %g", c.name, what, d, tolerance)
			}
		}
		labels, _, err := npy.ReadEntry[int64](z, "y")
		if err != nil {
			t.Fatal(err)
		}
		classes := make([]int, len(labels))
		for i, l := range labels {
			classes[i] = int(l)
		}
		logits := make([]float32, len(labels)*5)
		tenSteps := func(tr Training, rate float64) {
			if err := m.Load(filepath.Join("testdata", c.name+"_weights.npz")); err != nil {
				t.Fatal(err)
			}
			m.restart()
			for step := range 10 {
				m.show(golden("x"))
				out := m.forward(true, nil)
				fromTensor(logits, out)
				loss := crossEntropy(out, classes, m.scratch(), true).loss
				m.backward(out)
				if step == 0 {
					agree("logits", logits, golden("logits"), 1e-4)
					agree("loss", []float32{float32(loss / float64(len(labels)))}, golden("loss"), 1e-5)
					for _, e := range m.state() {
						if e.param != nil {
							agree("the gradient of "+e.name, gradientInFileOrder(e), golden("grad."+e.name), 1e-3)
						}
					}
				}
				tr.update(m, rate, step+1)
			}
		}
		steps := func(prefix, what string) {
			for _, e := range m.state() {
				if e.counter == nil {
					agree(e.name+" after ten steps of "+what, e.save(nil), golden(prefix+e.name), 1e-3)
				} else if *e.counter != 10 {
					t.Errorf("%s: %s = %d, want 10", c.name, e.name, *e.counter)
				}
			}
		}
		tenSteps(Training{Optimizer: SGD, Momentum: .9, WeightDecay: 1e-3}, 1e-2)
		steps("sgd.", "SGD")
		tenSteps(Training{Optimizer: AdamW, WeightDecay: 1e-2}, 1e-3)
		steps("after.", "AdamW")
		m.show(golden("x"))
		fromTensor(logits, m.forward(false, nil))
		agree("logits in evaluation", logits, golden("eval"), 1e-3)
	}
}

// gradientInFileOrder is a parameter's gradient as the checkpoint orders it:
// the entry saves its weights, so they change places with the gradient.
func gradientInFileOrder(e entry) []float32 {
	weights := append([]float32{}, e.param.w...)
	copy(e.param.w, e.param.grad)
	defer copy(e.param.w, weights)
	return append([]float32{}, e.save(nil)...)
}

// distance is ‖a − b‖/‖b‖, infinite for different lengths.
func distance(a, b []float32) float64 {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	var d, n float64
	for i := range a {
		d += (float64(a[i]) - float64(b[i])) * (float64(a[i]) - float64(b[i]))
		n += float64(b[i]) * float64(b[i])
	}
	return math.Sqrt(d / math.Max(n, 1e-30))
}

func TestCheckpointNamesAreTheAuthors(t *testing.T) {
	m, err := New(Architecture{Name: "resnet20", Local: true, Input: Shape{3, 32, 32}, Classes: 10}, 1)
	if err != nil {
		t.Fatal(err)
	}
	shapes := map[string][]int{}
	for _, e := range m.state() {
		shapes[e.name] = e.shape
	}
	for name, want := range map[string][]int{
		"conv1.weights":                 {3, 16, 32, 32, 3, 3},
		"layer1.0.bn1.running_mean":     {16},
		"layer2.0.downsample.0.weights": {16, 32, 16, 16, 1, 1},
		"layer3.2.conv2.weights":        {64, 64, 8, 8, 3, 3},
		"fc.weight":                     {10, 64},
		"fc.bias":                       {10},
	} {
		if got := shapes[name]; !slices.Equal(got, want) {
			t.Errorf("%s has the shape %v, want %v", name, got, want)
		}
	}
}
