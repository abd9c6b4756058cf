package neuron

import (
	"math"
	"math/rand/v2"
)

// A prototype is a cell of IT that knows a view of an object and finds it
// wherever it is: the best match over all places p of the screen,
//
//	r = max_p exp((cos(F_p, P) − 1) / τ),
//
// between the stored pattern P and the pattern F_p of the lattice's maps
// around p. Before the match each lattice point gives up what its orientations
// have in common.
//
// Source: the view-tuned cells of Riesenhuber & Poggio 1999, Nat. Neurosci.
// 2:1019, whose max over position gives the tolerance.
type prototype struct {
	lattice *lattice
	size    Size      // of the pattern, lattice points
	pattern []float64 // size × orientations, unit norm
}

// patternSide is the side of a pattern, in parts of the lattice's side.
const patternSide = 0.45

const matchWidth = 0.25 // τ

// newPrototype stores one of the most contoured parts of an image, given by
// its maps.
func newPrototype(l *lattice, maps []float64, rng *rand.Rand) *prototype {
	side := func(n int) int { return max(1, int(math.Round(patternSide*float64(n)))) }
	p := &prototype{lattice: l, size: Size{side(l.size.Rows), side(l.size.Cols)}}
	tuned := tunedPart(maps)
	places := p.places()
	// The best of a few random places: parts of objects, not always the same.
	var best []float64
	var bestNorm float64
	for range 6 {
		pattern, norm := p.patternAt(tuned, rng.IntN(places.Rows), rng.IntN(places.Cols), nil)
		if norm > bestNorm {
			best, bestNorm = pattern, norm
		}
	}
	p.pattern = make([]float64, p.size.Area()*orientations)
	for i, v := range best { // none on a uniform image, which no pattern matches
		p.pattern[i] = v / bestNorm
	}
	return p
}

// places returns the number of positions of the pattern on the lattice.
func (p *prototype) places() Size {
	return Size{p.lattice.size.Rows - p.size.Rows + 1, p.lattice.size.Cols - p.size.Cols + 1}
}

// patternAt copies the part of tuned maps at a place into buffer and returns
// it with its norm.
func (p *prototype) patternAt(tuned []float64, row, col int, buffer []float64) (pattern []float64, norm float64) {
	pattern = buffer[:0]
	for r := range p.size.Rows {
		first := ((row+r)*p.lattice.size.Cols + col) * orientations
		pattern = append(pattern, tuned[first:first+p.size.Cols*orientations]...)
	}
	for _, v := range pattern {
		norm += v * v
	}
	return pattern, math.Sqrt(norm)
}

func (p *prototype) response(tuned []float64) float64 {
	best := -1.0
	places := p.places()
	var buffer []float64
	for row := range places.Rows {
		for col := range places.Cols {
			var norm, match float64
			buffer, norm = p.patternAt(tuned, row, col, buffer)
			if norm == 0 {
				continue
			}
			for i, v := range buffer {
				match += v * p.pattern[i]
			}
			best = max(best, match/norm)
		}
	}
	return math.Exp((best - 1) / matchWidth)
}

// tunedPart returns maps less the mean over orientations at each point.
func tunedPart(maps []float64) []float64 {
	tuned := make([]float64, len(maps))
	for p := 0; p < len(maps); p += orientations {
		var mean float64
		for _, v := range maps[p : p+orientations] {
			mean += v / orientations
		}
		for o := range orientations {
			tuned[p+o] = maps[p+o] - mean
		}
	}
	return tuned
}
