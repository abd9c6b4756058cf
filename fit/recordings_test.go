package fit

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"ventral/internal/hdf5"
	"ventral/internal/npy"
)

// The golden was made by testdata/make_presentations.py; Brain-Score's own code
// (brainio acff11f1 on xarray 2022.3.0) has the same groups in the same order.
func TestRepetitionsAreAveragedAsBrainScoreDoes(t *testing.T) {
	if !hdf5.Available {
		t.Skip("built without HDF5")
	}
	text, err := os.ReadFile("testdata/presentations.json")
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		Stimuli []string
		Mean    [][]float64 `json:"mean_70_170"`
	}
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	a, err := ReadAssembly("testdata/presentations.nc", ReadOptions{Window: Window{70, 170}})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a.StimulusIDs, want.Stimuli) || slices.IsSorted(a.StimulusIDs) {
		t.Errorf("stimuli %v, expected %v", a.StimulusIDs, want.Stimuli)
	}
	m := a.Mean()
	for s, row := range want.Mean {
		for j, v := range row {
			if got := m.At(s, j); !(math.Abs(got-v) < 1e-12) {
				t.Errorf("%s, neuroid %d: %v, expected %v", want.Stimuli[s], j, got, v)
			}
		}
	}
	if a.Window != (Window{70, 170}) || !slices.Equal(a.Notes, []string{"the 2 time bins of 70–170 ms are averaged"}) {
		t.Errorf("%v, %q", a.Window, a.Notes)
	}
}

func TestGroupsAreSortedByTheTupleOfCoordinates(t *testing.T) {
	nan := math.NaN()
	id := newCells("stimulus_id", 0, []string{"b", "a", "b", "c", "a", "c"})
	for name, c := range map[string]struct {
		first coordinate
		want  string
		note  string
	}{
		"text":                         {newCells("object_name", 0, []string{"y", "z", "y", "Z", "z", "Z"}), "cba", ""},
		"numbers":                      {newFloats("size", 0, []float64{9, 10, 9, -1, 10, -1}), "cba", ""},
		"text that looks like numbers": {coordinate{name: "label", values: []string{"9", "10", "9", "8", "10", "8"}}, "acb", ""},
		"equal":                        {newFloats("size", 0, []float64{1, 1, 1, 1, 1, 1}), "abc", ""},
		"missing":                      {newFloats("size", 0, []float64{nan, 2, nan, 3, 2, 3}), "acb", ""},
		"a repetition":                 {newInts("repetition", 0, []int64{9, 8, 7, 1, 2, 3}), "abc", ""},
		"one that differs": {newInts("trial", 0, []int64{5, 4, 5, 2, 4, 0}), "abc",
			"presentations of 1 of 3 stimuli differ in trial: all presentations of a stimulus are taken as its repetitions, where Brain-Score would make 4 groups of them"},
	} {
		a, err := tableOf("presentation,neuroid", []int{6, 1}, counting(6), c.first, id).one(ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(a.StimulusIDs, ""); got != c.want || c.note != "" != (len(a.Notes) == 1) || c.note != "" && a.Notes[0] != c.note {
			t.Errorf("%s: %s, expected %s; notes %q", name, got, c.want, a.Notes)
		}
		for s, id := range a.StimulusIDs {
			if got, want := a.Mean().At(s, 0), map[string]float64{"a": 2.5, "b": 1, "c": 4}[id]; got != want {
				t.Errorf("%s: mean of %s is %v, expected %v", name, id, got, want)
			}
		}
	}
}

// response = 100 stimulus + 10 bin; bins of 10 ms from −10.
func binned(coords ...coordinate) *table {
	var values []float64
	for s := range 2 {
		for b := range 4 {
			values = append(values, float64(100*s+10*b))
		}
	}
	return tableOf("neuroid,stimulus,time_bin", []int{1, 2, 4}, values, coords...)
}

func TestTimeBins(t *testing.T) {
	times := []coordinate{newInts("time_bin_start", 2, []int64{-10, 0, 10, 20}), newInts("time_bin_end", 2, []int64{0, 10, 20, 30})}
	for _, c := range []struct {
		window Window
		want   []float64
		actual Window
		notes  []string
	}{
		{Window{}, []float64{15, 115}, Window{-10, 30}, []string{"the 4 time bins of -10–30 ms are averaged"}},
		{Window{0, 20}, []float64{15, 115}, Window{0, 20}, []string{"the 2 time bins of 0–20 ms are averaged"}},
		{Window{-10, 0}, []float64{0, 100}, Window{-10, 0}, nil},
		{Window{5, 31}, []float64{25, 125}, Window{10, 30}, []string{"the 2 time bins of 10–30 ms are averaged", "the time bins in the window 5–31 ms are those of 10–30 ms"}},
	} {
		tab := binned(times...)
		a, err := tab.one(ReadOptions{Window: c.window})
		if err != nil {
			t.Fatal(err)
		}
		named := slices.DeleteFunc(a.Notes, func(n string) bool { return strings.HasPrefix(n, "the file names no") })
		if !slices.Equal(a.Responses, c.want) || a.Window != c.actual || !slices.Equal(named, c.notes) {
			t.Errorf("%v: %+v", c.window, a)
		}
	}
	bins, err := binned(times...).assemblies(ReadOptions{Window: Window{0, 30}}, true)
	if err != nil || len(bins) != 3 {
		t.Fatalf("%v, %v", bins, err)
	}
	for i, a := range bins {
		at := float64(i + 1)
		if a.Window != (Window{10 * (at - 1), 10 * at}) || !slices.Equal(a.Responses, []float64{10 * at, 100 + 10*at}) {
			t.Errorf("bin %d: %+v", i, a)
		}
	}
	for _, c := range []struct {
		table *table
		o     ReadOptions
		want  string
	}{
		{binned(times...), ReadOptions{Window: Window{12, 19}}, "no selected time bin lies wholly in the window 12–19 ms; the first of the 4 bins is -10–0 ms, the last 20–30 ms"},
		{binned(times...), ReadOptions{Window: Window{20, 10}}, "the window 20–10 ms is empty"},
		{binned(times[0]), ReadOptions{Window: Window{0, 20}}, "the time bins have no numbers time_bin_start and time_bin_end that say when they are; the coordinates are time_bin_start"},
		{tableOf("stimulus,neuroid", []int{2, 1}, counting(2)), ReadOptions{Window: Window{0, 20}}, "there are no time bins to choose from (2 stimulus × 1 neuroid)"},
	} {
		if _, err := c.table.one(c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, expected %q", err, c.want)
		}
	}
}

// The mean of the bins' assemblies is the assembly of the mean.
func TestBinsHaveTheSameStimuliAndNeuroids(t *testing.T) {
	nan := math.NaN()
	// neuroid × stimulus × time bin: neuroid 1 has no trial of stimulus 0 in bin 1.
	values := []float64{1, 3, 5, 7, 2, nan, 4, 6, 8, 10, 12, 14}
	bins, err := tableOf("neuroid,stimulus,time_bin", []int{3, 2, 2}, values).assemblies(ReadOptions{}, true)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]float64{{1, 8, 5, 12}, {3, 10, 7, 14}} {
		if !slices.Equal(bins[i].Responses, want) || !slices.Equal(bins[i].Neuroids, []string{"0", "2"}) ||
			!slices.Contains(bins[i].Notes, "1 neuroid that has trials of only some stimuli is left out: 1 (1 of 2)") {
			t.Errorf("bin %d: %+v", i, bins[i])
		}
	}
	values = []float64{1, nan, 5, nan}
	_, err = tableOf("neuroid,stimulus,time_bin", []int{1, 2, 2}, values, newInts("time_bin_start", 2, []int64{0, 10}), newInts("time_bin_end", 2, []int64{10, 20})).assemblies(ReadOptions{}, true)
	if err == nil || !strings.Contains(err.Error(), "no trial at all in the time bin 10–20 ms") {
		t.Errorf("an empty bin: %v", err)
	}
}

func TestReliable(t *testing.T) {
	const stimuli, repetitions = 40, 6
	a := &Assembly{Region: "V4", Neuroids: []string{"good", "noise", "constant", "fair"}, Repetitions: repetitions, Notes: []string{"before"}}
	rng := newMT19937(3)
	noise := func() float64 { return float64(rng.permutation(1001)[0])/500 - 1 }
	for s := range stimuli {
		a.StimulusIDs = append(a.StimulusIDs, fmt.Sprint(s))
		for range repetitions {
			signal := math.Sin(float64(s))
			a.Responses = append(a.Responses, signal+.1*noise(), noise(), 1, signal+noise())
		}
	}
	c, err := SplitHalf(a, SplitHalfOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := a.Reliable(.5, SplitHalfOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.Neuroids, []string{"good", "fair"}) || len(a.Neuroids) != 4 || len(a.Notes) != 1 || len(r.Notes) != 2 ||
		!strings.HasPrefix(r.Notes[1], "2 of 4 neuroids, whose split-half reliability (Spearman–Brown corrected, 10 splits) is below 0.5 or undefined, are left out: noise, constant; the reliability was computed from the same responses") {
		t.Errorf("%v, notes %q, reliabilities %v", r.Neuroids, r.Notes, c.PerNeuroid)
	}
	if !slices.Equal(r.trials(7, 3), []float64{a.trials(7, 3)[0], a.trials(7, 3)[3]}) {
		t.Errorf("responses %v of %v", r.trials(7, 3), a.trials(7, 3))
	}
	own, err := SplitHalf(r, SplitHalfOptions{})
	if err != nil || own.PerNeuroid[0] != c.PerNeuroid[0] || own.PerNeuroid[1] != c.PerNeuroid[3] {
		t.Errorf("reliabilities %v of %v, %v", own.PerNeuroid, c.PerNeuroid, err)
	}
	if r, err := a.Reliable(c.PerNeuroid[3], SplitHalfOptions{}); err != nil || len(r.Neuroids) != 2 {
		t.Errorf("the minimum itself is not enough: %v", err)
	}
	if _, err := a.Reliable(1, SplitHalfOptions{}); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("none of 4 neuroids has a split-half reliability (Spearman–Brown corrected) of at least 1; the largest is %.3g", c.PerNeuroid[0])) {
		t.Errorf("nobody is perfect: %v", err)
	}
}

func TestReadMATLAB(t *testing.T) {
	if !hdf5.Available {
		t.Skip("built without HDF5")
	}
	const file = "testdata/matlab.mat"
	a, err := ReadAssembly(file, ReadOptions{Axes: []string{"stimulus", "repetition", "neuroid"}, Region: "MT"})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a.StimulusIDs, []string{"gräser", "b", "c", "d d"}) || a.Repetitions != 3 || a.Region != "MT" || len(a.Neuroids) != 1 {
		t.Errorf("%+v", a)
	}
	for s := range 4 {
		for r := range 3 {
			if got := a.trials(s, r)[0]; got != float64(100*s+10*r+1) {
				t.Errorf("stimulus %d, repetition %d: %v", s, r, got)
			}
		}
	}
	c, err := Inspect(file, ReadOptions{Axes: []string{"stimulus", "repetition", "neuroid"}})
	if err != nil || c.Problem != nil {
		t.Fatal(err, c.Problem)
	}
	var names []string
	for _, k := range c.Coordinates {
		names = append(names, k.Name)
	}
	if !slices.Equal(names, []string{"depth", "region", "stimulus_id"}) {
		t.Errorf("coordinates %v", names)
	}
	for _, c := range []struct {
		axes []string
		want string
	}{
		{nil, "/session/spikes: the file does not say what its axes are (4 × 3 × 2): name them, e.g. stimulus,repetition,neuroid, in MATLAB's order, that of size(x)"},
		{[]string{"neuroid", "repetition", "stimulus"}, "region has 2 values for 4 entries of the axis neuroid (2 stimulus × 3 repetition × 4 neuroid)"},
	} {
		if _, err := ReadAssembly(file, ReadOptions{Axes: c.axes}); err == nil || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: error %v, expected %q", c.axes, err, c.want)
		}
	}
}

func TestTablesOfCoordinates(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	path := filepath.Join(dir, "r.npy")
	if err := npy.WriteFile(path, []int{4, 2}, counting(8)); err != nil {
		t.Fatal(err)
	}
	shown := []string{"presentation", "neuroid"}
	write("r_stimuli.csv", "stimulus_id,repetition,object_name\n10,1,car\n9,0,boat\n10,0,car\n9,1,boat\n")
	write("r_neuroids.csv", "neuroid_id,region\nu,V4\nv,IT\n")
	a, err := ReadAssembly(path, ReadOptions{Axes: shown, Region: "IT"})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a.StimulusIDs, []string{"9", "10"}) || !slices.Equal(a.Responses, []float64{3, 7, 5, 1}) || !slices.Equal(a.Neuroids, []string{"v"}) {
		t.Errorf("%+v", a)
	}
	a, err = ReadAssembly(path, ReadOptions{Axes: shown, Select: conditions(t, "object_name=car,region=V4")})
	if err != nil || !slices.Equal(a.Responses, []float64{4, 0}) {
		t.Errorf("cars: %+v, %v", a, err)
	}

	// A table given by path takes the place of the one beside the file.
	other := write("other.csv", "image_id,repetition\na,0\nb,0\na,1\nb,1\n")
	a, err = ReadAssembly(path, ReadOptions{Axes: shown, StimulusTable: other, Region: "V4"})
	if err != nil || !slices.Equal(a.StimulusIDs, []string{"a", "b"}) || !slices.Equal(a.Responses, []float64{0, 4, 2, 6}) {
		t.Errorf("another table: %+v, %v", a, err)
	}
	a, err = ReadAssembly(path, ReadOptions{Axes: []string{"stimulus", "neuroid"}, StimulusTable: write("ids.csv", "\ufeffstimulus_id\nd\nc\nb\na\n")})
	if err != nil || !slices.Equal(a.StimulusIDs, []string{"d", "c", "b", "a"}) {
		t.Errorf("stimuli: %+v, %v", a, err)
	}
	for _, c := range []struct{ csv, want string }{
		{"stimulus_id\na\n", "has 1 rows for 4 entries of the axis presentation (4 presentation × 2 neuroid)"},
		{"", "is empty: expected a header"},
		{"stimulus_id,x\na\n", "wrong number of fields"},
		{"x\n1\n2\n3\n4\n", "the presentations have no coordinate stimulus_id (or image_id) that says what was shown; the coordinates are x, neuroid_id, region: add it"},
	} {
		bad := write("bad.csv", c.csv)
		if _, err := ReadAssembly(path, ReadOptions{Axes: shown, StimulusTable: bad}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: error %v, expected %q", c.csv, err, c.want)
		}
	}
	if _, err := ReadAssembly(path, ReadOptions{Axes: shown, StimulusTable: filepath.Join(dir, "none.csv")}); err == nil || !strings.Contains(err.Error(), "none.csv") {
		t.Errorf("no such table: %v", err)
	}
	if !hdf5.Available {
		t.Skip("built without HDF5")
	}

	// Where the file names its stimuli, rows are found by name.
	const file = "testdata/assembly.nc"
	set := write("set.csv", "stimulus_id,object_name\nim2,boat\nother,car\nim1,car\nim0,boat\n")
	a, err = ReadAssembly(file, ReadOptions{Region: "IT", StimulusTable: set, Select: conditions(t, "object_name=boat")})
	if err != nil || !slices.Equal(a.StimulusIDs, []string{"im0", "im2"}) {
		t.Errorf("boats: %+v, %v", a, err)
	}
	depths := write("depths.csv", "neuroid_id,depth\nsite3,30\nsite2,20\nsite1,10\nsite0,0\n")
	a, err = ReadAssembly(file, ReadOptions{NeuroidTable: depths, Select: conditions(t, "depth>=20")})
	if err != nil || !slices.Equal(a.Neuroids, []string{"site2", "site3"}) {
		t.Errorf("deep: %+v, %v", a, err)
	}
	for _, c := range []struct{ csv, want string }{
		{"stimulus_id,x\nim0,1\nim1,2\n", "no row for 1 of the image_id of testdata/assembly.nc: im2"},
		{"stimulus_id,x\nim0,1\nim1,2\nim0,3\nim2,4\n", "stimulus_id is there more than once: im0"},
		{"name,x\nim0,1\n", "no column stimulus_id or image_id to find rows by; it has name, x"},
	} {
		bad := write("bad.csv", c.csv)
		if _, err := ReadAssembly(file, ReadOptions{StimulusTable: bad}); err == nil || !strings.Contains(err.Error(), bad) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: error %v, expected %q", c.csv, err, c.want)
		}
	}
}

func TestAlignCountsUnusedFeatures(t *testing.T) {
	a := &Assembly{StimulusIDs: []string{"c", "a"}}
	for range 2 {
		if _, err := Align([]string{"a", "b", "c", "d"}, a); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(a.Notes, []string{"features of 2 of 4 stimuli are not used: the recordings do not have these stimuli"}) {
		t.Errorf("notes %q", a.Notes)
	}
}

func TestInspect(t *testing.T) {
	if !hdf5.Available {
		t.Skip("built without HDF5")
	}
	c, err := Inspect("testdata/assembly.nc", ReadOptions{})
	if err != nil || c.Problem != nil {
		t.Fatal(err, c.Problem)
	}
	if c.Responses != "/lab.Name2020" || c.Missing != 0 || len(c.Arrays) != 10 || !slices.Equal(c.Axes, []Axis{{"neuroid", 4}, {"presentation", 5}, {"time_bin", 2}}) {
		t.Errorf("%+v", c)
	}
	region := slices.IndexFunc(c.Coordinates, func(k Coordinate) bool { return k.Name == "region" })
	if k := c.Coordinates[region]; k.Axis != "neuroid" || k.Numeric || !slices.Equal(k.Values, []string{"IT", "V4"}) || !slices.Equal(k.Counts, []int{2, 2}) {
		t.Errorf("%+v", k)
	}
	if c, err = Inspect("testdata/responses.h5", ReadOptions{}); err != nil || c.Missing != 2./24 {
		t.Errorf("%+v, %v", c, err)
	}
	c, err = Inspect("testdata/responses.h5", ReadOptions{Dataset: "raw/spikes"})
	if err != nil || len(c.Arrays) != 5 || c.Problem == nil || !strings.Contains(c.Problem.Error(), "does not say what its axes are") {
		t.Errorf("without axes: %+v, %v", c, err)
	}
	c, err = Inspect("testdata/responses.h5", ReadOptions{Axes: []string{"frame", "repetition", "neuroid"}})
	if err != nil || c.Problem != nil || c.Axes[0].Name != "frame" {
		t.Errorf("an axis of another name: %+v, %v", c, err)
	}
	if _, err := Inspect("testdata/fit.json", ReadOptions{}); err == nil || !strings.Contains(err.Error(), `testdata/fit.json: recordings are read from .nc`) {
		t.Errorf("no recordings: %v", err)
	}
}

func TestTrials(t *testing.T) {
	nan := math.NaN()
	a := &Assembly{StimulusIDs: []string{"a", "b"}, Neuroids: []string{"u"}, Repetitions: 3, Responses: []float64{1, nan, nan, 1, 2, nan}}
	if fewest, most := a.Trials(); fewest != 1 || most != 2 {
		t.Errorf("%d to %d", fewest, most)
	}
}

func TestStimuliAlongSeveralAxes(t *testing.T) {
	// value = 100 movie + 10 frame + neuroid
	values := make([]float64, 0, 12)
	for movie := range 2 {
		for neuroid := range 2 {
			for frame := range 3 {
				values = append(values, float64(100*movie+10*frame+neuroid))
			}
		}
	}
	read := func(o ReadOptions, coords ...coordinate) (*Assembly, error) {
		return tableOf("stimulus.movie,neuroid,stimulus.frame", []int{2, 2, 3}, values, coords...).one(o)
	}
	want := []float64{0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121}
	a, err := read(ReadOptions{})
	if err != nil || !slices.Equal(a.Responses, want) || !slices.Equal(a.StimulusIDs, []string{"movie0_frame0", "movie0_frame1", "movie0_frame2", "movie1_frame0", "movie1_frame1", "movie1_frame2"}) {
		t.Errorf("%+v, %v", a, err)
	}
	a, err = read(ReadOptions{StimulusIDs: []string{"a", "b", "c", "d", "e", "f"}})
	if err != nil || !slices.Equal(a.Responses, want) || a.StimulusIDs[4] != "e" {
		t.Errorf("%+v, %v", a, err)
	}
	a, err = read(ReadOptions{Select: conditions(t, "title=bees")}, newCells("title", 0, []string{"dogs", "bees"}))
	if err != nil || !slices.Equal(a.Responses, want[6:]) || a.StimulusIDs[0] != "movie1_frame0" {
		t.Errorf("%+v, %v", a, err)
	}
	if _, err = read(ReadOptions{StimulusIDs: []string{"a"}}); err == nil || !strings.Contains(err.Error(), "6 stimuli along 2 stimulus.movie × 2 neuroid × 3 stimulus.frame, and 1 are given") {
		t.Errorf("too few names: %v", err)
	}
}

// netCDF writes a netCDF-4 file of responses, presentation × neuroid.
func netCDF(t *testing.T, values []float32, neuroids int, variables []string, coordinates map[string][]string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "lab.nc")
	w, err := hdf5.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	n := len(values) / neuroids
	check(w.Dimension("presentation", n))
	check(w.Dimension("neuroid", neuroids))
	for _, name := range sortedKeys(coordinates) {
		v, err := hdf5.NewVariable[string](w, name, "presentation")
		check(err)
		check(v.Write([]int{0}, []int{n}, coordinates[name]))
	}
	for _, name := range variables {
		v, err := hdf5.NewVariable[float32](w, name, "presentation", "neuroid")
		check(err)
		check(v.Attribute("coordinates", strings.Join(sortedKeys(coordinates), " ")))
		check(v.Write([]int{0, 0}, []int{n, neuroids}, values))
	}
	check(w.Close())
	return path
}

func TestBadFilesAreToldExactly(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty.npy")
	if err := npy.WriteFile(empty, []int{0, 3}, []float64{}); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadAssembly(empty, ReadOptions{Axes: []string{"stimulus", "neuroid"}}); err == nil || !strings.Contains(err.Error(), "empty.npy: the axis stimulus is empty (0 stimulus × 3 neuroid)") {
		t.Errorf("an empty axis: %v", err)
	}
	if c, err := Inspect(empty, ReadOptions{Axes: []string{"stimulus", "neuroid"}}); err != nil || c.Axes[0].Length != 0 || !math.IsNaN(c.Missing) {
		t.Errorf("an empty axis is not shown: %+v, %v", c, err)
	}
	single := filepath.Join(dir, "single.npy")
	if err := npy.WriteFile(single, []int{}, []float64{3}); err != nil {
		t.Fatal(err)
	}
	for _, axes := range [][]string{nil, {}} {
		if c, err := Inspect(single, ReadOptions{Axes: axes}); err != nil || c.Problem == nil || !strings.Contains(c.Problem.Error(), "the array is a single number") {
			t.Errorf("a single number: %+v, %v", c, err)
		}
	}
	if !hdf5.Available {
		t.Skip("built without HDF5")
	}
	nan := float32(math.NaN())
	some, ids := []float32{1, 2, 3, 4}, map[string][]string{"image_id": {"a", "b"}}
	one := []string{"rates"}
	for name, c := range map[string]struct {
		path string
		o    ReadOptions
		want string
	}{
		"no coordinates":      {netCDF(t, some, 2, one, nil), ReadOptions{}, "the presentations have no coordinate stimulus_id (or image_id) that says what was shown; the coordinates are none: add it to the file, or give a table of 2 rows with it"},
		"two variables":       {netCDF(t, some, 2, []string{"rates", "counts"}, ids), ReadOptions{}, "several datasets could be the responses, say which: /counts (2 × 2), /rates (2 × 2)"},
		"all NaN":             {netCDF(t, []float32{nan, nan, nan, nan}, 2, one, ids), ReadOptions{}, "there is no trial at all: every response that is selected is NaN; select others, or check what the file has for missing trials"},
		"a dataset not there": {netCDF(t, some, 2, one, ids), ReadOptions{Dataset: "rate"}, `there is no dataset "rate"; the file holds /image_id, /neuroid, /presentation, /rates`},
		"text":                {netCDF(t, some, 2, one, ids), ReadOptions{Dataset: "image_id"}, "/image_id holds text: expected an array of numbers"},
		"an infinite one":     {netCDF(t, []float32{1, float32(math.Inf(-1)), 1, 1}, 2, one, ids), ReadOptions{}, "the response at [0 1] (presentation,neuroid) is -Inf: expected a number, or NaN for a missing trial"},
	} {
		_, err := ReadAssembly(c.path, c.o)
		if err == nil || !strings.Contains(err.Error(), c.path) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, expected the file and %q", name, err, c.want)
		}
	}
}

// Recordings that take more memory than is allowed are not read.
func TestRecordingsThatDoNotFit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trials.npy")
	const stimuli, repetitions, neuroids = 40, 3, 5000
	if err := npy.WriteFile(path, []int{stimuli, repetitions, neuroids}, make([]float32, stimuli*repetitions*neuroids)); err != nil {
		t.Fatal(err)
	}
	o := ReadOptions{Axes: []string{"stimulus", "repetition", "neuroid"}}
	// The trials, their mean, and what is read at a time.
	needed := int64(8*(stimuli*repetitions*neuroids+stimuli*neuroids) + 2*8*largestRead)
	o.MaxBytes = needed
	if _, err := ReadAssembly(path, o); err != nil {
		t.Error(err)
	}
	o.MaxBytes--
	_, err := ReadAssembly(path, o)
	var large *TooLargeError
	if !errors.As(err, &large) || large.Bytes != float64(needed) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "40 stimulus × 3 repetition × 5000 neuroid") {
		t.Errorf("error %v, expected %d bytes", err, needed)
	}
	o.MaxBytes = 1000 // less than names take
	if _, err := ReadAssembly(path, o); !errors.As(err, &large) {
		t.Errorf("error %v", err)
	}
	// Presentations of which one stimulus has most: the rectangle counts.
	o.Axes, o.MaxBytes = []string{"presentation", "neuroid"}, 0
	single := filepath.Join(t.TempDir(), "presentations.npy")
	if err := npy.WriteFile(single, []int{120, neuroids}, make([]float32, 120*neuroids)); err != nil {
		t.Fatal(err)
	}
	for i := range 120 {
		o.StimulusIDs = append(o.StimulusIDs, strconv.Itoa(max(0, i-80)))
	}
	o.MaxBytes = needed
	if _, err := ReadAssembly(single, o); !errors.As(err, &large) || large.Bytes < 8*40*81*neuroids {
		t.Errorf("error %v for 81 repetitions of one stimulus", err)
	}
}
