package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ventral/network"
	"ventral/stimuli"
)

// A network is tested on what it was tested on at the end of its training, and so
// to the same figures; after a sleep to others; and only on classes that it knows.
func TestTest(t *testing.T) {
	dir := t.TempDir()
	lc, slept := filepath.Join(dir, "lc"), filepath.Join(dir, "slept")
	ventralOK(t, "train", "--images", "shapes", "--train-images", "96", "--epochs", "1", "--width", "2", "--batch", "32", "--model", "lc", "--seed", "3", "--out", lc)
	ventralOK(t, "sleep", "--weights", filepath.Join(lc, weightsName), "--out", slept)
	_, out, errs := ventral(t, "test", "--weights", filepath.Join(lc, weightsName)+","+filepath.Join(slept, weightsName), "--images", "shapes", "--json", "-")
	var got tested
	if err := json.Unmarshal([]byte(out), &got); err != nil || len(got.Networks) != 2 {
		t.Fatalf("%v: %s%s", err, out, errs)
	}
	trained := readRows(t, filepath.Join(lc, trainingName))
	last := trained[len(trained)-1]
	for column, got := range map[string]figure{"test_loss": got.Networks[0].Loss, "test_accuracy": got.Networks[0].Accuracy, "test_top5": got.Networks[0].Top5} {
		if last[column] != got.csv() {
			t.Errorf("%s is %s at the end of the training, and %s in a test", column, last[column], got.csv())
		}
	}
	if got.Networks[1].Loss == got.Networks[0].Loss || got.Networks[1].Images != got.Networks[0].Images {
		t.Errorf("after a sleep %+v, before it %+v", got.Networks[1], got.Networks[0])
	}
	others := filepath.Join(dir, "others")
	for i, part := range []string{"train/left", "train/right", "test/left", "test/right"} {
		folder := filepath.Join(others, part)
		if err := errors.Join(os.MkdirAll(filepath.Dir(folder), 0o777), os.Rename(pictures(t, uint64(i), 2, 32), folder)); err != nil {
			t.Fatal(err)
		}
	}
	for images, want := range map[string]string{
		dir:                "expected labelled images, such as folder:",
		"cifar10:" + dir:   "CIFAR-10",
		"folder:" + others: "has the classes left and right, and",
	} {
		code, _, errs := ventral(t, "test", "--weights", filepath.Join(lc, weightsName), "--images", images)
		if code == exitOK || !strings.Contains(errs, want) {
			t.Errorf("%s: exit code %d: %s", images, code, errs)
		}
	}
}

// Batch normalisation keeps the statistics from before a sleep unless it is given
// images: then the network does better, its filters being the same.
func TestSleepRenewsStatistics(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	ventralOK(t, "train", "--images", "shapes", "--train-images", "1000", "--epochs", "6", "--model", "lc", "--out", at("lc"))
	code, _, errs := ventral(t, "sleep", "--weights", at("lc"), "--out", at("stale"))
	if code != exitOK || !strings.Contains(errs, "note: "+staleStatistics) {
		t.Errorf("exit code %d, no note: %s", code, errs)
	}
	code, _, errs = ventral(t, "sleep", "--weights", at("lc"), "--renew-statistics", "shapes", "--out", at("renewed"))
	if code != exitOK || strings.Contains(errs, "note: "+staleStatistics) || !strings.Contains(errs, "those of 4,000 images") {
		t.Errorf("exit code %d: %s", code, errs)
	}
	_, out, errs := ventral(t, "test", "--weights", at("lc")+","+at("stale")+","+at("renewed"), "--images", "shapes", "--json", "-")
	var got tested
	if err := json.Unmarshal([]byte(out), &got); err != nil || len(got.Networks) != 3 {
		t.Fatalf("%v: %s%s", err, out, errs)
	}
	if lc, stale, renewed := got.Networks[0].Loss, got.Networks[1].Loss, got.Networks[2].Loss; !(lc < renewed && renewed < stale-.02) {
		t.Errorf("the loss is %g, after a sleep %g, with renewed statistics %g", lc, stale, renewed)
	}
	stale, _, err := openModel(at("stale"))
	if err != nil {
		t.Fatal(err)
	}
	renewed, _, err := openModel(at("renewed"))
	if err != nil {
		t.Fatal(err)
	}
	// It is what the package makes of the same images.
	images := &stimuli.Prepared{Set: shapes(1, 0, 32, 4000)}
	var about modelFile
	if err := readJSON(filepath.Join(at("lc"), modelName), &about); err != nil {
		t.Fatal(err)
	}
	images.Mean, images.Std = about.Mean, about.Std
	if err := stale.RenewStatistics(t.Context(), images); err != nil {
		t.Fatal(err)
	}
	for name, m := range map[string]*network.Model{"want.npz": stale, "got.npz": renewed} {
		if err := m.Save(at(name)); err != nil {
			t.Fatal(err)
		}
	}
	if a, b := files(t, dir)["want.npz"], files(t, dir)["got.npz"]; a != b {
		t.Error("the statistics are not those of the source's training part")
	}
	var run description
	if err := readJSON(filepath.Join(at("renewed"), "run.json"), &run); err != nil || len(run.Notes) > 0 {
		t.Errorf("%v, %v", err, run.Notes)
	}
	if weights := run.Arguments["weights"]; weights != filepath.Join(at("lc"), weightsName) { // as config.toml has it
		t.Errorf("run.json has the weights %s", weights)
	}
	if last := run.Data[len(run.Data)-1]; last != (datum{"images of the statistics", "shapes", 4000, images.Set.Digest()}) {
		t.Errorf("run.json says %+v", last)
	}
}

// --weights may be the folder, and what is not there is told with what to do.
func TestWeightsThatAreNotThere(t *testing.T) {
	dir := t.TempDir()
	weights := awake(t, true, 16)
	if _, _, err := openModel(filepath.Dir(weights)); err != nil {
		t.Errorf("the folder: %v", err)
	}
	text, err := os.ReadFile(weights)
	if err := errors.Join(err, os.MkdirAll(filepath.Join(dir, "run.partial"), 0o777), os.Mkdir(filepath.Join(dir, "alone"), 0o777),
		os.WriteFile(filepath.Join(dir, "alone", weightsName), text, 0o666)); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"nothing":               "there is no such file: expected the weights.npz of a trained network, with model.json beside it, or their folder",
		"run/lc/" + weightsName: "run.partial is not complete: the command that began it goes on with it",
		"alone":                 "there is no model.json beside it",
	} {
		for _, verb := range []string{"test", "sleep", "activations", "tuning"} {
			args := []string{verb, "--weights", filepath.Join(dir, path), "--images", "shapes", "--out", filepath.Join(dir, "out")}
			switch verb {
			case "test":
				args = args[:5]
			case "sleep", "tuning":
				args = append(args[:3], args[5:]...)
			}
			if code, _, errs := ventral(t, args...); code != exitFailed || !strings.Contains(errs, want) {
				t.Errorf("%s %s: exit code %d: %s", verb, path, code, errs)
			}
		}
	}
}
