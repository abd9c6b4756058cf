package stimuli

import (
	"cmp"
	"fmt"
	"math"
)

// Gratings are sinusoidal gratings that fill the field, the same in all
// channels,
//
//	x = √2 cos(2πf u + φ),
//
// where u, in pixels, runs across the bars from the field's centre: upwards for
// horizontal bars. Orientation, frequency and phase are random and independent.
// Over the phases each value has mean 0 and variance 1.
//
// It panics at the first Pattern unless the sizes are positive and 0 <
// MinFrequency ≤ MaxFrequency ≤ 1/2.
type Gratings struct {
	Seed uint64

	// The shape of a pattern.
	Channels int // 0 = 1
	Height   int // pixels; 0 = 9
	Width    int // pixels; 0 = 9

	// f is uniform on a logarithmic scale from MinFrequency to MaxFrequency, in
	// cycles/pixel. The defaults are two octaves that a patch of a few pixels
	// can tell apart, 16 to 4 pixels a cycle. Pixels show no more than 1/2.
	MinFrequency float64 // 0 = 1/16
	MaxFrequency float64 // 0 = 1/4
}

// Pattern writes pattern i (from 0) into x, C·H·W values, channel-major. It
// never fails, and panics on another length of x.
//
// The orientation of the bars is uniform over [0, π), anticlockwise from
// horizontal, the phase φ uniform over [0, 2π).
//
// Cost: H·W cosines.
func (g Gratings) Pattern(i int, x []float64) error {
	replace(&g.Channels, 1)
	replace(&g.Height, 9)
	replace(&g.Width, 9)
	lowest, highest := cmp.Or(g.MinFrequency, 1./16), cmp.Or(g.MaxFrequency, 1./4)
	if g.Channels < 0 || g.Height < 0 || g.Width < 0 || !(0 < lowest && lowest <= highest && highest <= 0.5) {
		panic(fmt.Sprintf("stimuli: gratings of %d×%d×%d values and %g to %g cycles/pixel, expected positive sizes and 0 < lowest ≤ highest ≤ 0.5", g.Channels, g.Height, g.Width, lowest, highest))
	}
	checkPattern("Gratings", x, g.Channels, g.Height, g.Width)

	rng := generatorOf(g.Seed, i)
	orientation := math.Pi * rng.Float64()
	phase := 2 * math.Pi * rng.Float64()
	f := lowest * math.Pow(highest/lowest, rng.Float64())
	rng.free()

	plane := x[:g.Height*g.Width]
	drawGrating(plane, g.Height, g.Width, orientation, f, phase)
	for c := 1; c < g.Channels; c++ {
		copy(x[c*len(plane):], plane)
	}
	return nil
}

// drawGrating writes √2 cos(2πf u + phase) on h×w pixels, whose centres lie at
// half-integers.
func drawGrating(x []float64, h, w int, orientation, f, phase float64) {
	sin, cos := math.Sincos(orientation)
	for i := range x {
		right := float64(i%w) + 0.5 - float64(w)/2
		up := float64(h)/2 - float64(i/w) - 0.5
		u := up*cos - right*sin
		x[i] = math.Sqrt2 * math.Cos(2*math.Pi*f*u+phase)
	}
}
