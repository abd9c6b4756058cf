package network

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"ventral/neuron"
)

// naiveSleep is the sleep of a layer step by step and neuron by neuron, as its
// equations have it, in float64: pattern after pattern on the whole input, the
// drives of all neurons, the mean over the pool, and the change of every weight.
// weights are in memory order; it returns those after the sleep.
func naiveSleep(t *testing.T, s Sleep, f *filters, patterns SleepPatterns, phase int) []float64 {
	t.Helper()
	s, err := s.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	in, out, k := f.sheet.In, f.sheet.Out(), f.sheet.Kernel
	perGroup := f.outputs / f.groups
	w := make([]float64, len(f.weights.w))
	for i, v := range f.weights.w {
		w[i] = float64(v)
	}
	start := slices.Clone(w)
	α := math.Inf(1)
	if s.Method == CircuitSleep && !s.Corrected {
		α = s.Alpha
	}
	for step := range s.Steps {
		change := make([]float64, len(w))
		for b := range s.Patterns {
			pattern := make([]float64, f.inputs*k.Area())
			if err := patterns.Pattern((phase*s.Steps+step)*s.Patterns+b, pattern); err != nil {
				t.Fatal(err)
			}
			// x is the padded input under element (a, b) of the field at (i, j).
			x := func(c, i, j, ka, kb int) float64 {
				row, col := f.sheet.Origin(i, j)
				row, col = row+ka, col+kb
				if row < 0 || row >= in.Rows || col < 0 || col >= in.Cols {
					return 0
				}
				return pattern[(c*k.Rows+row%k.Rows)*k.Cols+col%k.Cols]
			}
			each := func(co, i, j int, do func(at int, x float64)) {
				for ci := range f.inputs / f.groups {
					for ka := range k.Rows {
						for kb := range k.Cols {
							c := co/perGroup*(f.inputs/f.groups) + ci
							do(f.index(i*out.Cols+j, ka*k.Cols+kb, ci, co), x(c, i, j, ka, kb))
						}
					}
				}
			}
			for co := range f.outputs {
				z := make([]float64, out.Area())
				sum, count := map[[2]int]float64{}, map[[2]int]float64{}
				for i := range out.Rows {
					for j := range out.Cols {
						each(co, i, j, func(at int, x float64) { z[i*out.Cols+j] += w[at] * x })
						if f.sheet.Interior(i, j) {
							sum[[2]int{i % k.Rows, j % k.Cols}] += z[i*out.Cols+j]
							count[[2]int{i % k.Rows, j % k.Cols}]++
						}
					}
				}
				for i := range out.Rows {
					for j := range out.Cols {
						if !f.sheet.Interior(i, j) {
							continue
						}
						pool := [2]int{i % k.Rows, j % k.Cols}
						inhibition := sum[pool] / count[pool]
						if !math.IsInf(α, 1) {
							inhibition *= α / (1 + α)
						}
						each(co, i, j, func(at int, x float64) {
							change[at] += (z[i*out.Cols+j] - inhibition) * x / float64(s.Patterns)
						})
					}
				}
			}
		}
		for i := range w {
			w[i] -= s.LearningRate * (change[i] + s.Gamma*(w[i]-start[i]))
		}
	}
	return w
}

// sleepSheets are geometries that differ in what a pool is.
var sleepSheets = []struct {
	sheet                   neuron.Sheet
	inputs, outputs, groups int
}{
	{neuron.Sheet{In: neuron.Square(9), Kernel: neuron.Square(3), Stride: neuron.Square(1), Padding: neuron.Square(1)}, 2, 3, 1},
	{neuron.Sheet{In: neuron.Square(12), Kernel: neuron.Square(3), Stride: neuron.Square(2), Padding: neuron.Square(1)}, 3, 2, 1},
	{neuron.Sheet{In: neuron.Square(8), Kernel: neuron.Square(1), Stride: neuron.Square(2)}, 5, 4, 1},
	{neuron.Sheet{In: neuron.Square(4), Kernel: neuron.Square(1), Stride: neuron.Square(1)}, 4, 1, 1},
	{neuron.Sheet{In: neuron.Size{Rows: 11, Cols: 8}, Kernel: neuron.Square(5), Stride: neuron.Square(1), Padding: neuron.Square(2)}, 1, 2, 1},
	{neuron.Sheet{In: neuron.Size{Rows: 9, Cols: 10}, Kernel: neuron.Size{Rows: 2, Cols: 4}, Stride: neuron.Size{Rows: 1, Cols: 2}, Padding: neuron.Size{Rows: 1}}, 2, 2, 1},
	{neuron.Sheet{In: neuron.Square(10), Kernel: neuron.Square(2), Stride: neuron.Square(2)}, 2, 2, 1},
	{neuron.Sheet{In: neuron.Size{Rows: 8, Cols: 10}, Kernel: neuron.Size{Rows: 3, Cols: 2}, Stride: neuron.Size{Rows: 2, Cols: 3}, Padding: neuron.Size{Rows: 2, Cols: 1}}, 4, 6, 2},
	{neuron.Sheet{In: neuron.Square(9), Kernel: neuron.Square(3), Stride: neuron.Square(1), Padding: neuron.Square(1)}, 4, 4, 4}, // depthwise
	{neuron.Sheet{In: neuron.Square(3), Kernel: neuron.Square(5), Stride: neuron.Square(1), Padding: neuron.Square(2)}, 2, 2, 1}, // no interior
	{neuron.Sheet{In: neuron.Square(4), Kernel: neuron.Square(3), Stride: neuron.Square(1), Padding: neuron.Square(1)}, 2, 2, 1}, // pools of one neuron
}

// alone is a model of one locally connected layer.
func alone(sheet neuron.Sheet, inputs, outputs, groups int, seed uint64) *Model {
	f := newFilters("f", sheet, inputs, outputs, filterOptions{local: true, groups: groups}, rand.New(rand.NewPCG(seed, 9)))
	for i := range f.weights.w { // a mean that is not 0
		f.weights.w[i] += .3
	}
	return &Model{filters: []*filters{f}}
}

func TestSleepAgainstTheNaiveLoop(t *testing.T) {
	sleeps := []Sleep{
		{Method: HebbianSleep, Steps: 12, Patterns: 24, Seed: 3},
		{Method: HebbianSleep, Steps: 9, Patterns: 24, LearningRate: .15, Gamma: .2, Every: 2},
		{Method: CircuitSleep, Steps: 12, Patterns: 24, Gamma: .01},
		{Method: CircuitSleep, Steps: 5, Patterns: 24, Alpha: .5, Corrected: true},
	}
	for _, c := range sleepSheets {
		for i, s := range sleeps {
			m := alone(c.sheet, c.inputs, c.outputs, c.groups, uint64(i))
			f := m.filters[0]
			start := slices.Clone(f.weights.w)
			patterns, err := s.open(f, 0)
			if err != nil {
				t.Fatal(err)
			}
			want := naiveSleep(t, s, f, patterns, 2)
			if err := s.Run(t.Context(), m, 2, func(SleepRecord) error { return nil }); err != nil {
				t.Fatal(err)
			}
			if d := distance64(f.weights.w, want); !(d < 3e-7) {
				t.Errorf("%+v, groups %d: %s sleep is %.2g of its size away from the naive loop", c.sheet, c.groups, s.Method, d)
			}
			// The deviations themselves, not the mean they sit on.
			moved := make([]float32, len(start))
			wantMoved := make([]float64, len(start))
			for j := range moved {
				moved[j], wantMoved[j] = f.weights.w[j]-start[j], want[j]-float64(start[j])
			}
			if d := distance64(moved, wantMoved); !(d < 1e-5) {
				t.Errorf("%+v: the change in %s sleep is %.2g of its size away from the naive loop", c.sheet, s.Method, d)
			}
			for j, v := range wantMoved {
				if v == 0 && moved[j] != 0 {
					t.Fatalf("%+v: weight %d moved by %g, though no pattern reaches it", c.sheet, j, moved[j])
				}
			}
		}
	}
}

// distance64 is ‖a − b‖/‖b‖.
func distance64(a []float32, b []float64) float64 {
	var d, n float64
	for i := range b {
		d += (float64(a[i]) - b[i]) * (float64(a[i]) - b[i])
		n += b[i] * b[i]
	}
	if d == 0 {
		return 0
	}
	return math.Sqrt(d / n)
}
