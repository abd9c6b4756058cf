package main

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
)

// A publishedFile is a file as its publisher offers it.
type publishedFile struct {
	address string // https://…
	bytes   int64  // 0: not published
	sum     checksum
}

// name is the file's name in the cache.
func (p publishedFile) name() string {
	address, _, _ := strings.Cut(p.address, "?")
	return path.Base(address)
}

// A checksum is what a publisher says of a file's content. Both kinds tell what
// is damaged or exchanged by accident; neither withstands a forger.
type checksum struct {
	kind string // md5 or sha1
	new  func() hash.Hash
	hex  string
}

func md5Sum(hex string) checksum  { return checksum{"md5", md5.New, hex} }
func sha1Sum(hex string) checksum { return checksum{"sha1", sha1.New, hex} }

func (c checksum) String() string { return c.kind + " " + c.hex }

// check returns an error that says what was found where h is not the sum of what
// was published.
func (c checksum) check(h hash.Hash) error {
	if found := hex.EncodeToString(h.Sum(nil)); found != c.hex {
		return wrongSum{c, found}
	}
	return nil
}

// wrongSum is the error of content that is not what was published.
type wrongSum struct {
	expected checksum
	found    string
}

func (w wrongSum) Error() string {
	return fmt.Sprintf("the content is not what was published: its %s is %s, expected %s", w.expected.kind, w.found, w.expected.hex)
}

// checkFile reads the file at name and returns nil if it is what was published,
// an error that is fs.ErrNotExist if there is none, a wrongSum if it is another.
func (p publishedFile) checkFile(ctx context.Context, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	h := p.sum.new()
	if _, err := io.Copy(h, readerUntil{ctx, f}); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return p.sum.check(h)
}

// readerUntil reads until its context ends.
type readerUntil struct {
	ctx context.Context
	io.Reader
}

func (r readerUntil) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(b)
}

// Beside the file NAME, while it is on its way:
const (
	partSuffix      = ".part"      // its first bytes, as many as have come
	validatorSuffix = ".part.etag" // the version that they are of, as the server names it
)

// A partFile is what has come of a file, locked against other processes.
type partFile struct {
	final     string // the name of the whole file
	f         *os.File
	n         int64     // bytes that have come
	h         hash.Hash // of them
	validator string    // the ETag or date that they had, if the server gave one
	kept      int64     // of them, from an earlier time
	joined    bool      // they came by more than one answer
}

// errTaken says that another process is fetching the file.
var errTaken = errors.New("another process is fetching it")

// openPart opens or makes the part of the file final, and reads what it holds.
func openPart(ctx context.Context, final string, h hash.Hash) (*partFile, error) {
	f, err := os.OpenFile(final+partSuffix, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	p := &partFile{final: final, f: f, h: h}
	if err := p.lock(); err != nil {
		f.Close()
		return nil, err
	}
	if err := p.read(ctx); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return p, nil
}

// lock takes the part for this process. A part that was given its final name,
// or was removed, between its opening and its locking is another process's.
func (p *partFile) lock() error {
	switch err := syscall.Flock(int(p.f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return errTaken
	case err != nil:
		return fmt.Errorf("%s cannot be locked (%w): choose a --cache on a file system with locks", p.f.Name(), err)
	}
	mine, err := p.f.Stat()
	if err != nil {
		return err
	}
	switch there, err := os.Stat(p.f.Name()); {
	case errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(mine, there):
		return errTaken
	default:
		return err
	}
}

func (p *partFile) read(ctx context.Context) error {
	info, err := p.f.Stat()
	if err != nil {
		return err
	}
	if p.n, err = io.Copy(p.h, readerUntil{ctx, io.LimitReader(p.f, info.Size())}); err != nil {
		return err
	}
	p.kept, p.joined = p.n, p.n > 0
	validator, err := os.ReadFile(p.final + validatorSuffix)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	p.validator = string(validator)
	return nil
}

// begin throws away what has come; what comes next is of the version that
// validator names.
func (p *partFile) begin(validator string) error {
	if p.n > 0 {
		if err := p.f.Truncate(0); err != nil {
			return err
		}
	}
	p.n, p.kept, p.joined, p.validator = 0, 0, false, validator
	p.h.Reset()
	if validator == "" {
		return p.forget()
	}
	return writeFile(p.final+validatorSuffix, []byte(validator))
}

// forget removes the validator's file.
func (p *partFile) forget() error {
	if err := os.Remove(p.final + validatorSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Write appends b.
func (p *partFile) Write(b []byte) (int, error) {
	n, err := p.f.WriteAt(b, p.n)
	p.h.Write(b[:n])
	p.n += int64(n)
	switch {
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT):
		err = fmt.Errorf("%w (%s of it have come): free some space, or choose another --cache", err, byteSize(p.n))
	case err != nil:
		err = fmt.Errorf("writing: %w", err)
	}
	return n, err
}

// finish gives the whole file its name, if it is what was published.
func (p *partFile) finish(sum checksum) error {
	if err := sum.check(p.h); err != nil {
		return err
	}
	if err := p.f.Sync(); err != nil {
		return err
	}
	if err := os.Rename(p.f.Name(), p.final); err != nil {
		return err
	}
	return p.forget()
}

// close lets the part go. What has come stays for the next time.
func (p *partFile) close() error {
	var err error
	if p.n == 0 {
		err = errors.Join(os.Remove(p.f.Name()), p.forget())
	}
	return errors.Join(err, p.f.Close())
}

// byteSize is a number of bytes in three digits, in powers of 1000.
func byteSize(n int64) string {
	v, units := float64(n), []string{"kB", "MB", "GB"}
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	for v /= 1000; v >= 999.5 && len(units) > 1; v /= 1000 {
		units = units[1:]
	}
	switch {
	case v < 9.995:
		return fmt.Sprintf("%.2f %s", v, units[0])
	case v < 99.95:
		return fmt.Sprintf("%.1f %s", v, units[0])
	}
	return fmt.Sprintf("%.0f %s", v, units[0])
}
