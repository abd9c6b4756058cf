package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"ventral/internal/hdf5"
	"ventral/internal/npy"
)

// A fullDisk is a run of ventral on a disk that is full from some moment on. It
// runs in a process of its own, whose files may not grow beyond Bytes: the kernel
// refuses the write as it does on a full disk, with EFBIG in place of ENOSPC. That
// needs no privileges.
type fullDisk struct {
	Args     []string
	Bytes    uint64
	Updates  int           // of a training before the disk is full; 0 = from the beginning
	Interval time.Duration // between two savings of a training's state; 0 = after every update
}

const fullDiskVariable = "VENTRAL_FULL_DISK"

// TestRunOnFullDisk is that process.
func TestRunOnFullDisk(t *testing.T) {
	text := os.Getenv(fullDiskVariable)
	if text == "" {
		t.Skip("run by TestTrainOnFullDisk and TestResultsOnFullDisk")
	}
	var d fullDisk
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ) // which would end the process before the write fails
	fill := func() {
		var limit syscall.Rlimit
		if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			panic(err)
		}
		limit.Cur = d.Bytes
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			panic(err)
		}
	}
	if d.Updates == 0 {
		fill()
	}
	updates := 0
	afterUpdate = func() {
		if updates++; updates == d.Updates {
			fill()
		}
	}
	if stateInterval = d.Interval; d.Interval == 0 {
		stateShare = 0
	}
	os.Exit(run(t.Context(), d.Args, newTerminal(os.Stdout, os.Stderr)))
}

// run returns the exit code and what was said on standard error.
func (d fullDisk) run(t *testing.T) (code int, errs string) {
	t.Helper()
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestRunOnFullDisk$")
	c.Env, c.Stderr = append(os.Environ(), fullDiskVariable+"="+string(text)), &said
	if err := c.Run(); err != nil && c.ProcessState == nil {
		t.Fatal(err)
	}
	return c.ProcessState.ExitCode(), said.String()
}

// intact fails the test unless every array of every .npz below dir can be read,
// and there is no temporary file.
func intact(t *testing.T, dir string) {
	t.Helper()
	for name := range files(t, dir) {
		if strings.HasPrefix(filepath.Base(name), ".") {
			t.Errorf("%s is left", name)
		}
		if filepath.Ext(name) != ".npz" {
			continue
		}
		z, err := npy.OpenZip(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
			continue
		}
		for _, array := range z.Names() {
			if _, err := npy.CheckEntry[float64](z, array); err != nil {
				t.Error(err)
			}
		}
		z.Close()
	}
}

// A training whose disk fills up ends with the name of the file and what to do,
// and leaves what was saved before whole. With room again it goes on to the same
// bits.
func TestTrainOnFullDisk(t *testing.T) {
	dir := t.TempDir()
	train := func(out string) []string {
		return []string{"train", "--images", "shapes", "--train-images", "300", "--model", "lc+sleep@1", "--size", "16", "--width", "2", "--epochs", "2", "--validation", "0.1",
			"--sleep-method", "hebbian", "--sleep-steps", "3", "--sleep-records", "1", "--out", filepath.Join(dir, out)}
	}
	ventralOK(t, train("whole")...)
	whole := files(t, filepath.Join(dir, "whole"))
	weights := uint64(len(whole[weightsName]))
	for name, c := range map[string]struct {
		disk fullDisk
		full []string // the file that there is no room for: one of them
		kept []string // files that were written before
	}{
		"description": {fullDisk{Bytes: 100}, []string{"run.json"}, nil},
		"state":       {fullDisk{Bytes: weights + 1000, Updates: 3, Interval: 0}, []string{stateName}, []string{stateName}}, // has moments too
		"best":        {fullDisk{Bytes: weights / 2, Updates: 2, Interval: time.Minute}, []string{bestName}, nil},
		"weights":     {fullDisk{Bytes: weights - 1, Updates: 4, Interval: time.Minute}, []string{bestName, weightsName}, []string{weightsName, bestName, trainingName}},
		"sleep":       {fullDisk{Bytes: 1500, Updates: 1, Interval: time.Minute}, []string{sleepName, filtersName}, nil},
	} {
		c.disk.Args = train(name)
		partial := filepath.Join(dir, name+".partial")
		code, errs := c.disk.run(t)
		named := slices.ContainsFunc(c.full, func(file string) bool { return strings.Contains(errs, filepath.Join(partial, file)+": file too large") })
		if code != exitFailed || !named || !strings.Contains(errs, "raise the limit") {
			t.Errorf("%s: exit code %d: %s", name, code, errs)
		}
		if _, err := os.Stat(partial); (err == nil) != (c.kept != nil) {
			t.Errorf("%s: what is worth keeping is %v, and the folder: %v", name, c.kept, err)
		}
		if c.kept != nil {
			intact(t, partial)
			left := files(t, partial)
			for _, file := range c.kept {
				if left[file] == "" {
					t.Errorf("%s: there is no %s", name, file)
				}
			}
		}
		ventralOK(t, train(name)...)
		for file, content := range files(t, filepath.Join(dir, name)) {
			if whole[file] != content && file != timingName {
				t.Errorf("%s: %s has other bytes with room again", name, file)
			}
		}
	}
}

// What is made at once leaves nothing but what was there before.
func TestResultsOnFullDisk(t *testing.T) {
	if !hdf5.Available {
		t.Skip("built without HDF5")
	}
	weights, images, e := untrained(t, "small", true, 4, 16), pictures(t, 1, 40, 16), newScoreExample(t)
	dir := t.TempDir()
	activations := func(format string) []string {
		return []string{"activations", "--weights", weights, "--images", images, "--overwrite", "--format", format, "--out"}
	}
	score := func(flag string) []string {
		return []string{"score", "--features", e.layers, "--responses", e.recordings, flag}
	}
	for name, c := range map[string]struct {
		args  []string // to which the file or folder is added
		bytes uint64
		full  string // the file that there is no room for
	}{
		"npy":               {activations("npy"), 60e3, "conv1.npy"},
		"npz, an array":     {activations("npz"), 60e3, "conv1.npy"},
		"npz, the whole":    {activations("npz"), 200e3, "activations.npz"},
		"hdf5, its numbers": {activations("hdf5"), 60e3, "activations.h5"},
		"hdf5, the end":     {activations("hdf5"), 460e3, "activations.h5"},
		"sleep":             {[]string{"sleep", "--weights", weights, "--overwrite", "--out"}, 150e3, weightsName},
		"arrays.npz":        {score("--save"), 200, "arrays.npz"},
		"scores.csv":        {score("--csv"), 50, "scores.csv"},
		"scores.json":       {score("--json"), 50, "scores.json"},
		"scores.png":        {score("--figure"), 50, "scores.png"},
	} {
		out := filepath.Join(dir, strings.ReplaceAll(name, ", ", "-"), filepath.Base(name))
		if err := os.MkdirAll(filepath.Dir(out), 0o777); err != nil {
			t.Fatal(err)
		}
		args := append(c.args, out)
		for _, again := range []bool{false, true} { // where there was nothing, and where the same is
			before := files(t, filepath.Dir(out))
			code, errs := fullDisk{Args: args, Bytes: c.bytes}.run(t)
			if code != exitFailed || !strings.Contains(errs, c.full) || !strings.Contains(errs, "file too large\n") || strings.Contains(errs, ".tmp") || !strings.Contains(errs, "raise the limit") {
				t.Errorf("%s: exit code %d: %s", name, code, errs)
			}
			if after := files(t, filepath.Dir(out)); !maps.Equal(after, before) {
				t.Errorf("%s: %d files were there, and %d are", name, len(before), len(after))
			}
			if left, err := filepath.Glob(out + ".partial"); err != nil || left != nil {
				t.Errorf("%s: %v is left, %v", name, left, err)
			}
			if !again {
				ventralOK(t, args...)
			}
		}
	}
}

func TestNoRoom(t *testing.T) {
	for errno, says := range map[syscall.Errno]string{syscall.ENOSPC: "disk is full", syscall.EDQUOT: "quota", syscall.EFBIG: "ulimit -f", syscall.EACCES: ""} {
		err := fmt.Errorf("training lc: %w", &fs.PathError{Op: "write", Path: "x", Err: errno})
		if got := noRoom(err); !strings.Contains(got, says) || (got == "") != (says == "") {
			t.Errorf("%v: %q", err, got)
		}
	}
}
