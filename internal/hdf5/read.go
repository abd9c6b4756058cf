//go:build cgo

package hdf5

// #include "shim.h"
import "C"

import (
	"bytes"
	"fmt"
	"math"
	"math/bits"
	"unicode/utf8"
	"unsafe"

	"gonum.org/v1/hdf5"
)

// Claims of a file are believed up to slack bytes, and beyond that up to ratio times what is stored, which is what deflate can do.
const (
	slack = 64 << 20
	ratio = 1032
)

// Float64s reads the elements from start, count of them along each axis, in C order; nil, nil reads all. Whole numbers are converted;
// one that float64 cannot hold exactly is an error, unless it is the fill value.
func (d *Dataset) Float64s(start, count []int) ([]float64, error) {
	defer lock()()
	s, err := d.selectNumbers(start, count)
	if err != nil {
		return nil, err
	}
	defer s.close()
	if d.elements.kind == Float || d.elements.C.size < 8 {
		return selected[float64](d, s)
	}
	whole, err := d.int64s(s)
	if err != nil {
		return nil, err
	}
	fill, filled, err := d.fillInt64()
	if err != nil {
		return nil, err
	}
	x := make([]float64, len(whole))
	for i, v := range whole {
		m := uint64(max(v, -v))
		if m != 0 && bits.Len64(m)-bits.TrailingZeros64(m) > 53 && !(filled && v == fill) {
			return nil, d.errorf("element %d of the selection, %d, does not fit a float64 exactly", i, v)
		}
		x[i] = float64(v)
	}
	return x, nil
}

// Int64s reads like Float64s. A fraction, a NaN or a number beyond int64 is an error.
func (d *Dataset) Int64s(start, count []int) ([]int64, error) {
	defer lock()()
	s, err := d.selectNumbers(start, count)
	if err != nil {
		return nil, err
	}
	defer s.close()
	return d.int64s(s)
}

func (d *Dataset) int64s(s selection) ([]int64, error) {
	if d.elements.kind == Float {
		x, err := selected[float64](d, s)
		if err != nil {
			return nil, err
		}
		whole := make([]int64, len(x))
		for i, v := range x {
			if v != math.Trunc(v) || v < -1<<63 || v >= 1<<63 {
				return nil, d.errorf("element %d of the selection, %v, is not a whole number of 64 bits", i, v)
			}
			whole[i] = int64(v)
		}
		return whole, nil
	}
	if d.elements.C.is_unsigned == 0 || d.elements.C.size < 8 {
		return selected[int64](d, s)
	}
	natural, err := selected[uint64](d, s)
	if err != nil {
		return nil, err
	}
	whole := make([]int64, len(natural))
	for i, v := range natural {
		if v > math.MaxInt64 {
			return nil, d.errorf("element %d of the selection, %d, does not fit an int64", i, v)
		}
		whole[i] = int64(v)
	}
	return whole, nil
}

// Strings reads text like Float64s reads numbers. Padding is taken off text of fixed length.
func (d *Dataset) Strings(start, count []int) ([]string, error) {
	defer lock()()
	if err := d.open(); err != nil {
		return nil, err
	}
	if d.elements.kind != Text {
		return nil, d.errorf("is %s, expected text", d.elements.what)
	}
	s, err := d.selection(start, count)
	if err != nil {
		return nil, err
	}
	defer s.close()
	if err := d.checkReferences(); err != nil {
		return nil, d.errorf("%w", err)
	}
	limit := slack + ratio*int(d.file.size)
	text, err := readTexts(d.id(), d.elements, s.memory.ID(), s.file.ID(), s.n, limit)
	if err != nil {
		return nil, d.errorf("%w", err)
	}
	return text, nil
}

// References reads the paths of the datasets that the elements refer to, in C order; "" for a reference to nothing, or to what is no
// dataset. No reference is followed: each is looked up among the file's datasets.
func (d *Dataset) References() ([]string, error) {
	defer lock()()
	if err := d.open(); err != nil {
		return nil, err
	}
	if d.elements.kind != Reference {
		return nil, d.errorf("is %s, expected references", d.elements.what)
	}
	if d.file.paths == nil {
		if _, err := d.file.list(); err != nil {
			return nil, err
		}
	}
	s, err := d.selection(nil, nil)
	if err != nil {
		return nil, err
	}
	defer s.close()
	paths := make([]string, s.n)
	if s.n == 0 {
		return paths, nil
	}
	addresses := make([]uint64, s.n)
	if C.shim_read_references(d.id(), C.hid_t(s.memory.ID()), C.hid_t(s.file.ID()), (*C.uint64_t)(unsafe.Pointer(&addresses[0])), C.size_t(s.n)) < 0 {
		return nil, d.errorf("%w", libraryError())
	}
	for i, a := range addresses {
		paths[i] = d.file.paths[a]
	}
	return paths, nil
}

// selection is a part of a dataset: what H5Dread wants to know of it.
type selection struct {
	memory, file *hdf5.Dataspace
	n            int
}

func (s selection) close() {
	s.memory.Close()
	s.file.Close()
}

func (d *Dataset) selectNumbers(start, count []int) (selection, error) {
	if err := d.open(); err != nil {
		return selection{}, err
	}
	if d.elements.kind != Float && d.elements.kind != Integer {
		return selection{}, d.errorf("is %s, expected numbers", d.elements.what)
	}
	return d.selection(start, count)
}

// selection checks the bounds and the size of a part, and makes its dataspaces.
func (d *Dataset) selection(start, count []int) (s selection, err error) {
	if start == nil && count == nil {
		start, count = make([]int, len(d.shape)), d.shape
	}
	if len(start) != len(d.shape) || len(count) != len(d.shape) {
		return s, d.errorf("selection from %v of %v elements, expected one number for each axis of the shape %v", start, count, d.shape)
	}
	for axis, size := range d.shape {
		if from, n := start[axis], count[axis]; from < 0 || n < 0 || from > size || n > size-from {
			return s, d.errorf("selection of %d elements from %d along axis %d %q, which has %d", n, from, axis, d.dims[axis], size)
		}
	}
	s.n, _ = product(count)
	if err := d.plausible(s.n); err != nil {
		return s, err
	}
	if s.memory, err = hdf5.CreateSimpleDataspace([]uint{uint(s.n)}, nil); err != nil {
		return s, d.errorf("%w", libraryError())
	}
	if s.file = d.handle.Space(); s.file == nil {
		s.memory.Close()
		return s, d.errorf("%w", libraryError())
	}
	if s.n > 0 && len(d.shape) > 0 {
		if s.file.SelectHyperslab(unsigned(start), nil, unsigned(count), nil) != nil {
			err := libraryError()
			s.close()
			return s, d.errorf("selection from %v of %v elements: %w", start, count, err)
		}
	}
	return s, nil
}

func unsigned(x []int) []uint {
	u := make([]uint, len(x))
	for i, v := range x {
		u[i] = uint(v)
	}
	return u
}

// plausible refuses sizes that what is stored cannot expand to.
func (d *Dataset) plausible(n int) error {
	e := d.elements.C
	if e.elsewhere != 0 {
		return d.errorf("%w", errElsewhere)
	}
	stored := uint64(e.storage)
	if stored > uint64(d.file.size) {
		return d.errorf("damaged: its data are to take %d bytes of a file of %d", stored, d.file.size)
	}
	overflow, size := bits.Mul64(uint64(n), uint64(max(e.size, 8)))
	if overflow != 0 || size > slack && (size-slack)/ratio > stored {
		return d.errorf("%d elements, %d bytes, are to be read, which the %d bytes that are stored cannot hold", n, size, stored)
	}
	return nil
}

// selected reads a selection of numbers.
func selected[T float64 | int64 | uint64](d *Dataset, s selection) ([]T, error) {
	x, err := readNumbers[T](d.id(), s.memory.ID(), s.file.ID(), s.n)
	if err != nil {
		return nil, d.errorf("%w", err)
	}
	return x, nil
}

// readNumbers reads n numbers of a dataset through two dataspaces, or all n of an attribute.
func readNumbers[T float64 | int64 | uint64](object C.hid_t, memory, file int64, n int) ([]T, error) {
	x := make([]T, n)
	if n == 0 {
		return x, nil
	}
	var number C.shim_number = C.SHIM_DOUBLE
	switch any(x[0]).(type) {
	case int64:
		number = C.SHIM_INT64
	case uint64:
		number = C.SHIM_UINT64
	}
	if C.shim_read_numbers(object, C.hid_t(memory), C.hid_t(file), number, unsafe.Pointer(&x[0]), C.size_t(n)) < 0 {
		return nil, libraryError()
	}
	return x, nil
}

// readTexts reads n texts likewise, with at most limit bytes for those of variable length.
func readTexts(object C.hid_t, e elements, memory, file int64, n, limit int) ([]string, error) {
	text := make([]string, n)
	if n == 0 {
		return text, nil
	}
	if e.C.variable == 0 {
		size := int(e.C.size)
		buffer := make([]byte, n*size)
		if C.shim_read_fixed(object, C.hid_t(memory), C.hid_t(file), (*C.char)(unsafe.Pointer(&buffer[0])), e.C.size, C.size_t(n)) < 0 {
			return nil, libraryError()
		}
		for i := range text {
			text[i] = unpad(buffer[i*size:(i+1)*size], e.C.padding)
		}
		return text, checkUTF8(text)
	}
	var texts C.shim_texts
	defer C.shim_release(&texts)
	if C.shim_read_variable(object, C.hid_t(memory), C.hid_t(file), C.size_t(n), C.size_t(limit), &texts) < 0 {
		if texts.left < C.size_t(limit)/2 {
			return nil, fmt.Errorf("its text takes more than %d bytes: %w", limit, libraryError())
		}
		return nil, libraryError()
	}
	for i, s := range unsafe.Slice(texts.text, n) {
		text[i] = C.GoString(s)
	}
	return text, checkUTF8(text)
}

// unpad takes the padding off a text of fixed length.
func unpad(text []byte, padding C.int) string {
	switch padding {
	case C.H5T_STR_NULLTERM:
		if end := bytes.IndexByte(text, 0); end >= 0 {
			text = text[:end]
		}
	case C.H5T_STR_NULLPAD:
		text = bytes.TrimRight(text, "\x00")
	case C.H5T_STR_SPACEPAD:
		text = bytes.TrimRight(text, " ")
	}
	return string(text)
}

func checkUTF8(text []string) error {
	for i, s := range text {
		if !utf8.ValidString(s) {
			return fmt.Errorf("text %d is not UTF-8: %q", i, s)
		}
	}
	return nil
}
