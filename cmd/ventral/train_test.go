package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"ventral/internal/npy"
	"ventral/stimuli"
)

const networkGoldens = "../../network/testdata"

// npzArrays reads every float array of an .npz.
func npzArrays(t *testing.T, path string) map[string][]float32 {
	t.Helper()
	z, err := npy.OpenZip(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	all := map[string][]float32{}
	for _, name := range z.Names() {
		if data, _, err := npy.ReadEntry[float32](z, name); err == nil {
			all[name] = data
		}
	}
	return all
}

// apartBy is ‖a − b‖/‖b‖.
func apartBy(a, b []float32) float64 {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	var d, n float64
	for i := range a {
		d += float64(a[i]-b[i]) * float64(a[i]-b[i])
		n += float64(b[i]) * float64(b[i])
	}
	return math.Sqrt(d / max(n, 1e-30))
}

// Another program's training is repeated update by update from its arrays:
// PyTorch's (network/testdata/make_pytorch.py), ten updates of AdamW and of SGD.
func TestTrainRepeatsPyTorch(t *testing.T) {
	for _, c := range []struct {
		name, model, width string
	}{{"conv", "conv", "2"}, {"local", "lc", "1"}} {
		golden := npzArrays(t, filepath.Join(networkGoldens, c.name+"_golden.npz"))
		dir := t.TempDir()
		x, y := filepath.Join(dir, "X.npy"), filepath.Join(dir, "Y.npy")
		labels := make([]int64, 19)
		for i := range labels {
			labels[i] = int64(i % 5)
		}
		if err := npy.WriteFile(x, []int{19, 3, 8, 8}, golden["x"]); err != nil {
			t.Fatal(err)
		}
		if err := npy.WriteFile(y, []int{19}, labels); err != nil {
			t.Fatal(err)
		}
		for prefix, how := range map[string][]string{
			"after.": {"--optimizer", "adamw", "--lr", "1e-3", "--weight-decay", "1e-2"},
			"sgd.":   {"--optimizer", "sgd", "--lr", "1e-2", "--weight-decay", "1e-3"},
		} {
			out := filepath.Join(dir, prefix+"run")
			ventralOK(t, append([]string{"train", "--images", "arrays:" + x + "," + y, "--init", filepath.Join(networkGoldens, c.name+"_weights.npz"), "--model", c.model, "--arch", "resnet20", "--width", c.width,
				"--batch", "19", "--epochs", "100", "--no-shuffle", "--no-augment", "--iterations", "10", "--save-every", "1", "--out", out}, how...)...)
			for name, want := range npzArrays(t, filepath.Join(out, "steps", "10", weightsName)) {
				if off := apartBy(want, golden[prefix+name]); !(off < 1e-3) {
					t.Errorf("%s, %s: %s is %.2g of its size away after ten updates", c.name, prefix, name, off)
				}
			}
			for name, got := range npzArrays(t, filepath.Join(out, "steps", "1", "gradients.npz")) {
				if off := apartBy(got, golden["grad."+name]); !(off < 1e-3) {
					t.Errorf("%s, %s: the first gradient of %s is %.2g of its size away", c.name, prefix, name, off)
				}
			}
			rows := csvRows(t, filepath.Join(out, "steps", "1", "step.csv"))
			if loss, _ := strconv.ParseFloat(rows[0]["loss"], 64); math.Abs(loss/float64(golden["loss"][0])-1) > 1e-5 {
				t.Errorf("%s: the first loss is %g, PyTorch's %g", c.name, loss, golden["loss"][0])
			}
		}
	}
}

// interruptAfter is a context that ends like a Ctrl-C after some time.
func interruptAfter(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(d, cancel)
	return ctx, cancel
}

// A training that is interrupted at any moment goes on to the same bits, with
// validation, Hebbian sleep and its records.
func TestTrainGoesOn(t *testing.T) {
	dir := t.TempDir()
	args := []string{"train", "--images", "shapes", "--train-images", "300", "--model", "lc+sleep@3", "--width", "2", "--epochs", "3", "--validation", "0.1",
		"--sleep-method", "hebbian", "--sleep-steps", "5", "--sleep-records", "2", "--sleep-before-eval", "--out", filepath.Join(dir, "whole")}
	ventralOK(t, args...)
	whole := files(t, filepath.Join(dir, "whole"))
	for _, name := range []string{weightsName, bestName, trainingName, modelName, sleepName, "run.json"} {
		if whole[name] == "" {
			t.Errorf("there is no %s", name)
		}
	}
	if whole[stateName] != "" {
		t.Error("the state is left when the training is complete")
	}
	rows := csvRows(t, filepath.Join(dir, "whole", trainingName))
	if len(rows) != 3 || rows[2]["validation_accuracy"] == "" || rows[2]["test_top5"] == "" || rows[2]["snr_conv1"] == "" {
		t.Errorf("training.csv ends with %v", rows[len(rows)-1])
	}
	// Stopped after some updates of it, each time with the state that a kill would
	// leave: the one saved before.
	defer func(d time.Duration) { stateInterval = d }(stateInterval)
	for _, c := range []struct {
		interval time.Duration
		updates  int
	}{{time.Minute, 1}, {time.Minute, 4}, {0, 3}, {0, 5}} {
		stateInterval = c.interval
		cut := filepath.Join(dir, fmt.Sprint("cut", c.interval, c.updates))
		args[len(args)-1] = cut
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		afterUpdate = func() {
			if n++; n == c.updates {
				cancel()
			}
		}
		code, _, errs := ventralContext(ctx, args...)
		afterUpdate = nil
		cancel()
		if code != exitInterrupted || !strings.Contains(errs, "stopped in epoch") {
			t.Fatalf("exit code %d: %s", code, errs)
		}
		if _, err := os.Stat(filepath.Join(cut+".partial", stateName)); err != nil {
			t.Error(err)
		}
		ventralOK(t, args...)
		for name, content := range files(t, cut) {
			if whole[name] != content && name != timingName {
				t.Errorf("stopped after %d updates: %s has other bytes", c.updates, name)
			}
		}
	}

	// Killed with nothing but the first epochs' files: training begins anew.
	killed := filepath.Join(dir, "killed")
	args[len(args)-1] = killed
	if err := os.MkdirAll(killed+".partial", 0o777); err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(whole[trainingName], "\n")
	for name, content := range map[string]string{"run.json": whole["run.json"], trainingName: lines[0] + lines[1], weightsName: whole[weightsName], sleepName: whole[sleepName] + "3,conv"} {
		if err := os.WriteFile(filepath.Join(killed+".partial", name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	ventralOK(t, args...)
	for name, content := range files(t, killed) {
		if whole[name] != content && name != timingName {
			t.Errorf("killed after an epoch: %s has other bytes", name)
		}
	}
	if rows := csvRows(t, filepath.Join(killed, timingName)); len(rows) != 3 || rows[2]["updates"] != "3" {
		t.Errorf("timing.csv is %v, want three epochs of three updates", rows)
	}

	args[len(args)-1] = filepath.Join(dir, "new")
	if code, _, errs := ventral(t, append(args, "--resume")...); code != exitFailed || !strings.Contains(errs, "no interrupted run") {
		t.Errorf("--resume of nothing: exit code %d: %s", code, errs)
	}
}

// A run of so many iterations that was killed after an epoch is not taken for a
// whole one.
func TestTrainIterationsKilled(t *testing.T) {
	dir := t.TempDir()
	args := []string{"train", "--images", "shapes", "--train-images", "200", "--batch", "64", "--model", "conv", "--width", "2", "--epochs", "9", "--iterations", "6", "--out", filepath.Join(dir, "whole")}
	ventralOK(t, args...)
	whole := files(t, filepath.Join(dir, "whole"))
	rows := csvRows(t, filepath.Join(dir, "whole", trainingName))
	if len(rows) != 2 || rows[1]["updates"] != "6" {
		t.Fatalf("training.csv is %v", rows)
	}
	killed := filepath.Join(dir, "killed")
	args[len(args)-1] = killed
	if err := os.MkdirAll(killed+".partial", 0o777); err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(whole[trainingName], "\n")
	for name, content := range map[string]string{"run.json": whole["run.json"], trainingName: lines[0] + lines[1], weightsName: whole[weightsName]} {
		if err := os.WriteFile(filepath.Join(killed+".partial", name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	ventralOK(t, args...)
	for name, content := range files(t, killed) {
		if whole[name] != content && name != timingName {
			t.Errorf("%s has other bytes", name)
		}
	}
}

// The networks are shown what they were trained on, in every form.
func TestActivationsOfTrainingImages(t *testing.T) {
	dir := t.TempDir()
	x, y := filepath.Join(dir, "x.npy"), filepath.Join(dir, "y.npy")
	pixels := make([]float32, 40*3*8*8)
	labels := make([]int64, 40)
	for i := range pixels {
		pixels[i] = float32(i%17) - 8
	}
	for i := range labels {
		labels[i] = int64(i % 2)
	}
	if err := npy.WriteFile(x, []int{40, 3, 8, 8}, pixels); err != nil {
		t.Fatal(err)
	}
	if err := npy.WriteFile(y, []int{40}, labels); err != nil {
		t.Fatal(err)
	}
	floats, shapes := filepath.Join(dir, "floats"), filepath.Join(dir, "shapes")
	ventralOK(t, "train", "--images", "arrays:"+x+","+y, "--model", "conv", "--width", "2", "--epochs", "1", "--out", floats)
	ventralOK(t, "train", "--images", "shapes", "--train-images", "60", "--model", "conv", "--width", "2", "--epochs", "1", "--out", shapes)
	ventralOK(t, "activations", "--weights", filepath.Join(floats, weightsName), "--images", "arrays:"+x+","+y, "--out", filepath.Join(dir, "a"))
	ventralOK(t, "activations", "--weights", filepath.Join(shapes, weightsName), "--images", "shapes", "--layers", "avgpool", "--out", filepath.Join(dir, "b"))
	if _, shape, err := npy.ReadFile[float32](filepath.Join(dir, "b", "avgpool.npy")); err != nil || shape[0] != shapesTest {
		t.Errorf("%v, %v: want the %d test images", shape, err, shapesTest)
	}
	pictures := filepath.Join(dir, "pictures")
	writeShapes(t, pictures, 3)
	for says, args := range map[string][]string{
		"give --images arrays:X.npy,Y.npy":                 {floats, pictures},
		"the network was trained on pixels":                {shapes, "arrays:" + x + "," + y},
		"the network was trained on numbers that are show": {floats, "shapes"},
	} {
		if code, _, errs := ventral(t, "activations", "--weights", filepath.Join(args[0], weightsName), "--images", args[1], "--out", filepath.Join(dir, "c")); code != exitFailed || !strings.Contains(errs, says) {
			t.Errorf("%v: exit code %d: %s", args, code, errs)
		}
	}
}

func TestTrainOwnLayout(t *testing.T) {
	dir := t.TempDir()
	layout := filepath.Join(dir, "retina.txt")
	if err := os.WriteFile(layout, []byte("retina = filter 5 W stride=2 | relu\nV1 = filter 3 2W bias=position | norm | relu | max 2\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "run")
	args := []string{"train", "--images", "shapes", "--train-images", "100", "--layout", layout, "--model", "lc", "--keep-conv", "1", "--eps", "0.1", "--width", "3", "--epochs", "1", "--out", out}
	ventralOK(t, args...)
	weights := npzArrays(t, filepath.Join(out, weightsName))
	if weights["retina.conv1.weight"] == nil || weights["V1.conv1.weights"] == nil || weights["V1.conv1.bias"] == nil {
		t.Error("the first layer is to be convolutional, the second locally connected with a bias")
	}
	// model.json holds the layout: activations need no more.
	pictures := filepath.Join(dir, "pictures")
	writeShapes(t, pictures, 5)
	text := ventralOK(t, "activations", "--weights", filepath.Join(out, weightsName), "--images", pictures, "--out", filepath.Join(dir, "acts"))
	if !strings.Contains(text, "retina") {
		t.Errorf("activations says\n%s", text)
	}
	if err := os.WriteFile(layout, []byte("retina = filter 5\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := ventral(t, append(args, "--overwrite")...); code != exitFailed || !strings.Contains(errs, "layout, line 1") {
		t.Errorf("a layout with a mistake: exit code %d: %s", code, errs)
	}
}

// So many images of class folders are taken from all classes alike.
func TestTrainImagesOfFolders(t *testing.T) {
	dir := t.TempDir()
	for _, part := range []string{"train/a", "train/b", "test/a", "test/b"} {
		writeShapes(t, filepath.Join(dir, part), 6)
	}
	sets, err := openImages(t.Context(), "folder:"+dir, 4, 1, preparation{}, stimuli.ImageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	count := map[int]int{}
	for i := range sets.train.Len() {
		count[sets.train.Label(i)]++
	}
	if sets.train.Len() != 4 || count[0] != 2 || count[1] != 2 {
		t.Errorf("%d images, by class %v; want 2 of each", sets.train.Len(), count)
	}
}

func TestReproduce(t *testing.T) {
	out := filepath.Join(t.TempDir(), "table")
	args := []string{"reproduce", "cifar10", "--images", "shapes", "--train-images", "200", "--width", "2", "--epochs", "2", "--batch", "64", "--rows", "conv,lc*2,lc+sleep@1", "--seeds", "2", "--out", out}
	text := ventralOK(t, args...)
	rows := csvRows(t, filepath.Join(out, "results.csv"))
	if len(rows) != 6 || rows[2]["network"] != "lc*2" || rows[3]["seed"] != "2" || rows[3]["repetitions"] != "2" || rows[5]["sleep_every"] != "1" {
		t.Errorf("results.csv is %v", rows)
	}
	// Two repetitions have twice the updates.
	if one, two := rows[0]["updates"], rows[2]["updates"]; one != "8" || two != "14" {
		t.Errorf("%s updates with one translation of each image, %s with two; want 8 and 14", one, two)
	}
	if strings.Count(text, "%") < 6 || !strings.Contains(text, "lc+sleep@1") {
		t.Errorf("the table is\n%s", text)
	}
	for says, bad := range map[string][]string{"expected a positive whole number of repetitions": {"--rows", "lc*x"}, "row lc is there twice": {"--rows", "lc,lc*1,lc"}, "do not divide the batch": {"--rows", "lc*3", "--batch", "64"}} {
		if code, _, errs := ventral(t, append(append([]string{}, args...), append(bad, "--overwrite")...)...); code != exitUsage || !strings.Contains(errs, says) {
			t.Errorf("%v: exit code %d: %s", bad, code, errs)
		}
	}
}

// --overwrite replaces a finished run, goes on with an interrupted one of the same
// command, and says so, and throws away that of another.
func TestTrainOverwrite(t *testing.T) {
	out := filepath.Join(t.TempDir(), "run")
	args := func(seed string) []string {
		return []string{"train", "--images", "shapes", "--train-images", "300", "--size", "16", "--model", "conv", "--width", "2", "--epochs", "2", "--seed", seed, "--overwrite", "--out", out}
	}
	interrupt := func(args []string) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		updates := 0
		afterUpdate = func() {
			if updates++; updates == 4 {
				cancel()
			}
		}
		defer func() { afterUpdate = nil }()
		if code, _, errs := ventralContext(ctx, args...); code != exitInterrupted || !strings.Contains(errs, "interrupted after update 4") {
			t.Fatalf("exit code %d: %s", code, errs)
		}
	}
	again := func(seed string) (weights, errs string) {
		code, _, errs := ventral(t, args(seed)...)
		if code != exitOK {
			t.Fatalf("exit code %d: %s", code, errs)
		}
		return files(t, out)[weightsName], errs
	}
	whole, _ := again("1")
	interrupt(args("1"))
	if weights, errs := again("1"); weights != whole || !strings.Contains(errs, "going on from update 4") {
		t.Errorf("the same command again: other bits, or it does not say that it goes on: %s", errs)
	}
	interrupt(args("2"))
	if files(t, out)[weightsName] != whole {
		t.Error("a finished run was replaced by one that was interrupted")
	}
	if weights, errs := again("1"); weights != whole || strings.Contains(errs, "going on") {
		t.Errorf("another command: other bits, or it goes on with another's run: %s", errs)
	}
	if code, help, _ := ventral(t, "train", "--help"); code != exitOK || !strings.Contains(strings.Join(strings.Fields(help), " "), "replace the finished run in --out, and throw away an interrupted one of another command; an interrupted one of the same command is gone on with") {
		t.Errorf("the help of --overwrite says something else:\n%s", help)
	}
}

// slowDigest is a set whose digest takes until it is closed.
type slowDigest struct {
	stimuli.Set
	begun, end chan struct{}
}

func (s slowDigest) Digest() string {
	close(s.begun)
	<-s.end
	return ""
}

// Ctrl-C is not kept waiting for a digest.
func TestDigestedStops(t *testing.T) {
	s := slowDigest{begun: make(chan struct{}), end: make(chan struct{})}
	defer close(s.end)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-s.begun
		cancel()
	}()
	if err := digested(ctx, nil, s); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

// With validation images the progress, the table and the JSON tell of the best
// epoch, and another command in its place is told what differs.
func TestTrainTellsTheBestEpoch(t *testing.T) {
	dir := t.TempDir()
	run, result := filepath.Join(dir, "run"), filepath.Join(dir, "result.json")
	args := []string{"train", "--images", "shapes", "--train-images", "100", "--model", "conv", "--width", "2", "--epochs", "3", "--validation", "0.2", "--json", result, "--out", run}
	code, out, errs := ventral(t, args...)
	if code != exitOK || !strings.Contains(errs, ", validation accuracy ") || !strings.Contains(errs, "images of 3×32×32") {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	text, err := os.ReadFile(result)
	if err != nil {
		t.Fatal(err)
	}
	var r networkResult
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	best, at := -1., 0
	for i, row := range csvRows(t, filepath.Join(run, trainingName)) {
		if v, err := strconv.ParseFloat(row["validation_accuracy"], 64); err != nil {
			t.Fatal(err)
		} else if v > best {
			best, at = v, i+1
		}
	}
	if r.ValidationAccuracy == nil || float64(*r.ValidationAccuracy) != best || r.BestEpoch != at {
		t.Errorf("best epoch %d in %s, want %d with %g", r.BestEpoch, text, at, best)
	}
	if want := fmt.Sprintf("%s has the weights after epoch %d.", bestName, at); !strings.Contains(out, want) {
		t.Errorf("no %q in\n%s", want, out)
	}

	if err := os.Rename(run, run+".partial"); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := ventral(t, append(args, "--lr", "0.01")...); code != exitFailed || !strings.Contains(errs, "(lr: was 0, is 0.01)") {
		t.Errorf("another command: exit code %d: %s", code, errs)
	}
}
