package network

import "ventral/internal/kernel"

// average is global average pooling: the mean of every channel over positions.
type average struct {
	positions int
	out, dx   kernel.Tensor

	in, dout     *kernel.Tensor // while their blocks are worked on
	gather, back func(b int)    // made once: a step allocates nothing
}

func (a *average) forward(in *kernel.Tensor, _ bool) *kernel.Tensor {
	a.positions, a.in = in.Positions, in
	a.out.Resize(1, in.Channels, in.Stimuli)
	if a.gather == nil {
		a.gather, a.back = a.forwardBlock, a.backwardBlock
	}
	kernel.Parallel(in.Blocks(), a.gather)
	return &a.out
}

func (a *average) forwardBlock(b int) {
	lines := a.in.Channels * kernel.Lanes
	to := a.out.Data[b*lines : (b+1)*lines]
	clear(to)
	for p := range a.positions {
		for i, x := range a.in.Data[(b*a.positions+p)*lines:][:lines] {
			to[i] += x
		}
	}
	for i := range to {
		to[i] /= float32(a.positions)
	}
}

func (a *average) backward(dout *kernel.Tensor) *kernel.Tensor {
	a.dout = dout
	a.dx.Resize(a.positions, dout.Channels, dout.Stimuli)
	kernel.Parallel(dout.Blocks(), a.back)
	return &a.dx
}

func (a *average) backwardBlock(b int) {
	lines := a.dout.Channels * kernel.Lanes
	from := a.dout.Data[b*lines : (b+1)*lines]
	for p := range a.positions {
		to := a.dx.Data[(b*a.positions+p)*lines:][:lines]
		for i, g := range from {
			to[i] = g / float32(a.positions)
		}
	}
}

func (a *average) state() []entry { return nil }
