package main

import (
	"encoding/csv"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"ventral/fit"
	"ventral/internal/memory"
	"ventral/internal/npy"
)

// Responses beside single trials of the same stimuli in another order, or of
// some of them: what is computed of both has them side by side.
func TestScoreTrialsInAnotherOrder(t *testing.T) {
	const n, p, q, repetitions = 40, 12, 4, 3
	rng := rand.New(rand.NewPCG(5, 5))
	dir := t.TempDir()
	x := make([]float64, n*p)
	for i := range x {
		x[i] = rng.NormFloat64()
	}
	features := filepath.Join(dir, "x.npy")
	if err := npy.WriteFile(features, []int{n, p}, x); err != nil {
		t.Fatal(err)
	}
	trials := &fit.Assembly{Repetitions: repetitions}
	rows := [][]string{{"stimulus_id"}}
	for i := range n {
		id := "s" + strconv.Itoa(i)
		rows = append(rows, []string{id})
		trials.StimulusIDs = append(trials.StimulusIDs, id)
		for range repetitions {
			for j := range q {
				trials.Responses = append(trials.Responses, x[i*p+j]+.3*rng.NormFloat64())
			}
		}
	}
	for j := range q {
		trials.Neuroids = append(trials.Neuroids, "n"+strconv.Itoa(j))
	}
	f, err := os.Create(filepath.Join(dir, "stimuli.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if err := csv.NewWriter(f).WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	f.Close()
	write := func(name string, a *fit.Assembly) string {
		path := filepath.Join(dir, name)
		if err := a.Write(path); err != nil {
			t.Fatal(err)
		}
		return path
	}
	order := rng.Perm(n)
	inOrder, shuffled, half := write("trials.npz", trials), write("shuffled.npz", trials.Stimuli(order)), write("half.npz", trials.Stimuli(order[:n/2]))
	mean := *trials
	mean.Repetitions, mean.Responses = 1, trials.Mean().RawMatrix().Data
	responses := write("responses.npz", &mean)

	crossnobis := []string{"--regression", "rsa", "--distance", "crossnobis"}
	want := scored(t, append([]string{"--features", features, "--responses", inOrder}, crossnobis...)...)
	got := scored(t, append([]string{"--features", features, "--responses", responses, "--repetitions", shuffled}, crossnobis...)...)
	if got["score"] != want["score"] {
		t.Errorf("crossnobis %v with the trials in another order, expected %v", got["score"], want["score"])
	}
	if code, _, errs := ventral(t, append([]string{"score", "--features", features, "--responses", responses, "--repetitions", half}, crossnobis...)...); code != exitFailed || !strings.Contains(errs, "20 of 40") {
		t.Errorf("crossnobis with trials of half of the stimuli: exit code %d: %s", code, errs)
	}
	// The ceiling of a layer that is committed is that of the stimuli that it is reported on.
	for _, given := range [][]string{{"--responses", inOrder}, {"--responses", responses, "--repetitions", shuffled}} {
		committed := scored(t, append([]string{"--features", features, "--commit", ".5", "--save", filepath.Join(dir, "committed.npz")}, given...)...)
		var reported []string
		z, err := npy.OpenZip(filepath.Join(dir, "committed.npz"))
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{"train_0", "test_0"} {
			rows, _, err := npy.ReadEntry[int64](z, part)
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range rows {
				reported = append(reported, trials.StimulusIDs[row])
			}
		}
		z.Close()
		all, _ := fit.SplitHalf(trials, fit.SplitHalfOptions{})
		part, err := fit.SplitHalf(trials.Stimuli(rowsWith(trials.StimulusIDs, reported)), fit.SplitHalfOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if got := committed["ceiling"].(float64); len(reported) != n/2 || math.Abs(got-part.Ceiling) > 1e-12 || math.Abs(got-all.Ceiling) < 1e-6 {
			t.Errorf("%v: ceiling %v of a committed layer, expected %v, that of the %d stimuli reported on; of all %v", given, got, part.Ceiling, len(reported), all.Ceiling)
		}
	}
	// A layer is committed and reported on a part of the stimuli, some of which have trials.
	row := scored(t, "--features", features, "--responses", responses, "--repetitions", half, "--commit", ".5")
	if row["n_stimuli"] != 20. || row["ceiling"] == nil {
		t.Errorf("committed: %v stimuli, ceiling %v", row["n_stimuli"], row["ceiling"])
	}
	_, _, errs := ventral(t, "score", "--features", features, "--responses", half)
	if !strings.Contains(errs, "features of 20 of 40 stimuli are not used") {
		t.Errorf("features that are not used are not told of: %s", errs)
	}
}

// The weights of layers are drawn with the seed that is asked for, 0 as well.
func TestScoreBandedSeed(t *testing.T) {
	s := &scoreRun{seed: 0}
	s.scoring.method, s.scoring.methods = banded, scoreMethods
	r, err := s.regressionOf([]int{1, 1}, nil)
	if err != nil || r.Parameters()["seed"] != 0 {
		t.Errorf("seed %v, %v", r.Parameters()["seed"], err)
	}
}

// Responses that take more memory than there is are refused before they are read,
// with the figure and what to do.
func TestScoreRefusesResponsesThatDoNotFit(t *testing.T) {
	if _, ok := memory.Available(); !ok {
		t.Skip("the system does not say how much memory there is")
	}
	dir := t.TempDir()
	features, responses := filepath.Join(dir, "x.npy"), filepath.Join(dir, "y.npy")
	if err := npy.WriteFile(features, []int{1000, 1}, make([]float64, 1000)); err != nil {
		t.Fatal(err)
	}
	header := "{'descr': '<f8', 'fortran_order': False, 'shape': (1000, 1000000000), }"
	header += strings.Repeat(" ", 128-10-1-len(header)) + "\n"
	if err := os.WriteFile(responses, append([]byte("\x93NUMPY\x01\x00\x76\x00"), header...), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(responses, 128+8e12); err != nil { // a hole: it takes no place
		t.Skip(err)
	}
	code, _, errs := ventral(t, "score", "--features", features, "--responses", responses)
	if code != exitFailed || !strings.Contains(errs, "--responses: "+responses) || !strings.Contains(errs, "reading takes 8.") || !strings.Contains(errs, "--select") {
		t.Errorf("exit code %d: %s", code, errs)
	}
}
