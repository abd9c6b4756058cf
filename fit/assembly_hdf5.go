package fit

import (
	"cmp"
	"fmt"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"

	"ventral/internal/hdf5"
)

// hdf5Recordings is a netCDF-4 assembly, an array in a plain HDF5 file, or one
// that MATLAB wrote.
type hdf5Recordings struct {
	*hdf5.File
	name  string
	paths []string // of its datasets, without what cells refer to
	cells int      // of those
}

func openHDF5(name string) (recordings, error) {
	f, err := hdf5.Open(name)
	if err != nil {
		return nil, err
	}
	r := &hdf5Recordings{File: f, name: name}
	all, err := f.Datasets()
	if err != nil {
		f.Close()
		return nil, err
	}
	for _, p := range all {
		if strings.HasPrefix(p, matlabCells) {
			r.cells++
		} else {
			r.paths = append(r.paths, p)
		}
	}
	return r, nil
}

func (r *hdf5Recordings) arrays() ([]Array, error) {
	var arrays []Array
	for _, p := range r.paths {
		d, err := r.Dataset(p)
		if err != nil {
			return nil, err
		}
		class, err := matlabClass(d)
		if err != nil {
			return nil, err
		}
		a := Array{Name: p, Type: d.Type(), Shape: d.Shape(), Dims: d.Dims()}
		if class != "" {
			a.Type, a.Shape = "MATLAB "+class, reversed(a.Shape)
		}
		if d.IsPlaceholder() {
			a.Type = "dimension"
		}
		switch n := elements(a.Shape); {
		case class == "char":
			lines, err := matlabChars(d)
			if err != nil {
				return nil, err
			}
			a.Content = strings.TrimSpace(strings.Join(lines, " "))
		case n == 1 && numeric(d):
			values, err := d.Float64s(nil, nil)
			if err != nil {
				return nil, err
			}
			a.Content = strconv.FormatFloat(values[0], 'g', -1, 64)
		}
		if slices.Equal(a.Dims, make([]string, len(a.Shape))) {
			a.Dims = nil
		}
		arrays = append(arrays, a)
	}
	if r.cells > 0 {
		arrays = append(arrays, Array{Name: matlabCells, Type: "what cells hold", Shape: []int{r.cells}})
	}
	return arrays, nil
}

// table reads coordinates; the responses are the dataset that is asked for; else
// the variable with a coordinates attribute, as netCDF-4 has it, whatever its
// name; else the only array of numbers with 3 axes, or with 2. Coordinates are
// the one-dimensional datasets beside it.
func (r *hdf5Recordings) table(o ReadOptions) (*table, error) {
	data, err := r.responses(o.Dataset)
	if err != nil {
		return nil, err
	}
	class, err := matlabClass(data)
	if err != nil {
		return nil, err
	}
	t := &table{source: r.name, array: data.Path(), shape: data.Shape()}
	if class == "" {
		t.axes, err = o.axes(axesOf(data), t.shape)
	} else if t.axes, err = o.axes(nil, reversed(t.shape)); err == nil {
		slices.Reverse(t.axes)
	} else {
		err = fmt.Errorf("%w, in MATLAB's order, that of size(x)", err)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", data.Path(), err)
	}
	var beside []*hdf5.Dataset
	for _, p := range r.paths {
		if path.Dir(p) == path.Dir(data.Path()) && p != data.Path() {
			d, err := r.Dataset(p)
			if err != nil {
				return nil, err
			}
			beside = append(beside, d)
		}
	}
	slices.SortStableFunc(beside, func(a, b *hdf5.Dataset) int { return cmp.Compare(a.Created(), b.Created()) })
	for _, d := range beside {
		if err := r.addCoordinate(t, d, data.Dims()); err != nil {
			return nil, err
		}
	}
	if err := t.addTables(o, false); err != nil {
		return nil, err
	}
	fill, filled, err := data.FillValue()
	if err != nil {
		return nil, err
	}
	t.read = func(start, count []int) ([]float64, error) {
		values, err := data.Float64s(start, count)
		if filled {
			fillsMissing(values, fill)
		}
		return values, err
	}
	return t, nil
}

// fillsMissing makes NaN of the values that stand for a missing number.
func fillsMissing(values []float64, fill float64) {
	for i, v := range values {
		if v == fill {
			values[i] = math.NaN()
		}
	}
}

// responses finds the dataset of responses.
func (r *hdf5Recordings) responses(wanted string) (*hdf5.Dataset, error) {
	if wanted != "" {
		d, err := r.Dataset(wanted)
		if err != nil {
			return nil, unknown(wanted, r.paths, "there is no dataset %q; the file holds %s", wanted, listed(r.paths))
		}
		if !numeric(d) {
			return nil, fmt.Errorf("%s holds %v: expected an array of numbers", d.Path(), d.Kind())
		}
		return d, nil
	}
	var variables, cubes, matrices []*hdf5.Dataset
	for _, p := range r.paths {
		d, err := r.Dataset(p)
		if err != nil {
			return nil, err
		}
		class, err := matlabClass(d)
		if err != nil {
			return nil, err
		}
		if _, vector := matlabVector(class, d.Shape()); !numeric(d) || d.IsScale() || class != "" && vector {
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
	return nil, fmt.Errorf("no dataset is evidently the responses, an array of numbers with 2 or 3 axes: say which; the file holds %s", listed(r.paths))
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

// addCoordinate reads d if it is a coordinate of t, whose data has the
// dimensions dims: along an axis by its dimension scale; by its name, where it
// has one that says it; or by its length, if that is the length of one axis.
func (r *hdf5Recordings) addCoordinate(t *table, d *hdf5.Dataset, dims []string) error {
	if d.IsPlaceholder() || d.Kind() == hdf5.Other {
		return nil
	}
	class, err := matlabClass(d)
	if err != nil {
		return err
	}
	shape := d.Shape()
	entries, vector := matlabVector(class, shape)
	if class == "" {
		if vector = len(shape) == 1; vector {
			entries = shape[0]
		}
	}
	if !vector {
		return nil
	}
	name, axis := strings.TrimSuffix(hdf5.Name(d.Path()), "_"), 0
	if dim := d.Dims()[0]; dim != "" {
		axis = slices.Index(dims, dim)
	} else if axis, err = t.axisOf(name, entries); err != nil {
		return err
	}
	if axis < 0 {
		return nil
	}
	if entries != t.shape[axis] {
		return fmt.Errorf("%s has %d values for %d entries of the axis %s (%s)", d.Path(), entries, t.shape[axis], t.axes[axis], t.named())
	}
	c := coordinate{name: name, axis: axis}
	switch {
	case class == "char" || class == "cell":
		var ok bool
		if c.values, ok, err = matlabTexts(r.File, d, class); err == nil && !ok {
			return nil
		}
	case d.Kind() == hdf5.Text:
		c.values, err = d.Strings(nil, nil)
	case d.Kind() == hdf5.Integer:
		var v []int64
		v, err = d.Int64s(nil, nil)
		c = newInts(name, axis, v)
	case d.Kind() == hdf5.Float:
		var v []float64
		v, err = d.Float64s(nil, nil)
		c = newFloats(name, axis, v)
	default:
		return nil
	}
	if err == nil && len(c.values) != entries {
		err = fmt.Errorf("%s: %d values where %d were announced", d.Path(), len(c.values), entries)
	}
	if err != nil {
		return err
	}
	t.coords = append(t.coords, c)
	return nil
}
