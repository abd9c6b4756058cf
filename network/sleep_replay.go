package network

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"ventral/internal/kernel"
)

// Replay returns stimuli for Sleep that replay the first n images (0 = 128, or
// all there are): a pattern is what one receptive field of the layer, at a random
// place that touches no padding, sees of a random image, untranslated. It is the
// activity that reaches the layer now, before the sleep, with the running
// statistics of batch normalisation. Every channel is less its mean and over its
// standard deviation, over images and places; a channel that is silent or
// constant is 0.
//
// Replayed patterns are correlated, so that λ_max is far above that of white
// noise: normalise the step. Sharing happens only in the directions that the
// patterns have.
//
// It fails with the errors of the source, and its stimuli in a layer of another
// model. Memory: what reaches the locally
// connected layers for n images, in float32.
func (m *Model) Replay(ctx context.Context, src Source, n int) (SleepStimuli, error) {
	if n == 0 {
		n = defaultBatch
	}
	n = min(n, src.Len())
	if n < 1 {
		return nil, fmt.Errorf("network: sleep: no images to replay")
	}
	seen := map[string]*replayed{}
	size := m.arch.Input.Size()
	x := make([]float32, min(n, defaultBatch)*size)
	for at := 0; at < n; at += defaultBatch {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		indices := make([]int, min(defaultBatch, n-at))
		for i := range indices {
			indices[i] = at + i
		}
		if err := src.Read(-1, 0, indices, x[:len(indices)*size], nil); err != nil {
			return nil, err
		}
		m.show(x[:len(indices)*size])
		m.forward(false, nil)
		for _, f := range m.filters {
			if !f.local {
				continue
			}
			r := seen[f.name]
			if r == nil {
				r = &replayed{f: f, rows: make([]float32, n*f.inputs*f.sheet.In.Area())}
				seen[f.name] = r
			}
			fromTensor(r.rows[at*f.inputs*f.sheet.In.Area():][:len(indices)*f.inputs*f.sheet.In.Area()], f.in)
		}
	}
	for _, r := range seen {
		r.images = n
		r.standardise()
	}
	return func(l SleepLayer) (SleepPatterns, error) {
		r := seen[l.Name]
		if r == nil || r.f.inputs != l.Channels || r.f.sheet.Kernel != l.Kernel {
			return nil, fmt.Errorf("no images are replayed for it")
		}
		return replay{r, l.Seed}, nil
	}, nil
}

// replayed is what reaches a layer.
type replayed struct {
	f      *filters
	images int
	rows   []float32 // images × C·H·W, channel-major
}

// standardise gives every channel mean 0 and variance 1.
func (r *replayed) standardise() {
	area := r.f.sheet.In.Area()
	kernel.Parallel(r.f.inputs, func(c int) {
		each := func(do func(x []float32)) {
			for i := range r.images {
				do(r.rows[(i*r.f.inputs+c)*area:][:area])
			}
		}
		var mean, variance float64
		count := float64(r.images * area)
		each(func(x []float32) {
			for _, v := range x {
				mean += float64(v) / count
			}
		})
		each(func(x []float32) {
			for _, v := range x {
				variance += (float64(v) - mean) * (float64(v) - mean) / count
			}
		})
		scale := 0.
		if variance > 1e-12*mean*mean && variance > 0 {
			scale = 1 / math.Sqrt(variance)
		}
		each(func(x []float32) {
			for j, v := range x {
				x[j] = float32(scale * (float64(v) - mean))
			}
		})
	})
}

// replay is the patterns of a layer.
type replay struct {
	*replayed
	seed uint64
}

// Pattern cuts pattern i. A layer that is shown any has a field that lies wholly
// on the input.
func (r replay) Pattern(i int, x []float64) error {
	rng := rand.New(rand.NewPCG(r.seed, mix(r.seed, uint64(i))))
	in, k := r.f.sheet.In, r.f.sheet.Kernel
	image, top, left := rng.IntN(r.images), rng.IntN(in.Rows-k.Rows+1), rng.IntN(in.Cols-k.Cols+1)
	for c := range r.f.inputs {
		for row := range k.Rows {
			from := r.rows[((image*r.f.inputs+c)*in.Rows+top+row)*in.Cols+left:][:k.Cols]
			to := x[(c*k.Rows+row)*k.Cols:][:len(from)]
			for col, v := range from {
				to[col] = float64(v)
			}
		}
	}
	return nil
}
