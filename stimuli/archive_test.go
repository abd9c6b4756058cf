package stimuli

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
)

// tarOf packs the files of a folder, in the order of their names or backwards.
func tarOf(t testing.TB, dir string, zipped, backwards bool) string {
	t.Helper()
	var files []string
	if err := fs.WalkDir(os.DirFS(dir), ".", func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, p)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if backwards {
		slices.Reverse(files)
	}
	var members []any
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(dir, f))
		if err != nil {
			t.Fatal(err)
		}
		members = append(members, f, data)
	}
	data := tarBytes(t, members...)
	if zipped {
		data = gzipped(t, data)
	}
	path := filepath.Join(t.TempDir(), "images.tar")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// tarBytes is a tar of members, given as name, content, name, content …
func tarBytes(t testing.TB, members ...any) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		data := members[i+1].([]byte)
		if err := w.WriteHeader(&tar.Header{Name: members[i].(string), Mode: 0o644, Size: int64(len(data))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The container, the place that the images are kept in, the number of workers and
// what is skipped leave the set as it is.
func TestOneSetFromAllContainers(t *testing.T) {
	dir := t.TempDir()
	for i := range 150 {
		write(t, dir, fmt.Sprintf("set/train/%c/%03d.png", 'a'+i%3, i), pngOf(t, 5+i%20, 9, byte(i)), "set/README.md", "text")
	}
	write(t, dir, "set/test/b/1.png", pngOf(t, 7, 7, 9), "set/test/c/2.png", pngOf(t, 8, 7, 99))
	broken := filepath.Join(t.TempDir(), "broken")
	if err := os.CopyFS(broken, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	write(t, broken, "set/train/a/0000.png", "no image", "set/train/c/999.png", pngOf(t, 8, 8, 1)[:60], "set/test/b/0.png", "")

	want := [2]string{}
	for _, procs := range []int{1, 4} {
		previous := runtime.GOMAXPROCS(procs)
		for _, memory := range []int64{0, 1} {
			for _, source := range []string{dir, broken} {
				for _, path := range []string{source, zipOf(t, source), tarOf(t, source, false, false), tarOf(t, source, true, false), tarOf(t, source, true, true)} {
					var damaged []string
					o := ImageOptions{Height: 8, Width: 8, MaxMemory: memory}
					if source == broken {
						_, _, err := OpenFolder(t.Context(), path, o)
						if memory == 0 {
							mustFail(t, err, "2 of 152", "train/a/0000.png")
						}
						o.Damaged = func(file string, err error) { damaged = append(damaged, file) }
					}
					train, test, err := OpenFolder(t.Context(), path, o)
					if err != nil {
						t.Fatal(path, err)
					}
					got := [2]string{train.Digest(), test.Digest()}
					if want[0] == "" {
						want = got
					}
					if got != want || train.Len() != 150 || test.Len() != 2 || train.ID(0) != "train/a/000" || test.Label(1) != 2 {
						t.Errorf("%s, %d processors, memory %d: %d and %d images from %s, other content", path, procs, memory, train.Len(), test.Len(), train.ID(0))
					}
					if list := []string{"set/train/a/0000.png", "set/train/c/999.png", "set/test/b/0.png"}; source == broken && !slices.Equal(damaged, list) {
						t.Errorf("%s: damaged are %q, want %q", path, damaged, list)
					}
				}
			}
		}
		runtime.GOMAXPROCS(previous)
	}

	// Without leave to skip, an image that is decoded when it is asked for fails then.
	train, _, err := OpenFolder(t.Context(), broken, ImageOptions{MaxMemory: 1})
	if err != nil {
		t.Fatal(err)
	}
	mustFail(t, train.Pixels(1, make([]float32, size(train))), "broken", "set/train/a/0000.png")
	_, _, err = Moments(train)
	mustFail(t, err, "set/train/a/0000.png")
}

func TestSkippedRowsOfATable(t *testing.T) {
	dir := write(t, t.TempDir(), "x.png", "damaged", "y.png", pngOf(t, 4, 4, 7), "stimuli.csv", "stimulus_id,filename,object\nb,x.png,cat\na,y.png,dog\n")
	n := 0
	set, table, err := OpenImages(t.Context(), dir, ImageOptions{Damaged: func(string, error) { n++ }})
	if err != nil {
		t.Fatal(err)
	}
	if objects, _ := table.Column("object"); n != 1 || !slices.Equal(ids(set), []string{"a"}) || !slices.Equal(objects, []string{"dog"}) {
		t.Errorf("%d damaged, images %q, objects %q", n, ids(set), objects)
	}
	_, _, err = OpenImages(t.Context(), write(t, t.TempDir(), "x.png", "damaged"), ImageOptions{Damaged: func(string, error) {}})
	mustFail(t, err, "1 of 1 images")
}

// A table may carry the name of its archive, as Brain-Score's do.
func TestTableOfTheArchivesName(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "set.csv", "image_id,filename\nq,a.png\n", "other.csv", "x\n")
	data, err := os.ReadFile(tarOf(t, write(t, t.TempDir(), "a.png", pngOf(t, 4, 4, 7)), true, false))
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "set.tar.gz", data)
	set, _, err := OpenImages(t.Context(), filepath.Join(dir, "set.tar.gz"), ImageOptions{})
	if err != nil || set.ID(0) != "q" {
		t.Errorf("%v", err)
	}
}

func TestHostileArchives(t *testing.T) {
	good := pngOf(t, 4, 4, 7)
	file := func(data []byte) string { return filepath.Join(write(t, t.TempDir(), "x", data), "x") }
	zipped := func(names ...string) string {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for _, n := range names {
			f, err := z.Create(n)
			if err != nil {
				t.Fatal(err)
			}
			f.Write(good)
		}
		z.Close()
		return file(b.Bytes())
	}
	whole := tarBytes(t, "a.png", good, "b.png", good)
	bomb := gzipped(t, tarBytes(t, "a.png", good, "zeros.bin", make([]byte, 1<<22)))
	huge := slices.Clone(good)
	copy(huge[16:], []byte{0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff})
	folder := func(link, target string) string {
		dir := write(t, t.TempDir(), "a/b/x.png", good)
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Skip(err)
		}
		return dir
	}
	pipe := write(t, t.TempDir(), "a.png", good)
	if err := syscall.Mkfifo(filepath.Join(pipe, "b.png"), 0o644); err != nil {
		t.Skip(err)
	}
	for _, test := range []struct {
		name, path string
		options    ImageOptions
		words      []string
	}{
		{"zip, above", zipped("../a.png"), ImageOptions{}, []string{"../a.png", "outside"}},
		{"zip, absolute", zipped("/etc/a.png"), ImageOptions{}, []string{"/etc/a.png", "outside"}},
		{"zip, backslashes", zipped(`x\..\..\a.png`), ImageOptions{}, []string{"a.png", "outside"}},
		{"zip, twice", zipped("a.png", "./a.png"), ImageOptions{}, []string{"a.png twice"}},
		{"tar, above", file(tarBytes(t, "x/../../a.png", good)), ImageOptions{}, []string{"x/../../a.png", "outside"}},
		{"tar, twice", file(tarBytes(t, "a.png", good, "a.png", good)), ImageOptions{}, []string{"a.png twice"}},
		{"tar, truncated", file(whole[:512+512+512+20]), ImageOptions{}, []string{"x", "truncated"}},
		{"tar.gz, truncated", file(gzipped(t, whole)[:100]), ImageOptions{}, []string{"damaged", "EOF"}},
		{"gzip, no tar", file(gzipped(t, []byte("a text that is no tar at all"))), ImageOptions{}, []string{"no tar"}},
		{"tar.gz, bomb", file(bomb), ImageOptions{MaxUnpacked: 1 << 20}, []string{"unpacks to more than 1048576 bytes"}},
		{"dimensions", write(t, t.TempDir(), "a.png", huge), ImageOptions{}, []string{"a.png"}},
		{"empty", file(nil), ImageOptions{}, []string{"expected a folder, zip, tar or tar.gz"}},
		{"link to the folder above", folder("a/b/loop", "../.."), ImageOptions{}, []string{"a/b/loop", "link to a folder that it lies in"}},
		{"link to itself", folder("c.png", "c.png"), ImageOptions{}, []string{"c.png"}},
		{"link to nothing", folder("c.png", "nowhere"), ImageOptions{}, []string{"c.png"}},
		{"pipe", pipe, ImageOptions{}, []string{"b.png is no file"}},
		{"a device", os.DevNull, ImageOptions{}, []string{os.DevNull, "expected a folder"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := OpenImages(t.Context(), test.path, test.options)
			mustFail(t, err, test.words...)
		})
	}

	// A link to a folder elsewhere is followed.
	elsewhere := write(t, t.TempDir(), "1.png", good)
	set, _, err := OpenImages(t.Context(), folder("c", elsewhere), ImageOptions{})
	if err != nil || !slices.Equal(ids(set), []string{"a/b/x", "c/1"}) {
		t.Errorf("%v", err)
	}
}

func FuzzTar(f *testing.F) {
	good := pngOf(f, 4, 4, 1)
	whole := tarBytes(f, "a.png", good, "b/c.png", good, "stimuli.csv", []byte("stimulus_id,filename\nx,c.png\n"))
	f.Add(whole, false)
	f.Add(whole, true)
	f.Add(whole[:700], false)
	f.Add(tarBytes(f, "../a.png", good), true)
	o := ImageOptions{Height: 4, Width: 4, MaxPixels: 1 << 12, MaxBytes: 1 << 16, MaxUnpacked: 1 << 20}
	f.Fuzz(func(t *testing.T, data []byte, zipped bool) {
		if zipped {
			data = gzipped(t, data)
		}
		path := filepath.Join(t.TempDir(), "fuzz.tar")
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
