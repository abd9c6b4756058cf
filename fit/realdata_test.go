package fit

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ventral/internal/hdf5"
)

// realData finds a file of real recordings, or skips.
func realData(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("VENTRAL_DATA")
	if dir == "" {
		dir = "../../shared/data"
	}
	path := filepath.Join(dir, filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no real recordings: %v (set VENTRAL_DATA)", err)
	}
	if ext := filepath.Ext(path); ext != ".npy" && !hdf5.Available {
		t.Skip("built without HDF5")
	}
	return path
}

const (
	majaj  = "it-v4-majaj2015-25images/test_data.nc"
	cowley = "v4-cowley-210325/responses_210325.npy"
	henaff = "v1-henaff-ay3_u002/responses.h5"
)

var cowleyAxes = []string{"neuroid", "stimulus", "repetition"}

// The split-half medians are facts of the data, known to two decimals: over neuroids, of the mean
// over Brain-Score's ten splits of the plain correlation between halves. The
// ceilings are numpy's.
func TestRealRecordings(t *testing.T) {
	for _, c := range []struct {
		name, file                     string
		o                              ReadOptions
		stimuli, repetitions, neuroids int
		splitHalf, ceiling             float64
	}{
		{"IT", majaj, ReadOptions{Region: "IT"}, 25, 28, 168, .61, .7526805107643517},
		{"V4", majaj, ReadOptions{Region: "V4"}, 25, 28, 128, .47, .6481931522814459},
		{"V4 session", cowley, ReadOptions{Region: "V4", Axes: cowleyAxes}, 640, 10, 50, .61, .7594612410432185},
		{"V1", henaff, ReadOptions{Region: "V1"}, 400, 50, 53, .83, .9017858167633642},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := ReadAssembly(realData(t, c.file), c.o)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("notes %q", a.Notes)
			if len(a.StimulusIDs) != c.stimuli || a.Repetitions != c.repetitions || len(a.Neuroids) != c.neuroids || a.Region != c.o.Region {
				t.Errorf("%s: %d × %d × %d, expected %d × %d × %d", a.Region, len(a.StimulusIDs), a.Repetitions, len(a.Neuroids), c.stimuli, c.repetitions, c.neuroids)
			}
			if err := checkFinite(a.Mean(), "neuroid", 0); err != nil {
				t.Error(err)
			}
			h, err := SplitHalf(a, SplitHalfOptions{})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("split-half median %.4f, ceiling %.4f ± %.4f", h.SplitHalf, h.Ceiling, h.Error)
			if math.Abs(h.SplitHalf-c.splitHalf) >= .005 {
				t.Errorf("split-half median %.4f, expected %.2f", h.SplitHalf, c.splitHalf)
			}
			if math.Abs(h.Ceiling-c.ceiling) > 1e-6 {
				t.Errorf("ceiling %v, numpy's %v", h.Ceiling, c.ceiling)
			}
		})
	}
}

func TestRealRecordingsNameWhatTheyHold(t *testing.T) {
	a, err := ReadAssembly(realData(t, majaj), ReadOptions{Region: "IT", Select: conditions(t, "animal=Chabo")})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(a.Neuroids[0], "Chabo_") || len(a.StimulusIDs[0]) != 40 || len(a.Neuroids) >= 168 {
		t.Errorf("%d neuroids, the first %s; stimuli like %s", len(a.Neuroids), a.Neuroids[0], a.StimulusIDs[0])
	}
	_, err = ReadAssembly(realData(t, majaj), ReadOptions{Region: "V1"})
	if err == nil || !strings.Contains(err.Error(), `no neuroid has the region "V1"; there are IT (168), V4 (128)`) {
		t.Errorf("a region that is not there: %v", err)
	}
	if a, err := ReadAssembly(realData(t, majaj), ReadOptions{Region: "IT", DefaultAxes: cowleyAxes}); err != nil || a.Repetitions != 28 {
		t.Errorf("default axes take the place of those that a file names: %v", err)
	}
	_, err = ReadAssembly(realData(t, cowley), ReadOptions{DefaultAxes: cowleyAxes, StimulusIDs: []string{"a", "b"}})
	if err == nil || !strings.Contains(err.Error(), "640 entries along the axis stimulus") {
		t.Errorf("too few ids: %v", err)
	}
	_, err = ReadAssembly(realData(t, "netcdf/assy_schiller_Schiller1976c.nc"), ReadOptions{})
	if err == nil || !strings.Contains(err.Error(), `unknown name "neuronal_property"`) {
		t.Errorf("an assembly without stimuli: %v", err)
	}
	a, err = ReadAssembly(realData(t, "netcdf/alexnet-rgb-1000.nc"), ReadOptions{})
	if err != nil || len(a.StimulusIDs) != 1 || len(a.Neuroids) != 2000 {
		t.Errorf("activations: %+v, %v", a, err)
	}
}

// The lab's own file has the stimuli along four axes, as its text
// sortedResponses_desc says; the frames in use are those of responses.h5, which
// has no contrast-reduced movies and the frames that both kinds share once.
func TestRealMATLABFile(t *testing.T) {
	file := realData(t, "v1-henaff-ay3_u002/ay3_u002_image_sequences.mat")
	a, err := ReadAssembly(file, ReadOptions{
		Dataset: "naturalStruct/sortedResponses",
		Axes:    []string{"stimulus.zoom", "stimulus.category", "stimulus.movie", "stimulus.frame", "neuroid", "repetition"},
	})
	if err != nil {
		t.Fatal(err)
	}
	b, err := ReadAssembly(realData(t, henaff), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(a.StimulusIDs) != 484 || a.Repetitions != b.Repetitions || len(a.Neuroids) != len(b.Neuroids) {
		t.Fatalf("%d stimuli, %d repetitions, %d neuroids; notes %q", len(a.StimulusIDs), a.Repetitions, len(a.Neuroids), a.Notes)
	}
	at := map[string]int{}
	for i, id := range a.StimulusIDs {
		at[id] = i
	}
	for i, id := range b.StimulusIDs {
		var zoom, movie, frame int
		var kind string
		if _, err := fmt.Sscanf(strings.ReplaceAll(id, "_", " "), "zoom%dx movie%d %s %d", &zoom, &movie, &kind, &frame); err != nil {
			t.Fatal(id, err)
		}
		category := map[string]int{"natural": 0, "synthetic": 1}[kind]
		j, ok := at[fmt.Sprintf("frame%d_movie%d_category%d_zoom%d", frame-1, movie-1, category, zoom-1)]
		if !ok {
			t.Fatalf("%s is not in the lab's file", id)
		}
		for r := range b.Repetitions {
			if !slices.EqualFunc(a.trials(j, r), b.trials(i, r), func(x, y float64) bool { return x == y || math.IsNaN(x) && math.IsNaN(y) }) {
				t.Fatalf("%s, repetition %d: %v and %v", id, r, a.trials(j, r), b.trials(i, r))
			}
		}
	}
}
