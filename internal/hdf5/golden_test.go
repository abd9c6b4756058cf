//go:build cgo

package hdf5

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// The files in testdata were written by h5py and netCDF4; testdata/make_hdf5.py made them and says what they hold.

func open(t testing.TB, name string) *File {
	t.Helper()
	f, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func dataset(t testing.TB, f *File, path string) *Dataset {
	t.Helper()
	d, err := f.Dataset(path)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// is checks what a method returned: a value without error.
func is[T comparable](t *testing.T, what string, want ...T) func([]T, error) {
	t.Helper()
	return func(got []T, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		} else if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
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

func TestAssembly(t *testing.T) {
	f := open(t, "testdata/assembly.nc")
	is(t, "datasets", "/_nc4_non_coord_x", "/dicarlo.Test", "/grid", "/image_id", "/more/array", "/neuroid", "/neuroid_id", "/presentation", "/region",
		"/repetition", "/time_bin", "/x")(f.Datasets())

	d := dataset(t, f, "dicarlo.Test")
	if d.Path() != "/dicarlo.Test" || d.Kind() != Float || d.IsScale() || d.IsPlaceholder() {
		t.Errorf("%s: kind %v, scale %v, placeholder %v", d.Path(), d.Kind(), d.IsScale(), d.IsPlaceholder())
	}
	is(t, "shape", 4, 6, 2)(d.Shape(), nil)
	is(t, "dims", "neuroid", "presentation", "time_bin")(d.Dims(), nil)
	x, err := d.Float64s(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range x {
		if missing := i == 1*12+2*2; missing != math.IsNaN(v) || !missing && v != float64(i) {
			t.Errorf("element %d is %v", i, v)
		}
	}
	is(t, "part", 26.0, 27, 28, 29, 38, 39, 40, 41)(d.Float64s([]int{2, 1, 0}, []int{2, 2, 2}))
	names, err := d.Attributes()
	if err != nil || len(names) < 16 || !slices.IsSorted(names) || !slices.Contains(names, "note11") || !slices.Contains(names, "DIMENSION_LIST") {
		t.Errorf("attributes %q %v", names, err)
	}
	if text, ok, err := d.AttrString("coordinates"); !ok || err != nil || text != "neuroid_id region image_id repetition" {
		t.Errorf("coordinates: %q %v %v", text, ok, err)
	}
	if text, ok, err := d.AttrString("identifier"); !ok || err != nil || text != "dicarlo.Tést" {
		t.Errorf("identifier: %q %v %v", text, ok, err)
	}
	if window, ok, err := d.AttrFloat64s("window"); !ok || err != nil || !slices.Equal(window, []float64{70, 170}) {
		t.Errorf("window: %v %v %v", window, ok, err)
	}
	if fill, ok, err := d.FillValue(); !ok || err != nil || !math.IsNaN(fill) {
		t.Errorf("fill value: %v %v %v", fill, ok, err)
	}

	is(t, "ids", "Chabo_L_M_0_µ", "Chabo_L_M_1_µ", "Chabo_L_M_2_µ", "Chabo_L_M_3_µ")(dataset(t, f, "neuroid_id").Strings(nil, nil))
	is(t, "images", "image01image01image01", "image01image01image01image01")(dataset(t, f, "/image_id").Strings([]int{2}, []int{2}))
	is(t, "image dims", "presentation")(dataset(t, f, "/image_id").Dims(), nil)

	// The fill value of int64 is no float64, and is read all the same.
	repetition := dataset(t, f, "repetition")
	is(t, "repetition", int64(0), 1, 0, 1, 0, math.MinInt64+2)(repetition.Int64s(nil, nil))
	fill, ok, err := repetition.FillValue()
	is(t, "repetition", 0, 1, 0, 1, 0, fill)(repetition.Float64s(nil, nil))
	if !ok || err != nil || fill != math.MinInt64 {
		t.Errorf("fill value %v %v %v", fill, ok, err)
	}
	if _, ok, err := dataset(t, f, "time_bin").FillValue(); ok || err != nil {
		t.Errorf("fill value of time_bin: %v %v", ok, err)
	}

	for name, placeholder := range map[string]bool{"time_bin": false, "neuroid": true, "x": true, "presentation": true} {
		d := dataset(t, f, name)
		if !d.IsScale() || d.IsPlaceholder() != placeholder || d.Dims()[0] != name {
			t.Errorf("%s: scale %v, placeholder %v, dims %v", name, d.IsScale(), d.IsPlaceholder(), d.Dims())
		}
	}
	is(t, "time_bin", int64(70), 170)(dataset(t, f, "time_bin").Int64s(nil, nil))
	// A placeholder has big-endian elements that were never written.
	is(t, "placeholder", 0.0, 0, 0, 0)(dataset(t, f, "neuroid").Float64s(nil, nil))

	x4 := dataset(t, f, "_nc4_non_coord_x")
	if Name(x4.Path()) != "x" || x4.IsScale() || x4.Dims()[0] != "neuroid" {
		t.Errorf("%s: name %q, scale %v, dims %v", x4.Path(), Name(x4.Path()), x4.IsScale(), x4.Dims())
	}
	is(t, "x", 0.5, 1.5, 2.5, 3.5)(x4.Float64s(nil, nil))
	is(t, "in a group", 0.0, 0.25, 0.5, 0.75, 1, 1.25)(dataset(t, f, "more/array").Float64s(nil, nil))
	is(t, "in a group", "presentation")(dataset(t, f, "more/array").Dims(), nil)
}

func TestStrings(t *testing.T) {
	f := open(t, "testdata/strings.h5")
	words := []string{"", "a", "tree", "Bäume", "日本語"}
	for name, want := range map[string][]string{
		"variable_utf8": words, "variable_ascii": words[:3], "variable_chunked": slices.Concat(words, words, words),
		"variable_scalar": {"one"}, "variable_unwritten": {"", "", ""},
		"null_padded": {"", "a", "tree", "four!!"}, "null_terminated": {"", "a", "tree", "Bäu"}, "space_padded": {"", "a", "tree", "Bäu"},
		"fixed_scalar": {"one"},
	} {
		d := dataset(t, f, name)
		if d.Kind() != Text {
			t.Errorf("%s: kind %v", name, d.Kind())
		}
		is(t, name, want...)(d.Strings(nil, nil))
		_, err := d.Float64s(nil, nil)
		wants(t, err, "testdata/strings.h5: /"+name+": is text, expected numbers")
		_, err = d.Int64s(nil, nil)
		wants(t, err, "is text, expected numbers")
		if _, ok, err := d.FillValue(); ok || err != nil {
			t.Errorf("%s: fill value %v %v", name, ok, err)
		}
	}
	is(t, "part", "tree", "Bäume", "tree", "Bäume")(dataset(t, f, "variable_chunked").Strings([]int{1, 2}, []int{2, 2}))
	is[string](t, "no part")(dataset(t, f, "variable_chunked").Strings([]int{1, 2}, []int{0, 2}))
	is(t, "part", "tree", "four!!")(dataset(t, f, "null_padded").Strings([]int{2}, []int{2}))
	_, err := dataset(t, f, "latin1").Strings(nil, nil)
	wants(t, err, "/latin1", "not UTF-8", `"caf\xe9"`)

	d := dataset(t, f, "variable_utf8")
	for name, want := range map[string]string{"variable": "Bäume", "fixed": "tree"} {
		if got, ok, err := d.AttrString(name); got != want || !ok || err != nil {
			t.Errorf("attribute %s: %q %v %v", name, got, ok, err)
		}
	}
	for name, want := range map[string][]string{"variables": {"a", "Bäume", ""}, "fixeds": {"a", "bc"}, "none": {}} {
		if got, ok, err := d.AttrStrings(name); !slices.Equal(got, want) || !ok || err != nil {
			t.Errorf("attribute %s: %q %v %v", name, got, ok, err)
		}
	}
	if _, ok, err := d.AttrString("missing"); ok || err != nil {
		t.Errorf("missing attribute: %v %v", ok, err)
	}
	_, _, err = d.AttrString("variables")
	wants(t, err, "/variable_utf8", "variables", "3 texts")
	_, _, err = d.AttrString("number")
	wants(t, err, "number", "expected text")
	_, _, err = d.AttrFloat64s("fixed")
	wants(t, err, "fixed", "is text, expected numbers")
	if got, ok, err := d.AttrFloat64s("integers"); !slices.Equal(got, []float64{1, -2, 3}) || !ok || err != nil {
		t.Errorf("integers: %v %v %v", got, ok, err)
	}
}

func TestNumbers(t *testing.T) {
	f := open(t, "testdata/numbers.h5")
	for _, order := range []string{"little", "big"} {
		for _, code := range []string{"i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"} {
			d := dataset(t, f, order+"/"+code)
			if want := map[byte]Kind{'i': Integer, 'u': Integer, 'f': Float}[code[0]]; d.Kind() != want {
				t.Errorf("%s: kind %v", d.Path(), d.Kind())
			}
			is(t, d.Path(), 0.0, 1, 2, 3, 4, 5)(d.Float64s(nil, nil))
			is(t, d.Path(), int64(0), 1, 2, 3, 4, 5)(d.Int64s(nil, nil))
			is(t, d.Path(), 1.0, 2, 4, 5)(d.Float64s([]int{0, 1}, []int{2, 2}))
			_, err := d.Strings(nil, nil)
			wants(t, err, d.Path(), "expected text")
		}
	}
	is(t, "negative", -128.0, -1, 0, 127)(dataset(t, f, "negative").Float64s(nil, nil))
	is(t, "half", 65504, -0x1p-24, math.Inf(1), 0.333251953125)(dataset(t, f, "half").Float64s(nil, nil))
	special, err := dataset(t, f, "special").Float64s(nil, nil)
	if err != nil || !math.IsNaN(special[0]) || !math.Signbit(special[3]) || !slices.Equal(special[1:], []float64{math.Inf(1), math.Inf(-1), 0, 5e-324, math.MaxFloat64}) {
		t.Errorf("special: %v %v", special, err)
	}
	if d := dataset(t, f, "truth"); d.Kind() != Integer {
		t.Errorf("truth: kind %v", d.Kind())
	}
	is(t, "truth", int64(1), 0, 1)(dataset(t, f, "truth").Int64s(nil, nil))
	is(t, "truth", 1.0, 0, 1)(dataset(t, f, "truth").Float64s(nil, nil))
	for name, shape := range map[string][]int{"scalar": {}, "scalar_integer": {}, "empty": {0, 5}, "null": {0}} {
		is(t, name, shape...)(dataset(t, f, name).Shape(), nil)
	}
	is(t, "scalar", 2.5)(dataset(t, f, "scalar").Float64s(nil, nil))
	is(t, "scalar", 2.5)(dataset(t, f, "scalar").Float64s([]int{}, []int{}))
	is(t, "scalar_integer", int64(-7))(dataset(t, f, "scalar_integer").Int64s(nil, nil))
	is[float64](t, "empty")(dataset(t, f, "empty").Float64s(nil, nil))
	is[float64](t, "null")(dataset(t, f, "null").Float64s(nil, nil))
	is(t, "unwritten", -1.5, -1.5, -1.5, -1.5)(dataset(t, f, "unwritten").Float64s(nil, nil))

	chunked := dataset(t, f, "chunked")
	x, err := chunked.Float64s(nil, nil)
	if err != nil || len(x) != 600 {
		t.Fatal(len(x), err)
	}
	for i, v := range x {
		if v != float64(i) {
			t.Fatalf("element %d is %v", i, v)
		}
	}
	is(t, "across chunks", 6*30+10.0, 6*30+11, 7*30+10, 7*30+11)(chunked.Float64s([]int{6, 10}, []int{2, 2}))

	cube, err := dataset(t, f, "cube").Float64s(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	// Every part of it equals the part cut by hand.
	for i := range 2 * 3 * 4 {
		start := []int{i / 12, i / 4 % 3, i % 4}
		for j := range 3 * 4 * 5 {
			count := []int{j / 20, j / 5 % 4, j % 5}
			got, err := dataset(t, f, "cube").Float64s(start, count)
			if start[0]+count[0] > 2 || start[1]+count[1] > 3 || start[2]+count[2] > 4 {
				wants(t, err, "testdata/numbers.h5: /cube", "along axis")
				continue
			}
			want := []float64{}
			for a := range count[0] {
				for b := range count[1] {
					for c := range count[2] {
						want = append(want, cube[(start[0]+a)*12+(start[1]+b)*4+start[2]+c])
					}
				}
			}
			is(t, fmt.Sprint(start, count), want...)(got, err)
		}
	}
}

func TestRefusedNumbers(t *testing.T) {
	f := open(t, "testdata/numbers.h5")
	for name, says := range map[string]string{"complex": "records", "records": "records"} {
		d := dataset(t, f, name)
		if d.Kind() != Other {
			t.Errorf("%s: kind %v", name, d.Kind())
		}
		_, err := d.Float64s(nil, nil)
		wants(t, err, "/"+name, "is "+says+", expected numbers")
		_, err = d.Strings(nil, nil)
		wants(t, err, "/"+name, "is "+says+", expected text")
	}
	_, err := dataset(t, f, "references").Float64s(nil, nil)
	wants(t, err, "/references", "is references, expected numbers")
	_, err = dataset(t, f, "large").Float64s(nil, nil)
	wants(t, err, "/large", "element 1", "9007199254740993")
	is(t, "large", 0x1p53, -0x1p62)(skip(dataset(t, f, "large").Float64s([]int{0}, []int{1}))(dataset(t, f, "large").Float64s([]int{2}, []int{1})))
	is(t, "large", int64(1<<53), 1<<53+1, -(1 << 62))(dataset(t, f, "large").Int64s(nil, nil))
	_, err = dataset(t, f, "largest").Int64s(nil, nil)
	wants(t, err, "/largest", "9223372036854775808", "does not fit")
	_, err = dataset(t, f, "special").Int64s(nil, nil)
	wants(t, err, "/special", "NaN", "not a whole number")

	// Sizes that cannot be.
	for _, name := range []string{"sparse", "compact_limit"} {
		_, err = dataset(t, f, name).Float64s(nil, nil)
		wants(t, err, "/"+name, "cannot hold")
	}
	is(t, "part of a sparse dataset", 0.0, 0)(dataset(t, f, "sparse").Float64s([]int{1 << 19, 1 << 19}, []int{1, 2}))

	d := dataset(t, f, "cube")
	for _, s := range []struct{ start, count []int }{
		{[]int{0}, []int{1}}, {nil, []int{1, 1, 1}}, {[]int{0, 0, 0}, nil}, {[]int{-1, 0, 0}, []int{1, 1, 1}}, {[]int{0, 0, 0}, []int{1, -1, 1}},
		{[]int{0, 4, 0}, []int{1, 0, 1}}, {[]int{0, 0, 1}, []int{1, 1, math.MaxInt}},
	} {
		_, err = d.Float64s(s.start, s.count)
		wants(t, err, "testdata/numbers.h5: /cube: selection", "axis")
	}

	f = open(t, "testdata/elsewhere.h5")
	for _, name := range []string{"external", "virtual"} {
		_, err = dataset(t, f, name).Float64s(nil, nil)
		wants(t, err, "/"+name, "other files")
	}
}

// skip joins two results.
func skip(a []float64, err error) func([]float64, error) ([]float64, error) {
	return func(b []float64, err2 error) ([]float64, error) { return append(a, b...), errors.Join(err, err2) }
}

func TestScales(t *testing.T) {
	f := open(t, "testdata/scales.h5")
	is(t, "dims", "row", "degrees/s", "")(dataset(t, f, "data").Dims(), nil)
	is(t, "dims", "square", "")(dataset(t, f, "square").Dims(), nil)
	if row := dataset(t, f, "axes/row"); !row.IsScale() || row.IsPlaceholder() {
		t.Errorf("axes/row: scale %v, placeholder %v", row.IsScale(), row.IsPlaceholder())
	}
	is(t, "row", "row")(dataset(t, f, "axes/row").Dims(), nil)
}

func TestLinks(t *testing.T) {
	f := open(t, "testdata/links.h5")
	names, err := f.Datasets()
	if err != nil {
		t.Fatal(err)
	}
	if len(names) != 61 || !slices.IsSorted(names) || names[0] != "/again" || names[60] != "/many/d59" {
		t.Errorf("datasets %q", names)
	}
	is(t, "many", int64(37))(dataset(t, f, "many/d37").Int64s(nil, nil))
	for _, path := range []string{"again", "soft", "/a/b/up/b/data", "a/b/self/../data"} {
		is(t, path, 0.0, 1, 2)(dataset(t, f, path).Float64s(nil, nil))
	}
	_, err = f.Dataset("dangling")
	wants(t, err, `no dataset "/dangling"`, "/again", "…")
	_, err = f.Dataset("round")
	wants(t, err, `no dataset "/round"`)
	_, err = f.Dataset("a/b")
	wants(t, err, `no dataset "/a/b"`, "not a dataset")
	_, err = f.Dataset("/")
	wants(t, err, `no dataset "/"`)
}

func TestSuperblocks(t *testing.T) {
	for _, name := range []string{"superblock0.h5", "superblock2.h5", "superblock3.h5", "userblock.mat"} {
		f := open(t, "testdata/"+name)
		is(t, name, "/x")(f.Datasets())
		is(t, name, 0.0, 1, 2, 3, 4)(dataset(t, f, "x").Float64s(nil, nil))

		// Cut anywhere it is refused, most often with both sizes.
		whole, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), name)
		for n := range len(whole) {
			if err := os.WriteFile(path, whole[:n], 0o666); err != nil {
				t.Fatal(err)
			}
			_, err := Open(path)
			wants(t, err, path, "HDF5 file")
			if n > len(whole)/2 {
				wants(t, err, "truncated", fmt.Sprint(len(whole)), fmt.Sprint(n))
			}
		}
	}
}

func TestClosed(t *testing.T) {
	f, err := Open("testdata/strings.h5")
	if err != nil {
		t.Fatal(err)
	}
	d := dataset(t, f, "variable_utf8")
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for what, call := range map[string]func() error{
		"Datasets":     func() error { _, err := f.Datasets(); return err },
		"Dataset":      func() error { _, err := f.Dataset("variable_utf8"); return err },
		"Strings":      func() error { _, err := d.Strings(nil, nil); return err },
		"Float64s":     func() error { _, err := d.Float64s(nil, nil); return err },
		"Int64s":       func() error { _, err := d.Int64s(nil, nil); return err },
		"Attributes":   func() error { _, err := d.Attributes(); return err },
		"AttrString":   func() error { _, _, err := d.AttrString("x"); return err },
		"AttrFloat64s": func() error { _, _, err := d.AttrFloat64s("x"); return err },
	} {
		err := call()
		if !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s after Close: %v", what, err)
			continue
		}
		wants(t, err, "testdata/strings.h5")
	}
	if d.Path() != "/variable_utf8" || d.Kind() != Text {
		t.Error("what was known is lost")
	}
}

// Goroutines take turns, and errors of one do not show up in another.
func TestConcurrent(t *testing.T) {
	f := open(t, "testdata/assembly.nc")
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			d, err := f.Dataset("dicarlo.Test")
			if err != nil {
				t.Error(err)
				return
			}
			is(t, "part", 24+float64(i%12))(d.Float64s([]int{2, i % 12 / 2, i % 2}, []int{1, 1, 1}))
			_, err = f.Dataset(fmt.Sprint("missing", i))
			wants(t, err, fmt.Sprint("missing", i))
			is(t, "region", "IT", "V4", "IT", "V4")(dataset(t, f, "region").Strings(nil, nil))
			g, err := Open("testdata/numbers.h5")
			if err != nil {
				t.Error(err)
				return
			}
			defer g.Close()
			if names, err := g.Datasets(); err != nil || len(names) < 40 {
				t.Error(names, err)
			}
		})
	}
	wg.Wait()
}

func TestVersion(t *testing.T) {
	if !Available || !strings.HasPrefix(Version(), "1.") {
		t.Errorf("available %v, version %q", Available, Version())
	}
}

func BenchmarkReadChunked(b *testing.B) {
	d := dataset(b, open(b, "testdata/numbers.h5"), "chunked")
	b.SetBytes(600 * 8)
	for b.Loop() {
		if _, err := d.Float64s(nil, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func TestReferences(t *testing.T) {
	f := open(t, "testdata/numbers.h5")
	d := dataset(t, f, "references")
	if d.Kind() != Reference || d.Type() != "references" {
		t.Errorf("%v, %s", d.Kind(), d.Type())
	}
	is(t, "references", "/scalar")(d.References())
	_, err := dataset(t, f, "scalar").References()
	wants(t, err, "/scalar", "expected references")
}

// What netCDF-4 wrote is in the order in which it was made; h5py keeps no order unless it is asked to.
func TestCreationOrder(t *testing.T) {
	f := open(t, "testdata/assembly.nc")
	last := int64(-1)
	for _, name := range []string{"dicarlo.Test", "neuroid_id", "region", "image_id", "repetition"} {
		at := dataset(t, f, name).Created()
		if at <= last {
			t.Errorf("%s has the place %d, and what was made before it %d", name, at, last)
		}
		last = at
	}
	if at := dataset(t, open(t, "testdata/numbers.h5"), "scalar").Created(); at != -1 {
		t.Errorf("place %d in a file without order", at)
	}
}

func TestType(t *testing.T) {
	f := open(t, "testdata/numbers.h5")
	for name, want := range map[string]string{"cube": "float64", "large": "int64", "largest": "uint64", "records": "records"} {
		if got := dataset(t, f, name).Type(); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
