//go:build cgo

package hdf5

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"fmt"
	"unsafe"

	"gonum.org/v1/hdf5"
)

// AttrString reads an attribute that is one text; false when there is no such attribute.
func (d *Dataset) AttrString(name string) (string, bool, error) {
	text, ok, err := d.AttrStrings(name)
	if !ok || err != nil {
		return "", false, err
	}
	if len(text) != 1 {
		return "", false, d.errorf("attribute %q has %d texts, expected one", name, len(text))
	}
	return text[0], true, nil
}

// AttrStrings reads an attribute of texts; false when there is no such attribute.
func (d *Dataset) AttrStrings(name string) ([]string, bool, error) {
	defer lock()()
	if err := d.open(); err != nil {
		return nil, false, err
	}
	text, ok, err := d.text(name)
	if err != nil {
		return nil, false, d.errorf("%w", err)
	}
	return text, ok, nil
}

// AttrFloat64s reads an attribute of numbers; false when there is no such attribute.
func (d *Dataset) AttrFloat64s(name string) ([]float64, bool, error) {
	defer lock()()
	if err := d.open(); err != nil {
		return nil, false, err
	}
	x, ok, err := attributeNumbers[float64](d, name)
	if err != nil {
		return nil, false, d.errorf("%w", err)
	}
	return x, ok, nil
}

// FillValue is what stands for a missing number (the attribute _FillValue); false for text and where there is none.
func (d *Dataset) FillValue() (float64, bool, error) {
	if d.Kind() != Float && d.Kind() != Integer {
		return 0, false, nil
	}
	x, ok, err := d.AttrFloat64s("_FillValue")
	if !ok || err != nil {
		return 0, false, err
	}
	if len(x) != 1 {
		return 0, false, d.errorf("attribute %q has %d numbers, expected one", "_FillValue", len(x))
	}
	return x[0], true, nil
}

// fillInt64 is the fill value of whole numbers, without the rounding to float64.
func (d *Dataset) fillInt64() (int64, bool, error) {
	x, ok, err := attributeNumbers[int64](d, "_FillValue")
	if err != nil {
		return 0, false, d.errorf("%w", err)
	}
	return append(x, 0)[0], ok && len(x) == 1, nil
}

func (d *Dataset) text(name string) (text []string, ok bool, err error) {
	ok, err = d.attribute(name, func(id C.hid_t, e elements, n int) error {
		if e.kind != Text {
			return fmt.Errorf("is %s, expected text", e.what)
		}
		text, err = readTexts(id, e, 0, 0, n, slack)
		return err
	})
	return text, ok, err
}

func attributeNumbers[T float64 | int64](d *Dataset, name string) (x []T, ok bool, err error) {
	ok, err = d.attribute(name, func(id C.hid_t, e elements, n int) error {
		if e.kind != Float && e.kind != Integer {
			return fmt.Errorf("is %s, expected numbers", e.what)
		}
		x, err = readNumbers[T](id, 0, 0, n)
		return err
	})
	return x, ok, err
}

// attribute opens an attribute of n elements, whose size was compared with the file's, and calls read; false when it is not there.
func (d *Dataset) attribute(name string, read func(id C.hid_t, e elements, n int) error) (bool, error) {
	fail := func(err error) (bool, error) { return false, fmt.Errorf("attribute %q: %w", name, err) }
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	switch is := C.shim_has_attribute(d.id(), c); {
	case is < 0:
		return fail(libraryError())
	case is == 0:
		return false, nil
	}
	a, err := d.handle.OpenAttribute(name)
	if err != nil {
		return fail(libraryError())
	}
	defer a.Close()
	id := C.hid_t(a.ID())
	e, err := describe(id)
	if err != nil {
		return fail(err)
	}
	space := a.Space()
	if space == nil {
		return fail(libraryError())
	}
	defer space.Close()
	n, err := count(space)
	if err != nil {
		return fail(err)
	}
	if n > 0 && (uint64(e.C.size) > uint64(d.file.size) || uint64(n) > uint64(d.file.size)/uint64(e.C.size)) {
		return fail(fmt.Errorf("damaged: %d elements of %d bytes in a file of %d", n, e.C.size, d.file.size))
	}
	if err := read(id, e, n); err != nil {
		return fail(err)
	}
	return true, nil
}

// count is the number of elements of a dataspace.
func count(space *hdf5.Dataspace) (int, error) {
	shape, err := shapeOf(space)
	if err != nil {
		return 0, err
	}
	n, _ := product(shape)
	return n, nil
}
