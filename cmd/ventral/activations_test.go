package main

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"ventral/fit"
	"ventral/internal/hdf5"
	"ventral/internal/npy"
	"ventral/network"
)

// untrained writes a network with random weights and returns the path of its
// weights.npz.
func untrained(t testing.TB, arch string, local bool, width, side int) string {
	t.Helper()
	dir := t.TempDir()
	a := network.Architecture{Name: arch, Local: local, Input: network.Shape{Channels: 3, Height: side, Width: side}, Classes: 10, Width: width}
	m, err := network.New(a, 1)
	if err != nil {
		t.Fatal(err)
	}
	about, err := marshal(modelFile{Architecture: m.Architecture(), Mean: []float32{.5, .5, .5}, Std: []float32{.25, .25, .25}})
	if err != nil {
		t.Fatal(err)
	}
	weights := filepath.Join(dir, weightsName)
	for _, err := range []error{os.WriteFile(filepath.Join(dir, modelName), about, 0o666), m.Save(weights)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return weights
}

// pictures writes n images of noise to a folder.
func pictures(t testing.TB, seed uint64, n, side int) string {
	t.Helper()
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(seed, 0))
	for i := range n {
		m := image.NewNRGBA(image.Rect(0, 0, side, side))
		for y := range side {
			for x := range side {
				m.SetNRGBA(x, y, color.NRGBA{uint8(rng.Uint32()), uint8(rng.Uint32() >> 1), uint8(rng.Uint32() >> 2), 255})
			}
		}
		f, err := os.Create(filepath.Join(dir, fmt.Sprintf("image%05d.png", i)))
		if err != nil {
			t.Fatal(err)
		}
		if err := png.Encode(f, m); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	return dir
}

// show runs the verb and returns the folder that it wrote.
func show(t testing.TB, args ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out")
	var o, e strings.Builder
	if code := run(t.Context(), append([]string{"activations", "--out", out}, args...), &terminal{out: &o, err: &e}); code != exitOK {
		t.Fatalf("activations %v: exit code %d: %s", args, code, &e)
	}
	return out
}

// Every format holds the same numbers, and no byte of what is written depends on
// the batch or the number of cores, with and without reductions.
func TestActivationsAreTheSameBytesOnAnyBatchAndCores(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	weights, images, others := untrained(t, "small", true, 3, 8), pictures(t, 1, 37, 8), pictures(t, 2, 21, 8)
	formats := []string{"npy", "npz"}
	if hdf5.Available {
		formats = append(formats, "hdf5")
	}
	for _, format := range formats {
		for _, reduction := range [][]string{nil, {"--pool", "max"}, {"--project", "20"}, {"--pca", "5", "--pca-images", others, "--pool", "mean"}, {"--pca", "20", "--pca-images", others}} {
			args := append([]string{"--weights", weights, "--images", images, "--format", format}, reduction...)
			runtime.GOMAXPROCS(2)
			want := files(t, show(t, args...))
			for _, c := range []struct{ batch, cores int }{{1, 1}, {17, 3}} {
				runtime.GOMAXPROCS(c.cores)
				got := files(t, show(t, append(args, "--batch", strconv.Itoa(c.batch))...))
				if len(got) != len(want) {
					t.Errorf("%s %v: %d and %d files", format, reduction, len(got), len(want))
				}
				for name := range want {
					if name != "run.json" && name != configName && got[name] != want[name] { // which hold --batch
						t.Errorf("%s %v: batches of %d on %d cores write other bytes to %s", format, reduction, c.batch, c.cores, name)
					}
				}
			}
		}
	}
}

// readArray reads LAYER.npy.
func readArray(t *testing.T, dir, layer string) ([]float32, []int) {
	t.Helper()
	x, shape, err := npy.ReadFile[float32](filepath.Join(dir, layer+".npy"))
	if err != nil {
		t.Fatal(err)
	}
	return x, shape
}

func TestActivationsZip(t *testing.T) {
	weights, images := untrained(t, "small", false, 3, 8), pictures(t, 1, 20, 8)
	arrays, zipped := show(t, "--weights", weights, "--images", images), show(t, "--weights", weights, "--images", images, "--format", "npz")
	z, err := npy.OpenZip(filepath.Join(zipped, "activations.npz"))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	if want := []string{"conv1", "conv2", "conv3", "conv4", "avgpool"}; !slices.Equal(z.Names(), want) {
		t.Errorf("arrays %q, want %q", z.Names(), want)
	}
	for _, layer := range z.Names() {
		got, shape, err := npy.ReadEntry[float32](z, layer)
		if err != nil {
			t.Fatal(err)
		}
		if want, wantShape := readArray(t, arrays, layer); !slices.Equal(got, want) || !slices.Equal(shape, wantShape) {
			t.Errorf("%s: %v differs between npz and npy", layer, shape)
		}
	}
	if left, _ := os.ReadDir(zipped); len(left) != 4 {
		t.Errorf("the folder holds %v", left)
	}
}

// The reductions are what reduction.npz says: applied to the whole activity,
// they give what was written.
func TestActivationsReduced(t *testing.T) {
	weights, images, others := untrained(t, "small", true, 3, 8), pictures(t, 1, 20, 8), pictures(t, 2, 30, 8)
	whole := show(t, "--weights", weights, "--images", images)
	units, shape := readArray(t, whole, "conv2") // 6 × 4 × 4
	n, d := shape[0], shape[1]*shape[2]*shape[3]
	entry := func(dir, name string) []float64 {
		z, err := npy.OpenZip(filepath.Join(dir, reductionName))
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		x, _, err := npy.ReadEntry[float64](z, name)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	near := func(what string, got []float32, want []float64) {
		t.Helper()
		if len(got) != len(want) {
			t.Fatalf("%s: %d features, want %d", what, len(got), len(want))
		}
		for i := range want {
			if diff := float64(got[i]) - want[i]; diff > 1e-4 || diff < -1e-4 {
				t.Fatalf("%s: feature %d is %v, want %v", what, i, got[i], want[i])
			}
		}
	}

	const k = 10
	dir := show(t, "--weights", weights, "--images", images, "--project", strconv.Itoa(k), "--seed", "3")
	got, _ := readArray(t, dir, "conv2")
	want := make([]float64, n*k)
	output, feature, value := entry(dir, "conv2.output"), entry(dir, "conv2.feature"), entry(dir, "conv2.value")
	for i := range n {
		for e, v := range value {
			want[i*k+int(output[e])] += v * float64(units[i*d+int(feature[e])])
		}
	}
	near("projection", got, want)

	dir = show(t, "--weights", weights, "--images", images, "--pca", strconv.Itoa(k), "--pca-images", others)
	got, _ = readArray(t, dir, "conv2")
	clear(want)
	mean, components := entry(dir, "conv2.mean"), entry(dir, "conv2.components")
	for i := range n {
		for c := range k {
			for j := range d {
				want[i*k+c] += components[c*d+j] * (float64(units[i*d+j]) - mean[j])
			}
		}
	}
	near("PCA", got, want)
	fitUnits, _ := readArray(t, show(t, "--weights", weights, "--images", others, "--layers", "conv2"), "conv2")
	for j := range d {
		sum := 0.
		for i := range 30 {
			sum += float64(fitUnits[i*d+j]) / 30
		}
		if diff := sum - mean[j]; diff > 1e-5 || diff < -1e-5 {
			t.Fatalf("mean %d is %v, that of the other images %v", j, mean[j], sum)
		}
	}
	table := files(t, dir)["reduction.csv"]
	if !strings.Contains(table, "layer,units,features,explained_variance") || !strings.Contains(table, "conv2,96,10,0.") {
		t.Errorf("reduction.csv is\n%s", table)
	}
	if left, _ := os.ReadDir(dir); len(left) != 10 {
		t.Errorf("the folder holds %v", left)
	}
	if about := files(t, dir)["run.json"]; !strings.Contains(about, `"PCA images"`) || !strings.Contains(about, "Jolliffe") {
		t.Errorf("run.json is\n%s", about)
	}

	// A layer that has no more features stays as it is: pooled, avgpool has 12.
	dir = show(t, "--weights", weights, "--images", images, "--pool", "mean", "--project", "10")
	for layer, features := range map[string]int{"conv1": 3, "conv2": 6, "conv3": 10, "avgpool": 10} {
		if _, shape := readArray(t, dir, layer); !slices.Equal(shape, []int{n, features}) {
			t.Errorf("%s has the shape %v, want %d × %d", layer, shape, n, features)
		}
	}
	dir = show(t, "--weights", weights, "--images", images, "--pool", "mean")
	got, _ = readArray(t, dir, "conv2")
	want = make([]float64, n*6)
	for i := range want {
		for p := range 16 {
			want[i] += float64(units[i*16+p]) / 16
		}
	}
	near("pooling", got, want)
	if _, err := os.Stat(filepath.Join(dir, reductionName)); err == nil {
		t.Error("pooling alone has matrices")
	}
}

// stimuli.csv tells the class of labelled images, by which a score can stratify.
func TestActivationsOfLabelledImages(t *testing.T) {
	dir := show(t, "--weights", untrained(t, "small", false, 2, 32), "--images", "shapes", "--layers", "avgpool")
	rows := readRows(t, filepath.Join(dir, "stimuli.csv"))
	if len(rows) != shapesTest || rows[12]["stimulus_id"] != "shape00012" || rows[12]["object_name"] != "square" || rows[19]["object_name"] != "vertical grating" {
		t.Errorf("%d stimuli, the 13th %v, the 20th %v", len(rows), rows[12], rows[19])
	}
	dir = show(t, "--weights", untrained(t, "small", false, 2, 8), "--images", pictures(t, 1, 3, 8), "--layers", "avgpool")
	if row := readRows(t, filepath.Join(dir, "stimuli.csv"))[2]; len(row) != 1 || row["stimulus_id"] == "" {
		t.Errorf("of images without classes it says %v", row)
	}
}

// The table of the images is kept, so that what stands in it can be used of the
// activations too.
func TestActivationsKeepTheTable(t *testing.T) {
	images := pictures(t, 1, 3, 16)
	if err := os.WriteFile(filepath.Join(images, "stimuli.csv"), []byte("filename,object_name,image_id\nimage00002.png,car,c\nimage00000.png,\"a, b\",a\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "cells")
	ventralOK(t, "activations", "--gabor", "16", "--layers", "complex", "--pool", "mean", "--images", images, "--out", out)
	if got, want := string(readFile(t, filepath.Join(out, "stimuli.csv"))), "stimulus_id,filename,object_name\nc,image00002.png,car\na,image00000.png,\"a, b\"\n"; got != want {
		t.Errorf("stimuli.csv is\n%sexpected\n%s", got, want)
	}
}

// The netCDF-4 file holds the numbers of the arrays under the coordinates that
// Brain-Score's assemblies have: package fit reads a layer of it.
func TestActivationsHDF5(t *testing.T) {
	if !hdf5.Available {
		t.Skip("built without HDF5")
	}
	weights, images := untrained(t, "small", true, 3, 8), pictures(t, 1, 20, 8)
	arrays := show(t, "--weights", weights, "--images", images)
	dir := show(t, "--weights", weights, "--images", images, "--format", "hdf5")
	path := filepath.Join(dir, "activations.h5")
	for _, layer := range []string{"conv1", "conv2", "avgpool"} {
		a, err := fit.ReadAssembly(path, fit.ReadOptions{Select: []fit.Condition{{Coordinate: "layer", Values: []string{layer}}}})
		if err != nil {
			t.Fatal(err)
		}
		want, shape := readArray(t, arrays, layer)
		if len(a.StimulusIDs) != 20 || a.StimulusIDs[7] != "image00007" || a.Repetitions != 1 || len(a.Neuroids) != shape[1]*shape[2]*shape[3] {
			t.Fatalf("%s: %d stimuli (%s …), %d repetitions, %d neuroids", layer, len(a.StimulusIDs), a.StimulusIDs[0], a.Repetitions, len(a.Neuroids))
		}
		for i, v := range want {
			if a.Responses[i] != float64(v) {
				t.Fatalf("%s: element %d is %v, want %v", layer, i, a.Responses[i], v)
			}
		}
	}
	f, err := hdf5.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	// Unit (channel 4, row 2, column 3) of conv2, which comes after conv1's 192.
	for name, want := range map[string]int64{"channel": 4, "row": 2, "column": 3} {
		d, err := f.Dataset(name)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := d.Int64s([]int{192 + (4*4+2)*4 + 3}, []int{1}); err != nil || got[0] != want {
			t.Errorf("%s is %v, want %d (%v)", name, got, want, err)
		}
	}
}

// readActivations is a notebook's first cell.
const readActivations = `
import sys, numpy as np, xarray as xr, netCDF4, h5py
ds = xr.open_dataset(sys.argv[1] + "/activations.h5")
print(dict(ds.sizes), list(ds.data_vars), sorted(ds.coords), str(ds.activations.dtype), ds.stimulus_id.values[7])
for layer in ("conv1", "conv2", "conv3", "conv4", "avgpool"):
    want = np.load(sys.argv[2] + "/" + layer + ".npy")
    mine = ds.activations[:, ds.layer == layer]
    np.testing.assert_array_equal(mine.values.reshape(want.shape), want)
    cube = mine.set_index(neuroid=["channel", "row", "column"]).unstack("neuroid")
    np.testing.assert_array_equal(cube.transpose("stimulus", "channel", "row", "column").values, want)
with netCDF4.Dataset(sys.argv[1] + "/activations.h5") as f:
    assert f["activations"].dimensions == ("stimulus", "neuroid"), f
with h5py.File(sys.argv[1] + "/activations.h5") as f:
    assert [a[0].name for a in f["activations"].dims] == ["/stimulus", "/neuroid"]
`

func TestActivationsAreReadByPython(t *testing.T) {
	const python = "/usr/bin/python3"
	if err := exec.Command(python, "-c", "import h5py, netCDF4, xarray").Run(); err != nil || !hdf5.Available {
		t.Skip("needs HDF5 and Debian's python3-h5py, python3-netcdf4 and python3-xarray: ", err)
	}
	weights, images := untrained(t, "small", false, 3, 8), pictures(t, 1, 20, 8)
	arrays, file := show(t, "--weights", weights, "--images", images), show(t, "--weights", weights, "--images", images, "--format", "hdf5")
	out, err := exec.Command(python, "-c", readActivations, file, arrays).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := `{'stimulus': 20, 'neuroid': 396} ['activations'] ['channel', 'column', 'layer', 'row', 'stimulus_id'] float32 image00007`
	if got := strings.TrimSpace(string(out)); got != want {
		t.Errorf("xarray sees\n%s\nwant\n%s", got, want)
	}
}

// Wrong flags, too few images to fit and folders that cannot be written are
// errors that say so, and leave nothing behind.
func TestActivationsRefuse(t *testing.T) {
	weights, images, few := untrained(t, "small", false, 3, 8), pictures(t, 1, 20, 8), pictures(t, 2, 6, 8)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	black := t.TempDir()
	content, err := os.ReadFile(filepath.Join(few, "image00000.png"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 7 {
		if err := os.WriteFile(filepath.Join(black, fmt.Sprintf("%d.png", i)), content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--layers", "conv9"}, exitUsage, "conv1, conv2"},
		{[]string{"--layers", "conv1,conv1"}, exitUsage, "twice"},
		{[]string{"--format", "mat"}, exitUsage, "npy, npz or hdf5"},
		{[]string{"--batch", "0"}, exitUsage, "--batch"},
		{[]string{"--pool", "median"}, exitUsage, "mean or max"},
		{[]string{"--project", "-1"}, exitUsage, "--project"},
		{[]string{"--pca", "-1"}, exitUsage, "--pca"},
		{[]string{"--project", "5", "--pca", "5", "--pca-images", few}, exitUsage, "exclude each other"},
		{[]string{"--pca", "5"}, exitUsage, "--pca-images"},
		{[]string{"--pca-images", few}, exitUsage, "--pca"},
		{[]string{"--pca", "6", "--pca-images", few}, exitUsage, "6 images"},
		{[]string{"--pca", "6", "--pca-images", black}, exitFailed, "do not differ"},
		{[]string{"--out", filepath.Join(dir, "file", "out")}, exitFailed, "not a directory"},
	} {
		out := filepath.Join(dir, "out")
		code, _, errs := ventral(t, append([]string{"activations", "--weights", weights, "--images", images, "--out", out}, c.args...)...)
		if code != c.code || !strings.Contains(errs, c.want) {
			t.Errorf("%v: exit code %d, want %d; says %q, want %q in it", c.args, code, c.code, errs, c.want)
		}
		if left, _ := os.ReadDir(dir); len(left) != 1 {
			t.Fatalf("%v: left in the folder: %v", c.args, left)
		}
	}
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	for _, format := range []string{"npy", "npz", "hdf5"} {
		if format == "hdf5" && !hdf5.Available {
			continue
		}
		code, _, errs := ventralContext(interrupted, "activations", "--weights", weights, "--images", images, "--out", filepath.Join(dir, "out"), "--format", format)
		if left, _ := os.ReadDir(dir); code != exitInterrupted || len(left) != 1 {
			t.Errorf("interrupted: exit code %d: %s; left in the folder: %v", code, errs, left)
		}
	}
	if !hdf5.Available {
		if code, _, errs := ventral(t, "activations", "--weights", weights, "--images", images, "--out", filepath.Join(dir, "out"), "--format", "hdf5"); code != exitFailed || !strings.Contains(errs, "CGO_ENABLED=1") {
			t.Errorf("HDF5 without cgo: exit code %d: %s", code, errs)
		}
	}
}
