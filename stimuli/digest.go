package stimuli

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
)

// digest is the digest of any Set: SHA-256 over its shape and classes and
// then, image by image, its id, label and float32 pixels (little-endian), or of
// an image that is part of a larger one, the size and pixels of that.
// An image that cannot be read enters with its error.
func digest(s Set) string {
	c, h, w := s.Shape()
	sum := sha256.New()
	fmt.Fprintf(sum, "%d images of %d×%d×%d, classes %q\n", s.Len(), c, h, w, s.Classes())
	whole, parts := s.(wholes)
	var bytes []byte
	add := func(i int, image seen) bool {
		fmt.Fprintf(sum, "%q %d\n", s.ID(i), s.Label(i))
		if image.err != nil {
			fmt.Fprintf(sum, "error %q\n", image.err)
			return true
		}
		if parts {
			fmt.Fprintf(sum, "%d×%d\n", image.height, image.width)
		}
		bytes = slices.Grow(bytes[:0], 4*len(image.pixels))
		for _, p := range image.pixels {
			bytes = binary.LittleEndian.AppendUint32(bytes, math.Float32bits(p))
		}
		sum.Write(bytes)
		return true
	}
	if parts {
		eachWholeInOrder(s.Len(), whole, add)
	} else {
		eachInOrder(s, add)
	}
	return hex.EncodeToString(sum.Sum(nil))
}
