//go:build !cgo

package hdf5

import (
	"strings"
	"testing"
)

func TestWithoutCgo(t *testing.T) {
	_, err := Open("testdata/superblock0.h5")
	for _, part := range []string{"testdata/superblock0.h5", "libhdf5-dev", "pkg-config", "gcc", "CGO_ENABLED=1", ".npz"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v does not say %q", err, part)
		}
	}
	if _, err := Create("x.h5"); err == nil || !strings.Contains(err.Error(), "CGO_ENABLED=1") || !strings.Contains(err.Error(), "x.h5") {
		t.Errorf("creating: %v", err)
	}
	if Available || Version() != "none" {
		t.Errorf("available %v, version %q", Available, Version())
	}
}
