package stimuli

import (
	"fmt"
	"math"
)

// atDegrees puts a w×h image, whose rows row writes, on a screen: an image of
// Degrees on one of ScreenDegrees, which is ScreenDegrees/Degrees times its size
// in pixels. The image is centred on mid-grey, or its centre fills the screen;
// nothing is resampled, and lengths and offsets round half to even. (Brain-Score
// vision 2.3, benchmark_helpers/screen.py.)
func atDegrees(row func(y int, dst []float32), w, h int, o ImageOptions) (screen func(y int, dst []float32), width, height int, err error) {
	if o.Degrees == o.ScreenDegrees {
		return row, w, h, nil
	}
	ratio := o.ScreenDegrees / o.Degrees
	side := func(n int) float64 { return math.RoundToEven(ratio * float64(n)) }
	if pixels := side(w) * side(h); !(pixels >= 1 && pixels <= float64(o.MaxPixels)) {
		return nil, 0, 0, fmt.Errorf("an image of %d×%d pixels, %g degrees wide, makes a screen of %g degrees of %g×%g pixels, expected 1 to %d in all",
			w, h, o.Degrees, o.ScreenDegrees, side(w), side(h), o.MaxPixels)
	}
	width, height = int(side(w)), int(side(h))
	left, top := centred(width, w), centred(height, h) // of the image on the screen; below 0 it is cut
	first, end := max(0, left), min(width, left+w)     // columns of the screen that the image covers
	wide := make([]float32, o.Channels*w)
	return func(y int, dst []float32) {
		const grey = 128
		covered := y >= top && y < top+h
		if covered {
			row(y-top, wide)
		}
		if !covered || end-first < width {
			for i := range dst {
				dst[i] = grey
			}
		}
		if covered {
			for c := range o.Channels {
				copy(dst[c*width+first:c*width+end], wide[c*w+first-left:])
			}
		}
	}, width, height, nil
}
