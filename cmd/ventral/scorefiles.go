package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// A namedFile is a file that a flag names.
type namedFile struct{ flag, path string }

// checkOutputs refuses, before any work is done, files that could not be written
// in the end, that would be written over one another, or over what is read.
func checkOutputs(outputs, inputs []namedFile) error {
	taken := map[string]string{} // the flag, by where the file lies
	for _, in := range inputs {
		if place, err := filepath.EvalSymlinks(in.path); in.path != "" && err == nil {
			taken[absolute(place)] = in.flag
		}
	}
	for _, out := range outputs {
		if out.path == "" || out.path == "-" {
			continue
		}
		info, err := os.Stat(out.path)
		switch {
		case err == nil && info.IsDir():
			return misused("--%s %s is a folder, expected a file", out.flag, out.path)
		case err == nil && info.Mode()&fs.ModeDevice != 0: // the terminal, or nowhere
			continue
		}
		dir := filepath.Dir(out.path)
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return misused("--%s %s: there is no folder %s", out.flag, out.path, dir)
		}
		trial, err := os.CreateTemp(dir, ".*.tmp")
		if err != nil {
			return misused("--%s %s cannot be written: %w", out.flag, out.path, err)
		}
		trial.Close()
		os.Remove(trial.Name())
		place := absolute(out.path)
		if real, err := filepath.EvalSymlinks(dir); err == nil {
			place = filepath.Join(absolute(real), filepath.Base(out.path))
		}
		if other, twice := taken[place]; twice {
			return misused("--%s and --%s are the same file, %s", other, out.flag, out.path)
		}
		taken[place] = out.flag
	}
	return nil
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// checkOutputs refuses outputs that could not be written.
func (s *scoreRun) checkOutputs(flags *pflag.FlagSet) error {
	if ext := filepath.Ext(s.figurePath); s.figurePath != "" && !slices.Contains(heatMapFormats, ext) {
		return misused("--figure %s: figures are written as %s", s.figurePath, alternatives(heatMapFormats))
	}
	inputs := []namedFile{{"features", s.input.features}, {"responses", s.input.responses}, {"repetitions", s.input.repetitions}, {"stimuli", s.input.table}, {"neuroids", s.input.neuroidTable}}
	return checkOutputs([]namedFile{{"csv", s.csvPath}, {"figure", s.figurePath}, {"save", s.savePath}, {"json", flags.Lookup("json").Value.String()}}, inputs)
}

// A scoreMade is what made scores: as in run.json.
type scoreMade struct {
	Arguments map[string]string `json:"arguments"`
	Versions  map[string]string `json:"versions"`
	Data      []datum           `json:"data"`
}

// made describes the scores: all flags, the versions of what computed, and the
// files that were read, with their hashes.
func (s *scoreRun) made(flags *pflag.FlagSet) (scoreMade, error) {
	d := describe(flags)
	for _, f := range []string{"csv", "figure", "save"} { // where results go makes none
		delete(d.Arguments, f)
	}
	files := s.featureFiles
	add := func(name, path string) {
		if path != "" {
			files = append(files, namedFile{name, path})
		}
	}
	for _, f := range []namedFile{{"responses", s.input.responses}, {"repetitions", s.input.repetitions}} {
		add(f.flag+" file", f.path)
		for _, beside := range []string{"stimuli", "neuroids"} { // as fit.ReadAssembly finds them
			if ext := filepath.Ext(f.path); ext == ".npy" || ext == ".npz" {
				if path := strings.TrimSuffix(f.path, ext) + "_" + beside + ".csv"; exists(path) {
					add(beside+" of "+f.flag, path)
				}
			}
		}
	}
	add("neuroids file", s.input.neuroidTable)
	for flag, spec := range map[string]string{"group": s.input.group, "stratify": s.input.stratify} {
		if path, _, ok := strings.Cut(spec, ".csv:"); ok {
			add("table of --"+flag, path+".csv")
		}
	}
	if filepath.Ext(s.ceiling) == ".npy" {
		add("ceiling file", s.ceiling)
	}
	made := scoreMade{d.Arguments, d.Versions, []datum{}}
	for _, f := range files {
		var err error
		if made.Data, err = appendFile(made.Data, f.flag, f.path); err != nil {
			return made, fmt.Errorf("describing what was scored: %w", err)
		}
	}
	return made, nil
}

// readFiles are the files of the layers that are scored, and of the table that
// names their rows.
func (x *featureSource) readFiles(path string) []namedFile {
	files := []namedFile{{"features file", path}}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		files = nil
		for _, layer := range x.layers {
			files = append(files, namedFile{"features of " + layer, filepath.Join(path, layer+".npy")})
		}
	}
	if x.table != nil {
		files = append(files, namedFile{"stimuli file", x.tablePath})
	}
	return files
}
