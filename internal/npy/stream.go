package npy

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"

	"ventral/internal/whole"
)

// Writer writes a .npy file piece by piece; the file appears when Close succeeds. It holds no elements back.
type Writer[T Element] struct {
	file  *whole.File
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
	f, err := whole.Create(path)
	if err != nil {
		return nil, err
	}
	if _, err := f.Write(encodeHeader(descrOf[T](), shape)); err != nil {
		f.Abort()
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
	defer w.file.Abort()
	if w.err != nil {
		return w.err
	}
	w.err = fmt.Errorf("npy: the file was closed")
	if w.done < w.count {
		return fmt.Errorf("%s: %d of %d elements were written", w.file.Path(), w.done, w.count)
	}
	return w.file.Commit()
}

// Abort removes the unfinished file. After Close it does nothing, so that it can be deferred.
func (w *Writer[T]) Abort() {
	w.err = fmt.Errorf("npy: the file was closed")
	w.file.Abort()
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
