package neuron

import (
	"math"
	"math/rand/v2"
)

// A conjunction is a cell of V4 that answers when two contours meet: the
// geometric mean of two orientations at two places of its receptive field,
//
//	r = √(a(p₁, θ₁) · a(p₂, θ₂)),
//
// a being the lattice's pooled complex cells. It is the smallest case of the
// combinations of pooled V1 cells that describe the boundary tuning of V4 in
// Cadieu et al. 2007, J. Neurophysiol. 98:1733, with a product as the AND.
type conjunction struct{ first, second int } // elements of the lattice's maps

// newConjunction draws a cell: a centre on the lattice, and two afferents of
// different orientation at most two points from it.
func newConjunction(l *lattice, rng *rand.Rand) conjunction {
	row, col := rng.IntN(l.size.Rows), rng.IntN(l.size.Cols)
	near := func() int {
		r := min(max(row+rng.IntN(5)-2, 0), l.size.Rows-1)
		c := min(max(col+rng.IntN(5)-2, 0), l.size.Cols-1)
		return (r*l.size.Cols + c) * orientations
	}
	θ1 := rng.IntN(orientations)
	θ2 := (θ1 + 1 + rng.IntN(orientations-1)) % orientations
	return conjunction{near() + θ1, near() + θ2}
}

func (c conjunction) response(maps []float64) float64 {
	return math.Sqrt(maps[c.first] * maps[c.second])
}
