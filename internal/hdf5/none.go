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

// Writer writes a netCDF-4 file; this build has none.
type Writer struct{}

// Variable is an array in a file that is being written; this build has none.
type Variable[T Stored] struct{}

// Create says what is missing to write the HDF5 file path.
func Create(path string) (*Writer, error) {
	return nil, fmt.Errorf("%s: this program was built without HDF5: install libhdf5-dev, pkg-config and gcc and build it with CGO_ENABLED=1, or write .npy or .npz", path)
}

// The methods below cannot be reached: nothing hands out a File, a Dataset or a Writer.

func (*File) Close() error                         { panic(unreachable) }
func (*File) Datasets() ([]string, error)          { panic(unreachable) }
func (*File) Dataset(string) (*Dataset, error)     { panic(unreachable) }
func (*Dataset) Path() string                      { panic(unreachable) }
func (*Dataset) Shape() []int                      { panic(unreachable) }
func (*Dataset) Kind() Kind                        { panic(unreachable) }
func (*Dataset) Dims() []string                    { panic(unreachable) }
func (*Dataset) Type() string                      { panic(unreachable) }
func (*Dataset) Created() int64                    { panic(unreachable) }
func (*Dataset) IsScale() bool                     { panic(unreachable) }
func (*Dataset) IsPlaceholder() bool               { panic(unreachable) }
func (*Dataset) Attributes() ([]string, error)     { panic(unreachable) }
func (*Dataset) FillValue() (float64, bool, error) { panic(unreachable) }

func (*Dataset) Float64s(start, count []int) ([]float64, error) { panic(unreachable) }
func (*Dataset) Int64s(start, count []int) ([]int64, error)     { panic(unreachable) }
func (*Dataset) Strings(start, count []int) ([]string, error)   { panic(unreachable) }
func (*Dataset) References() ([]string, error)                  { panic(unreachable) }
func (*Dataset) AttrString(string) (string, bool, error)        { panic(unreachable) }
func (*Dataset) AttrStrings(string) ([]string, bool, error)     { panic(unreachable) }
func (*Dataset) AttrFloat64s(string) ([]float64, bool, error)   { panic(unreachable) }

func (*Writer) Dimension(string, int) error                                  { panic(unreachable) }
func (*Writer) Attribute(name, value string) error                           { panic(unreachable) }
func (*Writer) Close() error                                                 { panic(unreachable) }
func (*Writer) Abort()                                                       { panic(unreachable) }
func (*Variable[T]) Attribute(name, value string) error                      { panic(unreachable) }
func (*Variable[T]) Write(start, count []int, data []T) error                { panic(unreachable) }
func NewVariable[T Stored](*Writer, string, ...string) (*Variable[T], error) { panic(unreachable) }

const unreachable = "hdf5: built without cgo"
