package fit

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"ventral/internal/npy"
)

// tableOf is a table in memory: element e of a C-ordered array is values[e].
func tableOf(axes string, shape []int, values []float64, coords ...coordinate) *table {
	return &table{source: "memory", axes: strings.Split(axes, ","), shape: shape, coords: coords, read: fromMemory(values, shape)}
}

// one makes the table's assembly, time bins averaged.
func (t *table) one(o ReadOptions) (*Assembly, error) {
	a, err := t.assemblies(o, false)
	if err != nil {
		return nil, err
	}
	return a[0], nil
}

func conditions(t *testing.T, text string) []Condition {
	t.Helper()
	c, err := ParseSelect(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func counting(n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = float64(i)
	}
	return v
}

func TestAxesInAnyOrder(t *testing.T) {
	// value = 100 stimulus + 10 repetition + neuroid
	sizes := map[string]int{"stimulus": 4, "repetition": 3, "neuroid": 2}
	weight := map[string]float64{"stimulus": 100, "repetition": 10, "neuroid": 1}
	for _, axes := range []string{"stimulus,repetition,neuroid", "neuroid,stimulus,repetition", "repetition,neuroid,stimulus", "stimulus,neuroid,repetition"} {
		names := strings.Split(axes, ",")
		shape := []int{sizes[names[0]], sizes[names[1]], sizes[names[2]]}
		var values []float64
		for i := range shape[0] {
			for j := range shape[1] {
				for k := range shape[2] {
					values = append(values, weight[names[0]]*float64(i)+weight[names[1]]*float64(j)+weight[names[2]]*float64(k))
				}
			}
		}
		a, err := tableOf(axes, shape, values).one(ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(a.StimulusIDs, []string{"0", "1", "2", "3"}) || !slices.Equal(a.Neuroids, []string{"0", "1"}) || a.Repetitions != 3 {
			t.Fatalf("%s: %+v", axes, a)
		}
		for s := range 4 {
			for r := range 3 {
				for n := range 2 {
					if got, want := a.trials(s, r)[n], float64(100*s+10*r+n); got != want {
						t.Errorf("%s: stimulus %d, repetition %d, neuroid %d is %v, expected %v", axes, s, r, n, got, want)
					}
				}
			}
		}
	}
}

func TestPresentationsAreGroupedByStimulus(t *testing.T) {
	ids := newCells("image_id", 0, []string{"b", "a", "b", "c", "a", "b"})
	values := []float64{0, 10, 1, 11, 2, 12, 3, 13, 4, 14, 5, 15} // presentation × neuroid
	nan := math.NaN()
	for name, c := range map[string]struct {
		repetition []string
		want       []float64 // stimulus × repetition, first neuroid
		notes      int
	}{
		"by value":             {[]string{"10", "10", "9", "9", "2", "2"}, []float64{4, nan, 1, 5, 2, 0, nan, 3, nan}, 0},
		"none":                 {nil, []float64{1, 4, nan, 0, 2, 5, 3, nan, nan}, 0},
		"one repetition twice": {[]string{"0", "0", "0", "0", "1", "1"}, []float64{1, 4, nan, 0, 2, 5, 3, nan, nan}, 1},
	} {
		coords := []coordinate{ids}
		if c.repetition != nil {
			coords = append(coords, newCells("repetition", 0, c.repetition))
		}
		a, err := tableOf("presentation,neuroid", []int{6, 2}, values, coords...).one(ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(a.StimulusIDs, []string{"a", "b", "c"}) || a.Repetitions != 3 || len(a.Notes) != c.notes {
			t.Errorf("%s: %+v", name, a)
		}
		for i, want := range c.want {
			got := a.trials(i/3, i%3)
			if !(got[0] == want && got[1] == want+10 || math.IsNaN(want) && math.IsNaN(got[0]) && math.IsNaN(got[1])) {
				t.Errorf("%s: stimulus %d, repetition %d: %v, expected %v", name, i/3, i%3, got, want)
			}
		}
		if m := a.Mean(); m.At(0, 0) != 2.5 || m.At(1, 1) != 10+7./3 || m.At(2, 0) != 3 {
			t.Errorf("%s: means %v", name, mat.Formatted(m))
		}
	}
}

func TestTimeBinsAreAveraged(t *testing.T) {
	nan := math.NaN()
	a, err := tableOf("neuroid,stimulus,time_bin", []int{1, 2, 3}, []float64{1, 2, 6, nan, 5, 7}).one(ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a.Responses, []float64{3, 6}) || !slices.Contains(a.Notes, "the 3 time bins are averaged") {
		t.Errorf("%+v", a)
	}
}

func TestSelection(t *testing.T) {
	region := newCells("region", 1, []string{"V4", "IT", "V4", "IT"})
	animal := newCells("animal", 1, []string{"x", "x", "y", "y"})
	id := newCells("neuroid_id", 1, []string{"p", "q", "r", "s"})
	read := func(o ReadOptions) (*Assembly, error) {
		return tableOf("stimulus,neuroid", []int{2, 4}, counting(8), region, animal, id).one(o)
	}
	a, err := read(ReadOptions{Region: "IT"})
	if err != nil || a.Region != "IT" || !slices.Equal(a.Neuroids, []string{"q", "s"}) || !slices.Equal(a.Responses, []float64{1, 3, 5, 7}) {
		t.Errorf("IT: %+v, %v", a, err)
	}
	a, err = read(ReadOptions{Region: "IT", Select: conditions(t, "animal=y")})
	if err != nil || !slices.Equal(a.Responses, []float64{3, 7}) {
		t.Errorf("IT of y: %+v, %v", a, err)
	}
	a, err = read(ReadOptions{})
	if err != nil || a.Region != "" || len(a.Neuroids) != 4 || !slices.Contains(a.Notes, "neuroids of several regions are taken together: IT (2), V4 (2)") {
		t.Errorf("all: %+v, %v", a, err)
	}
	for _, c := range []struct {
		o    ReadOptions
		want string
	}{
		{ReadOptions{Region: "V1"}, `no neuroid has the region "V1"; there are IT (2), V4 (2)`},
		{ReadOptions{Select: conditions(t, "layer=3")}, `no coordinate "layer" to select by; there are region, animal, neuroid_id`},
		{ReadOptions{Select: conditions(t, "neuroid_id=p,animal=y")}, "no neuroid has all that is selected: neuroid_id=p, animal=y"},
		{ReadOptions{StimulusIDs: []string{"a", "b", "c"}}, "2 entries along the axis stimulus (2 stimulus × 4 neuroid) and names no stimuli, and 3 stimuli are given"},
	} {
		if _, err := read(c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, expected %q", c.o, err, c.want)
		}
	}
}

func TestWhatHasNoTrialsIsLeftOut(t *testing.T) {
	nan := math.NaN()
	// stimulus × neuroid: stimulus 1 was never shown, neuroid 1 never recorded,
	// neuroid 2 not for stimulus 3.
	values := []float64{
		0, nan, 2, 3,
		nan, nan, nan, nan,
		20, nan, 22, 23,
		30, nan, nan, 33,
	}
	a, err := tableOf("stimulus,neuroid", []int{4, 4}, values).one(ReadOptions{StimulusIDs: []string{"w", "x", "y", "z"}})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a.StimulusIDs, []string{"w", "y", "z"}) || !slices.Equal(a.Neuroids, []string{"0", "3"}) || !slices.Equal(a.Responses, []float64{0, 3, 20, 23, 30, 33}) {
		t.Errorf("%+v", a)
	}
	for _, note := range []string{
		"1 stimulus without any trial is left out: x",
		"1 neuroid without any trial is left out: 1",
		"1 neuroid that has trials of only some stimuli is left out: 2 (2 of 3)",
	} {
		if !slices.Contains(a.Notes, note) {
			t.Errorf("no note %q in %q", note, a.Notes)
		}
	}
	if _, err := tableOf("stimulus,neuroid", []int{2, 2}, []float64{1, nan, nan, 4}).one(ReadOptions{}); err == nil || !strings.Contains(err.Error(), "no neuroid has trials of all 2 stimuli (0 (1 of 2), 1 (1 of 2))") {
		t.Errorf("no complete neuroid: %v", err)
	}
	if _, err := tableOf("stimulus,neuroid", []int{1, 2}, []float64{nan, nan}).one(ReadOptions{}); err == nil || !strings.Contains(err.Error(), "no trial at all") {
		t.Errorf("no trial: %v", err)
	}
	if _, err := tableOf("stimulus,neuroid", []int{1, 2}, []float64{0, math.Inf(1)}).one(ReadOptions{}); err == nil || !strings.Contains(err.Error(), "[0 1] (stimulus,neuroid) is +Inf") {
		t.Errorf("infinite response: %v", err)
	}
}

// Slabs that do not divide the first axis read like one.
func TestLargeArraysAreReadInSlabs(t *testing.T) {
	const n, q = 3000, 871 // 2.5 slabs
	tab := tableOf("stimulus,neuroid", []int{n, q}, nil)
	reads := 0
	tab.read = func(start, count []int) ([]float64, error) {
		reads++
		v := make([]float64, count[0]*q)
		for i := range v {
			v[i] = float64(start[0]*q + i)
		}
		return v, nil
	}
	a, err := tab.one(ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if reads != 3 {
		t.Errorf("%d reads", reads)
	}
	for i, v := range a.Responses {
		if v != float64(i) {
			t.Fatalf("element %d is %v", i, v)
		}
	}
}

func TestAxesErrors(t *testing.T) {
	for _, c := range []struct{ axes, want string }{
		{"stimulus,stimulus,neuroid", "stimulus stands there twice"},
		{"stimulus,stimulus_id,neuroid", "stimulus stands there twice"},
		{"stimulus,trial,neuroid", `unknown name "trial", expected stimulus, repetition, presentation, neuroid, time_bin`},
		{"stimulus,neuroid", "2 names for an array of 3 axes, 5 × 6 × 7"},
		{"repetition,neuroid,time_bin", "none is the stimulus"},
		{"stimulus,stimulus.frame,neuroid", "the axes stimulus.NAME already are the stimulus"},
		{"stimulus.,repetition,neuroid", `unknown name "stimulus."`},
		{"stimulus,repetition,time_bin", "none is the neuroid"},
		{"presentation,repetition,neuroid", "presentation already is stimulus and repetition"},
	} {
		axes, err := nameAxes(strings.Split(c.axes, ","), []int{5, 6, 7})
		if err == nil {
			err = checkAxes(axes)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, expected %q", c.axes, err, c.want)
		}
	}
	if got, err := nameAxes([]string{" neuroid_id", "image_id "}, []int{1, 2}); err != nil || !slices.Equal(got, []string{"neuroid", "stimulus"}) {
		t.Errorf("synonyms: %v, %v", got, err)
	}
}

func TestWriteAndReadBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "v4.npz")
	a := &Assembly{
		Region: "V4", StimulusIDs: []string{"b", "a, with a comma"}, Neuroids: []string{"u", "v", "w"}, Repetitions: 2,
		Responses: []float64{1, 2, 3, math.NaN(), 5, 6, 7, 8, 9, 10, 11, math.NaN()},
	}
	if err := a.Write(path); err != nil {
		t.Fatal(err)
	}
	b, err := ReadAssembly(path, ReadOptions{Region: "V4"})
	if err != nil {
		t.Fatal(err)
	}
	same := slices.EqualFunc(a.Responses, b.Responses, func(x, y float64) bool { return x == y || math.IsNaN(x) && math.IsNaN(y) })
	if !same || !slices.Equal(a.StimulusIDs, b.StimulusIDs) || !slices.Equal(a.Neuroids, b.Neuroids) || b.Repetitions != 2 || b.Region != "V4" || len(b.Notes) != 0 {
		t.Errorf("%+v", b)
	}
	if _, err := ReadAssembly(path, ReadOptions{Region: "IT"}); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), `no neuroid has the region "IT"`) {
		t.Errorf("another region: %v", err)
	}
	if err := os.WriteFile(beside(path, stimulusTable), []byte("stimulus_id\nb\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadAssembly(path, ReadOptions{}); err == nil || !strings.Contains(err.Error(), "has 1 rows for 2 entries of the axis stimulus") {
		t.Errorf("table too short: %v", err)
	}
	if err := a.Write(filepath.Join(t.TempDir(), "no", "folder.npz")); err == nil {
		t.Error("writing into a folder that does not exist succeeds")
	}
}

func TestReadNPY(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "r.npy")
	if err := npy.WriteFile(path, []int{2, 3, 2}, counting(12)); err != nil { // neuroid, stimulus, repetition
		t.Fatal(err)
	}
	axes := []string{"neuroid", "stimulus", "repetition"}
	a, err := ReadAssembly(path, ReadOptions{Region: "V4", Axes: axes, StimulusIDs: []string{"a", "b", "c"}})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a.Responses, []float64{0, 6, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11}) || !slices.Equal(a.StimulusIDs, []string{"a", "b", "c"}) || len(a.Notes) != 2 {
		t.Errorf("%+v", a)
	}
	for _, c := range []struct {
		path string
		o    ReadOptions
		want string
	}{
		{path, ReadOptions{}, "does not say what its axes are (2 × 3 × 2): name them, e.g. stimulus,repetition,neuroid"},
		{path, ReadOptions{Axes: axes, StimulusIDs: []string{"a"}}, "1 stimuli are given"},
		{path, ReadOptions{Axes: axes[:2]}, "2 names for an array of 3 axes"},
		{path, ReadOptions{Axes: axes, StimulusIDs: []string{"a", "b", "a"}}, "more than once along the axis stimulus: a"},
		{filepath.Join(dir, "absent.npy"), ReadOptions{Axes: axes}, "no such file"},
		{filepath.Join(dir, "responses.csv"), ReadOptions{Axes: axes}, "recordings are read from .nc"},
	} {
		if _, err := ReadAssembly(c.path, c.o); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.path) {
			t.Errorf("%s: error %v, expected the file and %q", c.path, err, c.want)
		}
	}
}

func TestReadNPZ(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.npz")
	z, err := npy.CreateZip(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, shape := range map[string][]int{"it": {4, 2}, "v4": {4, 3}} {
		if err := npy.AddEntry(z, name, shape, counting(shape[0]*shape[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := npy.AddEntry(z, "stimulus_id", []int{4}, []int64{7, 5, 7, 5}); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	a, err := ReadAssembly(path, ReadOptions{Dataset: "it", Axes: []string{"presentation", "neuroid"}})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a.StimulusIDs, []string{"5", "7"}) || !slices.Equal(a.Responses, []float64{2, 3, 6, 7, 0, 1, 4, 5}) {
		t.Errorf("%+v", a)
	}
	for _, c := range []struct {
		o    ReadOptions
		want string
	}{
		{ReadOptions{}, "several arrays could be the responses, say which:"},
		{ReadOptions{Dataset: "v1"}, `no array "v1"`},
		{ReadOptions{Dataset: "it"}, "e.g. stimulus,neuroid"},
	} {
		if _, err := ReadAssembly(path, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, expected %q", c.o, err, c.want)
		}
	}
}

func TestAlign(t *testing.T) {
	a := &Assembly{StimulusIDs: []string{"c", "a"}}
	rows, err := Align([]string{"a", "b", "c"}, a)
	if err != nil || !slices.Equal(rows, []int{2, 0}) {
		t.Errorf("%v, %v", rows, err)
	}
	for _, c := range []struct {
		features []string
		want     string
	}{
		{[]string{"a", "b"}, "1 of 2 stimulus_ids of the recordings have no features (there are 2): c; features are called like \"a\""},
		{[]string{"a", "c", "a", "b", "b"}, "2 stimulus_ids are there more than once in the features: a, b"},
	} {
		if _, err := Align(c.features, a); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: error %v, expected %q", c.features, err, c.want)
		}
	}
	if _, err := Align([]string{"a"}, &Assembly{StimulusIDs: []string{"a", "a"}}); err == nil || !strings.Contains(err.Error(), "more than once in the recordings: a") {
		t.Errorf("twice in the recordings: %v", err)
	}
}
