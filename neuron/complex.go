package neuron

import "math"

// A Complex cell of V1 answers to its orientation and spatial frequency
// whatever the phase: the energy of two Gabor filters in quadrature,
//
//	E = even² + odd²,
//
// of which it reports the root, so that the response grows with contrast as
// that of a simple cell does.
//
// Source: Adelson & Bergen 1985, J. Opt. Soc. Am. A 2:284.
type Complex struct{ even, odd *Filter }

// NewComplex returns the complex cell whose quadrature pair is g and g shifted
// by a quarter of a cycle.
func NewComplex(g Gabor, s Screen) *Complex {
	quadrature := g
	quadrature.Phase -= math.Pi / 2
	return &Complex{g.Filter(s), quadrature.Filter(s)}
}

// Response returns √E for an image of H·W luminances.
func (c *Complex) Response(image []float64) float64 {
	return math.Hypot(c.even.Drive(image), c.odd.Drive(image))
}

// responseAt is Response with the receptive field moved down and right, in
// pixels.
func (c *Complex) responseAt(image []float64, down, right int) float64 {
	return math.Hypot(
		c.even.driveAt(image, c.even.top+down, c.even.left+right),
		c.odd.driveAt(image, c.odd.top+down, c.odd.left+right))
}
