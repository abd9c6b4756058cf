package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Flags that could do nothing are refused, or noted where they do part of it.
func TestTrainRefusesIdleFlags(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"empty.txt": "\n", "wrong.txt": "a = conv 3 16\n", "own.txt": "a = filter 3 2 | norm | relu\n"} {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir("pictures", 0o777); err != nil {
		t.Fatal(err)
	}
	few := []string{"--images", "shapes", "--train-images", "64", "--epochs", "1", "--width", "2", "--out", "run"}
	for _, c := range []struct {
		args string
		want string
	}{
		{"--arch small --layout own.txt", "--arch small and --layout own.txt exclude each other"},
		{"--model lc --sleep-steps 5", "--sleep-steps is for networks that sleep"},
		{"--model conv --sleep-before-eval", "--sleep-before-eval is for networks that sleep"},
		{"--model conv --pad 32", "--pad is 32, and the images have 32×32 pixels"},
		{"--model lc --keep-conv 9", "--keep-conv is 9, and the network has"},
		{"--layout empty.txt", "empty.txt is empty"},
		{"--layout wrong.txt", "wrong.txt: network: wrong: layout, line 1"},
		{"--layout wrong.txt", "did you mean filter?"},
		{"--images pictures", "folder:pictures"},
		{"--images cifar10", "expected cifar10:PATH"},
	} {
		code, _, errs := ventral(t, append(append([]string{"train"}, few...), strings.Fields(c.args)...)...)
		if code == exitOK || !strings.Contains(errs, c.want) {
			t.Errorf("%s: exit code %d, no %q in %s", c.args, code, c.want, errs)
		}
	}
	args := append(append([]string{"train", "--model", "conv"}, few...), "--batch", "100")
	if code, _, errs := ventral(t, args...); code != exitOK || !strings.Contains(errs, "there is one update an epoch") {
		t.Errorf("a large batch: exit code %d: %s", code, errs)
	}
	if !exists(filepath.Join("run", weightsName)) {
		t.Error("no run")
	}
	if code, _, errs := ventral(t, append(args, "--resume")...); code != exitFailed || !strings.Contains(errs, "the run in run is finished") {
		t.Errorf("--resume: exit code %d: %s", code, errs)
	}
	for _, words := range [][]string{{"train", "--model", ""}, {"activations", "--layers", ""}} {
		var out strings.Builder
		complete(&out, words)
		if strings.Contains(out.String(), filesToo) {
			t.Errorf("%v is completed by files:\n%s", words, out.String())
		}
	}
}
