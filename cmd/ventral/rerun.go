package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"ventral/plasticity"
)

var rerunVerb = verb{
	name:    "rerun",
	args:    "FOLDER",
	summary: "repeat the run in a folder, and tell whether every file is the same",
	detail: `
Repeats the run whose folder this is, from its config.toml, into --out, and then
compares the two folders file by file. timing.csv, which no two runs share, and
config.toml, which says where a run was started, are not compared, nor what only
ventral report wrote into the folder. Where a file differs or is missing the exit
code is 1.

Relative paths in the flags begin where the run was started, or at --from. Another
version of ventral, another processor or BLAS may give other last bits: run.json
says what a run was made with, and how two of them differ is told.

  ventral rerun runs/lc-sleep
  ventral rerun runs/lc-sleep --out /tmp/again --threads 1`,
	json: `
  folder, rerun         the two folders
  verb                  that made them
  identical             number of files that are the same
  differing             names of the files that are not
  missing, added        names of the files that only one has: the first, the
                        rerun
  not_compared          names of files that are left out
  description           what in run.json differs: name, before, after`,
	flags: func(flags *pflag.FlagSet) action {
		r := &rerun{flags: flags}
		flags.StringVar(&r.out, "out", "", "folder of the new run (default: FOLDER-rerun)")
		flags.BoolVar(&r.overwrite, "overwrite", false, "replace the folder of an earlier run")
		flags.StringVar(&r.from, "from", "", "folder that relative paths in the flags begin at (default: where the run was started)")
		return r.run
	},
}

// rerun is the verb's flags.
type rerun struct {
	flags     *pflag.FlagSet
	out, from string
	overwrite bool
}

// A comparison is what rerun finds.
type comparison struct {
	Folder      string       `json:"folder"`
	Rerun       string       `json:"rerun"`
	Verb        string       `json:"verb"`
	Identical   int          `json:"identical"`
	Differing   []string     `json:"differing"`
	Missing     []string     `json:"missing"`
	Added       []string     `json:"added"`
	NotCompared []string     `json:"not_compared"`
	Description []difference `json:"description"`
}

// A difference is a value of run.json that is another in the rerun; "" where it
// is not there.
type difference struct {
	Name   string `json:"name"`
	Before string `json:"before"`
	After  string `json:"after"`
}

func (r *rerun) run(ctx context.Context, t *terminal) error {
	if r.flags.NArg() != 1 {
		return needs(r.flags, "one FOLDER")
	}
	c := &comparison{Folder: filepath.Clean(r.flags.Arg(0)), Differing: []string{}, Missing: []string{}, Added: []string{}, NotCompared: []string{}, Description: []difference{}}
	c.Rerun = c.Folder + "-rerun"
	if r.out != "" {
		c.Rerun = filepath.Clean(r.out)
	}
	config, err := filepath.Abs(filepath.Join(c.Folder, configName))
	if err != nil {
		return err
	}
	if !exists(config) {
		return fmt.Errorf("%s has no %s: it is no run of ventral's, or was made by a version that wrote none", c.Folder, configName)
	}
	file, err := openConfig(config)
	if err != nil {
		return err
	}
	if len(file.tables) != 1 {
		return fmt.Errorf("%s has the tables of %d verbs, expected that of the verb that made the run", config, len(file.tables))
	}
	v := file.tables[0].verb
	c.Verb = v.name
	if err := checkRunFolder(c.Rerun, r.overwrite); err != nil {
		return err
	}
	err = r.repeat(ctx, t, v, config, file.startedIn, c.Rerun)
	if _, diverged := plasticity.Diverged(err); diverged { // it left a folder all the same
		t.say("the rerun: %v", err)
	} else if err != nil {
		return err
	}
	if err := c.compare(); err != nil {
		return err
	}
	if err := t.result(c, func() { c.write(t.out) }); err != nil {
		return err
	}
	if n := len(c.Differing) + len(c.Missing) + len(c.Added); n > 0 {
		return fmt.Errorf("not the same in %s and %s: %s", c.Folder, c.Rerun, counted(n, "file"))
	}
	return nil
}

// repeat runs the verb with the flags of the file, where it was run before.
func (r *rerun) repeat(ctx context.Context, t *terminal, v verb, config, startedIn, out string) (err error) {
	out, err = filepath.Abs(out)
	if err != nil {
		return err
	}
	from := startedIn
	if r.from != "" {
		from = r.from
	}
	here, err := os.Getwd()
	if err != nil {
		return err
	}
	if err := os.Chdir(from); err != nil {
		return fmt.Errorf("the run was started in %s, where its relative paths begin: %w; --from names another folder", startedIn, err)
	}
	defer func() { err = errors.Join(err, os.Chdir(here)) }()
	if from != here {
		t.say("repeating ventral %s in %s", v.name, from)
	}
	args := []string{"--config", config, "--out", out}
	if r.overwrite {
		args = append(args, "--overwrite")
	}
	inner := &terminal{out: t.out, err: t.err, interactive: t.interactive}
	if t.program.json == "-" {
		inner.out = io.Discard
	}
	if t.program.quiet {
		args = append(args, "--quiet")
	}
	return v.run(ctx, args, inner)
}

// notCompared are files that equal runs need not share.
var notCompared = []string{timingName, configName}

// compare holds the rerun's files against those of the folder.
func (c *comparison) compare() error {
	before, err := filesUnder(c.Folder)
	if err != nil {
		return err
	}
	after, err := filesUnder(c.Rerun)
	if err != nil {
		return err
	}
	reported := func(name string) bool {
		return (name == reportName || strings.HasPrefix(name, "plots/")) && !slices.Contains(after, reportName)
	}
	for _, name := range before {
		if slices.Contains(notCompared, filepath.Base(name)) || reported(name) {
			c.NotCompared = append(c.NotCompared, name)
			continue
		}
		if !slices.Contains(after, name) {
			c.Missing = append(c.Missing, name)
			continue
		}
		same, err := sameContent(filepath.Join(c.Folder, name), filepath.Join(c.Rerun, name))
		if err != nil {
			return err
		}
		if same {
			c.Identical++
		} else {
			c.Differing = append(c.Differing, name)
		}
	}
	for _, name := range after {
		if !slices.Contains(before, name) && !slices.Contains(notCompared, filepath.Base(name)) {
			c.Added = append(c.Added, name)
		}
	}
	return c.describe()
}

// filesUnder are the names of all files in a folder, sorted.
func filesUnder(dir string) (names []string, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		names = append(names, filepath.ToSlash(name))
		return err
	})
	slices.Sort(names)
	return names, err
}

func sameContent(a, b string) (bool, error) {
	one, err := appendFile(nil, "", a)
	if err != nil {
		return false, err
	}
	other, err := appendFile(nil, "", b)
	if err != nil {
		return false, err
	}
	return one[0].SHA256 == other[0].SHA256, nil
}

// describe tells what differs in run.json.
func (c *comparison) describe() error {
	if !slices.Contains(c.Differing, "run.json") {
		return nil
	}
	var texts [2][]byte
	for i, folder := range []string{c.Folder, c.Rerun} {
		var err error
		if texts[i], err = os.ReadFile(filepath.Join(folder, "run.json")); err != nil {
			return err
		}
	}
	found, err := differencesOf(texts[0], texts[1])
	if err != nil {
		return fmt.Errorf("run.json of %s or %s: %w", c.Folder, c.Rerun, err)
	}
	c.Description = append(c.Description, found...)
	return nil
}

// differencesOf are the values that differ in two JSON documents, by their names.
func differencesOf(before, after []byte) (found []difference, err error) {
	var sides [2]map[string]string
	for i, text := range [][]byte{before, after} {
		var v any
		if err := json.Unmarshal(text, &v); err != nil {
			return nil, err
		}
		sides[i] = map[string]string{}
		flatten("", v, sides[i])
	}
	names := maps.Clone(sides[0])
	maps.Copy(names, sides[1])
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if before, after := sides[0][name], sides[1][name]; before != after {
			found = append(found, difference{name, before, after})
		}
	}
	return found, nil
}

// flatten lists the values of a JSON document by their paths, a.b.0.
func flatten(path string, v any, into map[string]string) {
	under := func(name string, v any) { flatten(strings.TrimPrefix(path+"."+name, "."), v, into) }
	switch v := v.(type) {
	case map[string]any:
		for name, e := range v {
			under(name, e)
		}
	case []any:
		for i, e := range v {
			under(fmt.Sprint(i), e)
		}
	default:
		into[path] = fmt.Sprint(v)
	}
}

// write prints the comparison.
func (c *comparison) write(w io.Writer) {
	fmt.Fprintf(w, "\nidentical: %s of %s and %s\n", counted(c.Identical, "file"), c.Folder, c.Rerun)
	for _, list := range []struct {
		title string
		names []string
	}{{"different", c.Differing}, {"missing in the rerun", c.Missing}, {"new in the rerun", c.Added}, {"not compared", c.NotCompared}} {
		if len(list.names) > 0 {
			fmt.Fprintf(w, "%s: %s\n", list.title, strings.Join(list.names, ", "))
		}
	}
	for _, d := range c.Description {
		fmt.Fprintf(w, "run.json, %s: was %q, is %q\n", d.Name, d.Before, d.After)
	}
}
