package network

import "ventral/internal/kernel"

// bias adds a learned number to every activity, one for each channel or, in
// locally connected networks where nothing else is shared, one for each channel
// at each position:
//
//	y[c](p) = x[c](p) + b[c]   or   y[c](p) = x[c](p) + b[c](p).
//
// In a checkpoint it is NAME.bias, (C) or (C, H, W). It works in place.
type bias struct {
	name        string
	shape       Shape // of the activity
	perPosition bool
	b           *parameter // in memory [position][channel]

	reduction kernel.Reduction
	ones      []float32
	none      []float32 // zeros: a mean to subtract
	sum, dot  []float64
	view      kernel.Tensor
}

func newBias(name string, shape Shape, perPosition bool) *bias {
	b := &bias{name: name, shape: shape, perPosition: perPosition}
	n := shape.Channels
	if perPosition {
		n = shape.Size()
	}
	b.b = newParameter(n)
	b.ones, b.none = make([]float32, n), make([]float32, n)
	b.sum, b.dot = make([]float64, n), make([]float64, n)
	for i := range b.ones {
		b.ones[i] = 1
	}
	return b
}

// channels is t with whatever has a bias of its own as a channel.
func (b *bias) channels(t *kernel.Tensor) *kernel.Tensor {
	if !b.perPosition {
		return t
	}
	b.view = kernel.Tensor{Positions: 1, Channels: t.Positions * t.Channels, Stimuli: t.Stimuli, Data: t.Data}
	return &b.view
}

func (b *bias) forward(in *kernel.Tensor, _ bool) *kernel.Tensor {
	t := b.channels(in)
	kernel.Best().Normalise(t, t, b.ones, b.b.w)
	return in
}

func (b *bias) backward(dout *kernel.Tensor) *kernel.Tensor {
	t := b.channels(dout)
	kernel.Best().GradientSums(&b.reduction, t, t, b.none, b.sum, b.dot)
	for i, s := range b.sum {
		b.b.grad[i] = float32(s)
	}
	return dout
}

func (b *bias) state() []entry {
	if !b.perPosition {
		return []entry{plain(b.name+".bias", b.b.w, b.b)}
	}
	c, positions := b.shape.Channels, b.shape.Height*b.shape.Width
	return []entry{{
		name: b.name + ".bias", shape: []int{c, b.shape.Height, b.shape.Width}, param: b.b,
		load: func(from []float32) {
			for i, v := range from {
				b.b.w[i%positions*c+i/positions] = v
			}
		},
		save: func(buffer []float32) []float32 {
			to := buffer[:0]
			for i := range b.b.w {
				to = append(to, b.b.w[i%positions*c+i/positions])
			}
			return to
		},
	}}
}
