package main

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/pflag"

	"ventral/internal/whole"
)

// A runFolder is where a run writes. All goes to FOLDER.partial, which gets
// its name FOLDER when the run is complete: a folder without .partial is whole.
// A run that was interrupted, and is started again with the same arguments,
// data and versions (the same run.json), keeps the networks that the partial
// folder holds complete.
type runFolder struct {
	name       string // as it was asked for
	final, dir string // absolute
	resumed    bool   // dir held an interrupted run with the same run.json
	overwrite  bool
	worth      bool     // holds work that a run that goes on can use
	lock       *os.File // run.json, locked while this process writes the run
}

// folderFlags say where a run is written.
type folderFlags struct {
	out       string
	overwrite bool
}

func (f *folderFlags) add(flags *pflag.FlagSet, out string) {
	flags.StringVar(&f.out, "out", out, "folder of the run")
	usage := "replace the finished run in --out, and throw away an interrupted one of another command"
	if v, _, _ := findVerb(strings.Fields(flags.Name())); !v.anew {
		usage += "; an interrupted one of the same command is gone on with all the same"
	}
	flags.BoolVar(&f.overwrite, "overwrite", false, usage)
}

// check refuses, before any work is done, a folder that the run could not be
// given in the end.
func (f folderFlags) check() error { return checkRunFolder(f.out, f.overwrite) }

// runFolder makes the folder of a run of the verb at work: see newRunFolder. The
// verb's flags are written to config.toml in it, from which ventral rerun
// repeats the run.
func (t *terminal) runFolder(where folderFlags, about any) (*runFolder, error) {
	config, err := t.config(ofTheRun)
	if err != nil {
		return nil, err
	}
	f, err := newRunFolder(where.out, where.overwrite, about)
	if err != nil {
		return nil, err
	}
	if err := writeFile(f.path(configName), config); err != nil {
		f.abandon()
		return nil, err
	}
	return f, nil
}

// newRunFolder makes the folder of a run that is wholly described by about,
// and writes about to run.json in it. A folder that exists is kept, unless
// overwrite allows its replacement and it is a run's (it holds a run.json).
func newRunFolder(out string, overwrite bool, about any) (*runFolder, error) {
	if err := checkRunFolder(out, overwrite); err != nil {
		return nil, err
	}
	final, err := filepath.Abs(out)
	if err != nil {
		return nil, err
	}
	if target, err := filepath.EvalSymlinks(final); err == nil {
		final = target
	}
	f := &runFolder{name: filepath.Clean(out), final: final, dir: final + ".partial", overwrite: overwrite}
	description, err := marshal(about)
	if err != nil {
		return nil, err
	}
	before, err := os.ReadFile(f.path("run.json"))
	if err == nil && !bytes.Equal(before, description) && leftByAnew(before) {
		overwrite = true // there is nothing in it to go on with
	}
	switch {
	case err == nil && bytes.Equal(before, description):
		f.resumed = true
		return f, errors.Join(f.acquire(), f.sweep())
	case err == nil && overwrite:
		if err := f.acquire(); err != nil {
			return nil, err
		}
		f.lock.Close()
		if err := os.RemoveAll(f.dir); err != nil {
			return nil, err
		}
	case err == nil:
		return nil, fmt.Errorf("%s holds an interrupted run with other arguments, data or versions (%s): repeat that one to go on, choose another --out, or pass --overwrite to throw it away", f.shown(), differenceWords(before, description))
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	if entries, err := os.ReadDir(f.dir); err == nil && len(entries) > 0 {
		return nil, fmt.Errorf("%s exists and holds no run.json, so it is no interrupted run of ventral's: move it away or choose another --out", f.shown())
	}
	if err := os.MkdirAll(f.dir, 0o777); err != nil {
		return nil, fmt.Errorf("the run's folder cannot be made: %w", err)
	}
	if err := writeFile(f.path("run.json"), description); err != nil {
		os.Remove(f.dir) // it is empty
		return nil, err
	}
	return f, f.acquire()
}

// differenceWords says how two run.json differ, in a few words.
func differenceWords(before, after []byte) string {
	differences, err := differencesOf(before, after)
	if err != nil || len(differences) == 0 {
		return "its run.json tells which"
	}
	const most = 4
	var words []string
	for _, d := range differences[:min(most, len(differences))] {
		words = append(words, fmt.Sprintf("%s: was %s, is %s", strings.TrimPrefix(d.Name, "arguments."), cmp.Or(d.Before, "not there"), cmp.Or(d.After, "not there")))
	}
	if more := len(differences) - most; more > 0 {
		words = append(words, fmt.Sprintf("and %d more in its run.json", more))
	}
	return strings.Join(words, "; ")
}

// leftByAnew reports whether a run.json is that of a verb whose interrupted runs
// begin anew.
func leftByAnew(description []byte) bool {
	var about struct{ Verb string }
	if json.Unmarshal(description, &about) != nil {
		return false
	}
	v, _, _ := findVerb(strings.Fields(about.Verb))
	return v.anew
}

// shown is the partial folder as people are told of it: as --out named the run,
// unless that is a link to elsewhere.
func (f *runFolder) shown() string {
	name := f.name + ".partial"
	a, err := os.Stat(name)
	if err != nil {
		return f.dir
	}
	if b, err := os.Stat(f.dir); err != nil || !os.SameFile(a, b) {
		return f.dir
	}
	return name
}

// acquire locks the run against a second process with the same command. The
// lock goes with the process.
func (f *runFolder) acquire() error {
	lock, err := os.Open(f.path("run.json"))
	if err != nil {
		return err
	}
	f.lock = lock
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("another process is writing this run in %s: wait for it, or choose another --out", f.shown())
	}
	return nil
}

// sweep removes the temporary files that a killed process left: their names
// begin with a dot, as no file of a run does.
func (f *runFolder) sweep() error {
	return filepath.WalkDir(f.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasPrefix(d.Name(), ".") {
			return os.Remove(path)
		}
		return err
	})
}

// checkRunFolder refuses, before any work is done, a folder that the run could
// not be given in the end.
func checkRunFolder(out string, overwrite bool) error {
	if out == "" {
		return misused("--out is empty, expected a folder")
	}
	entries, err := os.ReadDir(out)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("the run's folder: %w", err)
	case len(entries) == 0:
		return nil
	case !overwrite && exists(filepath.Join(out, divergedName)):
		return fmt.Errorf("%s exists, and is a run that diverged (its %s says how): choose another --out, or pass --overwrite to replace it", out, divergedName)
	case !overwrite:
		return fmt.Errorf("%s exists: choose another --out, or pass --overwrite to replace it", out)
	}
	if _, err := os.Stat(filepath.Join(out, "run.json")); err != nil {
		return fmt.Errorf("%s exists and holds no run.json, so it is no run of ventral's: it is not overwritten; choose another --out", out)
	}
	return nil
}

// path joins the elements to a path within the run.
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
		old := fmt.Sprintf("%s.old-%d", f.final, os.Getpid())
		switch err := os.Rename(f.final, old); {
		case err == nil:
			if err := os.Rename(f.dir, f.final); err != nil {
				return errors.Join(err, os.Rename(old, f.final))
			}
			return os.RemoveAll(old)
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
	}
	return os.Rename(f.dir, f.final)
}

// keep says that the partial folder holds work worth keeping.
func (f *runFolder) keep() { f.worth = true }

// abandon removes the partial folder of a run that ended without anything
// worth keeping: no trained weights, nor what keep spoke of. After finish it
// does nothing.
func (f *runFolder) abandon() {
	defer f.lock.Close()
	if f.worth {
		return
	}
	for _, pattern := range []string{weightsName, stateName, "models/*/" + weightsName, "models/*/" + stateName} {
		if kept, err := fs.Glob(os.DirFS(f.dir), pattern); f.resumed || err != nil || len(kept) > 0 {
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

// writeFile writes path whole or not at all.
func writeFile(path string, content []byte) error { return whole.WriteFile(path, content) }

// fileName makes a file's name of a layer's or model's.
func fileName(name string) string {
	return strings.NewReplacer("/", "_", `\`, "_", ":", "_").Replace(name)
}
