package network

import "ventral/internal/kernel"

// A layer is a differentiable step. Its outputs and gradients are memory of
// its own, used again at the next call, so that training allocates nothing
// once the buffers have their size.
type layer interface {
	// forward returns the layer's output for the input. It may keep in until
	// backward, and change it only if the layer documents that. With train set
	// it uses the statistics of the batch and moves the running ones.
	forward(in *kernel.Tensor, train bool) *kernel.Tensor
	// backward takes the gradient of the loss by the output of the last
	// forward in training, sets the gradients of the parameters, and returns
	// the gradient by the input. It may overwrite dout.
	backward(dout *kernel.Tensor) *kernel.Tensor
	// state returns the layer's arrays under the names that they have in a
	// checkpoint, prefixed with the layer's own.
	state() []entry
}

// An entry is an array of a layer: a parameter that is learned or a running
// statistic.
type entry struct {
	name    string
	shape   []int
	param   *parameter // nil for statistics
	load    func([]float32)
	save    func(buffer []float32) []float32 // in the order of the file, in the buffer if that is large enough or the array itself
	counter *int64                           // instead of load and save: a count, 0-dimensional
}

// A parameter is an array of weights with its gradient and Adam's moments.
type parameter struct {
	w, grad []float32
	m, v    []float32
}

func newParameter(n int) *parameter {
	return &parameter{w: kernel.Alloc(n), grad: kernel.Alloc(n)}
}

// gradient returns the memory of the gradient, which a network that only answers
// does without.
func (p *parameter) gradient() []float32 {
	if p.grad == nil {
		p.grad = kernel.Alloc(len(p.w))
	}
	return p.grad
}

// plain is the entry of an array that lies in memory as it does in the file.
func plain(name string, a []float32, p *parameter) entry {
	return entry{
		name: name, shape: []int{len(a)}, param: p,
		load: func(from []float32) { copy(a, from) },
		save: func([]float32) []float32 { return a },
	}
}

// A sequence is layers one after the other.
type sequence []layer

func (s sequence) forward(in *kernel.Tensor, train bool) *kernel.Tensor {
	for _, l := range s {
		in = l.forward(in, train)
	}
	return in
}

func (s sequence) backward(dout *kernel.Tensor) *kernel.Tensor {
	for i := len(s) - 1; i >= 0; i-- {
		dout = s[i].backward(dout)
	}
	return dout
}

func (s sequence) state() []entry {
	var all []entry
	for _, l := range s {
		all = append(all, l.state()...)
	}
	return all
}
