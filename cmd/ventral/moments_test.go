package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ventral/stimuli"
)

// unreadable is a set of known content whose images can no longer be read.
type unreadable struct{ stimuli.Set }

func (unreadable) Pixels(int, []float32) error { return errors.New("read again") }

func TestMomentsAreKept(t *testing.T) {
	images := shapes(3, 0, 12, 40)
	part := []int{3, 1, 30, 22}
	folder := filepath.Join(t.TempDir(), "moments")
	p := preparation{Augment: augmentTranslate, Pad: 4}

	wholeMean, wholeStd, err := stimuli.Moments(images)
	if err != nil {
		t.Fatal(err)
	}
	partMean, partStd, err := stimuli.Moments(stimuli.Subset(images, part))
	if err != nil {
		t.Fatal(err)
	}
	mustBe := func(what string, set stimuli.Set, part []int, folder string, wantMean, wantStd []float32) {
		t.Helper()
		mean, std, err := momentsOf(set, part, p, folder)
		if err != nil || !slices.Equal(mean, wantMean) || !slices.Equal(std, wantStd) {
			t.Errorf("%s: mean %v and deviation %v (%v), want %v and %v", what, mean, std, err, wantMean, wantStd)
		}
	}
	known := unreadable{images}
	mustBe("no cache", images, nil, "", wholeMean, wholeStd)
	mustBe("an empty cache", images, nil, folder, wholeMean, wholeStd)
	mustBe("kept", known, nil, folder, wholeMean, wholeStd)
	mustBe("a part", images, part, folder, partMean, partStd)
	mustBe("a part that is kept", known, part, folder, partMean, partStd)
	mustBe("the whole again", known, nil, folder, wholeMean, wholeStd)

	// Other images, another part and another preparation are not what is kept.
	for what, f := range map[string]func() error{
		"other images": func() error {
			_, _, err := momentsOf(unreadable{shapes(4, 0, 12, 40)}, nil, p, folder)
			return err
		},
		"another part": func() error { _, _, err := momentsOf(known, []int{3, 1, 30, 23}, p, folder); return err },
		"another preparation": func() error {
			_, _, err := momentsOf(known, nil, preparation{Augment: augmentResizedCrop, Size: 12, Resize: 20}, folder)
			return err
		},
	} {
		if err := f(); err == nil || !strings.Contains(err.Error(), "read again") {
			t.Errorf("%s: not read (%v)", what, err)
		}
	}

	// A damaged entry is no entry, and is written anew.
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(files) != 2 {
		t.Fatalf("the cache holds %v (%v), want 2 entries", files, err)
	}
	for _, file := range files {
		whole, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		other, err := os.ReadFile(files[0])
		if file == files[0] {
			other, err = os.ReadFile(files[1])
		}
		if err != nil {
			t.Fatal(err)
		}
		number := bytes.Index(whole, []byte("\"mean\": [")) + 20
		altered := bytes.Clone(whole)
		for altered[number] < '0' || altered[number] > '9' {
			number++
		}
		altered[number+3] ^= 1 // one digit
		for what, content := range map[string][]byte{"empty": nil, "cut": whole[:len(whole)/2], "another entry": other, "no JSON": []byte("moments"), "another digit": altered} {
			if bytes.Equal(content, whole) {
				t.Fatalf("%s: nothing is damaged", what)
			}
			if err := os.WriteFile(file, content, 0o666); err != nil {
				t.Fatal(err)
			}
			mustBe(what, images, nil, folder, wholeMean, wholeStd)
			mustBe(what, images, part, folder, partMean, partStd)
			if now, err := os.ReadFile(file); err != nil || !bytes.Equal(now, whole) {
				t.Errorf("%s: the entry is not written anew (%v)", what, err)
			}
		}
	}

	// A folder that cannot be is no error.
	mustBe("a file in place of the folder", images, nil, files[0], wholeMean, wholeStd)
	mustBe("a folder in a file", images, nil, filepath.Join(files[0], "moments"), wholeMean, wholeStd)
}

// A training is the same bits with and without what an earlier one has kept.
func TestTrainWithKeptMoments(t *testing.T) {
	dir := t.TempDir()
	train := func(name string) (weights, model []byte) {
		out := filepath.Join(dir, name)
		ventralOK(t, "train", "--images", "shapes", "--train-images", "60", "--validation", "0.2", "--size", "16", "--model", "conv", "--arch", "resnet20", "--width", "1", "--epochs", "1", "--batch", "20", "--out", out)
		for _, file := range []struct {
			name string
			to   *[]byte
		}{{weightsName, &weights}, {modelName, &model}} {
			var err error
			if *file.to, err = os.ReadFile(filepath.Join(out, file.name)); err != nil {
				t.Fatal(err)
			}
		}
		return weights, model
	}
	entries := func(cache string) int {
		files, err := filepath.Glob(filepath.Join(cache, "moments", "*.json"))
		if err != nil {
			t.Fatal(err)
		}
		return len(files)
	}
	cache := filepath.Join(dir, "cache")
	t.Setenv("VENTRAL_CACHE", cache)
	first, firstModel := train("first")
	if entries(cache) != 1 {
		t.Errorf("the first training left %d entries, want 1", entries(cache))
	}
	second, secondModel := train("second")
	if entries(cache) != 1 {
		t.Errorf("the second training left %d entries, want 1", entries(cache))
	}
	t.Setenv("VENTRAL_CACHE", "/dev/null")
	without, withoutModel := train("without")
	if !bytes.Equal(first, second) || !bytes.Equal(first, without) || !bytes.Equal(firstModel, secondModel) || !bytes.Equal(firstModel, withoutModel) {
		t.Error("trainings with and without a cache differ")
	}
}
