package fit

import (
	"slices"
	"testing"
)

// The files were written by NumPy's savez: text names stimuli in them as in HDF5.
func TestNamesInNPZ(t *testing.T) {
	f, err := OpenFeatures("testdata/named_features.npz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if !slices.Equal(f.Layers, []string{"fc", "conv"}) || !slices.Equal(f.StimulusIDs, []string{"c", "a", "b", "d"}) {
		t.Errorf("layers %v of the stimuli %v", f.Layers, f.StimulusIDs)
	}
	a, err := ReadAssembly("testdata/named_responses.npz", ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a.StimulusIDs, []string{"a", "b", "c", "d"}) || !slices.Equal(a.Neuroids, []string{"n1", "n2"}) || !slices.Equal(a.Coordinates["object_name"], []string{"x", "x", "y", "y"}) {
		t.Errorf("stimuli %v, neuroids %v, coordinates %v", a.StimulusIDs, a.Neuroids, a.Coordinates)
	}
	rows, err := Align(f.StimulusIDs, a)
	if err != nil || !slices.Equal(rows, []int{1, 2, 0, 3}) {
		t.Errorf("rows %v, %v", rows, err)
	}
	file, err := Inspect("testdata/named_responses.npz", ReadOptions{})
	if err != nil || !slices.ContainsFunc(file.Arrays, func(a Array) bool { return a.Name == "object_name" && a.Type == "text" }) {
		t.Errorf("the arrays %v, %v", file, err)
	}
}
