package network

import (
	"context"
	"fmt"
	"slices"

	"ventral/internal/kernel"
)

// defaultBatch is the number of stimuli that are shown at a time.
const defaultBatch = 128

// Activations shows the images at the indices (nil: all) to the network,
// untranslated and with the running statistics of batch normalisation, and
// returns for each named layer the activity, n_stimuli × C·H·W, rows =
// stimuli, channel-major. A batch of 0 is 128; it has no influence on the
// result. It fails for an unknown layer and with the errors of the source.
func (m *Model) Activations(ctx context.Context, src Source, indices []int, layers []string, batch int) (map[string][]float32, error) {
	if indices == nil {
		indices = make([]int, src.Len())
		for i := range indices {
			indices[i] = i
		}
	}
	if batch == 0 {
		batch = defaultBatch
	}
	rows := map[string][]float32{}
	for _, name := range layers {
		shape, ok := m.LayerShape(name)
		if !ok {
			return nil, fmt.Errorf("network: no layer %q; there are %v", name, m.LayerNames())
		}
		rows[name] = make([]float32, len(indices)*shape.Size())
	}
	x := make([]float32, min(batch, len(indices))*m.arch.Input.Size())
	for at := 0; at < len(indices); at += batch {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		part := indices[at:min(at+batch, len(indices))]
		here := x[:len(part)*m.arch.Input.Size()]
		if err := src.Read(-1, 0, part, here, nil); err != nil {
			return nil, err
		}
		toTensor(&m.input, here, m.arch.Input)
		m.forward(false, func(s stage, t *kernel.Tensor) {
			if slices.Contains(layers, s.name) {
				fromTensor(rows[s.name][at*s.shape.Size():][:len(part)*s.shape.Size()], t)
			}
		})
	}
	return rows, nil
}

// EstimateActivationBytes returns the memory that Activations needs for n
// stimuli and a batch of 128: the rows it returns and the activity of all
// layers for a batch (an input and an output per filter layer).
func (m *Model) EstimateActivationBytes(n int, layers []string) int64 {
	var floats int64
	for _, name := range layers {
		shape, _ := m.LayerShape(name)
		floats += int64(n) * int64(shape.Size())
	}
	for _, f := range m.filters {
		floats += 2 * int64(defaultBatch) * int64(f.sheet.Out().Area()*f.outputs)
	}
	return 4 * floats
}
