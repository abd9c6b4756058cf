package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

func TestHelpReadsWell(t *testing.T) {
	for _, v := range verbs {
		code, out, errs := ventral(t, append(strings.Fields(v.name), "--help")...)
		if code != exitOK || errs != "" {
			t.Fatalf("%s: exit code %d: %s", v.name, code, errs)
		}
		if _, again, _ := ventral(t, append([]string{"help"}, strings.Fields(v.name)...)...); again != out {
			t.Errorf("ventral help %s is not ventral %s --help", v.name, v.name)
		}
		for _, line := range strings.Split(out, "\n") {
			if columns(line) > 80 {
				t.Errorf("%s: a line of %d columns: %s", v.name, columns(line), line)
			}
		}
		if !strings.Contains(out, "\n"+everyVerb+":\n") || !strings.Contains(out, "130") || v.json != "" != strings.Contains(out, "--json FILE") {
			t.Errorf("the help of %s lacks flags of every verb, or the exit codes:\n%s", v.name, out)
		}
		examples := 0
		for _, line := range joinedLines(v.detail) {
			if !strings.HasPrefix(line, "  ventral "+v.name) {
				continue
			}
			examples++
			command, _, _ := strings.Cut(line, " > ")
			command, _, _ = strings.Cut(command, " | ")
			var words []string
			for _, w := range shellWords(strings.TrimSpace(command)) {
				words = append(words, strings.Trim(w, "'"))
			}
			flags, _ := v.flagSet(new(programFlags))
			if err := flags.Parse(words[1+len(strings.Fields(v.name)):]); err != nil {
				t.Errorf("an example of %s: %v: %s", v.name, err, line)
			} else if err := checkChoices(flags); err != nil {
				t.Errorf("an example of %s: %v: %s", v.name, err, line)
			}
		}
		if examples == 0 {
			t.Errorf("the help of %s has no example", v.name)
		}
	}
	_, out, _ := ventral(t, "help")
	for _, line := range strings.Split(out, "\n") {
		if columns(line) > 80 {
			t.Errorf("a line of %d columns: %s", columns(line), line)
		}
	}
	for _, g := range groups {
		if !strings.Contains(out, "\n"+g.title+":\n") {
			t.Errorf("the list of verbs has no %s", g.title)
		}
	}
	for _, p := range topics {
		if code, out, _ := ventral(t, "help", p.name); code != exitOK || !strings.Contains(out, strings.TrimSpace(p.text)) {
			t.Errorf("ventral help %s: exit code %d: %s", p.name, code, out)
		}
	}
}

func TestReflow(t *testing.T) {
	got := reflow("\nOne two\nthree four.\n\n  name  words that hang\n  ventral train --out runs/x --epochs 3 \\\n    --flag 'a b'\n", 20)
	want := "One two three four.\n\n  name  words that\n        hang\n  ventral train \\\n    --out runs/x \\\n    --epochs 3 \\\n    --flag 'a b'\n"
	if got != want {
		t.Errorf("reflow:\n%s\nwant\n%s", got, want)
	}
}

func TestMissingFlagsTellTheExample(t *testing.T) {
	code, _, errs := ventral(t, "train", "--epochs", "3")
	if code != exitUsage || !strings.Contains(errs, "--images and --out") || !strings.Contains(errs, "ventral train --images cifar10:") {
		t.Errorf("exit code %d: %s", code, errs)
	}
}

func TestEdits(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "abc", 3}, {"ridge", "ridge", 0}, {"rigde", "ridge", 1}, {"epoch", "epochs", 1}, {"kitten", "sitting", 3}, {"été", "ete", 2}, {"ca", "abc", 3}} {
		if got, back := edits(c.a, c.b), edits(c.b, c.a); got != c.want || back != c.want {
			t.Errorf("%q to %q: %d edits, back %d, want %d", c.a, c.b, got, back, c.want)
		}
	}
}

func TestDidYouMean(t *testing.T) {
	dir := t.TempDir()
	render := func(args ...string) {
		if code, _, errs := ventral(t, append([]string{"stimuli", "render", "--pixels", "32"}, args...)...); code != exitOK {
			t.Fatal(errs)
		}
	}
	render("grating", "--orientation", "0,30,60,90", "--out", filepath.Join(dir, "set"))
	acts := filepath.Join(dir, "acts")
	if code, _, errs := ventral(t, "activations", "--gabor", "32", "--images", filepath.Join(dir, "set"), "--out", acts); code != exitOK {
		t.Fatal(errs)
	}
	for _, c := range []struct {
		args, want string
	}{
		{"trian", "train"},
		{"stimuli rendr", "stimuli render"},
		{"inspect", ""},
		{"zebra", ""},
		{"help exit-code", "exit-codes"},
		{"train --epoch 3", "--epochs"},
		{"score --regression rigde", "ridge"},
		{"score --regression lasso", ""},
		{"compare --images shapes --recordings V1=a --models cnv --out x", "conv"},
		{"train --images shapes --optimizer adamv --out x", "adamw"},
		{"plasticity run --rule ojas --out x", "oja"},
		{"plasticity run --set gama=1 --out x", "gamma"},
		{"stimuli render gabour --out x", "gabor"},
		{"stimuli render shape --out x", "shapes"},
		{"fetch cifar", "cifar10"},
		{"completion bsh", "bash"},
		{"score --features " + acts + " --responses " + acts + " --layers simpel", "simple"},
	} {
		code, _, errs := ventral(t, strings.Fields(c.args)...)
		_, found, _ := strings.Cut(errs, "Did you mean ")
		if found, _, _ = strings.Cut(found, "?"); code != exitUsage || found != c.want {
			t.Errorf("ventral %s: exit code %d, means %q, want %q: %s", c.args, code, found, c.want, errs)
		}
	}
	path := twoRegions(t)
	if _, out, errs := ventral(t, "recordings", "inspect", path, "--select", "regon=V4"); !strings.Contains(out+errs, "Did you mean region?") {
		t.Errorf("of a coordinate: %s%s", out, errs)
	}
}

func TestExitCodes(t *testing.T) {
	stopped, stop := context.WithCancel(t.Context())
	stop()
	for _, c := range []struct {
		ctx  context.Context
		args string
		want int
	}{
		{t.Context(), "info", exitOK},
		{t.Context(), "rerun " + t.TempDir(), exitFailed},
		{t.Context(), "score --features none.npy --responses none.npy", exitFailed},
		{t.Context(), "info --colour", exitUsage},
		{t.Context(), "info --threads -1", exitUsage},
		{t.Context(), "", exitUsage},
		{stopped, "plasticity run --out " + filepath.Join(t.TempDir(), "x"), exitInterrupted},
	} {
		if code, out, errs := ventralContext(c.ctx, strings.Fields(c.args)...); code != c.want {
			t.Errorf("ventral %s: exit code %d, want %d: %s%s", c.args, code, c.want, out, errs)
		}
	}
}

// What --json writes is one document, the same on standard output and in a file,
// whose keys the help tells.
func TestJSONOfEveryVerb(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("VENTRAL_CACHE", dir)
	at := func(name string) string { return filepath.Join(dir, name) }
	tested := map[string]bool{"demo": true, "compare": true, "score": true, "recordings inspect": true, "fetch": true} // demo: below; the others: by their own tests, too
	try := func(name, folder string, args ...string) {
		t.Helper()
		tested[name] = true
		file := at("result.json")
		command := append(strings.Fields(name), args...)
		code, printed, errs := ventral(t, append(command, "--json", file)...)
		if code != exitOK || printed == "" {
			t.Fatalf("ventral %s: exit code %d: %s%s", name, code, printed, errs)
		}
		if folder != "" {
			command = append(command, "--overwrite")
		}
		code, out, errs := ventral(t, append(command, "--json", "-")...)
		if code != exitOK {
			t.Fatalf("ventral %s: exit code %d: %s", name, code, errs)
		}
		written, err := os.ReadFile(file)
		if err != nil || name != "info" && string(written) != out { // the memory that is available changes
			t.Errorf("ventral %s: --json - prints %s, and the file has %s, %v", name, out, written, err)
		}
		var document map[string]any
		if err := json.Unmarshal([]byte(out), &document); err != nil {
			t.Fatalf("ventral %s: %v: %s", name, err, out)
		}
		v, _, _ := findVerb(strings.Fields(name))
		for key := range document {
			if !slices.Contains(strings.FieldsFunc(v.json, func(r rune) bool { return strings.ContainsRune(" ,:;()\n", r) }), key) {
				t.Errorf("the help of %s does not tell of %q", name, key)
			}
		}
	}
	try("info", "")
	try("fetch", "", "list")
	try("plasticity run", at("p"), "--steps", "20", "--out", at("p"))
	try("plasticity sweep", at("s"), "--steps", "20", "--vary", "gamma=.1,.01", "--out", at("s"))
	try("plasticity convergence", at("c"), "--k", "2", "--gamma", ".1", "--trials", "1", "--iterations", "300", "--presentations", "20", "--out", at("c"))
	try("stimuli render", at("g"), "grating", "--pixels", "32", "--orientation", "0,45,90,135", "--phase", "0,90,180,270", "--out", at("g"))
	try("stimuli inspect", "", at("g"))
	try("train", at("t"), "--images", "shapes", "--train-images", "64", "--epochs", "1", "--width", "2", "--model", "lc", "--out", at("t"))
	try("sleep", at("z"), "--weights", at("t/weights.npz"), "--out", at("z"))
	try("test", "", "--weights", at("t/weights.npz"), "--images", "shapes")
	try("activations", at("a"), "--weights", at("t/weights.npz"), "--images", at("g"), "--out", at("a"))
	try("tuning", at("u"), "--weights", at("t/weights.npz"), "--layers", "conv1", "--out", at("u"))
	try("reproduce cifar10", at("r"), "--images", "shapes", "--train-images", "64", "--epochs", "1", "--width", "2", "--batch", "32", "--rows", "conv", "--out", at("r"))
	try("rerun", at("p-rerun"), at("p"))
	try("demo", at("d"), append([]string{"--out", at("d")}, small...)...)
	try("recordings inspect", "", twoRegions(t))
	for _, v := range verbs {
		if v.json != "" && !tested[v.name] {
			t.Errorf("--json of %s is not tested", v.name)
		}
	}
}

func TestThreadsChangeNoBit(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	dir := t.TempDir()
	var scores []string
	var folders []map[string]string
	for _, n := range []string{"1", "2"} {
		out := filepath.Join(dir, n)
		if code, _, errs := ventral(t, "train", "--threads", n, "--images", "shapes", "--train-images", "96", "--epochs", "1", "--width", "2", "--batch", "32", "--out", out); code != exitOK {
			t.Fatal(errs)
		}
		folders = append(folders, files(t, out))
		acts := filepath.Join(dir, "acts"+n)
		set := filepath.Join(dir, "set")
		if _, err := os.Stat(set); err != nil {
			if code, _, errs := ventral(t, "stimuli", "render", "shapes", "--pixels", "32", "--number", "60", "--out", set); code != exitOK {
				t.Fatal(errs)
			}
		}
		if code, _, errs := ventral(t, "activations", "--threads", n, "--weights", filepath.Join(out, weightsName), "--images", set, "--pool", "mean", "--out", acts); code != exitOK {
			t.Fatal(errs)
		}
		code, text, errs := ventral(t, "score", "--threads", n, "--features", filepath.Join(acts, "conv2.npy"), "--responses", filepath.Join(acts, "avgpool.npy"), "--bootstrap", "50", "--permutations", "20", "--refit", "--json", "-")
		if code != exitOK {
			t.Fatal(errs)
		}
		var s map[string]any
		if err := json.Unmarshal([]byte(text), &s); err != nil {
			t.Fatal(err)
		}
		delete(s, "seconds")
		delete(s, "peak_bytes")
		again, _ := json.Marshal(s)
		scores = append(scores, strings.ReplaceAll(string(again), acts, "acts")) // arguments and data name the files
	}
	if scores[0] != scores[1] {
		t.Errorf("on 1 and 2 threads the scores are\n%s\n%s", scores[0], scores[1])
	}
	for name, content := range folders[0] {
		if filepath.Base(name) != timingName && folders[1][name] != content {
			t.Errorf("on 1 and 2 threads %s differs", name)
		}
	}
	if after := runtime.GOMAXPROCS(0); after != before {
		t.Errorf("GOMAXPROCS was %d and is %d", before, after)
	}
}

func TestInfoHints(t *testing.T) {
	m := &machine{Cgo: false, Threads: 2, Cores: 2}
	if m.hint(); len(m.Hints) != 1 || !strings.Contains(m.Hints[0], "cgo") {
		t.Errorf("without cgo: %q", m.Hints)
	}
	m = &machine{Cgo: true, Threads: 1, Cores: 4}
	t.Setenv("OPENBLAS_CORETYPE", "")
	if m.hint(); len(m.Hints) != 1 || !strings.Contains(m.Hints[0], "1 of 4 cores") {
		t.Errorf("on one core: %q", m.Hints)
	}
}

// onTerminal runs the program on a pseudo-terminal and returns what appears.
func onTerminal(t *testing.T, env []string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("script"); err != nil || runtime.GOOS != "linux" {
		t.Skip("script (util-linux) makes the terminal")
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "script", "-qec", "stty cols 100 rows 30; '"+program+"' "+strings.Join(args, " "), "/dev/null")
	cmd.Env = append(append(os.Environ(), "VENTRAL_IS_ITSELF=1", "TERM=xterm"), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

func TestProgressOnATerminal(t *testing.T) {
	at := filepath.Join(t.TempDir(), "p")
	run := func(name string) []string {
		return []string{"plasticity", "run", "--steps", "20000", "--n", "200", "--k", "5", "--out", at + name}
	}
	shown := onTerminal(t, nil, run("1")...)
	if !strings.Contains(shown, " left") || !strings.Contains(shown, "inputs/s") {
		t.Errorf("no progress with the time left: %q", shown)
	}
	for i := range len(shown) { // only the cursor moves
		if shown[i] == 0x1b {
			end := strings.IndexFunc(shown[i+2:], func(r rune) bool { return r >= '@' && r <= '~' })
			if end >= 0 && shown[i+2+end] == 'm' {
				t.Fatalf("a colour: %q", shown[i:i+3+end])
			}
		}
	}
	for name, quiet := range map[string]string{"2": onTerminal(t, []string{"TERM=dumb"}, run("2")...), "3": onTerminal(t, nil, append(run("3"), "--quiet")...)} {
		if strings.Contains(quiet, "\x1b") || strings.Contains(quiet, " left") {
			t.Errorf("run %s shows a bar: %q", name, quiet)
		}
	}
	if code, out, errs := ventral(t, run("4")...); code != exitOK || strings.Contains(out+errs, "\x1b") {
		t.Errorf("without a terminal: exit code %d: %q", code, out+errs)
	}
}

func TestCandidates(t *testing.T) {
	for _, c := range []struct {
		before, word string
		want         []string // some of them
		not          string
		files        bool
	}{
		{"", "", []string{"score", "train", "plasticity", "help"}, "run", false},
		{"", "pl", []string{"plasticity"}, "score", false},
		{"plasticity", "", []string{"run", "sweep", "convergence"}, "train", false},
		{"help", "", []string{"exit-codes", "train", "stimuli"}, "help", false},
		{"help stimuli", "r", []string{"render"}, "inspect", false},
		{"train", "--ep", []string{"--eps", "--epochs"}, "--lr", false},
		{"train --model", "l", []string{"lc", "lc+sleep@1"}, "conv", false},
		{"train --epochs", "", nil, "--lr", false},
		{"train --flip", "--o", []string{"--out", "--optimizer"}, "--flip", false},
		{"score --regression", "r", []string{"ridge", "rsa"}, "pls", false},
		{"score", "--regression=p", []string{"--regression=pls", "--regression=procrustes"}, "", false},
		{"compare --models", "conv,l", []string{"conv,lc"}, "conv,conv", false},
		{"train --images", "ci", []string{"cifar10:", "cifar100:"}, "shapes", true},
		{"stimuli render", "g", []string{"grating", "gabor"}, "bar", false},
		{"fetch", "mn", []string{"mnist"}, "list", false},
		{"completion", "", shells, "", false},
		{"rerun", "runs/", nil, "", true},
	} {
		list, files := candidates(strings.Fields(c.before), c.word)
		var words []string
		for _, k := range list {
			words = append(words, k.word)
		}
		for _, w := range c.want {
			if !slices.Contains(words, w) {
				t.Errorf("ventral %s %s: no %s in %q", c.before, c.word, w, words)
			}
		}
		if slices.Contains(words, c.not) || files != c.files {
			t.Errorf("ventral %s %s: %q, files %v", c.before, c.word, words, files)
		}
	}
	// Whatever is offered for a flag that has choices is accepted.
	for _, v := range verbs {
		flags, _ := v.flagSet(new(programFlags))
		flags.VisitAll(func(f *pflag.Flag) {
			for _, value := range f.Annotations[choiceNote] {
				own, _ := v.flagSet(new(programFlags))
				if err := own.Set(f.Name, value); err != nil || checkChoices(own) != nil {
					t.Errorf("ventral %s --%s %s: %v, %v", v.name, f.Name, value, err, checkChoices(own))
				}
			}
		})
	}
}

// The scripts complete in the shells that are installed.
func TestCompletionInShells(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	t.Setenv("VENTRAL_IS_ITSELF", "1")
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	if err := os.Symlink(program, filepath.Join(dir, "ventral")); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "here", "images-1"), 0o777); err != nil {
		t.Fatal(err)
	}
	for shell, around := range map[string]string{
		"bash": `compopt() { :; }; source "$1"; COMP_LINE=$2 COMP_POINT=${#2}; _ventral; printf '%s\n' "${COMPREPLY[@]}"`,
		"fish": `source $argv[1]; complete -C $argv[2]`,
		// zsh completes only where somebody types: what it would add is printed.
		"zsh": `compdef() { }; compadd() { print -rl -- ${(P)@[-1]} }; compset() { }; _files() { print -rl -- here/* }
			source $1; words=(${(z)2}); [[ $2 == *" " ]] && words+=(""); CURRENT=$#words; PREFIX=$words[-1]; _ventral`,
	} {
		t.Run(shell, func(t *testing.T) {
			if _, err := exec.LookPath(shell); err != nil {
				t.Skip("not installed")
			}
			code, text, errs := ventral(t, "completion", shell)
			if code != exitOK {
				t.Fatal(errs)
			}
			script := filepath.Join(dir, "script."+shell)
			if err := os.WriteFile(script, []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
			for line, want := range map[string]string{
				"ventral plast":                       "plasticity",
				"ventral plasticity co":               "convergence",
				"ventral train --mo":                  "--momentum",
				"ventral score --regression ri":       "ridgecv",
				"ventral compare --models conv,":      "conv,lc",
				"ventral train --images cif":          "cifar100-coarse:",
				"ventral sleep --weights here/im":     "images-1",
				"ventral train --images folder:here/": "images-1",
			} {
				cmd := exec.Command(shell, "-c", around, shell, script, line)
				if shell == "fish" {
					cmd = exec.Command(shell, "-N", "-c", around, script, line)
				}
				cmd.Dir = dir
				out, err := cmd.CombinedOutput()
				if !strings.Contains(string(out), want) || strings.Contains(string(out), filesToo) {
					t.Errorf("%s: %v: %s, want %s", line, err, out, want)
				}
			}
		})
	}
}
