package fit

import (
	"fmt"
	"math"

	"ventral/internal/kernel"
)

// SplitHalfOptions say how repetitions are halved.
type SplitHalfOptions struct {
	Splits int    // 0 = 10
	Seed   uint32 // 0 = 1, Brain-Score's; SeedZero = 0
}

// A Ceiling is how well responses predict themselves.
type Ceiling struct {
	// Ceiling is Brain-Score's internal consistency: Pearson's r between the
	// means of two random halves of the repetitions, corrected for the halved
	// number of them by Spearman and Brown, 2r/(1+r); median over neuroids,
	// mean over splits. Error is the population standard deviation of the split
	// medians / √splits. Neither is ever NaN.
	Ceiling, Error float64
	SplitScores    []float64 // corrected, median over neuroids per split
	PerNeuroid     []float64 // corrected, median over splits; NaN where undefined

	// SplitHalf is the median over neuroids of Reliability, the plain r between
	// halves, not corrected, mean over splits.
	SplitHalf   float64
	Reliability []float64

	Repetitions int // available; a half has half of them
	Undefined   int // corrected correlations (split × neuroid) that do not exist
}

// SplitHalf computes the split-half ceiling of an assembly. The repetitions,
// the same ones for all stimuli, are halved at random (ShuffleSplit with half
// of them, the odd one goes to the second half); each half is averaged per
// stimulus over the trials that are there; a neuroid's correlation runs over the
// stimuli that have trials in both halves.
//
// It fails with fewer than 2 repetitions and when no neuroid of a split has a
// correlation.
func SplitHalf(a *Assembly, o SplitHalfOptions) (*Ceiling, error) {
	if a.Repetitions < 2 {
		return nil, fmt.Errorf("%s: a split-half ceiling needs at least 2 repetitions per stimulus, found %d", a.name(), a.Repetitions)
	}
	splits, err := ShuffleSplit{Splits: o.Splits, Train: .5, Seed: o.Seed}.Split(a.Repetitions)
	if err != nil {
		return nil, err
	}
	neuroids := len(a.Neuroids)
	raw, corrected := make([][]float64, len(splits)), make([][]float64, len(splits))
	kernel.Parallel(len(splits), func(i int) {
		first, second := a.meanOver(splits[i].Train), a.meanOver(splits[i].Test)
		var x, y []float64
		for j := range neuroids {
			x, y = x[:0], y[:0]
			for s := range a.StimulusIDs {
				u, v := first.At(s, j), second.At(s, j)
				if !math.IsNaN(u) && !math.IsNaN(v) {
					x, y = append(x, u), append(y, v)
				}
			}
			r := pearson(x, y)
			raw[i] = append(raw[i], r)
			corrected[i] = append(corrected[i], spearmanBrown(r))
		}
	})
	c := &Ceiling{Repetitions: a.Repetitions}
	for i := range splits {
		median, undefined := medianDefined(corrected[i])
		if undefined == neuroids {
			return nil, fmt.Errorf("%s: no split-half correlation exists for any of %d neuroids (split %d of %d): their mean responses are constant, or no two stimuli have trials in both halves of the %d repetitions", a.name(), neuroids, i+1, len(splits), a.Repetitions)
		}
		c.SplitScores = append(c.SplitScores, median)
		c.Undefined += undefined
	}
	c.Ceiling, c.Error = meanAndError(c.SplitScores)
	for j := range neuroids {
		var r, sb []float64
		for i := range splits {
			r, sb = append(r, raw[i][j]), append(sb, corrected[i][j])
		}
		median, _ := medianDefined(sb)
		c.PerNeuroid = append(c.PerNeuroid, median)
		c.Reliability = append(c.Reliability, meanDefined(r))
	}
	c.SplitHalf, _ = medianDefined(c.Reliability)
	return c, nil
}

// spearmanBrown is the reliability of the whole from the correlation r of its
// halves; NaN for r = −1 to rounding, as between two stimuli, where there is none.
func spearmanBrown(r float64) float64 {
	if 1+r <= 16*epsilon {
		return math.NaN()
	}
	return 2 * r / (1 + r)
}

// meanDefined is the mean of the values that are not NaN; NaN when all are.
func meanDefined(values []float64) float64 {
	sum, n := 0.0, 0
	for _, v := range values {
		if !math.IsNaN(v) {
			sum += v
			n++
		}
	}
	return sum / float64(n)
}
