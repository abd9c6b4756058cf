package stimuli

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

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
		"expected the classes of the 2 images": func() (string, string) {
			must(npy.WriteFile(bad, []int{3}, []int64{1, 2, 3}))
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
