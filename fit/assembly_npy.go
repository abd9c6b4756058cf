package fit

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"ventral/internal/npy"
)

// An array file does not name its entries. They may stand in tables beside it,
// with one row per entry of the axis and a header; each column is a coordinate.
const (
	stimulusTable = "_stimuli.csv"  // stimulus_id, …
	neuroidTable  = "_neuroids.csv" // neuroid_id, region, …
)

// readNPY reads responses from a .npy file.
func readNPY(file string, o ReadOptions) (*Assembly, error) {
	h, err := npy.Stat(file)
	if err != nil {
		return nil, err
	}
	t := &table{source: file, shape: h.Shape}
	if t.axes, err = o.axes(nil, h.Shape); err != nil {
		return nil, err
	}
	if err := t.tablesBeside(file); err != nil {
		return nil, err
	}
	values, _, err := npy.ReadFile[float64](file)
	if err != nil {
		return nil, err
	}
	t.read = fromMemory(values, h.Shape)
	return t.assembly(o)
}

// readNPZ reads responses from an .npz file: the array that is asked for, else
// "responses", else the only one. Its axes stand in the array "axes" (text as
// bytes) unless they are given. One-dimensional arrays of whole numbers whose
// names or lengths fit an axis are coordinates.
func readNPZ(file string, o ReadOptions) (*Assembly, error) {
	z, err := npy.OpenZip(file)
	if err != nil {
		return nil, err
	}
	defer z.Close()
	names := z.Names()
	name := o.Dataset
	if name == "" {
		if name = "responses"; !slices.Contains(names, name) {
			if len(names) != 1 {
				return nil, fmt.Errorf("several arrays could be the responses, say which: %s", listed(names))
			}
			name = names[0]
		}
	}
	if !slices.Contains(names, name) {
		return nil, fmt.Errorf("there is no array %q; the file holds %s", name, listed(names))
	}
	h, err := z.Stat(name)
	if err != nil {
		return nil, err
	}
	var axes []string
	if o.Axes == nil && slices.Contains(names, "axes") {
		text, _, err := npy.ReadEntry[uint8](z, "axes")
		if err != nil {
			return nil, err
		}
		axes = strings.Split(string(text), ",")
	}
	t := &table{source: file, shape: h.Shape}
	if t.axes, err = o.axes(axes, h.Shape); err != nil {
		return nil, err
	}
	if err := t.tablesBeside(file); err != nil {
		return nil, err
	}
	for _, other := range names {
		h, err := z.Stat(other)
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
		values, _, err := npy.ReadEntry[int64](z, other)
		if err != nil {
			return nil, err
		}
		c := coordinate{name: other, axis: axis}
		for _, v := range values {
			c.values = append(c.values, strconv.FormatInt(v, 10))
		}
		t.coords = append(t.coords, c)
	}
	values, _, err := npy.ReadEntry[float64](z, name)
	if err != nil {
		return nil, err
	}
	t.read = fromMemory(values, h.Shape)
	return t.assembly(o)
}

// fromMemory reads slabs along the first axis of an array in memory.
func fromMemory(values []float64, shape []int) func(start, count []int) ([]float64, error) {
	inner := 1
	for _, n := range shape[1:] {
		inner *= n
	}
	return func(start, count []int) ([]float64, error) {
		return values[start[0]*inner : (start[0]+count[0])*inner], nil
	}
}

// tablesBeside reads the coordinates that stand in the tables beside an array.
func (t *table) tablesBeside(file string) error {
	for _, suffix := range []string{stimulusTable, neuroidTable} {
		path := beside(file, suffix)
		axis := t.axis(axisNeuroid)
		if suffix == stimulusTable {
			if axis = t.axis(axisStimulus); axis < 0 {
				axis = t.axis(axisPresentation)
			}
		}
		rows, err := readTable(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if len(rows)-1 != t.shape[axis] {
			return fmt.Errorf("%s has %d rows for %d entries of the axis %s (%s)", path, len(rows)-1, t.shape[axis], t.axes[axis], t.named())
		}
		for j, name := range rows[0] {
			c := coordinate{name: name, axis: axis}
			for _, row := range rows[1:] {
				c.values = append(c.values, row[j])
			}
			t.coords = append(t.coords, c)
		}
	}
	return nil
}

// beside is the name of a table beside a file: responses.npz → responses_stimuli.csv.
func beside(file, suffix string) string {
	if i := strings.LastIndexByte(file, '.'); i >= 0 {
		file = file[:i]
	}
	return file + suffix
}

// readTable reads a CSV with a header, all rows of one length.
func readTable(path string) ([][]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("%s is empty: expected a header", path)
	}
	return rows, nil
}
