package network

import "ventral/internal/kernel"

// average is global average pooling: the mean of every channel over positions.
type average struct {
	positions int
	out, dx   kernel.Tensor
}

func (a *average) forward(in *kernel.Tensor, _ bool) *kernel.Tensor {
	a.positions = in.Positions
	a.out.Resize(1, in.Channels, in.Stimuli)
	lines := in.Channels * kernel.Lanes
	kernel.Parallel(in.Blocks(), func(b int) {
		to := a.out.Data[b*lines : (b+1)*lines]
		clear(to)
		for p := range in.Positions {
			for i, x := range in.Data[(b*in.Positions+p)*lines:][:lines] {
				to[i] += x
			}
		}
		for i := range to {
			to[i] /= float32(in.Positions)
		}
	})
	return &a.out
}

func (a *average) backward(dout *kernel.Tensor) *kernel.Tensor {
	a.dx.Resize(a.positions, dout.Channels, dout.Stimuli)
	lines := dout.Channels * kernel.Lanes
	kernel.Parallel(dout.Blocks(), func(b int) {
		from := dout.Data[b*lines : (b+1)*lines]
		for p := range a.positions {
			for i, g := range from {
				a.dx.Data[(b*a.positions+p)*lines+i] = g / float32(a.positions)
			}
		}
	})
	return &a.dx
}

func (a *average) state() []entry { return nil }
