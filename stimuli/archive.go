package stimuli

import (
	"archive/zip"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// imageSuffixes are the file name extensions taken for images.
var imageSuffixes = []string{".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff"}

// An archive is a folder or a zip file with images, read in place.
type archive struct {
	name  string // as the user gave it
	fsys  fs.FS
	files []string // image files at any depth, in name order
	close func() error
}

// openArchive opens the folder or zip at name; the caller closes it. A file of
// another kind, or one without images, is an error.
func openArchive(name string) (*archive, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("images: %w", err)
	}
	a := &archive{name: name, close: func() error { return nil }}
	if info.IsDir() {
		a.fsys = os.DirFS(name)
	} else {
		z, err := zip.OpenReader(name)
		if err != nil {
			return nil, fmt.Errorf("images: %s: %w; expected a folder or a zip file", name, err)
		}
		a.fsys, a.close = z, z.Close
	}
	if err := a.list(); err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

// list finds the images. Hidden files and folders, and the resource forks that
// macOS adds to zip files, are no images.
func (a *archive) list() error {
	err := fs.WalkDir(a.fsys, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := file != "." && strings.HasPrefix(d.Name(), ".") || d.Name() == "__MACOSX"
		if d.IsDir() {
			if hidden {
				return fs.SkipDir
			}
			return nil
		}
		if !hidden && slices.Contains(imageSuffixes, strings.ToLower(path.Ext(file))) {
			a.files = append(a.files, file)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("images: %s: %w", a.name, err)
	}
	if len(a.files) == 0 {
		return fmt.Errorf("images: %s holds no file that ends in %s", a.name, strings.Join(imageSuffixes, ", "))
	}
	slices.Sort(a.files)
	return nil
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
	for _, f := range a.files {
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
			tableName, len(missing), len(wanted), a.name, len(a.files), abbreviate(missing, 5))
	}
	for _, f := range a.files {
		if !listed[f] {
			t.Unlisted = append(t.Unlisted, f)
		}
	}
	return files, nil
}

// read returns the bytes of a file of at most limit bytes, whatever size the
// archive claims.
func (a *archive) read(file string, limit int64) ([]byte, error) {
	f, err := a.fsys.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("more than %d bytes", limit)
	}
	return data, nil
}

// abbreviate lists the first few of names.
func abbreviate(names []string, few int) string {
	if len(names) > few {
		return strings.Join(names[:few], ", ") + ", …"
	}
	return strings.Join(names, ", ")
}
