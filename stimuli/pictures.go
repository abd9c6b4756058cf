package stimuli

import (
	"cmp"
	"fmt"
	"os"
	"sync/atomic"
)

// pictures is a source of 8 bits per pixel and channel in which every image has
// its own height and width. Those that the memory does not hold are fetched one
// by one.
type pictures struct {
	memory // ids, classes, labels and channels
	all    []picture
	fetch  func(i int) (picture, error) // of an image that all lacks; its error names the file
}

type picture struct {
	height, width int
	levels        []byte // C·height·width; nil: fetch
}

func (p *pictures) channels() int { return p.memory.channels }

func (p *pictures) heldBytes() (n int64) {
	for _, image := range p.all {
		n += int64(len(image.levels))
	}
	return n
}

func (p *pictures) whole(i int, buffer []float32) ([]float32, int, int, error) {
	image := p.all[i]
	if image.levels == nil {
		var err error
		if image, err = p.fetch(i); err != nil {
			return buffer, 0, 0, err
		}
	}
	buffer = resized(buffer, len(image.levels))
	for j, b := range image.levels {
		buffer[j] = level[b]
	}
	return buffer, image.height, image.width, nil
}

// loadPictures is load for images that keep their shapes, which a frame shows.
// What o.MaxMemory does not hold is decoded as it is asked for, and a is then kept
// open, or comes, from a compressed tar, from a temporary file.
func (a *archive) loadPictures(files []string, m memory, o ImageOptions) (s Set, good []int, err error) {
	m.channels = o.Channels
	frame := Frame{Height: o.Height, Width: o.Width, Short: o.Short}
	decoded := func(data []byte) (picture, error) {
		p, err := decodePicture(data, o)
		if err == nil {
			_, err = frame.view(p.height, p.width)
		}
		return p, err
	}
	p := &pictures{memory: m, all: make([]picture, len(files))}
	var aside *pictureFile
	if a.pass != nil {
		if aside, err = newPictureFile(len(files)); err != nil {
			return nil, nil, err
		}
		p.fetch = func(i int) (picture, error) {
			image, err := aside.read(i)
			return image, wrapOf(err, a.name, files[i])
		}
	} else {
		p.fetch = func(i int) (picture, error) {
			data, err := a.read(files[i], o.MaxBytes)
			if err != nil {
				return picture{}, wrapOf(err, a.name, files[i])
			}
			image, err := decoded(data)
			return image, wrapOf(err, a.name, files[i])
		}
	}
	errs := make([]error, len(files))
	var taken atomic.Int64
	var lost firstError // of the temporary file
	err = a.each(files, o.MaxBytes, o.telling(len(files), func(i int, data []byte, err error) {
		full := taken.Load() > o.MaxMemory
		if errs[i] = err; err != nil || full && aside == nil && o.Damaged == nil {
			return
		}
		image, err := decoded(data)
		switch {
		case err != nil:
			errs[i] = err
		case taken.Add(int64(len(image.levels))) <= o.MaxMemory:
			p.all[i] = image
		case aside != nil:
			lost.note(aside.write(i, image))
		}
	}))
	if err = cmp.Or(err, lost.err); err != nil {
		return nil, nil, err
	}
	if good, err = a.undamaged(files, errs, o.Damaged); err != nil {
		return nil, nil, err
	}
	if taken.Load() > o.MaxMemory && aside == nil {
		a.close = func() error { return nil }
	}
	return among(newFramed(p, frame), good), good, nil
}

// A pictureFile keeps pictures, in any order, in a temporary file.
type pictureFile struct {
	file  *os.File
	end   atomic.Int64
	parts []picturePart
}

type picturePart struct {
	at, length    int64
	height, width int
}

func newPictureFile(n int) (*pictureFile, error) {
	f, err := temporary()
	return &pictureFile{file: f, parts: make([]picturePart, n)}, err
}

func (f *pictureFile) write(i int, p picture) error {
	length := int64(len(p.levels))
	f.parts[i] = picturePart{f.end.Add(length) - length, length, p.height, p.width}
	if _, err := f.file.WriteAt(p.levels, f.parts[i].at); err != nil {
		return fmt.Errorf("images: a temporary file for decoded images: %w", err)
	}
	return nil
}

func (f *pictureFile) read(i int) (picture, error) {
	part := f.parts[i]
	p := picture{part.height, part.width, make([]byte, part.length)}
	_, err := f.file.ReadAt(p.levels, part.at)
	return p, err
}
