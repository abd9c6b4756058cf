package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ventral/internal/hdf5"
	"ventral/internal/npy"
)

// scored runs ventral score and returns its only row.
func scored(t *testing.T, args ...string) map[string]any {
	t.Helper()
	code, out, errs := ventral(t, append([]string{"score", "--json", "-"}, args...)...)
	if code != exitOK {
		t.Fatalf("ventral score %q: exit code %d: %s", args, code, errs)
	}
	var row map[string]any
	if err := json.Unmarshal([]byte(out), &row); err != nil {
		t.Fatal(err)
	}
	return row
}

// scoreExample is two layers and trials of two regions: the layer late predicts
// IT, early V1, and the layer noise nothing. Of four presentations of a stimulus
// one is missing.
type scoreExample struct{ dir, layers, recordings, table string }

func newScoreExample(t *testing.T) scoreExample {
	t.Helper()
	const n, p, q, repetitions = 60, 20, 5, 4
	rng := rand.New(rand.NewPCG(3, 3))
	e := scoreExample{dir: t.TempDir()}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	e.layers = filepath.Join(e.dir, "layers")
	must(os.Mkdir(e.layers, 0o755))
	layers := map[string][]float32{}
	for _, name := range []string{"early", "late", "noise"} {
		x := make([]float32, n*p)
		for i := range x {
			x[i] = float32(rng.NormFloat64())
		}
		layers[name] = x
		must(npy.WriteFile(filepath.Join(e.layers, name+".npy"), []int{n, p}, x))
	}
	rows := [][]string{{"stimulus_id", "object_name", "movie"}}
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("s%02d", (7*i)%n) // the recordings have another order
		rows = append(rows, []string{ids[i], []string{"car", "face"}[i%2], fmt.Sprint("m", i/6)})
	}
	e.table = filepath.Join(e.layers, "stimuli.csv")
	f, err := os.Create(e.table)
	must(err)
	must(csv.NewWriter(f).WriteAll(rows))
	must(f.Close())
	if !hdf5.Available {
		return e
	}
	e.recordings = filepath.Join(e.dir, "assembly.nc")
	w, err := hdf5.Create(e.recordings)
	must(err)
	defer w.Abort()
	must(w.Dimension("presentation", n*repetitions))
	must(w.Dimension("neuroid", 2*q))
	data, err := hdf5.NewVariable[float32](w, "responses", "presentation", "neuroid")
	must(err)
	must(data.Attribute("coordinates", "stimulus_id repetition region"))
	var values []float32
	var shown, regions []string
	var repetition []int32
	for r := range repetitions {
		for s := range n {
			i := (s * 43) % n // 7·43 = 301 = 1 modulo 60
			shown, repetition = append(shown, fmt.Sprintf("s%02d", s)), append(repetition, int32(r))
			for j := range 2 * q {
				x := layers["early"]
				if j >= q {
					x = layers["late"]
				}
				v := float32(0)
				for k := range 3 {
					v += x[i*p+(j+k)%p]
				}
				v += .5 * float32(rng.NormFloat64())
				if r == 3 && s == 5 {
					v = float32(math.NaN())
				}
				values = append(values, v)
			}
		}
	}
	for j := range 2 * q {
		regions = append(regions, []string{"V1", "IT"}[j/q])
	}
	must(data.Write([]int{0, 0}, []int{n * repetitions, 2 * q}, values))
	id, err := hdf5.NewVariable[string](w, "stimulus_id", "presentation")
	must(err)
	must(id.Write([]int{0}, []int{len(shown)}, shown))
	rep, err := hdf5.NewVariable[int32](w, "repetition", "presentation")
	must(err)
	must(rep.Write([]int{0}, []int{len(repetition)}, repetition))
	region, err := hdf5.NewVariable[string](w, "region", "neuroid")
	must(err)
	must(region.Write([]int{0}, []int{len(regions)}, regions))
	must(w.Close())
	return e
}

// Every layer is scored on every region, aligned by stimulus_id; the right layer
// is best, its comparison with the others says so, and the files hold it.
func TestScoreLayersAndRegions(t *testing.T) {
	if !hdf5.Available {
		t.Skip("built without HDF5")
	}
	e := newScoreExample(t)
	path := func(name string) string { return filepath.Join(e.dir, name) }
	code, out, errs := ventral(t, "score", "--features", e.layers, "--responses", e.recordings, "--stratify", "object_name",
		"--bootstrap", "200", "--permutations", "100", "--fev", ".15", "--json", path("s.json"), "--csv", path("s.csv"), "--figure", path("s.svg"), "--save", path("s.npz"), "--predictions")
	if code != exitOK {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	for _, want := range []string{"early is best in V1", "late is best in IT", "stratified by object_name", "r²/ceiling"} {
		if !strings.Contains(out, want) {
			t.Errorf("the table has no %q:\n%s", want, out)
		}
	}
	text, err := os.ReadFile(path("s.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		Rows        []scoreRead
		Comparisons []struct {
			Region, A, B string
			Difference   float64
			Holm         float64 `json:"p_holm"`
		}
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	if len(all.Rows) != 6 || len(all.Comparisons) != 6 {
		t.Fatalf("%d rows and %d comparisons, expected 6 of each", len(all.Rows), len(all.Comparisons))
	}
	for _, r := range all.Rows {
		right := r.Region == "V1" && r.Layer == "early" || r.Region == "IT" && r.Layer == "late"
		if right != (r.Score > .7) || right != (r.Permutation.P < .05) || right != (r.Bootstrap.Low > .5) || right != (r.FEV.Median > .6) {
			t.Errorf("%s on %s: r %.2f, p %.3f, low %.2f, explained %.2f", r.Layer, r.Region, r.Score, r.Permutation.P, r.Bootstrap.Low, r.FEV.Median)
		}
		if r.Ceiling < .8 || math.Abs(r.Under["r²/ceiling"]-r.Score*r.Score/r.Ceiling) > 1e-12 || math.Abs(r.Under["(r/ceiling)²"]-r.Score*r.Score/r.Ceiling/r.Ceiling) > 1e-12 {
			t.Errorf("%s on %s: ceiling %g, ceiled %v", r.Layer, r.Region, r.Ceiling, r.Under)
		}
	}
	for _, c := range all.Comparisons {
		if (c.Holm < .05) != (c.Region == "V1" && (c.A == "early" || c.B == "early") || c.Region == "IT" && (c.A == "late" || c.B == "late")) {
			t.Errorf("%s: %s − %s = %.2f, p %.3f", c.Region, c.A, c.B, c.Difference, c.Holm)
		}
	}
	ventralOK(t, "report", "--out", path("s.html"), path("s.json"))
	page := readPage(t, readFile(t, path("s.html")))
	if differences := page.tables[1]; strings.Count(differences, "noise") != 2 || !strings.Contains(differences, "p (Holm)") || !strings.Contains(differences, "IT late early") {
		t.Errorf("the page compares the layers so: %s", differences)
	}
	table, err := os.ReadFile(path("s.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if rows, err := csv.NewReader(strings.NewReader(string(table))).ReadAll(); err != nil || len(rows) != 7 || rows[1][0] != "IT" || rows[1][2] != "early" {
		t.Errorf("the CSV has %v, %v", rows, err)
	}
	if svg, err := os.ReadFile(path("s.svg")); err != nil || !strings.Contains(string(svg), "noise") {
		t.Errorf("the heat map does not name the layers: %v", err)
	}
	z, err := npy.OpenZip(path("s.npz"))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	r, shape, err := npy.ReadEntry[float64](z, "late.IT.r")
	if err != nil || !slices.Equal(shape, []int{10, 5}) || len(r) != 50 {
		t.Errorf("late.IT.r is %v: %v", shape, err)
	}
	if _, shape, err := npy.ReadEntry[float64](z, "late.IT.predicted_9"); err != nil || !slices.Equal(shape, []int{6, 5}) {
		t.Errorf("late.IT.predicted_9 is %v: %v", shape, err)
	}
}

// scoreRead is what the tests look at of a row.
type scoreRead struct {
	Layer, Region  string
	Score, Ceiling float64
	Under          map[string]float64 `json:"ceiled_under"`
	Permutation    struct{ P float64 }
	Bootstrap      struct{ Low float64 }
	FEV            struct{ Median float64 }
}

// Every regression and similarity scores the right layer higher than noise.
func TestScoreMethods(t *testing.T) {
	if !hdf5.Available {
		t.Skip("built without HDF5")
	}
	e := newScoreExample(t)
	for _, method := range []string{"ridgecv", "ridge", "linear", "pls", "plscv", "one-to-one", "rsa", "cka", "procrustes"} {
		args := []string{"--responses", e.recordings, "--stimuli", e.table, "--region", "IT", "--regression", method}
		if strings.HasPrefix(method, "pls") {
			args = append(args, "--components", "5")
		}
		late := scored(t, append(args, "--features", filepath.Join(e.layers, "late.npy"))...)
		noise := scored(t, append(args, "--features", filepath.Join(e.layers, "noise.npy"))...)
		if !(late["score"].(float64) > noise["score"].(float64)+.1) {
			t.Errorf("%s: late %v, noise %v", method, late["score"], noise["score"])
		}
		for _, key := range []string{"score", "error", "ceiling", "ceiled", "convention", "split_scores", "per_neuroid", "n_stimuli", "n_features", "n_neuroids", "regression", "parameters", "seed", "seconds", "peak_bytes"} {
			if _, ok := late[key]; !ok {
				t.Errorf("%s: the JSON has no %s", method, key)
			}
		}
	}
	row := scored(t, "--features", e.layers, "--responses", e.recordings, "--region", "IT", "--regression", "banded", "--folds", "5")
	weights := row["chosen"].(map[string]any)["band_weights"].(map[string]any)
	if w := weights["late"].(float64); w < .8 {
		t.Errorf("banded ridge gives the layer late the weight %.2f: %v", w, weights)
	}
	if v := row["score"].(float64); v < .7 {
		t.Errorf("banded ridge: r %.2f", v)
	}
	row = scored(t, "--features", filepath.Join(e.layers, "late.npy"), "--responses", e.recordings, "--stimuli", e.table, "--region", "IT", "--regression", "rsa", "--distance", "crossnobis", "--by", "cosine", "--permutations", "99")
	if p := row["permutation"].(map[string]any)["p"].(float64); p > .05 {
		t.Errorf("crossnobis: p %g", p)
	}
	saved := filepath.Join(e.dir, "committed.npz")
	row = scored(t, "--features", e.layers, "--responses", e.recordings, "--region", "V1", "--commit", ".5", "--folds", "3", "--group", "movie", "--inner-folds", "3", "--bootstrap", "50", "--save", saved)
	if row["layer"] != "early" || row["n_stimuli"].(float64) != 30 {
		t.Errorf("committed: %v on %v stimuli", row["layer"], row["n_stimuli"])
	}
	// The saved rows are those of the features: whole movies, each once.
	z, err := npy.OpenZip(saved)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var tested []int64
	for k := range 3 {
		rows, _, err := npy.ReadEntry[int64](z, fmt.Sprint("test_", k))
		if err != nil {
			t.Fatal(err)
		}
		tested = append(tested, rows...)
	}
	slices.Sort(tested)
	movies := map[int64]int{}
	for _, r := range tested {
		movies[r/6]++
	}
	for m, n := range movies {
		if n != 6 {
			t.Errorf("of movie %d %d frames were tested, expected all 6: rows %v", m, n, tested)
		}
	}
	if len(slices.Compact(tested)) != 30 {
		t.Errorf("%d rows were tested, expected 30", len(tested))
	}
}

// A given ceiling, a ceiling per neuroid, selection, reliability and the reverse
// direction.
func TestScoreOptions(t *testing.T) {
	if !hdf5.Available {
		t.Skip("built without HDF5")
	}
	e := newScoreExample(t)
	base := []string{"--features", filepath.Join(e.layers, "late.npy"), "--responses", e.recordings, "--stimuli", e.table, "--region", "IT", "--regression", "ridge"}
	given := scored(t, append(base, "--ceiling", ".5")...)
	if given["ceiling"] != .5 {
		t.Errorf("ceiling %v, given .5", given["ceiling"])
	}
	ceilings := filepath.Join(e.dir, "c.npy")
	if err := npy.WriteFile(ceilings, []int{5}, []float64{.1, .2, .3, .9, .8}); err != nil {
		t.Fatal(err)
	}
	if row := scored(t, append(base, "--ceiling", ceilings)...); row["ceiling"] != .3 {
		t.Errorf("ceiling %v, the median of those given is .3", row["ceiling"])
	}
	if row := scored(t, append(base, "--select", "repetition=0|1")...); row["n_stimuli"].(float64) != 60 || !(row["ceiling"].(float64) < given["ceiled"].(float64)+1) {
		t.Errorf("two repetitions: %v", row)
	}
	code, _, errs := ventral(t, append([]string{"score", "--min-reliability", ".9999"}, base...)...)
	if code != exitFailed || !strings.Contains(errs, "none of 5 neuroids") {
		t.Errorf("an impossible reliability: exit code %d, %s", code, errs)
	}
	reverse := scored(t, append(base, "--reverse")...)
	if reverse["n_features"].(float64) != 5 || reverse["n_neuroids"].(float64) != 20 || reverse["ceiling"] != nil {
		t.Errorf("the reverse direction: %v features, %v neuroids, ceiling %v", reverse["n_features"], reverse["n_neuroids"], reverse["ceiling"])
	}
	// Regions of which nothing is selected are not scored.
	if row := scored(t, "--features", filepath.Join(e.layers, "late.npy"), "--responses", e.recordings, "--stimuli", e.table, "--regression", "ridge", "--select", "region=IT"); row["region"] != "IT" {
		t.Errorf("the region %v, IT was selected", row["region"])
	}
	csv := func(name, text string) string {
		path := filepath.Join(e.dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	stimuli := "\ufeffstimulus_id,scene\n" // as spreadsheets begin CSV files
	for i := range 60 {
		stimuli += fmt.Sprintf("s%02d,%d\n", i, i%2)
	}
	if row := scored(t, append(base, "--stratify", csv("scenes.csv", stimuli)+":scene")...); row["splits"] != "10 × 90 %, stratified by scene" {
		t.Errorf("splits %v", row["splits"])
	}
	code, _, errs = ventral(t, append([]string{"score", "--stratify", csv("twice.csv", stimuli+"s07,0\n") + ":scene"}, base...)...)
	if code != exitFailed || !strings.Contains(errs, `the stimulus s07 with the scene "1" and with "0"`) {
		t.Errorf("a stimulus in two scenes: exit code %d, %s", code, errs)
	}
	for want, args := range map[string][]string{
		"--commit belongs to a regression": {"--regression", "cka", "--commit", ".5"},
		"--distance \"city-block\"":        {"--regression", "rsa", "--distance", "city-block"},
		"--window \"70\"":                  {"--window", "70"},
		"--select:":                        {"--select", "region"},
		"no layer \"pool\"":                {"--layers", "pool"},
		"--resample \"trials\"":            {"--resample", "trials"},
		"--refit needs":                    {"--refit"},
		"--components is for":              {"--components", "3"},
		"--biased is for":                  {"--biased"},
		"neither --reverse nor --refit":    {"--commit", ".5", "--reverse"},
		"--reverse predicts features":      {"--fev", ".15", "--reverse"},
		"stimuli.csv has stimulus_id, object_name, movie, and the recordings have stimulus_id": {"--group", "scene"},
	} {
		code, _, errs := ventral(t, append(append([]string{"score"}, base...), args...)...)
		if code != exitUsage || !strings.Contains(errs, want) {
			t.Errorf("%q: exit code %d, %s; expected %q", args, code, errs, want)
		}
	}
}

// The matrices of 92 objects correlate as their README says.
func TestScoreRealRDMs(t *testing.T) {
	data := realData(t)
	for by, want := range map[string]float64{"pearson": .4912, "spearman": .4389} {
		row := scored(t, "--features", filepath.Join(data, "rdm-92images", "human_it_rdm.npy"), "--responses", filepath.Join(data, "rdm-92images", "monkey_it_rdm.npy"), "--regression", "rsa", "--distance", "given", "--by", by)
		if v := row["score"].(float64); math.Abs(v-want) > 5e-5 {
			t.Errorf("%s: %.5f, expected %.4f", by, v, want)
		}
	}
}

// Complex cells predict V1 well above .2 when movies are left out, and not at all
// when the stimuli are shuffled.
func TestScoreRealV1(t *testing.T) {
	if testing.Short() || !hdf5.Available {
		t.Skip("takes seconds, and needs HDF5")
	}
	v1 := filepath.Join(realData(t), "v1-henaff-ay3_u002")
	dir := t.TempDir()
	cells := filepath.Join(dir, "cells")
	if code, _, errs := ventral(t, "activations", "--gabor", "128", "--layers", "complex", "--images", filepath.Join(v1, "stimuli"), "--table", filepath.Join(v1, "stimuli.csv"), "--out", cells); code != exitOK {
		t.Fatal(errs)
	}
	table := filepath.Join(cells, "stimuli.csv")
	shuffled := filepath.Join(dir, "shuffled.csv")
	text, err := os.ReadFile(table)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(rows)-1, func(i, j int) { rows[i+1], rows[j+1] = rows[j+1], rows[i+1] })
	f, err := os.Create(shuffled)
	if err != nil {
		t.Fatal(err)
	}
	if err := csv.NewWriter(f).WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	score := func(table string) float64 {
		row := scored(t, "--features", filepath.Join(cells, "complex.npy"), "--stimuli", table, "--responses", filepath.Join(v1, "responses.h5"),
			"--group", filepath.Join(v1, "stimuli.csv")+":movie", "--folds", "10", "--inner-folds", "9")
		return row["score"].(float64)
	}
	r, null := score(table), score(shuffled)
	t.Logf("r %.3f, shuffled %.3f", r, null)
	if r < .25 || math.Abs(null) > .06 {
		t.Errorf("r %.3f, expected well above .2; with shuffled stimuli %.3f, expected about 0", r, null)
	}
}
