package stimuli

import (
	"fmt"
	"sync"
)

// memory is a Set held in memory, 8 bits per pixel and channel.
type memory struct {
	channels, height, width int

	ids     []string
	classes []string // nil: unlabelled
	labels  []int    // nil: unlabelled
	pixels  []byte   // n × C·H·W
	digest  func() string
}

// newMemory completes m, whose pixels may still be written until it is used.
func newMemory(m memory) *memory {
	set := &m
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
	image := m.image(i)
	if len(dst) != len(image) {
		panic(fmt.Sprintf("stimuli: Pixels into %d elements, an image has %d", len(dst), len(image)))
	}
	for j, b := range image {
		dst[j] = level[b]
	}
	return nil
}

// image returns the bytes of image i.
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
