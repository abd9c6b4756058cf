package fit

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"ventral/internal/npy"
)

// npyRecordings is a .npy file.
type npyRecordings struct {
	name   string
	header npy.Header
	matrix *npy.Matrix // nil: not opened
}

func openNPY(name string) (recordings, error) {
	h, err := npy.Stat(name)
	return &npyRecordings{name: name, header: h}, err
}

func (r *npyRecordings) Close() error {
	if r.matrix == nil {
		return nil
	}
	return r.matrix.Close()
}

func (r *npyRecordings) arrays() ([]Array, error) {
	return []Array{{Name: filepath.Base(r.name), Type: typeWords(r.header.DType), Shape: r.header.Shape}}, nil
}

func (r *npyRecordings) table(o ReadOptions) (*table, error) {
	t := &table{source: r.name, array: filepath.Base(r.name), shape: r.header.Shape}
	var err error
	if t.axes, err = o.axes(nil, t.shape); err != nil {
		return nil, err
	}
	if err := t.addTables(o, true); err != nil {
		return nil, err
	}
	if inParts(r.header) {
		if r.matrix, err = npy.OpenMatrix(r.name); err != nil {
			return nil, err
		}
		t.read = fromRows(r.matrix)
		return t, nil
	}
	values, _, err := npy.ReadFile[float64](r.name)
	if err != nil {
		return nil, err
	}
	t.read = fromMemory(values, t.shape)
	return t, nil
}

// inParts tells whether slabs along the first axis of an array can be read.
func inParts(h npy.Header) bool { return !h.Fortran && len(h.Shape) > 1 && elements(h.Shape) > 0 }

// fromRows reads slabs along the first axis of an array in a file, always into
// the same memory.
func fromRows(m *npy.Matrix) func(start, count []int) ([]float64, error) {
	var slab []float64
	return func(start, count []int) ([]float64, error) {
		slab = slices.Grow(slab[:0], count[0]*m.Columns)[:count[0]*m.Columns]
		return slab, npy.ReadRows(m, start[0], start[0]+count[0], slab)
	}
}

// npzRecordings is an .npz file.
type npzRecordings struct {
	*npy.Zip
	name string
}

func openNPZ(name string) (recordings, error) {
	z, err := npy.OpenZip(name)
	return &npzRecordings{z, name}, err
}

func (r *npzRecordings) arrays() ([]Array, error) {
	var arrays []Array
	for _, name := range r.Names() {
		if _, shape, isText, err := r.Texts(name); err != nil {
			return nil, err
		} else if isText {
			arrays = append(arrays, Array{Name: name, Type: "text", Shape: shape})
			continue
		}
		h, err := r.Stat(name)
		if err != nil {
			return nil, err
		}
		arrays = append(arrays, Array{Name: name, Type: typeWords(h.DType), Shape: h.Shape})
	}
	return arrays, nil
}

// matrices are the arrays of numbers with several axes.
func (r *npzRecordings) matrices() ([]string, error) {
	arrays, err := r.arrays()
	var names []string
	for _, a := range arrays {
		if a.Type != "text" && len(a.Shape) > 1 {
			names = append(names, a.Name)
		}
	}
	return names, err
}

// table takes the array that is asked for, else "responses", else the only one
// of numbers with several axes.
// Its axes stand in the array "axes" (text, or its bytes) unless they are given.
// One-dimensional arrays of text and of whole numbers whose names or lengths fit an axis are
// coordinates.
func (r *npzRecordings) table(o ReadOptions) (*table, error) {
	names := r.Names()
	name := o.Dataset
	if name == "" {
		if name = "responses"; !slices.Contains(names, name) {
			candidates, err := r.matrices()
			if err != nil {
				return nil, err
			}
			if len(names) == 1 {
				candidates = names
			}
			if len(candidates) != 1 {
				return nil, fmt.Errorf("several arrays could be the responses, say which: %s", listed(names))
			}
			name = candidates[0]
		}
	}
	if !slices.Contains(names, name) {
		return nil, unknown(name, names, "there is no array %q; the file holds %s", name, listed(names))
	}
	h, err := r.Stat(name)
	if err != nil {
		return nil, err
	}
	var axes []string
	if len(o.Axes) == 0 && slices.Contains(names, "axes") {
		if axes, err = r.axes(); err != nil {
			return nil, err
		}
	}
	t := &table{source: r.name, array: name, shape: h.Shape}
	if t.axes, err = o.axes(axes, h.Shape); err != nil {
		return nil, err
	}
	if err := t.addTables(o, true); err != nil {
		return nil, err
	}
	for _, other := range names {
		texts, shape, isText, err := r.Texts(other)
		if err != nil {
			return nil, err
		}
		if isText {
			if len(shape) != 1 || other == "axes" {
				continue
			}
			if axis, err := t.axisOf(other, shape[0]); err != nil {
				return nil, err
			} else if axis >= 0 {
				t.coords = append(t.coords, coordinate{name: other, axis: axis, values: texts})
			}
			continue
		}
		h, err := r.Stat(other)
		if err != nil {
			return nil, err
		}
		if other == name || other == "axes" || len(h.Shape) != 1 || !strings.ContainsAny(h.DType, "iub") {
			continue
		}
		axis, err := t.axisOf(other, h.Shape[0])
		if err != nil {
			return nil, err
		}
		if axis < 0 {
			continue
		}
		values, _, err := npy.ReadEntry[int64](r.Zip, other)
		if err != nil {
			return nil, err
		}
		t.coords = append(t.coords, newInts(other, axis, values))
	}
	if inParts(h) && r.Stored(name) {
		m, err := r.Matrix(name)
		if err != nil {
			return nil, err
		}
		t.read = fromRows(m)
		return t, nil
	}
	values, _, err := npy.ReadEntry[float64](r.Zip, name)
	if err != nil {
		return nil, err
	}
	t.read = fromMemory(values, h.Shape)
	return t, nil
}

// axes are the names in the array "axes": one text with commas, a text for each,
// or the bytes of the one text.
func (r *npzRecordings) axes() ([]string, error) {
	texts, _, isText, err := r.Texts("axes")
	if err != nil {
		return nil, err
	}
	if !isText {
		text, _, err := npy.ReadEntry[uint8](r.Zip, "axes")
		if err != nil {
			return nil, err
		}
		texts = []string{string(text)}
	}
	return strings.Split(strings.Join(texts, ","), ","), nil
}

// typeWords writes a dtype as NumPy names it: <f4 is float32.
func typeWords(dtype string) string {
	dtype = strings.TrimLeft(dtype, "<>|=")
	var bytes int
	if _, err := fmt.Sscanf(dtype[min(1, len(dtype)):], "%d", &bytes); err != nil {
		return dtype
	}
	switch dtype[0] {
	case 'f':
		return fmt.Sprintf("float%d", 8*bytes)
	case 'i':
		return fmt.Sprintf("int%d", 8*bytes)
	case 'u':
		return fmt.Sprintf("uint%d", 8*bytes)
	case 'b':
		return "bool"
	}
	return dtype
}

// fromMemory reads slabs along the first axis of an array in memory.
func fromMemory(values []float64, shape []int) func(start, count []int) ([]float64, error) {
	inner := elements(shape[1:])
	return func(start, count []int) ([]float64, error) {
		return values[start[0]*inner : (start[0]+count[0])*inner], nil
	}
}
