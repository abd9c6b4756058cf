package stimuli

import (
	"fmt"
	"math"
)

// FilteredNoise is Gaussian noise whose expected power at a spatial frequency f
// (cycles/degree) and orientation θ of the bars is
//
//	P ∝ f^−α · 2^−[2 log2(f/f₀)/b]² · 2^−[Δ(θ, θ₀)/h]²,
//
// the second factor only where f₀ is given, the third only where h is. With
// neither it is white (α = 0), pink (1), or as natural images (2). Every frame
// has the mean of the screen and the rms contrast exactly, and is periodic over
// the screen.
//
// Frame fails if a luminance would leave [0, 1], with the highest rms contrast
// that this frame can have; 0.15 leaves room for 6.7 standard
// deviations, which fits practically always.
type FilteredNoise struct {
	Seed     uint64
	Contrast float64 // rms: standard deviation of the luminance over its mean
	Exponent float64 // α

	Frequency float64 // f₀, cycles/degree; 0 = no band
	Octaves   float64 // b, the band's full width at half its power; 0 = 1

	Orientation      float64 // θ₀, degrees anticlockwise from horizontal
	OrientationWidth float64 // h, half the width at half the power, degrees; 0 = all orientations

	Refresh float64 // new, independent noise so many times a second, Hz; 0 = still
}

// Frame draws the noise, as Stimulus says. Cost: two Fourier transforms.
func (n FilteredNoise) Frame(r Raster, ms float64, x []float64) error {
	if err := r.begin(x); err != nil {
		return err
	}
	if err := checkNumbers("noise", n.Exponent, n.Frequency, n.Octaves, n.Orientation, n.OrientationWidth, n.Refresh, ms); err != nil {
		return err
	}
	if n.Frequency < 0 || n.Octaves < 0 || n.OrientationWidth < 0 || n.Refresh < 0 {
		return fmt.Errorf("noise of a band at %g cycles/degree, %g octaves and %g degrees wide, new at %g Hz, expected 0 or more", n.Frequency, n.Octaves, n.OrientationWidth, n.Refresh)
	}
	if err := r.shows(n.Frequency); err != nil {
		return err
	}
	spectrum := whiteSpectrum(n.Seed, int(wholeWithin(n.Refresh*ms/1000)), r.Height, r.Width)
	for i := range spectrum {
		up, right := -frequency(i/r.Width, r.Height)*r.PixelsPerDegree(), frequency(i%r.Width, r.Width)*r.PixelsPerDegree()
		spectrum[i] *= complex(math.Sqrt(n.power(right, up)), 0)
	}
	inverse(spectrum, r.Height, r.Width)
	for i, v := range spectrum {
		x[i] = real(v) // at the pixels' highest frequency, which has one sign for two orientations, the mean of both
	}
	return toContrast(x, n.Contrast)
}

// power is P at a frequency to the right and above, 0 at frequency 0.
func (n FilteredNoise) power(right, up float64) float64 {
	f := math.Hypot(right, up)
	if f == 0 {
		return 0
	}
	p := math.Pow(f, -n.Exponent)
	if n.Frequency > 0 {
		octaves := n.Octaves
		if octaves == 0 {
			octaves = 1
		}
		p *= math.Exp2(-square(2 * math.Log2(f/n.Frequency) / octaves))
	}
	if n.OrientationWidth > 0 {
		θ := math.Atan2(up, right)*180/math.Pi - 90 // of the bars, across which the frequency points
		Δ := math.Remainder(θ-n.Orientation, 180)
		p *= math.Exp2(-square(Δ / n.OrientationWidth))
	}
	return p
}

func square(x float64) float64 { return x * x }

// toContrast gives x the mean ½ and an rms contrast, exactly. It fails if that
// leads out of [0, 1], or x does not vary.
func toContrast(x []float64, contrast float64) error {
	if err := checkContrast("rms", contrast); err != nil {
		return err
	}
	n := float64(len(x))
	var mean, squares float64
	for _, v := range x {
		mean += v / n
	}
	for _, v := range x {
		squares += square(v-mean) / n
	}
	deviation := math.Sqrt(squares)
	if !(deviation > 1e-12*(math.Abs(mean)+1e-280)) || math.IsInf(deviation, 1) {
		return fmt.Errorf("noise with the standard deviation %g before it is scaled: none of its frequencies lies on the screen", deviation)
	}
	var most float64
	for i, v := range x {
		x[i] = (v - mean) / deviation
		most = max(most, math.Abs(x[i]))
	}
	if contrast*most > 1 {
		return fmt.Errorf("an rms contrast of %g, with which luminances would lie outside 0 to 1: at most %.4f here", contrast, math.Floor(1e4/most)/1e4)
	}
	for i, z := range x {
		x[i] = 0.5 * (1 + contrast*z)
	}
	return nil
}
