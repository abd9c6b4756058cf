package fit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/gonum/mat"

	"ventral/internal/npy"
)

// A FeatureFile holds the features of one or several layers for the same
// stimuli.
type FeatureFile struct {
	Path        string
	Layers      []string // in the order of the file, of a folder by name
	StimulusIDs []string // of the rows; nil where the file does not name them

	open   map[string]func() (Features, error)
	bytes  map[string]int64
	opened []interface{ Close() error }
}

// OpenFeatures opens features, stimuli × features per layer (further axes are
// flattened):
//
//	.npy                         one layer, read by blocks of columns
//	.npz                         a layer per array of two or more axes; a layer is held in memory
//	.nc .h5 .hdf5 .hdf .mat      the arrays of two or more axes; of one with a coordinate "layer" along its features a layer per name
//	a folder                     the .npy files in it
//
// Every array is opened when Layer asks for it. Errors name the file.
func OpenFeatures(path string) (*FeatureFile, error) {
	f := &FeatureFile{Path: path, open: map[string]func() (Features, error){}, bytes: map[string]int64{}}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	switch ext := strings.ToLower(filepath.Ext(path)); {
	case info.IsDir():
		err = f.folder()
	case ext == ".npy":
		f.array(strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)), path)
	case ext == ".npz":
		err = f.zip()
	case slices.Contains(hdf5Extensions, ext):
		err = f.hdf5()
	default:
		err = fmt.Errorf("%s: features are read from .npy, .npz, .h5, .hdf5, .nc, .mat (HDF5) files and folders of .npy files, not from %q", path, ext)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Layer opens the features of a layer. They can be used until f is closed.
func (f *FeatureFile) Layer(name string) (Features, error) {
	open, ok := f.open[name]
	if !ok {
		return nil, fmt.Errorf("%s has no layer %q; it has %s", f.Path, name, listed(f.Layers))
	}
	return open()
}

// Bytes is the memory that a layer takes while it is used; 0 where it is read
// by blocks.
func (f *FeatureFile) Bytes(layer string) int64 { return f.bytes[layer] }

// Close closes what was opened.
func (f *FeatureFile) Close() error {
	var errs []error
	for _, o := range f.opened {
		errs = append(errs, o.Close())
	}
	f.opened = nil
	return errors.Join(errs...)
}

func (f *FeatureFile) add(layer string, open func() (Features, error)) {
	f.Layers = append(f.Layers, layer)
	f.open[layer] = open
}

// array adds the .npy file path as a layer.
func (f *FeatureFile) array(layer, path string) {
	f.add(layer, func() (Features, error) {
		m, err := npy.OpenMatrix(path)
		if err != nil {
			return nil, err
		}
		f.opened = append(f.opened, m)
		return npyFeatures{m}, nil
	})
}

// folder adds the .npy files of a folder, numbers in their names in order.
func (f *FeatureFile) folder() error {
	files, err := filepath.Glob(filepath.Join(f.Path, "*.npy"))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("%s: the folder has no .npy files", f.Path)
	}
	slices.SortFunc(files, naturalOrder)
	for _, file := range files {
		f.array(strings.TrimSuffix(filepath.Base(file), ".npy"), file)
	}
	return nil
}

// zip adds the arrays of an .npz file that can be features.
func (f *FeatureFile) zip() error {
	z, err := npy.OpenZip(f.Path)
	if err != nil {
		return err
	}
	f.opened = append(f.opened, z)
	for _, name := range z.Names() {
		h, err := z.Stat(name)
		if err != nil {
			return err
		}
		if len(h.Shape) < 2 {
			continue
		}
		f.add(name, func() (Features, error) {
			data, shape, err := npy.ReadEntry[float64](z, name)
			if err != nil {
				return nil, err
			}
			if len(data) == 0 {
				return nil, fmt.Errorf("%s: the array %s is empty (%s)", f.Path, name, shapeWords(shape))
			}
			return Dense(mat.NewDense(shape[0], len(data)/shape[0], data)), nil
		})
		f.bytes[name] = 8
		for _, n := range h.Shape {
			f.bytes[name] *= int64(n)
		}
	}
	if len(f.Layers) == 0 {
		return fmt.Errorf("%s: no array has two or more axes, as features do (stimuli × features); it holds %s", f.Path, listed(z.Names()))
	}
	return nil
}

// npyFeatures reads columns of an .npy file.
type npyFeatures struct{ m *npy.Matrix }

func (x npyFeatures) Dims() (stimuli, features int) { return x.m.Rows, x.m.Columns }

func (x npyFeatures) Columns(dst *mat.Dense, from int) error {
	raw := dst.RawMatrix()
	return npy.ReadColumns(x.m, from, from+raw.Cols, raw.Data[:raw.Rows*raw.Cols])
}
