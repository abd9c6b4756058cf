package network

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"ventral/internal/kernel"
)

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

// TestCrossEntropy: known values, its gradient against the
// reference's, and logits that
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
	_, total, right := of(rows, false)
	want := math.Log(3) + math.Log(1+math.Exp(-1)+math.Exp(-2)) + 2000
	if !(math.Abs(total-want) <= 1e-9) || right != 1 {
		t.Errorf("loss %g with %d right, want %g with 1", total, right, want)
	}
	rows = []float32{.3, -.2, .1, 1, 2, 3, 2, 0, -1}
	logits, loss, _ := of(rows, true)
	x := float64s(rows)
	if want := crossEntropyReference(x, labels); !(math.Abs(loss/3-want) <= 1e-14*want) {
		t.Errorf("mean loss %.17g, want %.17g", loss/3, want)
	}
	gradient := make([]float32, len(rows))
	fromTensor(gradient, logits)
	against(t, "a gradient by the logits", gradient, differentiated(t, "the logits", x, func() float64 { return crossEntropyReference(x, labels) }))
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
