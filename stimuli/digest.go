package stimuli

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
)

// digest is the digest of any Set: SHA-256 over its shape and classes and
// then, image by image, its id, label and float32 pixels (little-endian), or of
// an image that is part of a larger one, the size and pixels of that.
// An image that cannot be read enters with its error.
func digest(s Set) string {
	c, h, w := s.Shape()
	pixels := make([]float32, c*h*w)
	var bytes []byte
	whole, _ := s.(wholes)
	sum := sha256.New()
	fmt.Fprintf(sum, "%d images of %d×%d×%d, classes %q\n", s.Len(), c, h, w, s.Classes())
	for i := range s.Len() {
		fmt.Fprintf(sum, "%q %d\n", s.ID(i), s.Label(i))
		var err error
		if whole == nil {
			err = s.Pixels(i, pixels)
		} else if pixels, h, w, err = whole.whole(i, pixels); err == nil {
			fmt.Fprintf(sum, "%d×%d\n", h, w)
		}
		if err != nil {
			fmt.Fprintf(sum, "error %q\n", err)
			continue
		}
		bytes = bytes[:0]
		for _, p := range pixels {
			bytes = binary.LittleEndian.AppendUint32(bytes, math.Float32bits(p))
		}
		sum.Write(bytes)
	}
	return hex.EncodeToString(sum.Sum(nil))
}
