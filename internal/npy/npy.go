// Package npy reads and writes NumPy's array files: .npy, one array, and .npz, a zip archive of them.
//
// A file is believed only after its size was checked: magic, header and the product of the shape times the item size must add up to
// exactly the bytes that are there, before anything is allocated. Every numeric dtype is converted to the element type the caller
// asks for, and a value that the element type cannot hold is an error, never a wrong number. Arrays come back in C order.
//
// Headers are interpreted by github.com/sbinet/npyio. That library reads the layout that NumPy itself writes and misreads or panics
// on others that the format allows, so a header is first brought into that layout (header.go). Payloads are read here, in large pieces.
package npy

import (
	"fmt"
	"io"
	"os"
)

// Element is what an array's elements can be read into and written from.
type Element interface {
	~float32 | ~float64 | ~int64 | ~uint8
}

// Header is what a file says about its array.
type Header struct {
	Shape   []int  // empty for a single number
	DType   string // NumPy's descr: "<f4", "|u1", …
	Fortran bool   // the file holds the array in column-major order

	dtype  dtype
	count  int   // elements, the product of Shape
	offset int64 // where the payload begins
}

// ReadFile reads the array in the .npy file path: its elements in C order and its shape. Float values are rounded to T's precision;
// everything else must fit T exactly (see Element), otherwise the error names the first element that does not.
func ReadFile[T Element](path string) (data []T, shape []int, err error) {
	f, size, err := open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	data, h, err := read[T](f, size)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return data, h.Shape, nil
}

// Stat reads the header of the .npy file path and checks it against the file's size. It does not look at the elements.
func Stat(path string) (Header, error) {
	f, size, err := open(path)
	if err != nil {
		return Header{}, err
	}
	defer f.Close()
	h, err := readHeader(f, size)
	if err != nil {
		return Header{}, fmt.Errorf("%s: %w", path, err)
	}
	return h, nil
}

// open opens a regular file and says how long it is.
func open(path string) (*os.File, int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s: not a regular file (%v)", path, info.Mode())
	}
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

// read reads one array of which r holds size bytes, header included.
func read[T Element](r io.Reader, size int64) ([]T, Header, error) {
	h, err := readHeader(r, size)
	if err != nil {
		return nil, h, err
	}
	data := make([]T, h.count)
	if err := readPayload(r, h, data); err != nil {
		return nil, h, err
	}
	if h.Fortran {
		data = toC(data, h.Shape)
	}
	return data, h, nil
}

// toC reorders column-major elements to row-major ones.
func toC[T Element](f []T, shape []int) []T {
	if len(shape) < 2 || len(f) == 0 {
		return f
	}
	// strides[d] is how far apart neighbours along axis d lie in f.
	strides := make([]int, len(shape))
	stride := 1
	for d, n := range shape {
		strides[d] = stride
		stride *= n
	}
	c := make([]T, len(f))
	index := make([]int, len(shape))
	at := 0
	for i := range c {
		c[i] = f[at]
		for d := len(shape) - 1; d >= 0; d-- {
			index[d]++
			at += strides[d]
			if index[d] < shape[d] {
				break
			}
			at -= strides[d] * shape[d]
			index[d] = 0
		}
	}
	return c
}
