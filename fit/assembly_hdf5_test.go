package fit

import (
	"math"
	"slices"
	"strings"
	"testing"

	"ventral/internal/hdf5"
)

// The files were made by testdata/make_assemblies.py.

func TestReadNetCDF(t *testing.T) {
	const file = "testdata/assembly.nc"
	if !hdf5.Available {
		_, err := ReadAssembly(file, ReadOptions{})
		if err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("without HDF5: %v", err)
		}
		t.Skip("built without HDF5")
	}
	a, err := ReadAssembly(file, ReadOptions{Region: "IT"})
	if err != nil {
		t.Fatal(err)
	}
	if a.Region != "IT" || a.Repetitions != 2 || !slices.Equal(a.StimulusIDs, []string{"im0", "im1", "im2"}) || !slices.Equal(a.Neuroids, []string{"site1", "site2"}) {
		t.Fatalf("%+v", a)
	}
	for s := range 3 {
		for r := range 2 {
			for j, v := range a.trials(s, r) {
				want := float64(1000*s+100*r+10*(j+1)) + .5 // mean of two time bins
				if s == 2 && r == 1 {
					if !math.IsNaN(v) {
						t.Errorf("a trial that does not exist: %v", v)
					}
				} else if v != want {
					t.Errorf("stimulus %d, repetition %d, neuroid %d: %v, expected %v", s, r, j, v, want)
				}
			}
		}
	}
	if !slices.Equal(a.Notes, []string{"the 2 time bins are averaged"}) {
		t.Errorf("notes %q", a.Notes)
	}
	a, err = ReadAssembly(file, ReadOptions{Select: conditions(t, "x=3.5,repetition=1,time_bin_start>=100")})
	if err != nil || !slices.Equal(a.StimulusIDs, []string{"im0", "im1"}) || !slices.Equal(a.Responses, []float64{131, 1131}) || a.Region != "V4" || len(a.Notes) != 0 {
		t.Errorf("selected: %+v, %v", a, err)
	}
	if _, err := ReadAssembly(file, ReadOptions{Region: "V2"}); err == nil || !strings.Contains(err.Error(), `testdata/assembly.nc: no neuroid has the region "V2"; there are IT (2), V4 (2)`) {
		t.Errorf("no such region: %v", err)
	}
}

func TestReadPlainHDF5(t *testing.T) {
	if !hdf5.Available {
		t.Skip("built without HDF5")
	}
	const file = "testdata/responses.h5"
	a, err := ReadAssembly(file, ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if a.Region != "V1" || a.Repetitions != 3 || !slices.Equal(a.StimulusIDs, []string{"s0", "s1", "s2", "s3"}) || !slices.Equal(a.Neuroids, []string{"u1", "u2"}) || len(a.Notes) != 0 {
		t.Errorf("%+v", a)
	}
	for i, v := range a.Responses {
		if missing := i == 10 || i == 11; missing != math.IsNaN(v) || !missing && v != float64(i) {
			t.Errorf("response %d is %v", i, v)
		}
	}
	for _, c := range []struct {
		o    ReadOptions
		want string
	}{
		{ReadOptions{Dataset: "raw/spikes"}, "does not say what its axes are (2 × 3): name them, e.g. stimulus,neuroid"},
		{ReadOptions{Dataset: "rates"}, "the file holds /neuroid_id, /raw/spikes, /region, /responses, /stimulus_id"},
		{ReadOptions{Dataset: "region"}, "/region holds text: expected an array of numbers"},
		{ReadOptions{Axes: []string{"neuroid", "stimulus", "repetition"}}, "for 4 entries of the axis neuroid"},
	} {
		if _, err := ReadAssembly(file, c.o); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), file) {
			t.Errorf("%+v: error %v, expected the file and %q", c.o, err, c.want)
		}
	}
	a, err = ReadAssembly(file, ReadOptions{Dataset: "/raw/spikes", Axes: []string{"neuroid", "stimulus"}})
	if err != nil || !slices.Equal(a.Responses, []float64{0, 3, 1, 4, 2, 5}) {
		t.Errorf("/raw/spikes: %+v, %v", a, err)
	}
}
