package network

import "ventral/internal/kernel"

// residual adds a shortcut around its main path, y = main(x) + shortcut(x);
// an empty shortcut is the identity.
//
// Source: He et al. 2016, arXiv:1512.03385.
type residual struct {
	main, shortcut sequence
	copied         kernel.Tensor
}

func (r *residual) forward(in *kernel.Tensor, train bool) *kernel.Tensor {
	out := r.main.forward(in, train)
	kernel.Best().Add(out, r.shortcut.forward(in, train))
	return out
}

func (r *residual) backward(dout *kernel.Tensor) *kernel.Tensor {
	// The paths may both overwrite their gradient: each has its own.
	r.copied.Resize(dout.Positions, dout.Channels, dout.Stimuli)
	copy(r.copied.Data, dout.Data)
	dx := r.main.backward(dout)
	kernel.Best().Add(dx, r.shortcut.backward(&r.copied))
	return dx
}

func (r *residual) state() []entry { return append(r.main.state(), r.shortcut.state()...) }
