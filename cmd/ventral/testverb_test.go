package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
