package kernel

// Batch normalisation: y = γ·(x − μ)/√(σ² + ε) + β per channel, with the moments over positions and stimuli. Each work item sees a few
// positions of one block; what the items found is combined in float64, in their order.

// A blockTask is an operation on lines of a tensor: on block b, from position first on, to last; item counts them.
type blockTask struct {
	v           *Variant
	op          func(t *blockTask, item, b, first, last int)
	r           *Reduction
	x, y        *Tensor // x gives the shape
	p, q, shift []float32
}

var blockTasks tasks[blockTask]

func (t *blockTask) do(_, item int) {
	size, perBlock := blockItems(t.x)
	b, i := item/perBlock, item%perBlock
	t.op(t, item, b, i*size, min(t.x.Positions, (i+1)*size))
}

// overBlocks runs t on all blocks, and puts it back.
func overBlocks(t *blockTask) {
	_, perBlock := blockItems(t.x)
	run(t.x.Blocks()*perBlock, t)
	blockTasks.put(t)
}

// blockItems returns the positions of a work item, about 32 KiB of lines, and the number of items in a block.
func blockItems(t *Tensor) (size, perBlock int) {
	size = min(t.Positions, max(1, 512/t.Channels))
	return size, (t.Positions + size - 1) / size
}

// lines returns the memory of positions first to last of block b.
func (t *Tensor) lines(b, first, last int) []float32 {
	from := b * t.blockLen()
	return t.Data[from+first*t.Channels*Lanes : from+last*t.Channels*Lanes]
}

// A Reduction is the memory in which the sums of work items are kept until they are combined.
type Reduction struct{ a, b []float32 }

func (r *Reduction) resize(t *Tensor) (items int) {
	_, perBlock := blockItems(t)
	items = t.Blocks() * perBlock
	if n := items * t.Channels; cap(r.a) < n {
		r.a, r.b = make([]float32, n), make([]float32, n)
	}
	return items
}

// Moments computes the mean and the population variance of every channel over positions and stimuli.
func (v *Variant) Moments(r *Reduction, x *Tensor, mean, variance []float64) {
	items := r.resize(x)
	c := x.Channels
	t := blockTasks.get()
	t.v, t.r, t.x = v, r, x
	t.op = func(t *blockTask, item, b, first, last int) {
		c := t.x.Channels
		at := item * c
		t.v.moments(t.x.lines(b, first, last), c, t.x.lanes(b), t.r.a[at:at+c], t.r.b[at:at+c])
	}
	overBlocks(t)
	size, perBlock := blockItems(x)
	for ch := range c {
		// The mean of all, then the scatter of the items' means about it: Chan, Golub and LeVeque 1983.
		var n, sum, m2 float64
		for item := range items {
			first := item % perBlock * size
			count := float64((min(x.Positions, first+size) - first) * x.lanes(item/perBlock))
			itemSum := float64(r.a[item*c+ch])
			if n > 0 {
				d := itemSum/count - sum/n
				m2 += d * d * n * count / (n + count)
			}
			m2 += float64(r.b[item*c+ch])
			n, sum = n+count, sum+itemSum
		}
		mean[ch], variance[ch] = sum/n, m2/n
	}
}

// Normalise computes y = scale·x + shift per channel. y has its shape already and may be x.
func (v *Variant) Normalise(y, x *Tensor, scale, shift []float32) {
	t := blockTasks.get()
	t.v, t.x, t.y, t.p, t.shift = v, x, y, scale, shift
	t.op = func(t *blockTask, _, b, first, last int) {
		t.v.normalise(t.y.lines(b, first, last), t.x.lines(b, first, last), t.x.lanes(b), t.p, t.shift)
	}
	overBlocks(t)
}

// GradientSums computes Σ dy and Σ dy·(x − mean) of every channel over positions and stimuli.
func (v *Variant) GradientSums(r *Reduction, dy, x *Tensor, mean []float32, sum, dot []float64) {
	items := r.resize(x)
	c := x.Channels
	t := blockTasks.get()
	t.v, t.r, t.x, t.y, t.p = v, r, x, dy, mean
	t.op = func(t *blockTask, item, b, first, last int) {
		c := t.x.Channels
		at := item * c
		t.v.gradientSums(t.y.lines(b, first, last), t.x.lines(b, first, last), t.p, t.r.a[at:at+c], t.r.b[at:at+c])
	}
	overBlocks(t)
	for ch := range c {
		sum[ch], dot[ch] = 0, 0
		for item := range items {
			sum[ch] += float64(r.a[item*c+ch])
			dot[ch] += float64(r.b[item*c+ch])
		}
	}
}

// NormaliseGradient computes dy ← a·dy + b·x + c per channel.
func (v *Variant) NormaliseGradient(dy, x *Tensor, a, b, c []float32) {
	t := blockTasks.get()
	t.v, t.x, t.y, t.p, t.q, t.shift = v, x, dy, a, b, c
	t.op = func(t *blockTask, _, b, first, last int) {
		t.v.normaliseGradient(t.y.lines(b, first, last), t.x.lines(b, first, last), t.x.lanes(b), t.p, t.q, t.shift)
	}
	overBlocks(t)
}
