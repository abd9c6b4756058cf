package npy

import (
	"archive/zip"
	"bytes"
	"hash/crc32"
	"os"
	"slices"
	"testing"
)

// texts.npz was written by NumPy's savez.
func TestTexts(t *testing.T) {
	z, err := OpenZip("testdata/texts.npz")
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	words := []string{"face", "car", "Bär", "猫"}
	for _, c := range []struct {
		name   string
		values []string
		shape  []int
	}{
		{"little", words, []int{4}},
		{"big", words, []int{4}},
		{"ascii", []string{"a", "bcd", ""}, []int{3}},
		{"grid", []string{"a", "b", "c", "dd"}, []int{2, 2}},
		{"none", []string{}, []int{0}},
		{"empty", []string{"", ""}, []int{2}},
	} {
		values, shape, ok, err := z.Texts(c.name)
		if err != nil || !ok || !slices.Equal(values, c.values) || !slices.Equal(shape, c.shape) {
			t.Errorf("%s: %q of the shape %v, %v, %v", c.name, values, shape, ok, err)
		}
	}
	if _, _, ok, err := z.Texts("numbers"); ok || err != nil {
		t.Errorf("numbers are text: %v, %v", ok, err)
	}
	_, _, _, err = z.Texts("latin")
	wants(t, err, "latin", "element 0", "not UTF-8")
}

// What a header claims is held against the bytes that are there.
func TestTextsOfWrongSize(t *testing.T) {
	for header, want := range map[string]string{
		"{'descr': '<U2', 'fortran_order': False, 'shape': (3,), }":                   "does not fit its 16 bytes",
		"{'descr': '<U2', 'fortran_order': False, 'shape': (1,), }":                   "does not fit its 16 bytes",
		"{'descr': '|S0', 'fortran_order': False, 'shape': (9000000000,), }":          "does not fit its 16 bytes",
		"{'descr': '|S4', 'fortran_order': False, 'shape': (9000000000,), }":          "does not fit its 16 bytes",
		"{'descr': '|S4', 'fortran_order': True, 'shape': (2, 2), }":                  "Fortran order",
		"{'descr': '|S4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}": "more elements than can be counted",
		"{'descr': '<U4', 'fortran_order': False, 'shape': (1,), }":                   "is no character",
	} {
		array := handmade(header, bytes.Repeat([]byte{0xff}, 16)...)
		size := uint64(len(array))
		z := raw(t, zip.FileHeader{Method: zip.Store, CompressedSize64: size, UncompressedSize64: size, CRC32: crc32.ChecksumIEEE(array)}, array)
		_, _, _, err := z.Texts("x")
		wants(t, err, want)
	}
}

func FuzzTexts(f *testing.F) {
	content, err := os.ReadFile("testdata/texts.npz")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(content)
	f.Fuzz(func(t *testing.T, file []byte) {
		z, err := newZip(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			return
		}
		for _, name := range z.Names() {
			values, shape, ok, err := z.Texts(name)
			if err != nil || !ok {
				continue
			}
			if n, err := product(shape); err != nil || n != len(values) {
				t.Fatalf("%q: shape %v with %d elements", name, shape, len(values))
			}
		}
	})
}
