// Package notebooks tests the notebooks beside it: they run from beginning to
// end, and say what they said when they were committed.
package notebooks

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"ventral/internal/hdf5"
	"ventral/internal/peers"
)

// notebooks, with the Python modules that each imports and the others do not.
var notebooks = []struct{ name, modules string }{
	{"1-plasticity-rule", ""},
	{"2-conv-lc-sleep", ""},
	{"3-predictivity", ", xarray, netCDF4, sklearn"},
	{"4-python-and-pytorch", ", xarray, netCDF4, sklearn, PIL, torch"},
}

const debian = "Debian's python3-nbconvert, -ipykernel, -pandas, -matplotlib, -xarray, -netcdf4, -sklearn, -pil and -torch"

// A notebook is what the tests read of a file.
type notebook struct {
	Cells []struct {
		ID       string `json:"id"`
		Type     string `json:"cell_type"`
		Count    *int   `json:"execution_count"`
		Metadata map[string]any
		Outputs  []struct {
			Type string `json:"output_type"`
			Name string
			Text []string // of what is printed, its lines
		}
	}
}

// said is what each code cell printed: not its figures, nor the tables and arrays
// that other libraries show in their own way.
func (n *notebook) said(t *testing.T) map[string]string {
	t.Helper()
	said := map[string]string{}
	for _, c := range n.Cells {
		var text strings.Builder
		for _, o := range c.Outputs {
			if o.Type == "error" || o.Name == "stderr" {
				t.Errorf("cell %s has an output of the kind %s %s: %s", c.ID, o.Type, o.Name, strings.Join(o.Text, ""))
			}
			text.WriteString(strings.Join(o.Text, ""))
		}
		said[c.ID] = text.String()
	}
	return said
}

func read(t *testing.T, path string) (*notebook, []byte) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n := &notebook{}
	if err := json.Unmarshal(text, n); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return n, text
}

// What is committed was run from beginning to end, is small, and says nothing
// about the machine that ran it.
func TestNotebooksAsCommitted(t *testing.T) {
	files, err := filepath.Glob("*.ipynb")
	if err != nil || len(files) != len(notebooks) {
		t.Fatalf("there are %d notebooks, and the tests know of %d (%v)", len(files), len(notebooks), err)
	}
	machine := regexp.MustCompile(`/(tmp|root|home|work|Users|usr)/|C:\\`)
	for _, file := range files {
		n, text := read(t, file)
		n.said(t)
		if len(text) > 300_000 {
			t.Errorf("%s has %d bytes, expected at most 300,000", file, len(text))
		}
		if path := machine.Find(text); path != nil {
			t.Errorf("%s names a path of a machine: %s", file, path)
		}
		count := 0
		for _, c := range n.Cells {
			if len(c.Metadata) > 0 {
				t.Errorf("%s: cell %s has metadata: %v", file, c.ID, c.Metadata)
			}
			if c.Type != "code" {
				continue
			}
			if count++; c.Count == nil || *c.Count != count {
				t.Errorf("%s: cell %s was not run as the %d-th of a fresh kernel", file, c.ID, count)
			}
		}
	}
}

// execute runs a notebook in a folder of its own, with a ventral that is built
// from this tree, and returns it.
func execute(t *testing.T, name, modules, data string) *notebook {
	t.Helper()
	if testing.Short() {
		t.Skip("takes up to two minutes")
	}
	if !hdf5.Available {
		t.Skip("the notebooks exchange HDF5, and this is built without it")
	}
	python := peers.Python(t, "nbconvert, ipykernel, numpy, pandas, matplotlib"+modules, debian)
	dir := t.TempDir()
	program := filepath.Join(dir, "ventral")
	if out, err := exec.Command("go", "build", "-o", program, "ventral/cmd/ventral").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, file := range []string{name + ".ipynb", "helper.py"} {
		text, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, file), text, 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), python, "-m", "nbconvert", "--to", "notebook", "--execute", "--output", "executed",
		"--ExecutePreprocessor.timeout=600", name+".ipynb")
	cmd.Dir = dir
	cmd.Env = append(cmd.Environ(), "VENTRAL="+program, "VENTRAL_DATA="+data,
		"IPYTHONDIR="+filepath.Join(dir, "ipython"), "JUPYTER_RUNTIME_DIR="+filepath.Join(dir, "runtime"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	n, _ := read(t, filepath.Join(dir, "executed.ipynb"))
	return n
}

// The cells' own assertions hold, and every cell says what it said.
func TestNotebooks(t *testing.T) {
	for _, file := range notebooks {
		t.Run(file.name, func(t *testing.T) {
			got := execute(t, file.name, file.modules, "").said(t)
			committed, _ := read(t, file.name+".ipynb")
			want := committed.said(t)
			for id, text := range want {
				if difference := compare(got[id], text); difference != "" {
					t.Errorf("cell %s: %s; it says\n%s\nand is committed as\n%s", id, difference, got[id], text)
				}
			}
		})
	}
}

// The same cells run on real images and recordings.
func TestNotebooksOnRealData(t *testing.T) {
	data := os.Getenv("VENTRAL_DATA")
	if data == "" {
		t.Skip("VENTRAL_DATA names no folder of real data")
	}
	data, err := filepath.Abs(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range notebooks[1:3] {
		t.Run(file.name, func(t *testing.T) { execute(t, file.name, file.modules, data).said(t) })
	}
}

// numbers have digits, and may have a sign, commas between thousands, a point
// and an exponent.
var numbers = regexp.MustCompile(`[-+]?(\d[\d,]*\.?\d*|\.\d+)(e[-+]?\d+)?`)

// compare says where two texts differ: in their words, or in a number by more
// than a tenth and .03. Processors round differently, and training amplifies it;
// what must hold exactly is asserted in the notebooks.
func compare(got, want string) string {
	a, b := strings.Fields(numbers.ReplaceAllString(got, "#")), strings.Fields(numbers.ReplaceAllString(want, "#"))
	if strings.Join(a, " ") != strings.Join(b, " ") {
		return "it has other words"
	}
	theirs := numbers.FindAllString(want, -1)
	for i, text := range numbers.FindAllString(got, -1) {
		if x, y := number(text), number(theirs[i]); !(math.Abs(x-y) <= .03+.1*math.Abs(y)) {
			return "it has " + text + " in place of " + theirs[i]
		}
	}
	return ""
}

func number(text string) float64 {
	v, err := strconv.ParseFloat(strings.ReplaceAll(text, ",", ""), 64)
	if err != nil {
		return math.NaN()
	}
	return v
}

func TestCompare(t *testing.T) {
	const text = "conv1  .524 ± .012,  61,338 parameters, 3e-14\n∞"
	for got, same := range map[string]bool{
		text: true,
		"conv1 .531 ± .012, 61,338 parameters, 2e-13 ∞":    true,
		"conv1 .724 ± .012, 61,338 parameters, 3e-14 ∞":    false,
		"conv2 .524 ± .012, 61,338 parameters, 3e-14 ∞":    false,
		"conv1 .524 ± .012, 5,161,962 parameters, 3e-14 ∞": false,
		"conv1 .524 ± nan, 61,338 parameters, 3e-14 ∞":     false,
	} {
		if difference := compare(got, text); (difference == "") != same {
			t.Errorf("%q: %q", got, difference)
		}
	}
}
