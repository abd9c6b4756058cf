package stimuli

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
)

// digest is the digest of any Set: SHA-256 over its shape and classes and
// then, image by image, its id, label and float32 pixels (little-endian).
// An image that cannot be read enters with its error.
func digest(s Set) string {
	c, h, w := s.Shape()
	pixels := make([]float32, c*h*w)
	bytes := make([]byte, 4*len(pixels))
	sum := sha256.New()
	fmt.Fprintf(sum, "%d images of %d×%d×%d, classes %q\n", s.Len(), c, h, w, s.Classes())
	for i := range s.Len() {
		fmt.Fprintf(sum, "%q %d\n", s.ID(i), s.Label(i))
		if err := s.Pixels(i, pixels); err != nil {
			fmt.Fprintf(sum, "error %q\n", err)
			continue
		}
		for j, p := range pixels {
			binary.LittleEndian.PutUint32(bytes[4*j:], math.Float32bits(p))
		}
		sum.Write(bytes)
	}
	return hex.EncodeToString(sum.Sum(nil))
}
