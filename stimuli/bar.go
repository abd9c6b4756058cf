package stimuli

import (
	"fmt"
	"math"
)

// A Bar is a bright or dark bar that stands or moves, with edges antialiased over
// a pixel: of luminance ½(1 + C), C being its Weber contrast with the screen. It
// shifts the mean.
//
// Frame fails unless −1 ≤ C ≤ 1, the width is positive and the length not
// negative.
type Bar struct {
	Orientation float64 // of its long axis, degrees anticlockwise from horizontal
	Width       float64 // across, degrees
	Length      float64 // along, degrees; 0 = over the whole screen
	Contrast    float64 // C, Weber: 1 white, −1 black
	Speed       float64 // across its long axis, degrees/s; below 0 backwards
	X, Y        float64 // centre at time 0, degrees
}

// Frame draws the bar, as Stimulus says.
func (b Bar) Frame(r Raster, ms float64, x []float64) error {
	if err := r.begin(x); err != nil {
		return err
	}
	if err := checkNumbers("a bar", b.Orientation, b.Speed, b.X, b.Y, ms); err != nil {
		return err
	}
	if !(b.Contrast >= -1 && b.Contrast <= 1) {
		return fmt.Errorf("a Weber contrast of %g with the mid-grey screen, expected −1 to 1", b.Contrast)
	}
	if !(b.Width > 0) || !(b.Length >= 0) || math.IsInf(b.Width+b.Length, 1) {
		return fmt.Errorf("a bar %g degrees wide and %g long, expected a positive width and a length of 0 or more", b.Width, b.Length)
	}
	turned, half := axesOf(b.Orientation), r.half()
	moved := b.Speed * ms / 1000
	for i := range x {
		right, up := r.place(i)
		u, v := turned.turn(right-b.X, up-b.Y)
		cover := inside(u-moved, b.Width, half)
		if b.Length > 0 {
			cover *= inside(v, b.Length, half)
		}
		x[i] += 0.5 * b.Contrast * cover
	}
	return nil
}
