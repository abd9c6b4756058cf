package whole

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// content is what a folder holds.
func content(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = string(b)
	}
	return all
}

func TestFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.txt")
	if err := WriteFile(path, []byte("one")); err != nil {
		t.Fatal(err)
	}
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("two")); err != nil {
		t.Fatal(err)
	}
	if now := content(t, dir); now["a.txt"] != "one" || len(now) != 2 {
		t.Errorf("while it is written, the folder holds %q", now)
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	f.Abort()
	if now := content(t, dir); now["a.txt"] != "two" || len(now) != 1 {
		t.Errorf("afterwards the folder holds %q", now)
	}

	f, err = Create(path)
	if err != nil {
		t.Fatal(err)
	}
	f.Abort()
	if now := content(t, dir); now["a.txt"] != "two" || len(now) != 1 {
		t.Errorf("after a file was given up, the folder holds %q", now)
	}
}

// Errors name the file that was to be, and leave nothing.
func TestErrors(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "none", "a.txt")
	var p *fs.PathError
	if err := WriteFile(path, nil); !errors.Is(err, fs.ErrNotExist) || !errors.As(err, &p) || p.Path != path {
		t.Errorf("in no folder: %v", err)
	}
	path = filepath.Join(dir, "a.txt")
	for what, harm := range map[string]func(f *File){
		"write": func(f *File) { f.file.Close() },
		"place": func(*File) { os.MkdirAll(filepath.Join(path, "in the way"), 0o777) },
	} {
		f, err := Create(path)
		if err != nil {
			t.Fatal(err)
		}
		harm(f)
		_, err = f.Write([]byte("x"))
		if err = errors.Join(err, f.Commit()); err == nil {
			t.Fatalf("%s: no error", what)
		}
		if what == "write" && (!errors.As(err, &p) || p.Path != path) {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := os.Stat(f.Temporary()); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: the temporary file is left: %v", what, err)
		}
	}
}
