package stimuli

import (
	"fmt"
	"math"
)

// A Checkerboard is a board of bright and dark squares, ½(1 ± C), of which four
// meet at the screen's centre; the one above it to the right is bright. Pixels
// that squares share are the mean over their area. It may reverse its contrast.
//
// Frame fails for a contrast outside [0, 1], a negative reversal frequency, and
// squares smaller than a pixel, which show no board.
type Checkerboard struct {
	Check    float64 // side of a square, degrees
	Contrast float64 // C, Michelson
	Reversal float64 // full cycles of two reversals each, Hz; 0 = none
}

// Frame draws the board, as Stimulus says.
func (c Checkerboard) Frame(r Raster, ms float64, x []float64) error {
	if err := r.begin(x); err != nil {
		return err
	}
	if err := checkContrast("Michelson", c.Contrast); err != nil {
		return err
	}
	if err := checkNumbers("a checkerboard", c.Check, c.Reversal, ms); err != nil {
		return err
	}
	if !(c.Check > 0) || !(c.Reversal >= 0) {
		return fmt.Errorf("checks of %g degrees that reverse at %g Hz, expected a positive number and 0 or more", c.Check, c.Reversal)
	}
	if err := r.shows(1 / (2 * c.Check)); err != nil {
		return fmt.Errorf("checks of %g degrees: %w", c.Check, err)
	}
	contrast := c.Contrast
	if cycles := wholeWithin(c.Reversal * ms / 1000 * 2); math.Mod(cycles, 2) != 0 {
		contrast = -contrast
	}
	half := r.half()
	for i := range x {
		right, up := r.place(i)
		x[i] += 0.5 * contrast * c.squares(right, half) * c.squares(up, half)
	}
	return nil
}

// squares is the mean over a pixel of the square wave that is 1 from 0 to Check
// and −1 from there to twice Check.
func (c Checkerboard) squares(at, half float64) float64 {
	integral := func(at float64) float64 { // a triangle
		at = math.Mod(at, 2*c.Check)
		if at < 0 {
			at += 2 * c.Check
		}
		return min(at, 2*c.Check-at)
	}
	return min(max((integral(at+half)-integral(at-half))/(2*half), -1), 1) // rounding may lead beyond 1
}

// wholeWithin is how many whole events there were, forgiving the rounding of
// times such as 1000/60 ms.
func wholeWithin(events float64) float64 { return math.Floor(events + 1e-9) }
