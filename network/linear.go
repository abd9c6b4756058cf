package network

import (
	"math"
	"math/rand/v2"

	"ventral/internal/kernel"
	"ventral/neuron"
)

// linear is the readout, y = W·x + b at a single position: filters of one
// position and a bias.
type linear struct {
	*filters
	bias *parameter
}

// newLinear makes a readout with weights and biases uniform within
// ±1/√n_inputs, as PyTorch's.
func newLinear(name string, inputs, outputs int, rng *rand.Rand) *linear {
	one := neuron.Square(1)
	l := &linear{
		filters: newFilters(name, neuron.Sheet{In: one, Kernel: one, Stride: one}, inputs, outputs, filterOptions{}, rng),
		bias:    newParameter(outputs),
	}
	bound := 1 / math.Sqrt(float64(inputs))
	for _, a := range [][]float32{l.weights.w, l.bias.w} {
		for i := range a {
			a[i] = float32(bound * (2*rng.Float64() - 1))
		}
	}
	return l
}

func (l *linear) forward(in *kernel.Tensor, train bool) *kernel.Tensor {
	out := l.filters.forward(in, train)
	for s := range out.Stimuli {
		for c, b := range l.bias.w {
			out.Data[out.Index(s, 0, c)] += b
		}
	}
	return out
}

func (l *linear) backward(dout *kernel.Tensor) *kernel.Tensor {
	clear(l.bias.grad)
	for s := range dout.Stimuli {
		for c := range l.bias.grad {
			l.bias.grad[c] += dout.Data[dout.Index(s, 0, c)]
		}
	}
	return l.filters.backward(dout)
}

func (l *linear) state() []entry {
	weight := l.filters.state()[0]
	weight.shape = weight.shape[:2] // (classes, features), as a matrix
	return []entry{weight, plain(l.name+".bias", l.bias.w, l.bias)}
}
