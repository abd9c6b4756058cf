package npy

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// An array that is appended in pieces has the bytes of one that is written whole, as a file and as an entry.
func TestStream(t *testing.T) {
	dir := t.TempDir()
	data := upTo[float32](60)
	whole, pieces := filepath.Join(dir, "whole.npy"), filepath.Join(dir, "pieces.npy")
	if err := WriteFile(whole, []int{5, 3, 4}, data); err != nil {
		t.Fatal(err)
	}
	w, err := Create[float32](pieces, []int{5, 3, 4})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	for _, part := range [][]float32{data[:0], data[:24], data[24:48], data[48:]} {
		if err := w.Append(part); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(pieces); err == nil {
		t.Error("the file is there before Close")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	wants(t, w.Close(), "closed")
	sameFiles(t, whole, pieces)

	var zips [2]string
	for i := range zips {
		zips[i] = filepath.Join(dir, string('a'+rune(i))+".npz")
		z, err := CreateZip(zips[i])
		if err != nil {
			t.Fatal(err)
		}
		defer z.Abort()
		if i == 0 {
			err = AddEntry(z, "x", []int{5, 3, 4}, data)
		} else {
			err = AddFile(z, "x", pieces)
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
	}
	sameFiles(t, zips[0], zips[1])
}

func sameFiles(t *testing.T, a, b string) {
	t.Helper()
	x, err := os.ReadFile(a)
	if err != nil {
		t.Fatal(err)
	}
	if y, err := os.ReadFile(b); err != nil || !bytes.Equal(x, y) {
		t.Errorf("%s and %s differ (%v)", a, b, err)
	}
}

func TestStreamErrors(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.npy")
	w, err := Create[float32](path, []int{2, 2})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Append([]float32{1, 2, 3}); err != nil {
		t.Fatal(err)
	}
	wants(t, w.Close(), path, "3 of 4")

	w, err = Create[float32](path, []int{2, 2})
	if err != nil {
		t.Fatal(err)
	}
	w.Abort()
	wants(t, w.Append([]float32{1}), "closed")
	wants(t, w.Close(), "closed")

	z, err := CreateZip(filepath.Join(dir, "x.npz"))
	if err != nil {
		t.Fatal(err)
	}
	wants(t, AddFile(z, "a", path), `"a"`, "x.npy")
	wants(t, z.Close(), "x.npy")
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left in the folder: %v", left)
	}
	if _, err := Create[float32](filepath.Join(dir, "none", "x.npy"), []int{1}); err == nil {
		t.Error("a file in a folder that is not there was begun")
	}

	w, err = Create[float32](path, []int{1})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	defer func() {
		if recover() == nil {
			t.Error("too many elements were taken")
		}
	}()
	w.Append([]float32{1, 2})
}
