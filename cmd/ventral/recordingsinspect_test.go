package main

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ventral/fit"
	"ventral/internal/hdf5"
	"ventral/internal/npy"
)

// twoRegions writes 6 stimuli × 4 repetitions × 3 neuroids, of which two are
// of V4 and repeat exactly, and one of IT; a trial is missing.
func twoRegions(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "session.npz")
	a := &fit.Assembly{Repetitions: 4, Neuroids: []string{"u0", "u1", "u2"}}
	for s := range 6 {
		a.StimulusIDs = append(a.StimulusIDs, string(rune('a'+s)))
		for r := range 4 {
			a.Responses = append(a.Responses, float64(s*s), float64(5-s), float64(s%3+r%2))
		}
	}
	a.Responses[2] = math.NaN()
	if err := a.Write(path); err != nil {
		t.Fatal(err)
	}
	regions := "neuroid_id,region,depth\nu0,V4,0.5\nu1,V4,1.5\nu2,IT,2\n"
	if err := os.WriteFile(strings.TrimSuffix(path, ".npz")+"_neuroids.csv", []byte(regions), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestInspectPrints(t *testing.T) {
	path := twoRegions(t)
	code, out, errs := ventral(t, "recordings", "inspect", path)
	const want = `array      type     shape      dimensions or content
responses  float64  6 × 4 × 3
axes       uint8    27

responses: responses, 6 stimulus × 4 repetition × 3 neuroid, 1.4 % NaN

coordinate   axis      different  values
stimulus_id  stimulus  6          a, b, c, d, e, f
neuroid_id   neuroid   3          u0, u1, u2
region       neuroid   2          IT (1), V4 (2)
depth        neuroid   3          0.5, 1.5, 2

region  stimuli  trials each  neuroids  time  split-half r       quartiles       ceiling
IT            6          3–4         1     –          .982    .982 to .982   .991 ± .001
V4            6            4         2     –         1.000  1.000 to 1.000  1.000 ± .000
split-half r: between the means of two halves of the repetitions, mean over 10 splits; median and quartiles over neuroids.
ceiling: the same, Spearman–Brown corrected, median over neuroids, mean ± standard error over splits.
`
	if code != exitOK || out != want {
		t.Errorf("exit code %d, %s; printed\n%s", code, errs, out)
	}
}

func TestInspectForScripts(t *testing.T) {
	path := twoRegions(t)
	code, out, errs := ventral(t, "recordings", "inspect", path, "--select", "region=V4", "--select", "depth>=1", "--json", "-")
	if code != exitOK {
		t.Fatal(errs)
	}
	var found inspection
	if err := json.Unmarshal([]byte(strings.ReplaceAll(out, `"NaN"`, "null")), &found); err != nil {
		t.Fatal(err)
	}
	if found.File != path || found.Responses != "responses" || len(found.Arrays) != 2 || len(found.Coordinates) != 4 || found.Problem != "" || len(found.Assemblies) != 1 {
		t.Fatalf("%s", out)
	}
	a := found.Assemblies[0]
	if a.Region != "V4" || a.Neuroids != 1 || a.Stimuli != 6 || a.Fewest != 4 || math.Abs(float64(a.Ceiling)-1) > 1e-12 || math.Abs(float64(found.Missing)-1./72) > 1e-15 {
		t.Errorf("%s", out)
	}
	file := filepath.Join(t.TempDir(), "found.json")
	if code, printed, errs := ventral(t, "recordings", "inspect", path, "--json", file); code != exitOK || !strings.Contains(printed, "4 × 3") {
		t.Errorf("exit code %d, %s%s", code, printed, errs)
	}
	if text, err := os.ReadFile(file); err != nil || !strings.Contains(string(text), `"n_neuroids": 2`) {
		t.Errorf("%s, %v", text, err)
	}
}

func TestInspectSaysWhatIsWrong(t *testing.T) {
	path := twoRegions(t)
	plain := filepath.Join(t.TempDir(), "plain.npy")
	if err := npy.WriteFile(plain, []int{2, 3}, []float32{1, 2, 3, 4, 5, 6}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{path, "--select", "region=V1"}, exitOK, `no assembly: ` + path + `: no neuroid has the region "V1"; there are IT (1), V4 (2)`},
		{[]string{path, "--select", "region=V4", "--select", "depth>1.5"}, exitOK, "no neuroid has all that is selected: region=V4, depth>1.5"},
		{[]string{path, "--select", "region"}, exitUsage, `--select: selection "region": no comparison`},
		{[]string{path, "--window", "70-170"}, exitUsage, `--window "70-170": expected BEGIN:END in ms, such as 70:170`},
		{[]string{path, "--window", "170:70"}, exitUsage, "--window"},
		{[]string{path, "--window", "70:170x"}, exitUsage, "--window"},
		{[]string{path, "--window", "70:170"}, exitOK, "the window 70–170 ms is asked for and there are no time bins to choose from"},
		{[]string{plain}, exitOK, "plain.npy  float32  2 × 3"},
		{[]string{plain}, exitOK, "does not say what its axes are (2 × 3): name them, e.g. stimulus,neuroid"},
		{[]string{plain, "--axes", "stimulus,neuroid"}, exitOK, "note: no reliability: a split-half ceiling needs at least 2 repetitions per stimulus, found 1"},
		{[]string{plain, "--axes", "stimulus,neuroid", "--neuroids", plain + ".csv"}, exitOK, "plain.npy.csv: open"},
		{[]string{}, exitUsage, "needs one FILE"},
		{[]string{path, plain}, exitUsage, "needs one FILE"},
		{[]string{path + ".gone.npz"}, exitFailed, "no such file"},
		{[]string{"inspect.go"}, exitFailed, `recordings are read from .nc, .h5, .hdf5, .mat (HDF5) and .npy, .npz (NumPy) files, not from ".go"`},
		{[]string{"--help"}, exitOK, "ventral recordings inspect FILE: show what a file of recordings holds"},
	} {
		code, out, errs := ventral(t, append([]string{"recordings", "inspect"}, c.args...)...)
		if code != c.code || !strings.Contains(out+errs, c.want) {
			t.Errorf("%v: exit code %d, expected %d and %q in\n%s%s", c.args, code, c.code, c.want, out, errs)
		}
	}
}

// Each real file shows what is known of it.
func TestInspectRealFiles(t *testing.T) {
	data := realData(t)
	if !hdf5.Available {
		t.Skip("built without cgo: no HDF5")
	}
	for file, wants := range map[string][]string{
		"it-v4-majaj2015-25images/test_data.nc": {
			"region          neuroid       2          IT (168), V4 (128)",
			"IT           25           28       168  70–170 ms          .610  .437 to .721  .753 ± .004",
			"V4           25           28       128  70–170 ms          .471",
		},
		"v1-henaff-ay3_u002/responses.h5": {"400 stimulus × 50 repetition × 53 neuroid, 7.0 % NaN", "V1          400        31–50        53     –          .828"},
		"v1-henaff-ay3_u002/ay3_u002_image_sequences.mat": {
			"/naturalStruct/sortedResponses                       MATLAB double  2 × 3 × 10 × 11 × 53 × 50", "MATLAB char    1 × 2                      V1",
			"no assembly:", "say which",
		},
		"v4-cowley-210325/responses_210325.npy":                  {"float64  50 × 640 × 10", "no assembly:"},
		"netcdf/alexnet-rgb-1000.nc":                             {"classifier.5 (1000), features.12 (1000)"},
		"netcdf/assy_schiller_Schiller1976c.nc":                  {"87 neuroid × 2 neuronal_property, 8.0 % NaN", `no assembly:`, `unknown name "neuronal_property"`},
		"netcdf/assy_movshon_FreemanZiemba2013_V1_properties.nc": {"V1 (102)", `unknown name "neuronal_property"`},
		"rdm-92images/monkey_it_rdm.npy":                         {"92 × 92", "does not say what its axes are"},
	} {
		code, out, errs := ventral(t, "recordings", "inspect", filepath.Join(data, filepath.FromSlash(file)))
		for _, want := range wants {
			if code != exitOK || !strings.Contains(out, want) {
				t.Errorf("%s: exit code %d, %s; expected %q in\n%s", file, code, errs, want, out)
			}
		}
	}
}
