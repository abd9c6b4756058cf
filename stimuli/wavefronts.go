package stimuli

import (
	"fmt"
	"math"
)

// RetinalWaves are Waves in degrees and ms: fronts that expand in circles around a
// random centre, ½(1 + C) where cells are active and ½(1 − C) where they are
// silent, with edges antialiased over a pixel. They are new, from another centre, after every Duration. With half the
// cells active the mean, over waves, is the screen's.
//
// Frame fails for a contrast outside [0, 1], unless Speed, Spacing and Duration
// are positive and Active lies between 0 and 1, and for fronts closer together
// than two pixels.
type RetinalWaves struct {
	Seed     uint64
	Contrast float64 // C, Michelson
	Speed    float64 // of a front, degrees/s
	Spacing  float64 // from a front to the next, degrees
	Active   float64 // part of the cells that are active
	Duration float64 // of a wave, ms
}

// Frame draws the waves, as Stimulus says.
func (v RetinalWaves) Frame(r Raster, ms float64, x []float64) error {
	if err := r.begin(x); err != nil {
		return err
	}
	if err := checkContrast("Michelson", v.Contrast); err != nil {
		return err
	}
	if err := checkNumbers("retinal waves", v.Speed, v.Spacing, v.Active, v.Duration, ms); err != nil {
		return err
	}
	if !(v.Speed > 0 && v.Spacing > 0 && v.Duration > 0 && v.Active > 0 && v.Active < 1) {
		return fmt.Errorf("waves of %g degrees/s, every %g degrees, for %g ms, a part of %g active: expected positive numbers and a part below 1", v.Speed, v.Spacing, v.Duration, v.Active)
	}
	if err := r.shows(1 / v.Spacing); err != nil {
		return fmt.Errorf("waves every %g degrees: %w", v.Spacing, err)
	}
	wave := wholeWithin(ms / v.Duration)
	age := max(0, ms-wave*v.Duration)
	spacing := v.Spacing * r.PixelsPerDegree()
	row, col, phase := waveOf(v.Seed, int(wave), r.Height, r.Width, spacing)
	travelled := phase + v.Speed*age/1000/v.Spacing
	// Activity up to a time in spacings, whose mean over a pixel is what is drawn.
	activity := func(past float64) float64 {
		whole := math.Floor(past)
		return whole*v.Active + min(past-whole, v.Active)
	}
	half := 0.5 / spacing
	for i := range x {
		past := travelled - math.Hypot(float64(i/r.Width)+.5-row, float64(i%r.Width)+.5-col)/spacing
		active := min(max((activity(past+half)-activity(past-half))/(2*half), 0), 1) // rounding may lead beyond
		x[i] = 0.5 * (1 + v.Contrast*(2*active-1))
	}
	return nil
}
