// Package whole writes files that are there whole or not at all: under a temporary
// name beside their own, which they get when they are complete and on the disk.
// Neither a full disk nor a killed process nor a power cut leaves half a file or
// an empty one, or harms the file that was there before.
package whole

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// A File is being written. End it with Commit, or Abort. Its errors name the file
// that it becomes.
type File struct {
	file *os.File
	path string
	open bool
}

// Create begins the file path, which may exist, under a temporary name in the same
// folder. That begins with a dot and ends with .tmp.
func Create(path string) (*File, error) {
	for range 100 {
		name := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.%08x.tmp", filepath.Base(path), rand.Uint32()))
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if err == nil {
			return &File{f, path, true}, nil
		}
		if !os.IsExist(err) {
			return nil, about(path, "create", err)
		}
	}
	return nil, fmt.Errorf("%s: no free temporary name beside it", path)
}

// WriteFile writes path with the given content.
func WriteFile(path string, content []byte) error {
	f, err := Create(path)
	if err != nil {
		return err
	}
	defer f.Abort()
	if _, err := f.Write(content); err != nil {
		return err
	}
	return f.Commit()
}

// Path is where the file goes.
func (f *File) Path() string { return f.path }

// Temporary is its name until then.
func (f *File) Temporary() string { return f.file.Name() }

// Write writes the next bytes.
func (f *File) Write(b []byte) (int, error) {
	n, err := f.file.Write(b)
	return n, about(f.path, "write", err)
}

// Commit puts the file at its place; on failure it is removed. Its content is on
// the disk before: a rename may otherwise get there first, and after a power cut
// name an empty file.
func (f *File) Commit() error {
	defer f.Abort()
	if err := f.file.Sync(); err != nil {
		return about(f.path, "write", err)
	}
	if err := f.file.Close(); err != nil {
		return about(f.path, "write", err)
	}
	if err := os.Rename(f.file.Name(), f.path); err != nil {
		return err
	}
	f.open = false
	return nil
}

// Abort removes the file unless it was committed. After either it does nothing, so
// that it can be deferred.
func (f *File) Abort() {
	if f.open {
		f.open = false
		f.file.Close()
		os.Remove(f.file.Name())
	}
}

// about is an error of the system as one of path: what it says of the temporary
// name helps nobody.
func about(path, op string, err error) error {
	if err == nil {
		return nil
	}
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return &fs.PathError{Op: op, Path: path, Err: err}
}
