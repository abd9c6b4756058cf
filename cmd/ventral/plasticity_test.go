package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"ventral/internal/npy"
	"ventral/plasticity"
	"ventral/stimuli"
)

const plasticityGoldens = "../../plasticity/testdata"

// ventralOK runs a verb that must succeed, and returns what it prints.
func ventralOK(t *testing.T, args ...string) string {
	t.Helper()
	code, out, errs := ventral(t, args...)
	if code != exitOK {
		t.Fatalf("ventral %s: exit code %d: %s", strings.Join(args, " "), code, errs)
	}
	return out
}

// array reads an array of an .npz.
func array(t *testing.T, path, name string) ([]float64, []int) {
	t.Helper()
	z, err := npy.OpenZip(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	data, shape, err := npy.ReadEntry[float64](z, name)
	if err != nil {
		t.Fatal(err)
	}
	return data, shape
}

// csvRows reads a table as maps from column to value.
func csvRows(t *testing.T, path string) (rows []map[string]string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range all[1:] {
		m := map[string]string{}
		for i, name := range all[0] {
			m[name] = row[i]
		}
		rows = append(rows, m)
	}
	return rows
}

// Another program's run is repeated from its arrays: NumPy's, in both forms.
func TestPlasticityRepeatsANumPyRun(t *testing.T) {
	for golden, args := range map[string][]string{
		"mean_field.npy": {"--steps", "60"},
		"circuit.npy":    {"--neurons", "circuit", "--steps", strconv.Itoa(20 * 150)},
	} {
		out := filepath.Join(t.TempDir(), "run")
		ventralOK(t, append([]string{"plasticity", "run", "--weights", filepath.Join(plasticityGoldens, "start.npy"), "--input", filepath.Join(plasticityGoldens, "inputs.npy"), "--out", out}, args...)...)
		got, shape := array(t, filepath.Join(out, "trajectory.npz"), "weights_end")
		want, wantShape, err := npy.ReadFile[float64](filepath.Join(plasticityGoldens, golden))
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(shape) != fmt.Sprint(wantShape) {
			t.Fatalf("%s: shape %v, want %v", golden, shape, wantShape)
		}
		for i := range got {
			if math.Abs(got[i]-want[i]) > 1e-12 {
				t.Fatalf("%s: weight %d is %v, NumPy's %v", golden, i, got[i], want[i])
			}
		}
	}
}

// The arrays of a run belong together, and run.json says all that made it.
func TestPlasticityRunFiles(t *testing.T) {
	out := filepath.Join(t.TempDir(), "run")
	text := ventralOK(t, "plasticity", "run", "--set", "gamma=.1", "--steps", "500", "--every", "100", "--weights-mb", "1", "--out", out)
	if !regexp.MustCompile(`(?m)^log10 inverse SNR +\S+ +\S+ +-2\.\d+$`).MatchString(text) {
		t.Errorf("the table has no theory of about −2.1 for the inverse SNR:\n%s", text)
	}
	npz := filepath.Join(out, "trajectory.npz")
	weights, shape := array(t, npz, "weights")
	if fmt.Sprint(shape) != "[6 100 9]" {
		t.Fatalf("weights are %v, want 6 records × 100 × 9", shape)
	}
	last := make([][]float64, 100)
	for i := range last {
		last[i] = weights[5*900+i*9:][:9]
	}
	for name, want := range map[string]float64{"snr": plasticity.SNR(last), "inverse_snr": plasticity.InverseSNR(last), "mean_to_sd": plasticity.MeanToSD(last)} {
		values, _ := array(t, npz, name)
		if len(values) != 6 || math.Abs(values[5]/want-1) > 1e-12 {
			t.Errorf("%s ends with %v, the recorded weights give %g", name, values, want)
		}
	}
	rows := csvRows(t, filepath.Join(out, "trajectory.csv"))
	if len(rows) != 6 || rows[5]["step"] != "500" || rows[5]["inverse_snr"] != exact(plasticity.InverseSNR(last)) || rows[1]["eta"] != exact(.5/1100) {
		t.Errorf("trajectory.csv ends with %v", rows[len(rows)-1])
	}
	var about description
	blob, err := os.ReadFile(filepath.Join(out, "run.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(blob, &about); err != nil {
		t.Fatal(err)
	}
	for flag, want := range map[string]string{"set": "gamma=0.1", "eta": "0.5/(1000 + t)", "momentum": "0.95", "hold": "1", "mean": "1", "rule": "sharing", "seed": "1"} {
		if about.Arguments[flag] != want {
			t.Errorf("run.json: --%s is %q, want %q", flag, about.Arguments[flag], want)
		}
	}
	for _, name := range []string{"plot.png", "plot.svg"} {
		if info, err := os.Stat(filepath.Join(out, name)); err != nil || info.Size() < 5000 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

// The equations that the help shows are those of the rules.
func TestRuleTableEquations(t *testing.T) {
	for _, r := range ruleTable {
		if r.name == "sanger" || r.name == "foldiak" { // more than one synapse can say
			continue
		}
		constants, err := constantsOf(nil, r.name, r.constants)
		if err != nil {
			t.Fatal(err)
		}
		delete(constants, "normalise")
		equation, err := plasticity.ParseEquation(r.equation, constants)
		if err != nil {
			t.Errorf("%s: %v", r.name, err)
			continue
		}
		var ends [2][][]float64
		for i, rule := range []plasticity.Rule{r.make(constants, neuronsTable[0]), equation} {
			ends[i] = plasticity.Gaussian(5, 9, 0, .3, 1)
			e := plasticity.Experiment{Rule: rule, Inputs: stimuli.WhiteNoise{Seed: 1}, Rate: plasticity.Constant(.002)}
			if err := e.Run(t.Context(), ends[i], 100, nil); err != nil {
				t.Fatal(err)
			}
		}
		for i := range ends[0] {
			for j := range ends[0][i] {
				if math.Abs(ends[0][i][j]-ends[1][i][j]) > 1e-12 {
					t.Fatalf("%s: weight %d,%d ends at %g, with its equation %q at %g", r.name, i, j, ends[0][i][j], r.equation, ends[1][i][j])
				}
			}
		}
	}
}

// writeShapes writes a folder of generated images.
func writeShapes(t *testing.T, dir string, n int) {
	t.Helper()
	set := stimuli.Shapes(stimuli.ShapeOptions{N: n, Seed: 1})
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		picture, err := stimuli.Picture(set, i)
		if err != nil {
			t.Fatal(err)
		}
		if err := stimuli.WritePNG(filepath.Join(dir, strconv.Itoa(i)+".png"), picture); err != nil {
			t.Fatal(err)
		}
	}
}

// Every rule runs with every kind of neurons and inputs that it can have.
func TestPlasticityRunAll(t *testing.T) {
	images := filepath.Join(t.TempDir(), "shapes")
	writeShapes(t, images, 12)
	inputs := [][]string{{"--input", "white"}, {"--input", "correlated", "--spectrum", "1"}, {"--input", "gratings"}, {"--input", "patches", "--images", "pictures:" + images, "--image-size", "24"}}
	i := 0
	for _, r := range ruleTable {
		for _, n := range neuronsTable {
			if r.name == "foldiak" && n.name != "linear" {
				continue
			}
			i++
			args := []string{"plasticity", "run", "--rule", r.name, "--n", "6", "--k", "4", "--steps", "310", "--eta", "1e-4", "--overwrite", "--out", filepath.Join(t.TempDir(), "run")}
			if n.name != "linear" {
				args = append(args, "--neurons", n.name)
			}
			ventralOK(t, append(args, inputs[i%len(inputs)]...)...)
		}
	}
}

// Hebb's rule, which grows without bound, keeps the length of filters by default.
func TestHebbRunsWithItsDefaults(t *testing.T) {
	out := ventralOK(t, "plasticity", "run", "--rule", "hebb", "--out", filepath.Join(t.TempDir(), "run"))
	if !strings.Contains(out, "step 2,000") {
		t.Errorf("hebb does not reach its last step: %s", out)
	}
}

// Of more neurons than components Sanger's rule keeps as many as there are, and
// the eigenvalues of 1/f² noise, which come in pairs and fours, make no vectors of
// their own however they are sampled.
func TestSangerTheory(t *testing.T) {
	run := func(args ...string) string {
		return ventralOK(t, append([]string{"plasticity", "run", "--rule", "sanger", "--steps", "300", "--out", filepath.Join(t.TempDir(), "run")}, args...)...)
	}
	if out := run("--n", "36"); !strings.Contains(out, "mean norm of a filter to 9/36") || !strings.Contains(out, " 0.25\n") {
		t.Errorf("36 neurons, 9 components: %s", out)
	}
	if out := run("--n", "4", "--input", "correlated", "--k", "5"); !strings.Contains(out, "from the noise's spectrum, stands apart") || strings.Contains(out, "|cosine|") {
		t.Errorf("noise with eigenvalues in fours: %s", out)
	}
}

// A spectrum from a file is that of the noise: power at one frequency only makes
// every filter of Oja's rule that grating's.
func TestPlasticitySpectrumFromAFile(t *testing.T) {
	dir := t.TempDir()
	power := make([]float64, 16)
	power[1], power[3] = 1, 1 // one cycle across the four columns
	file := filepath.Join(dir, "power.npy")
	if err := npy.WriteFile(file, []int{4, 4}, power); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "run")
	ventralOK(t, "plasticity", "run", "--rule", "oja", "--n", "3", "--k", "4", "--input", "correlated", "--spectrum", file, "--steps", "5000", "--eta", "0.01", "--out", out)
	w, _ := array(t, filepath.Join(out, "trajectory.npz"), "weights_end")
	for i := range 3 {
		for col := range 4 {
			for row := 1; row < 4; row++ {
				// Equal in all rows, and the negative half a cycle on.
				if a, b, c := w[i*16+col], w[i*16+row*4+col], w[i*16+row*4+(col+2)%4]; math.Abs(a-b) > .02 || math.Abs(a+c) > .02 {
					t.Fatalf("filter %d is no grating of one cycle: %v", i, w[i*16:][:16])
				}
			}
		}
	}
}

func TestPlasticityDivergenceKeepsTheRecord(t *testing.T) {
	out := filepath.Join(t.TempDir(), "run")
	code, _, errs := ventral(t, "plasticity", "run", "--rule", "oja", "--eta", "3", "--every", "1", "--out", out)
	if code != exitFailed || !strings.Contains(errs, "oja diverged by step") || !strings.Contains(errs, "beyond the bound of") || !strings.Contains(errs, "oja is stable, from filters of about unit norm") {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	if rows := csvRows(t, filepath.Join(out, "trajectory.csv")); len(rows) < 2 {
		t.Errorf("%d records before the divergence", len(rows))
	}
}

// Every rule runs with what the program takes by itself.
func TestPlasticityDefaultsRun(t *testing.T) {
	for _, r := range ruleTable {
		out := filepath.Join(t.TempDir(), r.name)
		ventralOK(t, "plasticity", "run", "--rule", r.name, "--out", out)
		var about description
		if err := readJSON(filepath.Join(out, "run.json"), &about); err != nil {
			t.Fatal(err)
		}
		want := [3]string{"100", "3", "9"}
		switch r.name {
		case "sanger":
			want[0] = "9"
		case "foldiak":
			want = [3]string{"16", "8", "64"}
		}
		if got := [3]string{about.Arguments["n"], about.Arguments["k"], about.Arguments["d"]}; got != want {
			t.Errorf("%s: n, k and d are %v, want %v", r.name, got, want)
		}
	}
}

// Of Sanger's neurons only as many keep a filter as the inputs have components:
// correlated noise without mean luminance has d − 1.
func TestSangerHasNoMoreFiltersThanComponents(t *testing.T) {
	out := filepath.Join(t.TempDir(), "run")
	var j plasticityJSON
	text := ventralOK(t, "plasticity", "run", "--rule", "sanger", "--n", "20", "--input", "correlated", "--steps", "20000", "--eta", "0.01", "--json", "-", "--out", out)
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		t.Fatal(err)
	}
	if got, want := float64(j.End["filter_norm"]), float64(j.Theory["filter_norm"]); want != 8./20 || math.Abs(got-want) > .1 {
		t.Errorf("the mean norm of a filter is %g, in theory %g, want 8/20", got, want)
	}
	if !strings.Contains(j.Note, "no eigenvalue") { // on 3 × 3 pixels each comes four times
		t.Errorf("the note is %q", j.Note)
	}
}

// The moments of correlated noise from its spectrum are those of its patterns.
func TestSecondMomentsOfCorrelatedNoise(t *testing.T) {
	noise, err := stimuli.NewCorrelatedNoise(stimuli.CorrelatedOptions{Seed: 3, Channels: 2, Height: 4, Width: 4, Exponent: 1})
	if err != nil {
		t.Fatal(err)
	}
	r := &plasticityRun{Experiment: plasticity.Experiment{Inputs: noise}, side: 4}
	m, err := r.secondMoments(32)
	if err != nil {
		t.Fatal(err)
	}
	const patterns = 20000
	got, x := make([]float64, 32*32), make([]float64, 32)
	for i := range patterns {
		noise.Pattern(i, x)
		for a := range x {
			for b := range x {
				got[32*a+b] += x[a] * x[b] / patterns
			}
		}
	}
	for a := range x {
		for b := range x {
			if off := math.Abs(got[32*a+b] - m.c.At(a, b)); off > .05 { // five standard errors
				t.Fatalf("⟨x_%d x_%d⟩ is %g, over %d patterns %g", a, b, m.c.At(a, b), patterns, got[32*a+b])
			}
		}
	}
}

// What nothing can be gone on with stands in no other command's way.
func TestPlasticityInterruptedGivesWay(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	code, _, errs := ventralContext(ctx, "plasticity", "run", "--steps", "100", "--out", "run")
	if code != exitInterrupted || strings.Contains(errs, "context canceled") || !strings.Contains(errs, " run.partial\nThe same command begins anew.") {
		t.Errorf("exit code %d: %q", code, errs)
	}
	if _, err := os.Stat("run.partial/trajectory.csv"); err != nil {
		t.Error(err)
	}
	ventralOK(t, "plasticity", "run", "--steps", "50", "--out", "run")
	if _, err := os.Stat("run.partial"); err == nil {
		t.Error("run.partial is still there")
	}
}

// A run that diverged says so in its folder, in the report, and to who would write
// there; its rerun diverges to the same files.
func TestPlasticityDivergedIsMarked(t *testing.T) {
	out := filepath.Join(t.TempDir(), "run")
	args := []string{"plasticity", "run", "--equation", "dw = eta*log(post)*pre", "--out", out}
	code, _, errs := ventral(t, args...)
	if code != exitFailed || !regexp.MustCompile(`log of -\d\S* is NaN, for neuron \d+\n--eta \(now 0.01\)`).MatchString(errs) {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	var d divergenceJSON
	if err := readJSON(filepath.Join(out, divergedName), &d); err != nil || d.Step != 1 || !strings.Contains(d.Reason, "log of") {
		t.Errorf("%+v, %v", d, err)
	}
	if _, _, errs := ventral(t, args...); !strings.Contains(errs, "is a run that diverged") {
		t.Errorf("again: %s", errs)
	}
	ventralOK(t, "report", out)
	if text := readFile(t, filepath.Join(out, reportName)); !strings.Contains(string(text), "1, diverged") || !strings.Contains(string(text), "log of") {
		t.Error("the report does not say that the run diverged")
	}
	// The report is not of the run: the rerun is as good without it.
	if text := ventralOK(t, "rerun", out); !strings.Contains(text, "not compared: config.toml, plots/") || !strings.Contains(text, "report.html") {
		t.Errorf("the rerun says %s", text)
	}
}

// Where a file gives the weights of a filter, the run says so in place of --k.
func TestPlasticityWeightsOfAFilterFromAFile(t *testing.T) {
	dir := t.TempDir()
	inputs := filepath.Join(dir, "ten.npy")
	if err := npy.WriteFile(inputs, []int{3, 10}, make([]float64, 30)); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "run")
	code, _, errs := ventral(t, "plasticity", "run", "--input", inputs, "--steps", "5", "--out", out)
	if code != exitOK || !strings.Contains(errs, "filters of 10 weights, from "+inputs) {
		t.Errorf("exit code %d: %s", code, errs)
	}
	var about description
	if err := readJSON(filepath.Join(out, "run.json"), &about); err != nil {
		t.Fatal(err)
	}
	if _, k := about.Arguments["k"]; k || about.Arguments["d"] != "10" {
		t.Errorf("run.json has %v", about.Arguments)
	}
}

func TestMeanSpread(t *testing.T) {
	for want, values := range map[string][]float64{"–": nil, "1.500": {1.5}, "2.000 ± 1.000": {1, 3}, "∞": {1, math.Inf(1)}, "-∞": {math.Inf(-1)}} {
		if got := meanSpread(values); got != want {
			t.Errorf("of %v: %q, want %q", values, got, want)
		}
	}
}

func TestPlasticitySweep(t *testing.T) {
	dir := t.TempDir()
	whole := filepath.Join(dir, "whole")
	args := []string{"plasticity", "sweep", "--vary", "gamma=.1,.01", "--vary", "k=2,3", "--vary", "eta=0.5/(1000+t),50", "--seeds", "2", "--steps", "200", "--n", "20", "--out", whole}
	text := ventralOK(t, args...)
	rows := csvRows(t, filepath.Join(whole, runsName))
	if len(rows) != 16 {
		t.Fatalf("%d runs, want 2 × 2 × 2 × 2", len(rows))
	}
	for i, row := range rows {
		want := map[string]string{"run": strconv.Itoa(i), "gamma": []string{".1", ".01"}[i/8], "k": []string{"2", "3"}[i/4%2], "seed": strconv.Itoa(i%2 + 1), "status": []string{"done", "diverged"}[i/2%2]}
		for name, v := range want {
			if row[name] != v {
				t.Errorf("run %d: %s is %q, want %q", i, name, row[name], v)
			}
		}
		if (row["reason"] == "") == (row["status"] == "diverged") {
			t.Errorf("run %d, %s, has the reason %q", i, row["status"], row["reason"])
		}
		if (row["snr"] == "") != (row["status"] == "diverged") {
			t.Errorf("run %d, %s, has the SNR %q", i, row["status"], row["snr"])
		}
	}
	if !strings.Contains(text, "± ") || strings.Count(text, "\n") < 8 {
		t.Errorf("the table is\n%s", text)
	}

	// One run by itself is the same.
	one := filepath.Join(dir, "one")
	ventralOK(t, "plasticity", "run", "--set", "gamma=.01", "--k", "3", "--seed", "2", "--steps", "200", "--n", "20", "--out", one)
	single := csvRows(t, filepath.Join(one, "trajectory.csv"))
	if got, want := single[len(single)-1]["inverse_snr"], rows[13]["inverse_snr"]; got != want {
		t.Errorf("run by itself, the inverse SNR is %s, in the sweep %s", got, want)
	}

	t.Run("goes on where it was interrupted, on any number of cores", func(t *testing.T) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
		cut := filepath.Join(dir, "cut")
		args[len(args)-1] = cut
		// Interrupted before anything is done, and on the way: with rows in the file.
		args[len(args)-1] = cut
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if code, _, errs := ventralContext(ctx, args...); code != exitInterrupted {
			t.Fatalf("exit code %d: %s", code, errs)
		}
		for n := 1; n < 40; n++ {
			ctx, cancel := interruptAfter(t, time.Duration(n)*time.Millisecond)
			code, _, errs := ventralContext(ctx, args...)
			cancel()
			if code == exitOK { // quicker than we are
				t.Skip("the sweep ended before it was interrupted with rows")
			}
			if rows, err := os.ReadFile(filepath.Join(cut+".partial", runsName)); err == nil && strings.Count(string(rows), "\n") > 3 {
				if !strings.Contains(errs, "runs are complete") {
					t.Errorf("it says %q", errs)
				}
				break
			}
		}
		ventralOK(t, args...)
		a, b := files(t, whole), files(t, cut)
		for name := range a {
			if a[name] != b[name] {
				t.Errorf("%s differs", name)
			}
		}
	})

	t.Run("keeps the rows of an interrupted sweep", func(t *testing.T) {
		kept := filepath.Join(dir, "kept")
		args[len(args)-1] = kept
		blob := files(t, whole)
		if err := os.MkdirAll(kept+".partial", 0o777); err != nil {
			t.Fatal(err)
		}
		// Row 5 is not what a run would give: it must be taken as it is.
		lines := strings.SplitAfter(blob[runsName], "\n")
		mark := strings.Replace(lines[6], ",done,", ",done?,", 1)
		mark = strings.Replace(mark, ",diverged,", ",diverged?,", 1)
		for name, content := range map[string]string{"run.json": blob["run.json"], runsName: lines[0] + mark} {
			if err := os.WriteFile(filepath.Join(kept+".partial", name), []byte(content), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		ventralOK(t, args...)
		if got := files(t, kept)[runsName]; got != strings.Replace(blob[runsName], lines[6], mark, 1) {
			t.Errorf("runs.csv is\n%s\nwant that of the whole sweep with the row that was there", got)
		}
	})
}

// TestConvergenceOfAll is the paper's experiment whole, of five trials: every
// value within its tolerance of the independent simulation.
func TestConvergenceOfAll(t *testing.T) {
	if testing.Short() {
		t.Skip("20 s on two cores")
	}
	out := filepath.Join(t.TempDir(), "all")
	text := ventralOK(t, "plasticity", "convergence", "--trials", "5", "--out", out)
	compared := 0
	for _, row := range csvRows(t, filepath.Join(out, "convergence.csv")) {
		at := row["panel"] + ", k " + row["k"] + ", γ " + row["gamma"] + ", " + row["inputs"] + " inputs"
		value := func(name string) float64 {
			v, err := strconv.ParseFloat(row[name], 64)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		if row["expected"] != "" {
			compared++
			if off := math.Abs(value("log10_inverse_snr") - value("expected")); off > tolerance[row["panel"]] {
				t.Errorf("%s: log10 inverse SNR %s, expected %s", at, row["log10_inverse_snr"], row["expected"])
			}
		}
		norm := value("mean_norm")
		switch {
		case row["expected_mean_norm"] != "":
			compared++
			if math.Abs(norm-value("expected_mean_norm")) > .03 {
				t.Errorf("%s: norm of the mean filter %.3f, expected %s", at, norm, row["expected_mean_norm"])
			}
		case row["panel"] != "B" && math.Abs(norm-1) > .01:
			t.Errorf("%s: norm of the mean filter %.4f, expected 1", at, norm)
		}
		if row["panel"] == "B" && value("mean_cosine_min") < .94 {
			t.Errorf("%s: the mean filter turns: cosine %s", at, row["mean_cosine_min"])
		}
		if row["inputs"] == "10000" && row["panel"] == "C" && math.Abs(value("log10_inverse_snr")-value("floor")) > .2 {
			t.Errorf("%s: the corrected circuit ends at %s, the floor is %s", at, row["log10_inverse_snr"], row["floor"])
		}
	}
	if compared != 9*7 {
		t.Errorf("%d values compared, want 63:\n%s", compared, text)
	}
}

func TestConvergence(t *testing.T) {
	dir := t.TempDir()
	var results []map[string]string
	for cores := 1; cores <= 2; cores++ {
		before := runtime.GOMAXPROCS(cores)
		out := filepath.Join(dir, strconv.Itoa(cores))
		text := ventralOK(t, "plasticity", "convergence", "--k", "3", "--gamma", "0.1,0.01", "--trials", "3", "--presentations", "1000", "--out", out)
		runtime.GOMAXPROCS(before)
		if !strings.Contains(text, "(within the tolerance of 0.1)") || !strings.Contains(text, "(within the tolerance of 0.15)") {
			t.Errorf("%s", text)
		}
		results = append(results, files(t, out))
	}
	for name := range results[0] {
		if results[0][name] != results[1][name] {
			t.Errorf("1 and 2 cores write different bytes to %s", name)
		}
	}
	norms := map[string]float64{}
	for _, row := range csvRows(t, filepath.Join(dir, "1", "convergence.csv")) {
		if row["inputs"] == "1000" && row["gamma"] == "0.01" {
			norms[row["panel"]], _ = strconv.ParseFloat(row["mean_norm"], 64)
		}
	}
	if math.Abs(norms["A"]-1) > 1e-9 || norms["B"] > .7 || math.Abs(norms["C"]-1) > .02 {
		t.Errorf("norms of the mean filter are %v, want 1 (A), well below 1 (B) and 1 (C)", norms)
	}

	// Without one of its cells an interrupted run goes on to the same files.
	cut := filepath.Join(dir, "cut")
	if err := os.CopyFS(cut+".partial", os.DirFS(filepath.Join(dir, "1"))); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"cells/B_k3_gamma0.01.npz", "convergence.png", "convergence.csv"} {
		if err := os.Remove(filepath.Join(cut+".partial", name)); err != nil {
			t.Fatal(err)
		}
	}
	ventralOK(t, "plasticity", "convergence", "--k", "3", "--gamma", "0.1,0.01", "--trials", "3", "--presentations", "1000", "--out", cut)
	again := files(t, cut)
	for name := range results[0] {
		if results[0][name] != again[name] {
			t.Errorf("a run that went on writes different bytes to %s", name)
		}
	}
}

func TestPlasticityBadInput(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, content []byte) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, content, 0o666); err != nil {
			t.Fatal(err)
		}
		return p
	}
	start := filepath.Join(plasticityGoldens, "start.npy")
	whole, err := os.ReadFile(start)
	if err != nil {
		t.Fatal(err)
	}
	cut := file("cut.npy", whole[:len(whole)-9])
	nan := filepath.Join(dir, "nan.npy")
	if err := npy.WriteFile(nan, []int{2, 3}, []float64{1, 2, 3, 4, math.NaN(), 6}); err != nil {
		t.Fatal(err)
	}
	two := filepath.Join(dir, "two.npy")
	if err := npy.WriteFile(two, []int{2, 3}, make([]float64, 6)); err != nil {
		t.Fatal(err)
	}
	equation := file("rule.txt", []byte("# mine\nrate = eta*0.5\ndw = rate*pos*pre\n"))
	for says, args := range map[string][]string{
		`--rule "shared": expected one of sharing, hebb, antihebb`:                                       {"--rule", "shared"},
		`--set: rule sharing has no constant "gama"; it has gamma`:                                       {"--set", "gama=.1"},
		`--set oops: rule oja has no constants`:                                                          {"--rule", "oja", "--set", "oops=1"},
		`--set gamma=fast: expected a finite number`:                                                     {"--set", "gamma=fast"},
		`--neurons "circus": expected one of linear, rectified`:                                          {"--neurons", "circus"},
		`start.npy: the file is 12 × 9, filters × weights, and --n is 7`:                                 {"--weights", start, "--n", "7"},
		`start.npy: the file is 12 × 9, filters × weights, and --channels 1 × --k 5 × 5 make 25 weights`: {"--weights", start, "--k", "5"},
		`start.npy: the file is 12 × 9, patterns × values, and the filters have 16 weights`:              {"--input", start, "--k", "4"},
		"cut.npy: ":                      {"--input", cut},
		"nan.npy: row 1, value 1 is NaN": {"--weights", nan},
		"circuit_rates.npy: an array of shape [13], expected weights, n × d":             {"--weights", filepath.Join(plasticityGoldens, "circuit_rates.npy")},
		`line 3, column 11: unknown name "pos"; known are avg_post, avg_pre`:             {"--equation-file", equation},
		`--equation: line 1, column 6: unknown name "x"`:                                 {"--equation", "dw = x"},
		"constant gamma is not used":                                                     {"--equation", "dw = eta*post*pre", "--set", "gamma=1"},
		`--eta: line 1, column 6: unknown name "s"; known are t`:                         {"--eta", "0.5/(s + 1)"},
		"--rule and an equation":                                                         {"--rule", "oja", "--equation", "dw = eta*post*pre"},
		"steps of 1 ms are unstable with τ = 1 ms":                                       {"--neurons", "circuit", "--set", "tau=1"},
		"alpha=-1: expected 0":                                                           {"--neurons", "circuit", "--set", "alpha=-1"},
		"expected 1 (Euler) or 4":                                                        {"--neurons", "circuit", "--set", "order=2"},
		"neurons with dynamics see one input at a time":                                  {"--neurons", "circuit", "--batch", "4"},
		"the filters of ../../plasticity/testdata/start.npy (12 filters) have 9 weights": {"--weights", start, "--input", two},
		"needs --images": {"--input", "patches"},
		"an array of shape [2 3], the receptive field is 3 × 3": {"--input", "correlated", "--spectrum", two},
		"one pixel has no frequency but 0":                      {"--input", "correlated", "--k", "1"},
		`--spectrum "pink"`:                                     {"--input", "correlated", "--spectrum", "pink"},
		`--input "pink"`:                                        {"--input", "pink"},
		"no rule.txt":                                           {"--equation-file", filepath.Join(dir, "no rule.txt")},
		"rule foldiak has neurons of its own":                   {"--rule", "foldiak", "--neurons", "tanh"},
		"--k is 0":                                              {"--k", "0"},
		"--hold 0":                                              {"--hold", "0"},
		"--steps 0":                                             {"--steps", "0"},
		"--every 0":                                             {"--every", "0"},
		"--n is 4611686018427387904":                            {"--n", "4611686018427387904"},
		"weights for each filter":                               {"--k", "1000000"},
		"with 100000000000 records":                             {"--steps", "100000000000", "--every", "1"},
		"is NaN at step 0":                                      {"--eta", "sqrt(-1)"},
		"--weights ../../plasticity/testdata/start.npy gives them":     {"--weights", start, "--mean", "3"},
		"expected p between 0 and 1":                                   {"--rule", "foldiak", "--set", "p=2"},
		"gamma=-1: expected 0 or more":                                 {"--set", "gamma=-1"},
		`a constant of your own is given by --set lambda=VALUE`:        {"--equation", "dw = lambda*pre"},
		"η is written eta":                                             {"--equation", "dw = η*post*pre"},
		"--equation is empty":                                          {"--equation", ""},
		"--equation-file is empty":                                     {"--equation-file", ""},
		"empty.txt is empty":                                           {"--equation-file", file("empty.txt", []byte(" \n"))},
		"--spectrum is for --input correlated":                         {"--spectrum", "1"},
		"--images is for --input patches":                              {"--images", "shapes"},
		"--image-size is for --input patches":                          {"--image-size", "9", "--input", "lines"},
		"gamma: expected NAME=VALUE":                                   {"--set", "gamma"},
		"or the Runge–Kutta method, --set order=4":                     {"--neurons", "circuit", "--set", "dt=10"},
		"--eta -1 is -1 at step 0, expected finite numbers, 0 or more": {"--eta", "-1"},
		"--momentum 1: expected":                                       {"--momentum", "1"},
		"--wait 1: expected":                                           {"--wait", "1"},
		"--deviation -1: expected":                                     {"--deviation", "-1"},
		"of memory":                                                    {"--n", "1000000000"},
	} {
		out := filepath.Join(dir, "out")
		code, _, errs := ventral(t, append([]string{"plasticity", "run", "--out", out}, args...)...)
		if code == exitOK || !strings.Contains(strings.ToLower(errs), strings.ToLower(says)) {
			t.Errorf("%v: exit code %d: %swant %q", args, code, errs, says)
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("%v left a folder", args)
		}
	}
	for says, args := range map[string][]string{
		`gamma=.1 gama=1: --set: rule sharing has no constant "gama"`: {"--vary", "gamma=.1", "--vary", "gama=1"},
		"needs --vary":                        {},
		`--vary "gamma": expected NAME=VALUE`: {"--vary", "gamma"},
		"--vary names k twice":                {"--vary", "k=1", "--vary", "k=2"},
		"the flag --k is given too":           {"--vary", "k=1", "--k", "3"},
		"--set gives it too":                  {"--vary", "gamma=1", "--set", "gamma=3"},
		"--seeds gives several seeds":         {"--vary", "seed=1,2"},
		"invalid argument":                    {"--vary", "k=three"},
		"the value .1 is there twice":         {"--vary", "gamma=.1,.1"},
		"expected at most 1000000":            {"--vary", "gamma=.1", "--seeds", "10000000"},
	} {
		if code, _, errs := ventral(t, append([]string{"plasticity", "sweep", "--out", filepath.Join(dir, "out")}, args...)...); code != exitUsage || !strings.Contains(errs, says) {
			t.Errorf("sweep %v: exit code %d: %swant %q", args, code, errs, says)
		}
	}
	for _, args := range [][]string{{"--gamma", "0"}, {"--gamma", "x"}, {"--gamma", ".1,.1"}, {"--k", "0"}, {"--k", "3,3"}, {"--trials", "0"}, {"--presentations", "0"}} {
		if code, _, errs := ventral(t, append([]string{"plasticity", "convergence", "--out", filepath.Join(dir, "out")}, args...)...); code != exitUsage || !strings.Contains(errs, "expected") {
			t.Errorf("convergence %v: exit code %d: %s", args, code, errs)
		}
	}
	for args, says := range map[string]string{"plasticity": "needs one of its verbs", "plasticity foo": "plasticity sweep"} {
		if code, _, errs := ventral(t, strings.Fields(args)...); code != exitUsage || !strings.Contains(errs, says) {
			t.Errorf("ventral %s: exit code %d: %s", args, code, errs)
		}
	}
	if code, out, _ := ventral(t, "plasticity", "--help"); code != exitOK || !strings.Contains(out, "plasticity convergence") {
		t.Errorf("ventral plasticity --help: exit code %d: %s", code, out)
	}
	if code, out, _ := ventral(t, "help", "plasticity", "sweep"); code != exitOK || !strings.Contains(out, "--seeds") {
		t.Errorf("ventral help plasticity sweep: exit code %d: %s", code, out)
	}
}
