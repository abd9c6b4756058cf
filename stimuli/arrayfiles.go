package stimuli

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"ventral/internal/hdf5"
	"ventral/internal/npy"
)

// An array is numbers from a file.
type array struct {
	shape []int
	kind  string // "uint8", "whole numbers", "float" or else what it is
}

// splitArrayName parts FILE.npz:NAME or FILE.h5:DATASET.
func splitArrayName(name string) (file, entry, kind string) {
	for _, ext := range []string{".npz", ".h5", ".hdf5", ".nc", ".mat"} {
		kind := strings.TrimPrefix(ext, ".")
		if kind != "npz" {
			kind = "hdf5"
		}
		if strings.EqualFold(filepath.Ext(name), ext) {
			return name, "", kind
		}
		if at := strings.LastIndex(strings.ToLower(name), ext+":"); at >= 0 {
			return name[:at+len(ext)], name[at+len(ext)+1:], kind
		}
	}
	return name, "", "npy"
}

// readArray reads an array that OpenArrays names, as float32 or int64.
func readArray[T float32 | int64](name string) (data []T, a array, err error) {
	file, entry, kind := splitArrayName(name)
	switch kind {
	case "npz":
		return readNPZ[T](a, file, entry)
	case "hdf5":
		return readHDF5[T](a, file, entry)
	}
	header, err := npy.Stat(file)
	if err != nil {
		return nil, a, err
	}
	a.kind = kindOf(header.DType)
	data, a.shape, err = npy.ReadFile[T](file)
	return data, a, err
}

func kindOf(dtype string) string {
	switch {
	case strings.Contains(dtype, "f"):
		return "float"
	case strings.HasSuffix(dtype, "u1"):
		return "uint8"
	}
	return dtype
}

func readNPZ[T float32 | int64](a array, file, entry string) (data []T, _ array, err error) {
	z, err := npy.OpenZip(file)
	if err != nil {
		return nil, a, err
	}
	defer z.Close()
	if entry, err = only(file, entry, z.Names()); err != nil {
		return nil, a, err
	}
	header, err := z.Stat(entry)
	if err != nil {
		return nil, a, err
	}
	a.kind = kindOf(header.DType)
	data, a.shape, err = npy.ReadEntry[T](z, entry)
	return data, a, err
}

func readHDF5[T float32 | int64](a array, file, entry string) (data []T, _ array, err error) {
	f, err := hdf5.Open(file)
	if err != nil {
		return nil, a, err
	}
	defer f.Close()
	names, err := f.Datasets()
	if err != nil {
		return nil, a, err
	}
	if entry, err = only(file, entry, names); err != nil {
		return nil, a, err
	}
	d, err := f.Dataset(entry)
	if err != nil {
		return nil, a, err
	}
	a.shape = d.Shape()
	if len(a.shape) == 0 || slices.Contains(a.shape, 0) {
		return nil, a, nil
	}
	a.kind = "float"
	if d.Kind() == hdf5.Integer {
		a.kind = "whole numbers"
	}
	start, count := make([]int, len(a.shape)), slices.Clone(a.shape)
	row := 1
	for _, n := range a.shape[1:] {
		row *= n
	}
	step := max(1, (1<<20)/row) // doubles are read some at a time
	for ; start[0] < a.shape[0]; start[0] += step {
		count[0] = min(step, a.shape[0]-start[0])
		if data, err = appendHDF5(data, d, start, count); err != nil {
			return nil, a, err
		}
	}
	return data, a, nil
}

func appendHDF5[T float32 | int64](data []T, d *hdf5.Dataset, start, count []int) ([]T, error) {
	if _, whole := any(T(0)).(int64); whole {
		values, err := d.Int64s(start, count)
		for _, v := range values {
			data = append(data, T(v))
		}
		return data, err
	}
	values, err := d.Float64s(start, count)
	for _, v := range values {
		data = append(data, T(v))
	}
	return data, err
}

// only returns entry, or the name of a file's one array.
func only(file, entry string, names []string) (string, error) {
	switch {
	case entry != "":
		return entry, nil
	case len(names) == 0:
		return "", fmt.Errorf("%s: it holds no array", file)
	case len(names) > 1:
		return "", fmt.Errorf("%s: it holds the arrays %q: name one, as in %s:%s", file, names, file, strings.TrimPrefix(names[0], "/"))
	}
	return names[0], nil
}
