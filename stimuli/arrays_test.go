package stimuli

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ventral/internal/hdf5"
	"ventral/internal/npy"
)

func TestArrays(t *testing.T) {
	dir := t.TempDir()
	bytes, floats, labels := filepath.Join(dir, "b.npy"), filepath.Join(dir, "f.npy"), filepath.Join(dir, "y.npy")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(npy.WriteFile(bytes, []int{2, 1, 1, 3}, []uint8{0, 51, 255, 1, 2, 3}))
	must(npy.WriteFile(floats, []int{2, 1, 1, 3}, []float32{-1, 0, 7, 1, 2, 3}))
	must(npy.WriteFile(labels, []int{2}, []int64{4, 0}))
	x := make([]float32, 3)
	for file, want := range map[string][]float32{bytes: {0, .2, 1}, floats: {-1, 0, 7}} {
		a, err := OpenArrays(file, labels)
		must(err)
		must(a.Pixels(0, x))
		c, h, w := a.Shape()
		if !slices.Equal(x, want) || a.Len() != 2 || a.Label(0) != 4 || a.Label(1) != 0 || len(a.Classes()) != 5 || a.ID(1) != "1" || c != 1 || h != 1 || w != 3 || a.Prepared != (file == floats) {
			t.Errorf("%s: image %v of %d, labels %d %d, classes %v, prepared %v", file, x, a.Len(), a.Label(0), a.Label(1), a.Classes(), a.Prepared)
		}
		if a.Digest() == "" {
			t.Error("no digest")
		}
	}
	bad := filepath.Join(dir, "bad.npy")
	for says, write := range map[string]func() (x, y string){
		"expected images × channels × rows × columns": func() (string, string) {
			must(npy.WriteFile(bad, []int{2, 3}, make([]float32, 6)))
			return bad, labels
		},
		"transpose it, X.transpose(0, 3, 1, 2)": func() (string, string) {
			must(npy.WriteFile(bad, []int{2, 5, 5, 3}, make([]uint8, 150)))
			return bad, labels
		},
		"expected the classes of the 2 images of ": func() (string, string) {
			must(npy.WriteFile(bad, []int{3}, []int64{1, 2, 3}))
			return bytes, bad
		},
		"one class number each": func() (string, string) {
			must(npy.WriteFile(bad, []int{2, 2}, []float32{1, 0, 0, 1}))
			return bytes, bad
		},
		"image 1 has the class -1": func() (string, string) {
			must(npy.WriteFile(bad, []int{2}, []int64{1, -1}))
			return bytes, bad
		},
		"0.5 does not fit as int64": func() (string, string) {
			must(npy.WriteFile(bad, []int{2}, []float32{1, .5}))
			return bytes, bad
		},
		"expected grey levels (uint8) or floats": func() (string, string) {
			must(npy.WriteFile(bad, []int{2, 1, 1, 1}, []int64{1, 2}))
			return bad, labels
		},
		"no such file": func() (string, string) { return filepath.Join(dir, "none.npy"), labels },
	} {
		if _, err := OpenArrays(write()); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
}

// The same numbers from .npy, .npz and HDF5 are the same set.
func TestArraysInContainers(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	pixels, floats, labels := []uint8{0, 51, 255, 1, 2, 3}, []float32{-1, 0, 7, 1, 2, .5}, []int64{4, 0}
	shape := []int{2, 1, 1, 3}
	must(npy.WriteFile(at("b.npy"), shape, pixels))
	must(npy.WriteFile(at("f.npy"), shape, floats))
	must(npy.WriteFile(at("y.npy"), []int{2}, labels))
	z, err := npy.CreateZip(at("all.npz"))
	must(err)
	must(npy.AddEntry(z, "b", shape, pixels))
	must(npy.AddEntry(z, "f", shape, floats))
	must(npy.AddEntry(z, "y", []int{2}, labels))
	must(z.Close())
	one, err := npy.CreateZip(at("one.NPZ"))
	must(err)
	must(npy.AddEntry(one, "labels", []int{2}, labels))
	must(one.Close())

	want := map[string]string{}
	for _, x := range []string{"b", "f"} {
		a, err := OpenArrays(at(x+".npy"), at("y.npy"))
		must(err)
		want[x] = a.Digest()
		for _, names := range [][2]string{{"all.npz:" + x, "all.npz:y"}, {"all.npz:" + x, "one.NPZ"}} {
			a, err := OpenArrays(at(names[0]), at(names[1]))
			must(err)
			if a.Digest() != want[x] || a.Prepared != (x == "f") {
				t.Errorf("%v: other content, prepared %v", names, a.Prepared)
			}
		}
	}
	_, err = OpenArrays(at("all.npz"), at("y.npy"))
	mustFail(t, err, "all.npz", `"b" "f" "y"`, "name one")
	_, err = OpenArrays(at("all.npz:z"), at("y.npy"))
	mustFail(t, err, "all.npz", `"z"`)

	w, err := hdf5.Create(at("all.h5"))
	if !hdf5.Available {
		mustFail(t, err, "HDF5")
		return
	}
	must(err)
	for i, n := range shape {
		must(w.Dimension([]string{"n", "c", "h", "w"}[i], n))
	}
	b, err := hdf5.NewVariable[int32](w, "b", "n", "c", "h", "w")
	must(err)
	must(b.Write([]int{0, 0, 0, 0}, shape, []int32{0, 51, 255, 1, 2, 3}))
	f, err := hdf5.NewVariable[float32](w, "f", "n", "c", "h", "w")
	must(err)
	must(f.Write([]int{0, 0, 0, 0}, shape, floats))
	bad, err := hdf5.NewVariable[int32](w, "bad", "n", "c", "h", "w")
	must(err)
	must(bad.Write([]int{0, 0, 0, 0}, shape, []int32{0, 51, 256, 1, 2, 3}))
	y, err := hdf5.NewVariable[int32](w, "y", "n")
	must(err)
	must(y.Write([]int{0}, []int{2}, []int32{4, 0}))
	must(w.Close())
	for _, x := range []string{"b", "f"} {
		a, err := OpenArrays(at("all.h5:"+x), at("all.h5:/y"))
		must(err)
		if a.Digest() != want[x] || a.Prepared != (x == "f") {
			t.Errorf("HDF5, %s: other content, prepared %v", x, a.Prepared)
		}
	}
	_, err = OpenArrays(at("all.h5:bad"), at("y.npy"))
	mustFail(t, err, "image 0, value 2 is 256")
	_, err = OpenArrays(at("all.h5:none"), at("y.npy"))
	mustFail(t, err, "none")
}
