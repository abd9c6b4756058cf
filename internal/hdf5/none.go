//go:build !cgo

package hdf5

import "fmt"

// Available tells whether HDF5 files can be read by this build.
const Available = false

// Version is the HDF5 library's.
func Version() string { return "none" }

// File is an open HDF5 file; this build has none.
type File struct{}

// Dataset is an array in a file; this build has none.
type Dataset struct{}

// Open says what is missing to read the HDF5 file name.
func Open(name string) (*File, error) {
	if _, err := checkFile(name); err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("%s: this program was built without HDF5: install libhdf5-dev, pkg-config and gcc and build it with CGO_ENABLED=1, or convert the file to .npy or .npz", name)
}

// The methods below cannot be reached: nothing hands out a File or a Dataset.

func (*File) Close() error                         { panic(unreachable) }
func (*File) Datasets() ([]string, error)          { panic(unreachable) }
func (*File) Dataset(string) (*Dataset, error)     { panic(unreachable) }
func (*Dataset) Path() string                      { panic(unreachable) }
func (*Dataset) Shape() []int                      { panic(unreachable) }
func (*Dataset) Kind() Kind                        { panic(unreachable) }
func (*Dataset) Dims() []string                    { panic(unreachable) }
func (*Dataset) IsScale() bool                     { panic(unreachable) }
func (*Dataset) IsPlaceholder() bool               { panic(unreachable) }
func (*Dataset) Attributes() ([]string, error)     { panic(unreachable) }
func (*Dataset) FillValue() (float64, bool, error) { panic(unreachable) }

func (*Dataset) Float64s(start, count []int) ([]float64, error) { panic(unreachable) }
func (*Dataset) Int64s(start, count []int) ([]int64, error)     { panic(unreachable) }
func (*Dataset) Strings(start, count []int) ([]string, error)   { panic(unreachable) }
func (*Dataset) AttrString(string) (string, bool, error)        { panic(unreachable) }
func (*Dataset) AttrStrings(string) ([]string, bool, error)     { panic(unreachable) }
func (*Dataset) AttrFloat64s(string) ([]float64, bool, error)   { panic(unreachable) }

const unreachable = "hdf5: built without cgo"
