package network

import (
	"math"

	"ventral/internal/kernel"
)

// batchNorm normalises every channel over stimuli and positions,
//
//	y = γ·(x − μ)/√(σ² + ε) + β,
//
// with the batch's moments in training and running ones otherwise; the running
// variance is the unbiased one, as PyTorch's. It is shared over space in a
// locally connected network too, as in the authors' code.
//
// Source: Ioffe & Szegedy 2015, arXiv:1502.03167.
type batchNorm struct {
	name                     string
	gamma, beta              *parameter
	runningMean, runningVar  []float32
	batches                  int64
	cumulative               bool // the running moments are averages over all batches
	reduction                kernel.Reduction
	mean, variance, sum, dot []float64
	mean32, scale, shift, c  []float32
	inverse                  []float64 // 1/√(σ² + ε) of the last batch

	in  *kernel.Tensor
	out kernel.Tensor
}

const (
	normEpsilon  = 1e-5
	normMomentum = .1
)

func newBatchNorm(name string, channels int) *batchNorm {
	b := &batchNorm{name: name, gamma: newParameter(channels), beta: newParameter(channels)}
	wide := func() []float64 { return make([]float64, channels) }
	narrow := func() []float32 { return make([]float32, channels) }
	b.mean, b.variance, b.sum, b.dot, b.inverse = wide(), wide(), wide(), wide(), wide()
	b.mean32, b.scale, b.shift, b.c, b.runningMean, b.runningVar = narrow(), narrow(), narrow(), narrow(), narrow(), narrow()
	for i := range channels {
		b.gamma.w[i], b.runningVar[i] = 1, 1
	}
	return b
}

func (b *batchNorm) forward(in *kernel.Tensor, train bool) *kernel.Tensor {
	b.in = in
	if train {
		kernel.Best().Moments(&b.reduction, in, b.mean, b.variance)
		n := float64(in.Positions * in.Stimuli)
		b.batches++
		momentum := normMomentum
		if b.cumulative {
			momentum = 1 / float64(b.batches)
		}
		for i := range b.mean {
			unbiased := b.variance[i] * n / max(n-1, 1)
			b.runningMean[i] += float32(momentum * (b.mean[i] - float64(b.runningMean[i])))
			b.runningVar[i] += float32(momentum * (unbiased - float64(b.runningVar[i])))
		}
	} else {
		for i := range b.mean {
			b.mean[i], b.variance[i] = float64(b.runningMean[i]), float64(b.runningVar[i])
		}
	}
	for i := range b.mean {
		b.inverse[i] = 1 / math.Sqrt(b.variance[i]+normEpsilon)
		scale := float64(b.gamma.w[i]) * b.inverse[i]
		b.scale[i], b.shift[i] = float32(scale), float32(float64(b.beta.w[i])-b.mean[i]*scale)
	}
	b.out.Resize(in.Positions, in.Channels, in.Stimuli)
	kernel.Best().Normalise(&b.out, in, b.scale, b.shift)
	return &b.out
}

// backward turns dout into the gradient by x in place:
//
//	dβ = Σ dy,   dγ = Σ dy·x̂,   dx = γ/√(σ² + ε) · (dy − dβ/n − x̂·dγ/n),   x̂ = (x − μ)/√(σ² + ε)
func (b *batchNorm) backward(dout *kernel.Tensor) *kernel.Tensor {
	for i, m := range b.mean {
		b.mean32[i] = float32(m)
	}
	kernel.Best().GradientSums(&b.reduction, dout, b.in, b.mean32, b.sum, b.dot)
	n := float64(dout.Positions * dout.Stimuli)
	for i := range b.mean {
		gain := float64(b.gamma.w[i]) * b.inverse[i]
		slope := -gain * b.inverse[i] * b.inverse[i] * b.dot[i] / n
		b.beta.grad[i], b.gamma.grad[i] = float32(b.sum[i]), float32(b.dot[i]*b.inverse[i])
		b.scale[i], b.shift[i] = float32(gain), float32(slope)
		b.c[i] = float32(-gain*b.sum[i]/n - slope*b.mean[i])
	}
	kernel.Best().NormaliseGradient(dout, b.in, b.scale, b.shift, b.c)
	return dout
}

func (b *batchNorm) state() []entry {
	return []entry{
		plain(b.name+".weight", b.gamma.w, b.gamma),
		plain(b.name+".bias", b.beta.w, b.beta),
		plain(b.name+".running_mean", b.runningMean, nil),
		plain(b.name+".running_var", b.runningVar, nil),
		{name: b.name + ".num_batches_tracked", counter: &b.batches},
	}
}
