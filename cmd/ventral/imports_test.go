package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// mayImport is the plan of the house: what each package may import beside the
// standard library. "ventral/…" is this module; a module's name allows all its
// packages.
var mayImport = map[string][]string{
	"ventral/neuron":          {"gonum.org/v1/gonum"},
	"ventral/plasticity":      {"gonum.org/v1/gonum", "github.com/expr-lang/expr"},
	"ventral/network":         {"ventral/neuron", "ventral/plasticity", "ventral/internal", "gonum.org/v1/gonum"},
	"ventral/stimuli":         {"ventral/internal", "golang.org/x/image", "gonum.org/v1/gonum/dsp/fourier"},
	"ventral/fit":             {"ventral/internal", "gonum.org/v1/gonum"},
	"ventral/internal/npy":    {"ventral/internal/whole", "github.com/sbinet/npyio"},
	"ventral/internal/hdf5":   {"ventral/internal/whole", "gonum.org/v1/hdf5"},
	"ventral/internal/blas":   {"gonum.org/v1/gonum", "gonum.org/v1/netlib"},
	"ventral/internal/band":   {"ventral/internal/kernel", "gonum.org/v1/gonum"},
	"ventral/internal/kernel": {},
	"ventral/internal/memory": {},
	"ventral/internal/peers":  {},
	"ventral/internal/whole":  {},
	"ventral/notebooks":       {},
	"ventral/cmd/ventral": {
		"ventral/neuron", "ventral/plasticity", "ventral/network", "ventral/stimuli", "ventral/fit", "ventral/internal",
		"gonum.org/v1/gonum", "gonum.org/v1/plot", "github.com/spf13/pflag", "github.com/vbauerster/mpb/v8", "golang.org/x/term", "golang.org/x/sys/cpu", "github.com/BurntSushi/toml",
	},
}

// TestImports holds the imports of every package, with and without cgo,
// against the plan.
func TestImports(t *testing.T) {
	for _, cgo := range []string{"CGO_ENABLED=1", "CGO_ENABLED=0"} {
		cmd := exec.Command("go", "list", "-json=ImportPath,Imports,Standard", "ventral/...")
		cmd.Env = append(cmd.Environ(), cgo)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		for d := json.NewDecoder(strings.NewReader(string(out))); ; {
			var p struct {
				ImportPath string
				Imports    []string
			}
			if err := d.Decode(&p); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			allowed, planned := mayImport[p.ImportPath]
			if !planned {
				t.Errorf("%s is in no plan: say in mayImport what it may import", p.ImportPath)
			}
			for _, path := range p.Imports {
				if standard(path) || slices.ContainsFunc(allowed, func(a string) bool { return path == a || strings.HasPrefix(path, a+"/") }) {
					continue
				}
				t.Errorf("%s imports %s (%s), which the plan does not allow", p.ImportPath, path, cgo)
			}
		}
	}
}

// standard reports whether path is of the standard library: its first element
// has no dot and is not this module.
func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return first != "ventral" && !strings.Contains(first, ".")
}
