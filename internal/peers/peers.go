// Package peers helps the tests that time other programs beside ours: make
// bench-peers.
package peers

import (
	"os"
	"os/exec"
	"slices"
	"testing"
)

// Python finds a Python that can import the modules ("numpy, PIL"): PYTHON, the
// system's, or the first on the path. Without one it skips the test and names
// Debian's packages that hold them.
func Python(t *testing.T, modules, packages string) string {
	t.Helper()
	for _, python := range []string{os.Getenv("PYTHON"), "/usr/bin/python3", "python3"} {
		if python != "" && exec.Command(python, "-c", "import "+modules).Run() == nil {
			return python
		}
	}
	t.Skipf("no Python with %s: install %s, or set PYTHON", modules, packages)
	return ""
}

// Median is the upper median of timings.
func Median(v []float64) float64 {
	return slices.Sorted(slices.Values(v))[len(v)/2]
}
