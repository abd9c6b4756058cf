package main

import (
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// greyFile writes a PNG of one grey level.
func greyFile(t *testing.T, path string, level byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	img := image.NewGray(image.Rect(0, 0, 12, 8))
	for i := range img.Pix {
		img.Pix[i] = level
	}
	img.SetGray(int(level)%12, 3, color.Gray{255 - level})
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestStimuliInspect(t *testing.T) {
	dir := t.TempDir()
	for i, name := range []string{"train/cat/1.png", "train/cat/2.png", "train/Cat/3.png", "train/dog/4.png", "test/cat/5.png"} {
		greyFile(t, filepath.Join(dir, name), byte(20*i+10))
	}
	greyFile(t, filepath.Join(dir, "test/dog/6.png"), 70) // = train/dog/4
	sheet := filepath.Join(t.TempDir(), "sheet.png")
	source := "folder:" + dir
	code, text, errs := ventral(t, "stimuli", "inspect", source, "--sheet", sheet, "--size", "16")
	if code != exitOK {
		t.Fatal(errs)
	}
	for _, want := range []string{"6 files: 6 png; with 6 1 channels", "1 sizes (width × height): smallest 12×8", "training images      4  3×16×16        3",
		"\nCat                  1            0", "\ncat                  2            1", "training train/dog/4 = test test/dog/6",
		`the classes "Cat" and "cat" differ in case only`, `the class "Cat" has no test images`, "1 of the 2 test images are training images too"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	f, err := os.Open(sheet)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	picture, err := png.Decode(f)
	if err != nil || picture.Bounds().Dx() < 2*64 || picture.Bounds().Dy() < 3*64 {
		t.Errorf("a sheet of %v, %v", picture.Bounds(), err)
	}

	// Damaged files: all are listed, and the exit code tells.
	if err := os.WriteFile(filepath.Join(dir, "train/dog/0.png"), []byte("no image"), 0o666); err != nil {
		t.Fatal(err)
	}
	code, text, errs = ventral(t, "stimuli", "inspect", "--json", "-", source)
	var found struct {
		Damaged []struct{ File, Reason string }
		Parts   []struct {
			Count       int
			ClassCounts map[string]int `json:"class_counts"`
		}
	}
	if err := json.Unmarshal([]byte(text), &found); err != nil || code != exitFailed || !strings.Contains(errs, "1 damaged files") {
		t.Fatalf("exit code %d, %q, %v", code, errs, err)
	}
	if len(found.Damaged) != 1 || found.Damaged[0].File != "train/dog/0.png" || found.Damaged[0].Reason == "" || found.Parts[0].Count != 4 || found.Parts[0].ClassCounts["dog"] != 1 || found.Parts[1].Count != 2 {
		t.Errorf("%+v", found)
	}

	// Pictures without classes.
	code, text, errs = ventral(t, "stimuli", "inspect", filepath.Join(dir, "train", "cat"))
	if code != exitOK || !strings.Contains(text, "images      2  3×32×32        0") {
		t.Errorf("exit code %d, %q %q", code, text, errs)
	}
	for _, c := range []struct{ args, want []string }{
		{nil, []string{"one SOURCE"}},
		{[]string{source, source}, []string{"one SOURCE"}},
		{[]string{"folder:" + dir, "--image-channels", "2"}, []string{"--image-channels is 2"}},
		{[]string{"shapes", "--image-channels", "1"}, []string{"--image-channels is 1, and the images have 3"}},
		{[]string{"folder:" + dir, "--size", "-1"}, []string{"--size is -1"}},
		{[]string{"folder:" + dir, "--table", "x.csv"}, []string{"--table is for images without classes"}},
		{[]string{"shapes", "--crop", "8"}, []string{"--crop is for image files"}},
		{[]string{filepath.Join(dir, "nowhere")}, []string{"nowhere"}},
	} {
		code, text, errs := ventral(t, append([]string{"stimuli", "inspect"}, c.args...)...)
		if code == exitOK || !slices.ContainsFunc(c.want, func(w string) bool { return strings.Contains(text+errs, w) }) {
			t.Errorf("%v: exit code %d, %q", c.args, code, text+errs)
		}
	}
}

// Training sees the same images whether they are kept in memory or decoded as
// they are asked for, and says which it left out.
func TestTrainOnImagesThatDoNotFit(t *testing.T) {
	dir := t.TempDir()
	for i := range 16 {
		part := "train/"
		if i >= 12 {
			part = "val/"
		}
		greyFile(t, filepath.Join(dir, part+string(rune('a'+i%2)), string(rune('0'+i))+".png"), byte(15*i))
	}
	if err := os.WriteFile(filepath.Join(dir, "train/a/damaged.png"), []byte("no image"), 0o666); err != nil {
		t.Fatal(err)
	}
	train := func(more ...string) (code int, errs, weights string) {
		out := filepath.Join(t.TempDir(), "run")
		args := append([]string{"train", "--images", "folder:" + dir, "--size", "16", "--image-channels", "1", "--model", "conv", "--width", "2", "--epochs", "1", "--batch", "4", "--out", out}, more...)
		code, _, errs = ventral(t, args...)
		if code != exitOK {
			return code, errs, ""
		}
		data, err := os.ReadFile(filepath.Join(out, "weights.npz"))
		if err != nil {
			t.Fatal(err)
		}
		about, err := os.ReadFile(filepath.Join(out, "run.json"))
		if err != nil || !strings.Contains(string(about), "1 damaged images were left out: train/a/damaged.png") {
			t.Errorf("run.json does not tell: %s, %v", about, err)
		}
		return code, errs, string(data)
	}
	if code, errs, _ := train(); code != exitFailed || !strings.Contains(errs, "train/a/damaged.png") || !strings.Contains(errs, "--skip-damaged") {
		t.Errorf("exit code %d, %q", code, errs)
	}
	code, errs, first := train("--skip-damaged")
	if code != exitOK {
		t.Fatal(errs)
	}
	if code, errs, second := train("--skip-damaged", "--image-memory", "1e-7"); code != exitOK || second != first {
		t.Errorf("exit code %d, %q: other weights where images are decoded as they are asked for", code, errs)
	}
}
