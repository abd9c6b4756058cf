package stimuli

import (
	"cmp"
	"fmt"
	"math"
)

// Waves are frames of retinal waves, which activate neighbouring cells of the
// developing retina one after the other before the eyes open. They are drawn as
// fronts that expand in circles around a random centre: a cell is active (1)
// while a front has passed it by less than the part Active of the distance to the
// next, and silent (0) otherwise. Patterns i·Frames to (i+1)·Frames − 1 are the
// frames of wave i, in their order. All channels see the same.
//
// The phase of a wave is uniform, so that over waves each value has exactly the
// mean 0 and variance 1 that patterns have: (a − Active)/√(Active(1 − Active)) for
// an activity of a.
//
// It panics at the first Pattern unless all numbers are positive and Active is
// below 1.
//
// Source: the phenomenon, Meister, Wong, Baylor & Shatz 1991, Science 252:939;
// the geometry is the simplest that has its local correlations and its motion.
type Waves struct {
	Seed uint64

	// The shape of a pattern.
	Channels int // 0 = 1
	Height   int // pixels; 0 = 9
	Width    int // pixels; 0 = 9

	Frames  int     // of a wave; 0 = 16
	Speed   float64 // of a front, pixels/frame; 0 = 1
	Spacing float64 // from a front to the next, pixels; 0 = 16
	Active  float64 // part of the cells that are active; 0 = 1/2
}

// Pattern writes pattern i (from 0) into x, C·H·W values, channel-major. It
// never fails, and panics on another length of x.
//
// A wave's centre is uniform in a square of four spacings around the field's
// centre.
//
// Cost: H·W square roots.
func (v Waves) Pattern(i int, x []float64) error {
	replace(&v.Channels, 1)
	replace(&v.Height, 9)
	replace(&v.Width, 9)
	replace(&v.Frames, 16)
	speed, spacing, active := cmp.Or(v.Speed, 1), cmp.Or(v.Spacing, 16), cmp.Or(v.Active, 1./2)
	if v.Channels < 0 || v.Height < 0 || v.Width < 0 || v.Frames < 0 || !(speed > 0) || !(spacing > 0) || !(active > 0 && active < 1) || math.IsInf(speed+spacing, 1) {
		panic(fmt.Sprintf("stimuli: waves of %d×%d×%d values and %d frames, %g pixels/frame, every %g pixels, a part of %g active: expected positive numbers and a part below 1",
			v.Channels, v.Height, v.Width, v.Frames, speed, spacing, active))
	}
	checkPattern("Waves", x, v.Channels, v.Height, v.Width)

	row, col, phase := waveOf(v.Seed, i/v.Frames, v.Height, v.Width, spacing)
	plane := x[:v.Height*v.Width]
	drawWave(plane, v.Width, row, col, phase+speed/spacing*float64(i%v.Frames), spacing, active)
	for c := 1; c < v.Channels; c++ {
		copy(x[c*len(plane):], plane)
	}
	return nil
}

// waveOf returns the centre of a wave, in pixels, and the phase that it begins
// with.
func waveOf(seed uint64, wave, height, width int, spacing float64) (row, col, phase float64) {
	rng := generatorOf(seed, wave)
	row = float64(height)/2 + spacing*(4*rng.Float64()-2)
	col = float64(width)/2 + spacing*(4*rng.Float64()-2)
	phase = rng.Float64()
	rng.free()
	return row, col, phase
}

// drawWave writes the standardised activity of pixels, whose centres lie at
// half-integers, around a centre of fronts that have travelled so many spacings.
func drawWave(x []float64, w int, row, col, travelled, spacing, active float64) {
	scale := 1 / math.Sqrt(active*(1-active))
	for i := range x {
		distance := math.Hypot(float64(i/w)+.5-row, float64(i%w)+.5-col)
		past := travelled - distance/spacing // how long ago the last front came by, and a whole number
		past -= math.Floor(past)
		x[i] = -active * scale
		if past < active {
			x[i] = (1 - active) * scale
		}
	}
}
