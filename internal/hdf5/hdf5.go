// Package hdf5 reads HDF5 files: netCDF-4 assemblies, h5py's and MATLAB's (7.3) arrays. It writes netCDF-4 files (Writer).
//
// Files, datasets, dataspaces and hyperslabs are handled through gonum.org/v1/hdf5. That library reads with the file's own element type into
// memory whose size it does not know, so all reading goes through a small C shim (shim.c): the library converts to float64, int64 or text,
// and writes only into a buffer whose length was compared with the selection. Errors carry the library's own words.
//
// The HDF5 library is serial: one lock of this package is held around every call into it, so a File may be used by many goroutines, one
// at a time. It also trusts what it reads. Before it sees a file, the signature, the length written in the superblock and the sizes in the
// global heaps (of files up to 256 MiB) are checked, and where references to texts lie in the file as they are, these; before
// anything is allocated, the size that is claimed is compared with the bytes that are stored. That does not make the library safe against damaged files: references within chunks, for one, are not checked, and
// where release 1.10.8 crashes or hangs it takes the program with it (mutation_test.go counts how often).
//
// netCDF-4 stores a variable that has the name of a dimension, but is not its coordinate, under the name _nc4_non_coord_NAME: Path keeps
// that, Name does not. Data in other files (external storage, virtual datasets, external links) are not followed.
//
// Built without cgo, the package compiles and Open and Create say what is missing.
package hdf5

import (
	"fmt"
	"path"
	"strings"
)

// Stored is what a variable can be made of: single precision, whole numbers, or text of variable length in UTF-8.
type Stored interface {
	float32 | int32 | string
}

// Kind is what the elements of a dataset are.
type Kind int

const (
	Other     Kind = iota // records, lists, …: not readable here
	Float                 // of any width
	Integer               // signed, unsigned, or an enumeration, such as h5py's truth values
	Text                  // of fixed or variable length
	Reference             // to other objects of the file, such as MATLAB's cells
)

func (k Kind) String() string {
	switch k {
	case Float:
		return "floating-point numbers"
	case Integer:
		return "whole numbers"
	case Text:
		return "text"
	case Reference:
		return "references"
	case Other:
		return "neither numbers nor text"
	}
	return fmt.Sprintf("Kind(%d)", int(k))
}

// Name is the name of a dataset in its group. The prefix that netCDF-4 puts before a variable that shares the name of a dimension,
// without being its coordinate, is taken off.
func Name(datasetPath string) string {
	return strings.TrimPrefix(path.Base(datasetPath), "_nc4_non_coord_")
}
