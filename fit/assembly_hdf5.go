package fit

import (
	"fmt"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"

	"ventral/internal/hdf5"
)

// readHDF5 reads a netCDF-4 assembly or an array in a plain HDF5 file. The
// responses are the dataset that is asked for; else the variable with a
// coordinates attribute, as netCDF-4 has it, whatever its name; else the only
// array of numbers with 3 axes, or with 2. Coordinates are the one-dimensional
// datasets beside it.
func readHDF5(file string, o ReadOptions) (*Assembly, error) {
	f, err := hdf5.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	paths, err := f.Datasets()
	if err != nil {
		return nil, err
	}
	data, err := responses(f, paths, o.Dataset)
	if err != nil {
		return nil, err
	}
	t := &table{source: file, shape: data.Shape()}
	dims := data.Dims()
	if t.axes, err = o.axes(axesOf(data), t.shape); err != nil {
		return nil, fmt.Errorf("%s: %w", data.Path(), err)
	}
	for _, p := range paths {
		if path.Dir(p) != path.Dir(data.Path()) || p == data.Path() {
			continue
		}
		d, err := f.Dataset(p)
		if err != nil {
			return nil, err
		}
		c, ok, err := t.hdf5Coordinate(d, dims)
		if err != nil {
			return nil, err
		}
		if ok {
			t.coords = append(t.coords, c)
		}
	}
	fill, filled, err := data.FillValue()
	if err != nil {
		return nil, err
	}
	t.read = func(start, count []int) ([]float64, error) {
		values, err := data.Float64s(start, count)
		if filled && !math.IsNaN(fill) {
			for i, v := range values {
				if v == fill {
					values[i] = math.NaN()
				}
			}
		}
		return values, err
	}
	return t.assembly(o)
}

// responses finds the dataset of responses.
func responses(f *hdf5.File, paths []string, wanted string) (*hdf5.Dataset, error) {
	if wanted != "" {
		d, err := f.Dataset(wanted)
		if err != nil {
			return nil, fmt.Errorf("%w; the file holds %s", err, listed(paths))
		}
		if !numeric(d) {
			return nil, fmt.Errorf("%s holds %v: expected an array of numbers", d.Path(), d.Kind())
		}
		return d, nil
	}
	var variables, cubes, matrices []*hdf5.Dataset
	for _, p := range paths {
		d, err := f.Dataset(p)
		if err != nil {
			return nil, err
		}
		if !numeric(d) || d.IsScale() {
			continue
		}
		if _, ok, err := d.AttrString("coordinates"); err != nil {
			return nil, err
		} else if ok {
			variables = append(variables, d)
		}
		switch len(d.Shape()) {
		case 3:
			cubes = append(cubes, d)
		case 2:
			matrices = append(matrices, d)
		}
	}
	for _, candidates := range [][]*hdf5.Dataset{variables, cubes, matrices} {
		if len(candidates) == 1 {
			return candidates[0], nil
		}
		if len(candidates) > 1 {
			var names []string
			for _, d := range candidates {
				names = append(names, fmt.Sprintf("%s (%s)", d.Path(), shapeWords(d.Shape())))
			}
			return nil, fmt.Errorf("several datasets could be the responses, say which: %s", listed(names))
		}
	}
	return nil, fmt.Errorf("no dataset can be responses, which are an array of numbers with 2 or 3 axes; the file holds %s", listed(paths))
}

func numeric(d *hdf5.Dataset) bool { return d.Kind() == hdf5.Float || d.Kind() == hdf5.Integer }

// axesOf names the axes by the attribute dimensions ("stimulus,repetition,
// neuroid", or a list) or by the dimension scales; nil where the file does not.
func axesOf(d *hdf5.Dataset) []string {
	if names, ok, err := d.AttrStrings("dimensions"); err == nil && ok {
		if len(names) == 1 {
			names = strings.FieldsFunc(names[0], func(r rune) bool { return r == ',' || r == ' ' })
		}
		return names
	}
	names := d.Dims()
	if slices.Contains(names, "") {
		return nil
	}
	for i, n := range names {
		names[i] = path.Base(n)
	}
	return names
}

// hdf5Coordinate reads d if it is a coordinate of t, whose data has the
// dimensions dims: along an axis by its dimension scale; by its name, where it
// has one that says it; or by its length, if that is the length of one axis.
func (t *table) hdf5Coordinate(d *hdf5.Dataset, dims []string) (coordinate, bool, error) {
	shape := d.Shape()
	if len(shape) != 1 || d.IsPlaceholder() || d.Kind() == hdf5.Other {
		return coordinate{}, false, nil
	}
	c := coordinate{name: strings.TrimSuffix(hdf5.Name(d.Path()), "_"), axis: -1}
	if dim := d.Dims()[0]; dim != "" {
		c.axis = slices.Index(dims, dim)
	} else {
		var err error
		if c.axis, err = t.axisOf(c.name, shape[0]); err != nil {
			return c, false, err
		}
	}
	if c.axis < 0 {
		return c, false, nil
	}
	if shape[0] != t.shape[c.axis] {
		return c, false, fmt.Errorf("%s has %d values for %d entries of the axis %s", d.Path(), shape[0], t.shape[c.axis], t.axes[c.axis])
	}
	var err error
	switch d.Kind() {
	case hdf5.Text:
		c.values, err = d.Strings(nil, nil)
	case hdf5.Integer:
		var v []int64
		v, err = d.Int64s(nil, nil)
		for _, x := range v {
			c.values = append(c.values, strconv.FormatInt(x, 10))
		}
	case hdf5.Float:
		var v []float64
		v, err = d.Float64s(nil, nil)
		for _, x := range v {
			c.values = append(c.values, strconv.FormatFloat(x, 'g', -1, 64))
		}
	}
	return c, err == nil, err
}

// coordinateAxis says along which axis the coordinates run whose names tell.
var coordinateAxis = map[string]string{
	"stimulus_id": axisStimulus,
	"image_id":    axisStimulus,
	"object_name": axisStimulus,
	"repetition":  axisPresentation,
	"neuroid_id":  axisNeuroid,
	"region":      axisNeuroid,
	"animal":      axisNeuroid,
}

// axisOf finds the axis of a coordinate from its name, or else from its length
// if that fits one axis only; −1 if there is none.
func (t *table) axisOf(name string, length int) (int, error) {
	if axis, ok := coordinateAxis[name]; ok {
		k := t.axis(axis)
		if k < 0 && axis == axisStimulus {
			k = t.axis(axisPresentation)
		}
		if k >= 0 && t.shape[k] != length {
			return k, fmt.Errorf("%s has %d values for %d entries of the axis %s (%s)", name, length, t.shape[k], t.axes[k], t.named())
		}
		return k, nil
	}
	found := -1
	for k, n := range t.shape {
		if n == length {
			if found >= 0 {
				return -1, nil
			}
			found = k
		}
	}
	return found, nil
}
