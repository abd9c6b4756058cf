package stimuli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// openDir lists a folder. Symbolic links are followed, as folders of chosen
// classes are often made of them; a link to a folder that it lies in is an error.
func openDir(ctx context.Context, name string) (*archive, error) {
	a := &archive{ctx: ctx, close: func() error { return nil }}
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if err := a.walk(name, "", []os.FileInfo{info}); err != nil {
		return nil, err
	}
	a.open = func(file string) (io.ReadCloser, error) {
		return os.Open(filepath.Join(name, filepath.FromSlash(file)))
	}
	return a, nil
}

// walk lists the folder at dir/under, in which it came through the folders above.
func (a *archive) walk(dir, under string, above []os.FileInfo) error {
	if err := a.ctx.Err(); err != nil {
		return err
	}
	entries, err := os.ReadDir(filepath.Join(dir, filepath.FromSlash(under)))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		file := path.Join(under, e.Name())
		mode := e.Type()
		if mode.IsRegular() {
			a.files = append(a.files, file)
			continue
		}
		info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(file)))
		if err != nil {
			return err
		}
		switch {
		case info.Mode().IsRegular():
			a.files = append(a.files, file)
		case !info.IsDir():
			return fmt.Errorf("%s is no file but %v", file, info.Mode())
		default:
			for _, folder := range above {
				if os.SameFile(folder, info) {
					return fmt.Errorf("%s is a link to a folder that it lies in", file)
				}
			}
			if err := a.walk(dir, file, append(above[:len(above):len(above)], info)); err != nil {
				return err
			}
		}
	}
	return nil
}
