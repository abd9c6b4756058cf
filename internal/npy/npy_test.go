package npy

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The files in testdata are numpy's; testdata/make_npy.py wrote them and says what they hold.

func upTo[T Element](n int) []T {
	s := make([]T, n)
	for i := range s {
		s[i] = T(i)
	}
	return s
}

func check[T Element](t *testing.T, path string, wantShape []int, want []T) {
	t.Helper()
	got, shape, err := ReadFile[T](path)
	if err != nil {
		t.Error(err)
		return
	}
	if !slices.Equal(shape, wantShape) || !slices.Equal(got, want) {
		t.Errorf("%s as %T: shape %v, values %v; want %v, %v", path, want, shape, got, wantShape, want)
	}
}

func TestGoldenDTypes(t *testing.T) {
	for _, order := range []string{"le", "be", "le_fortran", "be_fortran"} {
		for _, code := range []string{"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"} {
			path := fmt.Sprintf("testdata/%s_%s.npy", code, order)
			shape := []int{2, 3, 4}
			check(t, path, shape, upTo[float32](24))
			check(t, path, shape, upTo[float64](24))
			check(t, path, shape, upTo[int64](24))
			check(t, path, shape, upTo[uint8](24))
			h, err := Stat(path)
			if err != nil {
				t.Error(err)
			} else if h.DType[1:] != code || h.Fortran != strings.HasSuffix(order, "fortran") || !slices.Equal(h.Shape, shape) {
				t.Errorf("%s: Stat %+v", path, h)
			}
		}
	}
	thirds := make([]float64, 24)
	for i := 0; i < 24; i += 3 {
		thirds[i] = 1
	}
	check(t, "testdata/b1.npy", []int{2, 3, 4}, thirds)
	check(t, "testdata/b1_fortran.npy", []int{2, 3, 4}, thirds)
}

func TestGoldenShapesAndVersions(t *testing.T) {
	check(t, "testdata/scalar.npy", []int{}, []float64{2.5})
	check(t, "testdata/vector.npy", []int{3}, upTo[float32](3))
	check(t, "testdata/empty.npy", []int{0, 5}, []float32{})
	check(t, "testdata/empty_fortran.npy", []int{5, 0, 2}, []float64{})
	check(t, "testdata/matrix_fortran.npy", []int{2, 3}, upTo[float64](6))
	for _, v := range []string{"1", "2", "3"} {
		check(t, "testdata/version"+v+".npy", []int{2, 3, 4}, upTo[float32](24))
	}
	for _, name := range []string{"no_trailing_comma", "reordered", "double_quotes", "no_spaces", "python2"} {
		check(t, "testdata/"+name+".npy", []int{2, 3}, upTo[float32](6))
	}
}

func TestGoldenValues(t *testing.T) {
	want, shape, err := ReadFile[float32]("testdata/halves_as_f4.npy")
	if err != nil {
		t.Fatal(err)
	}
	check(t, "testdata/halves.npy", shape, want)

	got, _, err := ReadFile[float64]("testdata/special.npy")
	if err != nil {
		t.Fatal(err)
	}
	if !math.IsNaN(got[0]) || !math.Signbit(got[3]) || !slices.Equal(got[1:], []float64{math.Inf(1), math.Inf(-1), 0, 5e-324, math.MaxFloat64}) {
		t.Errorf("special values: %v", got)
	}
}

// wants checks that err is one that says all of the parts.
func wants(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want one with %q", parts)
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not say %q", err, part)
		}
	}
}

func TestRefusedDTypes(t *testing.T) {
	for name, says := range map[string]string{
		"text": "text", "bytes": "text", "complex": "complex", "structured": "structured", "date": "dates", "object": "Python objects",
	} {
		path := "testdata/" + name + ".npy"
		_, _, err := ReadFile[float64](path)
		wants(t, err, path, "dtype", says, "expected numbers")
		_, err = Stat(path)
		wants(t, err, path, says)
	}
}

func TestValuesThatDoNotFit(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.npy")
	save := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	refuse := func(as string, err error, value string) {
		t.Helper()
		wants(t, err, path, "[0 1]", value, as)
	}
	shape := []int{1, 2}
	for _, v := range []float64{math.NaN(), math.Inf(1), 0.5, -1, 256, 1e300} {
		save(WriteFile(path, shape, []float64{0, v}))
		_, _, err := ReadFile[uint8](path)
		refuse("uint8", err, fmt.Sprint(v))
	}
	for _, v := range []float64{math.NaN(), math.Inf(-1), 0.5, 1 << 63, -1 << 64} {
		save(WriteFile(path, shape, []float64{0, v}))
		_, _, err := ReadFile[int64](path)
		refuse("int64", err, fmt.Sprint(v))
	}
	save(WriteFile(path, shape, []float64{math.Inf(1), 1e39}))
	_, _, err := ReadFile[float32](path)
	refuse("float32", err, "1e+39")
	save(WriteFile(path, shape, []int64{1 << 24, 1<<24 + 1}))
	_, _, err = ReadFile[float32](path)
	refuse("float32", err, "16777217")
	for _, v := range []int64{1<<53 + 1, math.MaxInt64, math.MinInt64 + 1} {
		save(WriteFile(path, shape, []int64{math.MinInt64, v}))
		_, _, err = ReadFile[float64](path)
		refuse("float64", err, fmt.Sprint(v))
	}
	save(WriteFile(path, shape, []int64{255, 256}))
	_, _, err = ReadFile[uint8](path)
	refuse("uint8", err, "256")

	// And those that do.
	save(WriteFile(path, shape, []float64{0.1, math.Inf(-1)}))
	check(t, path, shape, []float32{0.1, float32(math.Inf(-1))})
	save(WriteFile(path, shape, []int64{1 << 62, math.MinInt64}))
	check(t, path, shape, []float64{1 << 62, math.MinInt64})
	save(WriteFile(path, shape, []float64{-1 << 63, 1 << 62}))
	check(t, path, shape, []int64{math.MinInt64, 1 << 62})

	// In a column-major file the position is still the array's.
	fortran := handmade("{'descr': '<i2', 'fortran_order': True, 'shape': (2, 3), }\n", 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0)
	_, _, err = read[uint8](bytes.NewReader(fortran), int64(len(fortran)))
	wants(t, err, "[1 1]", "256")
	// A byte that is no truth value.
	truth := handmade("{'descr': '|b1', 'fortran_order': False, 'shape': (2,)}\n", 1, 2)
	_, _, err = read[uint8](bytes.NewReader(truth), int64(len(truth)))
	wants(t, err, "[1]", "byte 2")
}

// Every file cut short, and every file with something after its end, is refused with the sizes.
func TestTruncatedAndTrailing(t *testing.T) {
	for _, name := range []string{"f4_le", "f8_be_fortran", "b1", "version2", "version3", "scalar", "no_spaces"} {
		whole, err := os.ReadFile("testdata/" + name + ".npy")
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "x.npy")
		for n := range len(whole) {
			if err := os.WriteFile(path, whole[:n], 0o666); err != nil {
				t.Fatal(err)
			}
			_, _, err := ReadFile[float64](path)
			wants(t, err, path, "truncated", fmt.Sprintf("found %d", n))
		}
		if err := os.WriteFile(path, append(whole, 0), 0o666); err != nil {
			t.Fatal(err)
		}
		_, _, err = ReadFile[float64](path)
		wants(t, err, "trailing", fmt.Sprintf("needs %d", len(whole)), fmt.Sprintf("found %d", len(whole)+1))
	}
}

// handmade is a file with the header and the data given.
func handmade(header string, data ...byte) []byte {
	file := binary.LittleEndian.AppendUint16([]byte("\x93NUMPY\x01\x00"), uint16(len(header)))
	return slices.Concat(file, []byte(header), data)
}

func TestBadHeaders(t *testing.T) {
	for _, c := range []struct{ header, says string }{
		{"", "expected {"},
		{"{}", "missing"},
		{"{'descr': '<f4', 'fortran_order': False}", `"shape" is missing`},
		{"{'descr': '<f4', 'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", "twice"},
		{"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}", "unknown key"},
		{"{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}", "True or False"},
		{"{'descr': '<f4', 'fortran_order': False, 'shape': (1)}", "not a tuple"},
		{"{'descr': '<f4', 'fortran_order': False, 'shape': [1]}", "tuple"},
		{"{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", "whole number"},
		{"{'descr': '<f4', 'fortran_order': False, 'shape': (1 2)}", "expected , or )"},
		{"{'descr': '<f4', 'fortran_order': False, 'shape': (,)}", "whole number"},
		{"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", "whole number"},
		{"{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x", "after }"},
		{"{'descr': '<f4', 'fortran_order': False, 'shape': (1,)", "expected , or }"},
		{"{'descr': '<f4\\x41', 'fortran_order': False, 'shape': (1,)}", "escape"},
		{"{'descr': '<f4, 'fortran_order': False, 'shape': (1,)}", "at byte"},
		{"{'descr': [('a', '<f4'), 'fortran_order': False, 'shape': (1,)}", "without end"},
		{"{'descr': 'f4', 'fortran_order': False, 'shape': (1,)}", "unknown"},
		{"{'descr': '|f4', 'fortran_order': False, 'shape': (1,)}", "without byte order"},
		{"{'descr': '<f16', 'fortran_order': False, 'shape': (1,)}", "unknown"},
		{"{'descr': '<float32', 'fortran_order': False, 'shape': (1,)}", "unknown"},
		{"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}", "more elements"},
		{"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296, 0)}", "more elements"},
		{"{'descr': '<f8', 'fortran_order': False, 'shape': (2305843009213693952,)}", "larger than any file"},
		{"{'descr': '<f4', 'fortran_order': False, 'shape': (2305843009213693951,)}", "larger than any file"},
		{"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,)}", "truncated"},
		{"{'descr': '<f4', 'fortran_order': False, 'shape': (" + strings.Repeat("1,", maxRank+1) + ")}", "axes"},
	} {
		file := handmade(c.header, 0, 0, 0, 0)
		_, _, err := read[float64](bytes.NewReader(file), int64(len(file)))
		wants(t, err, c.says)
	}
	for file, says := range map[string]string{
		"\x89HDF\r\n\x1a\n0000": "it begins with", "\x93NUMPY\x04\x00aaaa": "version 4.0", "\x93NUMPY\x02\x00\xff\xff\xff\xffaaaa": "at most",
	} {
		_, _, err := read[float64](strings.NewReader(file), int64(len(file)))
		wants(t, err, says)
	}
}

func TestOpenErrors(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.npy")
	_, _, err := ReadFile[float64](missing)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	wants(t, err, missing)
	dir := t.TempDir()
	_, err = Stat(dir)
	wants(t, err, dir, "not a regular file")
	_, err = OpenZip(dir)
	wants(t, err, dir, "not a regular file")
}

func TestRoundTrip(t *testing.T) {
	roundTrip(t, []float32{1, float32(math.Inf(1)), -2.5, math.MaxFloat32, 0, 7})
	roundTrip(t, []float64{1, math.Inf(-1), -2.5, math.MaxFloat64, 0, 7})
	roundTrip(t, []int64{1, math.MinInt64, -2, math.MaxInt64, 0, 7})
	roundTrip(t, []uint8{1, 255, 2, 128, 0, 7})
	type rate float32
	roundTrip(t, []rate{1, 2, 3, 4, 5, 6})
}

func roundTrip[T Element](t *testing.T, six []T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.npy")
	for _, shape := range [][]int{{6}, {2, 3}, {1, 3, 2, 1}, {}, {0}, {3, 0}} {
		n, err := product(shape)
		if err != nil {
			t.Fatal(err)
		}
		if err := WriteFile(path, shape, six[:n]); err != nil {
			t.Fatal(err)
		}
		check(t, path, shape, six[:n])
		h, err := Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if h.offset%64 != 0 || h.DType != descrOf[T]() || h.Fortran {
			t.Errorf("header %+v", h)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left in the folder: %v", left)
	}
}

// What is written for the values of a numpy file is that file.
func TestWriteIsNumpys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.npy")
	for golden, write := range map[string]func() error{
		"f4_le":   func() error { return WriteFile(path, []int{2, 3, 4}, upTo[float32](24)) },
		"u1_le":   func() error { return WriteFile(path, []int{2, 3, 4}, upTo[uint8](24)) },
		"i8_le":   func() error { return WriteFile(path, []int{2, 3, 4}, upTo[int64](24)) },
		"scalar":  func() error { return WriteFile(path, nil, []float64{2.5}) },
		"vector":  func() error { return WriteFile(path, []int{3}, upTo[float32](3)) },
		"empty":   func() error { return WriteFile(path, []int{0, 5}, []float32{}) },
		"special": nil,
	} {
		if write == nil {
			data, shape, err := ReadFile[float64]("testdata/" + golden + ".npy")
			if err != nil {
				t.Fatal(err)
			}
			write = func() error { return WriteFile(path, shape, data) }
		}
		if err := write(); err != nil {
			t.Fatal(err)
		}
		got, _ := os.ReadFile(path)
		want, err := os.ReadFile("testdata/" + golden + ".npy")
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s:\n%q\nwant\n%q", golden, got, want)
		}
	}
}

func TestWriteFailureLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "taken")
	if err := os.MkdirAll(filepath.Join(target, "full"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(target, []int{1}, []float64{1}); err == nil {
		t.Error("a folder was replaced")
	}
	z, err := CreateZip(target)
	if err != nil {
		t.Fatal(err)
	}
	if err := AddEntry(z, "a", []int{1}, []float64{1}); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err == nil {
		t.Error("a folder was replaced")
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left in the folder: %v", left)
	}
	if err := WriteFile(filepath.Join(dir, "none", "x.npy"), []int{1}, []float64{1}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("folder that is not there: %v", err)
	}
	defer func() {
		if recover() == nil {
			t.Error("no panic for a shape that does not fit the data")
		}
		if left, _ := os.ReadDir(dir); len(left) != 1 {
			t.Errorf("left in the folder after the panic: %v", left)
		}
	}()
	WriteFile(filepath.Join(dir, "x.npy"), []int{2}, []float64{1})
}

func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*.npy")
	if err != nil || len(files) == 0 {
		f.Fatal("no golden files", err)
	}
	for _, name := range files {
		if content, err := os.ReadFile(name); err != nil {
			f.Fatal(err)
		} else if len(content) < 1000 {
			f.Add(content)
		}
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		data, h, err := read[float64](bytes.NewReader(file), int64(len(file)))
		if err != nil {
			return
		}
		if n, err := product(h.Shape); err != nil || n != len(data) {
			t.Fatalf("shape %v with %d elements", h.Shape, len(data))
		}
		// What was read can be written and read again.
		var again bytes.Buffer
		if err := write(&again, h.Shape, data); err != nil {
			t.Fatal(err)
		}
		back, h2, err := read[float64](&again, int64(again.Len()))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(h.Shape, h2.Shape) || !bytes.Equal(bytesOf(data), bytesOf(back)) {
			t.Fatalf("%v %v read back as %v %v", h.Shape, data, h2.Shape, back)
		}
	})
}

func BenchmarkRead20MB(b *testing.B) {
	path := filepath.Join(b.TempDir(), "x.npy")
	if err := WriteFile(path, []int{5000, 1000}, make([]float32, 5_000_000)); err != nil {
		b.Fatal(err)
	}
	b.Run("float32", func(b *testing.B) { benchmarkRead[float32](b, path) })
	b.Run("float64", func(b *testing.B) { benchmarkRead[float64](b, path) })
}

func benchmarkRead[T Element](b *testing.B, path string) {
	b.SetBytes(20e6)
	for b.Loop() {
		if _, _, err := ReadFile[T](path); err != nil {
			b.Fatal(err)
		}
	}
}
