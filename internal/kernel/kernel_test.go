package kernel

import (
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"unsafe"
)

// The filters are tested in package network, which knows their geometry.

// shapes have full and partial blocks, and work items of every kind: several
// positions, several items in a block, one position with many channels.
var shapes = []struct{ positions, channels, stimuli int }{
	{1, 1, 1}, {1, 10, 7}, {9, 3, 16}, {100, 16, 37}, {35, 33, 40}, {2, 600, 5},
}

// filled returns a tensor with values from the function, and zeros in the
// lanes of no stimulus.
func filled(positions, channels, stimuli int, value func(channel int) float32) *Tensor {
	t := new(Tensor)
	t.Resize(positions, channels, stimuli)
	for s := range stimuli {
		for p := range positions {
			for c := range channels {
				t.Data[t.Index(s, p, c)] = value(c)
			}
		}
	}
	return t
}

// channel returns the values of a channel for all stimuli and positions.
func channel(t *Tensor, c int) []float64 {
	var x []float64
	for s := range t.Stimuli {
		for p := range t.Positions {
			x = append(x, float64(t.Data[t.Index(s, p, c)]))
		}
	}
	return x
}

// idle reports whether the lanes of no stimulus are zero.
func idle(t *Tensor) bool {
	for s := t.Stimuli; s < t.Blocks()*Lanes; s++ {
		for p := range t.Positions {
			for c := range t.Channels {
				if t.Data[t.Index(s, p, c)] != 0 {
					return false
				}
			}
		}
	}
	return true
}

// off is |got − want| against the scale of the numbers involved.
func off(got, want, scale float64) float64 { return math.Abs(got-want) / (scale + 1e-30) }

// TestBatchNormalisation holds the sums and maps of batch normalisation
// against their definition in float64, where the mean is far from 0 too: the
// variance must not be lost in the square of the mean.
func TestBatchNormalisation(t *testing.T) {
	const tolerance = 3e-6
	for _, v := range Variants() {
		for _, shape := range shapes {
			name := fmt.Sprintf("%s, %+v", v.Name(), shape)
			n := shape.channels
			rng := rand.New(rand.NewPCG(1, 2))
			x := filled(shape.positions, n, shape.stimuli, func(c int) float32 { return float32(100*(c%2)) + float32(rng.NormFloat64()) })
			dy := filled(shape.positions, n, shape.stimuli, func(int) float32 { return float32(rng.NormFloat64()) })
			a, b, c := make([]float32, n), make([]float32, n), make([]float32, n)
			for i := range n {
				a[i], b[i], c[i] = float32(rng.NormFloat64()), float32(rng.NormFloat64()), float32(rng.NormFloat64())
			}
			var r Reduction
			mean, variance, sum, dot := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
			v.Moments(&r, x, mean, variance)
			mean32 := make([]float32, n)
			for i, m := range mean {
				mean32[i] = float32(m)
			}
			v.GradientSums(&r, dy, x, mean32, sum, dot)
			var y Tensor
			y.Resize(x.Positions, n, x.Stimuli)
			v.Normalise(&y, x, a, c)
			dx := &Tensor{dy.Positions, n, dy.Stimuli, slices.Clone(dy.Data)}
			v.NormaliseGradient(dx, x, a, b, c)
			if !idle(&y) || !idle(dx) {
				t.Fatalf("%s: a lane of no stimulus is not zero", name)
			}
			for ch := range n {
				xs, ds, ys, gs := channel(x, ch), channel(dy, ch), channel(&y, ch), channel(dx, ch)
				count := float64(len(xs))
				var wantMean, wantVariance, wantSum, wantDot, size float64
				for _, v := range xs {
					wantMean += v / count
				}
				for i, v := range xs {
					wantVariance += (v - wantMean) * (v - wantMean) / count
					wantSum += ds[i]
					wantDot += ds[i] * (v - float64(mean32[ch]))
					size += math.Abs(ds[i]) * (1 + math.Abs(v-float64(mean32[ch])))
				}
				if off(mean[ch], wantMean, math.Abs(wantMean)+1) > tolerance || off(variance[ch], wantVariance, wantVariance+1e-3) > 100*tolerance {
					t.Fatalf("%s, channel %d: mean %g, variance %g; want %g, %g", name, ch, mean[ch], variance[ch], wantMean, wantVariance)
				}
				if off(sum[ch], wantSum, size) > tolerance || off(dot[ch], wantDot, size) > tolerance {
					t.Fatalf("%s, channel %d: Σdy %g, Σdy·(x−μ) %g; want %g, %g", name, ch, sum[ch], dot[ch], wantSum, wantDot)
				}
				for i, v := range xs {
					if want := float64(a[ch])*v + float64(c[ch]); off(ys[i], want, math.Abs(v)+1) > tolerance {
						t.Fatalf("%s, channel %d: normalised to %g, want %g", name, ch, ys[i], want)
					}
					if want := float64(a[ch])*ds[i] + float64(b[ch])*v + float64(c[ch]); off(gs[i], want, math.Abs(v)+math.Abs(ds[i])+1) > tolerance {
						t.Fatalf("%s, channel %d: gradient %g, want %g", name, ch, gs[i], want)
					}
				}
			}
		}
	}
}

// TestElements: adding and rectifying are exact in every variant; a NaN stays
// visible in the activity, and passes no gradient.
func TestElements(t *testing.T) {
	nan := float32(math.NaN())
	for _, v := range Variants() {
		rng := rand.New(rand.NewPCG(3, 4))
		normal := func(int) float32 { return float32(rng.NormFloat64()) }
		x, y := filled(70, 33, 37, normal), filled(70, 33, 37, normal) // more than one work item
		y.Data[0], y.Data[1], y.Data[2] = nan, 0, float32(math.Inf(1))
		before, added := slices.Clone(y.Data), slices.Clone(y.Data)
		v.ReLU(y)
		for i, b := range before {
			if got := y.Data[i]; got != max(b, 0) && i != 0 || i == 0 && got == got {
				t.Fatalf("%s: %g is rectified to %g", v.Name(), b, got)
			}
		}
		dy := &Tensor{x.Positions, x.Channels, x.Stimuli, slices.Clone(x.Data)}
		v.ReLUGradient(dy, y)
		for i, g := range x.Data {
			if !(y.Data[i] > 0) {
				g = 0
			}
			if dy.Data[i] != g {
				t.Fatalf("%s: the gradient %g at activity %g becomes %g", v.Name(), x.Data[i], y.Data[i], dy.Data[i])
			}
		}
		sum := &Tensor{x.Positions, x.Channels, x.Stimuli, added}
		v.Add(sum, x)
		for i := 1; i < len(added); i++ {
			if want := before[i] + x.Data[i]; added[i] != want {
				t.Fatalf("%s: %g + %g = %g", v.Name(), before[i], x.Data[i], added[i])
			}
		}
	}
}

// TestAdamWAgainstPyTorch holds five steps of every variant against PyTorch
// 1.13 (testdata/make_adamw.py).
func TestAdamWAgainstPyTorch(t *testing.T) {
	f, err := os.Open("testdata/adamw.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	columns := make([][]float32, len(rows[0]))
	for _, row := range rows[1:] {
		for i, cell := range row {
			x, err := strconv.ParseFloat(cell, 32)
			if err != nil {
				t.Fatal(err)
			}
			columns[i] = append(columns[i], float32(x))
		}
	}
	before, g, after := columns[0], columns[1], columns[2:]
	o := AdamW{LearningRate: .02, Decay: .1, Beta1: .9, Beta2: .999, Epsilon: 1e-8}
	for _, v := range Variants() {
		w, m, m2 := slices.Clone(before), make([]float32, len(g)), make([]float32, len(g))
		for step := 1; step <= len(after); step++ {
			grad := make([]float32, len(g))
			for i := range grad {
				grad[i] = g[i] * float32(step)
				if step%2 == 1 {
					grad[i] = -grad[i]
				}
			}
			v.AdamW(o, step, w, grad, m, m2)
			for i, want := range after[step-1] {
				if off(float64(w[i]), float64(want), math.Abs(float64(want))+.02) > 1e-6 {
					t.Errorf("%s: weight %d after step %d is %.9g, PyTorch's %.9g", v.Name(), i, step, w[i], want)
				}
			}
		}
	}
}

func TestParallelDoesEverythingOnce(t *testing.T) {
	for _, procs := range []int{1, 2, 7} {
		before := runtime.GOMAXPROCS(procs)
		for _, n := range []int{0, 1, 2, 100} {
			counts := make([]atomic.Int32, n)
			ParallelWorkers(n, func(worker, i int) {
				if worker < 0 || worker >= procs {
					t.Errorf("worker %d of %d", worker, procs)
				}
				counts[i].Add(1)
			})
			for i := range counts {
				if c := counts[i].Load(); c != 1 {
					t.Errorf("GOMAXPROCS %d: item %d of %d was done %d times", procs, i, n, c)
				}
			}
		}
		runtime.GOMAXPROCS(before)
	}
}

func TestAlloc(t *testing.T) {
	for n := range 70 {
		a := Alloc(n)
		if len(a) != n || cap(a) != n {
			t.Fatalf("Alloc(%d) has length %d, capacity %d", n, len(a), cap(a))
		}
		if n > 0 && uintptr(unsafe.Pointer(&a[0]))%64 != 0 {
			t.Fatalf("Alloc(%d) does not begin at a cache line", n)
		}
	}
}

func TestVariants(t *testing.T) {
	vs := Variants()
	if last := vs[len(vs)-1].Name(); last != "portable Go" {
		t.Errorf("the last resort is %q", last)
	}
	if Best().Name() != vs[0].Name() || Name() != vs[0].Name() {
		t.Errorf("the best variant is %q, the first %q", Best().Name(), vs[0].Name())
	}
	t.Log("in use: ", Name())
}

func TestFiltersRefuseOtherShapes(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("filters accept a tensor of other channels")
		}
	}()
	f := &Filters{Inputs: 2, Outputs: 3, Forward: Wiring{Start: []int32{0, 0}}, Backward: Wiring{Start: []int32{0, 0}}}
	x, y := filled(1, 1, 1, func(int) float32 { return 0 }), filled(1, 3, 1, func(int) float32 { return 0 })
	Best().Apply(f, y, x, make([]float32, 6))
}
