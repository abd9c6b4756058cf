package network

import (
	"fmt"
	"slices"
	"strings"

	"ventral/internal/npy"
)

// Save writes the weights and running statistics to an .npz file with the
// names and shapes of the authors' state_dict: conv1.weight (C_out, C_in, k,
// k) or conv1.weights (C_in, C_out, H, W, k, k), bn1.running_mean, fc.weight …
// The file appears only when it is complete.
func (m *Model) Save(path string) error {
	z, err := npy.CreateZip(path)
	if err != nil {
		return err
	}
	defer z.Abort()
	if err := m.write(z); err != nil {
		return err
	}
	return z.Close()
}

// write adds the arrays of the model to z.
func (m *Model) write(z *npy.ZipWriter) error {
	for _, e := range m.state() {
		var err error
		if e.counter != nil {
			err = npy.AddEntry(z, e.name, nil, []int64{*e.counter})
		} else {
			err = npy.AddEntry(z, e.name, e.shape, e.save(m.scratchOfFile()))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// SaveGradients writes the gradients of the last update, under the names and in
// the shapes of the parameters.
func (m *Model) SaveGradients(path string) error {
	z, err := npy.CreateZip(path)
	if err != nil {
		return err
	}
	defer z.Abort()
	for _, e := range m.state() {
		if e.param == nil {
			continue
		}
		if err := npy.AddEntry(z, e.name, e.shape, e.gradient()); err != nil {
			return err
		}
	}
	return z.Close()
}

// gradient is that of a parameter, in the order of the file.
func (e entry) gradient() []float32 {
	// The entry saves the weights in that order: for a moment they change places with
	// the gradient.
	p := e.param
	weights := slices.Clone(p.w)
	defer copy(p.w, weights)
	copy(p.w, p.gradient())
	return slices.Clone(e.save(nil))
}

// Load reads what Save, or np.savez(**state_dict) of the same architecture,
// wrote. It fails, and changes nothing, when an array is missing, unknown or
// of another shape.
func (m *Model) Load(path string) error {
	z, err := npy.OpenZip(path)
	if err != nil {
		return err
	}
	defer z.Close()
	return m.read(z, path, z.Names())
}

// read takes the arrays of the given names from z, the file path.
func (m *Model) read(z *npy.Zip, path string, names []string) error {
	if len(names) == 0 {
		return fmt.Errorf("%s holds no arrays .npy: a file of torch.save becomes one of them by np.savez(path, **{k: v.numpy() for k, v in state_dict.items()})", path)
	}
	state := m.state()
	var known []string
	for _, e := range state {
		known = append(known, e.name)
		if slices.Contains(names, e.name) {
			continue
		}
		if slices.Contains(names, "module."+e.name) {
			return fmt.Errorf("%s: the names begin with module., as those of torch.nn.DataParallel do: take it away, {k.removeprefix(\"module.\"): v for k, v in state_dict.items()}", path)
		}
		if e.counter == nil { // the count of batches is not needed
			return fmt.Errorf("%s: no array %s: this is no checkpoint of a %s; it holds %s", path, e.name, m.describe(), abridged(names))
		}
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return fmt.Errorf("%s: array %s has no place in a %s", path, name, m.describe())
		}
	}
	// First everything is looked at, and nothing kept; then it is taken, an array at
	// a time, so that memory for no more than the largest is needed beside the model.
	counts := map[string]int64{}
	for _, e := range state {
		if e.counter != nil {
			if !slices.Contains(names, e.name) {
				continue
			}
			count, shape, err := npy.ReadEntry[int64](z, e.name)
			if err != nil {
				return err
			}
			if len(count) != 1 {
				return fmt.Errorf("%s: array %s has the shape %v, expected a single number", path, e.name, shape)
			}
			counts[e.name] = count[0]
			continue
		}
		shape, err := npy.CheckEntry[float32](z, e.name)
		if err != nil {
			return err
		}
		if !slices.Equal(shape, e.shape) {
			return fmt.Errorf("%s: array %s has the shape %v, expected %v in a %s", path, e.name, shape, e.shape, m.describe())
		}
	}
	for _, e := range state {
		if e.counter != nil {
			if count, ok := counts[e.name]; ok {
				*e.counter = count
			}
			continue
		}
		size := 1
		for _, n := range e.shape {
			size *= n
		}
		data := slices.Grow(m.scratchOfFile(), size)[:size]
		if err := npy.ReadEntryInto(z, e.name, data); err != nil {
			return fmt.Errorf("%w: it changed while it was read, and the network is half of it", err)
		}
		e.load(data)
	}
	return nil
}

// scratchOfFile is memory for the largest filter layer in the order of the file,
// used again: garbage of the size of the weights would not fit beside a large
// network.
func (m *Model) scratchOfFile() []float32 {
	if m.buffer == nil {
		largest := 0
		for _, f := range m.filters {
			largest = max(largest, len(f.weights.w))
		}
		m.buffer = make([]float32, 0, largest)
	}
	return m.buffer
}

// describe names the architecture for error messages.
func (m *Model) describe() string {
	kind := "convolutional"
	if m.arch.Local {
		kind = "locally connected"
	}
	return fmt.Sprintf("%s %s network of width %d for images of %v and %d classes", kind, m.arch.Name, m.arch.Width, m.arch.Input, m.arch.Classes)
}

func abridged(names []string) string {
	if len(names) > 5 {
		return strings.Join(names[:5], ", ") + fmt.Sprintf(" and %d more", len(names)-5)
	}
	return strings.Join(names, ", ")
}
