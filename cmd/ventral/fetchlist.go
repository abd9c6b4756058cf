package main

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
)

// An entry is a file of a set as the cache has it. Only names and lengths are
// looked at: a file has its name when its checksum was right.
type entry struct {
	whole bool
	bytes int64 // that are there
}

func (f *fetchRun) entry(s dataset, file publishedFile) entry {
	name := f.path(s, file.name())
	if n, ok := size(name); ok && (file.bytes == 0 || n == file.bytes) {
		return entry{true, n}
	}
	n, _ := size(name + partSuffix)
	if file.bytes > 0 && n > file.bytes {
		n = 0 // it will be thrown away
	}
	return entry{false, n}
}

// size returns the length of the file at name, if there is one.
func size(name string) (bytes int64, ok bool) {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return 0, false
	}
	return info.Size(), true
}

// length is the size of a file in words, where it is known.
func (f *fetchRun) length(s dataset, file publishedFile) string {
	bytes := file.bytes
	if e := f.entry(s, file); e.whole {
		bytes = e.bytes
	}
	if bytes == 0 {
		return "?"
	}
	return byteSize(bytes)
}

// A cacheJSON is what the cache has of some sets, as scripts read it.
type cacheJSON struct {
	Cache string    `json:"cache"`
	Sets  []setJSON `json:"sets"`
}

type setJSON struct {
	Name     string           `json:"name"`
	What     string           `json:"what"`
	Licence  string           `json:"licence"`
	Cite     string           `json:"cite"`
	Folder   string           `json:"folder"`
	Command  string           `json:"command"` // that reads it
	Complete bool             `json:"complete"`
	Files    []cachedFileJSON `json:"files"`
}

type cachedFileJSON struct {
	Path     string `json:"path"`
	URL      string `json:"url"`
	Checksum string `json:"checksum"`
	Bytes    *int64 `json:"bytes"`   // null: the publisher tells it when the file is fetched
	Present  int64  `json:"present"` // bytes that are there
	Complete bool   `json:"complete"`
}

// result is the sets as they are in the cache.
func (f *fetchRun) result(sets []dataset) cacheJSON {
	j := cacheJSON{f.cache, []setJSON{}}
	for _, s := range sets {
		of := setJSON{s.name, s.what, s.licence, s.cite, f.path(s), command(s, f.path(s)), true, []cachedFileJSON{}}
		for _, file := range s.files {
			from, _ := f.at(file) // an address of the catalogue
			e := f.entry(s, file)
			c := cachedFileJSON{f.path(s, file.name()), from.Redacted(), file.sum.String(), nil, e.bytes, e.whole}
			if bytes := max(file.bytes, 0); bytes > 0 {
				c.Bytes = &bytes
			} else if e.whole {
				c.Bytes = &c.Present
			}
			of.Complete = of.Complete && e.whole
			of.Files = append(of.Files, c)
		}
		j.Sets = append(j.Sets, of)
	}
	return j
}

// list tells what can be fetched.
func (f *fetchRun) list(w io.Writer) {
	what := table{header: []string{"name", "what", "size", "in the cache"}, left: 2}
	terms := table{header: []string{"name", "licence", "to cite"}, left: 3}
	uses := table{header: []string{"name", "read, in its folder, by"}, left: 2}
	for _, s := range f.sets {
		bytes, known, whole, some := int64(0), true, true, false
		for _, file := range s.files {
			e := f.entry(s, file)
			if e.whole {
				bytes += e.bytes
			} else {
				bytes += file.bytes
			}
			known = known && (e.whole || file.bytes > 0)
			whole, some = whole && e.whole, some || e.bytes > 0
		}
		length, state := "?", "no"
		if known {
			length = byteSize(bytes)
		}
		switch {
		case whole:
			state = "yes"
		case some:
			state = "in part"
		}
		what.add(s.name, s.what, length, state)
		terms.add(s.name, s.licence, s.cite)
		uses.add(s.name, command(s, "."))
	}
	what.write(w)
	fmt.Fprintln(w)
	terms.write(w)
	fmt.Fprintln(w)
	uses.write(w)
	fmt.Fprintf(w, "\nventral fetch NAME… fetches into %s.\n?: the publisher tells the size when it is fetched.\n", f.path(dataset{name: "NAME"}))
}

// plain are the words that a shell takes as they are.
var plain = regexp.MustCompile(`^[\pL\pN_@%+=:,./~-]+$`)

// command is a command that reads the set in the folder dir, to be pasted into a
// shell.
func command(s dataset, dir string) string {
	words := []string{"ventral"}
	for _, a := range s.use {
		a = strings.ReplaceAll(a, "DIR/", dir+"/")
		if !plain.MatchString(a) {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		words = append(words, a)
	}
	return strings.Join(words, " ")
}

// plan tells what fetch would do, without the network.
func (f *fetchRun) plan(w io.Writer, sets []dataset) {
	files := table{header: []string{"file", "size", "to fetch"}, left: 1}
	sources := table{header: []string{"from", "checksum"}, left: 2}
	rest, unknown := int64(0), 0
	for _, s := range sets {
		for _, file := range s.files {
			from, _ := f.at(file) // an address of the catalogue
			e := f.entry(s, file)
			missing := byteSize(file.bytes - e.bytes)
			switch {
			case e.whole:
				missing = "nothing"
			case file.bytes == 0 && e.bytes > 0:
				missing = "all after " + byteSize(e.bytes)
			case file.bytes == 0:
				missing = "all"
			}
			if !e.whole && file.bytes > 0 {
				rest += file.bytes - e.bytes
			} else if !e.whole {
				unknown++
			}
			files.add(f.path(s, file.name()), f.length(s, file), missing)
			sources.add(from.Redacted(), file.sum.String())
		}
	}
	files.write(w)
	fmt.Fprintln(w)
	sources.write(w)
	fmt.Fprintf(w, "\nTo fetch: %s", byteSize(rest))
	if unknown > 0 {
		fmt.Fprintf(w, ", and %d files of unknown size", unknown)
	}
	fmt.Fprintln(w, ". Nothing was done.")
}
