package network

import (
	"math"
	"math/rand/v2"

	"ventral/internal/kernel"
	"ventral/neuron"
)

// filters is a layer of linear receptive fields without bias: a convolution,
// where one filter serves every position of the sheet, or locally connected,
// where each position has its own,
//
//	y[c](p) = Σ_{c', κ} w_p[κ, c', c] · x[c'](p + κ).
//
// In memory the weights are [filter][κ row-major][c'][c] (package kernel); in
// a checkpoint they are the authors': (C_out, C_in, k, k) for a convolution and
// (C_in, C_out, H, W, k, k) for a locally connected layer.
type filters struct {
	name    string
	sheet   neuron.Sheet
	local   bool
	first   bool // the input is the image: nobody needs its gradient
	wiring  kernel.Filters
	weights *parameter

	in      *kernel.Tensor
	out, dx kernel.Tensor
}

// newFilters makes a layer with independent normal weights of variance
// 2/(C_out·k²) at every position (Kaiming, fan out, for rectified units).
func newFilters(name string, sheet neuron.Sheet, inputs, outputs int, local bool, rng *rand.Rand) *filters {
	if err := sheet.Validate(); err != nil {
		panic("network: layer " + name + ": " + err.Error())
	}
	f := &filters{name: name, sheet: sheet, local: local, wiring: wire(sheet, inputs, outputs, local)}
	count := 1
	if local {
		count = sheet.Out().Area()
	}
	f.weights = newParameter(count * sheet.Kernel.Area() * inputs * outputs)
	sd := math.Sqrt(2 / float64(outputs*sheet.Kernel.Area()))
	for i := range f.weights.w {
		f.weights.w[i] = float32(sd * rng.NormFloat64())
	}
	return f
}

// wire lists what every position of the sheet sees, and who sees every
// position of its input.
func wire(s neuron.Sheet, inputs, outputs int, local bool) kernel.Filters {
	f := kernel.Filters{Inputs: inputs, Outputs: outputs, Shared: !local}
	out := s.Out()
	element := int64(inputs * outputs)
	filter := int64(s.Kernel.Area()) * element
	// weight returns where the element (ky, kx) of the filter at position p begins.
	weight := func(p, ky, kx int) int64 {
		at := int64(ky*s.Kernel.Cols+kx) * element
		if local {
			at += int64(p) * filter
		}
		return at
	}
	f.Forward.Start = append(f.Forward.Start, 0)
	for i := range out.Rows {
		for j := range out.Cols {
			row, col := s.Origin(i, j)
			left, right := max(0, -col), min(s.Kernel.Cols, s.In.Cols-col) // columns of the field on the input
			for ky := max(0, -row); ky < min(s.Kernel.Rows, s.In.Rows-row) && left < right; ky++ {
				f.Forward.Segments = append(f.Forward.Segments, kernel.Segment{
					X: int32(((row+ky)*s.In.Cols + col + left) * inputs),
					N: int32((right - left) * inputs),
					W: weight(i*out.Cols+j, ky, left),
				})
			}
			f.Forward.Start = append(f.Forward.Start, int32(len(f.Forward.Segments)))
		}
	}
	f.Backward.Start = append(f.Backward.Start, 0)
	for r := range s.In.Rows {
		for c := range s.In.Cols {
			for ky := range s.Kernel.Rows {
				i, onRow := seer(r-ky+s.Padding.Rows, s.Stride.Rows, out.Rows)
				for kx := range s.Kernel.Cols {
					j, onCol := seer(c-kx+s.Padding.Cols, s.Stride.Cols, out.Cols)
					if !onRow || !onCol {
						continue
					}
					p := i*out.Cols + j
					f.Backward.Segments = append(f.Backward.Segments, kernel.Segment{
						X: int32(p * outputs), N: int32(outputs), W: weight(p, ky, kx),
					})
				}
			}
			f.Backward.Start = append(f.Backward.Start, int32(len(f.Backward.Segments)))
		}
	}
	return f
}

// seer returns the output index whose field begins at the given offset from
// the padded border, if there is one.
func seer(offset, stride, outputs int) (int, bool) {
	return offset / stride, offset >= 0 && offset%stride == 0 && offset/stride < outputs
}

func (f *filters) forward(in *kernel.Tensor, _ bool) *kernel.Tensor {
	f.in = in
	f.out.Resize(f.sheet.Out().Area(), f.wiring.Outputs, in.Stimuli)
	kernel.Best().Apply(&f.wiring, &f.out, in, f.weights.w)
	return &f.out
}

func (f *filters) backward(dout *kernel.Tensor) *kernel.Tensor {
	kernel.Best().WeightGradient(&f.wiring, f.weights.grad, f.in, dout)
	if f.first {
		return nil
	}
	f.dx.Resize(f.in.Positions, f.in.Channels, f.in.Stimuli)
	kernel.Best().InputGradient(&f.wiring, &f.dx, dout, f.weights.w)
	return &f.dx
}

// fanIn is d, the number of weights of a filter.
func (f *filters) fanIn() int { return f.wiring.Inputs * f.sheet.Kernel.Area() }

// index returns where the weight of input channel ci, field element κ, output
// channel co at position p lies.
func (f *filters) index(p, element, ci, co int) int {
	if !f.local {
		p = 0
	}
	return ((p*f.sheet.Kernel.Area()+element)*f.wiring.Inputs+ci)*f.wiring.Outputs + co
}

// eachInFileOrder calls do with the memory index of every weight, in the order
// of the checkpoint.
func (f *filters) eachInFileOrder(do func(at int)) {
	inputs, outputs, area := f.wiring.Inputs, f.wiring.Outputs, f.sheet.Kernel.Area()
	if !f.local {
		for co := range outputs {
			for ci := range inputs {
				for e := range area {
					do(f.index(0, e, ci, co))
				}
			}
		}
		return
	}
	for ci := range inputs {
		for co := range outputs {
			for p := range f.sheet.Out().Area() {
				for e := range area {
					do(f.index(p, e, ci, co))
				}
			}
		}
	}
}

func (f *filters) state() []entry {
	e := entry{param: f.weights}
	k, out := f.sheet.Kernel, f.sheet.Out()
	if f.local {
		e.name, e.shape = f.name+".weights", []int{f.wiring.Inputs, f.wiring.Outputs, out.Rows, out.Cols, k.Rows, k.Cols}
	} else {
		e.name, e.shape = f.name+".weight", []int{f.wiring.Outputs, f.wiring.Inputs, k.Rows, k.Cols}
	}
	e.load = func(from []float32) {
		i := 0
		f.eachInFileOrder(func(at int) { f.weights.w[at] = from[i]; i++ })
	}
	e.save = func() []float32 {
		to := make([]float32, 0, len(f.weights.w))
		f.eachInFileOrder(func(at int) { to = append(to, f.weights.w[at]) })
		return to
	}
	return []entry{e}
}
