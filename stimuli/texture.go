package stimuli

import (
	"errors"
	"fmt"
	"math"
	"math/cmplx"
	"os"
)

// A Texture has the power spectrum of an image and random phases: as much of
// every spatial frequency and orientation, and nothing of its forms. Every frame
// has the mean of the screen and the rms contrast exactly, and is periodic over
// the screen; so is the image's spectrum, in which its borders are edges.
//
// Frame fails if the raster's pixels are not the image's in number, and, as that
// of FilteredNoise, if a luminance would leave [0, 1].
//
// Source: Galerne, Gousseau & Morel 2011, IEEE Trans. Image Process. 20:257
// (random phase noise).
type Texture struct {
	Seed     uint64
	Contrast float64 // rms: standard deviation of the luminance over its mean
	Refresh  float64 // new, independent phases so many times a second, Hz; 0 = still

	height, width int
	amplitude     []float64 // of the image's Fourier transform, 0 at frequency 0
}

// NewTexture returns the texture of an image, H·W luminances in row-major order,
// which it does not keep. Contrast and Refresh may be set in what it returns. It
// fails if the image is uniform or has a value that is not finite, and panics
// if its length does not fit.
func NewTexture(image []float64, height, width int, seed uint64) (*Texture, error) {
	if height < 1 || width < 1 || len(image) != height*width {
		panic(fmt.Sprintf("stimuli: a texture of %d×%d pixels from %d", height, width, len(image)))
	}
	if err := checkNumbers("the image of a texture", image...); err != nil {
		return nil, err
	}
	spectrum := make([]complex128, len(image))
	for i, v := range image {
		spectrum[i] = complex(v-image[0], 0)
	}
	transform(spectrum, height, width)
	t := &Texture{Seed: seed, height: height, width: width, amplitude: make([]float64, len(image))}
	var most float64
	for i := 1; i < len(spectrum); i++ {
		t.amplitude[i] = cmplx.Abs(spectrum[i])
		most = max(most, t.amplitude[i])
	}
	if most == 0 {
		return nil, errors.New("the image of a texture is uniform, expected one that varies")
	}
	return t, nil
}

// Frame draws the texture, as Stimulus says. Cost: two Fourier transforms.
func (t *Texture) Frame(r Raster, ms float64, x []float64) error {
	if err := r.begin(x); err != nil {
		return err
	}
	if r.Height != t.height || r.Width != t.width {
		return fmt.Errorf("a texture from an image of %d×%d pixels on a screen of %d×%d", t.height, t.width, r.Height, r.Width)
	}
	if err := checkNumbers("a texture", t.Refresh, ms); err != nil {
		return err
	}
	if t.Refresh < 0 {
		return fmt.Errorf("a texture that is new at %g Hz, expected 0 or more", t.Refresh)
	}
	// The phases of white noise are uniform, independent, and those of something
	// real.
	spectrum := whiteSpectrum(t.Seed, int(wholeWithin(t.Refresh*ms/1000)), t.height, t.width)
	for i, a := range t.amplitude {
		spectrum[i] *= complex(a/math.Max(cmplx.Abs(spectrum[i]), 1e-300), 0)
	}
	inverse(spectrum, t.height, t.width)
	for i, v := range spectrum {
		x[i] = real(v)
	}
	return toContrast(x, t.Contrast)
}

// ReadLuminance reads an image file in grey, resized, as OpenImages does: H·W
// luminances in [0, 1], row-major. It fails as OpenImages does.
func ReadLuminance(path string, height, width int) ([]float64, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	levels := make([]byte, height*width)
	if err := decode(levels, data, ImageOptions{Channels: 1, Height: height, Width: width}.withDefaults()); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	x := make([]float64, len(levels))
	for i, b := range levels {
		x[i] = float64(b) / 255
	}
	return x, nil
}
