//go:build cgo

package hdf5

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"errors"
	"fmt"
	"math"
	"path"
	"slices"
	"strings"
	"unsafe"

	"gonum.org/v1/hdf5"
)

const maxRank = 32 // the library's

// Dataset is an array in a file. What it is, is known when it was opened; its elements and attributes are read when asked for.
type Dataset struct {
	file     *File
	path     string
	handle   *hdf5.Dataset
	shape    []int
	elements elements
	dims     []string

	scale, placeholder bool
}

// Path is the absolute path in the file. See Name for what to show.
func (d *Dataset) Path() string { return d.path }

// Shape is empty for a single value. A dataset declared to hold nothing at all (a null dataspace) has the shape [0].
func (d *Dataset) Shape() []int { return slices.Clone(d.shape) }

// Kind is what the elements are.
func (d *Dataset) Kind() Kind { return d.elements.kind }

// Type names the elements as NumPy does, float32 or uint16, where they are numbers, and else in words: text, references, records.
func (d *Dataset) Type() string {
	e := d.elements
	switch {
	case e.kind == Float:
		return fmt.Sprintf("float%d", 8*e.C.size)
	case e.kind == Integer && e.C.is_unsigned != 0:
		return fmt.Sprintf("uint%d", 8*e.C.size)
	case e.kind == Integer:
		return fmt.Sprintf("int%d", 8*e.C.size)
	}
	return e.what
}

// Created is the dataset's place among what was made in its group, −1 where the file does not keep the order. NetCDF-4 does: its
// variables are in that order.
func (d *Dataset) Created() int64 {
	defer lock()()
	if d.file.handle == nil {
		return -1
	}
	c := C.CString(d.path)
	defer C.free(unsafe.Pointer(c))
	return int64(C.shim_created(C.hid_t(d.file.handle.ID()), c))
}

// Dims names every axis after the dimension scale attached to it (its path without the group), else by the axis's label; "" where there is
// neither. A scale names its first axis itself.
func (d *Dataset) Dims() []string { return slices.Clone(d.dims) }

// IsScale tells whether the dataset is a dimension scale. In netCDF-4 those are the coordinates with the name of their dimension.
func (d *Dataset) IsScale() bool { return d.scale }

// IsPlaceholder tells whether the dataset is a scale without content, which stands for a netCDF dimension without coordinate.
func (d *Dataset) IsPlaceholder() bool { return d.placeholder }

func (d *Dataset) id() C.hid_t { return C.hid_t(d.handle.ID()) }

// inspect fills in what is known of a dataset that was just opened.
func (d *Dataset) inspect() error {
	space := d.handle.Space()
	if space == nil {
		return libraryError()
	}
	defer space.Close()
	var err error
	if d.shape, err = shapeOf(space); err != nil {
		return err
	}
	if d.elements, err = describe(d.id()); err != nil {
		return err
	}
	is := C.shim_is_scale(d.id())
	if is < 0 {
		return fmt.Errorf("its attribute CLASS: %w", libraryError())
	}
	d.scale = is > 0
	if d.scale {
		name, _, err := d.text("NAME")
		if err != nil {
			return err
		}
		d.placeholder = len(name) == 1 && strings.HasPrefix(name[0], "This is a netCDF dimension but not a netCDF variable")
	}
	d.dims = make([]string, len(d.shape))
	if space.SimpleExtentType() == hdf5.S_NULL {
		return nil
	}
	// The labels are read here: H5DSget_label frees what it never set when the attribute is damaged.
	labels, _, err := d.text("DIMENSION_LABELS")
	if err != nil {
		return err
	}
	copy(d.dims, labels)
	for axis := range d.dims {
		if d.scale {
			if axis == 0 {
				d.dims[axis] = path.Base(d.path)
			}
			continue
		}
		names, err := takeNames(func(names *C.shim_names) C.int { return C.shim_dimension(d.id(), C.uint(axis), names) })
		if err != nil {
			return fmt.Errorf("the name of axis %d: %w", axis, err)
		}
		if len(names) > 0 && names[0] != "" {
			d.dims[axis] = path.Base(names[0])
		}
	}
	return nil
}

// shapeOf is the extent of a dataspace whose elements can be counted.
func shapeOf(space *hdf5.Dataspace) ([]int, error) {
	switch space.SimpleExtentType() {
	case hdf5.S_NULL:
		return []int{0}, nil
	case hdf5.S_SCALAR:
		return []int{}, nil
	}
	rank := space.SimpleExtentNDims()
	if rank < 0 || rank > maxRank {
		return nil, fmt.Errorf("%d axes, expected at most %d", rank, maxRank)
	}
	if rank == 0 {
		return []int{}, nil
	}
	dims, _, err := space.SimpleExtentDims()
	if err != nil {
		return nil, libraryError()
	}
	shape := make([]int, rank)
	for i, n := range dims {
		if n > math.MaxInt {
			return nil, fmt.Errorf("shape %v is too large", dims)
		}
		shape[i] = int(n)
	}
	if _, ok := product(shape); !ok {
		return nil, fmt.Errorf("shape %v has more elements than can be counted", shape)
	}
	return shape, nil
}

// product counts the elements of a shape; false when they cannot be counted.
func product(shape []int) (n int, ok bool) {
	n = 1
	for _, k := range shape {
		if k == 0 {
			return 0, true
		}
		if n > math.MaxInt/k {
			return 0, false
		}
		n *= k
	}
	return n, true
}

// Attributes lists the names of the dataset's attributes, sorted.
func (d *Dataset) Attributes() ([]string, error) {
	defer lock()()
	if err := d.open(); err != nil {
		return nil, err
	}
	names, err := takeNames(func(names *C.shim_names) C.int { return C.shim_attributes(d.id(), names) })
	if err != nil {
		return nil, d.errorf("listing its attributes: %w", err)
	}
	slices.Sort(names)
	return names, nil
}

// open returns an error when the file was closed.
func (d *Dataset) open() error {
	if d.file.handle == nil {
		return d.errorf("%w", errClosed)
	}
	return nil
}

// errorf names the file and the dataset before an error.
func (d *Dataset) errorf(format string, args ...any) error {
	return fmt.Errorf("%s: %s: %w", d.file.name, d.path, fmt.Errorf(format, args...))
}

var errElsewhere = errors.New("its data lie in other files (external storage or a virtual dataset), which is not supported; copy it with h5repack")
