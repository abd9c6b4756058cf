package fit

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// NormalisedCorrelations are correlations with what the neuroids would respond
// without noise, as they are estimated.
type NormalisedCorrelations struct {
	Score      float64   // mean over splits of the median over neuroids
	PerNeuroid []float64 // median over splits; NaN where LeftOut or undefined
	// LeftOut counts the neuroids without a positive ceiling. Leaving them out
	// selects neuroids that repeat: tell it beside the score.
	LeftOut int
}

// Normalised divides every neuroid's r by its own √ceiling, the largest
// correlation that its noise lets any prediction have: CC_norm = CC_abs/CC_max
// with CC_max = √(2r/(1+r)) from the correlation r of two halves of the
// repetitions, whose square is Ceiling.PerNeuroid. It is not clipped: where a
// ceiling is estimated too low it is above 1.
//
// A. Hsu, A. Borst and F. E. Theunissen, "Quantifying variability in neural
// responses and its application for the validation of model predictions",
// Network 15, 2004; O. Schoppe et al., "Measuring the performance of neural
// models", Frontiers in Computational Neuroscience 10, 2016.
//
// It is none of the two conventions of Brain-Score, which divide the median by
// the median: see CeiledUnder. It fails for the ceiling of another number of
// neuroids and when a split is left without any.
func (r *Result) Normalised(c *Ceiling) (*NormalisedCorrelations, error) {
	splits, q := r.R.Dims()
	if len(c.PerNeuroid) != q {
		return nil, fmt.Errorf("a ceiling of %d neuroids for the score of %d: they must be the same", len(c.PerNeuroid), q)
	}
	normalised := mat.NewDense(splits, q, nil)
	n := &NormalisedCorrelations{}
	for j, ceiling := range c.PerNeuroid {
		scale := math.NaN()
		if ceiling > 0 {
			scale = 1 / math.Sqrt(ceiling)
		} else {
			n.LeftOut++
		}
		for i := range splits {
			normalised.Set(i, j, scale*r.R.At(i, j))
		}
	}
	scores := make([]float64, splits)
	for i := range scores {
		if scores[i], _ = medianDefined(normalised.RawRowView(i)); math.IsNaN(scores[i]) {
			return nil, fmt.Errorf("split %d of %d: no neuroid has a correlation and a positive ceiling (%d of %d have no positive ceiling)", i+1, splits, n.LeftOut, q)
		}
	}
	n.Score, n.PerNeuroid = mean(scores), medians(normalised)
	return n, nil
}
