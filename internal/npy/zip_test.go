package npy

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestGoldenZip(t *testing.T) {
	for _, path := range []string{"testdata/stored.npz", "testdata/deflated.npz"} {
		z, err := OpenZip(path)
		if err != nil {
			t.Fatal(err)
		}
		if want := []string{"layer1.0.conv1.weight", "fc/bias", "epoch"}; !slices.Equal(z.Names()[:3], want) {
			t.Errorf("%s: names %q, want %q", path, z.Names(), want)
		}
		weight, shape, err := ReadEntry[float32](z, "layer1.0.conv1.weight")
		if err != nil || !slices.Equal(shape, []int{2, 3, 4}) || !slices.Equal(weight, upTo[float32](24)) {
			t.Errorf("%s: %v %v %v", path, shape, weight, err)
		}
		bias, _, err := ReadEntry[float64](z, "fc/bias")
		if err != nil || !slices.Equal(bias, upTo[float64](10)) {
			t.Errorf("%s: %v %v", path, bias, err)
		}
		if h, err := z.Stat("epoch"); err != nil || len(h.Shape) != 0 || h.DType != "<i8" {
			t.Errorf("%s: %+v %v", path, h, err)
		}
		if _, _, err := ReadEntry[uint8](z, "epoch.npy"); err == nil {
			t.Errorf("%s: an array that is not there was read", path)
		} else {
			wants(t, err, path, `"epoch.npy"`, "fc/bias")
		}
		if path == "testdata/deflated.npz" {
			zeros, _, err := ReadEntry[float64](z, "zeros")
			if err != nil || !slices.Equal(zeros, make([]float64, 10000)) {
				t.Errorf("zeros: %v", err)
			}
		}
		if err := z.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestZipRoundTrip(t *testing.T) {
	dir := t.TempDir()
	var files [2][]byte
	for i := range files {
		path := filepath.Join(dir, "x.npz")
		z, err := CreateZip(path)
		if err != nil {
			t.Fatal(err)
		}
		defer z.Abort()
		for _, err := range []error{
			AddEntry(z, "z", []int{2, 2}, []float32{1, 2, 3, 4}), AddEntry(z, "a/b", nil, []int64{-7}), AddEntry(z, "none", []int{0}, []uint8{}),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if _, err := os.Stat(path); i == 0 && err == nil {
			t.Error("the file is there before Close")
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		z.Abort()
		if files[i], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Error("the same content gave other bytes")
	}
	z, err := newZip(bytes.NewReader(files[0]), int64(len(files[0])))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(z.Names(), []string{"z", "a/b", "none"}) {
		t.Errorf("names %q", z.Names())
	}
	if got, shape, err := ReadEntry[float64](z, "z"); err != nil || !slices.Equal(shape, []int{2, 2}) || !slices.Equal(got, []float64{1, 2, 3, 4}) {
		t.Error(got, shape, err)
	}
	if got, _, err := ReadEntry[int64](z, "a/b"); err != nil || got[0] != -7 {
		t.Error(got, err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left in the folder: %v", left)
	}
}

func TestZipWriterErrors(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.npz")
	z, err := CreateZip(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := AddEntry(z, "a", []int{1}, []float32{1}); err != nil {
		t.Fatal(err)
	}
	wants(t, AddEntry(z, "a", []int{1}, []float32{1}), path, `"a"`, "already")
	wants(t, AddEntry(z, "b", []int{1}, []float32{1}), "already")
	wants(t, z.Close(), "already")
	wants(t, z.Close(), "already")

	z, err = CreateZip(path)
	if err != nil {
		t.Fatal(err)
	}
	z.Abort()
	wants(t, AddEntry(z, "b", []int{1}, []float32{1}), "closed")
	wants(t, z.Close(), "closed")
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left in the folder: %v", left)
	}
}

// Archives cut short, and with any bit of an array changed, are refused.
func TestDamagedZip(t *testing.T) {
	for _, path := range []string{"testdata/stored.npz", "testdata/deflated.npz"} {
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for n := range len(whole) {
			if _, err := newZip(bytes.NewReader(whole[:n]), int64(n)); err == nil {
				t.Errorf("%s cut to %d bytes was opened", path, n)
			}
		}
		for i := range 200 { // the first array
			bent := slices.Clone(whole)
			bent[i] ^= 1
			z, err := newZip(bytes.NewReader(bent), int64(len(bent)))
			if err != nil {
				continue
			}
			if got, shape, err := ReadEntry[float64](z, "layer1.0.conv1.weight"); err == nil && (!slices.Equal(shape, []int{2, 3, 4}) || !slices.Equal(got, upTo[float64](24))) {
				t.Errorf("%s with byte %d changed gave %v %v", path, i, shape, got)
			}
		}
	}
}

// raw makes an archive of one entry whose sizes say whatever the caller wants.
func raw(t *testing.T, header zip.FileHeader, content []byte) *Zip {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	header.Name = "x.npy"
	e, err := w.CreateRaw(&header)
	if err != nil {
		t.Fatal(err)
	}
	e.Write(content)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	z, err := newZip(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestZipSizeClaims(t *testing.T) {
	array := slices.Concat(encodeHeader("|u1", []int{1 << 40}), make([]byte, 100))
	claimed := uint64(128 + 1<<40)
	z := raw(t, zip.FileHeader{Method: zip.Store, CompressedSize64: claimed, UncompressedSize64: claimed}, array)
	_, _, err := ReadEntry[uint8](z, "x")
	wants(t, err, "damaged")
	z = raw(t, zip.FileHeader{Method: zip.Deflate, CompressedSize64: uint64(len(array)), UncompressedSize64: claimed}, array)
	_, _, err = ReadEntry[uint8](z, "x")
	wants(t, err, "damaged")

	// An entry whose stream goes on behind the size it names, and one whose array is longer than the entry.
	small := slices.Concat(encodeHeader("|u1", []int{4}), []byte{1, 2, 3, 4})
	var b bytes.Buffer
	d, _ := flate.NewWriter(&b, -1)
	io.Copy(d, bytes.NewReader(append(slices.Clone(small), 5)))
	d.Close()
	h := zip.FileHeader{Method: zip.Deflate, CompressedSize64: uint64(b.Len()), UncompressedSize64: uint64(len(small)), CRC32: crc32.ChecksumIEEE(small)}
	_, _, err = ReadEntry[uint8](raw(t, h, b.Bytes()), "x")
	wants(t, err, "damaged")
	h.UncompressedSize64--
	_, _, err = ReadEntry[uint8](raw(t, h, b.Bytes()), "x")
	wants(t, err, "truncated")
}

func TestZipNames(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range []string{"a.npy", "readme.txt", "a.npy"} {
		if _, err := w.Create(name); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	_, err := newZip(bytes.NewReader(b.Bytes()), int64(b.Len()))
	wants(t, err, `"a"`, "twice")

	path := filepath.Join(t.TempDir(), "x.npz")
	if err := os.WriteFile(path, []byte("\x93NUMPY not a zip"), 0o666); err != nil {
		t.Fatal(err)
	}
	_, err = OpenZip(path)
	wants(t, err, path, "not an NPZ", `\x93NUMPY`)
}

func FuzzZip(f *testing.F) {
	for _, path := range []string{"testdata/stored.npz", "testdata/deflated.npz"} {
		content, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		z, err := newZip(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			return
		}
		for _, name := range z.Names() {
			if m, err := z.Matrix(name); err == nil && m.Rows < 1<<10 {
				ReadColumns(m, 0, 1, make([]float32, m.Rows))
			}
			data, shape, err := ReadEntry[float32](z, name)
			if err != nil {
				continue
			}
			if n, err := product(shape); err != nil || n != len(data) {
				t.Fatalf("%q: shape %v with %d elements", name, shape, len(data))
			}
		}
	})
}

// Checked and read into memory that is there, an array is what ReadEntry gives, and
// fails where that fails.
func TestEntriesInPlace(t *testing.T) {
	for _, file := range []string{"testdata/stored.npz", "testdata/deflated.npz"} {
		z, err := OpenZip(file)
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		for _, name := range z.Names() {
			want, shape, wantErr := ReadEntry[float32](z, name)
			got, err := CheckEntry[float32](z, name)
			if (err == nil) != (wantErr == nil) || err == nil && !slices.Equal(got, shape) {
				t.Errorf("%s, %s: checked %v, %v; read %v, %v", file, name, got, err, shape, wantErr)
			}
			if wantErr != nil {
				continue
			}
			dst := make([]float32, len(want))
			if err := ReadEntryInto(z, name, dst); err != nil || !slices.Equal(dst, want) {
				t.Errorf("%s, %s: %v, %v; want %v", file, name, dst, err, want)
			}
			if err := ReadEntryInto(z, name, make([]float32, len(want)+1)); err == nil {
				t.Errorf("%s, %s fits one element more", file, name)
			}
		}
	}
	// A flipped byte in the payload is found by both.
	content, err := os.ReadFile("testdata/stored.npz")
	if err != nil {
		t.Fatal(err)
	}
	z, err := OpenZip("testdata/stored.npz")
	if err != nil {
		t.Fatal(err)
	}
	name := z.Names()[0]
	offset, err := z.entries[name].DataOffset()
	if err != nil {
		t.Fatal(err)
	}
	content[offset+int64(z.entries[name].UncompressedSize64)-1] ^= 1
	z.Close()
	bad := filepath.Join(t.TempDir(), "bad.npz")
	if err := os.WriteFile(bad, content, 0o666); err != nil {
		t.Fatal(err)
	}
	if z, err = OpenZip(bad); err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	if _, err := CheckEntry[float64](z, name); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a flipped byte: %v", err)
	}
}

// A file that is cut off is told from one of another kind.
func TestZipCutOff(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.npz")
	z, err := CreateZip(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := AddEntry(z, "x", []int{100}, make([]float32, 100)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 200); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenZip(path); err == nil || !strings.Contains(err.Error(), "cut off") {
		t.Errorf("%v, want that it is cut off", err)
	}
}
