package neuron

import (
	"fmt"
	"math"
)

// A Bank is simple and complex cells of V1 that tile an image. For every
// frequency f and orientation, Gabors of V1's median bandwidth lie on a square
// lattice, half a period of f (at least a pixel) apart. At each place
//
//	simple cells    [e]₊, [o]₊, [−e]₊, [−o]₊    half-rectified, four phases a quarter period apart
//	complex cell    √(e² + o²)                  the energy model
//
// with e and o the drives of the Gabors with phase 0 and π/2.
//
// Source: Adelson & Bergen 1985, J. Opt. Soc. Am. A 2:284 (energy); Jones &
// Palmer 1987 (Gabor).
type Bank struct {
	screen Screen
	pairs  []pair
	cells  int // complex cells
}

// A pair is the Gabors of a quadrature pair, moved over a lattice.
type pair struct {
	even, odd  *Filter
	step       int // pixels between places
	rows, cols int // of the lattice
}

// NewBank makes the cells for a screen, for frequencies in cycles/degree and
// orientations that divide the half circle, 8 where none are given. It panics
// for a frequency that is not positive or that the pixels cannot show.
func NewBank(s Screen, frequencies []float64, orientations int) *Bank {
	if orientations == 0 {
		orientations = 8
	}
	b := &Bank{screen: s}
	for _, f := range frequencies {
		if !(f > 0 && f*s.DegreesPerPixel <= 0.5) {
			panic(fmt.Sprintf("neuron: a bank of %g cycles/degree on pixels of %g degrees, expected a positive frequency of at most half a cycle a pixel", f, s.DegreesPerPixel))
		}
		for o := range orientations {
			g := gaborOf(f)
			g.Orientation = math.Pi * float64(o) / float64(orientations)
			p := pair{even: g.Filter(s), step: max(1, int(math.Round(0.5/(f*s.DegreesPerPixel))))}
			g.Phase = math.Pi / 2
			p.odd = g.Filter(s)
			p.rows, p.cols = (s.Size.Rows+p.step-1)/p.step, (s.Size.Cols+p.step-1)/p.step
			b.pairs = append(b.pairs, p)
			b.cells += p.rows * p.cols
		}
	}
	return b
}

// Cells returns the numbers of simple and complex cells.
func (b *Bank) Cells() (simple, complex int) { return 4 * b.cells, b.cells }

// Respond sets the responses of all cells to an image, H·W luminances from 0 to
// 1 in row-major order, by frequency, orientation, row, column and, of simple
// cells, phase. Either may be nil. A Bank may be used concurrently.
func (b *Bank) Respond(image []float64, simple, complex []float64) {
	if len(image) != b.screen.Size.Area() || simple != nil && len(simple) != 4*b.cells || complex != nil && len(complex) != b.cells {
		panic(fmt.Sprintf("neuron: an image of %d pixels, %d simple and %d complex cells for a bank of %d complex cells on a screen of %v", len(image), len(simple), len(complex), b.cells, b.screen.Size))
	}
	at := 0
	for _, p := range b.pairs {
		// The filters were sampled at the screen's centre.
		size := p.even.size
		for r := range p.rows {
			for c := range p.cols {
				top, left := p.step*r+p.step/2-size.Rows/2, p.step*c+p.step/2-size.Cols/2
				e, o := p.even.driveAt(image, top, left), p.odd.driveAt(image, top, left)
				if simple != nil {
					simple[4*at], simple[4*at+1] = max(0, e), max(0, o)
					simple[4*at+2], simple[4*at+3] = max(0, -e), max(0, -o)
				}
				if complex != nil {
					complex[at] = math.Hypot(e, o)
				}
				at++
			}
		}
	}
}
