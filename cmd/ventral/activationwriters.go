package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"ventral/internal/hdf5"
	"ventral/internal/npy"
	"ventral/network"
)

// A layerOut is what is written of a layer: its activity, or what a reduction
// makes of it.
type layerOut struct {
	name  string
	shape network.Shape // of the layer
	// shape of what is written for a stimulus: channel × row × column; one
	// channel each where positions were pooled; or plain features.
	axes   []int
	kept   keptAxes
	reduce []network.Reduction // one after the other, none to write the activity itself
}

// keptAxes says what a feature of a layerOut is.
type keptAxes int

const (
	positions keptAxes = iota // a unit: channel, row and column
	channels                  // a channel, its positions pooled
	features                  // a component or a random sum
)

// size is the number of features of a stimulus.
func (l layerOut) size() int {
	n := 1
	for _, k := range l.axes {
		n *= k
	}
	return n
}

// An activationWriter takes the rows of every layer, in order, and holds none
// of them back. Nothing has its final name before close.
type activationWriter interface {
	write(layer string, rows []float32) error
	close() error
	abort()
}

// newActivationWriter begins the files of a format for the stimuli of the ids.
func newActivationWriter(format string, f *runFolder, layers []layerOut, ids []string) (activationWriter, error) {
	switch format {
	case "npz":
		return newZipActivations(f, layers, len(ids))
	case "hdf5":
		return newHDF5Activations(f, layers, ids)
	}
	return newArrayActivations(f, layers, len(ids), "")
}

// arrayActivations writes LAYER.npy for every layer.
type arrayActivations struct {
	paths  map[string]string
	arrays map[string]*npy.Writer[float32]
}

func newArrayActivations(f *runFolder, layers []layerOut, stimuli int, prefix string) (*arrayActivations, error) {
	w := &arrayActivations{map[string]string{}, map[string]*npy.Writer[float32]{}}
	for _, l := range layers {
		path := f.path(prefix + fileName(l.name) + ".npy")
		a, err := npy.Create[float32](path, append([]int{stimuli}, l.axes...))
		if err != nil {
			w.abort()
			return nil, err
		}
		w.paths[l.name], w.arrays[l.name] = path, a
	}
	return w, nil
}

func (w *arrayActivations) write(layer string, rows []float32) error {
	return w.arrays[layer].Append(rows)
}

func (w *arrayActivations) close() error {
	var errs []error
	for _, a := range w.arrays {
		errs = append(errs, a.Close())
	}
	return errors.Join(errs...)
}

func (w *arrayActivations) abort() {
	for _, a := range w.arrays {
		a.Abort()
	}
}

// zipActivations writes activations.npz. The arrays of a zip stand one after
// the other, so that each is collected in a file of its own first; the disk
// holds the largest layer twice at the end.
type zipActivations struct {
	*arrayActivations
	layers []layerOut
	path   string
}

func newZipActivations(f *runFolder, layers []layerOut, stimuli int) (*zipActivations, error) {
	arrays, err := newArrayActivations(f, layers, stimuli, ".")
	return &zipActivations{arrays, layers, f.path("activations.npz")}, err
}

func (w *zipActivations) close() error {
	defer w.abort()
	if err := w.arrayActivations.close(); err != nil {
		return err
	}
	z, err := npy.CreateZip(w.path)
	if err != nil {
		return err
	}
	defer z.Abort()
	for _, l := range w.layers {
		if err := npy.AddFile(z, l.name, w.paths[l.name]); err != nil {
			return err
		}
		if err := os.Remove(w.paths[l.name]); err != nil {
			return err
		}
	}
	return z.Close()
}

func (w *zipActivations) abort() {
	w.arrayActivations.abort()
	for _, path := range w.paths {
		os.Remove(path)
	}
}

// hdf5Activations writes activations.h5, a netCDF-4 file with one variable as
// Brain-Score's assemblies have it: activations (stimulus × neuroid), the
// neuroids of all layers one after the other, with the coordinates stimulus_id,
// layer, channel, row and column. Where a feature has no row and column, or
// none that means anything, they are −1; channel then counts the features.
type hdf5Activations struct {
	file        *hdf5.Writer
	activations *hdf5.Variable[float32]
	first       map[string]int // of a layer's neuroids
	size, done  map[string]int // of a layer: neuroids, and stimuli so far
}

func newHDF5Activations(f *runFolder, layers []layerOut, ids []string) (w *hdf5Activations, err error) {
	file, err := hdf5.Create(f.path("activations.h5"))
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			file.Abort()
		}
	}()
	w = &hdf5Activations{file: file, first: map[string]int{}, size: map[string]int{}, done: map[string]int{}}
	neuroids := 0
	var words []string
	for _, l := range layers {
		w.first[l.name], w.size[l.name] = neuroids, l.size()
		neuroids += l.size()
		words = append(words, l.name+": "+l.words())
	}
	if err := errors.Join(file.Attribute("title", "activations of a network's layers, written by ventral"),
		file.Dimension("stimulus", len(ids)), file.Dimension("neuroid", neuroids)); err != nil {
		return nil, err
	}
	if w.activations, err = hdf5.NewVariable[float32](file, "activations", "stimulus", "neuroid"); err != nil {
		return nil, err
	}
	stimulus, err := hdf5.NewVariable[string](file, "stimulus_id", "stimulus")
	if err != nil {
		return nil, err
	}
	layer, err := hdf5.NewVariable[string](file, "layer", "neuroid")
	if err != nil {
		return nil, err
	}
	if err := errors.Join(w.activations.Attribute("coordinates", "stimulus_id layer channel row column"), w.activations.Attribute("layers", strings.Join(words, "; ")),
		stimulus.Write([]int{0}, []int{len(ids)}, ids)); err != nil {
		return nil, err
	}
	for axis, name := range []string{"channel", "row", "column"} {
		v, err := hdf5.NewVariable[int32](file, name, "neuroid")
		if err != nil {
			return nil, err
		}
		for _, l := range layers {
			if err := v.Write([]int{w.first[l.name]}, []int{l.size()}, l.places(axis)); err != nil {
				return nil, err
			}
		}
	}
	for _, l := range layers {
		names := make([]string, min(l.size(), 1<<16))
		for i := range names {
			names[i] = l.name
		}
		for at := 0; at < l.size(); at += len(names) {
			n := min(len(names), l.size()-at)
			if err := layer.Write([]int{w.first[l.name] + at}, []int{n}, names[:n]); err != nil {
				return nil, err
			}
		}
	}
	return w, nil
}

// places returns the channel (axis 0), row (1) or column (2) of every feature.
func (l layerOut) places(axis int) []int32 {
	at := make([]int32, l.size())
	for i := range at {
		switch {
		case l.kept != positions && axis == 0:
			at[i] = int32(i)
		case l.kept != positions:
			at[i] = -1
		case axis == 0:
			at[i] = int32(i / (l.shape.Height * l.shape.Width))
		case axis == 1:
			at[i] = int32(i / l.shape.Width % l.shape.Height)
		default:
			at[i] = int32(i % l.shape.Width)
		}
	}
	return at
}

// words is the shape of what is written, as it is read.
func (l layerOut) words() string {
	var sizes []string
	for _, k := range l.axes {
		sizes = append(sizes, fmt.Sprint(k))
	}
	return strings.Join(sizes, " × ") + [...]string{" (channel × row × column)", " (channel)", " (feature)"}[l.kept]
}

func (w *hdf5Activations) write(layer string, rows []float32) error {
	size := w.size[layer]
	n := len(rows) / size
	at := w.done[layer]
	w.done[layer] += n
	return w.activations.Write([]int{at, w.first[layer]}, []int{n, size}, rows)
}

func (w *hdf5Activations) close() error { return w.file.Close() }
func (w *hdf5Activations) abort()       { w.file.Abort() }
