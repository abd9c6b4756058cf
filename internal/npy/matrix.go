package npy

import (
	"archive/zip"
	"fmt"
	"io"
)

// Matrix is an array with two or more axes in an open file, of which parts are read: rows × the other axes, flattened in C order.
type Matrix struct {
	Rows, Columns int
	name          string // in errors
	content       io.ReaderAt
	header        Header
	close         func() error
}

// OpenMatrix opens the .npy file path. Its size was checked.
func OpenMatrix(path string) (*Matrix, error) {
	f, size, err := open(path)
	if err != nil {
		return nil, err
	}
	m, err := newMatrix(path, f, size)
	if err != nil {
		f.Close()
		return nil, err
	}
	m.close = f.Close
	return m, nil
}

// Stored tells whether an array of z is there as it is, not compressed, as numpy.savez writes it: then Matrix reads parts of it in place.
func (z *Zip) Stored(name string) bool {
	f := z.entries[name]
	return f != nil && f.Method == zip.Store
}

// Matrix opens a stored array of z, which must stay open. Unlike ReadEntry it never sees the whole entry, and compares no checksum.
func (z *Zip) Matrix(name string) (*Matrix, error) {
	fail := func(err error) (*Matrix, error) { return nil, fmt.Errorf("%s: array %q: %w", z.path, name, err) }
	if !z.Stored(name) {
		return fail(fmt.Errorf("is not there, or compressed: parts can be read of stored arrays only"))
	}
	if err := z.believable(z.entries[name]); err != nil {
		return fail(err)
	}
	offset, err := z.entries[name].DataOffset()
	if err != nil {
		return fail(err)
	}
	size := int64(z.entries[name].UncompressedSize64)
	return newMatrix(fmt.Sprintf("%s: array %q", z.path, name), io.NewSectionReader(z.content, offset, size), size)
}

// newMatrix reads the header of the array in content, of size bytes.
func newMatrix(name string, content io.ReaderAt, size int64) (*Matrix, error) {
	h, err := readHeader(io.NewSectionReader(content, 0, size), size)
	if err == nil && (len(h.Shape) < 2 || h.count == 0) {
		err = fmt.Errorf("shape %v: expected a matrix, rows × columns (further axes are flattened)", h.Shape)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &Matrix{Rows: h.Shape[0], Columns: h.count / h.Shape[0], name: name, content: content, header: h, close: func() error { return nil }}, nil
}

// ReadColumns sets dst, Rows × (last − first), to the columns of m from first to last, converted as ReadFile does.
func ReadColumns[T Element](m *Matrix, first, last int, dst []T) error {
	n := last - first
	if first < 0 || n < 0 || last > m.Columns || len(dst) != m.Rows*n {
		panic(fmt.Sprintf("npy: columns %d to %d of %d × %d into %d elements", first, last, m.Rows, m.Columns, len(dst)))
	}
	if m.header.Fortran {
		return readFortranColumns(m, first, last, dst)
	}
	for i := range m.Rows {
		if err := readAt(m, i*m.Columns+first, dst[i*n:(i+1)*n]); err != nil {
			return fmt.Errorf("%s: row %d, columns from %d: %w", m.name, i, first, err)
		}
	}
	return nil
}

// ReadRows sets dst, (last − first) × Columns, to the rows of m from first to last, converted as ReadFile does. It panics for an array in
// column-major order, whose rows lie scattered.
func ReadRows[T Element](m *Matrix, first, last int, dst []T) error {
	if first < 0 || first > last || last > m.Rows || len(dst) != (last-first)*m.Columns || m.header.Fortran {
		panic(fmt.Sprintf("npy: rows %d to %d of %d × %d (column-major: %v) into %d elements", first, last, m.Rows, m.Columns, m.header.Fortran, len(dst)))
	}
	if err := readAt(m, first*m.Columns, dst); err != nil {
		return fmt.Errorf("%s: rows from %d: %w", m.name, first, err)
	}
	return nil
}

// readFortranColumns reads columns of an array in column-major order, each of which lies together.
func readFortranColumns[T Element](m *Matrix, first, last int, dst []T) error {
	column := make([]T, m.Rows)
	for k := range last - first {
		// The index along the axes behind the first one, and where it lies when the first of them counts fastest.
		rest, at, stride := first+k, 0, m.Columns
		for d := len(m.header.Shape) - 1; d > 0; d-- {
			stride /= m.header.Shape[d]
			at += rest % m.header.Shape[d] * stride
			rest /= m.header.Shape[d]
		}
		if err := readAt(m, at*m.Rows, column); err != nil {
			return fmt.Errorf("%s: column %d: %w", m.name, first+k, err)
		}
		for i, v := range column {
			dst[i*(last-first)+k] = v
		}
	}
	return nil
}

// readAt reads the elements of m from place at on, in the file's order.
func readAt[T Element](m *Matrix, at int, dst []T) error {
	h, size := m.header, int64(m.header.dtype.size)
	h.Shape = []int{len(dst)}
	return readPayload(io.NewSectionReader(m.content, h.offset+size*int64(at), size*int64(len(dst))), h, dst)
}

// Close closes the file that OpenMatrix opened.
func (m *Matrix) Close() error { return m.close() }
