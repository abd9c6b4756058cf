package npy

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
)

// Writer writes a .npy file piece by piece; the file appears when Close succeeds. It holds no elements back.
type Writer[T Element] struct {
	file  *temp
	count int // elements that the shape counts
	done  int // elements that were written
	err   error
}

// Create begins the .npy file path for an array of the given shape, under a temporary name in the same folder. The elements are
// appended in C order. End it with Close, or Abort.
func Create[T Element](path string, shape []int) (*Writer[T], error) {
	count, err := product(shape)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	f, err := createTemp(path)
	if err != nil {
		return nil, err
	}
	if _, err := f.Write(encodeHeader(descrOf[T](), shape)); err != nil {
		f.abort()
		return nil, err
	}
	return &Writer[T]{file: f, count: count}, nil
}

// Append writes the next elements. It panics when they are more than the shape counts. After an error w can only be closed, which
// returns the error again.
func (w *Writer[T]) Append(data []T) error {
	if w.err != nil {
		return w.err
	}
	if len(data) > w.count-w.done {
		panic(fmt.Sprintf("npy: %d elements are appended to %d of %d", len(data), w.done, w.count))
	}
	w.err = writeElements(w.file, data)
	w.done += len(data)
	return w.err
}

// Close completes the file and gives it its name. When anything failed, or elements are missing, the file is removed instead.
func (w *Writer[T]) Close() error {
	defer w.file.abort()
	if w.err != nil {
		return w.err
	}
	w.err = fmt.Errorf("npy: the file was closed")
	if w.done < w.count {
		return fmt.Errorf("%s: %d of %d elements were written", w.file.path, w.done, w.count)
	}
	return w.file.commit()
}

// Abort removes the unfinished file. After Close it does nothing, so that it can be deferred.
func (w *Writer[T]) Abort() {
	w.err = fmt.Errorf("npy: the file was closed")
	w.file.abort()
}

// AddFile appends the array in the .npy file path to z as it is, in pieces. After an error z can only be closed, which returns the
// error again.
func AddFile(z *ZipWriter, name, path string) error {
	return z.add(name, func(w io.Writer) error {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(w, f)
		return err
	})
}

// writeElements writes data in little-endian order.
func writeElements[T Element](w io.Writer, data []T) error {
	if littleEndian || descrOf[T]()[0] == '|' {
		_, err := w.Write(bytesOf(data))
		return err
	}
	b := bufio.NewWriterSize(w, 1<<20)
	if err := binary.Write(b, binary.LittleEndian, data); err != nil {
		return err
	}
	return b.Flush()
}

// Matrix is an open .npy file with two or more axes, of which parts are read: rows × the other axes, flattened.
type Matrix struct {
	Rows, Columns int
	path          string
	file          *os.File
	header        Header
}

// OpenMatrix opens the .npy file path, which is to hold numbers in C order. Its size was checked.
func OpenMatrix(path string) (*Matrix, error) {
	f, size, err := open(path)
	if err != nil {
		return nil, err
	}
	h, err := readHeader(f, size)
	switch {
	case err != nil:
	case len(h.Shape) < 2 || h.count == 0:
		err = fmt.Errorf("shape %v: expected a matrix, rows × columns (further axes are flattened)", h.Shape)
	case h.Fortran:
		err = fmt.Errorf("shape %v in Fortran order: parts are read of arrays in C order only; write it with numpy.ascontiguousarray", h.Shape)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &Matrix{Rows: h.Shape[0], Columns: h.count / h.Shape[0], path: path, file: f, header: h}, nil
}

// ReadColumns sets dst, Rows × (last − first), to the columns of m from first to last, converted as ReadFile does.
func ReadColumns[T Element](m *Matrix, first, last int, dst []T) error {
	n := last - first
	if first < 0 || n < 0 || last > m.Columns || len(dst) != m.Rows*n {
		panic(fmt.Sprintf("npy: columns %d to %d of %d × %d into %d elements", first, last, m.Rows, m.Columns, len(dst)))
	}
	size := int64(m.header.dtype.size)
	row := m.header // of a part of a row
	row.Shape = []int{n}
	for i := range m.Rows {
		part := io.NewSectionReader(m.file, m.header.offset+size*(int64(i)*int64(m.Columns)+int64(first)), size*int64(n))
		if err := readPayload(part, row, dst[i*n:(i+1)*n]); err != nil {
			return fmt.Errorf("%s: row %d, columns from %d: %w", m.path, i, first, err)
		}
	}
	return nil
}

// Close closes the file.
func (m *Matrix) Close() error { return m.file.Close() }
