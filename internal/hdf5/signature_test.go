package hdf5

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestNotHDF5(t *testing.T) {
	dir := t.TempDir()
	_, err := Open(filepath.Join(dir, "missing.h5"))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("folder: %v", err)
	}
	path := filepath.Join(dir, "x.h5")
	for content, says := range map[string]string{
		"":                                     "not an HDF5 file (it is empty)",
		"CDF\x01 classic":                      `not an HDF5 file (it begins with "CDF\x01 cla")`,
		"ab":                                   `it begins with "ab"`,
		strings.Repeat(" ", 700) + signature:   "not an HDF5 file",
		signature:                              "superblock",
		signature + strings.Repeat("\x09", 90): "superblock",
		strings.Repeat("\x00", 1024) + signature + "\x02\x08\x08" + strings.Repeat("\x00", 17) + "\xff\xff" + strings.Repeat("\x00", 60): "truncated HDF5 file: it is to have 65535 bytes, found 1114",
	} {
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path); err == nil || !strings.HasPrefix(err.Error(), path) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: error %v, want one with %q", content, err, says)
		}
	}
}

func FuzzSuperblock(f *testing.F) {
	for _, name := range []string{"superblock0.h5", "superblock2.h5", "superblock3.h5"} {
		content, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content[:96])
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		err := checkSuperblock(bytes.NewReader(content), int64(len(content)))
		if err == nil && !bytes.Contains(content, []byte(signature)) {
			t.Error("no signature, no error")
		}
	})
}
