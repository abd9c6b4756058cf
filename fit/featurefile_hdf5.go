package fit

import (
	"fmt"
	"path"
	"slices"
	"strings"

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
	var arrays []*hdf5.Dataset
	called := map[string]int{} // arrays of a name, in any group
	for _, p := range paths {
		d, err := file.Dataset(p)
		if err != nil {
			return err
		}
		if numeric(d) && !d.IsScale() && len(d.Shape()) > 1 {
			arrays = append(arrays, d)
			called[hdf5.Name(p)]++
		}
	}
	rows := 0 // of the arrays so far
	for _, d := range arrays {
		p, shape := d.Path(), d.Shape()
		if slices.Contains(shape, 0) {
			return fmt.Errorf("%s: %s is empty (%s)", f.Path, p, shapeWords(shape))
		}
		class, err := matlabClass(d)
		if err != nil {
			return err
		}
		name := hdf5.Name(p)
		if called[name] > 1 {
			name = strings.TrimPrefix(p, "/")
		}
		names := axesOf(d)
		x := &hdf5Features{d: d, across: class != "" || len(names) == 2 && axisNamed(names[0]) == axisNeuroid}
		if x.across && len(shape) > 2 {
			return fmt.Errorf("%s: %s has %d axes, and MATLAB has them in reverse: save it as a matrix, stimuli × features", f.Path, p, len(shape))
		}
		if n, _ := x.Dims(); rows != 0 && rows != n {
			return fmt.Errorf("%s: %s has %d rows and the arrays before it %d: all layers must have the same stimuli", f.Path, p, n, rows)
		}
		rows, _ = x.Dims()
		if x.fill, x.filled, err = d.FillValue(); err != nil {
			return err
		}
		if err := f.hdf5Layers(file, name, x, paths); err != nil {
			return err
		}
	}
	if len(f.Layers) == 0 {
		return fmt.Errorf("%s: no array of numbers has two or more axes, as features do (stimuli × features); it holds %s", f.Path, listed(paths))
	}
	return nil
}

// hdf5Layers adds the layers of an array, which is called name where it is one.
func (f *FeatureFile) hdf5Layers(file *hdf5.File, name string, whole *hdf5Features, paths []string) error {
	d := whole.d
	t := &table{source: f.Path, shape: d.Shape(), axes: slices.Repeat([]string{""}, len(d.Shape()))}
	stimuli, features := 0, 1
	if whole.across {
		stimuli, features = 1, 0
	}
	t.axes[stimuli], t.axes[features] = axisStimulus, axisNeuroid
	r := &hdf5Recordings{File: file, name: f.Path}
	for _, p := range paths {
		along := hdf5.Name(p)
		if path.Dir(p) != path.Dir(d.Path()) || along != "layer" && along != "stimulus_id" && along != "image_id" {
			continue
		}
		beside, err := file.Dataset(p)
		if err != nil {
			return err
		}
		if err := r.addCoordinate(t, beside, d.Dims()); err != nil {
			return err
		}
	}
	if c, ok := t.coordinate(stimulusNames...); ok && c.axis == stimuli {
		if f.StimulusIDs != nil && !slices.Equal(f.StimulusIDs, c.values) {
			return fmt.Errorf("%s: the %s of %s names other stimuli than that of the arrays before it, or in another order: all layers must have the same rows; keep the others in files of their own", f.Path, c.name, d.Path())
		}
		f.StimulusIDs = c.values
	}
	_, whole.size = whole.Dims()
	c, ok := t.coordinate("layer")
	if !ok || c.axis != features || len(t.shape) > 2 {
		f.add(name, func() (Features, error) { return whole, nil })
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
// flattened, or rows of one that lies across, features × stimuli. It holds what
// it read last, which the next block may begin with: along the axis of features
// whole entries are read.
type hdf5Features struct {
	d           *hdf5.Dataset
	across      bool
	first, size int // columns; 0 = all
	fill        float64
	filled      bool // fill stands for a missing number

	lo, hi int // entries along the axis of features that are held
	held   []float64
}

func (x *hdf5Features) Dims() (stimuli, features int) {
	shape := x.d.Shape()
	if x.across {
		slices.Reverse(shape)
	}
	if x.size > 0 {
		return shape[0], x.size
	}
	return shape[0], elements(shape[1:])
}

func (x *hdf5Features) Columns(dst *mat.Dense, from int) error {
	n, width := dst.Dims()
	from += x.first
	shape := x.d.Shape()
	axis, inner := 0, 1 // inner: elements behind an entry of the axis of features
	if !x.across {
		axis, inner = 1, elements(shape[2:])
	}
	lo, hi := from/inner, (from+width+inner-1)/inner
	if lo < x.lo || hi > x.hi {
		start := make([]int, len(shape))
		start[axis], shape[axis] = lo, hi-lo
		values, err := x.d.Float64s(start, shape)
		if err != nil {
			return err
		}
		if x.filled {
			fillsMissing(values, x.fill)
		}
		x.lo, x.hi, x.held = lo, hi, values
	}
	if x.across {
		for j := range width {
			for i, v := range x.held[(from-x.lo+j)*n : (from-x.lo+j+1)*n] {
				dst.Set(i, j, v)
			}
		}
	} else {
		stride := (x.hi - x.lo) * inner
		for i := range n {
			copy(dst.RawRowView(i), x.held[i*stride+from-x.lo*inner:])
		}
	}
	if from+width == x.first+x.size { // the end of a pass
		x.lo, x.hi, x.held = 0, 0, nil
	}
	return nil
}

func (x *hdf5Features) buffer(width int) int64 {
	n, _ := x.Dims()
	inner := 1
	if !x.across {
		inner = elements(x.d.Shape()[2:])
	}
	return float64s(n * ((width + inner - 1) / inner * inner))
}
