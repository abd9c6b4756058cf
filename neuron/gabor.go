package neuron

import (
	"fmt"
	"math"
)

// Background is the luminance of the screen around an image, mid-grey; black
// is 0 and white 1. Cells answer to differences from it.
const Background = 0.5

// A Screen is where images are shown: its pixels and their visual angle.
type Screen struct {
	Size            Size
	DegreesPerPixel float64
}

// A Gabor is the receptive field of a simple cell of V1,
//
//	g(x, y) = exp(−u²/2σ_u² − v²/2σ_v²) · cos(2πf u + φ),
//
// where u runs across the bars and v along them, from the field's centre.
//
// Source: Jones & Palmer 1987, J. Neurophysiol. 58:1233, equation 1.
type Gabor struct {
	X, Y        float64 // centre, degrees to the right of the screen's centre and above it
	Orientation float64 // of the bars, radians anticlockwise from horizontal
	Frequency   float64 // f, cycles/degree
	Phase       float64 // φ, radians
	Sigma       float64 // σ_u, degrees, across the bars
	Length      float64 // σ_v, degrees, along the bars
}

// A Filter is a Gabor sampled on the pixels of a screen within 3 σ of its
// centre: zero mean, unit Euclidean norm. The screen around the image is
// mid-grey, so a filter may reach over the image's border.
type Filter struct {
	screen    Size
	top, left int // screen position of its first weight, negative beyond the border
	size      Size
	weights   []float64
}

// Filter samples g on a screen. It panics unless Frequency, Sigma, Length and
// the degrees per pixel are positive.
func (g Gabor) Filter(s Screen) *Filter {
	if !(g.Frequency > 0 && g.Sigma > 0 && g.Length > 0 && s.DegreesPerPixel > 0) {
		panic(fmt.Sprintf("neuron: a Gabor of frequency %g, σ %g and %g on a screen of %g degrees per pixel, expected all positive", g.Frequency, g.Sigma, g.Length, s.DegreesPerPixel))
	}
	// The centre in pixels, a pixel's own centre lying at half-integers.
	row := float64(s.Size.Rows)/2 - g.Y/s.DegreesPerPixel
	col := float64(s.Size.Cols)/2 + g.X/s.DegreesPerPixel
	reach := 3 * max(g.Sigma, g.Length) / s.DegreesPerPixel
	f := &Filter{
		screen: s.Size,
		top:    int(math.Floor(row - reach)),
		left:   int(math.Floor(col - reach)),
	}
	f.size = Size{int(math.Ceil(row+reach)) - f.top, int(math.Ceil(col+reach)) - f.left}
	f.weights = make([]float64, f.size.Area())
	envelope := make([]float64, len(f.weights))
	sin, cos := math.Sincos(g.Orientation)
	var sum, area float64
	for i := range f.weights {
		x := (float64(f.left+i%f.size.Cols) + 0.5 - col) * s.DegreesPerPixel
		y := (row - float64(f.top+i/f.size.Cols) - 0.5) * s.DegreesPerPixel
		u, v := y*cos-x*sin, x*cos+y*sin
		envelope[i] = math.Exp(-u*u/(2*g.Sigma*g.Sigma) - v*v/(2*g.Length*g.Length))
		f.weights[i] = envelope[i] * math.Cos(2*math.Pi*g.Frequency*u+g.Phase)
		sum += f.weights[i]
		area += envelope[i]
	}
	var squares float64
	for i := range f.weights {
		f.weights[i] -= envelope[i] * sum / area // no answer to uniform light
		squares += f.weights[i] * f.weights[i]
	}
	if norm := math.Sqrt(squares); norm > 0 { // 0: finer than the pixels can show
		for i := range f.weights {
			f.weights[i] /= norm
		}
	}
	return f
}

// Drive returns Σ w·(image − Background) for an image of the screen's size,
// H·W luminances in row-major order.
func (f *Filter) Drive(image []float64) float64 {
	if len(image) != f.screen.Area() {
		panic(fmt.Sprintf("neuron: an image of %d pixels on a screen of %v", len(image), f.screen))
	}
	return f.driveAt(image, f.top, f.left)
}

// driveAt is Drive with the first weight moved to the given position.
func (f *Filter) driveAt(image []float64, top, left int) float64 {
	first, last := max(0, -left), min(f.size.Cols, f.screen.Cols-left)
	if first >= last {
		return 0
	}
	var drive float64
	for r := max(0, -top); r < min(f.size.Rows, f.screen.Rows-top); r++ {
		weights := f.weights[r*f.size.Cols+first : r*f.size.Cols+last]
		pixels := image[(top+r)*f.screen.Cols+left+first:][:len(weights)]
		for j, w := range weights {
			drive += w * (pixels[j] - Background)
		}
	}
	return drive
}
