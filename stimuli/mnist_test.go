package stimuli

import (
	"bytes"
	"math"
	"slices"
	"testing"
)

// idx is an IDX file of bytes.
func idx(data []byte, dims ...int) []byte {
	file := []byte{0, 0, 8, byte(len(dims))}
	for _, n := range dims {
		file = append(file, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	return append(file, data...)
}

func TestOpenMNIST(t *testing.T) {
	images, labels := idx([]byte{0, 51, 102, 153, 204, 255}, 1, 2, 3), idx([]byte{4}, 1)
	two := idx([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 2, 2, 3)
	dir := write(t, t.TempDir(), "train-images-idx3-ubyte", two, "train-labels-idx1-ubyte.gz", gzipped(t, idx([]byte{2, 0}, 2)),
		"raw/t10k-images.idx3-ubyte.gz", gzipped(t, images), "raw/t10k-labels.idx1-ubyte", labels)
	for _, path := range []string{dir, zipOf(t, dir), tarOf(t, dir, true, false)} {
		train, test, err := OpenMNIST(t.Context(), path, ImageOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if c, h, w := train.Shape(); c != 1 || h != 2 || w != 3 || train.Len() != 2 || train.Label(0) != 2 || test.Label(0) != 4 || len(train.Classes()) != 5 || train.ID(1) != "train/00001" {
			t.Errorf("%d images of %d×%d×%d, classes %q", train.Len(), c, h, w, train.Classes())
		}
		x := make([]float32, 6)
		if err := test.Pixels(0, x); err != nil || !slices.Equal(x, []float32{0, .2, .4, .6, .8, 1}) {
			t.Errorf("%v, %v", x, err)
		}
	}
	// Three channels of the network's size; the middle columns of 2×3 make 2×2.
	_, test, err := OpenMNIST(t.Context(), dir, ImageOptions{Channels: 3, Height: 2, Width: 2})
	if err != nil {
		t.Fatal(err)
	}
	x := make([]float32, 12)
	if err := test.Pixels(0, x); err != nil || !slices.Equal(x[:4], x[4:8]) || !slices.Equal(x[:4], x[8:]) || !(x[0] < x[1] && x[1] < x[2] && x[2] < x[3]) {
		t.Errorf("%v, %v", x, err)
	}

	for _, test := range []struct {
		name  string
		file  []byte
		words []string
	}{
		{"train-images-idx3-ubyte", two[:20], []string{"train-images-idx3-ubyte", "truncated: 4 bytes of the 12"}},
		{"train-images-idx3-ubyte", append(slices.Clone(two), 0), []string{"more bytes"}},
		{"train-images-idx3-ubyte", images, []string{"1 images", "2 labels"}},
		{"train-images-idx3-ubyte", labels, []string{"3 axes", "00 00 08 01"}},
		{"train-images-idx3-ubyte", idx(nil, math.MaxInt32, math.MaxInt32, math.MaxInt32), []string{"axis 1", "expected 1 to"}},
		{"train-images-idx3-ubyte", nil, []string{"no IDX file"}},
		{"train-images-idx3-ubyte", idx(make([]byte, 8), 2, 2, 2), []string{"2×2", "2×3"}},
		{"sub/train-images-idx3-ubyte", two, []string{"train images twice"}},
	} {
		files := write(t, t.TempDir(), "train-images-idx3-ubyte", two, "train-labels-idx1-ubyte", idx([]byte{2, 0}, 2),
			"t10k-images-idx3-ubyte", images, "t10k-labels-idx1-ubyte", labels, test.name, test.file)
		_, _, err := OpenMNIST(t.Context(), files, ImageOptions{})
		mustFail(t, err, test.words...)
	}
	_, _, err = OpenMNIST(t.Context(), write(t, t.TempDir(), "train-images-idx3-ubyte", two), ImageOptions{})
	mustFail(t, err, "no train-labels-idx1-ubyte")
}

func FuzzIDX(f *testing.F) {
	f.Add(idx([]byte{1, 2, 3, 4}, 1, 2, 2))
	f.Add(gzipped(f, idx([]byte{1, 2, 3, 4}, 1, 2, 2)))
	f.Add(idx(nil, math.MaxInt32, 2, 2))
	f.Add([]byte{0x1f, 0x8b})
	f.Fuzz(func(t *testing.T, file []byte) {
		dims, data, err := readIDX(bytes.NewReader(file), 3, 1<<16)
		if err == nil && (len(dims) != 3 || dims[0]*dims[1]*dims[2] != len(data)) {
			t.Fatalf("%v of %d bytes", dims, len(data))
		}
	})
}

// The mean and deviation that everybody normalises MNIST with.
func TestRealMNIST(t *testing.T) {
	train, test, err := OpenMNIST(t.Context(), realData(t, "mnist"), ImageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	mean, std, err := Moments(train)
	if err != nil {
		t.Fatal(err)
	}
	if train.Len() != 60000 || test.Len() != 10000 || math.Abs(float64(mean[0])-.1307) > 5e-5 || math.Abs(float64(std[0])-.3081) > 5e-5 || train.Label(0) != 5 || test.Label(0) != 7 {
		t.Errorf("%d and %d images, mean %.4f, deviation %.4f, first labels %d and %d", train.Len(), test.Len(), mean[0], std[0], train.Label(0), test.Label(0))
	}
}

// CIFAR-10 as JPEG, in place in its tar.gz. Counts by tar; the moments are within
// the losses of JPEG of the exact ones of all 50,000 (0.4914, 0.4822, 0.4465).
func TestRealTarGzip(t *testing.T) {
	if testing.Short() {
		t.Skip("60,000 images")
	}
	train, test, err := OpenFolder(t.Context(), realData(t, "cifar10-jpeg/CIFAR-10-images.tar.gz"), ImageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if train.Len() != 50000 || test.Len() != 10000 || train.Classes()[0] != "airplane" || train.Label(49999) != 9 || train.ID(0) != "train/airplane/0000" {
		t.Errorf("%d and %d images from %s, classes %q", train.Len(), test.Len(), train.ID(0), train.Classes())
	}
	mean, _, err := Moments(train)
	if err != nil {
		t.Fatal(err)
	}
	for c, want := range []float64{.4914, .4822, .4465} {
		if math.Abs(float64(mean[c])-want) > 5e-4 {
			t.Errorf("mean %d is %.4f, want %.4f", c, mean[c], want)
		}
	}
}
