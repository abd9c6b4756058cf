package fit

import (
	"path/filepath"
	"runtime"
	"testing"

	"ventral/internal/npy"
)

// Trials are read in slabs: beside the responses little memory is taken.
func TestTrialsAreReadInSlabs(t *testing.T) {
	const n, repetitions, q = 400, 20, 500
	trials := make([]float32, n*repetitions*q)
	for i := range trials {
		trials[i] = float32(i % 1021)
	}
	shape := []int{n, repetitions, q}
	dir := t.TempDir()
	array, archive := filepath.Join(dir, "t.npy"), filepath.Join(dir, "t.npz")
	if err := npy.WriteFile(array, shape, trials); err != nil {
		t.Fatal(err)
	}
	z, err := npy.CreateZip(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Abort()
	if err := npy.AddEntry(z, "responses", shape, trials); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{array, archive} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		a, err := ReadAssembly(path, ReadOptions{Axes: []string{"stimulus", "repetition", "neuroid"}})
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range a.Responses {
			if v != float64(trials[i]) {
				t.Fatalf("%s: element %d is %g, expected %g", path, i, v, trials[i])
			}
		}
		if taken, held := after.TotalAlloc-before.TotalAlloc, uint64(8*len(a.Responses)); taken > held*7/4 { // the race detector takes some, too
			t.Errorf("%s: %d bytes were allocated for %d of responses", path, taken, held)
		}
	}
}
