package network

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"ventral/internal/kernel"
	"ventral/neuron"
)

// filters is a layer of linear receptive fields without bias: a convolution,
// where one filter serves every position of the sheet, or locally connected,
// where each position has its own,
//
//	y[c](p) = Σ_{c', κ} w_p[κ, c', c] · x[c'](p + κ).
//
// In groups, the output channels of a group see the input channels of that
// group only.
//
// In memory the weights are [filter][group][κ row-major][c'][c], channels within
// their group (package kernel); in a checkpoint they are the authors':
// (C_out, C_in/groups, k, k) for a convolution and (C_in/groups, C_out, H, W, k, k)
// for a locally connected layer.
type filters struct {
	filterOptions
	name            string
	sheet           neuron.Sheet
	inputs, outputs int  // channels
	first           bool // the input is the image: nobody needs its gradient
	wiring          kernel.Filters
	weights         *parameter

	in      *kernel.Tensor
	out, dx kernel.Tensor

	// The kernels see a group at a position as a position of its own.
	viewIn, viewOut kernel.Tensor
}

// filterOptions say what kind of filters a layer has.
type filterOptions struct {
	local  bool // a filter at every position
	groups int  // of channels; 0 = 1

	// near starts the filters of all positions near one shared filter:
	// (shared + eps·own)/√(1 + eps²), both normal.
	near bool
	eps  float64
}

// newFilters makes a layer with normal weights of variance 2/(C_out·k²)
// (Kaiming, fan out, for rectified units), independent at every position unless
// the options say otherwise.
func newFilters(name string, sheet neuron.Sheet, inputs, outputs int, o filterOptions, rng *rand.Rand) *filters {
	if err := sheet.Validate(); err != nil {
		panic("network: layer " + name + ": " + err.Error())
	}
	o.groups = max(o.groups, 1)
	if inputs%o.groups != 0 || outputs%o.groups != 0 {
		panic(fmt.Sprintf("network: layer %s: %d input and %d output channels in %d groups", name, inputs, outputs, o.groups))
	}
	f := &filters{filterOptions: o, name: name, sheet: sheet, inputs: inputs, outputs: outputs, wiring: wire(sheet, inputs, outputs, o.groups, o.local)}
	count, filter := 1, f.fanIn()*outputs
	if o.local {
		count = sheet.Out().Area()
	}
	f.weights = &parameter{w: kernel.Alloc(count * filter)}
	sd := math.Sqrt(2 / float64(outputs*sheet.Kernel.Area()))
	if !o.near || !o.local {
		for i := range f.weights.w {
			f.weights.w[i] = float32(sd * rng.NormFloat64())
		}
		return f
	}
	sd /= math.Sqrt(1 + o.eps*o.eps)
	shared := make([]float64, filter)
	for i := range shared {
		shared[i] = rng.NormFloat64()
	}
	for i := range f.weights.w {
		own := 0.
		if o.eps != 0 {
			own = o.eps * rng.NormFloat64()
		}
		f.weights.w[i] = float32(sd * (shared[i%filter] + own))
	}
	return f
}

// wire lists what every position of the sheet sees, and who sees every position
// of its input. To the kernels a group of channels at a position is a position
// of its own.
func wire(s neuron.Sheet, inputs, outputs, groups int, local bool) kernel.Filters {
	ci, co := inputs/groups, outputs/groups
	f := kernel.Filters{Inputs: ci, Outputs: co, Shared: !local}
	out := s.Out()
	element := int64(ci * co)
	group := int64(s.Kernel.Area()) * element
	// weight returns where the element (ky, kx) of a group's filter at position p
	// begins.
	weight := func(p, g, ky, kx int) int64 {
		at := int64(g)*group + int64(ky*s.Kernel.Cols+kx)*element
		if local {
			at += int64(p*groups) * group
		}
		return at
	}
	f.Forward.Start = append(f.Forward.Start, 0)
	for i := range out.Rows {
		for j := range out.Cols {
			row, col := s.Origin(i, j)
			left, right := max(0, -col), min(s.Kernel.Cols, s.In.Cols-col) // columns of the field on the input
			run := 1                                                       // columns that lie side by side in memory
			if groups == 1 {
				run = max(right-left, 1)
			}
			for g := range groups {
				for ky := max(0, -row); ky < min(s.Kernel.Rows, s.In.Rows-row); ky++ {
					for kx := left; kx < right; kx += run {
						f.Forward.Segments = append(f.Forward.Segments, kernel.Segment{
							X: int32(((row+ky)*s.In.Cols+col+kx)*inputs + g*ci),
							N: int32(run * ci),
							W: weight(i*out.Cols+j, g, ky, kx),
						})
					}
				}
				f.Forward.Start = append(f.Forward.Start, int32(len(f.Forward.Segments)))
			}
		}
	}
	f.Backward.Start = append(f.Backward.Start, 0)
	for r := range s.In.Rows {
		for c := range s.In.Cols {
			for g := range groups {
				for ky := range s.Kernel.Rows {
					i, onRow := seer(r-ky+s.Padding.Rows, s.Stride.Rows, out.Rows)
					for kx := range s.Kernel.Cols {
						j, onCol := seer(c-kx+s.Padding.Cols, s.Stride.Cols, out.Cols)
						if !onRow || !onCol {
							continue
						}
						p := i*out.Cols + j
						f.Backward.Segments = append(f.Backward.Segments, kernel.Segment{
							X: int32(p*outputs + g*co), N: int32(co), W: weight(p, g, ky, kx),
						})
					}
				}
				f.Backward.Start = append(f.Backward.Start, int32(len(f.Backward.Segments)))
			}
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
	f.out.Resize(f.sheet.Out().Area(), f.outputs, in.Stimuli)
	kernel.Best().Apply(&f.wiring, f.grouped(&f.viewOut, &f.out), f.grouped(&f.viewIn, in), f.weights.w)
	return &f.out
}

func (f *filters) backward(dout *kernel.Tensor) *kernel.Tensor {
	dy := f.grouped(&f.viewOut, dout)
	kernel.Best().WeightGradient(&f.wiring, f.weights.gradient(), f.grouped(&f.viewIn, f.in), dy)
	if f.first {
		return nil
	}
	f.dx.Resize(f.in.Positions, f.in.Channels, f.in.Stimuli)
	kernel.Best().InputGradient(&f.wiring, f.grouped(&f.viewIn, &f.dx), dy, f.weights.w)
	return &f.dx
}

// grouped is t with a group of channels at a position as a position of its own:
// the same memory.
func (f *filters) grouped(view, t *kernel.Tensor) *kernel.Tensor {
	*view = kernel.Tensor{Positions: t.Positions * f.groups, Channels: t.Channels / f.groups, Stimuli: t.Stimuli, Data: t.Data}
	return view
}

// fanIn is d, the number of weights of a filter.
func (f *filters) fanIn() int { return f.inputs / f.groups * f.sheet.Kernel.Area() }

// index returns where the weight of input channel ci of the group, field
// element κ, output channel co (of all) at position p lies.
func (f *filters) index(p, element, ci, co int) int {
	if !f.local {
		p = 0
	}
	inputs, outputs := f.wiring.Inputs, f.wiring.Outputs // of a group
	group := p*f.groups + co/outputs
	return ((group*f.sheet.Kernel.Area()+element)*inputs+ci)*outputs + co%outputs
}

// eachInFileOrder calls do with the memory index of every weight, in the order
// of the checkpoint.
func (f *filters) eachInFileOrder(do func(at int)) {
	inputs, area := f.wiring.Inputs, f.sheet.Kernel.Area()
	if !f.local {
		for co := range f.outputs {
			for ci := range inputs {
				for e := range area {
					do(f.index(0, e, ci, co))
				}
			}
		}
		return
	}
	for ci := range inputs {
		for co := range f.outputs {
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
		e.name, e.shape = f.name+".weights", []int{f.wiring.Inputs, f.outputs, out.Rows, out.Cols, k.Rows, k.Cols}
	} else {
		e.name, e.shape = f.name+".weight", []int{f.outputs, f.wiring.Inputs, k.Rows, k.Cols}
	}
	e.load = func(from []float32) {
		i := 0
		f.eachInFileOrder(func(at int) { f.weights.w[at] = from[i]; i++ })
	}
	e.save = func(buffer []float32) []float32 {
		to := slices.Grow(buffer[:0], len(f.weights.w))
		f.eachInFileOrder(func(at int) { to = append(to, f.weights.w[at]) })
		return to
	}
	return []entry{e}
}
