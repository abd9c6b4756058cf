//go:build cgo

package hdf5

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReferencesIntoNoHeap gives the references of a dataset of texts other
// lengths, addresses and indices: each is refused before the library, which
// would crash, follows it.
func TestReferencesIntoNoHeap(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("testdata", "strings.h5"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := Open(filepath.Join("testdata", "strings.h5"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	words, err := dataset(t, f, "variable_utf8").Strings(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	// The first reference begins with the length of the first word and holds the
	// address of a heap.
	heap := bytes.Index(content, []byte("GCOL"))
	address := []byte{byte(len(words[0])), 0, 0, 0, byte(heap), byte(heap >> 8), byte(heap >> 16), 0, 0, 0, 0, 0}
	at := bytes.Index(content, address)
	if heap < 0 || at < 0 {
		t.Fatalf("strings.h5 has its heap at %d and the reference to its first word at %d", heap, at)
	}
	for name, change := range map[string]struct {
		at    int
		value byte
	}{"length": {1, 200}, "address": {5, 99}, "far address": {11, 127}, "index": {13, 255}} {
		damaged := bytes.Clone(content)
		damaged[at+change.at] = change.value
		path := filepath.Join(t.TempDir(), "damaged.h5")
		if err := os.WriteFile(path, damaged, 0o666); err != nil {
			t.Fatal(err)
		}
		f, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		refused := 0
		for _, d := range []string{"variable_utf8", "variable_ascii", "variable_scalar"} {
			if _, err := dataset(t, f, d).Strings(nil, nil); err != nil {
				refused++
				if !strings.Contains(err.Error(), "damaged: text") {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
		if refused != 1 {
			t.Errorf("a wrong %s: %d datasets are refused, want 1", name, refused)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}
