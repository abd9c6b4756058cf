package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ventral/internal/npy"
)

// Messages name the flag and what to pass.
func TestScoreMessages(t *testing.T) {
	e := newGroupedExample(t)
	in := func(name string) string { return filepath.Join(e.dir, name) }
	for _, err := range []error{
		npy.WriteFile(in("trials.npy"), []int{4, 60, 3}, make([]float64, 720)),
		os.WriteFile(in("old.mat"), []byte("MATLAB 5.0 MAT-file, Platform: GLNXA64"), 0o644),
		os.WriteFile(in("old.nc"), []byte("CDF\x01 and so on"), 0o644),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--features", in("none.npy")}, exitFailed, "ventral: --features: "},
		{[]string{"--responses", in("none.npy")}, exitFailed, "ventral: --responses: "},
		{[]string{"--responses", in("trials.npy")}, exitFailed, "those that are assumed do not fit: axes stimulus,neuroid: 2 names for an array of 3 axes, 4 × 60 × 3: pass --axes, e.g. stimulus,repetition,neuroid"},
		{[]string{"--responses", in("trials.npy"), "--axes", "unit,stimulus,repetition"}, exitFailed, `unknown name "unit"`},
		{[]string{"--responses", in("old.mat")}, exitFailed, "'-v7.3'"},
		{[]string{"--responses", in("old.nc")}, exitFailed, "save it as netCDF-4"},
		{[]string{"--regression", "pls", "--components", "21"}, exitFailed, "there are 8 features and 54 training stimuli: pass --components 8 or less"},
		{[]string{"--alphas", "1e-2:1e7"}, exitUsage, `--alphas "1e-2:1e7": expected numbers with commas between`},
		{[]string{"--splits", "ten"}, exitUsage, `--splits "ten": expected a whole number`},
		{[]string{"--ceiling", "1.2"}, exitUsage, "--ceiling is 1.2, expected a correlation, more than 0 and at most 1"},
		{[]string{"-features", e.features}, exitUsage, "Did you mean --features?"},
		{[]string{"--alphas", "1", "2", "3"}, exitUsage, "a list has commas between: --alphas …,2,3"},
	} {
		code, _, errs := ventral(t, e.args(c.args...)...)
		if code != c.code || !strings.Contains(errs, c.want) || strings.Contains(errs, "strconv") {
			t.Errorf("%q: exit code %d, %s; expected %d, %q", c.args, code, errs, c.code, c.want)
		}
	}
	code, out, errs := ventral(t, "recordings", "inspect", in("trials.npy"))
	if !strings.Contains(out+errs, "name them, e.g. stimulus,repetition,neuroid: pass --axes") {
		t.Errorf("inspecting trials without axes: exit code %d: %s%s", code, out, errs)
	}
	out = ventralOK(t, e.args("--group", "movie", "--folds", "10", "--bootstrap", "20")...)
	if strings.Contains(out, "predictions are constant") || !strings.Contains(out, "since few or none of their groups of stimuli were drawn") {
		t.Errorf("what is undefined since groups were not drawn is told so:\n%s", out)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if code, _, errs := ventralContext(ctx, e.args()...); code != exitInterrupted || strings.Contains(errs, "canceled") || !strings.Contains(errs, "ventral: interrupted") {
		t.Errorf("interrupted: exit code %d, %s", code, errs)
	}
}
