package network

import "ventral/internal/kernel"

// relu is rectification, y = max(x, 0), in place: it follows layers that do
// not need their output again (batchNorm, residual).
type relu struct{ out *kernel.Tensor }

func (r *relu) forward(in *kernel.Tensor, _ bool) *kernel.Tensor {
	kernel.Best().ReLU(in)
	r.out = in
	return in
}

func (r *relu) backward(dout *kernel.Tensor) *kernel.Tensor {
	kernel.Best().ReLUGradient(dout, r.out)
	return dout
}

func (r *relu) state() []entry { return nil }
