//go:build cgo

package hdf5

// #include <stdlib.h>
// #include "write.h"
import "C"

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
	"unsafe"

	"ventral/internal/whole"
)

// Writer writes a netCDF-4 file, which is HDF5: dimensions, variables along them, and attributes of text. The file appears when Close
// succeeds. The same content gives the same bytes, in whatever pieces and order numbers are written. It is used by one goroutine at a time.
//
// A dimension is a dimension scale without coordinates, a variable a contiguous dataset to which the scales of its axes are attached:
// h5py, netCDF4 and xarray.open_dataset see the names. Nothing is compressed, so that any rows can be written at any time without a
// cache; h5repack -f SHUF -f GZIP=1 does that afterwards.
//
// Source: "NetCDF-4/HDF5 file format", netCDF User's Guide, appendix C.3.
type Writer struct {
	path       string
	whole      *whole.File // what the library writes
	file       C.hid_t     // below 0 when it is closed
	dimensions []dimension
	datasets   []C.hid_t
	err        error // the first, after which nothing more is written
}

type dimension struct {
	name  string
	n     int
	scale C.hid_t
}

// Create begins the file path under a temporary name in the same folder. End it with Close, or Abort.
func Create(path string) (*Writer, error) {
	f, err := whole.Create(path)
	if err != nil {
		return nil, err
	}
	w := &Writer{path: path, whole: f}
	defer lock()()
	name := C.CString(f.Temporary())
	defer C.free(unsafe.Pointer(name))
	if w.file = C.shim_create_file(name); w.file < 0 {
		f.Abort()
		return nil, fmt.Errorf("%s: %w", path, libraryError())
	}
	return w, nil
}

// Dimension makes a dimension of n entries, n at least 1.
func (w *Writer) Dimension(name string, n int) error {
	if n < 1 {
		panic(fmt.Sprintf("hdf5: dimension %q of %d entries", name, n))
	}
	return w.do(name, func(c *C.char) bool {
		d := dimension{name, n, C.shim_create_scale(w.file, c, C.hsize_t(n))}
		w.dimensions = append(w.dimensions, d)
		return d.scale >= 0
	})
}

// Attribute sets an attribute of the whole file.
func (w *Writer) Attribute(name, value string) error {
	return w.do(name, func(c *C.char) bool { return setText(w.file, c, value) })
}

// Variable is an array in a file that is being written.
type Variable[T Stored] struct {
	w     *Writer
	name  string
	id    C.hid_t
	shape []int
}

// NewVariable makes a variable along dimensions, which it panics without. All its elements are to be written: those that are not are
// undefined, but for text, which is empty.
func NewVariable[T Stored](w *Writer, name string, dimensions ...string) (*Variable[T], error) {
	v := &Variable[T]{w: w, name: name}
	var scales []C.hid_t
	for _, along := range dimensions {
		i := slices.IndexFunc(w.dimensions, func(d dimension) bool { return d.name == along })
		if i < 0 && w.err == nil {
			panic(fmt.Sprintf("hdf5: variable %q along %q: there is no such dimension", name, along))
		} else if i < 0 {
			return v, w.err
		}
		scales = append(scales, w.dimensions[i].scale)
		v.shape = append(v.shape, w.dimensions[i].n)
	}
	return v, w.do(name, func(c *C.char) bool {
		v.id = C.shim_create_variable(w.file, c, stored[T](), C.uint(len(scales)), &scales[0])
		w.datasets = append(w.datasets, v.id)
		return v.id >= 0
	})
}

// Attribute sets an attribute of the variable.
func (v *Variable[T]) Attribute(name, value string) error {
	return v.w.do(v.name+"@"+name, func(*C.char) bool {
		c := C.CString(name)
		defer C.free(unsafe.Pointer(c))
		return setText(v.id, c, value)
	})
}

// Write writes the elements from start, count of them along each axis, in C order. It panics when they lie outside or are not len(data).
func (v *Variable[T]) Write(start, count []int, data []T) error {
	var from, n [maxRank]C.hsize_t
	elements := 1
	for axis, size := range v.shape {
		if start[axis] < 0 || count[axis] < 1 || start[axis]+count[axis] > size {
			panic(fmt.Sprintf("hdf5: %v elements from %v of %q, which has the shape %v", count, start, v.name, v.shape))
		}
		from[axis], n[axis] = C.hsize_t(start[axis]), C.hsize_t(count[axis])
		elements *= count[axis]
	}
	if elements != len(data) {
		panic(fmt.Sprintf("hdf5: %d elements for the %v of %q", len(data), count, v.name))
	}
	values := unsafe.Pointer(&data[0])
	if texts, ok := any(data).([]string); ok {
		joined, err := join(texts)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", v.w.path, v.name, err)
		}
		values = unsafe.Pointer(&joined[0])
	}
	return v.w.do(v.name, func(*C.char) bool { return C.shim_write(v.id, stored[T](), &from[0], &n[0], values) >= 0 })
}

// Close completes the file and gives it its name. When anything failed, the file is removed instead.
func (w *Writer) Close() error {
	defer w.Abort()
	if w.err != nil {
		return w.err
	}
	for _, d := range w.dimensions {
		if err := w.do(d.name, func(*C.char) bool { return C.shim_clean_scale(d.scale) >= 0 }); err != nil {
			return err
		}
	}
	if err := w.release(); err != nil {
		return err
	}
	return w.whole.Commit()
}

// Abort removes the unfinished file. After Close it does nothing, so that it can be deferred.
func (w *Writer) Abort() {
	w.release()
	w.whole.Abort()
	if w.err == nil {
		w.err = errClosed
	}
}

// release closes what is open.
func (w *Writer) release() error {
	defer lock()()
	if w.file < 0 {
		return nil
	}
	failed := false
	for _, d := range w.datasets {
		failed = C.H5Dclose(d) < 0 || failed
	}
	for _, d := range w.dimensions {
		failed = C.H5Dclose(d.scale) < 0 || failed
	}
	failed = C.H5Fclose(w.file) < 0 || failed
	w.file = -1
	if failed {
		return fmt.Errorf("%s: %w", w.path, libraryError())
	}
	return nil
}

// do calls the library for the object of a name, unless something failed before.
func (w *Writer) do(name string, call func(c *C.char) bool) error {
	if w.err != nil {
		return w.err
	}
	defer lock()()
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	if !call(c) {
		w.err = fmt.Errorf("%s: %s: %w", w.path, name, libraryError())
	}
	return w.err
}

func setText(object C.hid_t, name *C.char, value string) bool {
	c := C.CString(value)
	defer C.free(unsafe.Pointer(c))
	return C.shim_set_text(object, name, c, C.size_t(len(value))) >= 0
}

// join puts texts one behind the other, each ended by NUL.
func join(texts []string) ([]byte, error) {
	var joined []byte
	for _, s := range texts {
		if strings.ContainsRune(s, 0) || !utf8.ValidString(s) {
			return nil, fmt.Errorf("%q cannot be written: it has a NUL or is not UTF-8", s)
		}
		joined = append(append(joined, s...), 0)
	}
	return joined, nil
}

func stored[T Stored]() C.shim_stored {
	switch any(*new(T)).(type) {
	case float32:
		return C.SHIM_FLOAT32
	case int32:
		return C.SHIM_INT32
	}
	return C.SHIM_TEXT
}
