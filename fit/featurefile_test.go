package fit

import (
	"context"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"ventral/internal/hdf5"
	"ventral/internal/npy"
)

// all reads features in blocks of the given width.
func all(t *testing.T, f Features, width int) *mat.Dense {
	t.Helper()
	n, p := f.Dims()
	x := mat.NewDense(n, p, nil)
	for from := 0; from < p; from += width {
		w := min(width, p-from)
		block := mat.NewDense(n, w, nil)
		if err := f.Columns(block, from); err != nil {
			t.Fatal(err)
		}
		x.Slice(0, n, from, from+w).(*mat.Dense).Copy(block)
	}
	return x
}

// Features of two layers, conv (3 × 4 × 5 a stimulus) and fc (7), in every
// format that holds them.
func TestFeatureFiles(t *testing.T) {
	const n = 6
	rng := rand.New(rand.NewPCG(1, 1))
	layers := map[string][]float32{"conv": make([]float32, n*60), "fc": make([]float32, n*7)}
	shapes := map[string][]int{"conv": {n, 3, 4, 5}, "fc": {n, 7}}
	for _, name := range []string{"conv", "fc"} {
		for i := range layers[name] {
			layers[name][i] = float32(rng.NormFloat64())
		}
	}
	dir := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	folder := filepath.Join(dir, "layers")
	must(os.Mkdir(folder, 0o755))
	archive := filepath.Join(dir, "layers.npz")
	z, err := npy.CreateZip(archive)
	must(err)
	defer z.Abort()
	for _, name := range []string{"conv", "fc"} {
		must(npy.WriteFile(filepath.Join(folder, name+".npy"), shapes[name], layers[name]))
		must(npy.AddEntry(z, name, shapes[name], layers[name]))
	}
	must(npy.AddEntry(z, "count", []int{2}, []int64{60, 7})) // no layer
	must(z.Close())
	files := map[string][]string{folder: nil, archive: nil}

	if hdf5.Available {
		ids := []string{"a", "b", "c", "d", "e", "f"}
		file := filepath.Join(dir, "arrays.h5")
		w, err := hdf5.Create(file)
		must(err)
		defer w.Abort()
		for name, size := range map[string]int{"stimulus": n, "channel": 3, "row": 4, "column": 5, "unit": 7} {
			must(w.Dimension(name, size))
		}
		conv, err := hdf5.NewVariable[float32](w, "conv", "stimulus", "channel", "row", "column")
		must(err)
		must(conv.Write([]int{0, 0, 0, 0}, shapes["conv"], layers["conv"]))
		fc, err := hdf5.NewVariable[float32](w, "fc", "stimulus", "unit")
		must(err)
		must(fc.Write([]int{0, 0}, shapes["fc"], layers["fc"]))
		id, err := hdf5.NewVariable[string](w, "stimulus_id", "stimulus")
		must(err)
		must(id.Write([]int{0}, []int{n}, ids))
		must(w.Close())
		files[file] = ids

		// All layers side by side, as ventral activations writes them.
		file = filepath.Join(dir, "together.nc")
		w, err = hdf5.Create(file)
		must(err)
		defer w.Abort()
		must(w.Dimension("stimulus", n))
		must(w.Dimension("neuroid", 67))
		x, err := hdf5.NewVariable[float32](w, "activations", "stimulus", "neuroid")
		must(err)
		must(x.Write([]int{0, 0}, []int{n, 60}, layers["conv"]))
		must(x.Write([]int{0, 60}, []int{n, 7}, layers["fc"]))
		layer, err := hdf5.NewVariable[string](w, "layer", "neuroid")
		must(err)
		must(layer.Write([]int{0}, []int{67}, append(slices.Repeat([]string{"conv"}, 60), slices.Repeat([]string{"fc"}, 7)...)))
		must(w.Close())
		files[file] = nil
	}

	for file, ids := range files {
		f, err := OpenFeatures(file)
		must(err)
		defer f.Close()
		if !slices.Equal(f.Layers, []string{"conv", "fc"}) || !slices.Equal(f.StimulusIDs, ids) {
			t.Errorf("%s: layers %v, stimuli %v", file, f.Layers, f.StimulusIDs)
			continue
		}
		for name, data := range layers {
			for _, width := range []int{1, 7, 13, 60} {
				x, err := f.Layer(name)
				must(err)
				read := all(t, x, width)
				for i, v := range read.RawMatrix().Data {
					if float32(v) != data[i] {
						t.Fatalf("%s, layer %s, blocks of %d: element %d is %g, expected %g", file, name, width, i, v, data[i])
					}
				}
				// Chosen rows, in another order.
				some := all(t, Rows(x, []int{4, 0, 4}), width)
				if !slices.Equal(some.RawRowView(0), read.RawRowView(4)) || !slices.Equal(some.RawRowView(1), read.RawRowView(0)) || !slices.Equal(some.RawRowView(2), read.RawRowView(4)) {
					t.Errorf("%s, layer %s: rows 4, 0 and 4 are others", file, name)
				}
			}
		}
		_, err = f.Layer("pool")
		if err == nil || !strings.Contains(err.Error(), `no layer "pool"; it has conv, fc`) {
			t.Errorf("%s: a layer that is not there: %v", file, err)
		}
	}
}

// A score of features that are read from a file has the bits of one from memory.
func TestScoreFromFile(t *testing.T) {
	for _, size := range []struct{ n, p int }{{40, 700}, {60, 20}} {
		x, y := problemOf("smooth", 3, size.n, size.p, 4)
		path := filepath.Join(t.TempDir(), "x.npy")
		if err := npy.WriteFile(path, []int{size.n, size.p}, x.RawMatrix().Data); err != nil {
			t.Fatal(err)
		}
		f, err := OpenFeatures(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		layer, err := f.Layer("x")
		if err != nil {
			t.Fatal(err)
		}
		var scores []float64
		for _, features := range []Features{Dense(x), layer} {
			res, err := Score(context.Background(), features, y, Options{Regression: RidgeCV{}})
			if err != nil {
				t.Fatal(err)
			}
			scores = append(scores, res.Score)
		}
		if scores[0] != scores[1] {
			t.Errorf("%d × %d: %v from memory, %v from the file", size.n, size.p, scores[0], scores[1])
		}
	}
}

func TestFeatureFileErrors(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, shape []int, data []float64) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := npy.WriteFile(path, shape, data); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for path, want := range map[string]string{
		dir:                              "no .npy files",
		filepath.Join(dir, "absent.npy"): "no such file",
	} {
		if _, err := OpenFeatures(path); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, expected %q", path, err, want)
		}
	}
	text := filepath.Join(dir, "x.txt")
	if err := os.WriteFile(text, []byte("1 2\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenFeatures(text); err == nil || !strings.Contains(err.Error(), `not from ".txt"`) {
		t.Errorf("text: %v", err)
	}
	layer := func(path string) Features {
		t.Helper()
		f, err := OpenFeatures(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		x, err := f.Layer(f.Layers[0])
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	bad := make([]float64, 20*9000)
	bad[7*9000+8999] = math.NaN()
	y := mat.NewDense(20, 1, nil)
	for i := range 20 {
		y.Set(i, 0, float64(i))
	}
	_, err := Score(context.Background(), layer(write("nan.npy", []int{20, 9000}, bad)), y, Options{Regression: Ridge{}})
	if err == nil || !strings.Contains(err.Error(), "feature 8999 is NaN for the stimulus in row 7") {
		t.Errorf("NaN in the second block: %v", err)
	}
	f, err := OpenFeatures(write("vector.npy", []int{5}, make([]float64, 5)))
	if err == nil {
		_, err = f.Layer("vector")
	}
	if err == nil || !strings.Contains(err.Error(), "expected a matrix") {
		t.Errorf("one axis: %v", err)
	}
}

func TestNaturalOrder(t *testing.T) {
	names := []string{"layer10", "layer9.1", "layer9.0", "conv1", "fc", "layer1", "layer01", "layer"}
	slices.SortFunc(names, naturalOrder)
	if got := strings.Join(names, " "); got != "conv1 fc layer layer1 layer01 layer9.0 layer9.1 layer10" && got != "conv1 fc layer layer01 layer1 layer9.0 layer9.1 layer10" {
		t.Error(got)
	}
}
