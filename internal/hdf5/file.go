//go:build cgo

package hdf5

// #include "shim.h"
import "C"

import (
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"

	"gonum.org/v1/hdf5"
)

// File is an open HDF5 file. Its methods may be called from several goroutines.
type File struct {
	name     string
	size     int64
	handle   *hdf5.File // nil after Close
	datasets map[string]*Dataset
	paths    map[uint64]string // of the datasets by their addresses; nil before they were listed
}

var errClosed = fmt.Errorf("the HDF5 file is closed: %w", os.ErrClosed)

// Open opens the HDF5 file name for reading.
func Open(name string) (*File, error) {
	size, err := checkFile(name)
	if err != nil {
		return nil, err
	}
	defer lock()()
	handle, err := hdf5.OpenFile(name, hdf5.F_ACC_RDONLY)
	if err != nil {
		return nil, fmt.Errorf("%s: damaged HDF5 file, or one that cannot be opened: %w", name, libraryError())
	}
	return &File{name: name, size: size, handle: handle, datasets: map[string]*Dataset{}}, nil
}

// Close closes the file and its datasets. What is read from them afterwards returns an error. Closing twice is harmless.
func (f *File) Close() error {
	defer lock()()
	if f.handle == nil {
		return nil
	}
	var failed error
	for _, d := range f.datasets {
		if d.handle.Close() != nil {
			failed = libraryError()
		}
	}
	if f.handle.Close() != nil {
		failed = libraryError()
	}
	f.handle = nil
	if failed != nil {
		return fmt.Errorf("%s: %w", f.name, failed)
	}
	return nil
}

// Datasets lists the paths of all datasets in all groups, sorted. A dataset with several names is listed under one of them. Soft and
// external links are not followed; Dataset opens what a soft link points at.
func (f *File) Datasets() ([]string, error) {
	defer lock()()
	return f.list()
}

func (f *File) list() ([]string, error) {
	if f.handle == nil {
		return nil, fmt.Errorf("%s: %w", f.name, errClosed)
	}
	names, err := takeNames(func(names *C.shim_names) C.int { return C.shim_datasets(C.hid_t(f.handle.ID()), names) })
	if err != nil {
		return nil, fmt.Errorf("%s: listing its datasets: %w", f.name, err)
	}
	paths := make([]string, 0, len(names)/2)
	f.paths = make(map[uint64]string, len(names)/2)
	for pair := range slices.Chunk(names, 2) {
		address, err := strconv.ParseUint(pair[0], 10, 64)
		if err != nil || len(pair) != 2 {
			return nil, fmt.Errorf("%s: listing its datasets: no address and name: %q", f.name, pair)
		}
		f.paths[address] = "/" + pair[1]
		paths = append(paths, "/"+pair[1])
	}
	slices.Sort(paths)
	return paths, nil
}

// Dataset opens the dataset at a path, whose leading slash may be left out.
func (f *File) Dataset(datasetPath string) (*Dataset, error) {
	defer lock()()
	if f.handle == nil {
		return nil, fmt.Errorf("%s: %w", f.name, errClosed)
	}
	p := path.Clean("/" + datasetPath)
	if d := f.datasets[p]; d != nil {
		return d, nil
	}
	handle, err := f.handle.OpenDataset(p)
	if err != nil {
		err = libraryError()
		names, listErr := f.list()
		if listErr == nil && !slices.Contains(names, p) {
			const enough = 30
			more := ""
			if len(names) > enough {
				names, more = names[:enough], ", …"
			}
			return nil, fmt.Errorf("%s: no dataset %q (%w); the file has %q%s", f.name, p, err, names, more)
		}
		return nil, errors.Join(fmt.Errorf("%s: %s: %w", f.name, p, err), listErr)
	}
	d := &Dataset{file: f, path: p, handle: handle}
	if err := d.inspect(); err != nil {
		handle.Close()
		return nil, fmt.Errorf("%s: %s: %w", f.name, p, err)
	}
	f.datasets[p] = d
	return d, nil
}
