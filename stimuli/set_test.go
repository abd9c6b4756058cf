package stimuli

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// realData returns the path of a folder of real data, or skips the test.
func realData(t *testing.T, folder string) string {
	t.Helper()
	root := os.Getenv("VENTRAL_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "shared", "data")
	}
	path := filepath.Join(root, folder)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no real data: %v (VENTRAL_DATA names their folder)", err)
	}
	return path
}

// records returns CIFAR-10 records of the given labels; the pixels of record i
// are i, i+1, ….
func records(labels ...byte) []byte {
	var data []byte
	for i, label := range labels {
		data = append(data, label)
		for p := range cifarPixels {
			data = append(data, byte(i+p))
		}
	}
	return data
}

func TestOpenCIFAR10(t *testing.T) {
	dir := write(t, t.TempDir(),
		"data_batch_10.bin", records(9),
		"data_batch_2.bin", records(3, 4),
		"data_batch_x.bin", "not a batch",
		"test_batch.bin", records(1, 0, 2))
	train, test, err := OpenCIFAR10(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := ids(train); !slices.Equal(got, []string{"data_batch_2/00000", "data_batch_2/00001", "data_batch_10/00000"}) {
		t.Errorf("ids %q", got)
	}
	if train.Label(0) != 3 || train.Label(2) != 9 || test.Len() != 3 || test.Label(2) != 2 {
		t.Error("wrong labels")
	}
	if !slices.Equal(train.Classes(), strings.Split("0123456789", "")) {
		t.Errorf("classes %q", train.Classes())
	}
	pixels := make([]float32, cifarPixels)
	if err := train.Pixels(1, pixels); err != nil {
		t.Fatal(err)
	}
	for p, v := range pixels {
		if want := float32(byte(1+p)) / 255; v != want {
			t.Fatalf("pixel %d is %g, want %g", p, v, want)
		}
	}

	write(t, dir, "batches.meta.txt", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n")
	if train, _, err = OpenCIFAR10(t.Context(), dir); err != nil || train.Classes()[9] != "j" {
		t.Errorf("class names: %v", err)
	}
}

func TestOpenCIFAR10Errors(t *testing.T) {
	good := records(1)
	for _, test := range []struct {
		name  string
		files []any
		words []string
	}{
		{"no batch", []any{"test_batch.bin", good}, []string{"data_batch_*.bin", "1 files"}},
		{"no test", []any{"data_batch_1.bin", good}, []string{"test_batch.bin"}},
		{"truncated", []any{"data_batch_1.bin", records(1, 2, 3)[:2*3073+17], "test_batch.bin", good}, []string{"data_batch_1.bin", "truncated record: 2 whole records of 3073 bytes and 17 bytes more"}},
		{"empty", []any{"data_batch_1.bin", good, "test_batch.bin", ""}, []string{"test_batch.bin", "empty"}},
		{"label", []any{"data_batch_1.bin", records(1, 9, 10), "test_batch.bin", good}, []string{"data_batch_1.bin", "record 2", "label 10"}},
		{"class names", []any{"data_batch_1.bin", good, "test_batch.bin", good, "batches.meta.txt", "a b"}, []string{"batches.meta.txt", "2 class names", "10"}},
	} {
		_, _, err := OpenCIFAR10(t.Context(), write(t, t.TempDir(), test.files...))
		mustFail(t, err, test.words...)
	}
	_, _, err := OpenCIFAR10(t.Context(), filepath.Join(t.TempDir(), "nowhere"))
	mustFail(t, err, "nowhere", "data_batch_*.bin")
}

func FuzzCIFAR10(f *testing.F) {
	f.Add(records(1, 2))
	f.Add(records(10))
	f.Add(slices.Concat([]byte{19, 99}, make([]byte, cifarPixels)))
	f.Add(records(3)[:100])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		labels, pixels, err := cifar10.parse(data)
		if err != nil {
			return
		}
		if len(labels)*3073 != len(data) || len(pixels) != len(labels)*cifarPixels {
			t.Fatalf("%d labels and %d pixels in %d bytes", len(labels), len(pixels), len(data))
		}
		for i, label := range labels {
			if label < 0 || label > 9 || data[i*3073] != byte(label) {
				t.Fatalf("record %d: label %d", i, label)
			}
		}
		for _, k := range []cifarKind{cifar100Fine, cifar100Coarse} {
			labels, pixels, err := k.parse(data)
			if err == nil && (len(labels)*3074 != len(data) || len(pixels) != len(labels)*cifarPixels || slices.Max(labels) >= k.classes) {
				t.Fatalf("%s: %d labels and %d pixels in %d bytes", k.names, len(labels), len(pixels), len(data))
			}
		}
	})
}

// Counts, class counts, means and deviations computed by numpy 1.24.2 from the
// bytes of the files.
func TestRealCIFAR10(t *testing.T) {
	train, test, err := OpenCIFAR10(t.Context(), realData(t, "cifar10-bin"))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []struct {
		set    Set
		counts []int
	}{
		{train, []int{501, 467, 503, 483, 532, 489, 512, 503, 525, 502}},
		{test, []int{105, 93, 100, 104, 92, 87, 114, 102, 110, 110}},
	} {
		counts := make([]int, 10)
		for i := range part.set.Len() {
			counts[part.set.Label(i)]++
		}
		if !slices.Equal(counts, part.counts) {
			t.Errorf("class counts %d, want %d", counts, part.counts)
		}
	}
	if train.Len() != 5017 || test.Len() != 1017 || train.Classes()[0] != "airplane" || train.Classes()[9] != "truck" {
		t.Errorf("%d and %d images of %q", train.Len(), test.Len(), train.Classes())
	}
	mean, std, err := Moments(train)
	if err != nil {
		t.Fatal(err)
	}
	for c, want := range []float64{0.49245196158428856, 0.4829624940032338, 0.4465129489576139} {
		if math.Abs(float64(mean[c])-want) > 1e-7 {
			t.Errorf("mean %d is %.9g, want %.9g", c, mean[c], want)
		}
	}
	for c, want := range []float64{0.24706151018469666, 0.24389604030233378, 0.262623084841103} {
		if math.Abs(float64(std[c])-want) > 1e-7 {
			t.Errorf("deviation %d is %.9g, want %.9g", c, std[c], want)
		}
	}
}

func TestRealRecordingStimuli(t *testing.T) {
	check := func(set Set, table *Table, n int, first, last string) {
		t.Helper()
		if set.Len() != n || len(table.Rows) != n || set.ID(0) != first || set.ID(n-1) != last {
			t.Errorf("%d images from %s to %s, want %d from %s to %s", set.Len(), set.ID(0), set.ID(set.Len()-1), n, first, last)
		}
	}
	o := ImageOptions{Channels: 1}
	set, table, err := OpenImages(t.Context(), filepath.Join(realData(t, "v4-cowley-210325"), "images_210325.zip"), o)
	if err != nil {
		t.Fatal(err)
	}
	check(set, table, 640, "image0001", "image0640")

	set, table, err = OpenImages(t.Context(), filepath.Join(realData(t, "it-v4-majaj2015-25images"), "stimuli"), ImageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	check(set, table, 25, "b713c093a9135539f1fdd0b92c44f59688267561", table.Rows[24][0])
	if names, ok := table.Column("object_name"); !ok || names[0] != "ship2" {
		t.Errorf("object_name %q", names)
	}

	if testing.Short() {
		return
	}
	set, table, err = OpenImages(t.Context(), realData(t, "v1-henaff-ay3_u002"), o)
	if err != nil {
		t.Fatal(err)
	}
	check(set, table, 400, "zoom1x_movie01_natural_01", table.Rows[399][0])
	movies, _ := table.Column("movie")
	if movies[0] != "movie01" || len(table.Unlisted) != 0 {
		t.Errorf("movie %q, unlisted %q", movies[0], table.Unlisted)
	}
}

func TestMoments(t *testing.T) {
	m := newMemory(memory{channels: 2, height: 1, width: 3, ids: []string{"a", "b"},
		pixels: []byte{0, 51, 102, 7, 7, 7, 153, 204, 255, 7, 7, 7}})
	mean, std, err := Moments(m)
	if err != nil {
		t.Fatal(err)
	}
	// 0, .2, .4, .6, .8, 1: mean .5, variance 7/60. A constant has no deviation.
	if math.Abs(float64(mean[0])-0.5) > 1e-7 || math.Abs(float64(std[0])-math.Sqrt(7.0/60)) > 1e-7 {
		t.Errorf("mean %g, deviation %g", mean[0], std[0])
	}
	if math.Abs(float64(mean[1])-7.0/255) > 1e-8 || std[1] > 1e-7 {
		t.Errorf("mean %g, deviation %g of a constant", mean[1], std[1])
	}
	if _, _, err := Moments(Subset(m, nil)); err == nil {
		t.Error("moments of no images")
	}
}

func TestSubset(t *testing.T) {
	all := Shapes(ShapeOptions{N: 12, Size: 16})
	part := Subset(all, []int{7, 2, 7})
	if !slices.Equal(ids(part), []string{"shape00007", "shape00002", "shape00007"}) || part.Label(1) != 2 {
		t.Errorf("ids %q", ids(part))
	}
	a, b := make([]float32, size(all)), make([]float32, size(all))
	if all.Pixels(2, a) != nil || part.Pixels(1, b) != nil || !slices.Equal(a, b) {
		t.Error("other pixels")
	}
	defer func() {
		if recover() == nil {
			t.Error("an index outside the set: no panic")
		}
	}()
	Subset(all, []int{12})
}

func TestDigest(t *testing.T) {
	content := func() memory {
		return memory{channels: 1, height: 1, width: 2, ids: []string{"a", "b"}, classes: []string{"x", "y"}, labels: []int{0, 1}, pixels: []byte{1, 2, 3, 4}}
	}
	base := newMemory(content())
	if d := Subset(base, []int{0, 1}).Digest(); d != base.Digest() || len(d) != 64 {
		t.Errorf("equal content with the digests %s and %s", base.Digest(), d)
	}
	seen := []string{base.Digest(), Subset(base, []int{1, 0}).Digest(), Subset(base, []int{0}).Digest()}
	for _, change := range []func(m *memory){
		func(m *memory) { m.height, m.width = 2, 1 },
		func(m *memory) { m.ids[1] = "c" },
		func(m *memory) { m.classes[0] = "z" },
		func(m *memory) { m.labels[0] = 1 },
		func(m *memory) { m.labels, m.classes = nil, nil },
		func(m *memory) { m.pixels[3] = 5 },
	} {
		m := content()
		change(&m)
		seen = append(seen, newMemory(m).Digest())
	}
	slices.Sort(seen)
	if n := len(slices.Compact(seen)); n != 9 {
		t.Errorf("%d digests of 9 contents", n)
	}
}

func TestShapes(t *testing.T) {
	o := ShapeOptions{N: 40, Seed: 1}
	set := Shapes(o)
	if c, h, w := set.Shape(); c != 3 || h != 32 || w != 32 {
		t.Fatalf("%d×%d×%d", c, h, w)
	}
	if len(set.Classes()) != 10 || set.Label(13) != 3 {
		t.Errorf("%d classes, label %d", len(set.Classes()), set.Label(13))
	}
	o.N = 25
	if fewer := Shapes(o); fewer.Digest() != Subset(set, upTo(25)).Digest() {
		t.Error("image i depends on how many are drawn")
	}
	procs := runtime.GOMAXPROCS(1)
	again := Shapes(o)
	runtime.GOMAXPROCS(procs)
	if again.Digest() != Subset(set, upTo(25)).Digest() {
		t.Error("other images with one processor")
	}
	o.Seed = 2
	if Shapes(o).Digest() == again.Digest() {
		t.Error("the same images with another seed")
	}
	// Classes are not told by their mean luminance or colour alone.
	many := Shapes(ShapeOptions{N: 2000, Seed: 3, Size: 16})
	sums, squares := make([]float64, 10), make([]float64, 10)
	grey, err := Grey(many)
	if err != nil {
		t.Fatal(err)
	}
	for i := range many.Len() {
		var mean float64
		for _, v := range grey[i*256 : (i+1)*256] {
			mean += v / 256
		}
		sums[many.Label(i)] += mean
		squares[many.Label(i)] += mean * mean
	}
	for k := range sums {
		mean := sums[k] / 200
		if sd := math.Sqrt(squares[k]/200 - mean*mean); math.Abs(mean-0.5) > 0.5*sd {
			t.Errorf("class %d has a mean luminance of %.3f ± %.3f", k, mean, sd)
		}
	}
}

func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

func TestPictures(t *testing.T) {
	m := newMemory(memory{channels: 3, height: 1, width: 2, ids: []string{"a"}, pixels: []byte{10, 20, 30, 40, 50, 60}})
	picture, err := Picture(m, 0)
	if err != nil {
		t.Fatal(err)
	}
	if c := picture.NRGBAAt(1, 0); c.R != 20 || c.G != 40 || c.B != 60 || c.A != 255 {
		t.Errorf("pixel %v", c)
	}
	grey, err := Grey(m)
	if err != nil || math.Abs(grey[1]*255-(0.299*20+0.587*40+0.114*60)) > 1e-4 {
		t.Errorf("grey %g, %v", grey, err)
	}
	sheet, err := ContactSheet(m, []int{0, 0, 0}, 2, 3)
	if err != nil || sheet.Rect.Dx() != 2*(2*3+2)+2 || sheet.Rect.Dy() != 2*(3+2)+2 {
		t.Fatalf("sheet of %v, %v", sheet.Rect, err)
	}
	if a, b := sheet.NRGBAAt(2+5, 2+2), sheet.NRGBAAt(0, 0); a.R != 20 || b.R != 255 {
		t.Errorf("sheet has %v and %v", a, b)
	}
	path := filepath.Join(t.TempDir(), "sheet.png")
	if err := WritePNG(path, sheet); err != nil {
		t.Fatal(err)
	}
	back, _, err := OpenImages(t.Context(), filepath.Dir(path), ImageOptions{Height: sheet.Rect.Dy(), Width: sheet.Rect.Dx()})
	if err != nil {
		t.Fatal(err)
	}
	pixels := make([]float32, size(back))
	if err := back.Pixels(0, pixels); err != nil || pixels[4*sheet.Rect.Dx()+7] != level[20] {
		t.Errorf("read back %g, %v", pixels[4*sheet.Rect.Dx()+7]*255, err)
	}
	if files, _ := os.ReadDir(filepath.Dir(path)); len(files) != 1 {
		t.Errorf("%d files beside the picture", len(files)-1)
	}
	if err := WritePNG(filepath.Join(t.TempDir(), "no", "x.png"), sheet); err == nil {
		t.Error("written into a folder that does not exist")
	}
}

// broken is a Set whose odd images cannot be read.
type broken struct{ Set }

var errBroken = errors.New("broken")

func (b broken) Pixels(i int, dst []float32) error {
	if i%2 == 1 {
		return errBroken
	}
	return b.Set.Pixels(i, dst)
}
