package hdf5

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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
		"CDF\x01 classic":                      `not an HDF5 file (it begins with "CDF\x01 cla"): it is netCDF-3; save it as netCDF-4`,
		"MATLAB 5.0 MAT-file":                  `it is of an older MATLAB; save it with save('FILE.mat', …, '-v7.3')`,
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

func TestHeaps(t *testing.T) {
	object := func(index byte, size uint64, data int) []byte {
		return slices.Concat([]byte{index, 0, 1, 0, 0, 0, 0, 0}, binary.LittleEndian.AppendUint64(nil, size), make([]byte, data))
	}
	const size = 16 + 24 + 32 + 40 // header, a text of 5 bytes, one of 16, free space
	heap := func(first, second, free uint64) []byte {
		begin := binary.LittleEndian.AppendUint64([]byte("GCOL\x01\x00\x00\x00"), size)
		return slices.Concat([]byte("abc"), begin, object(1, first, 8), object(2, second, 16), object(0, free, 24))
	}
	for _, c := range []struct {
		content []byte
		ok      bool
	}{
		{heap(5, 16, 40), true},
		{heap(8, 9, 40), true},
		{heap(5, 16, 0), false},  // the library would not get past the free space
		{heap(5, 16, 48), false}, // more than there is
		{heap(500, 16, 40), false},
		{heap(5, 1<<64-8, 40), false}, // a step of nothing, rounded up
		{heap(5, 16, 40)[:3+size-1], false},
		{[]byte("GCOL\x01\x00\x00\x00"), false},
		{[]byte("GCOL\x02\x00\x00\x00"), true}, // no heap
		{nil, true},
		{append(make([]byte, 1<<20-7), heap(5, 16, 40)...), true}, // begins in one piece of the file and ends in the next
		{append(make([]byte, 1<<20-7), heap(5, 16, 48)...), false},
	} {
		err := checkHeaps(bytes.NewReader(c.content), int64(len(c.content)))
		if (err == nil) != c.ok {
			t.Errorf("%q: %v", c.content, err)
		}
		if err != nil && len(c.content) > size && len(c.content) < 1<<20 && !strings.Contains(err.Error(), "byte 3 ") {
			t.Errorf("error %v does not say where", err)
		}
	}
	content, err := os.ReadFile("testdata/strings.h5")
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(content, []byte("GCOL"))
	content[at+16+8+2] = 0xff // the size of the first object
	path := filepath.Join(t.TempDir(), "x.h5")
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), "global heap") || !strings.HasPrefix(err.Error(), path) {
		t.Errorf("damaged heap: %v", err)
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
