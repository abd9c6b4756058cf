package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"ventral/internal/hdf5"
	"ventral/internal/npy"
)

// No test writes to the user's cache.
func TestMain(m *testing.M) {
	if os.Getenv("VENTRAL_IS_ITSELF") != "" { // a test runs the program in a process of its own
		main()
	}
	cache, err := os.MkdirTemp("", "ventral-cache-")
	if err != nil {
		panic(err)
	}
	os.Setenv("VENTRAL_CACHE", cache)
	code := m.Run()
	os.RemoveAll(cache)
	os.Exit(code)
}

// ventral runs the program in this process, as from the shell.
func ventral(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	return ventralContext(t.Context(), args...)
}

func ventralContext(ctx context.Context, args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	code = run(ctx, args, &terminal{out: &o, err: &e})
	return code, o.String(), e.String()
}

// realData is the folder of real images and recordings, or skips.
func realData(t *testing.T) string {
	t.Helper()
	data := os.Getenv("VENTRAL_DATA")
	if data == "" {
		data = filepath.Join("..", "..", "..", "shared", "data")
	}
	if _, err := os.Stat(data); err != nil {
		t.Skipf("no real data at %s (VENTRAL_DATA names another folder)", data)
	}
	return data
}

// files returns the content of every file in a folder.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		all[name] = string(b)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

// small are the flags of a demonstration that takes a second or two.
var small = []string{"--epochs", "1", "--train-images", "160", "--width", "2", "--regression", "ridge", "--models", "conv,lc+sleep@1"}

func TestDemoIsTheSameBytesOnAnyNumberOfCores(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	dir := t.TempDir()
	var tables []string
	for cores := 1; cores <= 2; cores++ {
		runtime.GOMAXPROCS(cores)
		out := filepath.Join(dir, strconv.Itoa(cores))
		code, text, errs := ventral(t, append([]string{"demo", "--out", out}, small...)...)
		if code != exitOK {
			t.Fatalf("exit code %d: %s", code, errs)
		}
		tables = append(tables, strings.ReplaceAll(text, out, "OUT"))
	}
	if tables[0] != tables[1] {
		t.Errorf("1 and 2 cores print different tables:\n%s\n%s", tables[0], tables[1])
	}
	one, two := files(t, filepath.Join(dir, "1")), files(t, filepath.Join(dir, "2"))
	if len(one) != len(two) {
		t.Errorf("%d and %d files", len(one), len(two))
	}
	for name, content := range one {
		if filepath.Base(name) != timingName && two[name] != content {
			t.Errorf("1 and 2 cores write different bytes to %s", name)
		}
	}
	for _, name := range []string{"run.json", "results.json", "scores.csv", "networks.csv", "report.html", "models/conv/weights.npz",
		"models/lc+sleep@1/training.csv", "activations/conv/V1/conv1.npy", "activations/conv/V1/stimuli.csv", "recordings/V4.npy",
		"recordings/IT_rates.npy", "recordings/stimuli.csv", "plots/predictivity-V1.svg"} {
		if _, ok := one[name]; !ok {
			t.Errorf("the run has no %s", name)
		}
	}
	if n := strings.Count(one["report.html"], "simulated"); n < 10 {
		t.Errorf("the report says only %d times that its recordings are simulated", n)
	}
	if strings.Contains(one["results.json"], "NaN") || strings.Contains(one["scores.csv"], "NaN") {
		t.Error("the results hold NaN")
	}
	if strings.Contains(one["report.html"], "src=\"http") || strings.Contains(one["report.html"], "<link") || strings.Contains(one["report.html"], "<script") {
		t.Error("the report needs more than itself")
	}

	t.Run("compare reads what demo wrote", func(t *testing.T) {
		recordings := filepath.Join(dir, "1", "recordings")
		out := filepath.Join(dir, "again")
		args := []string{"compare", "--images", "shapes", "--train-images", "160", "--out", out, "--epochs", "1", "--width", "2", "--regression", "pls", "--components", "5", "--models", "lc",
			"--recordings", "V1=" + filepath.Join(recordings, "V1.npy"), "--axes", "stimulus,repetition,neuroid", "--stratify", "V1=object_name"}
		code, text, errs := ventral(t, args...)
		if code != exitOK {
			t.Fatalf("exit code %d: %s", code, errs)
		}
		if !strings.Contains(text, "stratified by object_name") || !strings.Contains(text, "pixels") {
			t.Errorf("the table is\n%s", text)
		}
		if code, _, errs := ventral(t, args...); code != exitFailed || !strings.Contains(errs, "--overwrite") {
			t.Errorf("a second run into the same folder: exit code %d: %s", code, errs)
		}
	})

	t.Run("compare with a single repetition has no ceiling", func(t *testing.T) {
		trials, shape, err := npy.ReadFile[float64](filepath.Join(dir, "1", "recordings", "V1.npy"))
		if err != nil {
			t.Fatal(err)
		}
		lab := filepath.Join(dir, "lab")
		if err := os.MkdirAll(lab, 0o777); err != nil {
			t.Fatal(err)
		}
		var first []float64
		for s := range shape[0] {
			first = append(first, trials[s*shape[1]*shape[2]:][:shape[2]]...)
		}
		single := filepath.Join(lab, "single.npy")
		if err := npy.WriteFile(single, []int{shape[0], shape[2]}, first); err != nil {
			t.Fatal(err)
		}
		code, text, errs := ventral(t, "compare", "--images", "shapes", "--train-images", "160", "--out", filepath.Join(dir, "single"), "--epochs", "1", "--width", "2", "--regression", "ridge", "--models", "lc",
			"--recordings", "V1="+single, "--axes", "stimulus,neuroid", "--stimuli", "V1="+filepath.Join(dir, "1", "recordings", "stimuli"))
		if code != exitOK || !strings.Contains(text, "no ceiling") || strings.Contains(text, "NaN") {
			t.Errorf("exit code %d: %s\n%s", code, errs, text)
		}
	})

	t.Run("score repeats a score of the table", func(t *testing.T) {
		var results struct {
			Scores []layerScoreRead `json:"scores"`
		}
		if err := json.Unmarshal([]byte(one["results.json"]), &results); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "score.json")
		code, _, errs := ventral(t, "score", "--features", filepath.Join(dir, "1", "activations", "conv", "V4", "conv3.npy"),
			"--repetitions", filepath.Join(dir, "1", "recordings", "V4.npy"), "--axes", "stimulus,repetition,neuroid", "--regression", "ridge", "--json", path, "--save", filepath.Join(dir, "score.npz"))
		if code != exitOK {
			t.Fatalf("exit code %d: %s", code, errs)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var s map[string]any
		if err := json.Unmarshal(text, &s); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"score", "error", "ceiling", "ceiled", "convention", "split_scores", "per_neuroid", "n_stimuli", "n_features", "n_neuroids", "regression", "parameters", "seed", "seconds", "peak_bytes"} {
			if _, ok := s[key]; !ok {
				t.Errorf("the JSON has no %s", key)
			}
		}
		found := false
		for _, r := range results.Scores {
			if r.Network == "conv" && r.Layer == "conv3" && r.Region == "V4" {
				found = true
				if r.R != s["score"] || r.Ceiled != s["ceiled"] {
					t.Errorf("ventral score gives %v, ceiled %v; the table has %v, %v", s["score"], s["ceiled"], r.R, r.Ceiled)
				}
			}
		}
		if !found {
			t.Error("results.json has no score of conv3 on V4")
		}
		z, err := npy.OpenZip(filepath.Join(dir, "score.npz"))
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		if r, shape, err := npy.ReadEntry[float64](z, "r"); err != nil || len(r) != 600 || shape[0] != 10 {
			t.Errorf("r has the shape %v (%v), want 10 × 60", shape, err)
		}
	})

	t.Run("activations of a trained network", func(t *testing.T) {
		weights := filepath.Join(dir, "1", "models", "conv", "weights.npz")
		out := filepath.Join(dir, "acts")
		code, _, errs := ventral(t, "activations", "--weights", weights, "--images", filepath.Join(dir, "1", "recordings", "stimuli"), "--layers", "conv2,avgpool", "--batch", "7", "--out", out)
		if code != exitOK {
			t.Fatalf("exit code %d: %s", code, errs)
		}
		got, shape, err := npy.ReadFile[float32](filepath.Join(out, "conv2.npy"))
		if err != nil {
			t.Fatal(err)
		}
		want, _, err := npy.ReadFile[float32](filepath.Join(dir, "1", "activations", "conv", "V1", "conv2.npy"))
		if err != nil {
			t.Fatal(err)
		}
		if len(shape) != 4 || shape[0] != 300 || len(got) != len(want) {
			t.Fatalf("conv2 has the shape %v", shape)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("activation %d is %g, in the demonstration %g: the images are the same", i, got[i], want[i])
			}
		}
	})
}

type layerScoreRead struct {
	Network, Layer, Region string
	R, Ceiled              any
}

func TestInterruptedRunGoesOn(t *testing.T) {
	dir := t.TempDir()
	whole := filepath.Join(dir, "whole")
	args := append([]string{"demo", "--out", whole}, small...)
	if code, _, errs := ventral(t, args...); code != exitOK {
		t.Fatal(errs)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cut := filepath.Join(dir, "cut")
	args[2] = cut
	// The first network's weights are the sign to interrupt.
	go func() {
		for ctx.Err() == nil {
			if _, err := os.Stat(filepath.Join(cut+".partial", "models", "conv", trainingName)); err == nil {
				cancel()
			}
			runtime.Gosched()
		}
	}()
	code, _, errs := ventralContext(ctx, args...)
	cancel()
	if code != exitInterrupted {
		t.Fatalf("an interrupted run has exit code %d: %s", code, errs)
	}
	if _, err := os.Stat(cut); err == nil {
		t.Error("an interrupted run has its final name")
	}
	code, _, errs = ventral(t, args...)
	if code != exitOK || !strings.Contains(errs, "trained already") {
		t.Fatalf("going on: exit code %d: %s", code, errs)
	}
	a, b := files(t, whole), files(t, cut)
	for name := range a {
		if filepath.Base(name) != timingName && a[name] != b[name] {
			t.Errorf("%s differs between a run that was interrupted and one that was not", name)
		}
	}
}

// TestRunFolderKeepsWhatIsNotItsOwn: a failing run removes what it made, if
// nothing was trained, and nothing else.
func TestRunFolderKeepsWhatIsNotItsOwn(t *testing.T) {
	dir := t.TempDir()
	foreign := filepath.Join(dir, "z.partial")
	if err := os.MkdirAll(foreign, 0o777); err != nil {
		t.Fatal(err)
	}
	notes := filepath.Join(foreign, "notes.txt")
	if err := os.WriteFile(notes, []byte("mine"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := newRunFolder(filepath.Join(dir, "z"), true, "about"); err == nil || !strings.Contains(err.Error(), "no run.json") {
		t.Errorf("a folder of somebody else's: %v", err)
	}
	if _, err := os.Stat(notes); err != nil {
		t.Error(err)
	}

	for _, weights := range []bool{false, true} {
		out := filepath.Join(dir, "lr[0.1]")
		f, err := newRunFolder(out, true, weights)
		if err != nil {
			t.Fatal(err)
		}
		if weights {
			p, err := f.file("models", "lc", weightsName)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(p, []byte("w"), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := newRunFolder(out, true, weights); err == nil || !strings.Contains(err.Error(), "another process") {
			t.Errorf("the same run twice at once: %v", err)
		}
		f.abandon()
		if _, err := os.Stat(f.dir); (err == nil) != weights {
			t.Errorf("with weights %v, the partial folder after a failure: %v", weights, err)
		}
	}
}

func TestDecimals(t *testing.T) {
	for v, want := range map[figure]string{.4125: ".412", -.25: "-.250", 1.5: "1.500", 10.5: "10.500", -30.25: "-30.250", 100: "100.000", 0: ".000"} {
		if got := decimals(v); got != want {
			t.Errorf("decimals(%g) = %s, want %s", float64(v), got, want)
		}
	}
}

func TestWrongUsage(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{}, "Usage"},
		{[]string{"dmeo"}, "Did you mean demo?"},
		{[]string{"demo", "--epoch", "3"}, "Did you mean --epochs?"},
		{[]string{"demo", "extra"}, "extra"},
		{[]string{"demo", "--epochs", "0"}, "--epochs"},
		{[]string{"demo", "--models", "conv,conv"}, "twice"},
		{[]string{"demo", "--models", "cnn"}, "cnn"},
		{[]string{"demo", "--regression", "lasso"}, "lasso"},
		{[]string{"demo", "--train", "1.5"}, "--train"},
		{[]string{"demo", "--train", "NaN"}, "--train"},
		{[]string{"demo", "--lr", "NaN"}, "--lr"},
		{[]string{"demo", "--models="}, "--models"},
		{[]string{"demo", "--out="}, "--out"},
		{[]string{"activations", "--weights", "w.npz", "--images", "x", "--out", "y", "--crop", "-1"}, "--crop"},
		{[]string{"score", "--features", "x.npy", "--responses", "y.npy", "--ceiling", "split-half"}, "--repetitions"},
		{[]string{"demo", "--convention", "none"}, "convention"},
		{[]string{"compare", "--out", "x"}, "--images"},
		{[]string{"compare", "--images", "shapes", "--recordings", "V1", "--out", "x"}, "REGION=FILE"},
		{[]string{"compare", "--images", "photos:x", "--recordings", "V1=a", "--out", "x"}, "photos"},
		{[]string{"train", "--images", "shapes"}, "--out"},
		{[]string{"activations", "--weights", "w.npz", "--images", "x", "--out", "y", "--format", "mat"}, "mat"},
		{[]string{"score", "--features", "x.npy"}, "--responses"},
	} {
		code, out, errs := ventral(t, c.args...)
		if code != exitUsage || !strings.Contains(out+errs, c.want) {
			t.Errorf("ventral %v: exit code %d, want %d; says %q, want %q in it", c.args, code, exitUsage, out+errs, c.want)
		}
	}
}

func TestBadInput(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, shape []int, data []float64) string {
		t.Helper()
		p := filepath.Join(dir, name)
		if err := npy.WriteFile(p, shape, data); err != nil {
			t.Fatal(err)
		}
		return p
	}
	ramp := func(n int) []float64 {
		a := make([]float64, n)
		for i := range a {
			a[i] = float64(i*i%17) + float64(i%5)
		}
		return a
	}
	x, y := write("x.npy", []int{20, 6}, ramp(120)), write("y.npy", []int{20, 3}, ramp(60))
	short := write("short.npy", []int{19, 3}, ramp(57))
	truncated := filepath.Join(dir, "truncated.npy")
	whole, err := os.ReadFile(x)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(truncated, whole[:len(whole)-100], 0o666); err != nil {
		t.Fatal(err)
	}
	labels := filepath.Join(dir, "labels.csv")
	if err := os.WriteFile(labels, []byte("stimulus_id,movie\n"+strings.Repeat("a,b\n", 20)), 0o666); err != nil {
		t.Fatal(err)
	}
	cifar := filepath.Join(dir, "cifar")
	if err := os.MkdirAll(cifar, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"data_batch_1.bin", "test_batch.bin"} {
		if err := os.WriteFile(filepath.Join(cifar, name), make([]byte, 3073*20+17), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	occupied := filepath.Join(dir, "occupied")
	if err := os.MkdirAll(filepath.Join(occupied, "thesis"), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"score", "--features", filepath.Join(dir, "none.npy"), "--responses", y}, []string{"none.npy"}},
		{[]string{"score", "--features", truncated, "--responses", y}, []string{"truncated.npy"}},
		{[]string{"score", "--features", labels, "--responses", y}, []string{"labels.csv", ".npy"}},
		{[]string{"score", "--features", x, "--responses", short}, []string{"20", "19", "same stimuli"}},
		{[]string{"score", "--features", x, "--responses", y, "--regression", "pls"}, []string{"25", "component"}},
		{[]string{"score", "--features", x, "--responses", y, "--group", labels + ":object"}, []string{"object", "movie"}},
		{[]string{"score", "--features", x, "--responses", y, "--group", labels + ":movie"}, []string{"group"}},
		{[]string{"score", "--features", x, "--repetitions", write("r.npy", []int{20, 4, 3}, ramp(240)), "--axes", "stimulus,stimulus,neuroid"}, []string{"stimulus", "twice"}},
		{[]string{"score", "--features", x, "--responses", y, "--repetitions", write("r4.npy", []int{20, 4, 5}, ramp(400)), "--axes", "stimulus,repetition,neuroid"}, []string{"3", "5", "same neuroids"}},
		{[]string{"train", "--images", "shapes", "--width", "30000", "--out", filepath.Join(dir, "t")}, []string{"GB", "--width"}},
		{[]string{"train", "--images", "cifar10:" + cifar, "--out", filepath.Join(dir, "t")}, []string{"data_batch_1.bin", "3073", "17"}},
		{[]string{"demo", "--out", occupied, "--overwrite"}, []string{"occupied", "run.json"}},
		{[]string{"activations", "--weights", filepath.Join(dir, "weights.npz"), "--images", cifar, "--out", filepath.Join(dir, "a")}, []string{"model.json"}},
		{[]string{"demo", "--regression", "pls", "--width", "2", "--out", filepath.Join(dir, "d")}, []string{"avgpool", "25", "--components"}},
		{[]string{"compare", "--images", "shapes", "--recordings", "V1=" + filepath.Join(dir, "none.h5"), "--out", filepath.Join(dir, "c")}, []string{"V1", "none.h5"}},
		{[]string{"compare", "--images", "shapes", "--recordings", "V1=" + y, "--out", filepath.Join(dir, "c")}, []string{"V1", "--stimuli"}},
	} {
		code, out, errs := ventral(t, c.args...)
		if code != exitFailed {
			t.Errorf("ventral %v: exit code %d, want %d: %s", c.args, code, exitFailed, errs)
		}
		for _, want := range c.want {
			if !strings.Contains(errs, want) {
				t.Errorf("ventral %v says %q, which lacks %q", c.args, errs, want)
			}
		}
		if out != "" || strings.Contains(errs, "goroutine") {
			t.Errorf("ventral %v printed a result or a stack trace: %s%s", c.args, out, errs)
		}
	}
	left, err := filepath.Glob(filepath.Join(dir, "*.partial"))
	if err != nil || len(left) > 0 {
		t.Errorf("half-written results are left: %v, %v", left, err)
	}
}

// TestCompareOnRealData runs the README's comparison, small, on the four real
// sources.
func TestCompareOnRealData(t *testing.T) {
	data := realData(t)
	if !hdf5.Available {
		t.Skip("built without cgo: no HDF5")
	}
	if testing.Short() {
		t.Skip("takes ten seconds")
	}
	out := filepath.Join(t.TempDir(), "real")
	v1 := filepath.Join(data, "v1-henaff-ay3_u002", "responses.h5")
	v4 := filepath.Join(data, "v4-cowley-210325", "responses_210325.npy")
	it := filepath.Join(data, "it-v4-majaj2015-25images", "test_data.nc")
	code, text, errs := ventral(t, "compare", "--images", "cifar10:"+filepath.Join(data, "cifar10-bin"), "--train-images", "640",
		"--recordings", "V1="+v1+",V4="+v4+",IT="+it, "--axes", "V4=neuroid,stimulus,repetition", "--group", "movie",
		"--models", "conv,lc", "--epochs", "1", "--width", "4", "--regression", "ridge", "--out", out)
	if code != exitOK {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	for _, want := range []string{"grouped by movie", "168", "53", "640"} {
		if !strings.Contains(text, want) {
			t.Errorf("the table lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "NaN") || strings.Contains(text, "do not exist") || strings.Contains(text, "no ceiling") {
		t.Errorf("the table has figures that do not exist:\n%s", text)
	}

	// The IT file has its stimuli in another order than the activations of their
	// folder: score aligns them, and finds what compare found.
	acts := filepath.Join(t.TempDir(), "acts")
	if code, _, errs := ventral(t, "activations", "--weights", filepath.Join(out, "models", "conv", weightsName),
		"--images", filepath.Join(filepath.Dir(it), "stimuli"), "--layers", "conv2", "--out", acts); code != exitOK {
		t.Fatalf("activations: exit code %d: %s", code, errs)
	}
	args := []string{"score", "--features", filepath.Join(acts, "conv2.npy"), "--repetitions", it, "--region", "IT", "--regression", "ridge", "--json", "-"}
	code, text, errs = ventral(t, args...)
	if code != exitOK {
		t.Fatalf("score: exit code %d: %s", code, errs)
	}
	var s struct{ Score float64 }
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	found := ""
	for _, line := range strings.Split(files(t, out)["scores.csv"], "\n") {
		if cells := strings.Split(line, ","); len(cells) > 4 && cells[0] == "conv" && cells[1] == "conv2" && cells[2] == "IT" {
			found = cells[4]
		}
	}
	if r, err := strconv.ParseFloat(found, 64); err != nil || math.Abs(r-s.Score) > 1e-9 {
		t.Errorf("score gives %v, compare %s (%v)", s.Score, found, err)
	}
	if err := os.Remove(filepath.Join(acts, "stimuli.csv")); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := ventral(t, args...); code != exitFailed || !strings.Contains(errs, "--stimuli") {
		t.Errorf("features without names for trials with names: exit code %d: %s", code, errs)
	}
}

// What an interrupted run left blocks another command only where the same command
// could go on from it.
func TestRunFolderOfAVerbThatBeginsAnew(t *testing.T) {
	for verb, goesOn := range map[string]bool{"train": true, "compare": true, "plasticity sweep": true, "sleep": false, "activations": false, "plasticity run": false} {
		out := filepath.Join(t.TempDir(), "run")
		about := func(seed string) description {
			return description{Verb: verb, Arguments: map[string]string{"seed": seed}}
		}
		left, err := newRunFolder(out, false, about("1"))
		if err != nil {
			t.Fatal(err)
		}
		left.lock.Close() // killed
		f, err := newRunFolder(out, false, about("2"))
		if (err != nil) != goesOn {
			t.Errorf("%s: %v", verb, err)
		}
		if err == nil {
			f.abandon()
		} else if !strings.Contains(err.Error(), "seed: was 1, is 2") {
			t.Errorf("%s: %v", verb, err)
		}
		_, help, _ := ventral(t, append(strings.Fields(verb), "--help")...)
		if strings.Contains(strings.Join(strings.Fields(help), " "), "gone on with all the same") != goesOn {
			t.Errorf("the help of %s on --overwrite: %s", verb, help)
		}
	}
}
