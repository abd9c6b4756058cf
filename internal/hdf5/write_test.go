//go:build cgo

package hdf5

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// writeExample writes a file of 5 stimuli and 3 neuroids, the numbers in bands of so many rows, the last first.
func writeExample(t *testing.T, path string, band int) {
	t.Helper()
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ok(w.Attribute("title", "an exámple"))
	ok(w.Dimension("stimulus", 5))
	ok(w.Dimension("neuroid", 3))
	x, err := NewVariable[float32](w, "activations", "stimulus", "neuroid")
	ok(err)
	ok(x.Attribute("coordinates", "stimulus_id layer channel"))
	id, err := NewVariable[string](w, "stimulus_id", "stimulus")
	ok(err)
	ok(id.Write([]int{0}, []int{5}, []string{"a", "b/ü", "", "d", "e"}))
	layer, err := NewVariable[string](w, "layer", "neuroid")
	ok(err)
	ok(layer.Write([]int{0}, []int{2}, []string{"conv1", "conv1"}))
	ok(layer.Write([]int{2}, []int{1}, []string{"layer1.0"}))
	channel, err := NewVariable[int32](w, "channel", "neuroid")
	ok(err)
	ok(channel.Write([]int{0}, []int{3}, []int32{0, 1, -1}))
	for first := (5 - 1) / band * band; first >= 0; first -= band {
		rows := min(band, 5-first)
		for column := range 3 {
			values := make([]float32, rows)
			for i := range values {
				values[i] = float32(first+i) + float32(column)/10
			}
			ok(x.Write([]int{first, column}, []int{rows, 1}, values))
		}
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the file is there before Close")
	}
	ok(w.Close())
	w.Abort()
}

// What was written is read back, by path, dimension and coordinate, and the bytes do not depend on the pieces.
func TestWrite(t *testing.T) {
	dir := t.TempDir()
	one, two := filepath.Join(dir, "one.h5"), filepath.Join(dir, "two.h5")
	writeExample(t, one, 5)
	writeExample(t, two, 2)
	a, err := os.ReadFile(one)
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(two); !bytes.Equal(a, b) {
		t.Error("written in other pieces the file has other bytes")
	}
	if left, _ := os.ReadDir(dir); len(left) != 2 {
		t.Errorf("left in the folder: %v", left)
	}

	f := open(t, one)
	is(t, "datasets", "/activations", "/channel", "/layer", "/neuroid", "/stimulus", "/stimulus_id")(f.Datasets())
	x := dataset(t, f, "activations")
	is(t, "dims", "stimulus", "neuroid")(x.Dims(), nil)
	values, err := x.Float64s(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range values {
		if float32(v) != float32(i/3)+float32(i%3)/10 {
			t.Errorf("element %d is %v", i, v)
		}
	}
	if text, ok, err := x.AttrString("coordinates"); !ok || err != nil || text != "stimulus_id layer channel" {
		t.Errorf("coordinates: %q %v %v", text, ok, err)
	}
	is(t, "ids", "a", "b/ü", "", "d", "e")(dataset(t, f, "stimulus_id").Strings(nil, nil))
	is(t, "layers", "conv1", "conv1", "layer1.0")(dataset(t, f, "layer").Strings(nil, nil))
	is(t, "dims of layer", "neuroid")(dataset(t, f, "layer").Dims(), nil)
	is(t, "channels", int64(0), 1, -1)(dataset(t, f, "channel").Int64s(nil, nil))
	if d := dataset(t, f, "stimulus"); !d.IsScale() || !d.IsPlaceholder() {
		t.Error("the dimension is not a scale without coordinates")
	}
}

// readExample is what h5py, netCDF4 and xarray, in this order, see in the file.
const readExample = `
import sys, numpy as np
import h5py
with h5py.File(sys.argv[1], "r") as f:
    d = f["activations"]
    print(list(f), d.shape, d.dtype, [a[0].name for a in d.dims], f["layer"].asstr()[:].tolist())
    assert h5py.h5ds.is_scale(f["neuroid"].id) and h5py.h5ds.is_attached(d.id, f["neuroid"].id, 1)
import netCDF4
with netCDF4.Dataset(sys.argv[1]) as f:
    print(list(f.dimensions), list(f.variables), f["activations"].dimensions, f["stimulus_id"][:].tolist(), f.title)
import xarray as xr
with xr.open_dataset(sys.argv[1]) as ds:
    print(dict(ds.sizes), list(ds.data_vars), list(ds.coords), ds.layer.values.tolist(), ds.channel.dtype, ds.stimulus_id.dims)
    x = ds.activations.values
    np.testing.assert_array_equal(x, (np.arange(5, dtype="f4")[:, None] + np.arange(3, dtype="f4") / np.float32(10)).astype("f4"))
    print(ds.activations[:, ds.layer.values == "conv1"].shape)
`

func TestWriteIsReadByPython(t *testing.T) {
	const python = "/usr/bin/python3"
	if err := exec.Command(python, "-c", "import h5py, netCDF4, xarray").Run(); err != nil {
		t.Skip("needs Debian's python3-h5py, python3-netcdf4 and python3-xarray: ", err)
	}
	path := filepath.Join(t.TempDir(), "example.h5")
	writeExample(t, path, 3)
	out, err := exec.Command(python, "-c", readExample, path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := []string{
		`['activations', 'channel', 'layer', 'neuroid', 'stimulus', 'stimulus_id'] (5, 3) float32 ['/stimulus', '/neuroid'] ['conv1', 'conv1', 'layer1.0']`,
		`['stimulus', 'neuroid'] ['activations', 'stimulus_id', 'layer', 'channel'] ('stimulus', 'neuroid') ['a', 'b/ü', '', 'd', 'e'] an exámple`,
		`{'stimulus': 5, 'neuroid': 3} ['activations'] ['stimulus_id', 'layer', 'channel'] ['conv1', 'conv1', 'layer1.0'] int32 ('stimulus',)`,
		`(5, 2)`,
	}
	if got := strings.Split(strings.TrimSpace(string(out)), "\n"); !slices.Equal(got, want) {
		t.Errorf("Python sees\n%s\nwant\n%s", out, strings.Join(want, "\n"))
	}
}

func TestWriteErrors(t *testing.T) {
	dir := t.TempDir()
	if _, err := Create(filepath.Join(dir, "none", "x.h5")); err == nil {
		t.Error("a file in a folder that is not there was begun")
	}
	path := filepath.Join(dir, "x.h5")
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	if err := w.Dimension("neuroid", 2); err != nil {
		t.Fatal(err)
	}
	layer, err := NewVariable[string](w, "layer", "neuroid")
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"a\x00b", "\xff"} {
		wants(t, layer.Write([]int{0}, []int{1}, []string{bad}), path, "layer", "NUL")
	}
	_, err = NewVariable[int32](w, "layer", "neuroid")
	wants(t, err, path, "layer", "exists")
	wants(t, w.Close(), "layer")
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left in the folder: %v", left)
	}
	wants(t, w.Attribute("title", "x"), "layer")
}
