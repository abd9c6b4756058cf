package stimuli

import (
	"bytes"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"
)

func readTestdata(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// golden returns a PNG's pixels channel-major.
func golden(t *testing.T, name string, channels int) (pixels []byte, h, w int) {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(readTestdata(t, name)))
	if err != nil {
		t.Fatal(err)
	}
	h, w = img.Bounds().Dy(), img.Bounds().Dx()
	pixels = make([]byte, channels*h*w)
	row, rgb := anyRow(img), make([]float32, 3*w)
	for y := range h {
		row(y, rgb[:w], rgb[w:2*w], rgb[2*w:])
		for x := range w {
			for c := range channels {
				pixels[(c*h+y)*w+x] = byte(rgb[c*w+x])
			}
		}
	}
	return pixels, h, w
}

func maxDifference(a, b []byte) (most int) {
	for i := range a {
		most = max(most, int(a[i])-int(b[i]), int(b[i])-int(a[i]))
	}
	return most
}

// Goldens of Pillow 9.4.0, made by testdata/make_images.py. Pillow rounds after
// each of its passes and for grey before them, this package once.
func TestResizeAgainstPillow(t *testing.T) {
	source := readTestdata(t, "source.png")
	for _, test := range []struct {
		name     string
		channels int
		crop     int
	}{
		{"resize_32x32.png", 3, 0},
		{"resize_8x8.png", 3, 0},
		{"resize_61x61.png", 3, 0},
		{"resize_100x100.png", 3, 0}, // larger than the source
		{"resize_20x45.png", 3, 0},
		{"resize_grey_32x32.png", 1, 0},
		{"resize_crop40_16x16.png", 3, 40},
	} {
		want, h, w := golden(t, test.name, test.channels)
		got := make([]byte, len(want))
		o := ImageOptions{Channels: test.channels, Height: h, Width: w, Crop: test.crop}.withDefaults()
		if err := decode(got, source, o); err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if d := maxDifference(got, want); d > 1 {
			t.Errorf("%s: %d grey levels from Pillow's", test.name, d)
		}
	}
}

// The same picture in other formats, unscaled, against what Pillow 9.4.0 reads.
func TestFormatsAgainstPillow(t *testing.T) {
	for _, test := range []struct {
		source, golden string
		levels         int
	}{
		{"source.png", "source.png", 0},
		{"source.bmp", "source.png", 0},
		{"source.tiff", "source.png", 0},
		{"source_alpha.png", "source.png", 0}, // transparency dropped
		{"source_palette.png", "palette_as_rgb.png", 0},
		{"source.gif", "palette_as_rgb.png", 0},
		{"source_grey.png", "source_grey.png", 0},
		{"source.jpg", "jpeg_as_rgb.png", 3}, // the two decoders' cosine transforms round differently
	} {
		want, h, w := golden(t, test.golden, 3)
		got := make([]byte, len(want))
		if err := decode(got, readTestdata(t, test.source), (ImageOptions{Height: h, Width: w}).withDefaults()); err != nil {
			t.Errorf("%s: %v", test.source, err)
			continue
		}
		if d := maxDifference(got, want); d > test.levels {
			t.Errorf("%s: %d grey levels from Pillow's, want at most %d", test.source, d, test.levels)
		}
	}
}

func TestTriangleIsAPartitionOfUnity(t *testing.T) {
	for _, c := range []struct {
		in          int
		left, right float64
		n           int
	}{{97, 0, 97, 32}, {10, 0, 10, 10}, {5, 0.7, 4.1, 30}, {1, 0, 1, 7}, {1000, 100, 900, 1}} {
		var a axis
		a.triangle(0, c.in, c.left, c.right, c.n)
		for i, tap := range a.taps {
			var sum float64
			for _, w := range tap.weights {
				sum += float64(w)
				if w < 0 {
					t.Errorf("%+v: pixel %d has a weight of %g", c, i, w)
				}
			}
			if math.Abs(sum-1) > 1e-6 || tap.first < 0 || tap.first+len(tap.weights) > c.in {
				t.Errorf("%+v: pixel %d sums %d weights from %d to %g", c, i, len(tap.weights), tap.first, sum)
			}
		}
	}
}

// A ramp stays a ramp, and a chequerboard finer than the target fades to grey.
func TestResizeKnownAnswers(t *testing.T) {
	const w, h = 64, 64
	o := ImageOptions{Channels: 1, Height: 16, Width: 16}
	dst := make([]byte, 16*16)
	resize(dst, func(y int, row []float32) {
		for x := range row {
			row[x] = float32(2*x + y)
		}
	}, w, h, box{0, 0, w, h}, o)
	for y := 1; y < 15; y++ {
		for x := 1; x < 15; x++ {
			if want := byte(2*(4*float64(x)+1.5) + 4*float64(y) + 1.5 + 0.5); dst[y*16+x] != want {
				t.Fatalf("the ramp is %d at (%d, %d), want %d", dst[y*16+x], x, y, want)
			}
		}
	}
	resize(dst, func(y int, row []float32) {
		for x := range row {
			row[x] = float32(200 * ((x + y) % 2))
		}
	}, w, h, box{0, 0, w, h}, o)
	for i, v := range dst {
		if v < 99 || v > 101 {
			t.Fatalf("the chequerboard is %d at %d, want 100", v, i)
		}
	}
}
