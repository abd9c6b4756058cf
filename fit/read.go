package fit

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// ReadOptions say what a file of recordings does not say itself, and what of it
// is wanted.
type ReadOptions struct {
	// Region selects the neuroids whose coordinate region has this value. A file
	// without regions is taken to hold only this one, and a note says so.
	Region string
	// Dataset is the path (HDF5) or name (NPZ) of the array of responses, where
	// the file holds several.
	Dataset string
	// Axes name the array's axes in its order: stimulus, repetition, neuroid, or
	// presentation (a showing of a stimulus) in place of the first two, and
	// time_bin; stimuli that are arranged along several axes have these as
	// stimulus.NAME. They override what the file says. Of an array from MATLAB they
	// are in MATLAB's order, that of size(x), which is the reverse of h5py's.
	Axes []string
	// DefaultAxes name the axes where neither Axes nor the file does.
	DefaultAxes []string
	// StimulusIDs name the entries of the stimulus or presentation axis in their
	// order, where the file names none; their number must match.
	StimulusIDs []string
	// StimulusTable and NeuroidTable are CSV files whose columns are further
	// coordinates. Rows are found by the column stimulus_id (or image_id), or
	// neuroid_id, where the file of recordings names its stimuli or neuroids;
	// else there must be one for each entry of the axis, in its order. Beside an
	// array NAME.npy or NAME.npz they are NAME_stimuli.csv and NAME_neuroids.csv
	// where they are not given.
	StimulusTable, NeuroidTable string
	// Select selects entries by coordinates; all conditions must hold.
	Select []Condition
	// Window selects the time bins that lie wholly inside it.
	Window Window
	// MaxBytes is the memory that may be taken; what would need more is a
	// TooLargeError. 0 = any.
	MaxBytes int64
}

// A TooLargeError says that recordings do not fit into ReadOptions.MaxBytes.
type TooLargeError struct {
	Array string  // where they are, and their axes: "responses (200 stimulus × 50 neuroid)"
	Bytes float64 // needed
	Most  int64   // allowed
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("%s: reading takes %.3g GB of memory, and at most %.3g GB may be taken", e.Array, e.Bytes/1e9, float64(e.Most)/1e9)
}

// ReadAssembly reads recordings. The file's name says its format:
//
//	.nc .h5 .hdf5 .hdf .mat   netCDF-4 as Brain-Score publishes it, HDF5, MATLAB 7.3
//	.npy .npz                 NumPy arrays
//
// Presentations are grouped by stimulus_id (or image_id), in the order in which
// Brain-Score's average_repetition has them; time bins are averaged. What is
// chosen or left out is told in Notes: stimuli without any trial, neuroids without
// any trial, and neuroids that have trials of only some of the stimuli are left
// out. Every error names the file.
func ReadAssembly(path string, o ReadOptions) (*Assembly, error) {
	bins, err := readAssemblies(path, o, false)
	if err != nil {
		return nil, err
	}
	return bins[0], nil
}

// ReadAssemblies reads recordings like ReadAssembly, but keeps time bins apart:
// an assembly for each, in the order of the file, with its Window. All have the
// same stimuli and neuroids: those that ReadAssembly would have to leave out in
// any bin are left out in all. A file without time bins makes one assembly.
func ReadAssemblies(path string, o ReadOptions) ([]*Assembly, error) {
	return readAssemblies(path, o, true)
}

func readAssemblies(path string, o ReadOptions, perBin bool) ([]*Assembly, error) {
	r, err := openRecordings(path)
	if err != nil {
		return nil, naming(path, err)
	}
	defer r.Close()
	t, err := r.table(o)
	if err != nil {
		return nil, naming(path, err)
	}
	bins, err := t.assemblies(o, perBin)
	return bins, naming(path, err)
}

// recordings is an open file of recordings, whatever its format.
type recordings interface {
	arrays() ([]Array, error)            // all that the file holds
	table(o ReadOptions) (*table, error) // the responses and their coordinates
	Close() error
}

func openRecordings(path string) (recordings, error) {
	switch ext := strings.ToLower(filepath.Ext(path)); {
	case slices.Contains(hdf5Extensions, ext):
		return openHDF5(path)
	case ext == ".npy":
		return openNPY(path)
	case ext == ".npz":
		return openNPZ(path)
	default:
		return nil, fmt.Errorf("recordings are read from .nc, .h5, .hdf5, .mat (HDF5) and .npy, .npz (NumPy) files, not from %q", ext)
	}
}

// naming puts the file before an error that does not name it.
func naming(path string, err error) error {
	if err == nil || strings.Contains(err.Error(), path) {
		return err
	}
	return fmt.Errorf("%s: %w", path, err)
}
