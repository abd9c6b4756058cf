package stimuli

import "sync/atomic"

// pictures is a source of 8 bits per pixel and channel in which every image has
// its own height and width. It is held in memory or, where it is too large for
// that, decoded image by image.
type pictures struct {
	memory // ids, classes, labels and channels
	all    []picture
	fetch  func(i int) (picture, error) // unless nil, in place of all; its error names the file
}

type picture struct {
	height, width int
	levels        []byte // C·height·width
}

func (p *pictures) channels() int { return p.memory.channels }

func (p *pictures) whole(i int, buffer []float32) ([]float32, int, int, error) {
	var image picture
	if p.fetch == nil {
		image = p.all[i]
	} else {
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

// loadPictures makes the files a framed set, with the ids and labels of m.
// Images that take more than o.MaxMemory are decoded as they are asked for, and a
// is then kept open.
func (a *archive) loadPictures(files []string, m memory, o ImageOptions) (Set, error) {
	m.channels = o.Channels
	frame := Frame{Height: o.Height, Width: o.Width, Short: o.Short}
	decoded := func(data []byte) (picture, error) {
		p, err := decodePicture(data, o)
		if err == nil {
			_, err = frame.view(p.height, p.width)
		}
		return p, err
	}

	all, errs := make([]picture, len(files)), make([]error, len(files))
	var taken atomic.Int64
	a.each(files, o.MaxBytes, func(i int, data []byte, err error) {
		if errs[i] = err; err != nil || taken.Load() > o.MaxMemory {
			return
		}
		all[i], errs[i] = decoded(data)
		taken.Add(int64(len(all[i].levels)))
	})
	if err := a.damaged(files, errs); err != nil {
		return nil, err
	}
	if taken.Load() <= o.MaxMemory {
		return newFramed(&pictures{memory: m, all: all}, frame), nil
	}
	a.close = func() error { return nil }
	return newFramed(&pictures{memory: m, fetch: func(i int) (picture, error) {
		data, err := a.read(files[i], o.MaxBytes)
		if err != nil {
			return picture{}, a.wrap(files[i], err)
		}
		p, err := decoded(data)
		return p, a.wrap(files[i], err)
	}}, frame), nil
}
