package main

import (
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ventral/internal/npy"
	"ventral/network"
	"ventral/stimuli"
)

// writePhotographs writes labelled pictures of differing shapes, with a short side
// of at least short pixels, in train/CLASS and test/CLASS.
func writePhotographs(t *testing.T, dir string, short, train, test int) {
	t.Helper()
	for part, n := range map[string]int{"train": train, "test": test} {
		set := stimuli.Shapes(stimuli.ShapeOptions{N: n, Seed: uint64(n), Size: short + 16})
		for i := range n {
			picture, err := stimuli.Picture(set, i)
			if err != nil {
				t.Fatal(err)
			}
			class := filepath.Join(dir, part, []string{"a", "b"}[i%2])
			if err := os.MkdirAll(class, 0o777); err != nil {
				t.Fatal(err)
			}
			cut := image.Rect(0, 0, short+16-i%3, short+i%7)
			if err := stimuli.WritePNG(filepath.Join(class, fmt.Sprint(i)+".png"), picture.SubImage(cut)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// With every augmentation, on pictures and with repetitions, a training that is
// interrupted goes on to the same bits, and the network is shown images as it was
// tested on them.
func TestTrainAugmented(t *testing.T) {
	dir := t.TempDir()
	photographs := filepath.Join(dir, "photographs")
	writePhotographs(t, photographs, 24, 70, 10)
	defer func() { afterUpdate = nil }()
	for name, c := range map[string]struct {
		flags []string
		want  preparation
		side  int
	}{
		"none":      {[]string{"--augment", "none"}, preparation{Augment: "none"}, 32},
		"flip":      {[]string{"--augment", "none", "--flip"}, preparation{Augment: "none", Flip: true}, 32},
		"translate": {[]string{"--augment", "translate", "--pad", "3", "--size", "20"}, preparation{Augment: "translate", Pad: 3, Size: 20}, 20},
		"crop":      {[]string{"--augment", "crop", "--pad", "2", "--size", "20", "--flip"}, preparation{Augment: "crop", Pad: 2, Flip: true, Size: 20}, 20},
		"resized":   {[]string{"--augment", "resized-crop", "--flip", "--size", "21"}, preparation{Augment: "resized-crop", Flip: true, Size: 21, Resize: 24}, 21},
		"stored":    {[]string{"--augment", "resized-crop", "--size", "16", "--resize", "18", "--store", "22"}, preparation{Augment: "resized-crop", Size: 16, Resize: 18, Store: 22}, 16},
	} {
		whole, cut := filepath.Join(dir, name), filepath.Join(dir, name+"-cut")
		args := append([]string{"train", "--images", "folder:" + photographs, "--model", "lc+sleep@1", "--width", "2", "--epochs", "2", "--batch", "32", "--repetitions", "2", "--validation", "0.1", "--out", whole}, c.flags...)
		ventralOK(t, args...)
		args[slices.Index(args, whole)] = cut
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		afterUpdate = func() {
			if n++; n == 6 { // of an epoch's 4
				cancel()
			}
		}
		code, _, errs := ventralContext(ctx, args...)
		afterUpdate = nil
		cancel()
		if code != exitInterrupted {
			t.Fatalf("%s: exit code %d: %s", name, code, errs)
		}
		ventralOK(t, args...)
		want := files(t, whole)
		for file, content := range files(t, cut) {
			if want[file] != content && file != timingName {
				t.Errorf("%s: interrupted and continued, %s has other bytes", name, file)
			}
		}

		var m modelFile
		if err := json.Unmarshal([]byte(want[modelName]), &m); err != nil {
			t.Fatal(err)
		}
		c.want.given, m.Preparation.given = nil, nil
		if fmt.Sprint(m.Preparation) != fmt.Sprint(c.want) {
			t.Errorf("%s: %s has the preparation %+v, want %+v", name, modelName, m.Preparation, c.want)
		}
		if in := m.Architecture.Input; in != (network.Shape{Channels: 3, Height: c.side, Width: c.side}) {
			t.Errorf("%s: the network sees %v", name, in)
		}
		if !strings.Contains(want["run.json"], `"augment": "`+c.want.Augment+`"`) {
			t.Errorf("%s: run.json lacks the augmentation", name)
		}

		// The test images, as the network was tested on them, are what its test
		// accuracy came from.
		acts := filepath.Join(dir, name+"-activations")
		ventralOK(t, "activations", "--weights", filepath.Join(whole, weightsName), "--images", "folder:"+photographs, "--out", acts)
		if _, shape, err := npy.ReadFile[float32](filepath.Join(acts, "avgpool.npy")); err != nil || shape[0] != 10 {
			t.Errorf("%s: activations to %v images, %v", name, shape, err)
		}
		shown, err := m.imagesFor(t.Context(), &terminal{}, "folder:"+photographs, "test", stimuli.ImageOptions{})
		if err != nil {
			t.Fatal(err)
		}
		model, _, err := openModel(filepath.Join(whole, weightsName))
		if err != nil {
			t.Fatal(err)
		}
		tested, err := model.Evaluate(t.Context(), shown)
		if err != nil {
			t.Fatal(err)
		}
		rows := csvRows(t, filepath.Join(whole, trainingName))
		if got := rows[len(rows)-1]["test_loss"]; got != exact(tested.Loss) {
			t.Errorf("%s: the test loss is %s, and %s with the images of activations", name, got, exact(tested.Loss))
		}
	}
}

// What is tested of a picture: the centre of its pixels for crops, of the resized
// picture for resized crops, and its central square for the others.
func TestTestedImages(t *testing.T) {
	dir := t.TempDir()
	writePhotographs(t, dir, 24, 8, 8)
	file, err := os.Open(filepath.Join(dir, "test", "a", "2.png")) // 38×26
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	picture, _, err := image.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	sets, err := openImages(t.Context(), "folder:"+dir, 0, 1, preparation{Augment: "crop", Size: 16, Pad: 4}, stimuli.ImageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	x := make([]float32, 3*16*16)
	if err := sets.test.Pixels(1, x); err != nil {
		t.Fatal(err)
	}
	for k, v := range x[:256] {
		if r, _, _, _ := picture.At(7+4+k%16, 1+4+k/16).RGBA(); v != float32(r>>8)/255 { // (38−24)/2, (26−24)/2
			t.Fatalf("pixel %d of %s is %g, want %d/255", k, sets.test.ID(1), v, r>>8)
		}
	}
}

// Images of IDX files keep their size, are made to --size, or are cropped as they
// are; the memory of images is that of all their pixels.
func TestPreparedDigits(t *testing.T) {
	dir := t.TempDir()
	const n, side = 6, 12
	for _, part := range []string{"train", "t10k"} {
		images, labels := []byte{0, 0, 8, 3, 0, 0, 0, n, 0, 0, 0, side, 0, 0, 0, side}, []byte{0, 0, 8, 1, 0, 0, 0, n}
		for i := range n * side * side {
			images = append(images, byte(i*i/7))
		}
		for i := range n {
			labels = append(labels, byte(i%3))
		}
		for name, content := range map[string][]byte{"images-idx3": images, "labels-idx1": labels} {
			if err := os.WriteFile(filepath.Join(dir, part+"-"+name+"-ubyte"), content, 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	pixels := func(p preparation, i int) (x []float32, side int, bytes int64) {
		sets, err := openImages(t.Context(), "mnist:"+dir, 0, 1, p, stimuli.ImageOptions{})
		if err != nil {
			t.Fatal(err)
		}
		channels, h, w := sets.train.Shape()
		if channels != 1 || h != w || size3(sets.test.Shape()) != size3(1, h, w) {
			t.Errorf("%+v: images of %d×%d×%d", p, channels, h, w)
		}
		x = make([]float32, h*w)
		if err := sets.train.Pixels(i, x); err != nil {
			t.Fatal(err)
		}
		return x, h, sets.bytes()
	}
	own, got, bytes := pixels(preparation{Augment: augmentTranslate}, 2)
	if got != side || bytes != 2*n*side*side {
		t.Errorf("images of %d×%d pixels take %d bytes", got, got, bytes)
	}
	if _, got, bytes := pixels(preparation{Augment: augmentNone, Size: 16}, 2); got != 16 || bytes != 2*n*16*16 {
		t.Errorf("--size 16 makes images of %d×%d pixels, %d bytes", got, got, bytes)
	}
	crop, got, bytes := pixels(preparation{Augment: augmentCrop, Size: 8, Pad: 1}, 2)
	if got != 8 || bytes != 2*n*side*side || crop[0] != own[2*side+2] || crop[63] != own[9*side+9] {
		t.Errorf("crops of %d×%d pixels of images of %d bytes: not the images' centres", got, got, bytes)
	}
	if _, got, bytes := pixels(preparation{Augment: augmentResizedCrop, Size: 16, Resize: 18}, 2); got != 16 || bytes != 2*n*side*side {
		t.Errorf("resized crops of %d×%d pixels, of images of %d bytes", got, got, bytes)
	}

	// Photographs that keep their shapes.
	photographs, want := t.TempDir(), int64(0)
	writePhotographs(t, photographs, 24, 6, 4)
	for _, part := range []int{6, 4} {
		for i := range part {
			want += int64(3 * (24 + 16 - i%3) * (24 + i%7))
		}
	}
	sets, err := openImages(t.Context(), "folder:"+photographs, 2, 1, preparation{Augment: augmentResizedCrop, Size: 16, Resize: 18}, stimuli.ImageOptions{})
	if err != nil || sets.bytes() != want {
		t.Errorf("photographs take %d bytes, want %d; %v", sets.bytes(), want, err)
	}
}

// The paper's other networks train for a few iterations: ResNet-20 at 48×48 on
// crops of real pixels, and one at 64×64 on resized crops.
func TestTrainLargerInputs(t *testing.T) {
	dir := t.TempDir()
	photographs := filepath.Join(dir, "photographs")
	writePhotographs(t, photographs, 64, 40, 4)
	for name, flags := range map[string][]string{
		"tiny":     {"--arch", "resnet20", "--size", "48", "--augment", "crop", "--pad", "8"},
		"imagenet": {"--arch", "small", "--size", "64", "--augment", "resized-crop", "--flip"},
	} {
		out := filepath.Join(dir, name)
		ventralOK(t, append([]string{"train", "--images", "folder:" + photographs, "--model", "lc", "--width", "1", "--batch", "16", "--epochs", "1", "--iterations", "2", "--out", out}, flags...)...)
		rows := csvRows(t, filepath.Join(out, trainingName))
		if len(rows) != 1 || rows[0]["updates"] != "2" || rows[0]["test_loss"] == "" {
			t.Errorf("%s: training.csv is %v", name, rows)
		}
	}
}

func TestWrongAugmentation(t *testing.T) {
	dir := t.TempDir()
	photographs, x, y := filepath.Join(dir, "photographs"), filepath.Join(dir, "x.npy"), filepath.Join(dir, "y.npy")
	writePhotographs(t, photographs, 24, 6, 4)
	if err := npy.WriteFile(x, []int{20, 3, 12, 16}, make([]uint8, 20*3*12*16)); err != nil {
		t.Fatal(err)
	}
	if err := npy.WriteFile(y, []int{20}, make([]int64, 20)); err != nil {
		t.Fatal(err)
	}
	arrays := "arrays:" + x + "," + y
	for says, c := range map[string]struct {
		code   int
		images string
		flags  string
	}{
		`--augment "mirror": expected translate, crop, resized-crop or none`: {exitUsage, "shapes", "--augment mirror"},
		"--pad is -1":                         {exitUsage, "shapes", "--pad -1"},
		"--size is 4,":                        {exitUsage, "shapes", "--size 4"},
		"--augment crop needs --size":         {exitUsage, "shapes", "--augment crop"},
		"--augment resized-crop needs --size": {exitUsage, "shapes", "--augment resized-crop"},
		"--pad 4 is for --augment translate and crop, and --augment is none":           {exitUsage, "shapes", "--augment none --pad 4"},
		"--resize and --store are for --augment resized-crop":                          {exitUsage, "shapes", "--resize 40"},
		"--resize is 30, expected --size, 32, to":                                      {exitUsage, "shapes", "--augment resized-crop --size 32 --resize 30"},
		"--store is 36, expected --resize, 37, to":                                     {exitUsage, "shapes", "--augment resized-crop --size 32 --store 36"},
		"and the images are of 16×12 pixels":                                           {exitUsage, arrays, "--size 24"},
		"an image of 16×12 pixels, width × height, is smaller than the 16×16":          {exitFailed, arrays, "--augment crop --size 12 --pad 2"},
		"0.png: an image of 40×24 pixels (width × height), too small for a crop of 28": {exitFailed, "folder:" + photographs, "--augment crop --size 20"},
	} {
		args := append([]string{"train", "--images", c.images, "--model", "conv", "--epochs", "1", "--out", filepath.Join(dir, "out")}, strings.Fields(c.flags)...)
		if code, _, errs := ventral(t, args...); code != c.code || !strings.Contains(errs, says) {
			t.Errorf("%s: exit code %d, want %d, and %q in %s", c.flags, code, c.code, says, errs)
		}
	}
}

// onGrey writes the pictures of a folder in the middle of grey ones of twice the
// size.
func onGrey(t *testing.T, from, to string) {
	t.Helper()
	entries, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(to, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		file, err := os.Open(filepath.Join(from, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		picture, _, err := image.Decode(file)
		file.Close()
		if err != nil {
			t.Fatal(err)
		}
		w, h := picture.Bounds().Dx(), picture.Bounds().Dy()
		screen := image.NewRGBA(image.Rect(0, 0, 2*w, 2*h))
		draw.Draw(screen, screen.Rect, image.NewUniform(color.Gray{128}), image.Point{}, draw.Src)
		draw.Draw(screen, image.Rect(w/2, h/2, w/2+w, h/2+h), picture, image.Point{}, draw.Src)
		if err := stimuli.WritePNG(filepath.Join(to, e.Name()), screen); err != nil {
			t.Fatal(err)
		}
	}
}

// Stimuli of 4 degrees shown to a network that sees 8 are those in the middle of
// grey pictures of twice the size, for activations and for compare.
func TestVisualDegrees(t *testing.T) {
	dir := t.TempDir()
	pictures, grey := filepath.Join(dir, "pictures"), filepath.Join(dir, "grey")
	writeShapes(t, pictures, 12)
	onGrey(t, pictures, grey)
	net, photographs := filepath.Join(dir, "net"), filepath.Join(dir, "photographs")
	writePhotographs(t, photographs, 24, 20, 4)
	ventralOK(t, "train", "--images", "folder:"+photographs, "--model", "conv", "--width", "2", "--epochs", "1", "--out", net)
	show := func(name string, args ...string) string {
		out := filepath.Join(dir, name)
		ventralOK(t, append([]string{"activations", "--weights", filepath.Join(net, weightsName), "--layers", "conv1", "--out", out}, args...)...)
		return files(t, out)["conv1.npy"]
	}
	placed := show("placed", "--images", pictures, "--degrees", "4")
	if placed != show("grey-acts", "--images", grey) || placed != show("half", "--images", pictures, "--degrees", "2", "--model-degrees", "4") {
		t.Error("stimuli of half the network's degrees are not shown in the middle of its input")
	}
	if plain := show("plain", "--images", pictures); placed == plain || plain != show("same", "--images", pictures, "--degrees", "8") {
		t.Error("stimuli of the network's degrees are not shown as they are")
	}
	if show("cut", "--images", grey, "--degrees", "8", "--model-degrees", "4") != show("again", "--images", pictures) {
		t.Error("stimuli of twice the network's degrees are not cut")
	}

	recordings := filepath.Join(dir, "v1.npy")
	if err := npy.WriteFile(recordings, []int{12, 3, 2}, make([]float64, 72)); err != nil {
		t.Fatal(err)
	}
	f := recordingFlags{
		recordings: []string{"V1=" + recordings, "V4=" + recordings, "IT=" + recordings},
		stimuli:    []string{"V1=" + pictures, "V4=" + grey, "IT=" + pictures}, axes: []string{"stimulus,repetition,neuroid"},
		degrees: []string{"V1=4"}, modelDegrees: 8,
	}
	records, err := f.read(t.Context(), 3, 32, 32)
	if err != nil {
		t.Fatal(err)
	}
	if v1, v4, it := records[0].stimuli.Digest(), records[1].stimuli.Digest(), records[2].stimuli.Digest(); v1 != v4 || v1 == it {
		t.Error("--stimulus-degrees V1=4 does not put the stimuli of V1 alone on a screen")
	}

	activations := []string{"activations", "--weights", filepath.Join(net, weightsName), "--images", pictures, "--out", filepath.Join(dir, "x")}
	compare := []string{"compare", "--images", "folder:" + photographs, "--recordings", "V1=" + recordings, "--stimuli", pictures, "--out", filepath.Join(dir, "x")}
	for says, args := range map[string][]string{
		"--degrees is -1":                                append(activations, "--degrees", "-1"),
		"--model-degrees is 0":                           append(activations, "--model-degrees", "0"),
		"--crop and --degrees exclude each other":        append(activations, "--degrees", "4", "--crop", "8"),
		"--table, --crop and --degrees are for a folder": append(activations, "--degrees", "4", "--images", "shapes"),
		`--stimulus-degrees "four"`:                      append(compare, "--stimulus-degrees", "four"),
		`--stimulus-degrees "-4"`:                        append(compare, "--stimulus-degrees", "V1=-4"),
		`no recordings of region "V2"`:                   append(compare, "--stimulus-degrees", "V2=4"),
		"--model-degrees is NaN":                         append(compare, "--stimulus-degrees", "4", "--model-degrees", "NaN"),
		"--crop 8 and --stimulus-degrees 4 exclude":      append(compare, "--stimulus-degrees", "4", "--crop", "V1=8"),
	} {
		if code, _, errs := ventral(t, slices.Clone(args)...); code != exitUsage || !strings.Contains(errs, says) {
			t.Errorf("%v: exit code %d: %s", args[len(args)-2:], code, errs)
		}
	}
}
