package fit

import (
	"fmt"
	"path"
	"slices"

	"gonum.org/v1/gonum/mat"

	"ventral/internal/hdf5"
)

// hdf5Extensions are what HDF5 files are called.
var hdf5Extensions = []string{".nc", ".h5", ".hdf5", ".hdf", ".mat"}

// hdf5 adds the arrays of an HDF5 file that can be features. Along their rows,
// the stimuli, a coordinate stimulus_id (or image_id) names them; along their
// columns a coordinate layer tells layers apart.
func (f *FeatureFile) hdf5() error {
	file, err := hdf5.Open(f.Path)
	if err != nil {
		return err
	}
	f.opened = append(f.opened, file)
	paths, err := file.Datasets()
	if err != nil {
		return err
	}
	rows := 0 // of the arrays so far
	for _, p := range paths {
		d, err := file.Dataset(p)
		if err != nil {
			return err
		}
		shape := d.Shape()
		if !numeric(d) || d.IsScale() || len(shape) < 2 {
			continue
		}
		if slices.Contains(shape, 0) {
			return fmt.Errorf("%s: %s is empty (%s)", f.Path, p, shapeWords(shape))
		}
		if rows != 0 && rows != shape[0] {
			return fmt.Errorf("%s: %s has %d rows and the arrays before it %d: all layers must have the same stimuli", f.Path, p, shape[0], rows)
		}
		rows = shape[0]
		if names := axesOf(d); len(names) == 2 && axisNamed(names[0]) == axisNeuroid {
			return fmt.Errorf("%s: %s is %s × %s: expected the stimuli first", f.Path, p, names[0], names[1])
		}
		if err := f.hdf5Layers(file, d, paths); err != nil {
			return err
		}
	}
	if len(f.Layers) == 0 {
		return fmt.Errorf("%s: no array of numbers has two or more axes, as features do (stimuli × features); it holds %s", f.Path, listed(paths))
	}
	return nil
}

// hdf5Layers adds the layers of an array.
func (f *FeatureFile) hdf5Layers(file *hdf5.File, d *hdf5.Dataset, paths []string) error {
	t := &table{source: f.Path, shape: d.Shape(), axes: slices.Repeat([]string{""}, len(d.Shape()))}
	t.axes[0], t.axes[1] = axisStimulus, axisNeuroid
	dims := d.Dims()
	for _, p := range paths {
		if path.Dir(p) != path.Dir(d.Path()) || p == d.Path() {
			continue
		}
		beside, err := file.Dataset(p)
		if err != nil {
			return err
		}
		if name := hdf5.Name(p); name != "layer" && name != "stimulus_id" && name != "image_id" {
			continue
		}
		c, ok, err := t.hdf5Coordinate(beside, dims)
		if err != nil {
			return err
		}
		if ok {
			t.coords = append(t.coords, c)
		}
	}
	if c, ok := t.coordinate("stimulus_id", "image_id"); ok && c.axis == 0 {
		f.StimulusIDs = c.values
	}
	inner := 1
	for _, n := range t.shape[2:] {
		inner *= n
	}
	whole := &hdf5Features{d: d, inner: inner, size: t.shape[1] * inner}
	c, ok := t.coordinate("layer")
	if !ok || c.axis != 1 || len(t.shape) > 2 {
		f.add(hdf5.Name(d.Path()), func() (Features, error) { return whole, nil })
		return nil
	}
	for first := 0; first < len(c.values); {
		last := first
		for last < len(c.values) && c.values[last] == c.values[first] {
			last++
		}
		if slices.Contains(f.Layers, c.values[first]) {
			return fmt.Errorf("%s: the features of layer %s are in several places along the axis: expected them side by side", f.Path, c.values[first])
		}
		part := *whole
		part.first, part.size = first, last-first
		f.add(c.values[first], func() (Features, error) { return &part, nil })
		first = last
	}
	return nil
}

// hdf5Features are columns of an HDF5 array, its axes behind the first one
// flattened. It holds what it read last, which the next block may begin with:
// along the second axis whole entries are read.
type hdf5Features struct {
	d           *hdf5.Dataset
	inner       int // elements behind an entry of the second axis
	first, size int // columns

	lo, hi int // entries of the second axis that are held
	held   []float64
}

func (x *hdf5Features) Dims() (stimuli, features int) { return x.d.Shape()[0], x.size }

func (x *hdf5Features) Columns(dst *mat.Dense, from int) error {
	n, width := dst.Dims()
	from += x.first
	lo, hi := from/x.inner, (from+width+x.inner-1)/x.inner
	if lo < x.lo || hi > x.hi {
		shape := x.d.Shape()
		start := make([]int, len(shape))
		start[1], shape[1] = lo, hi-lo
		values, err := x.d.Float64s(start, shape)
		if err != nil {
			return err
		}
		x.lo, x.hi, x.held = lo, hi, values
	}
	stride := (x.hi - x.lo) * x.inner
	for i := range n {
		copy(dst.RawRowView(i), x.held[i*stride+from-x.lo*x.inner:])
	}
	return nil
}
