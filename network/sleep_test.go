package network

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"gonum.org/v1/gonum/mat"

	"ventral/internal/npy"
	"ventral/neuron"
	"ventral/plasticity"
)

// sleepy is a network on sheets that have pools.
func sleepy(local bool) Architecture {
	return Architecture{Name: "small", Local: local, Input: Shape{1, 14, 14}, Classes: 2, Width: 3}
}

// recorded are patterns from an array, n × d.
type recorded struct {
	data []float32
	d    int
}

func (r recorded) Pattern(i int, x []float64) error {
	if (i+1)*r.d > len(r.data) || len(x) != r.d {
		return fmt.Errorf("pattern %d of %d values, of %d × %d", i, len(x), len(r.data)/r.d, r.d)
	}
	for j, v := range r.data[i*r.d : (i+1)*r.d] {
		x[j] = float64(v)
	}
	return nil
}

// TestSleepPyTorch holds sleep against the operations written in PyTorch
// (testdata/make_sleep.py), given the same weights and patterns.
func TestSleepPyTorch(t *testing.T) {
	z, err := npy.OpenZip(filepath.Join("testdata", "sleep_golden.npz"))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	for _, c := range []struct {
		name                       string
		rows, cols, kernel, stride int
		sleep                      Sleep
	}{
		{"same", 8, 8, 3, 1, Sleep{Method: HebbianSleep, Steps: 12, Patterns: 24}},
		{"stride", 12, 12, 3, 2, Sleep{Method: HebbianSleep, Steps: 10, Patterns: 32, Gamma: 1e-2}},
		{"projection", 8, 8, 1, 2, Sleep{Method: HebbianSleep, Steps: 20, Patterns: 16}},
		{"rectangle", 11, 9, 5, 1, Sleep{Method: HebbianSleep, Steps: 10, Patterns: 32}},
		{"circuit", 9, 9, 3, 1, Sleep{Method: CircuitSleep, Steps: 12, Patterns: 24}},
		{"corrected", 9, 9, 3, 1, Sleep{Method: CircuitSleep, Steps: 12, Patterns: 24, Corrected: true}},
		{"instant", 8, 7, 3, 1, Sleep{}},
	} {
		read := func(what string) ([]float32, []int) {
			data, shape, err := npy.ReadEntry[float32](z, c.name+"."+what)
			if err != nil {
				t.Fatal(err)
			}
			return data, shape
		}
		before, shape := read("before")
		after, _ := read("after")
		sheet := neuron.Sheet{In: neuron.Size{Rows: c.rows, Cols: c.cols}, Kernel: neuron.Square(c.kernel), Stride: neuron.Square(c.stride), Padding: neuron.Square((c.kernel - 1) / 2)}
		m := alone(sheet, shape[0], shape[1], 1, 1)
		e := m.filters[0].state()[0]
		if !slices.Equal(e.shape, shape) {
			t.Fatalf("%s: the golden has the shape %v, the layer %v", c.name, shape, e.shape)
		}
		e.load(before)
		if c.sleep.Method != "" {
			patterns, shape := read("patterns")
			if shape[0] != c.sleep.Steps*c.sleep.Patterns {
				t.Fatalf("%s: %d patterns", c.name, shape[0])
			}
			c.sleep.Stimuli = func(l SleepLayer) (SleepPatterns, error) {
				return recorded{patterns, l.Channels * l.Kernel.Area()}, nil
			}
		}
		if err := c.sleep.Run(t.Context(), m, 0, nil); err != nil {
			t.Fatal(err)
		}
		got := e.save(nil)
		if d := distance(got, after); !(d <= 1e-6) {
			t.Errorf("%s: the weights are %.2g of their size away from PyTorch's", c.name, d)
		}
		for i := range got { // what changed
			got[i] -= before[i]
			after[i] -= before[i]
		}
		if d := distance(got, after); !(d <= 1e-5) {
			t.Errorf("%s: the change is %.2g of its size away from PyTorch's", c.name, d)
		}
	}
}

// TestSleepKeepsTheMeanFilter: the mean-field rule and the corrected circuit
// conserve the mean filter of every pool, and the published circuit does not.
func TestSleepKeepsTheMeanFilter(t *testing.T) {
	for _, c := range sleepSheets {
		for _, s := range []Sleep{
			{Method: HebbianSleep, Steps: 40},
			{Method: HebbianSleep, Steps: 40, Normalised: true},
			{Method: CircuitSleep, Steps: 40, Corrected: true},
			{Method: CircuitSleep, Steps: 40, Alpha: math.Inf(1)},
			{Method: CircuitSleep, Steps: 40},
		} {
			m := alone(c.sheet, c.inputs, c.outputs, c.groups, 5)
			l := newSleeper(m.filters[0], slices.Clone(m.filters[0].weights.w))
			var last SleepRecord
			if err := s.Run(t.Context(), m, 0, func(r SleepRecord) error { last = r; return nil }); err != nil {
				t.Fatal(err)
			}
			after := l.poolMeans(m.filters[0].weights.w)
			shrinks := s.Method == CircuitSleep && !s.Corrected && s.Alpha == 0
			for q := range after {
				for j, v := range after[q] {
					if !shrinks && math.Abs(v-l.means[q][j]) > 2e-7 {
						t.Fatalf("%+v, %s: the mean of pool %d moved from %g to %g", c.sheet, s.Method, q, l.means[q][j], v)
					}
				}
			}
			if len(l.pools) == 0 {
				if !math.IsNaN(last.MeanNorm) || last.Drift != 0 {
					t.Errorf("%+v: no pools, and the record %+v", c.sheet, last)
				}
				continue
			}
			// Each step of the circuit takes η⟨xxᵀ⟩w̄/(1+α) off the mean.
			if want := math.Pow(1-.1/11, 40); shrinks && math.Abs(last.MeanNorm-want) > .05*want {
				t.Errorf("%+v: the circuit's mean filters have %g of their norm, expected about %g", c.sheet, last.MeanNorm, want)
			}
			if !shrinks && (math.Abs(last.MeanNorm-1) > 1e-6 || math.Abs(last.MeanCosine-1) > 1e-6) {
				t.Errorf("%+v: %s changed the mean filters: %+v", c.sheet, s.Method, last)
			}
		}
	}
}

// TestSleepEndsAtTheFixedPoint: under the same patterns in every step sleep ends
// where plasticity.FixedPoint says, which for the published circuit is a smaller
// mean filter.
func TestSleepEndsAtTheFixedPoint(t *testing.T) {
	const d, patterns = 9, 200
	c := mat.NewSymDense(d, nil)
	shown := make([][]float64, patterns)
	for i := range shown {
		shown[i] = make([]float64, d)
		whiteNoise{8}.Pattern(i, shown[i])
		c.SymRankOne(c, 1./patterns, mat.NewVecDense(d, shown[i]))
	}
	for _, s := range []Sleep{
		{Method: HebbianSleep, Gamma: .1},
		{Method: CircuitSleep, Gamma: .1, Alpha: 10},
		{Method: CircuitSleep, Gamma: .1, Alpha: 2},
	} {
		s.Steps, s.Patterns, s.LearningRate = 1500, patterns, .5
		s.Stimuli = func(SleepLayer) (SleepPatterns, error) { return again(shown), nil }
		m := alone(neuron.Sheet{In: neuron.Square(9), Kernel: neuron.Square(3), Stride: neuron.Square(1)}, 1, 1, 1, 2)
		f := m.filters[0]
		pool := f.sleepPools()[0] // its patterns are not rolled
		filters := func() [][]float64 {
			w := plasticity.NewWeights(len(pool.positions), d)
			for i, p := range pool.positions {
				for j := range d {
					w[i][j] = float64(f.weights.w[f.index(p, j, 0, 0)])
				}
			}
			return w
		}
		α := math.Inf(1)
		if s.Method == CircuitSleep {
			α = s.Alpha
		}
		want, err := plasticity.FixedPoint(filters(), c, s.Gamma, α)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Run(t.Context(), m, 0, nil); err != nil {
			t.Fatal(err)
		}
		for i, w := range filters() {
			for j, v := range w {
				if math.Abs(v-want[i][j]) > 2e-6 {
					t.Fatalf("%s, α = %g: weight %d of neuron %d is %g, and %g at the fixed point", s.Method, α, j, i, v, want[i][j])
				}
			}
		}
	}
}

// again are patterns that repeat.
type again [][]float64

func (a again) Pattern(i int, x []float64) error {
	copy(x, a[i%len(a)])
	return nil
}

func TestSleepIsTheSameOnAnyNumberOfCores(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	for _, s := range []Sleep{{}, {Method: HebbianSleep, Steps: 10, Normalised: true, Seed: 4}, {Method: CircuitSleep, Steps: 10}} {
		var weights [][]float32
		var records [][]SleepRecord
		for cores := 1; cores <= 3; cores++ {
			runtime.GOMAXPROCS(cores)
			m, err := New(sleepy(true), 3)
			if err != nil {
				t.Fatal(err)
			}
			var seen []SleepRecord
			if err := s.Run(t.Context(), m, 1, func(r SleepRecord) error { seen = append(seen, r); return nil }); err != nil {
				t.Fatal(err)
			}
			var all []float32
			for _, f := range m.filters {
				all = append(all, f.weights.w...)
			}
			weights, records = append(weights, all), append(records, seen)
		}
		for i := 1; i < len(weights); i++ {
			if !slices.Equal(weights[0], weights[i]) || fmt.Sprint(records[0]) != fmt.Sprint(records[i]) {
				t.Errorf("%s: 1 and %d cores give different bits", s.Method, i+1)
			}
		}
	}
}

// TestSleepPatternsDependOnSeedPhaseLayerAndStep, and records are where they are
// asked for.
func TestSleepPatternsDependOnSeedPhaseLayerAndStep(t *testing.T) {
	slept := func(s Sleep, phase uint64, observe func(SleepRecord) error) []float32 {
		m, err := New(sleepy(true), 3)
		if err != nil {
			t.Fatal(err)
		}
		s.Method, s.Steps = HebbianSleep, 7
		if err := s.Run(t.Context(), m, phase, observe); err != nil {
			t.Fatal(err)
		}
		var all []float32
		for _, f := range m.filters[:2] {
			all = append(all, f.weights.w...)
		}
		return all
	}
	same := slept(Sleep{}, 0, nil)
	var steps []int
	if !slices.Equal(same, slept(Sleep{Every: 3}, 0, func(r SleepRecord) error {
		if r.Layer == "conv2" {
			steps = append(steps, r.Step)
		}
		return nil
	})) {
		t.Error("observing changes the sleep")
	}
	if !slices.Equal(steps, []int{0, 3, 6, 7}) {
		t.Errorf("records at %v", steps)
	}
	if slices.Equal(same, slept(Sleep{}, 1, nil)) || slices.Equal(same, slept(Sleep{Seed: 1}, 0, nil)) {
		t.Error("another phase or seed gives the same weights")
	}
	m, _ := New(sleepy(true), 3)
	conv2 := slices.Clone(m.filters[1].weights.w)
	one := slept(Sleep{Layers: []string{"conv1"}}, 0, nil)
	n := len(m.filters[0].weights.w)
	if !slices.Equal(one[:n], same[:n]) || !slices.Equal(one[n:], conv2) {
		t.Error("the sleep of a layer depends on the others', or Layers is not minded")
	}
	seen := map[uint64]bool{}
	for seed := range uint64(3) {
		for layer := range 3 {
			p, _ := (Sleep{Seed: seed}).open(m.filters[0], layer)
			x := make([]float64, 1)
			for i := range 1000 {
				p.Pattern(i, x)
				if seen[math.Float64bits(x[0])] {
					t.Fatal("two patterns begin alike")
				}
				seen[math.Float64bits(x[0])] = true
			}
		}
	}
}

func TestSleepDivergence(t *testing.T) {
	wide := neuron.Sheet{In: neuron.Square(6), Kernel: neuron.Square(3), Stride: neuron.Square(1), Padding: neuron.Square(1)}
	for _, c := range []struct {
		what   string
		inputs int
		s      Sleep
		fails  bool
	}{
		{"a learning rate that is too large", 1, Sleep{LearningRate: 2.5}, true},
		{"one step that is too large", 1, Sleep{LearningRate: 2.5, Steps: 1}, true},
		{"normalised, too large", 2, Sleep{LearningRate: 4, Normalised: true}, true},
		{"more weights than the patterns hold steady", 20, Sleep{Patterns: 6}, true}, // d = 180, as 3,840 with 128 patterns
		{"the same in the circuit", 20, Sleep{Method: CircuitSleep, Patterns: 6}, true},
		{"the same, normalised", 20, Sleep{Patterns: 6, Normalised: true}, false},
		{"the same, normalised near the limit", 20, Sleep{Patterns: 6, Normalised: true, LearningRate: 1.9}, false},
		{"no patterns at all", 1, Sleep{LearningRate: 2.5, Stimuli: func(SleepLayer) (SleepPatterns, error) { return again{make([]float64, 9)}, nil }}, false},
	} {
		m := alone(wide, c.inputs, 2, 1, 3)
		before := slices.Clone(m.filters[0].weights.w)
		if c.s.Method == "" {
			c.s.Method = HebbianSleep
		}
		for _, observe := range []func(SleepRecord) error{nil, func(SleepRecord) error { return nil }} {
			err := c.s.Run(t.Context(), m, 0, observe)
			if !c.fails {
				if err != nil {
					t.Errorf("%s: %v", c.what, err)
				}
				continue
			}
			if err == nil {
				t.Errorf("%s: no error", c.what)
				continue
			}
			for _, want := range []string{"layer f", "diverged", "step ", "λ_max", "patterns in a step"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%s: the error says nothing of %q: %v", c.what, want, err)
				}
			}
			var d *SleepDivergence
			if !errors.As(err, &d) || d.Normalised != c.s.Normalised || !(d.Growth > 1) || !(d.Stable > 0) {
				t.Errorf("%s: %+v", c.what, d)
			}
			if !slices.Equal(m.filters[0].weights.w, before) {
				t.Errorf("%s: the layer changed", c.what)
			}
		}
	}
}

// TestSleepBetweenTheBounds: beyond d ≈ 1540 (with the defaults; here scaled down
// with the patterns) a single step amplifies, and many new patterns still share.
func TestSleepBetweenTheBounds(t *testing.T) {
	s := Sleep{Method: HebbianSleep, Patterns: 16, Steps: 400}
	m := alone(neuron.Sheet{In: neuron.Square(4), Kernel: neuron.Square(1), Stride: neuron.Square(1)}, 240, 1, 1, 1) // 1,920 of 128
	var first, last SleepRecord
	if err := s.Run(t.Context(), m, 0, func(r SleepRecord) error {
		if r.Step == 0 {
			first = r
		}
		last = r
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if !(last.PoolSNR > 1e3*first.PoolSNR) {
		t.Errorf("the SNR went from %g to %g", first.PoolSNR, last.PoolSNR)
	}
}

func TestSleepStops(t *testing.T) {
	stop := errors.New("enough")
	broken := func(at int, v float64, err error) SleepStimuli {
		return func(SleepLayer) (SleepPatterns, error) {
			return patternFunc(func(i int, x []float64) error {
				x[0] = 1
				if i == at {
					x[0] = v
					return err
				}
				return nil
			}), nil
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	for what, c := range map[string]struct {
		s       Sleep
		observe func(SleepRecord) error
		want    string
	}{
		"the observer": {Sleep{}, func(r SleepRecord) error {
			if r.Layer == "conv2" && r.Step == 20 {
				return stop
			}
			return nil
		}, "layer conv2: enough"},
		"the observer of instant sleep": {Sleep{Method: InstantSleep}, func(r SleepRecord) error {
			if r.Layer == "conv2" && r.Step == 1 {
				return stop
			}
			return nil
		}, "layer conv2: enough"},
		"the context": {Sleep{Layers: []string{"conv2"}}, func(r SleepRecord) error {
			if r.Step == 20 {
				cancel()
			}
			return nil
		}, "layer conv2: context canceled"},
		"a pattern":          {Sleep{Layers: []string{"conv2"}, Stimuli: broken(1000, 0, stop)}, nil, "layer conv2: pattern 1000: enough"},
		"a value":            {Sleep{Layers: []string{"conv2"}, Stimuli: broken(300, math.NaN(), nil)}, nil, "layer conv2: pattern 300: value 0 of 27 is NaN"},
		"the stimuli":        {Sleep{Layers: []string{"conv2"}, Stimuli: func(SleepLayer) (SleepPatterns, error) { return nil, stop }}, nil, "layer conv2: enough"},
		"an unknown method":  {Sleep{Method: "deep"}, nil, `unknown method "deep"; known are instant, hebbian, circuit`},
		"an unknown layer":   {Sleep{Layers: []string{"conv9"}}, nil, `no locally connected layer "conv9"; there are conv1, conv2`},
		"negative steps":     {Sleep{Steps: -1}, nil, "-1 steps"},
		"no learning":        {Sleep{LearningRate: -1}, nil, "learning rate -1"},
		"an infinite rate":   {Sleep{LearningRate: math.Inf(1)}, nil, "learning rate +Inf"},
		"a pull of NaN":      {Sleep{Gamma: math.NaN()}, nil, "γ = NaN"},
		"negative feedback":  {Sleep{Method: CircuitSleep, Alpha: -1}, nil, "α = -1"},
		"too many phases":    {Sleep{Steps: maxSteps, Patterns: maxPatterns}, nil, "cannot be counted"},
		"too many a pattern": {Sleep{Patterns: maxPatterns + 1}, nil, "at most"},
	} {
		m, err := New(sleepy(true), 3)
		if err != nil {
			t.Fatal(err)
		}
		if c.s.Method == "" {
			c.s.Method = HebbianSleep
		}
		before := slices.Clone(m.filters[1].weights.w)
		on := t.Context()
		if what == "the context" {
			on = ctx
		}
		err = c.s.Run(on, m, 1<<30, c.observe)
		if what != "too many phases" {
			m, _ = New(sleepy(true), 3)
			err = c.s.Run(on, m, 0, c.observe)
			if what == "the context" { // done already: at once
				if !errors.Is(err, context.Canceled) {
					t.Errorf("a done context: %v", err)
				}
			}
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %v, want %q in it", what, err, c.want)
		}
		if !slices.Equal(m.filters[1].weights.w, before) {
			t.Errorf("%s: the layer changed", what)
		}
	}
	m, _ := New(sleepy(true), 3)
	m.filters[1].weights.w[5] = float32(math.NaN())
	if err := (Sleep{Method: HebbianSleep}).Run(t.Context(), m, 0, nil); err == nil || !strings.Contains(err.Error(), "layer conv2: its weights are not finite") {
		t.Errorf("weights of NaN: %v", err)
	}
	m, _ = New(sleepy(false), 3)
	before := slices.Clone(m.filters[1].weights.w)
	if err := (Sleep{Method: HebbianSleep}).Run(t.Context(), m, 0, nil); err == nil || !strings.Contains(err.Error(), "nothing to share") || !slices.Equal(m.filters[1].weights.w, before) {
		t.Errorf("a convolution slept: %v", err)
	}
}

type patternFunc func(i int, x []float64) error

func (f patternFunc) Pattern(i int, x []float64) error { return f(i, x) }

// TestInstantSleepIsModelSleep, whichever way it is asked for.
func TestInstantSleepIsModelSleep(t *testing.T) {
	models := make([]*Model, 3)
	for i := range models {
		models[i], _ = New(toy("resnet20", true), 3)
	}
	models[0].Sleep()
	if err := (Sleep{}).Run(t.Context(), models[1], 0, nil); err != nil {
		t.Fatal(err)
	}
	var records []SleepRecord
	if err := (Sleep{Method: InstantSleep}).Run(t.Context(), models[2], 0, func(r SleepRecord) error { records = append(records, r); return nil }); err != nil {
		t.Fatal(err)
	}
	for i, f := range models[0].filters {
		for _, m := range models[1:] {
			if !slices.Equal(f.weights.w, m.filters[i].weights.w) {
				t.Errorf("%s differs", f.name)
			}
		}
	}
	snr := models[0].SNR()
	for i, f := range models[0].filters {
		if r := records[2*i+1]; r.Layer != f.name || r.Step != 1 || r.SNR != snr[i] || i == 0 && !(r.Drift > 0) {
			t.Errorf("%s, SNR %g: the record is %+v", f.name, snr[i], r)
		}
	}
}

// TestSleepStopsAtOnce: once the context is done no pattern is opened that was not
// under way, and all layers are as they were.
func TestSleepStopsAtOnce(t *testing.T) {
	for _, at := range []int32{1, 500, 100 * 16} { // within a layer, and in the second
		m, err := New(sleepy(true), 3)
		if err != nil {
			t.Fatal(err)
		}
		before := checkpoint(t, m)
		ctx, cancel := context.WithCancel(t.Context())
		var opened atomic.Int32
		s := Sleep{Method: HebbianSleep, Normalised: true, Patterns: 16, Stimuli: func(SleepLayer) (SleepPatterns, error) {
			return patternFunc(func(i int, x []float64) error {
				if opened.Add(1) == at {
					cancel()
				}
				x[i%len(x)] = 1
				return nil
			}), nil
		}}
		err = s.Run(ctx, m, 0, nil)
		cancel()
		if n := opened.Load(); !errors.Is(err, context.Canceled) || n > at+int32(runtime.GOMAXPROCS(0)) {
			t.Errorf("%d patterns were opened, the context was done at %d: %v", n, at, err)
		}
		if !bytes.Equal(checkpoint(t, m), before) {
			t.Errorf("interrupted at pattern %d, the sleep changed the weights", at)
		}
	}
}

// countdown is a context that is done when it was asked so many times.
type countdown struct {
	context.Context
	left *atomic.Int64
}

func (c countdown) Err() error {
	if c.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

// TestSleepIsWholeOrHasNotBeen, wherever the context is done in it.
func TestSleepIsWholeOrHasNotBeen(t *testing.T) {
	s := Sleep{Method: HebbianSleep, Steps: 9, Patterns: 8, Normalised: true, Layers: []string{"conv1", "conv2"}}
	fresh := func() *Model {
		m, err := New(sleepy(true), 3)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	before, whole := checkpoint(t, fresh()), fresh()
	if err := s.Run(t.Context(), whole, 0, nil); err != nil {
		t.Fatal(err)
	}
	after := checkpoint(t, whole)
	for n := int64(0); ; n++ {
		m, left := fresh(), new(atomic.Int64)
		left.Store(n)
		err := s.Run(countdown{t.Context(), left}, m, 0, nil)
		if err == nil {
			if n < 100 || !bytes.Equal(checkpoint(t, m), after) {
				t.Errorf("after %d questions the sleep ends, with other weights or too early", n)
			}
			return
		}
		if !errors.Is(err, context.Canceled) || !bytes.Equal(checkpoint(t, m), before) {
			t.Errorf("ended at question %d (%v), the sleep changed the weights", n, err)
		}
	}
}
