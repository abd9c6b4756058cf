package stimuli

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"regexp"
)

var mnistFile = regexp.MustCompile(`^(?:.*/)?([^/]*)(train|t10k|test)-(images|labels)[-.]idx[13]-ubyte(?:\.gz)?$`)

// OpenMNIST reads MNIST, or a set kept like it, from a folder or archive: the
// IDX files train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-… and
// t10k-labels-… (or test-…), gzipped or not. Classes are called by their
// numbers; the id of an image is its part and number, as in "train/00042".
//
// The shape is that of the files, one channel, unless o gives another: then
// images are cropped and resized as by OpenImages, and three channels are three
// times the grey one.
//
// Errors name the file that is missing, is no IDX file of bytes, or holds more
// or less than its header says.
func OpenMNIST(ctx context.Context, path string, o ImageOptions) (train, test Set, err error) {
	o = o.withLimits()
	a, err := openArchive(ctx, path, o)
	if err != nil {
		return nil, nil, err
	}
	defer a.close()
	files := map[string]string{} // "train images" and so on → file
	for _, f := range a.files {
		m := mnistFile.FindStringSubmatch(f)
		if m == nil {
			continue
		}
		part := m[2]
		if part == "t10k" {
			part = "test"
		}
		key := part + " " + m[3]
		if other, ok := files[key]; ok {
			return nil, nil, fmt.Errorf("MNIST: %s holds the %s twice, in %s and %s: keep one set in a folder of its own", path, key, other, f)
		}
		files[key] = f
	}
	var sets [2]*memory
	for i, part := range []string{"train", "test"} {
		if sets[i], err = a.mnist(part, files, o); err != nil {
			return nil, nil, err
		}
	}
	most := 0
	for _, s := range sets {
		for _, l := range s.labels {
			most = max(most, l)
		}
	}
	for _, s := range sets {
		s.classes = numbers(max(most+1, 2))
	}
	if c, h, w := sets[0].Shape(); [3]int{c, h, w} != [3]int{sets[1].channels, sets[1].height, sets[1].width} {
		return nil, nil, fmt.Errorf("MNIST: %s: training images of %d×%d and test images of %d×%d", path, h, w, sets[1].height, sets[1].width)
	}
	return sets[0], sets[1], nil
}

// mnist reads the images and labels of a part.
func (a *archive) mnist(part string, files map[string]string, o ImageOptions) (*memory, error) {
	read := func(what string, axes int) (dims []int, data []byte, file string, err error) {
		file, ok := files[part+" "+what]
		if !ok {
			return nil, nil, "", fmt.Errorf("MNIST: %s holds no %s-%s-idx%d-ubyte (or .gz) among its %d files", a.name, part, what, axes, len(a.files))
		}
		f, err := a.open(file)
		if err == nil {
			defer f.Close()
			dims, data, err = readIDX(f, axes, o.MaxMemory)
		}
		if err != nil {
			return nil, nil, "", fmt.Errorf("MNIST: %s: %s: %w", a.name, file, err)
		}
		return dims, data, file, nil
	}
	dims, pixels, file, err := read("images", 3)
	if err != nil {
		return nil, err
	}
	count, labels, labelFile, err := read("labels", 1)
	if err != nil {
		return nil, err
	}
	n, h, w := dims[0], dims[1], dims[2]
	if count[0] != n {
		return nil, fmt.Errorf("MNIST: %s: %d images in %s and %d labels in %s", a.name, n, file, count[0], labelFile)
	}
	replace(&o.Channels, 1)
	replace(&o.Height, h)
	replace(&o.Width, w)
	m := memory{channels: o.Channels, height: o.Height, width: o.Width, pixels: pixels}
	if need := float64(n) * float64(size(&m)); need > float64(o.MaxMemory) {
		return nil, fmt.Errorf("MNIST: %s: %d images of %d×%d×%d take %.3g GB in memory, above the limit of %.3g GB",
			a.name, n, m.channels, m.height, m.width, need/1e9, float64(o.MaxMemory)/1e9)
	}
	if o.Crop > min(h, w) {
		return nil, fmt.Errorf("MNIST: %s: images of %d×%d pixels are too small for a crop of %d", a.name, h, w, o.Crop)
	}
	if [3]int{m.channels, m.height, m.width} != [3]int{1, h, w} || o.Crop > 0 {
		m.pixels = make([]byte, n*size(&m))
		parallel(n, func() func(int) {
			return func(i int) {
				if a.ctx.Err() == nil {
					scaleGrey(m.image(i), pixels[i*h*w:(i+1)*h*w], h, w, o)
				}
			}
		})
		if err := a.ctx.Err(); err != nil {
			return nil, fmt.Errorf("MNIST: %s: %w", a.name, err)
		}
	}
	for i, l := range labels {
		m.labels = append(m.labels, int(l))
		m.ids = append(m.ids, fmt.Sprintf("%s/%05d", part, i))
	}
	return newMemory(m), nil
}

// readIDX reads an IDX file of bytes with the given number of axes: two zeros,
// the type (8), the number of axes, the length of each (big-endian, 32 bits) and
// the data. It may be gzipped.
//
// Source: the description on MNIST's page (LeCun, Cortes, Burges).
func readIDX(r io.Reader, axes int, limit int64) (dims []int, data []byte, err error) {
	begin := make([]byte, 2)
	if _, err := io.ReadFull(r, begin); err != nil {
		return nil, nil, fmt.Errorf("no IDX file: %w", err)
	}
	r = io.MultiReader(bytes.NewReader(begin), r)
	if begin[0] == 0x1f && begin[1] == 0x8b {
		if r, err = gzip.NewReader(r); err != nil {
			return nil, nil, err
		}
	}
	kind, lengths := make([]byte, 4), make([]byte, 4*axes)
	if _, err := io.ReadFull(r, kind); err != nil {
		return nil, nil, fmt.Errorf("no IDX file: its header: %w", err)
	}
	if want := [4]byte{0, 0, 8, byte(axes)}; [4]byte(kind) != want {
		return nil, nil, fmt.Errorf("no IDX file of bytes with %d axes: it begins with % x, expected % x", axes, kind, want)
	}
	if _, err := io.ReadFull(r, lengths); err != nil {
		return nil, nil, fmt.Errorf("truncated: its header: %w", err)
	}
	size := int64(1)
	for d := range axes {
		n := int64(binary.BigEndian.Uint32(lengths[4*d:]))
		if n < 1 || n > limit/size {
			return nil, nil, fmt.Errorf("axis %d has the length %d, expected 1 to %d bytes in all", d, n, limit)
		}
		dims = append(dims, int(n))
		size *= n
	}
	if data, err = io.ReadAll(io.LimitReader(r, size+1)); err != nil {
		return nil, nil, err
	}
	switch {
	case int64(len(data)) < size:
		return nil, nil, fmt.Errorf("truncated: %d bytes of the %d of %v", len(data), size, dims)
	case int64(len(data)) > size:
		return nil, nil, errors.New("more bytes than its header says")
	}
	return dims, data, nil
}
