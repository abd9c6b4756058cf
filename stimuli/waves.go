package stimuli

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sync"
)

// Waves are frames of RetinalWaves of the ferret, as patterns: those, 200 ms
// apart, in which at least 1 % of the field is active and which differ from the
// pattern before, as neither silence nor a wave that stands teaches anything.
// Patterns follow in time. All channels see the same.
//
// An activity of a has the value (a − m)/s, with the mean m and the standard
// deviation s of all activities in the first 256 patterns: over these, mean 0 and
// variance 1.
//
// It panics at the first Pattern unless all numbers are positive.
type Waves struct {
	Seed uint64

	// The shape of a pattern.
	Channels int // 0 = 1
	Height   int // pixels; 0 = 9
	Width    int // pixels; 0 = 9

	Pixel float64 // side of a pixel on the retina, µm; 0 = 34, between neighbouring cells

	mutex     sync.Mutex
	waves     RetinalWaves
	frames    []int     // that the patterns are
	last      []float64 // the pattern of the last of them
	next      int       // frame that has not been looked at
	mean, std float64
}

// The time between frames, ms, in which a front moves by about a cell.
const waveFrame = 200

// Pattern writes pattern i (from 0) into x, C·H·W values, channel-major. It fails
// as RetinalWaves' Frame does, and panics on another length of x.
//
// Cost: that of RetinalWaves; of 32×32 pixels one frame in four is a pattern, of
// 9×9 one in thirteen.
func (v *Waves) Pattern(i int, x []float64) error {
	channels, height, width, pixel := cmp.Or(v.Channels, 1), cmp.Or(v.Height, 9), cmp.Or(v.Width, 9), cmp.Or(v.Pixel, 34)
	if channels < 0 || height < 0 || width < 0 || !(pixel > 0) || math.IsInf(pixel, 1) {
		panic(fmt.Sprintf("stimuli: waves of %d×%d×%d values on pixels of %g µm: expected positive numbers", channels, height, width, pixel))
	}
	checkPattern("Waves", x, channels, height, width)
	plane := x[:height*width]

	v.mutex.Lock()
	defer v.mutex.Unlock()
	v.waves.Seed, v.waves.Magnification = v.Seed, pixel
	screen := Raster{height, width, float64(width)} // a degree is a pixel
	if v.std == 0 {
		if err := v.standardise(screen, plane); err != nil {
			return err
		}
	}
	if err := v.pattern(screen, i, plane); err != nil {
		return err
	}
	for j, a := range plane {
		plane[j] = (a - v.mean) / v.std
	}
	for c := 1; c < channels; c++ {
		copy(x[c*len(plane):], plane)
	}
	return nil
}

// pattern writes the activity of pattern i.
func (v *Waves) pattern(screen Raster, i int, x []float64) error {
	for len(v.frames) <= i {
		if err := v.waves.activity(screen, waveFrame*float64(v.next), x); err != nil {
			return err
		}
		if meanOf(x) >= 0.01 && !slices.Equal(x, v.last) {
			v.last = append(v.last[:0], x...)
			v.frames = append(v.frames, v.next)
		}
		v.next++
	}
	return v.waves.activity(screen, waveFrame*float64(v.frames[i]), x)
}

// standardise finds mean and standard deviation.
func (v *Waves) standardise(screen Raster, x []float64) error {
	const first = 256
	var sum, squares float64
	for i := range first {
		if err := v.pattern(screen, i, x); err != nil {
			return err
		}
		for _, a := range x {
			sum, squares = sum+a, squares+a*a
		}
	}
	n := float64(first * len(x))
	v.mean = sum / n
	v.std = math.Sqrt(squares/n - v.mean*v.mean)
	return nil
}
