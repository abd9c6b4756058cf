package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"ventral/internal/npy"
	"ventral/network"
	"ventral/stimuli"
)

// sleepOf runs ventral sleep.
func sleepOf(ctx context.Context, args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	t := &terminal{out: &o, err: &e}
	code = t.report(sleepVerb.run(ctx, args, t))
	return code, o.String(), e.String()
}

// awake writes a network with random weights as ventral train does, and returns
// the path of its weights.
func awake(t *testing.T, local bool, size int) string {
	t.Helper()
	a := network.Architecture{Name: "small", Local: local, Input: network.Shape{Channels: 3, Height: size, Width: size}, Classes: 2, Width: 2}
	m, err := network.New(a, 4)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	about, err := marshal(modelFile{modelSpec: modelSpec{Name: "lc", Local: local}, Architecture: m.Architecture(), Classes: []string{"a", "b"}, Mean: []float32{.5, .5, .5}, Std: []float32{.2, .2, .2}})
	if err != nil {
		t.Fatal(err)
	}
	if err := writeFile(filepath.Join(dir, modelName), about); err != nil {
		t.Fatal(err)
	}
	weights := filepath.Join(dir, weightsName)
	if err := m.Save(weights); err != nil {
		t.Fatal(err)
	}
	return weights
}

func TestSleepVerb(t *testing.T) {
	weights := awake(t, true, 16)
	cores := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(cores)
	dir := t.TempDir()
	var before map[string]string
	for n := 1; n <= 2; n++ {
		runtime.GOMAXPROCS(n)
		out := filepath.Join(dir, strconv.Itoa(n))
		code, text, errs := sleepOf(t.Context(), "--weights", weights, "--method", "hebbian", "--steps", "40", "--patterns", "32", "--every", "20", "--seed", "7", "--out", out)
		if code != exitOK {
			t.Fatalf("exit code %d: %s", code, errs)
		}
		if !strings.Contains(text, "conv2") || !strings.Contains(text, "–: the layer has no pool") {
			t.Errorf("the table is\n%s", text)
		}
		written := files(t, out)
		for name, content := range before {
			if written[name] != content {
				t.Errorf("1 and 2 cores write different bytes to %s", name)
			}
		}
		before = written
	}
	for _, name := range []string{"weights.npz", "model.json", "sleep.csv", "sleep.png", "sleep.svg", "run.json"} {
		if before[name] == "" {
			t.Errorf("no %s", name)
		}
	}
	// The network is the one that the package makes sleep, and opens again.
	want, _, err := openModel(weights)
	if err != nil {
		t.Fatal(err)
	}
	if err := (network.Sleep{Method: network.HebbianSleep, Steps: 40, Patterns: 32, Seed: 7}).Run(t.Context(), want, 0, nil); err != nil {
		t.Fatal(err)
	}
	got, about, err := openModel(filepath.Join(dir, "1", weightsName))
	if err != nil {
		t.Fatal(err)
	}
	if !about.Local || !slices.Equal(got.Filter("conv2", 1, 2, 3), want.Filter("conv2", 1, 2, 3)) {
		t.Error("the verb's weights are not those of network.Sleep")
	}
	rows := csvRows(t, filepath.Join(dir, "1", "sleep.csv"))
	var steps []string
	for _, r := range rows {
		if r["layer"] == "conv1" {
			steps = append(steps, r["step"])
		}
		if snr, err := strconv.ParseFloat(r["snr"], 64); err != nil || !(snr > 0) {
			t.Errorf("%v", r)
		}
	}
	if !slices.Equal(steps, []string{"0", "20", "40"}) {
		t.Errorf("conv1 was recorded at %v", steps)
	}
	var run description
	if err := json.Unmarshal([]byte(before["run.json"]), &run); err != nil || run.Arguments["method"] != "hebbian" || len(run.Data) != 2 {
		t.Errorf("run.json: %v, %+v", err, run)
	}
}

func TestSleepVerbMethodsAndStimuli(t *testing.T) {
	weights := awake(t, true, 24)
	dir := t.TempDir()
	original, _, err := openModel(weights)
	if err != nil {
		t.Fatal(err)
	}
	array := func(name string, n, c, k int) string {
		x := make([]float64, n*c*k*k)
		for i := range n {
			if err := (stimuli.WhiteNoise{Seed: 3}).Pattern(i, x[i*c*k*k:(i+1)*c*k*k]); err != nil {
				t.Fatal(err)
			}
		}
		path := filepath.Join(dir, name)
		if err := npy.WriteFile(path, []int{n, c, k, k}, x); err != nil {
			t.Fatal(err)
		}
		return path
	}
	fits := array("fits.npy", 50, 3, 3)
	z, err := npy.CreateZip(filepath.Join(dir, "layers.npz"))
	if err != nil {
		t.Fatal(err)
	}
	for name, shape := range map[string][]int{"conv1": {2, 3, 3, 3}, "conv2": {2, 2, 3, 3}} {
		data := make([]float64, 2*shape[1]*9)
		for i := range data {
			data[i] = float64(i%7) - 3
		}
		if err := npy.AddEntry(z, name, shape, data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		args []string
		says string
	}{
		{nil, "∞"},
		{[]string{"--method", "circuit", "--steps", "30"}, "--corrected keeps them"},
		{[]string{"--method", "circuit", "--corrected", "--gamma", "0"}, "conv1"},
		{[]string{"--method", "hebbian", "--normalised", "--stimuli", "waves"}, "conv1"},
		{[]string{"--method", "hebbian", "--normalised", "--stimuli", "replay", "--images", "arrays:" + arrays(t, dir), "--replay-images", "5"}, "conv1"},
		{[]string{"--method", "hebbian", "--stimuli", fits, "--layers", "conv1"}, "conv1"},
		{[]string{"--method", "hebbian", "--normalised", "--stimuli", filepath.Join(dir, "layers.npz"), "--layers", "conv1,conv2"}, "conv2"},
	} {
		out := filepath.Join(dir, "run"+strconv.Itoa(i))
		code, text, errs := sleepOf(t.Context(), append([]string{"--weights", weights, "--out", out}, c.args...)...)
		if code != exitOK {
			t.Errorf("%v: exit code %d: %s", c.args, code, errs)
			continue
		}
		if !strings.Contains(text, c.says) {
			t.Errorf("%v: no %q in the table\n%s", c.args, c.says, text)
		}
		m, _, err := openModel(filepath.Join(out, weightsName))
		if err != nil {
			t.Fatal(err)
		}
		slept, before := m.Filter("conv1", 0, 4, 4), original.Filter("conv1", 0, 4, 4)
		if slices.Equal(slept, before) || math.IsNaN(float64(slept[0])) {
			t.Errorf("%v: conv1 has the filter %v", c.args, slept)
		}
		if one := slices.Contains(c.args, "conv1"); one != slices.Equal(m.Filter("conv2", 0, 2, 2), original.Filter("conv2", 0, 2, 2)) {
			t.Errorf("%v: what layers slept is wrong", c.args)
		}
	}

	bad := func(what string, want int, says string, args ...string) {
		t.Helper()
		out := filepath.Join(dir, "bad")
		code, _, errs := sleepOf(t.Context(), append([]string{"--weights", weights, "--out", out}, args...)...)
		if code != want || !strings.Contains(errs, says) {
			t.Errorf("%s: exit code %d, want %d with %q: %s", what, code, want, says, errs)
		}
		for _, left := range []string{out, out + ".partial"} {
			if _, err := os.Stat(left); err == nil {
				t.Errorf("%s: %s is left", what, left)
			}
		}
	}
	bad("an unknown method", exitUsage, "instant, hebbian or circuit", "--method", "deep")
	bad("no steps", exitUsage, "--steps is 0", "--steps", "0")
	bad("no patterns", exitUsage, "--patterns is 0", "--patterns", "0")
	bad("too many patterns", exitUsage, "at most", "--patterns", "99999999")
	bad("a negative pull", exitUsage, "--gamma", "--gamma", "-1")
	bad("no feedback", exitUsage, "--alpha", "--alpha", "0")
	bad("a negative rate", exitUsage, "--lr", "--lr", "-1")
	bad("unknown stimuli", exitUsage, "--stimuli", "--stimuli", "dreams")
	bad("replay without images", exitUsage, "--stimuli replay needs --images", "--method", "hebbian", "--stimuli", "replay")
	bad("images without replay", exitUsage, "--images", "--method", "hebbian", "--images", "shapes")
	bad("steps of an instant", exitUsage, "--steps is for --method hebbian and circuit, and --method is instant", "--steps", "50")
	bad("records of an instant", exitUsage, "--every is for --method hebbian and circuit", "--every", "5")
	bad("feedback without circuit", exitUsage, "--alpha is for --method circuit, and --method is hebbian", "--method", "hebbian", "--alpha", "3")
	bad("frames without replay", exitUsage, "--replay-images is for", "--method", "hebbian", "--replay-images", "5")
	bad("statistics on images of another size", exitFailed, "and the network sees 3×24×24", "--renew-statistics", "shapes")
	bad("an unknown layer", exitFailed, `no locally connected layer "conv9"`, "--layers", "conv9")
	bad("divergence", exitFailed, "sleep of layer conv1: diverged: after step", "--method", "hebbian", "--lr", "3")
	bad("divergence, and its flags", exitFailed, "(--lr, --patterns, --normalised)", "--method", "hebbian", "--lr", "3")
	bad("patterns of another layer", exitFailed, "patterns of 3×3×3, and the layer sees 2×3×3", "--method", "hebbian", "--stimuli", fits)
	bad("a layer without patterns", exitFailed, "--layers", "--method", "hebbian", "--normalised", "--stimuli", filepath.Join(dir, "layers.npz"), "--layers", "conv3")
	bad("no patterns in the file", exitFailed, "no-such.npy", "--method", "hebbian", "--stimuli", filepath.Join(dir, "no-such.npy"))
	bad("images of another size", exitFailed, "and the network sees 3×24×24", "--method", "hebbian", "--stimuli", "replay", "--images", "shapes")

	weights = awake(t, false, 24)
	bad("a convolution", exitFailed, "nothing to share")
	weights = awake(t, true, 24)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if code, _, errs := sleepOf(ctx, "--weights", weights, "--out", filepath.Join(dir, "bad")); code != exitInterrupted || errs != fmt.Sprintf("note: %s\nventral: interrupted: in the sleep of %s\nThe same command begins anew.\n", staleStatistics, weights) {
		t.Errorf("interrupted: exit code %d: %s", code, errs)
	}
	if code, _, errs := sleepOf(t.Context(), "--out", dir); code != exitUsage || !strings.Contains(errs, "--weights") {
		t.Errorf("no weights: exit code %d: %s", code, errs)
	}
}

// A sleep in training that diverges names the flags of training.
func TestDivergenceInTrainingNamesItsFlags(t *testing.T) {
	train := []string{"train", "--images", "shapes", "--train-images", "64", "--epochs", "1", "--width", "2", "--model", "lc+sleep@1", "--sleep-method", "hebbian", "--sleep-lr"}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"3"}, "(--sleep-lr, --sleep-patterns, --sleep-normalised)\n"},
		{[]string{"30", "--sleep-normalised"}, "lower the normalised learning rate below 2 (--sleep-lr)\n"},
	} {
		args := append(slices.Concat(train, c.args), "--out", filepath.Join(t.TempDir(), "run"))
		if code, _, errs := ventral(t, args...); code != exitFailed || !strings.Contains(errs, c.want) {
			t.Errorf("%v: exit code %d: %s", c.args, code, errs)
		}
	}
	code, _, errs := ventral(t, "train", "--images", "shapes", "--model", "lc+sleep@1", "--sleep-steps", "5", "--out", filepath.Join(t.TempDir(), "run"))
	if want := "--sleep-steps is for --sleep-method hebbian and circuit, and --sleep-method is instant"; code != exitUsage || !strings.Contains(errs, want) {
		t.Errorf("steps of an instant: exit code %d: %s", code, errs)
	}
}

// arrays writes images and classes, and returns their paths.
func arrays(t *testing.T, dir string) string {
	t.Helper()
	x := make([]uint8, 8*3*24*24)
	for i := range x {
		x[i] = uint8(i * i % 251)
	}
	images, classes := filepath.Join(dir, "x.npy"), filepath.Join(dir, "y.npy")
	if err := npy.WriteFile(images, []int{8, 3, 24, 24}, x); err != nil {
		t.Fatal(err)
	}
	if err := npy.WriteFile(classes, []int{8}, []int64{0, 1, 0, 1, 0, 1, 0, 1}); err != nil {
		t.Fatal(err)
	}
	return images + "," + classes
}
