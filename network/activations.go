package network

import (
	"context"
	"slices"

	"ventral/internal/kernel"
)

// defaultBatch is the number of stimuli that are shown at a time.
const defaultBatch = 128

// StreamActivations shows the images at the indices (nil: all) to the network,
// batch by batch, untranslated and with the running statistics of batch
// normalisation. For every batch and each of the layers it calls take with the
// activity of the stimuli from first on, n × C·H·W, rows = stimuli,
// channel-major: in the order of the stimuli, and within a batch in that of the
// network. The rows are memory that is used again after take returned; the next
// batch is read in the meantime.
//
// A batchSize of 0 is 128; another is rounded up to a multiple of 16, the stimuli
// that the kernels compute together: first is always such a multiple. The batch
// has no influence on any row, nor has the number of cores. The memory needed
// (StreamBytes) does not depend on the number of images.
//
// It fails for an unknown layer, with the errors of the source and of take, and
// with that of the context, which is asked before every batch.
func (m *Model) StreamActivations(ctx context.Context, src Source, indices []int, layers []string, batchSize int, take func(layer string, first int, rows []float32) error) error {
	if indices == nil {
		indices = allOf(src)
	}
	widest := 0
	for _, name := range layers {
		shape, ok := m.LayerShape(name)
		if !ok {
			return noLayer(name, m.LayerNames(), "network: no layer %q; there are %v", name, m.LayerNames())
		}
		widest = max(widest, shape.Size())
	}
	batchSize = min(wholeBlocks(batchSize), len(indices))
	in := m.arch.Input
	rows := make([]float32, batchSize*widest)
	return new(loader).each(ctx, indices, batchSize, func(into batch, part []int) batch {
		into.x = slices.Grow(into.x[:0], len(part)*in.Size())[:len(part)*in.Size()]
		into.err = src.Read(-1, 0, part, into.x, nil)
		return into
	}, func(first int, b batch) error {
		toTensor(&m.input, b.x, in)
		var failed error
		m.forward(false, func(s stage, t *kernel.Tensor) {
			if failed != nil || !slices.Contains(layers, s.name) {
				return
			}
			here := rows[:len(b.x)/in.Size()*s.shape.Size()]
			fromTensor(here, t)
			failed = take(s.name, first, here)
		})
		return failed
	})
}

// Activations is StreamActivations for what fits into memory: it returns for
// each layer the activity of all stimuli, n_stimuli × C·H·W. Its errors are the
// same.
func (m *Model) Activations(ctx context.Context, src Source, indices []int, layers []string, batch int) (map[string][]float32, error) {
	n := len(indices)
	if indices == nil {
		n = src.Len()
	}
	all := map[string][]float32{}
	for _, name := range layers {
		shape, _ := m.LayerShape(name)
		all[name] = make([]float32, n*shape.Size())
	}
	err := m.StreamActivations(ctx, src, indices, layers, batch, func(layer string, first int, rows []float32) error {
		shape, _ := m.LayerShape(layer)
		copy(all[layer][first*shape.Size():], rows)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// StreamBytes returns the memory that StreamActivations needs for n stimuli
// beside the weights: the outputs of all layers for a batch, and the rows of the
// images and of the widest layer that is asked for.
func (m *Model) StreamBytes(n int, layers []string, batch int) int64 {
	shown := min(wholeBlocks(batch), n)
	stimuli := int64(wholeBlocks(max(shown, 1))) // of the tensors
	size, err := m.arch.Size()
	if err != nil {
		panic(err) // the model was built from it
	}
	floats := stimuli * (int64(m.arch.Input.Size()) + size.Outputs)
	widest := 0
	for _, name := range layers {
		shape, _ := m.LayerShape(name)
		widest = max(widest, shape.Size())
	}
	read := min(2*shown, n) // images, ahead
	return 4 * (floats + int64(read)*int64(m.arch.Input.Size()) + int64(shown)*int64(widest))
}

// EstimateActivationBytes returns the memory that Activations needs for n
// stimuli and a batch of 128: the rows that it returns, and StreamBytes.
func (m *Model) EstimateActivationBytes(n int, layers []string) int64 {
	bytes := m.StreamBytes(n, layers, 0)
	for _, name := range layers {
		shape, _ := m.LayerShape(name)
		bytes += 4 * int64(n) * int64(shape.Size())
	}
	return bytes
}

// wholeBlocks rounds a batch up to whole blocks of stimuli; 0 is the default.
func wholeBlocks(batch int) int {
	if batch == 0 {
		batch = defaultBatch
	}
	return (batch + kernel.Lanes - 1) / kernel.Lanes * kernel.Lanes
}
