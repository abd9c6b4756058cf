package network

import (
	"math"

	"ventral/neuron"
)

// arrays are the parameters and statistics of a layer in float64, by name and in
// the order of a checkpoint.
type arrays map[string][]float64

// A reference is what a layer computes as its definition has it, in float64 and
// plain loops. Rows x and y are n_stimuli × C·H·W, channel-major. In training it
// moves the running statistics in a.
type reference interface {
	forward(a arrays, x []float64, n int, train bool) (y []float64)
}

// An analytic reference has its gradients too: those of Σ dy·y by x and by the
// arrays that are learned.
type analytic interface {
	reference
	backward(a arrays, x, dy []float64, n int) (dx []float64, da arrays)
}

// filterReference is y[c](p) = Σ_{c', κ} w[c, c', κ]·x[c'](p + κ), with weights of
// its own at every position p where it is local. Padding is zeros, and so left out.
type filterReference struct {
	name                    string // of the weights
	sheet                   neuron.Sheet
	inputs, outputs, groups int
	local                   bool
}

// each calls do for every product y[to] += w[weight]·x[from] of one stimulus.
func (f filterReference) each(do func(to, from, weight int)) {
	in, out, k := f.sheet.In, f.sheet.Out(), f.sheet.Kernel
	stride, padding := f.sheet.Stride, f.sheet.Padding
	inputs, outputs := f.inputs/f.groups, f.outputs/f.groups // of a group
	for co := range f.outputs {
		group := co / outputs
		for i := range out.Rows {
			for j := range out.Cols {
				for ci := range inputs {
					for a := range k.Rows {
						for b := range k.Cols {
							row, col := i*stride.Rows+a-padding.Rows, j*stride.Cols+b-padding.Cols
							if row < 0 || row >= in.Rows || col < 0 || col >= in.Cols {
								continue
							}
							weight := ((co*inputs+ci)*k.Rows+a)*k.Cols + b // C_out, C_in/groups, k, k
							if f.local {                                   // C_in/groups, C_out, H, W, k, k
								weight = ((((ci*f.outputs+co)*out.Rows+i)*out.Cols+j)*k.Rows+a)*k.Cols + b
							}
							do((co*out.Rows+i)*out.Cols+j, ((group*inputs+ci)*in.Rows+row)*in.Cols+col, weight)
						}
					}
				}
			}
		}
	}
}

// sizes are those of an input and an output row.
func (f filterReference) sizes() (in, out int) {
	return f.inputs * f.sheet.In.Area(), f.outputs * f.sheet.Out().Area()
}

func (f filterReference) forward(a arrays, x []float64, n int, _ bool) []float64 {
	in, out := f.sizes()
	w, y := a[f.name], make([]float64, n*out)
	f.each(func(to, from, weight int) {
		for s := range n {
			y[s*out+to] += w[weight] * x[s*in+from]
		}
	})
	return y
}

func (f filterReference) backward(a arrays, x, dy []float64, n int) (dx []float64, da arrays) {
	in, out := f.sizes()
	w, dw := a[f.name], make([]float64, len(a[f.name]))
	dx = make([]float64, len(x))
	f.each(func(to, from, weight int) {
		for s := range n {
			dx[s*in+from] += w[weight] * dy[s*out+to]
			dw[weight] += x[s*in+from] * dy[s*out+to]
		}
	})
	return dx, arrays{f.name: dw}
}

// biasReference is y[c](p) = x[c](p) + b[c], or + b[c](p) where it is per position.
type biasReference struct {
	name        string // of the bias
	channels    int
	perPosition bool
}

func (r biasReference) forward(a arrays, x []float64, n int, _ bool) []float64 {
	size := len(x) / n
	positions := size / r.channels
	y := make([]float64, len(x))
	for i, v := range x {
		unit := i % size // c·H·W + p
		if r.perPosition {
			y[i] = v + a[r.name][unit]
		} else {
			y[i] = v + a[r.name][unit/positions]
		}
	}
	return y
}

// normReference is batch normalisation of every channel over stimuli and positions,
// y = γ·(x − μ)/√(σ² + 10⁻⁵) + β. The moments are the batch's in training, when the
// running ones move a tenth of the way to them, the variance to the unbiased one.
type normReference struct {
	name     string
	channels int
}

func (r normReference) forward(a arrays, x []float64, n int, train bool) []float64 {
	gamma, beta := a[r.name+".weight"], a[r.name+".bias"]
	runningMean, runningVar := a[r.name+".running_mean"], a[r.name+".running_var"]
	positions := len(x) / n / r.channels
	count := float64(n * positions)
	y := make([]float64, len(x))
	for c := range r.channels {
		each := func(do func(i int)) {
			for s := range n {
				for p := range positions {
					do((s*r.channels+c)*positions + p)
				}
			}
		}
		mean, variance := runningMean[c], runningVar[c]
		if train {
			mean, variance = 0, 0
			each(func(i int) { mean += x[i] / count })
			each(func(i int) { variance += (x[i] - mean) * (x[i] - mean) / count })
			runningMean[c] += .1 * (mean - runningMean[c])
			runningVar[c] += .1 * (variance*count/(count-1) - runningVar[c])
		}
		each(func(i int) { y[i] = gamma[c]*(x[i]-mean)/math.Sqrt(variance+1e-5) + beta[c] })
	}
	return y
}

// reluReference is y = max(x, 0).
type reluReference struct{}

func (reluReference) forward(_ arrays, x []float64, _ int, _ bool) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = max(v, 0)
	}
	return y
}

// poolReference is the largest value in every receptive field of a channel, or the
// sum over the field's area, padding being zeros.
type poolReference struct {
	sheet neuron.Sheet
	mean  bool
}

func (r poolReference) forward(_ arrays, x []float64, _ int, _ bool) []float64 {
	in, out, k := r.sheet.In, r.sheet.Out(), r.sheet.Kernel
	planes := len(x) / in.Area() // of stimuli and channels
	y := make([]float64, planes*out.Area())
	for plane := range planes {
		for i := range out.Rows {
			for j := range out.Cols {
				sum, largest := 0., math.Inf(-1)
				for a := range k.Rows {
					for b := range k.Cols {
						row, col := i*r.sheet.Stride.Rows+a-r.sheet.Padding.Rows, j*r.sheet.Stride.Cols+b-r.sheet.Padding.Cols
						if row < 0 || row >= in.Rows || col < 0 || col >= in.Cols {
							continue
						}
						v := x[(plane*in.Rows+row)*in.Cols+col]
						sum, largest = sum+v, max(largest, v)
					}
				}
				at := (plane*out.Rows+i)*out.Cols + j
				if y[at] = largest; r.mean {
					y[at] = sum / float64(k.Area())
				}
			}
		}
	}
	return y
}

// averageReference is the mean of every channel over its positions.
type averageReference struct{ channels int }

func (r averageReference) forward(_ arrays, x []float64, n int, _ bool) []float64 {
	y := make([]float64, n*r.channels)
	positions := len(x) / len(y)
	for i, v := range x {
		y[i/positions] += v / float64(positions)
	}
	return y
}

// linearReference is y = W·x + b, W outputs × inputs.
type linearReference struct{ name string }

func (r linearReference) forward(a arrays, x []float64, n int, _ bool) []float64 {
	w, bias := a[r.name+".weight"], a[r.name+".bias"]
	inputs, outputs := len(x)/n, len(bias)
	y := make([]float64, n*outputs)
	for s := range n {
		for o, b := range bias {
			y[s*outputs+o] = b
			for i := range inputs {
				y[s*outputs+o] += w[o*inputs+i] * x[s*inputs+i]
			}
		}
	}
	return y
}

// sequenceReference is references one after the other.
type sequenceReference []reference

func (r sequenceReference) forward(a arrays, x []float64, n int, train bool) []float64 {
	for _, each := range r {
		x = each.forward(a, x, n, train)
	}
	return x
}

// residualReference is y = main(x) + shortcut(x).
type residualReference struct{ main, shortcut sequenceReference }

func (r residualReference) forward(a arrays, x []float64, n int, train bool) []float64 {
	main, shortcut := r.main.forward(a, x, n, train), r.shortcut.forward(a, x, n, train)
	y := make([]float64, len(main))
	for i := range y {
		y[i] = main[i] + shortcut[i]
	}
	return y
}

// crossEntropyReference is −log softmax(logits)_label, mean over stimuli.
func crossEntropyReference(logits []float64, labels []int) (loss float64) {
	classes := len(logits) / len(labels)
	for s, label := range labels {
		var sum float64
		for c := range classes {
			sum += math.Exp(logits[s*classes+c] - logits[s*classes+label])
		}
		loss += math.Log(sum) / float64(len(labels))
	}
	return loss
}

// numericalGradient is the gradient of loss by each of values, which it moves and
// puts back: central differences of the fourth order over a step of 2⁻¹⁵, exact but
// for rounding where no kink is nearer than two steps. apart is by how much those
// over the double step differ, of the largest: the accuracy.
func numericalGradient(values []float64, loss func() float64) (gradient []float64, apart float64) {
	const h = 1. / (1 << 15)
	gradient = make([]float64, len(values))
	var largest float64
	for i, v := range values {
		difference := func(steps float64) float64 {
			values[i] = v + steps*h
			up := loss()
			values[i] = v - steps*h
			defer func() { values[i] = v }()
			return up - loss()
		}
		one, two, four := difference(1), difference(2), difference(4)
		gradient[i] = (8*one - two) / (12 * h)
		apart = max(apart, math.Abs(gradient[i]-(8*two-four)/(24*h)))
		largest = max(largest, math.Abs(gradient[i]))
	}
	if largest > 0 {
		apart /= largest
	}
	return gradient, apart
}
