package neuron

import "math"

// orientations is the number of preferred orientations on a lattice.
const orientations = 8

// A lattice tiles the screen with complex cells of one spatial frequency and
// of all orientations, a standard deviation of their receptive field apart.
// What V4 and IT see of an image are its maps.
type lattice struct {
	cells    [orientations]*Complex // centred on the first lattice point
	size     Size                   // lattice points
	spacing  int                    // pixels
	constant float64                // semi-saturation of the normalisation
}

// newLattice returns a lattice of cells like g, which gives their frequency
// and size.
func newLattice(g Gabor, s Screen) *lattice {
	l := &lattice{
		spacing:  max(1, int(math.Round(g.Sigma/s.DegreesPerPixel))),
		constant: 0.2,
	}
	l.size = Size{(s.Size.Rows-1)/l.spacing + 1, (s.Size.Cols-1)/l.spacing + 1}
	// The first point, such that all of them lie centred on the screen.
	row := float64(s.Size.Rows-1-(l.size.Rows-1)*l.spacing)/2 + 0.5
	col := float64(s.Size.Cols-1-(l.size.Cols-1)*l.spacing)/2 + 0.5
	g.X = (col - float64(s.Size.Cols)/2) * s.DegreesPerPixel
	g.Y = (float64(s.Size.Rows)/2 - row) * s.DegreesPerPixel
	for o := range l.cells {
		g.Orientation = float64(o) * math.Pi / orientations
		l.cells[o] = NewComplex(g, s)
	}
	return l
}

// maps returns what the cells say of an image, lattice point × orientation:
// the greatest response among the point and its eight neighbours, divided by
//
//	constant + √(mean over orientations of the squared responses),
//
// so that a faint contour counts nearly as much as a strong one (Heeger 1992,
// Vis. Neurosci. 9:181).
func (l *lattice) maps(image []float64) []float64 {
	n := l.size.Area()
	responses := make([]float64, n*orientations)
	for p := range n {
		down, right := p/l.size.Cols*l.spacing, p%l.size.Cols*l.spacing
		for o, cell := range l.cells {
			responses[p*orientations+o] = cell.responseAt(image, down, right)
		}
	}
	pooled := make([]float64, len(responses))
	for p := range n {
		at := pooled[p*orientations:][:orientations]
		row, col := p/l.size.Cols, p%l.size.Cols
		for r := max(0, row-1); r <= min(l.size.Rows-1, row+1); r++ {
			for c := max(0, col-1); c <= min(l.size.Cols-1, col+1); c++ {
				for o, v := range responses[(r*l.size.Cols+c)*orientations:][:orientations] {
					at[o] = max(at[o], v)
				}
			}
		}
		var squares float64
		for _, v := range at {
			squares += v * v
		}
		scale := 1 / (l.constant + math.Sqrt(squares/orientations))
		for o := range at {
			at[o] *= scale
		}
	}
	return pooled
}
