package stimuli

import (
	"fmt"
	"math"
	"strconv"
	"sync"
)

// Arrays is a Set from the array files of NumPy or HDF5, so that another program's
// images are shown number by number.
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

// OpenArrays reads images x (n × C × H × W) and their classes y (n whole numbers
// from 0). Each is FILE.npy, FILE.npz:NAME or FILE.h5:DATASET (.hdf5, .nc, .mat);
// the name may be left out where the file holds one array. uint8, and whole
// numbers from 0 to 255 in HDF5, are grey levels; floats are taken as they are.
// The classes are called by their numbers.
//
// It fails, with the file and what was found, where the shapes do not fit or have
// the channels last (n × H × H × 1, 3 or 4, as Keras has them), a value is not finite or no grey level, or a class is negative.
func OpenArrays(x, y string) (*Arrays, error) {
	pixels, about, err := readArray[float32](x)
	if err != nil {
		return nil, err
	}
	shape := about.shape
	if len(shape) != 4 || len(pixels) == 0 {
		return nil, fmt.Errorf("%s: an array of shape %v, expected images × channels × rows × columns", x, shape)
	}
	if c := shape[3]; (c == 1 || c == 3 || c == 4) && shape[1] > 4 && shape[1] == shape[2] {
		return nil, fmt.Errorf("%s is %d×%d×%d×%d, read as n × channels × rows × columns, and looks like n × rows × columns × channels: transpose it, X.transpose(0, 3, 1, 2)", x, shape[0], shape[1], shape[2], shape[3])
	}
	numbers, labels, err := readArray[int64](y)
	if err != nil {
		return nil, err
	}
	if len(labels.shape) != 1 || len(numbers) != shape[0] {
		return nil, fmt.Errorf("%s: an array of shape %v, expected the classes of the %d images of %s, one class number each", y, labels.shape, shape[0], x)
	}
	a := &Arrays{channels: shape[1], height: shape[2], width: shape[3], pixels: pixels, Prepared: about.kind == "float"}
	if !a.Prepared && about.kind != "uint8" && about.kind != "whole numbers" {
		return nil, fmt.Errorf("%s: an array of %s, expected grey levels (uint8) or floats", x, about.kind)
	}
	size := shape[1] * shape[2] * shape[3]
	for i, v := range pixels {
		if v-v != 0 {
			return nil, fmt.Errorf("%s: image %d, value %d is %g, expected finite numbers", x, i/size, i%size, v)
		}
		if !a.Prepared {
			if v < 0 || v > 255 {
				return nil, fmt.Errorf("%s: image %d, value %d is %g, expected grey levels from 0 to 255", x, i/size, i%size, v)
			}
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

func (a *Arrays) heldBytes() int64 { return 4 * int64(len(a.pixels)) }

// Digest identifies the content, as Set says.
func (a *Arrays) Digest() string { return a.digest() }
