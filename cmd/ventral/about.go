package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/spf13/pflag"

	"ventral/internal/blas"
	"ventral/internal/hdf5"
	"ventral/internal/kernel"
)

// A description says all that makes a run: the same description gives the same
// files, byte by byte (but for timing.csv, which no two runs share).
type description struct {
	Verb      string            `json:"verb"`
	Arguments map[string]string `json:"arguments"` // every flag, defaults included
	Simulated bool              `json:"simulated"` // the recordings are simulated
	Versions  map[string]string `json:"versions"`
	Data      []datum           `json:"data"`
	Notes     []string          `json:"notes,omitempty"` // what was chosen or left out in reading the data
}

// A datum is an input: where it came from and what it held.
type datum struct {
	Name   string `json:"name"`
	Source string `json:"source"`
	Items  int    `json:"items"` // images or stimuli
	SHA256 string `json:"sha256"`
}

// describe begins the description of a run of the verb whose flags these are.
func describe(flags *pflag.FlagSet) description {
	d := description{Verb: flags.Name(), Arguments: map[string]string{}, Versions: versionTable(), Data: []datum{}}
	flags.VisitAll(func(f *pflag.Flag) {
		if ofTheRun(f) {
			value := f.Value.String()
			if strings.HasPrefix(f.Value.Type(), "string") && f.Value.Type() != "string" { // a list
				value = strings.TrimSuffix(strings.TrimPrefix(value, "["), "]")
			}
			d.Arguments[f.Name] = value
		}
	})
	return d
}

// versionTable names everything whose version can change a number.
func versionTable() map[string]string {
	return map[string]string{
		"ventral": version(),
		"go":      runtime.Version(),
		"kernel":  kernel.Name(),
		"blas":    blas.Name(),
		"hdf5":    hdf5.Version(),
	}
}

// version identifies the program: the commit it was built from, if that is
// known and nothing was changed since, else the hash of the program itself.
var version = sync.OnceValue(func() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		revision, modified := "", true
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				revision = s.Value
			case "vcs.modified":
				modified = s.Value != "false"
			}
		}
		if revision != "" && !modified {
			return revision
		}
	}
	path, err := os.Executable()
	if err != nil {
		return "unknown"
	}
	data, err := appendFile(nil, "", path)
	if err != nil {
		return "unknown"
	}
	return "program " + data[0].SHA256[:16]
})

func versions() string {
	v := versionTable()
	return "ventral " + v["ventral"] + ", " + v["go"] + ", kernels " + v["kernel"] + ", BLAS " + v["blas"] + ", HDF5 " + v["hdf5"]
}
