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

// groupsOf is every number of groups, up to three, that cuts both channels.
func groupsOf(inputs, outputs int) (groups []int) {
	for g := 1; g <= 3; g++ {
		if inputs%g == 0 && outputs%g == 0 {
			groups = append(groups, g)
		}
	}
	return groups
}

func TestFiltersAgainstTheNaiveLoop(t *testing.T) {
	one, two := neuron.Square(1), neuron.Square(2)
	sheets := []neuron.Sheet{
		{In: neuron.Square(6), Kernel: neuron.Square(3), Stride: one, Padding: one},
		{In: neuron.Size{Rows: 7, Cols: 5}, Kernel: neuron.Square(3), Stride: two, Padding: one},
		{In: neuron.Square(5), Kernel: one, Stride: two},
		{In: neuron.Size{Rows: 5, Cols: 6}, Kernel: neuron.Square(5), Stride: one, Padding: two},
		{In: neuron.Size{Rows: 6, Cols: 4}, Kernel: neuron.Size{Rows: 2, Cols: 3}, Stride: neuron.Size{Rows: 2, Cols: 1}, Padding: neuron.Size{Cols: 1}},
		{In: neuron.Square(2), Kernel: neuron.Square(5), Stride: one, Padding: two}, // fields larger than the sheet
	}
	rng := rand.New(rand.NewPCG(1, 1))
	random := func(n int) []float32 {
		a := make([]float32, n)
		for i := range a {
			a[i] = float32(rng.NormFloat64())
		}
		return a
	}
	for _, sheet := range sheets {
		for _, channels := range [][2]int{{1, 1}, {3, 7}, {5, 16}, {17, 33}, {6, 4}, {3, 3}} {
			for _, local := range []bool{false, true} {
				for i, n := range []int{1, 7, 16, 37} {
					ci, co := channels[0], channels[1]
					groups := groupsOf(ci, co)
					f := newFilters("f", sheet, ci, co, filterOptions{local: local, groups: groups[i%len(groups)]}, rng)
					x, dy := random(n*ci*sheet.In.Area()), random(n*co*sheet.Out().Area())
					naive, weights := referenceOf("f", sheet, ci, co, f.filterOptions), f.state()[0]
					a := arraysOf(f.state())
					y := naive.forward(a, float64s(x), n, true)
					dx, dw := naive.backward(a, float64s(x), float64s(dy), n)
					inShape := Shape{ci, sheet.In.Rows, sheet.In.Cols}
					outShape := Shape{co, sheet.Out().Rows, sheet.Out().Cols}
					var tx, tdy, ty, tdx kernel.Tensor
					toTensor(&tx, x, inShape)
					toTensor(&tdy, dy, outShape)
					for _, v := range kernel.Variants() {
						name := fmt.Sprintf("%s, %v → %v, kernel %v, local=%v, %d groups, %d stimuli", v.Name(), inShape, outShape, sheet.Kernel, local, f.groups, n)
						ty.Resize(outShape.Height*outShape.Width, co, n)
						tdx.Resize(inShape.Height*inShape.Width, ci, n)
						var in, out kernel.Tensor
						v.Apply(&f.wiring, f.grouped(&out, &ty), f.grouped(&in, &tx), f.weights.w)
						v.InputGradient(&f.wiring, f.grouped(&in, &tdx), f.grouped(&out, &tdy), f.weights.w)
						clear(f.weights.gradient())
						v.WeightGradient(&f.wiring, f.weights.grad, f.grouped(&in, &tx), f.grouped(&out, &tdy))
						gotY, gotDx := make([]float32, len(y)), make([]float32, len(dx))
						fromTensor(gotY, &ty)
						fromTensor(gotDx, &tdx)
						against(t, name+": activity", gotY, y)
						against(t, name+": input gradient", gotDx, dx)
						against(t, name+": weight gradient", weights.gradient(), dw[weights.name])
						idleLanes(t, name+": activity", &ty)
						idleLanes(t, name+": input gradient", &tdx)
					}
				}
			}
		}
	}
}

// TestTiedFiltersAreAConvolution: a locally connected layer with the same
// filter everywhere answers as the convolution does, and its gradients, summed
// over positions, are the convolution's.
func TestTiedFiltersAreAConvolution(t *testing.T) {
	sheet := neuron.Sheet{In: neuron.Square(9), Kernel: neuron.Square(3), Stride: neuron.Square(2), Padding: neuron.Square(1)}
	rng := rand.New(rand.NewPCG(2, 2))
	conv := newFilters("conv", sheet, 4, 6, filterOptions{}, rng)
	local := newFilters("local", sheet, 4, 6, filterOptions{local: true}, rng)
	for p := range sheet.Out().Area() {
		copy(local.weights.w[p*local.perPosition():], conv.weights.w)
	}
	x := make([]float32, 20*4*81)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	var in kernel.Tensor
	toTensor(&in, x, Shape{4, 9, 9})
	a, b := conv.forward(&in, true), local.forward(&in, true)
	if !slices.Equal(a.Data, b.Data) {
		t.Error("tied filters answer differently from the convolution")
	}
	conv.backward(a)
	local.backward(b)
	if !slices.Equal(conv.dx.Data, local.dx.Data) {
		t.Error("tied filters have another input gradient than the convolution")
	}
	sum := make([]float64, len(conv.weights.grad))
	for i, g := range local.weights.grad {
		sum[i%len(sum)] += float64(g)
	}
	for i, g := range conv.weights.grad {
		if math.Abs(float64(g)-sum[i]) > 1e-4*math.Max(10, math.Abs(sum[i])) {
			t.Fatalf("weight %d: gradient %g, the sum over tied positions is %g", i, g, sum[i])
		}
	}
}

func BenchmarkFilters(b *testing.B) {
	for _, local := range []bool{false, true} {
		for _, c := range []struct{ channels, size int }{{16, 32}, {32, 16}, {64, 8}} {
			kind := "conv"
			if local {
				kind = "lc"
			}
			b.Run(fmt.Sprintf("%s/%dx%d_%d", kind, c.channels, c.channels, c.size), func(b *testing.B) {
				sheet := neuron.Sheet{In: neuron.Square(c.size), Kernel: neuron.Square(3), Stride: neuron.Square(1), Padding: neuron.Square(1)}
				f := newFilters("f", sheet, c.channels, c.channels, filterOptions{local: local}, rand.New(rand.NewPCG(1, 1)))
				var in kernel.Tensor
				toTensor(&in, make([]float32, 128*c.channels*sheet.In.Area()), Shape{c.channels, c.size, c.size})
				for i := range in.Data {
					in.Data[i] = float32(i%7) - 3
				}
				b.ResetTimer()
				for range b.N {
					f.backward(f.forward(&in, true))
				}
				terms := float64(128 * c.channels * c.channels)
				var elements float64
				for _, s := range f.wiring.Forward.Segments {
					elements += float64(s.N) / float64(c.channels)
				}
				b.ReportMetric(3*2*terms*elements*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}

func BenchmarkTrainStep(b *testing.B) {
	for _, local := range []bool{false, true} {
		kind := "conv"
		if local {
			kind = "lc"
		}
		b.Run(kind+"/resnet20/b128", func(b *testing.B) {
			m, err := New(Architecture{Name: "resnet20", Local: local, Input: Shape{3, 32, 32}, Classes: 10}, 1)
			if err != nil {
				b.Fatal(err)
			}
			x := make([]float32, 128*m.arch.Input.Size())
			labels := make([]int, 128)
			for i := range x {
				x[i] = float32(i%11)/5 - 1
			}
			step := func(i int) {
				m.show(x)
				logits := m.forward(true, nil)
				crossEntropy(logits, labels, m.scratch(), true)
				m.backward(logits)
				Training{Optimizer: AdamW, WeightDecay: 1e-2}.update(m, 1e-3, i+1)
			}
			step(0) // the buffers get their size
			if allocations := testing.AllocsPerRun(3, func() { step(1) }); allocations > 0 {
				b.Errorf("%g allocations in a step", allocations)
			}
			runtime.GC()
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				step(i + 1)
			}
		})
	}
}
