package stimuli

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
)

func TestLayouts(t *testing.T) {
	grey := func(v byte) []byte { return pngOf(t, 6, 6, v) }
	o := ImageOptions{Height: 6, Width: 6}
	tiny := write(t, t.TempDir(),
		"tiny/train/n02/images/n02_0.JPEG", grey(1), "tiny/train/n01/images/n01_0.JPEG", grey(2), "tiny/train/n01/n01_boxes.txt", "n01_0.JPEG\t0\t0\t1\t1\n",
		"tiny/val/images/val_0.JPEG", grey(3), "tiny/val/images/val_1.JPEG", grey(4),
		"tiny/val/val_annotations.txt", "val_0.JPEG\tn02\t0\t32\t44\t62\r\nval_1.JPEG\tn01\t0\t32\t44\t62\r\n",
		"tiny/test/images/test_0.JPEG", grey(5), "tiny/wnids.txt", "n02\nn01\n")
	imagenet := write(t, t.TempDir(),
		"train/n02/n02_0.JPEG", grey(1), "train/n01/n01_0.JPEG", grey(2), "val/n02/0.JPEG", grey(3), "val/n01/1.JPEG", grey(4), "test/9.JPEG", grey(9))
	three := write(t, t.TempDir(),
		"train/n02/n02_0.JPEG", grey(1), "train/n01/n01_0.JPEG", grey(2), "test/n02/0.JPEG", grey(3), "test/n01/1.JPEG", grey(4), "val/n01/9.JPEG", grey(9))
	for _, dir := range []string{tiny, imagenet, three} {
		for _, path := range []string{dir, zipOf(t, dir), tarOf(t, dir, true, true)} {
			train, test, err := OpenFolder(t.Context(), path, o)
			if err != nil {
				t.Errorf("%s: %v", path, err)
				continue
			}
			labels := map[int]int{} // red level → class
			for i, v := range red(t, test) {
				labels[v] = test.Label(i)
			}
			if !slices.Equal(train.Classes(), []string{"n01", "n02"}) || !slices.Equal(red(t, train), []int{2, 1}) || train.Label(1) != 1 || test.Len() != 2 || labels[3] != 1 || labels[4] != 0 {
				t.Errorf("%s: classes %q, training images %d, test images %v", path, train.Classes(), red(t, train), labels)
			}
		}
	}

	for _, test := range []struct {
		annotations string
		words       []string
	}{
		{"val_0.JPEG\tn02\n", []string{"val_annotations.txt", "no class of", "val_1.JPEG"}},
		{"val_0.JPEG\tn02\nval_1.JPEG\tn03\n", []string{`"n03"`, "val_1.JPEG"}},
		{"val_0.JPEG n02\n", []string{"line 1", "tab"}},
		{"val_0.JPEG\tn02\nval_0.JPEG\tn01\n", []string{"line 2", "twice"}},
		{"val_0.JPEG\tn02\nval_1.JPEG\tn01\nval_2.JPEG\tn01\n", []string{"3 images, and 2"}},
	} {
		write(t, tiny, "tiny/val/val_annotations.txt", test.annotations)
		_, _, err := OpenFolder(t.Context(), tiny, o)
		mustFail(t, err, test.words...)
	}

	cases := write(t, t.TempDir(), "A/1.png", grey(1), "a/2.png", grey(2))
	train, _, err := OpenFolder(t.Context(), cases, o)
	if err != nil || !slices.Equal(train.Classes(), []string{"A", "a"}) {
		t.Errorf("letters in both cases: %v", err)
	}
}

func FuzzAnnotations(f *testing.F) {
	f.Add("val_0.JPEG\tn02\t0\t32\t44\t62\n")
	f.Add("a\tb\r\n\r\nc\td")
	f.Add("\tx\n")
	f.Fuzz(func(t *testing.T, text string) {
		classes, err := parseAnnotations(text)
		if err != nil {
			return
		}
		for image, class := range classes {
			if image == "" || class == "" {
				t.Fatalf("%q is of the class %q", image, class)
			}
		}
	})
}

func TestCIFAR100AndArchives(t *testing.T) {
	var data []byte
	for i, labels := range [][2]byte{{3, 77}, {19, 0}} { // coarse, fine
		data = append(data, labels[0], labels[1])
		data = append(data, slices.Repeat([]byte{byte(40 + i)}, cifarPixels)...)
	}
	fine, coarse := "", ""
	for i := range 100 {
		fine += fmt.Sprintf("fine%d\n", i)
		if i < 20 {
			coarse += fmt.Sprintf("coarse%d\n", i)
		}
	}
	dir := write(t, t.TempDir(), "cifar-100-binary/train.bin", data, "cifar-100-binary/test.bin", data[:3074],
		"cifar-100-binary/fine_label_names.txt", fine, "cifar-100-binary/coarse_label_names.txt", coarse)
	for _, path := range []string{dir, filepath.Join(dir, "cifar-100-binary"), zipOf(t, dir), tarOf(t, dir, true, false)} {
		for _, superclasses := range []bool{false, true} {
			train, test, err := OpenCIFAR100(t.Context(), path, superclasses)
			if err != nil {
				t.Fatal(err)
			}
			class := train.Classes()[train.Label(0)]
			if want := map[bool]string{false: "fine77", true: "coarse3"}[superclasses]; class != want || train.Len() != 2 || test.Len() != 1 || train.ID(1) != "train/00001" || !slices.Equal(red(t, train), []int{40, 41}) {
				t.Errorf("%s: class %q, want %q; red %d", path, class, want, red(t, train))
			}
		}
	}
	ten := write(t, t.TempDir(), "c/data_batch_1.bin", records(3), "c/test_batch.bin", records(4), "c/readme.html", "")
	train, test, err := OpenCIFAR10(t.Context(), tarOf(t, ten, true, true))
	if err != nil || train.Label(0) != 3 || test.Label(0) != 4 {
		t.Errorf("%v", err)
	}
	_, _, err = OpenCIFAR100(t.Context(), ten, false)
	mustFail(t, err, "CIFAR-100", "train.bin")
	write(t, ten, "d/data_batch_2.bin", records(1))
	_, _, err = OpenCIFAR10(t.Context(), ten)
	mustFail(t, err, "two sets", "c/data_batch_1.bin", "d/data_batch_2.bin")
	write(t, dir, "cifar-100-binary/fine_label_names.txt", fine[:len(fine)-7]+"fine0\n")
	_, _, err = OpenCIFAR100(t.Context(), dir, false)
	mustFail(t, err, "fine_label_names.txt", "99 differ")
}
