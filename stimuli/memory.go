package stimuli

import (
	"fmt"
	"os"
	"sync"
)

// memory is a Set of 8 bits per pixel and channel, held in memory or, where it
// is too large for that, fetched image by image.
type memory struct {
	channels, height, width int

	ids     []string
	classes []string // nil: unlabelled
	labels  []int    // nil: unlabelled
	pixels  []byte   // n × C·H·W; nil: fetch
	digest  func() string

	// fetch writes image i into dst (C·H·W); its error names the file. It may
	// be called concurrently.
	fetch   func(i int, dst []byte) error
	buffers *sync.Pool // *[]byte, of one image
}

// newMemory completes m, whose pixels may still be written until it is used.
func newMemory(m memory) *memory {
	set := &m
	set.buffers = &sync.Pool{New: func() any {
		buffer := make([]byte, size(set))
		return &buffer
	}}
	set.digest = sync.OnceValue(func() string { return digest(set) })
	return set
}

func (m *memory) Len() int                             { return len(m.ids) }
func (m *memory) Shape() (channels, height, width int) { return m.channels, m.height, m.width }
func (m *memory) Classes() []string                    { return m.classes }
func (m *memory) ID(i int) string                      { return m.ids[i] }
func (m *memory) Digest() string                       { return m.digest() }

func (m *memory) Label(i int) int {
	if m.labels == nil {
		return -1
	}
	return m.labels[i]
}

func (m *memory) Pixels(i int, dst []float32) error {
	if n := size(m); len(dst) != n {
		panic(fmt.Sprintf("stimuli: Pixels into %d elements, an image has %d", len(dst), n))
	}
	var image []byte
	if m.fetch == nil {
		image = m.image(i)
	} else {
		buffer := m.buffers.Get().(*[]byte)
		defer m.buffers.Put(buffer)
		image = *buffer
		if err := m.fetch(i, image); err != nil {
			return err
		}
	}
	for j, b := range image {
		dst[j] = level[b]
	}
	return nil
}

func (m *memory) heldBytes() int64 { return int64(len(m.pixels)) }

// image returns the bytes of image i of a set in memory.
func (m *memory) image(i int) []byte {
	n := m.channels * m.height * m.width
	return m.pixels[i*n : (i+1)*n]
}

// level[b] is b/255, the intensity of an 8-bit grey level.
var level = func() (l [256]float32) {
	for b := range l {
		l[b] = float32(b) / 255
	}
	return l
}()

// temporary makes a file without a name in the system's folder for such
// (TMPDIR), which vanishes with the program.
func temporary() (*os.File, error) {
	f, err := os.CreateTemp("", "ventral-images-*")
	if err != nil {
		return nil, fmt.Errorf("images: a temporary file for decoded images: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, fmt.Errorf("images: a temporary file for decoded images: %w", err)
	}
	return f, nil
}

// readAt and writeAt read and write record i of a file of equal ones.
func readAt(f *os.File, record []byte, i int) error {
	_, err := f.ReadAt(record, int64(i)*int64(len(record)))
	return err
}

func writeAt(f *os.File, record []byte, i int) error {
	if _, err := f.WriteAt(record, int64(i)*int64(len(record))); err != nil {
		return fmt.Errorf("images: a temporary file for decoded images: %w", err)
	}
	return nil
}
