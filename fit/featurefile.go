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
//	.npz                         a layer per array of two or more axes; a compressed one is held in memory while it is used;
//	                             an array stimulus_id (or image_id), of text or whole numbers, names their rows
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

// Layer opens the features of a layer. They can be used until f is closed. It fails
// for a layer that is not among Layers, and where its array cannot be read.
func (f *FeatureFile) Layer(name string) (Features, error) {
	open, ok := f.open[name]
	if !ok {
		return nil, unknown(name, f.Layers, "%s has no layer %q; it has %s", f.Path, name, listed(f.Layers))
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
	named, rows := "", 0
	for _, name := range z.Names() {
		texts, isText, err := textsOrNumbers(z, name)
		if err != nil {
			return err
		}
		if slices.Contains(stimulusNames, name) && texts != nil && (f.StimulusIDs == nil || name == stimulusNames[0]) {
			named, f.StimulusIDs = name, texts
		}
		if isText {
			continue
		}
		h, err := z.Stat(name)
		if err != nil {
			return err
		}
		if len(h.Shape) < 2 {
			continue
		}
		rows = h.Shape[0]
		if z.Stored(name) {
			f.add(name, func() (Features, error) {
				m, err := z.Matrix(name)
				if err != nil {
					return nil, err
				}
				return npyFeatures{m}, nil
			})
			continue
		}
		size := elements(h.Shape)
		f.add(name, func() (Features, error) {
			if size == 0 {
				return nil, fmt.Errorf("%s: the array %s is empty (%s)", f.Path, name, shapeWords(h.Shape))
			}
			return &packedFeatures{zip: z, name: name, stimuli: h.Shape[0], features: size / h.Shape[0]}, nil
		})
		f.bytes[name] = float64s(size)
		if h.Fortran { // read, then turned into C order
			f.bytes[name] *= 2
		}
	}
	if len(f.Layers) == 0 {
		return fmt.Errorf("%s: no array has two or more axes, as features do (stimuli × features); it holds %s", f.Path, listed(z.Names()))
	}
	if named != "" && len(f.StimulusIDs) != rows {
		return fmt.Errorf("%s: %s has %d names, and %s %d rows: expected a name for each", f.Path, named, len(f.StimulusIDs), f.Layers[len(f.Layers)-1], rows)
	}
	return nil
}

// textsOrNumbers are the elements of an array of one axis: of text, or, of those
// that name stimuli, of whole numbers. They are nil for other arrays.
func textsOrNumbers(z *npy.Zip, name string) (values []string, isText bool, err error) {
	values, shape, isText, err := z.Texts(name)
	switch {
	case err != nil:
		return nil, false, err
	case isText && len(shape) == 1:
		return values, true, nil
	case isText || !slices.Contains(stimulusNames, name):
		return nil, isText, nil
	}
	h, err := z.Stat(name)
	if err != nil || len(h.Shape) != 1 || !strings.ContainsAny(h.DType, "iu") {
		return nil, false, err
	}
	numbers, _, err := npy.ReadEntry[int64](z, name)
	return newInts(name, 0, numbers).values, false, err
}

// npyFeatures reads columns of an .npy file.
type npyFeatures struct{ m *npy.Matrix }

func (x npyFeatures) Dims() (stimuli, features int) { return x.m.Rows, x.m.Columns }

func (x npyFeatures) Columns(dst *mat.Dense, from int) error {
	raw := dst.RawMatrix()
	return npy.ReadColumns(x.m, from, from+raw.Cols, raw.Data[:raw.Rows*raw.Cols])
}

// packedFeatures are a compressed array, which is read when its columns are
// asked for, and then held.
type packedFeatures struct {
	zip               *npy.Zip
	name              string
	stimuli, features int
	read              Features // nil: not yet
}

func (x *packedFeatures) Dims() (stimuli, features int) { return x.stimuli, x.features }

func (x *packedFeatures) Columns(dst *mat.Dense, from int) error {
	if x.read == nil {
		data, _, err := npy.ReadEntry[float64](x.zip, x.name)
		if err != nil {
			return err
		}
		x.read = Dense(mat.NewDense(x.stimuli, x.features, data))
	}
	return x.read.Columns(dst, from)
}
