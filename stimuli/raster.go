package stimuli

import (
	"fmt"
	"math"
)

// A Stimulus is drawn on a Raster, at any time. The screen is mid-grey, 1/2, and
// what is drawn lies around it: black is 0 and white 1, linear in luminance. The
// mean of a stimulus is that of the screen unless it says otherwise.
//
// Positions are degrees of visual angle to the right of the screen's centre and
// above it. Orientations are those of bars, in degrees anticlockwise from
// horizontal. What moves with a positive speed moves across its bars, in the
// direction orientation + 90°: up for horizontal bars, to the left for vertical.
type Stimulus interface {
	// Frame writes the luminances at a time, in ms from the stimulus' start, into
	// x, H·W values in row-major order in [0, 1]. The same time gives the same
	// bits, in whatever order frames are asked for, and Frame may be called
	// concurrently. It panics on another length of x. It fails, and says by how
	// much, if the pixels cannot show the stimulus (a spatial frequency beyond
	// theirs) or the contrast leads out of [0, 1]: nothing is clipped.
	Frame(r Raster, ms float64, x []float64) error
}

// A Raster is the screen that stimuli are drawn on. Its pixels are square.
type Raster struct {
	Height, Width int     // pixels
	Degrees       float64 // visual angle of the width
}

// PixelsPerDegree is the resolution; half of it is the highest spatial frequency
// that pixels show, in cycles/degree.
func (r Raster) PixelsPerDegree() float64 { return float64(r.Width) / r.Degrees }

// begin checks the raster and x, which is left mid-grey.
func (r Raster) begin(x []float64) error {
	if r.Height < 1 || r.Width < 1 || !(r.Degrees > 0) || math.IsInf(r.Degrees, 1) {
		return fmt.Errorf("a screen of %d×%d pixels and %g degrees, expected positive numbers", r.Height, r.Width, r.Degrees)
	}
	if len(x) != r.Height*r.Width {
		panic(fmt.Sprintf("stimuli: a frame of %d×%d pixels into %d elements", r.Height, r.Width, len(x)))
	}
	for i := range x {
		x[i] = 0.5
	}
	return nil
}

// place is where the centre of pixel i lies, in degrees.
func (r Raster) place(i int) (x, y float64) {
	scale := r.Degrees / float64(r.Width)
	return (float64(i%r.Width) + 0.5 - float64(r.Width)/2) * scale, (float64(r.Height)/2 - float64(i/r.Width) - 0.5) * scale
}

// shows fails if pixels cannot show a spatial frequency.
func (r Raster) shows(cyclesPerDegree float64) error {
	if most := r.PixelsPerDegree() / 2; !(cyclesPerDegree <= most) {
		return fmt.Errorf("a spatial frequency of %g cycles/degree on %g pixels/degree, which show at most %g: take more pixels or a lower frequency", cyclesPerDegree, r.PixelsPerDegree(), most)
	}
	return nil
}

// checkContrast fails unless c lies between 0 and 1.
func checkContrast(name string, c float64) error {
	if !(c >= 0 && c <= 1) {
		return fmt.Errorf("a %s contrast of %g, expected 0 to 1", name, c)
	}
	return nil
}

// checkNumbers fails unless all numbers are finite.
func checkNumbers(what string, values ...float64) error {
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("%s has the number %g, expected finite ones", what, v)
		}
	}
	return nil
}

// axes are the directions across bars of an orientation and along them.
type axes struct{ sin, cos float64 }

// axesOf returns those of an orientation in degrees, exact for multiples of 90.
func axesOf(degrees float64) axes {
	turn := math.Mod(degrees, 360)
	switch turn {
	case 0:
		return axes{0, 1}
	case 90, -270:
		return axes{1, 0}
	case 180, -180:
		return axes{0, -1}
	case 270, -90:
		return axes{-1, 0}
	}
	sin, cos := math.Sincos(turn * math.Pi / 180)
	return axes{sin, cos}
}

// turn returns a place in the bars' coordinates.
func (a axes) turn(x, y float64) (across, along float64) {
	return y*a.cos - x*a.sin, x*a.cos + y*a.sin
}

// inside is how much of a pixel at a distance from the middle of an interval it
// covers, 0 to 1; half is half a pixel.
func inside(distance, length, half float64) float64 {
	return min(max((min(distance+half, length/2)-max(distance-half, -length/2))/(2*half), 0), 1) // rounding may lead beyond 1
}

// disc is how much of a pixel a disc around the origin covers, 0 to 1, its edge
// being straight over a pixel; a diameter of 0 is the whole screen.
func disc(x, y, diameter, half float64) float64 {
	if diameter == 0 {
		return 1
	}
	return min(max((diameter/2-math.Hypot(x, y))/(2*half)+0.5, 0), 1)
}

// half is half a pixel, in degrees.
func (r Raster) half() float64 { return r.Degrees / float64(r.Width) / 2 }
