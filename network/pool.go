package network

import (
	"math"

	"ventral/internal/kernel"
	"ventral/neuron"
)

// pool is max or mean pooling of every channel over the receptive fields of a
// sheet. Padding does not count for the maximum; for the mean it counts as
// zeros, as in PyTorch. Where several inputs are the largest, the gradient goes
// to the first.
type pool struct {
	sheet neuron.Sheet
	mean  bool

	positions int // of the input
	from      []int32
	out, dx   kernel.Tensor
}

func (l *pool) forward(in *kernel.Tensor, train bool) *kernel.Tensor {
	size := l.sheet.Out()
	l.positions = in.Positions
	l.out.Resize(size.Area(), in.Channels, in.Stimuli)
	if !l.mean && train && len(l.from) < len(l.out.Data) {
		l.from = make([]int32, len(l.out.Data))
	}
	kernel.Parallel(in.Blocks()*size.Rows, func(item int) {
		b, i := item/size.Rows, item%size.Rows
		for j := range size.Cols {
			l.pool(in, b, i, j, train)
		}
	})
	return &l.out
}

// pool computes the activity at output position (i, j) of block b.
func (l *pool) pool(in *kernel.Tensor, b, i, j int, train bool) {
	lines := in.Channels * kernel.Lanes
	at := (b*l.out.Positions + i*l.sheet.Out().Cols + j) * lines
	to := l.out.Data[at : at+lines]
	begin := float32(math.Inf(-1))
	if l.mean {
		begin = 0
	}
	for c := range to {
		to[c] = begin
	}
	l.field(i, j, func(p int) {
		x := in.Data[(b*in.Positions+p)*lines:][:lines]
		switch {
		case l.mean:
			for c, v := range x {
				to[c] += v
			}
		case train:
			from := l.from[at : at+lines]
			for c, v := range x {
				if v > to[c] || v != v {
					to[c], from[c] = v, int32(p)
				}
			}
		default:
			for c, v := range x {
				if v > to[c] || v != v {
					to[c] = v
				}
			}
		}
	})
	if l.mean {
		scale := 1 / float32(l.sheet.Kernel.Area())
		for c := range to {
			to[c] *= scale
		}
	}
}

// field calls do for the input positions that (i, j) sees.
func (l *pool) field(i, j int, do func(p int)) {
	in, k := l.sheet.In, l.sheet.Kernel
	row, col := l.sheet.Origin(i, j)
	for r := max(0, row); r < min(in.Rows, row+k.Rows); r++ {
		for c := max(0, col); c < min(in.Cols, col+k.Cols); c++ {
			do(r*in.Cols + c)
		}
	}
}

func (l *pool) backward(dout *kernel.Tensor) *kernel.Tensor {
	l.dx.Resize(l.positions, dout.Channels, dout.Stimuli)
	lines := dout.Channels * kernel.Lanes
	size := l.sheet.Out()
	scale := 1 / float32(l.sheet.Kernel.Area())
	kernel.Parallel(dout.Blocks(), func(b int) {
		dx := l.dx.Data[b*l.positions*lines : (b+1)*l.positions*lines]
		clear(dx)
		for i := range size.Rows {
			for j := range size.Cols {
				at := (b*dout.Positions + i*size.Cols + j) * lines
				dy := dout.Data[at : at+lines]
				if l.mean {
					l.field(i, j, func(p int) {
						for c, g := range dy {
							dx[p*lines+c] += scale * g
						}
					})
					continue
				}
				for c, p := range l.from[at : at+lines] {
					dx[int(p)*lines+c] += dy[c]
				}
			}
		}
	})
	return &l.dx
}

func (l *pool) state() []entry { return nil }
