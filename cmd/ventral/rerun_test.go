package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// written writes a file of flags.
func written(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "flags.toml")
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestConfigIsRefused(t *testing.T) {
	for _, c := range []struct{ text, want, meant string }{
		{"[train]\nepoch = 3\n", "line 2: [train] epoch: ventral train has no such flag", "epochs"},
		{"[trian]\nepochs = 3\n", "line 1: [trian]: there is no such verb", "train"},
		{"[plasticity.rn]\nk = 3\n", "line 1: [plasticity rn]: there is no such verb", "plasticity run"},
		{"[plasticity]\nk = 3\n", "line 2: [plasticity] k: expected a table", ""},
		{"[train]\n\nepochs = \"ten\"\n", `line 3: [train] epochs: found the string "ten", expected a whole number`, ""},
		{"[train]\nepochs = 2.5\n", "line 2: [train] epochs: found 2.5, expected a whole number", ""},
		{"[train]\nepochs = [3]\n", "line 2: [train] epochs: found a list", ""},
		{"[train]\nflip = 1\n", "line 2: [train] flip: found 1, expected true or false", ""},
		{"[train]\nlr = \"x\"\n", "expected a number", ""},
		{"[train]\noptimizer = \"adamv\"\n", "line 2: [train] optimizer: --optimizer \"adamv\": expected adamw, adam or sgd", "adamw"},
		{"[\"plasticity run\"]\nset = \"gamma=1\"\n", "expected a table such as", ""},
		{"[train]\nsleep-layers = [[1]]\n", "found a list in the list", ""},
		{"[score]\nsplits = \"many\"\n", "line 2: [score] splits", ""}, // of another verb, too
		{"[train.defaults]\nepoch = 3\n", "line 2: [train] epoch", "epochs"},
		{"[train]\nconfig = \"x\"\n", "no such flag", ""},
		{"[train]\nargs = 1\n", "line 2: [train] args: expected a list of strings", ""},
		{"epochs = 3\n", "line 1: epochs: above all tables there may be quiet or threads", ""},
		{"thread = 3\n", "line 1: thread", "threads"},
		{"[train]\nepochs = 3\nepochs = 4\n", "line 3", ""},
		{"[train\n", "line 2", ""},
	} {
		path := written(t, c.text)
		code, _, errs := ventral(t, "train", "--config", path)
		if code != exitUsage || !strings.Contains(errs, c.want) || !strings.Contains(errs, path) || c.meant != "" && !strings.Contains(errs, "Did you mean "+c.meant+"?") {
			t.Errorf("%q: exit code %d: %s", c.text, code, errs)
		}
	}
	if code, _, errs := ventral(t, "train", "--config", "none.toml"); code != exitFailed || !strings.Contains(errs, "none.toml") {
		t.Errorf("no file: exit code %d: %s", code, errs)
	}
}

func TestConfig(t *testing.T) {
	path := written(t, `
threads = 1

[plasticity.run]
steps = 40
every = 20
set = { gamma = 0.1 }
eta = 0.01          # a number for a formula

[plasticity.run.defaults]
n = 7
momentum = 0.5

["stimuli render"]
args = ["grating"]
orientation = [0, 45.5]
out = "nowhere"
`)
	out := filepath.Join(t.TempDir(), "run")
	code, _, errs := ventral(t, "plasticity", "run", "--config", path, "--steps", "60", "--out", out)
	if code != exitOK {
		t.Fatal(errs)
	}
	config := files(t, out)[configName]
	given, defaults, _ := strings.Cut(config, "defaults]")
	for _, want := range []string{"steps = 60\n", "every = 20\n", `set = { "gamma" = "0.1" }`, `eta = "0.01"`} {
		if !strings.Contains(given, want) {
			t.Errorf("given is no %q in\n%s", want, config)
		}
	}
	for _, want := range []string{"n = 7\n", "momentum = 0.5\n", "seed = 1\n", `rule = "sharing"`} {
		if !strings.Contains(defaults, want) {
			t.Errorf("of the defaults is no %q in\n%s", want, config)
		}
	}
	for _, not := range []string{"out = ", "threads", "quiet", "json"} {
		if strings.Contains(config, not) {
			t.Errorf("%s is in\n%s", not, config)
		}
	}
	set := filepath.Join(t.TempDir(), "set")
	if code, text, errs := ventral(t, "stimuli", "render", "--pixels", "32", "--config", path, "--out", set); code != exitOK || !strings.Contains(text, "2 pictures") {
		t.Errorf("exit code %d: %s%s", code, text, errs)
	}
}

// The flags of every verb come back from a file as they were, given or not.
func TestConfigKeepsEveryFlag(t *testing.T) {
	values := map[string]string{"bool": "true", "int": "-3", "uint": "4", "uint32": "7", "uint64": "18446744073709551615", "float64": "1e-07", "duration": "3s", "string": `a "b" \ ü`, "stringSlice": `x,"y,z"`, "stringArray": "p=1,2", "intSlice": "4,5", "float64Slice": "0.5,2", "stringToString": "b=2,a=1"}
	for _, v := range verbs {
		for _, given := range []bool{false, true} {
			flags, _ := v.flagSet(new(programFlags))
			if given {
				flags.VisitAll(func(f *pflag.Flag) {
					value, known := values[f.Value.Type()]
					if choices := f.Annotations[choiceNote]; choices != nil {
						value = choices[len(choices)-1]
					}
					if !known {
						t.Fatalf("ventral %s --%s: no value of type %s", v.name, f.Name, f.Value.Type())
					}
					if err := flags.Set(f.Name, value); err != nil {
						t.Fatal(err)
					}
				})
			}
			terminal := &terminal{}
			terminal.begin(v, flags)
			text, err := terminal.config(everyFlag)
			if err != nil {
				t.Fatal(err)
			}
			back, _ := v.flagSet(new(programFlags))
			if err := readConfig(written(t, string(text)), v, back); err != nil {
				t.Fatalf("%s: %v in\n%s", v.name, err, text)
			}
			flags.VisitAll(func(f *pflag.Flag) {
				b := back.Lookup(f.Name)
				if everyFlag(f) && (b.Value.String() != f.Value.String() && f.Value.Type() != "stringToString" || b.Changed != f.Changed) {
					t.Errorf("ventral %s --%s was %s (given: %v) and is %s (%v)", v.name, f.Name, f.Value, f.Changed, b.Value, b.Changed)
				}
			})
		}
	}
}

func TestRerun(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	must(t, "stimuli", "render", "shapes", "--pixels", "32", "--number", "40", "--out", "set")
	for _, args := range [][]string{
		{"rule", "plasticity", "run", "--rule", "foldiak", "--steps", "200", "--k", "3", "--threads", "2"},
		{"sweep", "plasticity", "sweep", "--vary", "gamma=.1,.01", "--steps", "50", "--neurons", "settled"},
		{"train", "train", "--images", "shapes", "--train-images", "64", "--epochs", "1", "--width", "2", "--no-augment"},
		{"tuned", "tuning", "--weights", "train/weights.npz", "--orientations", "4"},
		{"slept", "sleep", "--weights", "train/weights.npz", "--method", "hebbian", "--steps", "3"},
		{"shown", "demo", "--models", "conv", "--train-images", "32", "--batch", "16", "--epochs", "1", "--width", "2", "--splits", "2"}, // ridgecv's own penalties
		{"gabor", "activations", "--gabor", "32", "--images", "set", "--pool", "max", "--json", "gabor.json"},
	} {
		name, args := args[0], args[1:]
		must(t, append(args, "--out", name)...)
		if name == "slept" { // a report that came later is no part of a run
			must(t, "report", name)
		}
		code, text, errs := ventral(t, "rerun", name)
		if code != exitOK || !strings.Contains(text, "identical: ") || strings.Contains(text, "different") {
			t.Errorf("%s: exit code %d: %s%s", name, code, text, errs)
		}
		before, after := files(t, name), files(t, name+"-rerun")
		if len(before) != len(after) && name != "slept" || before[configName] != after[configName] {
			t.Errorf("%s: %d and %d files; flags\n%s\n%s", name, len(before), len(after), before[configName], after[configName])
		}
	}

	// Elsewhere, paths begin where the run was started.
	t.Chdir(t.TempDir())
	again := filepath.Join(dir, "again")
	if code, text, errs := ventral(t, "rerun", filepath.Join(dir, "gabor"), "--out", again); code != exitOK {
		t.Errorf("elsewhere: exit code %d: %s%s", code, text, errs)
	}
	if code, _, errs := ventral(t, "rerun", filepath.Join(dir, "gabor"), "--out", again); code != exitFailed || !strings.Contains(errs, "--overwrite") {
		t.Errorf("onto a run: exit code %d: %s", code, errs)
	}
	if code, _, errs := ventral(t, "rerun", filepath.Join(dir, "gabor"), "--out", again, "--overwrite", "--from", filepath.Join(dir, "train")); code != exitFailed || !strings.Contains(errs, "set") {
		t.Errorf("where the images are not: exit code %d: %s", code, errs)
	}

	// Files that differ are told.
	t.Chdir(dir)
	csv := filepath.Join("rule", "trajectory.csv")
	if err := os.WriteFile(csv, []byte("step\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("rule", "more.txt"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	run := files(t, "rule")["run.json"]
	if err := os.WriteFile(filepath.Join("rule", "run.json"), []byte(strings.Replace(run, `"seed": "1"`, `"seed": "2"`, 1)), 0o666); err != nil {
		t.Fatal(err)
	}
	code, text, errs := ventral(t, "rerun", "rule", "--overwrite")
	for _, want := range []string{"different: run.json, trajectory.csv\n", "missing in the rerun: more.txt\n", `run.json, arguments.seed: was "2", is "1"`, "not compared: config.toml"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if code != exitFailed || !strings.Contains(errs, "3 files") {
		t.Errorf("exit code %d: %s", code, errs)
	}
	if code, _, errs := ventral(t, "rerun", "set/T"); code != exitFailed || !strings.Contains(errs, configName) {
		t.Errorf("no run: exit code %d: %s", code, errs)
	}
}
