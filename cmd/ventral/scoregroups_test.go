package main

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ventral/internal/npy"
)

// A groupedExample is features and responses in .npy, whose stimuli.csv has ten
// movies of six frames.
type groupedExample struct{ dir, features, responses string }

func newGroupedExample(t *testing.T) groupedExample {
	t.Helper()
	const n, p, q = 60, 8, 4
	rng := rand.New(rand.NewPCG(7, 7))
	e := groupedExample{dir: t.TempDir()}
	e.features, e.responses = filepath.Join(e.dir, "x.npy"), filepath.Join(e.dir, "y.npy")
	x, y := make([]float64, n*p), make([]float64, n*q)
	for i := range x {
		x[i] = rng.NormFloat64()
	}
	for i := range y {
		y[i] = x[i/q*p+i%q] + .5*rng.NormFloat64()
	}
	table := "stimulus_id,movie\n"
	for i := range n {
		table += fmt.Sprintf("%d,m%d\n", i, i/6)
	}
	for _, err := range []error{
		npy.WriteFile(e.features, []int{n, p}, x), npy.WriteFile(e.responses, []int{n, q}, y),
		os.WriteFile(filepath.Join(e.dir, "stimuli.csv"), []byte(table), 0o644),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return e
}

func (e groupedExample) args(more ...string) []string {
	return append([]string{"score", "--features", e.features, "--responses", e.responses}, more...)
}

// The defaults that --save-config writes are those of the program: an empty list
// of axes is no list.
func TestScoreFromASavedConfig(t *testing.T) {
	e := newGroupedExample(t)
	config := filepath.Join(e.dir, "config.toml")
	first := ventralOK(t, e.args("--save-config", config)...)
	if again := ventralOK(t, "score", "--config", config); again != first {
		t.Errorf("from the configuration:\n%s\nexpected:\n%s", again, first)
	}
}

// What a reader must know of groups is said, with what to pass; what was done
// about it is not.
func TestScoreNotesOnGroups(t *testing.T) {
	e := newGroupedExample(t)
	const (
		twice     = "10 splits test only 6 of 10 groups, some more than once, so that the error over splits is too small: --folds 10 tests each once"
		neighbour = "leaving out single stimuli, whose neighbours of the same group stay in: --inner-folds 9 leaves out whole groups"
		large     = "the null lies too high and p is too large (--refit fits anew)"
		few       = "only 6 held-out stimuli a split, so its r is very uncertain"
	)
	for _, c := range []struct {
		args      []string
		has, lack []string
	}{
		{[]string{"--group", "movie", "--permutations", "9"}, []string{twice, neighbour, large, few, "null mean"}, nil},
		{[]string{"--group", "movie", "--permutations", "9", "--refit", "--folds", "5", "--inner-folds", "8"}, []string{"null mean"}, []string{"more than once", "neighbours", "too large", "held-out"}},
		{[]string{"--permutations", "9"}, []string{"near chance p is somewhat too small (--refit fits anew)", few}, []string{"more than once", "neighbours"}},
		{[]string{"--group", "movie", "--regression", "plscv", "--components", "3"}, []string{twice}, []string{"neighbours"}},
		{[]string{"--alphas", "1e6,1e7"}, []string{"the chosen α is the smallest candidate (1e+06) in 40 of 40 choices (split × neuroid)"}, nil},
		{[]string{"--alphas", "1e-9,1e-8"}, []string{"the chosen α is the largest candidate (1e-08)"}, nil},
	} {
		out := ventralOK(t, e.args(c.args...)...)
		for _, words := range c.has {
			if !strings.Contains(out, words) {
				t.Errorf("%q: no %q in\n%s", c.args, words, out)
			}
		}
		for _, words := range c.lack {
			if strings.Contains(out, words) {
				t.Errorf("%q: %q in\n%s", c.args, words, out)
			}
		}
	}
	code, _, errs := ventral(t, e.args("--group", "movie", "--regression", "plscv", "--components", "3", "--inner-folds", "10")...)
	if code != exitUsage || !strings.Contains(errs, "--inner-folds is 10, and a training part has 9 groups") {
		t.Errorf("more folds than groups: exit code %d, %s", code, errs)
	}
}

// One split has no error over splits.
func TestScoreOnOneSplit(t *testing.T) {
	e := newGroupedExample(t)
	out := ventralOK(t, e.args("--splits", "1", "--json", filepath.Join(e.dir, "s.json"))...)
	if !strings.Contains(out, "± –") {
		t.Errorf("the table has an error:\n%s", out)
	}
	var row map[string]any
	if err := json.Unmarshal(readFile(t, filepath.Join(e.dir, "s.json")), &row); err != nil || row["error"] != "NaN" {
		t.Errorf("error %v, %v", row["error"], err)
	}
}

// A comparison on one split has scores without an error, in its figures too.
func TestComparisonOnOneSplit(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	out := ventralOK(t, "demo", "--epochs", "1", "--train-images", "100", "--width", "2", "--regression", "ridge", "--models", "conv", "--splits", "1", "--out", dir)
	if !strings.Contains(out, "± –") {
		t.Errorf("the table has errors:\n%s", out)
	}
	var found results
	if err := readJSON(filepath.Join(dir, resultsName), &found); err != nil || !math.IsNaN(float64(found.Scores[0].Error)) {
		t.Errorf("error %v, %v", found.Scores[0].Error, err)
	}
	ventralOK(t, "report", dir)
}
