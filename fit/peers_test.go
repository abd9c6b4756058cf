//go:build peers

package fit

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"gonum.org/v1/gonum/mat"

	"ventral/internal/npy"
	"ventral/internal/peers"
)

// TestPeers times regressions beside scikit-learn's on the same data, turn by
// turn, ours on one core and on all and scikit-learn on all, and prints medians,
// the medians of the ratios and how far the predictions are apart; and a score of
// ten splits, on all cores, beside ten of scikit-learn's fits: make bench-peers.
func TestPeers(t *testing.T) {
	python := peers.Python(t, "sklearn", "python3-sklearn")
	cores := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(cores)
	const n, train, q = 2880, 2592, 168
	alphas := []float64{1e-2, 1e-1, 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8}
	all := fmt.Sprintf("%d cores", cores)
	fmt.Printf("%-32s %15s %8s %16s %8s %22s %10s %12s %18s\n", "2,880 stimuli, 168 noise targets", "ventral, 1 core", "ratio", "ventral, "+all, "ratio", "scikit-learn, "+all, "distance", "its memory", "ten splits, ratio")
	for _, c := range []struct {
		name     string
		r        Regression
		features int
		turns    int
	}{
		{"pls", PLS{}, 1000, 3},
		{"pls", PLS{}, 5000, 3},
		{"ridgecv", RidgeCV{Alphas: alphas}, 1000, 3},
		{"ridgecv", RidgeCV{Alphas: alphas}, 5000, 3},
	} {
		x, y := problemOf("noise", 1, n, c.features, q)
		dir := t.TempDir()
		for name, m := range map[string]*mat.Dense{"x": x, "y": y} {
			rows, cols := m.Dims()
			if err := npy.WriteFile(filepath.Join(dir, name+".npy"), []int{rows, cols}, m.RawMatrix().Data); err != nil {
				t.Fatal(err)
			}
		}
		stimuli := rowsUpTo(n)
		var theirs []float64
		ours, ratios := map[int][]float64{}, map[int][]float64{} // by the number of cores
		var bytes, apart float64
		for range c.turns {
			var predicted *mat.Dense
			taken := map[int]float64{}
			for _, on := range []int{1, cores} {
				runtime.GOMAXPROCS(on)
				begun := time.Now()
				f, err := c.r.Fit(problem(t, x, y), stimuli[:train])
				if err != nil {
					t.Fatal(err)
				}
				predicted = f.Predict(stimuli[train:])
				taken[on] = time.Since(begun).Seconds()
			}
			cmd := exec.Command(python, "testdata/time_sklearn.py", c.name, dir, strconv.Itoa(train))
			cmd.Env = append(os.Environ(), "OPENBLAS_NUM_THREADS="+strconv.Itoa(cores))
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			var b float64
			if _, err := fmt.Sscan(string(out), &b, &bytes); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			want, _, err := npy.ReadFile[float64](filepath.Join(dir, "predicted.npy"))
			if err != nil {
				t.Fatal(err)
			}
			apart = max(apart, distance(predicted, rowsOf(mat.NewDense(n-train, q, want))))
			theirs = append(theirs, b)
			for n, a := range taken {
				ours[n], ratios[n] = append(ours[n], a), append(ratios[n], b/a)
			}
		}
		begun := time.Now()
		if _, err := Score(context.Background(), Dense(x), y, Options{Regression: c.r}); err != nil {
			t.Fatal(err)
		}
		ten := time.Since(begun).Seconds()
		fmt.Printf("%-32s %13.2f s %7.1f× %14.2f s %7.1f× %20.2f s %10.1e %9.2f GB %8.2f s %6.1f×\n", fmt.Sprintf("%s, %d features", c.name, c.features),
			peers.Median(ours[1]), peers.Median(ratios[1]), peers.Median(ours[cores]), peers.Median(ratios[cores]), peers.Median(theirs), apart, bytes/1e9, ten, 10*peers.Median(theirs)/ten)
	}
}
