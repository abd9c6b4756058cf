package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A runFolder is where a run writes. All goes to FOLDER.partial, which gets
// its name FOLDER when the run is complete: a folder without .partial is whole.
// A run that was interrupted, and is started again with the same arguments,
// data and versions (the same run.json), goes on from what the partial folder
// holds.
type runFolder struct {
	final, dir string
	resumed    bool // dir held an interrupted run with the same run.json
	overwrite  bool
}

// newRunFolder makes the folder of a run that is wholly described by about,
// and writes about to run.json in it. A folder that exists is kept, unless
// overwrite allows its replacement and it is a run's (it holds a run.json).
func newRunFolder(out string, overwrite bool, about any) (*runFolder, error) {
	if err := checkRunFolder(out, overwrite); err != nil {
		return nil, err
	}
	f := &runFolder{final: filepath.Clean(out), overwrite: overwrite}
	f.dir = f.final + ".partial"
	description, err := marshal(about)
	if err != nil {
		return nil, err
	}
	before, err := os.ReadFile(f.path("run.json"))
	switch {
	case err == nil && bytes.Equal(before, description):
		f.resumed = true
		return f, nil
	case err == nil && overwrite:
		if err := os.RemoveAll(f.dir); err != nil {
			return nil, err
		}
	case err == nil:
		return nil, fmt.Errorf("%s holds an interrupted run with other arguments, data or versions (its run.json tells which): repeat that one to go on, choose another --out, or pass --overwrite to throw it away", f.dir)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	if err := os.MkdirAll(f.dir, 0o777); err != nil {
		return nil, fmt.Errorf("the run's folder cannot be made: %w", err)
	}
	return f, writeFile(f.path("run.json"), description)
}

// checkRunFolder refuses, before any work is done, a folder that the run could
// not be given in the end.
func checkRunFolder(out string, overwrite bool) error {
	entries, err := os.ReadDir(out)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("the run's folder: %w", err)
	case len(entries) == 0:
		return nil
	case !overwrite:
		return fmt.Errorf("%s exists: choose another --out, or pass --overwrite to replace it", out)
	}
	if _, err := os.Stat(filepath.Join(out, "run.json")); err != nil {
		return fmt.Errorf("%s exists and holds no run.json, so it is no run of ventral's: it is not overwritten; choose another --out", out)
	}
	return nil
}

// path joins the elements to a path within the run, whose folders it makes.
func (f *runFolder) path(elem ...string) string {
	return filepath.Join(append([]string{f.dir}, elem...)...)
}

// file is path for a file about to be written: the folders above it are made.
func (f *runFolder) file(elem ...string) (string, error) {
	p := f.path(elem...)
	return p, os.MkdirAll(filepath.Dir(p), 0o777)
}

// writeCSV writes a table with a header row.
func (f *runFolder) writeCSV(header []string, rows [][]string, elem ...string) error {
	p, err := f.file(elem...)
	if err != nil {
		return err
	}
	return writeCSV(p, header, rows)
}

// writeJSON writes v, indented.
func (f *runFolder) writeJSON(v any, elem ...string) error {
	p, err := f.file(elem...)
	if err != nil {
		return err
	}
	text, err := marshal(v)
	if err != nil {
		return err
	}
	return writeFile(p, text)
}

// finish gives the complete run its name.
func (f *runFolder) finish() error {
	if f.overwrite {
		if err := checkRunFolder(f.final, true); err != nil {
			return err
		}
		old := f.final + ".old"
		if err := os.Rename(f.final, old); err == nil {
			defer os.RemoveAll(old)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return os.Rename(f.dir, f.final)
}

// abandon removes the partial folder of a run that ended without anything
// worth keeping: no trained weights. After finish it does nothing.
func (f *runFolder) abandon() {
	for _, pattern := range []string{weightsName, filepath.Join("models", "*", weightsName)} {
		if kept, err := filepath.Glob(f.path(pattern)); err != nil || len(kept) > 0 {
			return
		}
	}
	os.RemoveAll(f.dir)
}

// marshal is JSON as ventral writes it.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// writeCSV writes a table with a header row to path.
func writeCSV(path string, header []string, rows [][]string) error {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.Write(header); err != nil {
		return err
	}
	if err := w.WriteAll(rows); err != nil {
		return err
	}
	return writeFile(path, b.Bytes())
}

// writeFile writes path whole or not at all: to a temporary name, then renamed.
func writeFile(path string, content []byte) error {
	t, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(t.Name()) // fails after the rename, as it should
	_, err = t.Write(content)
	err = errors.Join(err, t.Chmod(0o666&^umask), t.Sync(), t.Close())
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return os.Rename(t.Name(), path)
}

// umask is the process's file mode mask, which os.CreateTemp does not follow.
const umask = 0o022

// fileName makes a file's name of a layer's or model's.
func fileName(name string) string {
	return strings.NewReplacer("/", "_", `\`, "_", ":", "_").Replace(name)
}
