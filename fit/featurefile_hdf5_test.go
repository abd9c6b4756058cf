package fit

import (
	"math"
	"slices"
	"strings"
	"testing"

	"ventral/internal/hdf5"
)

// Arrays of one name in several groups are layers by their paths.
func TestFeaturesInGroups(t *testing.T) {
	if !hdf5.Available {
		t.Skip("needs HDF5")
	}
	f, err := OpenFeatures("testdata/features_groups.h5")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if !slices.Equal(f.Layers, []string{"early/features", "late/features"}) || !slices.Equal(f.StimulusIDs, []string{"a", "b", "c"}) {
		t.Fatalf("layers %v, stimuli %v", f.Layers, f.StimulusIDs)
	}
	for layer, first := range map[string]float64{"early/features": 0, "late/features": 10} {
		x, err := f.Layer(layer)
		if err != nil {
			t.Fatal(err)
		}
		if got := all(t, x, 2).At(0, 0); got != first {
			t.Errorf("%s begins with %g, expected %g", layer, got, first)
		}
	}
}

// The ids of one array do not name the rows of another.
func TestFeaturesOfStimuliInOtherOrders(t *testing.T) {
	if !hdf5.Available {
		t.Skip("needs HDF5")
	}
	if _, err := OpenFeatures("testdata/features_orders.h5"); err == nil || !strings.Contains(err.Error(), "/late/features names other stimuli") {
		t.Errorf("%v", err)
	}
}

func TestFeaturesWithFillValue(t *testing.T) {
	if !hdf5.Available {
		t.Skip("needs HDF5")
	}
	f, err := OpenFeatures("testdata/features_fill.h5")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	x, err := f.Layer("conv")
	if err != nil {
		t.Fatal(err)
	}
	if got := all(t, x, 2); !math.IsNaN(got.At(1, 1)) || got.At(2, 1) != 5 {
		t.Errorf("%v, expected NaN at 1, 1", got)
	}
}
