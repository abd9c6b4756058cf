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
	// time_bin. They override what the file says.
	Axes []string
	// DefaultAxes name the axes where neither Axes nor the file does.
	DefaultAxes []string
	// StimulusIDs name the entries of the stimulus or presentation axis in their
	// order, where the file names none; their number must match.
	StimulusIDs []string
	// Select selects by coordinates, e.g. animal: Chabo.
	Select map[string]string
}

// ReadAssembly reads recordings. The file's name says its format:
//
//	.nc .h5 .hdf5 .hdf .mat   netCDF-4 as Brain-Score publishes it, HDF5, MATLAB 7.3
//	.npy .npz                 NumPy arrays
//
// Presentations are grouped by stimulus_id (or image_id), sorted; time bins are
// averaged. What is chosen or left out is told in Notes: stimuli without any
// trial, neuroids without any trial, and neuroids that have trials of only some
// of the stimuli are left out. Every error names the file.
func ReadAssembly(path string, o ReadOptions) (*Assembly, error) {
	read := readHDF5
	switch ext := strings.ToLower(filepath.Ext(path)); {
	case slices.Contains(hdf5Extensions, ext):
	case ext == ".npy":
		read = readNPY
	case ext == ".npz":
		read = readNPZ
	default:
		return nil, fmt.Errorf("%s: recordings are read from .nc, .h5, .hdf5, .mat (HDF5) and .npy, .npz (NumPy) files, not from %q", path, ext)
	}
	a, err := read(path, o)
	if err != nil {
		// The readers below name the file, too, but not always.
		if !strings.Contains(err.Error(), path) {
			err = fmt.Errorf("%s: %w", path, err)
		}
		return nil, err
	}
	return a, nil
}
