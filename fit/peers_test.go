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
// turn, ours on one core and scikit-learn on all, and prints medians, their
// ratio and how far the predictions are apart; and a score of ten splits, on all
// cores, beside ten of scikit-learn's fits: make bench-peers.
func TestPeers(t *testing.T) {
	python := peers.Python(t, "sklearn", "python3-sklearn")
	cores := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(cores)
	const n, train, q = 2880, 2592, 168
	alphas := []float64{1e-2, 1e-1, 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8}
	fmt.Printf("%-34s %15s %22s %8s %10s %12s %18s\n", "2,880 stimuli, 168 noise targets", "ventral, 1 core", fmt.Sprintf("scikit-learn, %d cores", cores), "ratio", "distance", "its memory", "ten splits, ratio")
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
		var ours, theirs, ratios []float64
		var bytes, apart float64
		for range c.turns {
			begun := time.Now()
			f, err := c.r.Fit(problem(t, x, y), rowsUpTo(n)[:train])
			if err != nil {
				t.Fatal(err)
			}
			predicted := f.Predict(rowsUpTo(n)[train:])
			a := time.Since(begun).Seconds()

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
			ours, theirs, ratios = append(ours, a), append(theirs, b), append(ratios, b/a)
		}
		runtime.GOMAXPROCS(cores)
		begun := time.Now()
		if _, err := Score(context.Background(), Dense(x), y, Options{Regression: c.r}); err != nil {
			t.Fatal(err)
		}
		ten := time.Since(begun).Seconds()
		runtime.GOMAXPROCS(1)
		fmt.Printf("%-34s %13.2f s %20.2f s %7.1f× %10.1e %9.2f GB %8.2f s %6.1f×\n", fmt.Sprintf("%s, %d features", c.name, c.features), peers.Median(ours), peers.Median(theirs), peers.Median(ratios), apart, bytes/1e9, ten, 10*peers.Median(theirs)/ten)
	}
}
