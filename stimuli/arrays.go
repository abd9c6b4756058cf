package stimuli

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"

	"ventral/internal/npy"
)

// Arrays is a Set from NumPy's files, so that another program's images are shown
// number by number.
type Arrays struct {
	channels, height, width int
	pixels                  []float32
	labels                  []int
	classes                 []string
	digest                  func() string

	// Prepared says that the images came as floats, which are shown as they are:
	// they need no normalisation, and need not lie in [0, 1].
	Prepared bool
}

// OpenArrays reads images x (n × C × H × W, .npy) and their classes y (n whole
// numbers from 0, .npy). uint8 are grey levels 0–255; floats are taken as they
// are. The classes are called by their numbers.
//
// It fails, with the file and what was found, where the shapes do not fit, a
// value is not finite or a class is negative.
func OpenArrays(x, y string) (*Arrays, error) {
	header, err := npy.Stat(x)
	if err != nil {
		return nil, err
	}
	pixels, shape, err := npy.ReadFile[float32](x)
	if err != nil {
		return nil, err
	}
	if len(shape) != 4 || len(pixels) == 0 {
		return nil, fmt.Errorf("%s: an array of shape %v, expected images × channels × rows × columns", x, shape)
	}
	numbers, labelShape, err := npy.ReadFile[int64](y)
	if err != nil {
		return nil, err
	}
	if len(labelShape) != 1 || len(numbers) != shape[0] {
		return nil, fmt.Errorf("%s: an array of shape %v, expected the classes of the %d images of %s", y, labelShape, shape[0], x)
	}
	a := &Arrays{channels: shape[1], height: shape[2], width: shape[3], pixels: pixels, Prepared: strings.Contains(header.DType, "f")}
	if !a.Prepared && !strings.HasSuffix(header.DType, "u1") {
		return nil, fmt.Errorf("%s: an array of %s, expected grey levels (uint8) or floats", x, header.DType)
	}
	size := shape[1] * shape[2] * shape[3]
	for i, v := range pixels {
		if v-v != 0 {
			return nil, fmt.Errorf("%s: image %d, value %d is %g, expected finite numbers", x, i/size, i%size, v)
		}
		if !a.Prepared {
			pixels[i] = v / 255
		}
	}
	most := 0
	for i, n := range numbers {
		if n < 0 || n > math.MaxInt16 {
			return nil, fmt.Errorf("%s: image %d has the class %d, expected 0 to %d", y, i, n, math.MaxInt16)
		}
		a.labels = append(a.labels, int(n))
		most = max(most, int(n))
	}
	for c := range max(most+1, 2) {
		a.classes = append(a.classes, strconv.Itoa(c))
	}
	a.digest = sync.OnceValue(func() string { return digest(a) })
	return a, nil
}

// Len returns the number of images.
func (a *Arrays) Len() int { return len(a.labels) }

// Shape returns the shape of every image.
func (a *Arrays) Shape() (channels, height, width int) { return a.channels, a.height, a.width }

// Classes returns the numbers of the classes.
func (a *Arrays) Classes() []string { return a.classes }

// ID returns the number of image i.
func (a *Arrays) ID(i int) string { return strconv.Itoa(i) }

// Label returns the class of image i.
func (a *Arrays) Label(i int) int { return a.labels[i] }

// Pixels writes image i into dst, as Set says.
func (a *Arrays) Pixels(i int, dst []float32) error {
	n := size(a)
	if len(dst) != n {
		panic(fmt.Sprintf("stimuli: Pixels into %d elements, an image has %d", len(dst), n))
	}
	copy(dst, a.pixels[i*n:(i+1)*n])
	return nil
}

// Digest identifies the content, as Set says.
func (a *Arrays) Digest() string { return a.digest() }
