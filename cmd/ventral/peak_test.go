//go:build peers

package main

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"ventral/internal/npy"
)

// TestScoreForeseesItsMemory holds the memory that ventral score says it needs
// against its peak, for every method at sizes where the matrices count: within
// 15 %.
func TestScoreForeseesItsMemory(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "ventral")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	r := rand.New(rand.NewPCG(1, 0))
	array := func(name string, rows, cols int) string {
		data := make([]float64, rows*cols)
		for i := range data {
			data[i] = r.NormFloat64()
		}
		path := filepath.Join(dir, name+".npy")
		if err := npy.WriteFile(path, []int{rows, cols}, data); err != nil {
			t.Fatal(err)
		}
		return path
	}
	about := regexp.MustCompile(`about ([0-9.]+) GB of memory`)
	for _, size := range []struct{ n, features int }{{2000, 512}, {5000, 512}, {1500, 6000}} {
		n := size.n
		x, y := array("x", n, size.features), array("y", n, 100)
		for _, method := range []string{"rsa", "rsa --by pearson", "rsa --by kendall", "rsa --splits 5", "cka", "procrustes", "pls", "ridge", "linear", "one-to-one", "ridgecv", "ridgecv --alphas 1,10", "ridgecv --inner-folds 2", "banded --alphas 1,10"} {
			report := filepath.Join(dir, "score.json")
			args := append([]string{"score", "--features", x, "--responses", y, "--json", report, "--regression"}, strings.Fields(method)...)
			out, err := exec.Command(program, args...).CombinedOutput()
			if err != nil {
				t.Fatalf("%s: %v: %s", method, err, out)
			}
			text, err := os.ReadFile(report)
			if err != nil {
				t.Fatal(err)
			}
			var score struct {
				Peak float64 `json:"peak_bytes"`
			}
			if err := json.Unmarshal(text, &score); err != nil {
				t.Fatal(err)
			}
			said := about.FindSubmatch(out)
			if said == nil {
				t.Fatalf("%s: it says nothing of memory: %s", method, out)
			}
			want, err := strconv.ParseFloat(string(said[1]), 64)
			if err != nil {
				t.Fatal(err)
			}
			ratio := want * 1e9 / score.Peak
			t.Logf("%d × %d, %-22s foreseen %.3f GB, peak %.3f GB: %.2f", n, size.features, method, want, score.Peak/1e9, ratio)
			if ratio > 1.15 || ratio < 1/1.15 {
				t.Errorf("%d × %d, %s: foreseen %.3f GB, and the peak is %.3f GB", n, size.features, method, want, score.Peak/1e9)
			}
		}
	}
}
