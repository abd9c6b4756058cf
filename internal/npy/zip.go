package npy

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"ventral/internal/whole"
)

// Zip is an open .npz file.
type Zip struct {
	path    string
	file    *os.File
	content io.ReaderAt // of the file
	size    int64
	names   []string
	entries map[string]*zip.File
}

// OpenZip opens the .npz file path and reads its table of contents. Two arrays of one name are refused, since readers disagree on
// which of them counts; entries that are not called .npy are left alone.
func OpenZip(path string) (*Zip, error) {
	f, size, err := open(path)
	if err != nil {
		return nil, err
	}
	z, err := newZip(f, size)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	z.path, z.file = path, f
	return z, nil
}

func newZip(r io.ReaderAt, size int64) (*Zip, error) {
	archive, err := zip.NewReader(r, size)
	if err != nil {
		begin := make([]byte, min(size, 8))
		r.ReadAt(begin, 0)
		if strings.HasPrefix(string(begin), "PK\x03\x04") {
			return nil, fmt.Errorf("it begins as an NPZ (zip) file does and is cut off or damaged: copy or write it again (%w)", err)
		}
		return nil, fmt.Errorf("not an NPZ (zip) file: %w (it begins with %q)", err, begin)
	}
	z := &Zip{content: r, size: size, entries: map[string]*zip.File{}}
	for _, f := range archive.File {
		name, ok := strings.CutSuffix(f.Name, ".npy")
		if !ok {
			continue
		}
		if z.entries[name] != nil {
			return nil, fmt.Errorf("array %q is there twice", name)
		}
		z.entries[name] = f
		z.names = append(z.names, name)
	}
	return z, nil
}

// Names lists the arrays in the order of the file, without ".npy".
func (z *Zip) Names() []string { return slices.Clone(z.names) }

// Close closes the file.
func (z *Zip) Close() error { return z.file.Close() }

// Stat reads the header of one array and checks it against the entry's size.
func (z *Zip) Stat(name string) (h Header, err error) {
	err = z.open(name, func(r io.Reader, size int64) error {
		h, err = readHeader(r, size)
		return err
	})
	return h, err
}

// ReadEntry reads one array of z as ReadFile does.
func ReadEntry[T Element](z *Zip, name string) (data []T, shape []int, err error) {
	err = z.open(name, func(r io.Reader, size int64) error {
		var h Header
		if data, h, err = read[T](r, size); err != nil {
			return err
		}
		shape = h.Shape
		return atEnd(r)
	})
	if err != nil {
		return nil, nil, err
	}
	return data, shape, nil
}

// ReadEntryInto is ReadEntry into dst, which must have as many elements as the array.
func ReadEntryInto[T Element](z *Zip, name string, dst []T) error {
	return z.open(name, func(r io.Reader, size int64) error {
		h, err := readHeader(r, size)
		if err != nil {
			return err
		}
		if h.count != len(dst) {
			return fmt.Errorf("%d elements, expected %d", h.count, len(dst))
		}
		if err := readPayload(r, h, dst); err != nil {
			return err
		}
		if h.Fortran {
			copy(dst, toC(dst, h.Shape))
		}
		return atEnd(r)
	})
}

// CheckEntry reads one array of z, fails where ReadEntry would, and keeps nothing of it: before a large array is read into a place
// that must not be left half written.
func CheckEntry[T Element](z *Zip, name string) (shape []int, err error) {
	err = z.open(name, func(r io.Reader, size int64) error {
		h, err := readHeader(r, size)
		if err != nil {
			return err
		}
		shape = h.Shape
		part := make([]T, min(h.count, piece))
		for left := h.count; left > 0; left -= len(part) {
			part = part[:min(left, len(part))]
			if err := readPayload(r, h, part); err != nil {
				return err
			}
		}
		return atEnd(r)
	})
	return shape, err
}

// atEnd finishes an entry: its checksum is compared at the end.
func atEnd(r io.Reader) error {
	n, err := io.ReadFull(r, make([]byte, 1))
	if n > 0 {
		return errors.New("damaged: it holds more than its size says")
	}
	if err != io.EOF {
		return fmt.Errorf("damaged: %w", err)
	}
	return nil
}

// open calls read with the content of an entry and its length, which was checked against what the archive can hold.
func (z *Zip) open(name string, read func(r io.Reader, size int64) error) error {
	fail := func(err error) error { return fmt.Errorf("%s: array %q: %w", z.path, name, err) }
	f := z.entries[name]
	if f == nil {
		return fail(fmt.Errorf("not there; the file has %q", z.names))
	}
	if err := z.believable(f); err != nil {
		return fail(err)
	}
	r, err := f.Open()
	if err != nil {
		return fail(err)
	}
	defer r.Close()
	if err := read(r, int64(f.UncompressedSize64)); err != nil {
		return fail(err)
	}
	return nil
}

// believable refuses an entry that claims more than the archive can hold.
func (z *Zip) believable(f *zip.File) error {
	// Deflate cannot shrink anything to less than 1/1032; a larger claim would only make us allocate.
	const ratio = 1032
	packed, size := f.CompressedSize64, f.UncompressedSize64
	if packed > uint64(z.size) || size > math.MaxInt64 || f.Method == zip.Store && size != packed || f.Method != zip.Store && size/ratio > packed {
		return fmt.Errorf("damaged: %d bytes said to be packed in %d, in a file of %d", size, packed, z.size)
	}
	return nil
}

// ZipWriter writes a .npz file, which appears when Close succeeds.
type ZipWriter struct {
	file    *whole.File
	archive *zip.Writer
	names   map[string]bool
	err     error // the first, after which nothing more is written
}

// CreateZip begins the .npz file path under a temporary name in the same folder. End it with Close, or Abort.
func CreateZip(path string) (*ZipWriter, error) {
	f, err := whole.Create(path)
	if err != nil {
		return nil, err
	}
	return &ZipWriter{file: f, archive: zip.NewWriter(f), names: map[string]bool{}}, nil
}

// written is the time stamp of every entry, the earliest that zip knows: the same content is to give the same bytes.
var written = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// AddEntry appends an array as WriteFile does, uncompressed. After an error z can only be closed, which returns the error again.
func AddEntry[T Element](z *ZipWriter, name string, shape []int, data []T) error {
	return z.add(name, func(w io.Writer) error { return write(w, shape, data) })
}

// add appends the entry of an array, whose content write writes.
func (z *ZipWriter) add(name string, write func(w io.Writer) error) error {
	if z.err != nil {
		return z.err
	}
	fail := func(err error) error {
		z.err = fmt.Errorf("array %q: %w", name, err) // which names the file
		return z.err
	}
	if name == "" || z.names[name] {
		return fail(fmt.Errorf("the name is empty or in %s already", z.file.Path()))
	}
	z.names[name] = true
	w, err := z.archive.CreateHeader(&zip.FileHeader{Name: name + ".npy", Method: zip.Store, Modified: written})
	if err != nil {
		return fail(err)
	}
	if err := write(w); err != nil {
		return fail(err)
	}
	return nil
}

// Close completes the file and gives it its name. When anything failed, the file is removed instead.
func (z *ZipWriter) Close() error {
	defer z.file.Abort()
	if z.err != nil {
		return z.err
	}
	z.err = errors.New("npy: the NPZ file was closed")
	if err := z.archive.Close(); err != nil {
		return err
	}
	return z.file.Commit()
}

// Abort removes the unfinished file. After Close it does nothing, so that it can be deferred.
func (z *ZipWriter) Abort() {
	z.err = errors.New("npy: the NPZ file was closed")
	z.file.Abort()
}
