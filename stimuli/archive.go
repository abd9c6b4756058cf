package stimuli

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// imageSuffixes are the file name extensions taken for images.
var imageSuffixes = []string{".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp"}

// maxFiles bounds the memory that a hostile archive's list of names can take.
const maxFiles = 1 << 26

// An archive is a folder, zip, tar or compressed tar, read in place. Nothing is
// ever unpacked to a disk under a name that an archive chose.
type archive struct {
	name   string   // as the user gave it
	files  []string // all files at any depth, in name order
	images []string // the images among them

	// open opens one of files. From a compressed tar it reads all that comes
	// before.
	open func(file string) (io.ReadCloser, error)

	// pass, for a compressed tar only, calls visit for every file in the order
	// of the archive: all of them in the time that open may take for one.
	pass func(visit func(file string, r io.Reader) error) error

	close func() error

	// ctx is that of the opening: listing, each and pass end when it is done. What is
	// opened or read later, as a set is used, does not ask it.
	ctx context.Context
}

// openArchive opens what lies at name; the caller closes it.
func openArchive(ctx context.Context, name string, o ImageOptions) (a *archive, err error) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("images: %w", err)
	case info.IsDir():
		a, err = openDir(ctx, name)
	case !info.Mode().IsRegular():
		err = fmt.Errorf("%v, expected a folder, zip, tar or tar.gz file", info.Mode())
	default:
		a, err = openPacked(ctx, name, info.Size(), o)
	}
	if err == nil {
		err = a.sort()
	}
	if err != nil {
		if a != nil {
			a.close()
		}
		return nil, fmt.Errorf("images: %s: %w", name, err)
	}
	a.name, a.ctx = name, ctx
	return a, nil
}

// openPacked opens a file of whichever kind its first bytes say.
func openPacked(ctx context.Context, name string, size int64, o ImageOptions) (a *archive, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	begin := make([]byte, 512)
	n, err := io.ReadFull(f, begin)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	begin = begin[:n]
	switch {
	case bytes.HasPrefix(begin, []byte("\x1f\x8b")):
		a, err = openTarGzip(ctx, f, o.MaxUnpacked)
	case len(begin) == 512 && string(begin[257:262]) == "ustar":
		a, err = openTar(ctx, f, size)
	default:
		a, err = openZip(f, size)
	}
	if err != nil {
		return nil, err
	}
	a.close = f.Close
	return a, nil
}

func openZip(f *os.File, size int64) (*archive, error) {
	z, err := zip.NewReader(f, size)
	if err != nil {
		return nil, fmt.Errorf("%w; expected a folder, zip, tar or tar.gz file", err)
	}
	a := &archive{}
	entries := map[string]*zip.File{}
	for _, e := range z.File {
		if strings.HasSuffix(e.Name, "/") {
			continue
		}
		file, err := member(e.Name)
		if err != nil {
			return nil, err
		}
		if e.Mode().IsRegular() {
			a.files = append(a.files, file)
			entries[file] = e
		}
	}
	a.open = func(file string) (io.ReadCloser, error) { return entries[file].Open() }
	return a, nil
}

// member returns the name of an archive's member as a clean path. One that
// leaves the archive is an error: whoever packed it meant harm or a mistake.
func member(name string) (string, error) {
	file := path.Clean(strings.ReplaceAll(name, `\`, "/"))
	if !fs.ValidPath(file) || file == "." {
		return "", fmt.Errorf("the archive's member %q lies outside of it", name)
	}
	return file, nil
}

// sort drops what is no data, puts the files in order and finds the images.
// Hidden files and folders, and the resource forks that macOS adds to archives,
// are no data.
func (a *archive) sort() error {
	a.files = slices.DeleteFunc(a.files, func(file string) bool {
		return strings.HasPrefix(file, ".") || strings.Contains(file, "/.") || strings.HasPrefix(file, "__MACOSX/") || strings.Contains(file, "/__MACOSX/")
	})
	slices.Sort(a.files)
	for i, file := range a.files {
		if i > 0 && a.files[i-1] == file {
			return fmt.Errorf("holds %s twice", file)
		}
		if slices.Contains(imageSuffixes, strings.ToLower(path.Ext(file))) {
			a.images = append(a.images, file)
		}
	}
	return nil
}

// needImages fails if there are none.
func (a *archive) needImages() error {
	if len(a.images) == 0 {
		return fmt.Errorf("images: %s holds no file that ends in %s", a.name, strings.Join(imageSuffixes, ", "))
	}
	return nil
}

// has reports whether the archive holds a file.
func (a *archive) has(file string) bool {
	_, ok := slices.BinarySearch(a.files, file)
	return ok
}

// find returns for every image name of a table the file it means: the file of
// that path in the archive, or else the only one with its base name.
func (a *archive) find(t *Table, tableName string) (files []string, err error) {
	wanted, ok := t.Column("filename")
	if !ok {
		return nil, fmt.Errorf("%s: line 1: no column filename among %q", tableName, t.Columns)
	}
	exact := map[string]bool{}
	base := map[string][]string{}
	for _, f := range a.images {
		exact[f] = true
		base[path.Base(f)] = append(base[path.Base(f)], f)
	}
	listed := map[string]bool{}
	var missing []string
	for row, name := range wanted {
		file := path.Clean(strings.ReplaceAll(name, `\`, "/"))
		if !exact[file] {
			switch same := base[path.Base(file)]; len(same) {
			case 0:
				missing = append(missing, fmt.Sprintf("%q (line %d)", name, t.lines[row]))
				continue
			case 1:
				file = same[0]
			default:
				return nil, fmt.Errorf("%s: line %d: %q may be any of %q in %s", tableName, t.lines[row], name, same, a.name)
			}
		}
		listed[file] = true
		files = append(files, file)
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("%s: %d of its %d images are not in %s, which holds %d: %s",
			tableName, len(missing), len(wanted), a.name, len(a.images), abbreviate(missing, 5))
	}
	for _, f := range a.images {
		if !listed[f] {
			t.Unlisted = append(t.Unlisted, f)
		}
	}
	return files, nil
}

// read returns the bytes of a file of at most limit bytes, whatever size the
// archive claims.
func (a *archive) read(file string, limit int64) ([]byte, error) {
	f, err := a.open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(f, limit)
}

func readAll(r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("more than %d bytes", limit)
	}
	return data, nil
}

// each calls use once for every index of files with the file's bytes or the
// reason why they cannot be read: in any order, on several goroutines. At most
// a few files are in memory at a time. An error is the archive's own, or that of its
// context, of whose files use may have seen some.
func (a *archive) each(files []string, limit int64, use func(i int, data []byte, err error)) error {
	if a.pass == nil {
		parallel(len(files), func() func(int) {
			return func(i int) {
				if a.ctx.Err() != nil {
					return
				}
				data, err := a.read(files[i], limit)
				use(i, data, err)
			}
		})
		if err := a.ctx.Err(); err != nil {
			return fmt.Errorf("images: %s: %w", a.name, err)
		}
		return nil
	}
	wanted := map[string][]int{}
	for i, f := range files {
		wanted[f] = append(wanted[f], i)
	}
	type job struct {
		indices []int
		data    []byte
		err     error
	}
	workers := runtime.GOMAXPROCS(0)
	jobs := make(chan job, workers)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for j := range jobs {
				for _, i := range j.indices {
					use(i, j.data, j.err)
				}
			}
		})
	}
	err := a.pass(func(file string, r io.Reader) error {
		indices := wanted[file]
		if indices == nil {
			return nil
		}
		data, err := readAll(r, limit)
		jobs <- job{indices, data, err}
		return nil
	})
	close(jobs)
	group.Wait()
	if err != nil {
		return fmt.Errorf("images: %s: %w", a.name, err)
	}
	return nil
}

// abbreviate lists the first few of names.
func abbreviate(names []string, few int) string {
	if len(names) > few {
		return strings.Join(names[:few], ", ") + ", …"
	}
	return strings.Join(names, ", ")
}
