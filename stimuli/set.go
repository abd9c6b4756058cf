package stimuli

import (
	"fmt"
	"slices"
	"sync"
)

// A Set is a numbered list of images of one shape. Its methods may be called
// concurrently.
type Set interface {
	// Len returns the number of images.
	Len() int
	// Shape returns the shape of every image; each number is at least 1.
	Shape() (channels, height, width int)
	// Classes returns the names of the classes, or none for unlabelled images.
	Classes() []string
	// ID returns the stimulus_id of image i.
	ID(i int) string
	// Label returns the class of image i, an index into Classes, or -1.
	Label(i int) int
	// Pixels writes image i into dst, channel-major (C, H, W), with values in
	// [0, 1]. It panics unless dst has C·H·W elements. An error names the image.
	Pixels(i int, dst []float32) error
	// Digest returns the SHA-256, in hexadecimal, of shape, classes, ids,
	// labels and pixels in order: equal content, equal digest.
	Digest() string
}

// Subset returns the images of s at the given indices, in their order. It
// panics if an index lies outside s.
func Subset(s Set, indices []int) Set {
	for _, i := range indices {
		if i < 0 || i >= s.Len() {
			panic(fmt.Sprintf("stimuli: Subset: image %d of a set of %d", i, s.Len()))
		}
	}
	sub := &subset{set: s, indices: slices.Clone(indices)}
	var set Set = sub
	if w, ok := s.(wholes); ok {
		set = &subsetOfWholes{sub, w}
	}
	sub.digest = sync.OnceValue(func() string { return digest(set) })
	return set
}

type subset struct {
	set     Set
	indices []int
	digest  func() string
}

func (s *subset) Len() int                             { return len(s.indices) }
func (s *subset) Shape() (channels, height, width int) { return s.set.Shape() }
func (s *subset) Classes() []string                    { return s.set.Classes() }
func (s *subset) ID(i int) string                      { return s.set.ID(s.indices[i]) }
func (s *subset) Label(i int) int                      { return s.set.Label(s.indices[i]) }
func (s *subset) Pixels(i int, dst []float32) error    { return s.set.Pixels(s.indices[i], dst) }
func (s *subset) Digest() string                       { return s.digest() }

// subsetOfWholes is the subset of a set whose images are parts of larger ones.
type subsetOfWholes struct {
	*subset
	wholes wholes
}

func (s *subsetOfWholes) whole(i int, buffer []float32) (pixels []float32, height, width int, err error) {
	return s.wholes.whole(s.indices[i], buffer)
}

func (s *subset) heldBytes() int64 { return HeldBytes(s.set) }

// HeldBytes returns how much memory the images of a Set of this package take for as
// long as it is used: those of the whole set that a Subset is of, none that are
// decoded as they are asked for. It is 0 for other implementations.
func HeldBytes(s Set) int64 {
	if h, ok := s.(interface{ heldBytes() int64 }); ok {
		return h.heldBytes()
	}
	return 0
}

// size returns C·H·W of the images of s.
func size(s Set) int {
	c, h, w := s.Shape()
	return c * h * w
}
