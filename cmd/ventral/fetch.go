package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/pflag"
)

var fetchVerb = verb{
	name:    "fetch",
	args:    "[list | NAME…]",
	summary: "list or download public images and recordings",
	detail: `
Without a name, or with list, it tells what can be fetched, what is in the cache,
and which verb reads it. With names it downloads these into CACHE/NAME, as they
are published (archives stay packed: the verbs read them so), and checks them
against the published checksums. Interrupted, it leaves NAME.part; the same
command goes on from there. What is in the cache already is checked, not fetched.

CACHE is --cache, else the environment's VENTRAL_CACHE, else ventral in the user's
cache folder. --mirror URL, or VENTRAL_MIRROR, stands in place of every publisher:
https://www.cs.toronto.edu/~kriz/X comes from URL/~kriz/X. A proxy is taken from
HTTPS_PROXY, HTTP_PROXY and NO_PROXY. Without a network, bring the files (ventral
fetch --dry-run names them) to the cache by other means; fetch then checks them.

  ventral fetch --dry-run cifar10 majajhong2015
  ventral fetch cifar10 majajhong2015`,
	json: `
  cache                 the folder
  sets                  that were named, or all: name, what, licence, cite,
                        folder, command (that reads it), complete, and files
                        with path, url, checksum, bytes (null: not known yet),
                        present, complete`,
	flags: func(flags *pflag.FlagSet) action {
		f := &fetchRun{sets: catalogue, downloader: newDownloader()}
		var cache, mirror string
		flags.StringVar(&cache, "cache", "", "folder to keep what is fetched in (default: VENTRAL_CACHE, or ventral in the user's cache folder)")
		flags.StringVar(&mirror, "mirror", "", "URL in place of the publishers' https://HOST (default: VENTRAL_MIRROR, or none)")
		flags.IntVar(&f.parallel, "parallel", 2, "files fetched at a time")
		flags.IntVar(&f.retries, "retries", 5, "tries after a failure, in a row, that bring nothing more")
		flags.DurationVar(&f.stall, "stall", 30*time.Second, "a connection that brings no byte for so long has failed")
		flags.BoolVar(&f.dryRun, "dry-run", false, "tell what would be fetched from where, and do nothing")
		return func(ctx context.Context, t *terminal) error {
			if err := f.configure(cache, mirror); err != nil {
				return err
			}
			names := flags.Args()
			if len(names) == 0 || len(names) == 1 && names[0] == "list" {
				return t.result(f.result(f.sets), func() { f.list(t.out) })
			}
			sets, err := f.choose(names)
			if err != nil {
				return err
			}
			if f.dryRun {
				return t.result(f.result(sets), func() { f.plan(t.out, sets) })
			}
			return f.fetch(ctx, t, sets)
		}
	},
}

// fetchRun is what the verb's flags say.
type fetchRun struct {
	*downloader
	sets     []dataset // that there are
	cache    string    // absolute
	parallel int
	dryRun   bool
}

// configure sets what the flags or the environment say, and refuses what cannot be.
func (f *fetchRun) configure(cache, mirror string) error {
	switch {
	case f.parallel < 1:
		return misused("--parallel is %d, expected at least 1", f.parallel)
	case f.retries < 0:
		return misused("--retries is %d, expected 0 or more", f.retries)
	case f.stall <= 0:
		return misused("--stall is %s, expected a time such as 30s", f.stall)
	}
	var err error
	if cache == "" {
		if cache, err = cacheFolder(); err != nil {
			return misused("there is no cache folder (%v): pass --cache or set VENTRAL_CACHE", err)
		}
	}
	if f.cache, err = filepath.Abs(cache); err != nil {
		return err
	}
	flag := "--mirror"
	if mirror == "" {
		flag, mirror = "VENTRAL_MIRROR", os.Getenv("VENTRAL_MIRROR")
	}
	if mirror == "" {
		return nil
	}
	u, err := url.Parse(mirror)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return misused("%s %q: expected https://HOST or https://HOST/PATH (or http)", flag, mirror)
	}
	f.mirror = u
	return nil
}

// choose finds the named sets.
func (f *fetchRun) choose(names []string) ([]dataset, error) {
	var known []string
	for _, s := range f.sets {
		known = append(known, s.name)
	}
	var chosen []dataset
	for i, name := range names {
		at := slices.Index(known, name)
		if at < 0 {
			return nil, unknown(name, known, "there is nothing %q to fetch; there are %s", name, strings.Join(known, ", "))
		}
		if slices.Contains(names[:i], name) {
			return nil, misused("%s is named twice", name)
		}
		chosen = append(chosen, f.sets[at])
	}
	return chosen, nil
}

// path is the cache's folder of a set, or a file in it.
func (f *fetchRun) path(s dataset, elem ...string) string {
	return filepath.Join(append([]string{f.cache, s.name}, elem...)...)
}

// A fetchJob is one file of a set.
type fetchJob struct {
	set  dataset
	file publishedFile
}

func (j fetchJob) label() string { return j.set.name + "/" + j.file.name() }

// fetch fetches the sets, and tells what reads them. What goes wrong with one
// file keeps no other from coming.
func (f *fetchRun) fetch(ctx context.Context, t *terminal, sets []dataset) error {
	var jobs []fetchJob
	for _, s := range sets {
		if err := os.MkdirAll(f.path(s), 0o777); err != nil {
			return fmt.Errorf("the cache's folder cannot be made: %w; choose another --cache", err)
		}
		for _, file := range s.files {
			jobs = append(jobs, fetchJob{s, file})
		}
	}
	defer f.client.CloseIdleConnections()
	shown := t.transfers()
	errs := make([]error, len(jobs))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(f.parallel, len(jobs)) {
		workers.Go(func() {
			for i := range next {
				errs[i] = f.fetchFile(ctx, shown, jobs[i])
			}
		})
	}
	for i := range jobs {
		next <- i
	}
	close(next)
	workers.Wait()
	shown.wait()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("what has come is kept in %s: %w", f.cache, err)
	}

	return errors.Join(f.faults(jobs, errs), t.result(f.result(sets), func() {
		for _, s := range sets {
			whole := true
			for i, err := range errs {
				whole = whole && (err == nil || jobs[i].set.name != s.name)
			}
			if whole {
				fmt.Fprintf(t.out, "%s is in %s. It is read by\n  %s\n", s.name, f.path(s), command(s, f.path(s)))
			}
		}
	}))
}

// faults tells what went wrong, each fault once, and what can be done about it.
func (f *fetchRun) faults(jobs []fetchJob, errs []error) error {
	var faults []string
	files := map[string][]string{} // that have a fault
	remedy := ""
	for i, err := range errs {
		if err == nil {
			continue
		}
		fault := err.Error()
		if files[fault] == nil {
			faults = append(faults, fault)
		}
		files[fault] = append(files[fault], jobs[i].label())
		if errors.As(err, new(remoteError)) {
			remedy += fmt.Sprintf("\n  %s  (%s)", f.path(jobs[i].set, jobs[i].file.name()), jobs[i].file.sum)
		}
	}
	if faults == nil {
		return nil
	}
	for i, fault := range faults {
		faults[i] = strings.Join(files[fault], ", ") + ": " + fault
	}
	if remedy != "" {
		faults = append(faults, "The same command tries again, and goes on from what has come. Otherwise pass --mirror URL of a copy within reach, set HTTPS_PROXY, or bring the files there by other means:"+remedy)
	}
	return errors.New(strings.Join(faults, "\n"))
}

func (f *fetchRun) fetchFile(ctx context.Context, shown *transfers, j fetchJob) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	begun, kind := time.Now(), j.file.sum.kind
	bar := shown.begin(j.label())
	did, err := f.get(ctx, j.file, f.path(j.set, j.file.name()), bar)
	bar.done()
	switch {
	case err != nil && did.other != "":
		return fmt.Errorf("%w (what is there under its name is something else: its %s is %s)", err, kind, did.other)
	case err != nil:
		return err
	case did.present:
		shown.say("%s: in the cache, its %s is right", j.label(), kind)
		return nil
	}
	words := fmt.Sprintf("%s: %s in %s, its %s is right", j.label(), byteSize(did.bytes), time.Since(begun).Round(100*time.Millisecond), kind)
	if did.kept > 0 {
		words += fmt.Sprintf("; %s of it had come before", byteSize(did.kept))
	}
	if did.other != "" {
		words += "; what was there was something else"
	}
	shown.say("%s", words)
	return nil
}
