package network

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"ventral/internal/npy"
	"ventral/plasticity"
)

// blobs is a toy image set: class 0 is bright on the left, class 1 on the
// right, with noise.
type blobs struct {
	n     int
	shape Shape
}

func (b blobs) Len() int { return b.n }

func (b blobs) Read(epoch, repetition int, indices []int, x []float32, labels []int) error {
	for row, i := range indices {
		rng := rand.New(rand.NewPCG(uint64(i), uint64(epoch+1)<<8+uint64(repetition)))
		for c := range b.shape.Channels {
			for y := range b.shape.Height {
				for xx := range b.shape.Width {
					v := .5 * rng.NormFloat64()
					if (xx < b.shape.Width/2) == (i%2 == 0) {
						v++
					}
					x[row*b.shape.Size()+(c*b.shape.Height+y)*b.shape.Width+xx] = float32(v)
				}
			}
		}
		if labels != nil {
			labels[row] = i % 2
		}
	}
	return nil
}

var (
	toyShape = Shape{1, 8, 8}
	toyData  = Data{Train: blobs{40, toyShape}, Test: blobs{8, toyShape}}
)

func toy(name string, local bool) Architecture {
	return Architecture{Name: name, Local: local, Input: toyShape, Classes: 2, Width: 3}
}

// trained returns a model that was trained on the toy set, its epochs and the
// bytes of its checkpoint.
func trained(t *testing.T, a Architecture, tr Training) (*Model, []Epoch, []byte) {
	t.Helper()
	m, err := New(a, 7)
	if err != nil {
		t.Fatal(err)
	}
	var epochs []Epoch
	if _, err := tr.Run(t.Context(), m, Data{Train: blobs{53, toyShape}, Test: blobs{40, toyShape}}, State{}, Hooks{Epoch: func(e Epoch, _ State) error {
		epochs = append(epochs, e)
		return nil
	}}); err != nil {
		t.Fatal(err)
	}
	return m, epochs, checkpoint(t, m)
}

func checkpoint(t *testing.T, m *Model) []byte {
	t.Helper()
	p := filepath.Join(t.TempDir(), "w.npz")
	if err := m.Save(p); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(p)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestTrainingLearnsAndIsTheSameOnAnyNumberOfCores(t *testing.T) {
	for _, name := range Architectures() {
		for _, local := range []bool{false, true} {
			tr := Training{Epochs: 4, BatchSize: 16, Repetitions: 2, LearningRate: .01, Seed: 3}
			if local {
				tr.SleepEvery = 2
			}
			before := runtime.GOMAXPROCS(1)
			_, epochs, one := trained(t, toy(name, local), tr)
			runtime.GOMAXPROCS(2)
			_, again, two := trained(t, toy(name, local), tr)
			runtime.GOMAXPROCS(before)
			if !bytes.Equal(one, two) || epochs[3].Test != again[3].Test || epochs[3].Train != again[3].Train {
				t.Errorf("%s local=%v: GOMAXPROCS 1 and 2 give different bits", name, local)
			}
			if name == "resnet18" { // made for larger images than the toy's
				continue
			}
			if !(epochs[3].Train.Loss < .5*epochs[0].Train.Loss) || epochs[3].Test.Accuracy < .9 {
				t.Errorf("%s local=%v: training did not learn: %+v", name, local, epochs)
			}
			if want := 4 * 7; epochs[3].Updates != want { // 53 images, 8 in a batch
				t.Errorf("%s local=%v: %d updates, want %d", name, local, epochs[3].Updates, want)
			}
		}
	}
}

func TestLearningRateSchedule(t *testing.T) {
	for epochs, want := range map[int][]float64{
		1: {1}, 2: {1, .25}, 3: {1, 1, .25}, 4: {1, 1, .25, .0625}, 8: {1, 1, 1, 1, .25, .25, .0625, .0625},
	} {
		tr := Training{Epochs: epochs, LearningRate: 1}
		for e, w := range want {
			if got := tr.rate(e); got != w {
				t.Errorf("epoch %d of %d: rate %g, want %g", e, epochs, got, w)
			}
		}
	}
}

func TestTrainingStops(t *testing.T) {
	m, err := New(toy("small", true), 1)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	updates := 0
	_, err = Training{Epochs: 5, BatchSize: 8}.Run(ctx, m, toyData, State{}, Hooks{Update: func(p Progress, _ State) error {
		if updates = p.Iteration; updates == 3 {
			cancel()
		}
		return nil
	}})
	if !errors.Is(err, context.Canceled) || updates != 3 {
		t.Errorf("cancelled in update 3: stopped after %d with %v", updates, err)
	}

	m, err = New(toy("small", false), 1)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Training{Epochs: 50, BatchSize: 8, LearningRate: 1e30}.Run(t.Context(), m, toyData, State{}, Hooks{})
	if err == nil || !strings.Contains(err.Error(), "epoch 1, iteration") || !strings.Contains(err.Error(), "not finite") {
		t.Errorf("a learning rate of 1e30 gives %v", err)
	}

	m, err = New(toy("small", false), 1)
	if err != nil {
		t.Fatal(err)
	}
	broken, epochs := errors.New("no space left"), 0
	_, err = Training{Epochs: 2, BatchSize: 8}.Run(t.Context(), m, toyData, State{}, Hooks{Epoch: func(Epoch, State) error { epochs++; return broken }})
	if !errors.Is(err, broken) || epochs != 1 {
		t.Errorf("an error of epochDone gives %v after %d epochs", err, epochs)
	}
	if _, err := (Training{BatchSize: 1}).Run(t.Context(), m, toyData, State{}, Hooks{}); err == nil || !strings.Contains(err.Error(), "at least two") {
		t.Errorf("batches of one image give %v", err)
	}
	if _, err := (Training{}).Run(t.Context(), m, Data{Train: mislabelled{blobs{40, toyShape}}}, State{}, Hooks{}); err == nil || !strings.Contains(err.Error(), "label 7") {
		t.Errorf("a label that is no class gives %v", err)
	}
}

// mislabelled has a class that the network has not.
type mislabelled struct{ blobs }

func (m mislabelled) Read(epoch, repetition int, indices []int, x []float32, labels []int) error {
	labels[0] = 7
	for i := range labels[1:] {
		labels[1+i] = 0
	}
	return nil
}

// TestTrainingBeginsAnew: nothing but weights and running statistics passes
// from one training to the next, so that a checkpoint between them changes
// nothing.
func TestTrainingBeginsAnew(t *testing.T) {
	tr := Training{Epochs: 1, BatchSize: 16, Seed: 3}
	m, _, bits := trained(t, toy("small", true), tr)
	path := filepath.Join(t.TempDir(), "w.npz")
	if err := os.WriteFile(path, bits, 0o666); err != nil {
		t.Fatal(err)
	}
	loaded, err := New(toy("small", true), 99)
	if err != nil {
		t.Fatal(err)
	}
	if err := loaded.Load(path); err != nil {
		t.Fatal(err)
	}
	for _, m := range []*Model{m, loaded} {
		if _, err := tr.Run(t.Context(), m, Data{Train: blobs{53, toyShape}}, State{}, Hooks{}); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(checkpoint(t, m), checkpoint(t, loaded)) {
		t.Error("a second training depends on more than the checkpoint of the first")
	}
}

// TestSNRIsThatOfPlasticity holds the model's SNR against plasticity.SNR of
// every output channel's filters, copied out one by one.
func TestSNRIsThatOfPlasticity(t *testing.T) {
	m, err := New(Architecture{Name: "small", Local: true, Input: Shape{3, 9, 8}, Classes: 3, Width: 3}, 5)
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range m.SNR() {
		f := m.filters[i]
		out, channels := f.sheet.Out(), f.outputs
		var want float64
		for c := range channels {
			pool := make([][]float32, out.Area())
			for p := range pool {
				pool[p] = m.Filter(f.name, c, p/out.Cols, p%out.Cols)
			}
			want += plasticity.SNR(pool) / float64(channels)
		}
		if math.Abs(got-want) > 1e-9*want {
			t.Errorf("%s: SNR %g, want %g", f.name, got, want)
		}
	}
}

func TestSleepSharesFiltersWithinPools(t *testing.T) {
	m, err := New(Architecture{Name: "resnet20", Local: true, Input: Shape{3, 16, 16}, Classes: 3, Width: 4}, 5)
	if err != nil {
		t.Fatal(err)
	}
	before := m.SNR()
	mean := make([]float64, len(m.filters))
	for i, f := range m.filters {
		for _, w := range f.weights.w {
			mean[i] += float64(w)
		}
	}
	m.Sleep()
	for i, snr := range m.SNR() {
		if snr <= before[i] {
			t.Errorf("%s: SNR %g before sleep, %g after", m.filters[i].name, before[i], snr)
		}
	}
	for i, f := range m.filters {
		var sum float64
		for _, w := range f.weights.w {
			sum += float64(w)
		}
		if math.Abs(sum-mean[i]) > 1e-3 {
			t.Errorf("%s: the sum of the weights moved from %g to %g", f.name, mean[i], sum)
		}
		for _, pool := range f.sheet.Pools() {
			n := f.perPosition()
			for _, p := range pool {
				if !slices.Equal(f.weights.w[p*n:(p+1)*n], f.weights.w[pool[0]*n:(pool[0]+1)*n]) {
					t.Fatalf("%s: positions %d and %d of a pool differ after sleep", f.name, p, pool[0])
				}
			}
		}
	}
	conv, err := New(Architecture{Name: "small", Input: Shape{3, 16, 16}, Classes: 3}, 5)
	if err != nil {
		t.Fatal(err)
	}
	bits := checkpoint(t, conv)
	conv.Sleep()
	if !bytes.Equal(bits, checkpoint(t, conv)) || !math.IsInf(conv.SNR()[0], 1) {
		t.Error("sleep changed a convolutional network, or its SNR is finite")
	}
}

// TestNumParameters holds the counts of the paper's networks.
func TestNumParameters(t *testing.T) {
	for _, c := range []struct {
		local   bool
		million float64
	}{{false, .27}, {true, 40.8}} {
		m, err := New(Architecture{Name: "resnet20", Local: c.local, Input: Shape{3, 32, 32}, Classes: 10}, 1)
		if err != nil {
			t.Fatal(err)
		}
		if size, err := m.Architecture().Size(); err != nil || size.Filters < int64(m.NumParameters())*99/100 || size.Filters >= int64(m.NumParameters()) {
			t.Errorf("local=%v: %d weights are foreseen (%v), %d parameters are there", c.local, size.Filters, err, m.NumParameters())
		}
		if got := float64(m.NumParameters()) / 1e6; math.Abs(got-c.million) > .005*math.Max(c.million, 1) {
			t.Errorf("ResNet-20, local=%v: %.3f million parameters, the paper has %.2f", c.local, got, c.million)
		}
	}
}

func TestCheckpoint(t *testing.T) {
	m, _, bits := trained(t, toy("resnet20", true), Training{Epochs: 1, BatchSize: 16})
	dir := t.TempDir()
	path := filepath.Join(dir, "w.npz")
	if err := os.WriteFile(path, bits, 0o666); err != nil {
		t.Fatal(err)
	}
	other, err := New(toy("resnet20", true), 99)
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Load(path); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(checkpoint(t, other), bits) {
		t.Error("a checkpoint changes when it is loaded and saved")
	}
	want, err := m.Activations(t.Context(), blobs{20, toyShape}, nil, m.LayerNames(), 0)
	if err != nil {
		t.Fatal(err)
	}
	got, err := other.Activations(t.Context(), blobs{20, toyShape}, nil, m.LayerNames(), 0)
	if err != nil {
		t.Fatal(err)
	}
	for name := range want {
		if !slices.Equal(got[name], want[name]) {
			t.Errorf("layer %s answers differently after loading", name)
		}
	}

	// Checkpoints that do not fit leave the model as it was.
	z, err := npy.OpenZip(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	rewrite := func(name string, skip string, extra bool) string {
		p := filepath.Join(dir, name)
		w, err := npy.CreateZip(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range z.Names() {
			if n == skip {
				continue
			}
			data, shape, err := npy.ReadEntry[float32](z, n)
			if err != nil {
				t.Fatal(err)
			}
			if err := npy.AddEntry(w, n, shape, data); err != nil {
				t.Fatal(err)
			}
		}
		if extra {
			if err := npy.AddEntry(w, "fc.gain", []int{1}, []float32{1}); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return p
	}
	truncated := filepath.Join(dir, "truncated.npz")
	if err := os.WriteFile(truncated, bits[:len(bits)/2], 0o666); err != nil {
		t.Fatal(err)
	}
	fresh := checkpoint(t, other)
	for _, c := range []struct {
		model *Model
		path  string
		want  string
	}{
		{other, rewrite("missing.npz", "layer2.0.conv1.weights", false), "layer2.0.conv1.weights"},
		{other, rewrite("extra.npz", "", true), "fc.gain"},
		{other, truncated, "truncated.npz"},
		{other, filepath.Join(dir, "none.npz"), "none.npz"},
	} {
		if err := c.model.Load(c.path); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want an error that names %s", filepath.Base(c.path), err, c.want)
		}
		if !bytes.Equal(checkpoint(t, other), fresh) {
			t.Errorf("%s: the failed load changed the model", filepath.Base(c.path))
		}
	}
	wide := toy("resnet20", true)
	wide.Width = 5
	big, err := New(wide, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := big.Load(path); err == nil || !strings.Contains(err.Error(), "shape") {
		t.Errorf("a checkpoint of another width: %v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, a := range []Architecture{
		{Name: "vgg", Input: toyShape, Classes: 2},
		{Name: "small", Input: Shape{0, 8, 8}, Classes: 2},
		{Name: "small", Input: Shape{1, 0, 8}, Classes: 2},
		{Name: "small", Input: toyShape, Classes: 1},
		{Name: "small", Input: toyShape, Classes: 2, Width: -1},
		{Name: "small", Input: toyShape, Classes: 2, KeepConv: 1},
		{Name: "small", Input: toyShape, Classes: 2, Local: true, Eps: 1},
		{Name: "own", Input: toyShape, Classes: 2, Layout: "a = filter 3 W groups=2"},
	} {
		if _, err := New(a, 1); err == nil {
			t.Errorf("%+v makes a network", a)
		}
	}
}

// TestActivationsDoNotDependOnTheBatch shows the same images in batches of
// several sizes: the answer to a stimulus must not depend on its company.
func TestActivationsDoNotDependOnTheBatch(t *testing.T) {
	m, _, _ := trained(t, toy("resnet20", true), Training{Epochs: 1, BatchSize: 16})
	want, err := m.Activations(t.Context(), blobs{37, toyShape}, nil, m.LayerNames(), 37)
	if err != nil {
		t.Fatal(err)
	}
	for _, batch := range []int{1, 5, 16, 36} {
		got, err := m.Activations(t.Context(), blobs{37, toyShape}, nil, m.LayerNames(), batch)
		if err != nil {
			t.Fatal(err)
		}
		for name := range want {
			if !slices.Equal(got[name], want[name]) {
				t.Errorf("layer %s: batches of %d and 37 give different activity", name, batch)
			}
		}
	}
	if _, err := m.Activations(t.Context(), blobs{3, toyShape}, nil, []string{"conv9"}, 0); err == nil {
		t.Error("an unknown layer passes")
	}
}
