package stimuli

import (
	"archive/zip"
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// pngOf returns a PNG of w×h pixels whose red channel is v.
func pngOf(t testing.TB, w, h int, v byte) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	for i := 0; i < len(img.Pix); i += 4 {
		img.Pix[i] = v
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// write makes a folder of files, given as name, content, name, content …
func write(t testing.TB, dir string, files ...any) string {
	t.Helper()
	for i := 0; i < len(files); i += 2 {
		path := filepath.Join(dir, files[i].(string))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var content []byte
		switch c := files[i+1].(type) {
		case string:
			content = []byte(c)
		case []byte:
			content = c
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// zipOf packs the files of a folder.
func zipOf(t testing.TB, dir string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "images.zip")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	if err := z.AddFS(os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// red returns the red level of the first pixel of each image.
func red(t testing.TB, s Set) (levels []int) {
	t.Helper()
	pixels := make([]float32, size(s))
	for i := range s.Len() {
		if err := s.Pixels(i, pixels); err != nil {
			t.Fatal(err)
		}
		levels = append(levels, int(pixels[0]*255+0.5))
	}
	return levels
}

func ids(s Set) (all []string) {
	for i := range s.Len() {
		all = append(all, s.ID(i))
	}
	return all
}

func mustFail(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error; expected one with %q", words)
		return
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("the error %q does not say %q", err, word)
		}
	}
}

func TestOpenImages(t *testing.T) {
	small := ImageOptions{Height: 4, Width: 4}
	a, b, c := pngOf(t, 8, 8, 10), pngOf(t, 9, 12, 20), pngOf(t, 5, 5, 30)
	const table = "stimulus_id,filename,object\nsecond,b.png,dog\nfirst,a.png,\"a, cat\"\n"
	plain := write(t, t.TempDir(), "b.png", b, "a.png", a, "notes.txt", "no image", ".hidden.png", "no image", "__MACOSX/._a.png", "no image")
	listed := write(t, t.TempDir(), "b.png", b, "a.png", a, "c.png", c, "stimuli.csv", table)
	beside := write(t, t.TempDir(), "pictures/b.png", b, "pictures/a.png", a, "stimuli.csv", table)

	for _, test := range []struct {
		name, path string
		ids        []string
		red        []int
		unlisted   []string
	}{
		{"folder without table", plain, []string{"a", "b"}, []int{10, 20}, nil},
		{"zip without table", zipOf(t, plain), []string{"a", "b"}, []int{10, 20}, nil},
		{"table in the folder", listed, []string{"second", "first"}, []int{20, 10}, []string{"c.png"}},
		{"table in the zip", zipOf(t, listed), []string{"second", "first"}, []int{20, 10}, []string{"c.png"}},
		{"table beside the folder", filepath.Join(beside, "pictures"), []string{"second", "first"}, []int{20, 10}, nil},
		{"files in a folder below", beside, []string{"second", "first"}, []int{20, 10}, nil},
	} {
		set, table, err := OpenImages(t.Context(), test.path, small)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if got := ids(set); !slices.Equal(got, test.ids) {
			t.Errorf("%s: ids %q, want %q", test.name, got, test.ids)
		}
		if got := red(t, set); !slices.Equal(got, test.red) {
			t.Errorf("%s: red %d, want %d", test.name, got, test.red)
		}
		if !slices.Equal(table.Unlisted, test.unlisted) {
			t.Errorf("%s: unlisted %q, want %q", test.name, table.Unlisted, test.unlisted)
		}
		if column, ok := table.Column("stimulus_id"); !ok || !slices.Equal(column, test.ids) {
			t.Errorf("%s: the table's ids are %q", test.name, column)
		}
		if column, ok := table.Column("object"); ok && !slices.Equal(column, []string{"dog", "a, cat"}) {
			t.Errorf("%s: the column object is %q", test.name, column)
		}
		if set.Label(0) != -1 || len(set.Classes()) != 0 {
			t.Errorf("%s: labelled", test.name)
		}
	}
}

func TestOpenImagesErrors(t *testing.T) {
	good := pngOf(t, 8, 8, 10)
	folder := func(files ...any) string { return write(t, t.TempDir(), files...) }
	csv := func(table string) string { return folder("a.png", good, "sub/b.png", good, "stimuli.csv", table) }
	for _, test := range []struct {
		name, path string
		options    ImageOptions
		words      []string
	}{
		{"absent", filepath.Join(t.TempDir(), "nowhere"), ImageOptions{}, []string{"nowhere", "no such file"}},
		{"no zip", filepath.Join(folder("a.png", good), "a.png"), ImageOptions{}, []string{"a.png", "not a valid zip", "expected a folder, zip"}},
		{"no images", folder("a.txt", "text"), ImageOptions{}, []string{"holds no file", ".png"}},
		{"two of one id", folder("a.png", good, "a.jpg", good), ImageOptions{}, []string{"a.jpg", "a.png", `stimulus "a"`}},
		{"damaged", folder("a.png", good, "b.png", good[:60]), ImageOptions{}, []string{"b.png", "png", "EOF"}},
		{"three damaged", folder("a.png", good, "b.png", good[:60], "c.png", "", "d.png", "text"), ImageOptions{}, []string{"3 of 4", "b.png"}},
		{"huge", folder("a.png", good), ImageOptions{MaxPixels: 63}, []string{"a.png", "8×8", "63"}},
		{"long", folder("a.png", good), ImageOptions{MaxBytes: 20}, []string{"a.png", "more than 20 bytes"}},
		{"crop", folder("a.png", good), ImageOptions{Crop: 9}, []string{"a.png", "8×8", "crop of 9"}},

		{"named table absent", folder("a.png", good), ImageOptions{Table: "nowhere.csv"}, []string{"nowhere.csv"}},
		{"empty table", csv(""), ImageOptions{}, []string{"stimuli.csv", "empty"}},
		{"no rows", csv("stimulus_id,filename\n"), ImageOptions{}, []string{"no rows"}},
		{"no ids", csv("name,filename\nx,a.png\n"), ImageOptions{}, []string{"line 1", "stimulus_id", `"name" "filename"`}},
		{"no filenames", csv("stimulus_id,file\nx,a.png\n"), ImageOptions{}, []string{"line 1", "filename", `"stimulus_id" "file"`}},
		{"two columns", csv("stimulus_id,filename,x,x\na,a.png,1,2\n"), ImageOptions{}, []string{"line 1", `two columns "x"`}},
		{"short row", csv("stimulus_id,filename\nx,a.png\ny\n"), ImageOptions{}, []string{"line 3", "1 fields", "2"}},
		{"open quote", csv("stimulus_id,filename\nx,\"a.png\n"), ImageOptions{}, []string{"stimuli.csv", "line 2, column 10", "quote"}},
		{"id twice", csv("stimulus_id,filename\nx,a.png\n\"q\n\",a.png\nx,sub/b.png\n"), ImageOptions{}, []string{"line 5, column 1", `"x"`, "line 2"}},
		{"no id", csv("filename,stimulus_id\na.png,\n"), ImageOptions{}, []string{"line 2, column 7", "empty"}},
		{"missing images", csv("stimulus_id,filename\nx,a.png\ny,z.png\nz,../a.jpg\n"), ImageOptions{}, []string{"stimuli.csv: 2 of its 3", "holds 2", `"z.png" (line 3)`, `"../a.jpg" (line 4)`}},
		{"ambiguous", folder("a/x.png", good, "b/x.png", good, "stimuli.csv", "stimulus_id,filename\nx,x.png\n"), ImageOptions{}, []string{"line 2", "a/x.png", "b/x.png"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			set, table, err := OpenImages(t.Context(), test.path, test.options)
			mustFail(t, err, test.words...)
			if set != nil || table != nil {
				t.Error("a set or a table beside the error")
			}
		})
	}
}

func TestOpenFolder(t *testing.T) {
	grey := func(v byte) []byte { return pngOf(t, 6, 6, v) }
	o := ImageOptions{Height: 6, Width: 6}
	parts := write(t, t.TempDir(),
		"train/cat/2.png", grey(2), "train/cat/1.png", grey(1), "train/ape/deep/3.png", grey(3),
		"test/cat/4.png", grey(4))
	for _, path := range []string{parts, zipOf(t, parts)} {
		train, test, err := OpenFolder(t.Context(), path, o)
		if err != nil {
			t.Fatal(err)
		}
		if got := ids(train); !slices.Equal(got, []string{"train/ape/deep/3", "train/cat/1", "train/cat/2"}) {
			t.Errorf("training ids %q", got)
		}
		if got := red(t, train); !slices.Equal(got, []int{3, 1, 2}) {
			t.Errorf("training images %d", got)
		}
		if !slices.Equal(train.Classes(), []string{"ape", "cat"}) || !slices.Equal(test.Classes(), train.Classes()) {
			t.Errorf("classes %q, %q", train.Classes(), test.Classes())
		}
		if train.Label(0) != 0 || train.Label(2) != 1 || test.Len() != 1 || test.Label(0) != 1 {
			t.Error("wrong labels")
		}
	}

	single := write(t, t.TempDir(), "cat/1.png", grey(1), "ape/2.png", grey(2))
	train, test, err := OpenFolder(t.Context(), single, o)
	if err != nil || test != nil || !slices.Equal(ids(train), []string{"ape/2", "cat/1"}) {
		t.Errorf("folders of classes only: %v, test %v, %v", train, test, err)
	}

	for _, files := range [][]any{
		{"cat/1.png", grey(1), "2.png", grey(2)},
		{"train/cat/1.png", grey(1), "test/dog/2.png", grey(2)},
		{"train/cat/1.png", grey(1)},
		{"train/cat/1.png", grey(1), "test/cat/2.png", grey(2), "other/3.png", grey(3)},
	} {
		_, _, err := OpenFolder(t.Context(), write(t, t.TempDir(), files...), o)
		mustFail(t, err, "images: ")
	}
}

// Neither the number of workers nor the container changes an image.
func TestOpenImagesWorkers(t *testing.T) {
	dir := t.TempDir()
	for i := range 40 {
		write(t, dir, fmt.Sprintf("%02d.png", i), pngOf(t, 5+i, 9, byte(i)))
	}
	many, _, err := OpenImages(t.Context(), dir, ImageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	packed := zipOf(t, dir)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	one, _, err := OpenImages(t.Context(), packed, ImageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if many.Digest() != one.Digest() {
		t.Error("another digest with one processor and from a zip")
	}
}

func FuzzTable(f *testing.F) {
	f.Add([]byte("stimulus_id,filename\na,a.png\n"))
	f.Add([]byte("\ufeffimage_id,filename,x\r\n\"a\"\"\",b,c\r\n"))
	f.Add([]byte("stimulus_id,stimulus_id\na,a\n"))
	f.Add([]byte("filename,stimulus_id\n\"x\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := readTable(bytes.NewReader(data))
		if err != nil {
			return
		}
		ids, ok := table.Column("stimulus_id")
		if !ok || len(ids) == 0 || slices.Contains(ids, "") {
			t.Fatalf("accepted with the ids %q", ids)
		}
		for i, row := range table.Rows {
			if len(row) != len(table.Columns) {
				t.Fatalf("row %d has %d fields of %d", i, len(row), len(table.Columns))
			}
		}
		slices.Sort(ids)
		if len(slices.Compact(ids)) != len(table.Rows) {
			t.Fatal("accepted with an id twice")
		}
	})
}

func FuzzZip(f *testing.F) {
	seed := func(files ...any) {
		data, err := os.ReadFile(zipOf(f, write(f, f.TempDir(), files...)))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	seed("a.png", pngOf(f, 4, 4, 1))
	seed("a.png", pngOf(f, 4, 4, 1), "b/c.png", pngOf(f, 3, 5, 2), "stimuli.csv", "stimulus_id,filename\nx,c.png\n")
	f.Add([]byte("PK\x05\x06 no zip"))
	o := ImageOptions{Height: 4, Width: 4, MaxPixels: 1 << 12, MaxBytes: 1 << 16}
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "fuzz.zip")
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		set, table, err := OpenImages(t.Context(), path, o)
		if err != nil {
			return
		}
		if set.Len() == 0 || set.Len() != len(table.Rows) {
			t.Fatalf("%d images, %d rows", set.Len(), len(table.Rows))
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, name := range []string{"resize_8x8.png", "source.gif", "source.jpg", "formats/part.gif", "formats/cmyk.jpg", "formats/progressive.jpg", "formats/orientation6.jpg",
		"formats/lossy.webp", "formats/alpha.webp", "formats/lzw.tiff", "formats/grey16.tiff", "formats/palette.bmp", "formats/transparent_palette.png"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("BM"))
	f.Add([]byte("II*\x00\x08\x00\x00\x00"))
	o := ImageOptions{Channels: 3, Height: 5, Width: 7, MaxPixels: 1 << 14}
	f.Fuzz(func(t *testing.T, data []byte) {
		dst := make([]byte, 3*5*7)
		if err := decode(dst, data, o); err == nil {
			if config, _, err := image.DecodeConfig(bytes.NewReader(data)); err != nil || config.Width*config.Height > o.MaxPixels {
				t.Fatalf("decoded %v, %v", config, err)
			}
		}
	})
}

// The fast readers of pixels agree with the one that knows no format.
func TestPixelFormats(t *testing.T) {
	r := image.Rect(3, 5, 20, 18) // not at the origin
	paint := func(set func(x, y int, c color.Color)) {
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				set(x, y, color.NRGBA{byte(x * 11), byte(y * 13), byte(x*y + 7), 255})
			}
		}
	}
	grey, rgba, nrgba := image.NewGray(r), image.NewRGBA(r), image.NewNRGBA(r)
	deep, cmyk := image.NewNRGBA64(r), image.NewCMYK(r)
	paint(grey.Set)
	paint(rgba.Set)
	paint(nrgba.Set)
	paint(deep.Set)
	paint(cmyk.Set)
	ycbcr := image.NewYCbCr(r, image.YCbCrSubsampleRatio420)
	for i := range ycbcr.Y {
		ycbcr.Y[i] = byte(i * 3)
	}
	for i := range ycbcr.Cb {
		ycbcr.Cb[i], ycbcr.Cr[i] = byte(i*5), byte(200-i)
	}
	for _, img := range []image.Image{grey, rgba, nrgba, deep, cmyk, ycbcr, rgba.SubImage(image.Rect(5, 6, 11, 12))} {
		fast, naive := rows(img), anyRow(img)
		w := img.Bounds().Dx()
		one, other := make([]float32, 3*w), make([]float32, 3*w)
		for y := range img.Bounds().Dy() {
			fast(y, one[:w], one[w:2*w], one[2*w:])
			naive(y, other[:w], other[w:2*w], other[2*w:])
			for i := range one {
				if d := one[i] - other[i]; d < -1 || d > 1 {
					t.Fatalf("%T, row %d, value %d: %g, naively %g", img, y, i, one[i], other[i])
				}
			}
		}
	}
}

func BenchmarkDecodeJPEG(b *testing.B) {
	data, err := os.ReadFile("testdata/source.jpg")
	if err != nil {
		b.Fatal(err)
	}
	dst := make([]byte, 3*32*32)
	o := ImageOptions{}.withDefaults()
	for b.Loop() {
		if err := decode(dst, data, o); err != nil {
			b.Fatal(err)
		}
	}
}
