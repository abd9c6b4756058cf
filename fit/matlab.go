package fit

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"

	"ventral/internal/hdf5"
)

// MATLAB 7.3 writes HDF5 with its axes reversed, since it counts the first axis
// fastest; vectors are matrices with one row or column; text is a matrix of
// UTF-16 units, a row per text, padded with blanks; and a cell array is an array
// of references to what its cells hold, in the group #refs#. The attribute
// MATLAB_class tells which it is.
const matlabCells = "/#refs#/"

// matlabClass is what the dataset was in MATLAB: double, char, cell …; "" when
// it was not written by MATLAB.
func matlabClass(d *hdf5.Dataset) (string, error) {
	class, _, err := d.AttrString("MATLAB_class")
	return class, err
}

// matlabVector is the number of entries of a vector, or of texts in a matrix of
// text; false where it is neither.
func matlabVector(class string, shape []int) (int, bool) {
	switch {
	case len(shape) != 2:
		return 0, false
	case class == "char":
		return shape[1], true
	case shape[0] == 1 || shape[1] == 1:
		return shape[0] * shape[1], true
	}
	return 0, false
}

// matlabTexts reads the texts of a cell array or of a matrix of text; false
// where a cell holds something else.
func matlabTexts(f *hdf5.File, d *hdf5.Dataset, class string) (texts []string, ok bool, err error) {
	if class == "char" {
		texts, err = matlabChars(d)
		return texts, err == nil, err
	}
	cells, err := d.References()
	if err != nil {
		return nil, false, err
	}
	for _, path := range cells {
		if path == "" {
			return nil, false, nil
		}
		cell, err := f.Dataset(path)
		if err != nil {
			return nil, false, err
		}
		if class, err := matlabClass(cell); err != nil || class != "char" {
			return nil, false, err
		}
		rows, err := matlabChars(cell)
		if err != nil {
			return nil, false, err
		}
		texts = append(texts, strings.Join(rows, " "))
	}
	return texts, true, nil
}

// matlabChars reads a matrix of text; on disk its rows run along the last axis.
func matlabChars(d *hdf5.Dataset) ([]string, error) {
	if _, empty, err := d.AttrFloat64s("MATLAB_empty"); err != nil || empty {
		return nil, err
	}
	units, err := d.Int64s(nil, nil)
	if err != nil {
		return nil, err
	}
	shape := d.Shape()
	if len(shape) != 2 {
		return nil, fmt.Errorf("%s: text with %d axes, expected 2", d.Path(), len(shape))
	}
	texts := make([]string, shape[1])
	for row := range texts {
		var text []uint16
		for column := range shape[0] {
			unit := units[column*shape[1]+row]
			if unit < 0 || unit > 0xffff {
				return nil, fmt.Errorf("%s: %d is no unit of UTF-16 text", d.Path(), unit)
			}
			text = append(text, uint16(unit))
		}
		texts[row] = strings.TrimRight(string(utf16.Decode(text)), " \x00")
	}
	return texts, nil
}

func reversed[T any](s []T) []T {
	r := slices.Clone(s)
	slices.Reverse(r)
	return r
}
