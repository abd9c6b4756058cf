package stimuli

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// openTar lists a tar file, whose members can then be read at their places.
func openTar(ctx context.Context, f *os.File, size int64) (*archive, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	type part struct{ at, size int64 }
	parts := map[string]part{}
	a := &archive{}
	err := eachMember(ctx, f, func(file string, h *tar.Header, _ io.Reader) error {
		at, err := f.Seek(0, io.SeekCurrent) // tar reads headers only, without a buffer
		if err != nil {
			return err
		}
		for key := range h.PAXRecords {
			if strings.HasPrefix(key, "GNU.sparse") {
				return fmt.Errorf("%s is stored as a sparse file, which cannot be read in place", file)
			}
		}
		if h.Size > size-at {
			return fmt.Errorf("%s is truncated: %d bytes of %d", file, size-at, h.Size)
		}
		a.files = append(a.files, file)
		parts[file] = part{at, h.Size}
		return nil
	})
	if err != nil {
		return nil, err
	}
	a.open = func(file string) (io.ReadCloser, error) {
		p := parts[file]
		return io.NopCloser(io.NewSectionReader(f, p.at, p.size)), nil
	}
	return a, nil
}

// openTarGzip lists a compressed tar, in one pass.
func openTarGzip(ctx context.Context, f *os.File, limit int64) (*archive, error) {
	a := &archive{}
	a.pass = func(visit func(file string, r io.Reader) error) error {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
		z, err := gzip.NewReader(bufio.NewReaderSize(f, 1<<16))
		if err != nil {
			return err
		}
		r := &limited{ctx: ctx, r: z, left: limit, limit: limit}
		return eachMember(ctx, r, func(file string, _ *tar.Header, r io.Reader) error { return visit(file, r) })
	}
	if err := a.pass(func(file string, _ io.Reader) error {
		a.files = append(a.files, file)
		return nil
	}); err != nil {
		return nil, err
	}
	a.open = func(wanted string) (io.ReadCloser, error) {
		var found io.ReadCloser
		err := a.pass(func(file string, r io.Reader) error {
			if file != wanted {
				return nil
			}
			found = io.NopCloser(r)
			return errFound
		})
		if errors.Is(err, errFound) {
			return found, nil
		}
		if err == nil {
			err = fmt.Errorf("%s is no longer there", wanted)
		}
		return nil, err
	}
	return a, nil
}

var errFound = errors.New("found")

// eachMember calls visit for the regular files of a tar. Links and devices are
// left out: they name files outside of the archive, or none.
func eachMember(ctx context.Context, r io.Reader, visit func(file string, h *tar.Header, r io.Reader) error) error {
	t := tar.NewReader(r)
	last := ""
	for n := 0; ; n++ {
		h, err := t.Next()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && last == "":
			return fmt.Errorf("damaged, or no tar: %w", err)
		case err != nil:
			return fmt.Errorf("damaged after %s: %w", last, err)
		case n > maxFiles:
			return fmt.Errorf("more than %d members", maxFiles)
		}
		last = h.Name
		if h.Typeflag != tar.TypeReg {
			continue
		}
		file, err := member(h.Name)
		if err != nil {
			return err
		}
		if err := visit(file, h, t); err != nil {
			return err
		}
	}
}

// limited is a reader that fails after so many bytes, and when its context is done:
// an archive may have to be unpacked to its end for a file that comes late.
type limited struct {
	ctx         context.Context
	r           io.Reader
	left, limit int64
}

func (l *limited) Read(p []byte) (int, error) {
	if err := l.ctx.Err(); err != nil {
		return 0, err
	}
	if l.left <= 0 {
		return 0, fmt.Errorf("unpacks to more than %d bytes", l.limit)
	}
	n, err := l.r.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}
