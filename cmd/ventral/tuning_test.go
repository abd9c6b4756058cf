package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"image/gif"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"ventral/internal/hdf5"
	"ventral/internal/npy"
	"ventral/neuron"
	"ventral/stimuli"
)

// must runs the program, which must succeed, and returns what it prints.
func must(t *testing.T, args ...string) string {
	t.Helper()
	code, out, errs := ventral(t, args...)
	if code != exitOK {
		t.Fatalf("ventral %v: exit code %d: %s", args, code, errs)
	}
	return out
}

// readRows reads a CSV file as rows by column.
func readRows(t *testing.T, path string) []map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, cells := range all[1:] {
		row := map[string]string{}
		for i, c := range cells {
			row[all[0][i]] = c
		}
		rows = append(rows, row)
	}
	return rows
}

func TestStimuliRender(t *testing.T) {
	dir := t.TempDir()
	source := filepath.Join(dir, "source.png")
	must(t, "stimuli", "render", "gabor", "--pixels", "40", "--out", source)
	for _, k := range stimulusKinds("", stimuli.Raster{}) {
		args := []string{"stimuli", "render", k.name, "--pixels", "40", "--rows", "30", "--degrees", "5"}
		if k.name == "texture" {
			args = append(args, "--image", source)
		}
		at := func(name string) string { return filepath.Join(dir, k.name+name) }
		must(t, append(args, "--out", at(".png"))...)
		f, err := os.Open(at(".png"))
		if err != nil {
			t.Fatal(err)
		}
		picture, err := png.Decode(f)
		f.Close()
		if err != nil || picture.Bounds().Dx() != 40 || picture.Bounds().Dy() != 30 {
			t.Errorf("%s: a picture of %v (%v)", k.name, picture.Bounds(), err)
		}
		must(t, append(args, "--frames", "3", "--out", at(".npy"))...)
		must(t, append(args, "--frames", "3", "--out", at("2.npy"))...)
		x, shape, err := npy.ReadFile[float32](at(".npy"))
		again, _, _ := npy.ReadFile[float32](at("2.npy"))
		if err != nil || !slices.Equal(shape, []int{3, 30, 40}) || !slices.Equal(x, again) {
			t.Errorf("%s: frames of shape %v, the same when they are drawn again: %v (%v)", k.name, shape, slices.Equal(x, again), err)
		}
		for i := range 30 * 40 { // the picture is the first frame
			r, _, _, _ := picture.At(i%40, i/40).RGBA()
			if math.Abs(float64(r>>8)/255-float64(x[i])) > .5001/255 {
				t.Fatalf("%s: pixel %d is %d in the picture and %g in the array", k.name, i, r>>8, x[i])
			}
		}
		must(t, append(args, "--frames", "3", "--out", at(".gif"))...)
		g, err := os.Open(at(".gif"))
		if err != nil {
			t.Fatal(err)
		}
		movie, err := gif.DecodeAll(g)
		g.Close()
		if err != nil || len(movie.Image) != 3 || movie.Delay[0] != 2 {
			t.Errorf("%s: a movie of %d frames, delay %v (%v)", k.name, len(movie.Image), movie.Delay, err)
		}
	}
	// Shapes as class folders and as a table say the same.
	must(t, "stimuli", "render", "shapes", "--number", "20", "--pixels", "16", "--out", filepath.Join(dir, "shapes"))
	labelled, _, err := stimuli.OpenFolder(t.Context(), filepath.Join(dir, "shapes"), stimuli.ImageOptions{Height: 16, Width: 16})
	if err != nil || labelled.Len() != 20 || len(labelled.Classes()) != 10 {
		t.Fatalf("the folder of shapes: %v", err)
	}
	named, table, err := stimuli.OpenImages(t.Context(), filepath.Join(dir, "shapes"), stimuli.ImageOptions{Height: 16, Width: 16})
	if err != nil {
		t.Fatal(err)
	}
	want := stimuli.Shapes(stimuli.ShapeOptions{N: 20, Seed: 1, Size: 16})
	classes, _ := table.Column("object_name")
	a, b := make([]float32, 3*16*16), make([]float32, 3*16*16)
	for i := range 20 {
		if err := errors.Join(named.Pixels(i, a), want.Pixels(i, b)); err != nil || !slices.Equal(a, b) || classes[i] != want.Classes()[want.Label(i)] {
			t.Fatalf("shape %d, %s, is not that of Shapes (%v)", i, classes[i], err)
		}
	}
	for _, c := range []struct {
		args, want string
		code       int
	}{
		{"shapes --contrast 1 --out x", "--number", exitUsage},
		{"shapes --out x.png", "folder", exitUsage},
		{"shapes --seed 1,2 --out x", "one whole number", exitUsage},
		{"grating --number 3 --out x", "shapes", exitUsage},
		{"grating", "--out", exitUsage},
		{"--out x.png", "one KIND", exitUsage},
		{"grating bar --out x.png", "one KIND", exitUsage},
		{"spiral --out x.png", "grating, gabor", exitUsage},
		{"grating --out x.jpg", ".png, .gif, .npy", exitUsage},
		{"grating --sigma 1 --out x.png", "--spatial-frequency", exitUsage},
		{"grating --orientation 0,90 --out x.png", "2 stimuli", exitUsage},
		{"grating --orientation east --out x.png", "finite numbers", exitUsage},
		{"grating --frames 2 --out x.png", "--frames 2", exitUsage},
		{"grating --frames 2 --out x", "--frames 2", exitUsage},
		{"grating --frames 2 --temporal-frequency 30 --out x.gif", "at most 25 Hz", exitUsage},
		{"noise --seed 1.5 --out x.png", "whole numbers", exitUsage},
		{"texture --out x.png", "--image", exitUsage},
		{"grating --image y.png --out x.png", "textures", exitUsage},
		{"grating --pixels 0 --out x.png", "--pixels", exitUsage},
		{"grating --spatial-frequency 17 --out x.png", "at most 16", exitFailed},
		{"grating --contrast 1.1 --out x.png", "contrast of 1.1", exitFailed},
	} {
		if code, _, errs := ventral(t, append([]string{"stimuli", "render"}, strings.Fields(c.args)...)...); code != c.code || !strings.Contains(errs, c.want) {
			t.Errorf("%s: exit code %d: %s", c.args, code, errs)
		}
	}
	if _, err := os.Stat("x.png"); err == nil {
		t.Error("a failed drawing left a file")
	}
}

// From the pictures of a set to the tuning of cells that were shown them: as they
// were built.
func TestTuningOfRecordedCells(t *testing.T) {
	dir := t.TempDir()
	set := filepath.Join(dir, "gratings")
	must(t, "stimuli", "render", "grating", "--pixels", "48", "--degrees", "6", "--orientation", "0,15,30,45,60,75,90,105,120,135,150,165",
		"--spatial-frequency", ".75,1.06,1.5,2.12,3", "--phase", "0,45,90,135,180,225,270,315", "--out", set)
	table := readRows(t, filepath.Join(set, "stimuli.csv"))
	if len(table) != 12*5*8 || table[9]["stimulus_id"] != "grating_009" || table[9]["spatial_frequency"] != "1.06" || table[9]["phase"] != "45" || table[9]["degrees"] != "6" {
		t.Fatalf("%d rows, the tenth is %v", len(table), table[9])
	}
	images, _, err := stimuli.OpenImages(t.Context(), set, stimuli.ImageOptions{Channels: 1, Height: 48, Width: 48})
	if err != nil {
		t.Fatal(err)
	}
	grey, err := stimuli.Grey(images)
	if err != nil {
		t.Fatal(err)
	}
	gabor := neuron.Gabor{Orientation: math.Pi / 3, Frequency: 1.5, Phase: .4, Sigma: .35, Length: .5, X: .2}
	screen := neuron.Screen{Size: neuron.Square(48), DegreesPerPixel: .125}
	simple, complex := neuron.NewSimple(gabor, screen), neuron.NewComplex(gabor, screen)
	var responses []float64
	for image := range slices.Chunk(grey, 48*48) {
		responses = append(responses, simple.Response(image), complex.Response(image), 0, simple.Response(image)-1)
	}
	file := filepath.Join(set, "responses.npy")
	if err := npy.WriteFile(file, []int{len(table), 4}, responses); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "tuning")
	text := must(t, "tuning", "--responses", file, "--out", out)
	if !strings.Contains(text, "50.0 %") { // of the two cells that respond, one is simple
		t.Errorf("the table is\n%s", text)
	}
	rows := readRows(t, filepath.Join(out, "tuning.csv"))
	number := func(unit int, column string) float64 {
		v, err := strconv.ParseFloat(rows[unit][column], 64)
		if err != nil {
			t.Fatalf("unit %d: %s is %q", unit, column, rows[unit][column])
		}
		return v
	}
	for unit, modulation := range []float64{math.Pi / 2, 0} {
		if number(unit, "preferred_orientation") != 60 || math.Abs(number(unit, "vector_orientation")-60) > 1 || number(unit, "peak_spatial_frequency") != 1.5 {
			t.Errorf("unit %d: %v", unit, rows[unit])
		}
		// 8 phases of a rectified sinusoid miss some of its harmonics.
		if f := number(unit, "modulation_ratio"); math.Abs(f-modulation) > .06 {
			t.Errorf("unit %d: F1/F0 is %g, want %g", unit, f, modulation)
		}
	}
	for unit, state := range []string{"", "", "silent", "negative"} {
		if rows[unit]["state"] != state || (rows[unit]["circular_variance"] == "") != (state != "") {
			t.Errorf("unit %d: %v, want the state %q", unit, rows[unit], state)
		}
	}
	z, err := npy.OpenZip(filepath.Join(out, "tuning.npz"))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	curves, shape, err := npy.ReadEntry[float32](z, "recordings/orientation_curves")
	if err != nil || !slices.Equal(shape, []int{4, 12}) || math.Abs(float64(curves[4])-number(0, "peak")) > 1e-6 {
		t.Errorf("curves of shape %v, of which the peak is %g (%v), in the table %g", shape, curves[4], err, number(0, "peak"))
	}
	if _, err := os.Stat(filepath.Join(out, "tuning.svg")); err != nil {
		t.Error(err)
	}

	t.Run("the same of float32, of repetitions, and with a row twice", func(t *testing.T) {
		narrow := make([]float32, len(responses))
		for i, v := range responses {
			narrow[i] = float32(v)
		}
		other := filepath.Join(set, "narrow.npy")
		if err := npy.WriteFile(other, []int{len(table), 2, 2}, narrow); err != nil {
			t.Fatal(err)
		}
		must(t, "tuning", "--responses", other, "--out", filepath.Join(dir, "narrow"))
		trials := make([]float64, 0, 2*len(responses))
		for row := range slices.Chunk(responses, 4) {
			for _, d := range []float64{.25, -.25} {
				for _, v := range row {
					trials = append(trials, v+d)
				}
			}
		}
		repeated := filepath.Join(set, "trials.npy")
		if err := npy.WriteFile(repeated, []int{len(table), 2, 4}, trials); err != nil {
			t.Fatal(err)
		}
		must(t, "tuning", "--responses", repeated, "--axes", "stimulus,repetition,neuroid", "--out", filepath.Join(dir, "repeated"))
		for _, name := range []string{"narrow", "repeated"} {
			again := readRows(t, filepath.Join(dir, name, "tuning.csv"))
			for _, column := range []string{"peak", "circular_variance", "modulation_ratio"} {
				v, _ := strconv.ParseFloat(again[0][column], 64)
				if math.Abs(v-number(0, column)) > 1e-5 {
					t.Errorf("%s: %s is %g, want %g", name, column, v, number(0, column))
				}
			}
		}
	})

	t.Run("negative responses count as 0 where they are asked to", func(t *testing.T) {
		must(t, "tuning", "--responses", file, "--rectify", "--out", filepath.Join(dir, "rectified"))
		if again := readRows(t, filepath.Join(dir, "rectified", "tuning.csv")); again[3]["state"] != "" || again[3]["preferred_orientation"] != "60" {
			t.Errorf("unit 3 is %v", again[3])
		}
	})

	t.Run("bad tables and responses", func(t *testing.T) {
		lines, err := os.ReadFile(filepath.Join(set, "stimuli.csv"))
		if err != nil {
			t.Fatal(err)
		}
		all := strings.SplitAfter(string(lines), "\n")
		withNaN := slices.Clone(responses)
		withNaN[6] = math.NaN()
		for name, c := range map[string]struct {
			table string
			data  []float64
			want  string
		}{
			"a grating is missing":   {strings.Join(slices.Delete(slices.Clone(all), 10, 11), ""), responses[4:], "no grating of orientation 0, spatial frequency 1.06 and phase 45"},
			"an orientation is off":  {strings.ReplaceAll(string(lines), ",grating,15,", ",grating,17,"), responses, "evenly over 180"},
			"directions":             {strings.ReplaceAll(string(lines), ",grating,15,", ",grating,195,"), responses, "directions of drift"},
			"a phase is no number":   {strings.Replace(string(lines), ",45,1,0,", ",x,1,0,", 1), responses, "row 2"},
			"no spatial frequencies": {strings.Replace(string(lines), "spatial_frequency", "sf", 1), responses, "no column spatial_frequency"},
			"a row too few":          {strings.Join(all[:len(all)-2], ""), responses, "each of the 479"},
			"NaN":                    {string(lines), withNaN, "unit 2: the response to stimulus 1"},
		} {
			bad := t.TempDir()
			if err := os.WriteFile(filepath.Join(bad, "stimuli.csv"), []byte(c.table), 0o666); err != nil {
				t.Fatal(err)
			}
			if err := npy.WriteFile(filepath.Join(bad, "r.npy"), []int{len(c.data) / 4, 4}, c.data); err != nil {
				t.Fatal(err)
			}
			if code, _, errs := ventral(t, "tuning", "--responses", filepath.Join(bad, "r.npy"), "--out", filepath.Join(bad, "out")); code != exitFailed || !strings.Contains(errs, c.want) {
				t.Errorf("%s: exit code %d: %s", name, code, errs)
			}
		}
		for args, want := range map[string]string{
			"--out x": "--weights or --responses",
			"--responses r.npy --weights w.npz --out x": "--weights or --responses",
			"--responses r.npy --phases 8 --out x":      "--phases is for --weights",
			"--weights w.npz --stimuli x.csv --out x":   "--stimuli is for --responses",
			"--weights w.npz --phases 2 --out x":        "--phases 2",
			"--weights w.npz --orientations 2 --out x":  "--orientations 2",
		} {
			if code, _, errs := ventral(t, append([]string{"tuning"}, strings.Fields(args)...)...); code != exitUsage || !strings.Contains(errs, want) {
				t.Errorf("%s: exit code %d: %s", args, code, errs)
			}
		}
	})
}

// Of a network: a row for each unit, the same bytes on any number of cores, beside
// recorded properties.
func TestTuningOfNetwork(t *testing.T) {
	dir := t.TempDir()
	trained := filepath.Join(dir, "net")
	must(t, "train", "--model", "conv", "--images", "shapes", "--train-images", "64", "--epochs", "1", "--width", "2", "--batch", "32", "--out", trained)
	weights := filepath.Join(trained, "weights.npz")
	args := []string{"tuning", "--weights", weights, "--layers", "conv1,conv3", "--orientations", "6", "--phases", "4", "--spatial-frequencies", "1.2,.4,.8"}
	if hdf5.Available {
		args = append(args, "--compare", writeProperties(t, dir, "circular_variance", "max_texture", "orientation_selective"))
	}
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	var texts []string
	for cores := 1; cores <= 2; cores++ {
		runtime.GOMAXPROCS(cores)
		out := filepath.Join(dir, strconv.Itoa(cores))
		summary := filepath.Join(dir, "summary.json")
		texts = append(texts, strings.ReplaceAll(must(t, append(args, "--out", out, "--json", summary)...), out, "OUT"))
		text, err := os.ReadFile(summary)
		if err != nil {
			t.Fatal(err)
		}
		var s struct {
			Layers []struct {
				Layer    string
				Units    int `json:"n_units"`
				Measures map[string]struct{ N int }
			}
			Comparisons []struct {
				Property string
				KS, P    float64
			}
		}
		if err := json.Unmarshal(text, &s); err != nil {
			t.Fatal(err)
		}
		if len(s.Layers) != 2 || s.Layers[0].Layer != "conv1" || s.Layers[0].Units != 2*32*32 {
			t.Errorf("the summary is %+v", s.Layers)
		}
		if hdf5.Available && (len(s.Comparisons) != 4 || s.Comparisons[0].Property != "circular_variance" || !(s.Comparisons[0].KS > 0 && s.Comparisons[0].P < 1)) {
			t.Errorf("the comparisons are %+v", s.Comparisons)
		}
	}
	one, two := files(t, filepath.Join(dir, "1")), files(t, filepath.Join(dir, "2"))
	if texts[0] != texts[1] || len(one) != len(two) {
		t.Errorf("1 and 2 cores print and write:\n%s\n%s, %d and %d files", texts[0], texts[1], len(one), len(two))
	}
	for name, content := range one {
		if two[name] != content {
			t.Errorf("1 and 2 cores write different bytes to %s", name)
		}
		if strings.Contains(name, "responses") || strings.Contains(name, "curves") {
			t.Errorf("%s is left", name)
		}
	}
	// conv1 is half-wave rectified: where its drive by the mean is 0, F1/F0 is π/2
	// and else less; none is above 2.
	rows := readRows(t, filepath.Join(dir, "1", "tuning.csv"))
	modulated := 0
	for i, row := range rows {
		if row["layer"] != "conv1" {
			break
		}
		if want := fmt.Sprint(i / 1024); row["channel"] != want || row["row"] != fmt.Sprint(i%1024/32) || row["column"] != fmt.Sprint(i%32) {
			t.Fatalf("unit %d lies at %v", i, row)
		}
		if v, err := strconv.ParseFloat(row["modulation_ratio"], 64); err == nil && v > 1 && v <= 2 {
			modulated++
		}
	}
	if modulated < 512 {
		t.Errorf("%d of 2048 units of conv1 are modulated", modulated)
	}
	if code, _, errs := ventral(t, "tuning", "--weights", weights, "--spatial-frequencies", "1,3", "--out", filepath.Join(dir, "x")); code != exitUsage || !strings.Contains(errs, "at most 2") {
		t.Errorf("beyond the pixels' frequency: exit code %d: %s", code, errs)
	}
	if code, _, errs := ventral(t, "tuning", "--weights", weights, "--layers", "conv9", "--out", filepath.Join(dir, "x")); code != exitUsage || !strings.Contains(errs, "conv1") {
		t.Errorf("no such layer: exit code %d: %s", code, errs)
	}
	if hdf5.Available {
		if code, _, errs := ventral(t, "tuning", "--weights", weights, "--compare", writeProperties(t, dir, "max_texture"), "--out", filepath.Join(dir, "x")); code != exitFailed || !strings.Contains(errs, "circular_variance") {
			t.Errorf("nothing to compare: exit code %d: %s", code, errs)
		}
	}
}

// writeProperties writes made-up properties of 30 neuroids as Brain-Score does.
func writeProperties(t *testing.T, dir string, names ...string) string {
	t.Helper()
	path := filepath.Join(dir, strings.Join(names, "-")+".nc")
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
	check(w.Dimension("neuroid", 30))
	check(w.Dimension("neuronal_property", len(names)))
	coordinate, err := hdf5.NewVariable[string](w, "neuronal_property_", "neuronal_property")
	check(err)
	check(coordinate.Write([]int{0}, []int{len(names)}, names))
	array, err := hdf5.NewVariable[float32](w, "made.up", "neuroid", "neuronal_property")
	check(err)
	values := make([]float32, 30*len(names))
	for i := range values {
		values[i] = float32(i/len(names)) / 30
	}
	check(array.Write([]int{0, 0}, []int{30, len(names)}, values))
	check(w.Close())
	return path
}

func TestPropertiesOnRealData(t *testing.T) {
	data := os.Getenv("VENTRAL_DATA")
	if data == "" {
		data = filepath.Join("..", "..", "..", "shared", "data")
	}
	dir := filepath.Join(data, "netcdf")
	if _, err := os.Stat(dir); err != nil || !hdf5.Available {
		t.Skipf("no real data at %s (VENTRAL_DATA names another folder), or no HDF5", data)
	}
	p, err := readProperties(filepath.Join(dir, "assy_schiller_Schiller1976c.nc"))
	if err != nil {
		t.Fatal(err)
	}
	// As xarray reads them: 87 neurons, 73 of them selective with a bandwidth.
	if !slices.Equal(p.names, []string{"spatial_frequency_bandwidth", "spatial_frequency_selective"}) || len(p.values["spatial_frequency_bandwidth"]) != 73 || len(p.values["spatial_frequency_selective"]) != 87 {
		t.Errorf("%v: %d and %d values", p.names, len(p.values["spatial_frequency_bandwidth"]), len(p.values["spatial_frequency_selective"]))
	}
	if m := median(p.values["spatial_frequency_bandwidth"]); math.Abs(m-44.81939578) > 1e-6 {
		t.Errorf("the median bandwidth is %g", m)
	}
	if _, err := readProperties(filepath.Join(dir, "assy_movshon_FreemanZiemba2013_V1_properties.nc")); err == nil || !strings.Contains(err.Error(), "texture_modulation_index") {
		t.Errorf("properties that gratings do not measure: %v", err)
	}
}
