package main

import (
	"fmt"

	"ventral/fit"
)

// choices collect what regressions choose inside the training part of every
// split.
type choices struct{ fitted []fit.Predictor }

// A choicesJSON is what was chosen.
type choicesJSON struct {
	Alpha       []figure          `json:"alpha,omitempty"`        // per split, median over neuroids
	Components  []int             `json:"components,omitempty"`   // per split
	Features    [][]int           `json:"features,omitempty"`     // per split and neuroid
	BandWeights map[string]figure `json:"band_weights,omitempty"` // per layer, mean over splits and neuroids
}

func newChoices(splits int) *choices { return &choices{make([]fit.Predictor, splits)} }

// take keeps what the predictor of a split tells of its choice, and not the
// predictor.
func (c *choices) take(split int, f fit.Predictor) {
	switch f := f.(type) {
	case *fit.RidgeCVPredictor:
		c.fitted[split] = &fit.RidgeCVPredictor{Alphas: f.Alphas}
	case *fit.PLSCVPredictor:
		c.fitted[split] = &fit.PLSCVPredictor{Components: f.Components}
	case *fit.OneToOnePredictor:
		c.fitted[split] = &fit.OneToOnePredictor{Features: f.Features}
	case *fit.BandedPredictor:
		c.fitted[split] = &fit.BandedPredictor{Alphas: f.Alphas, Weights: f.Weights}
	}
}

// atTheEnd notes where most penalties are the smallest or largest candidate: a
// better one may lie beyond. parameters are the regression's.
func (c *choices) atTheEnd(parameters map[string]any) []string {
	least, most, all := 0, 0, 0
	low, high := parameters["alpha_min"], parameters["alpha_max"]
	if low == high { // nothing to choose
		return nil
	}
	for _, f := range c.fitted {
		var alphas []float64
		switch f := f.(type) {
		case *fit.RidgeCVPredictor:
			alphas = f.Alphas
		case *fit.BandedPredictor:
			alphas = f.Alphas
		}
		for _, a := range alphas {
			all++
			least += b2i(a == low)
			most += b2i(a == high)
		}
	}
	note := func(n int, which string, end any, further string) []string {
		return []string{fmt.Sprintf("the chosen α is the %s candidate (%g) in %d of %d choices (split × neuroid): %s may predict better (--alphas)", which, end, n, all, further)}
	}
	switch {
	case 2*least > all:
		return note(least, "smallest", low, "smaller ones")
	case 2*most > all:
		return note(most, "largest", high, "larger ones")
	}
	return nil
}

// summary is nil where nothing is chosen.
func (c *choices) summary(bands []string) *choicesJSON {
	s := &choicesJSON{}
	weights := make([]float64, len(bands))
	for _, f := range c.fitted {
		switch f := f.(type) {
		case nil:
			return nil
		case *fit.RidgeCVPredictor:
			s.Alpha = append(s.Alpha, figure(median(f.Alphas)))
		case *fit.PLSCVPredictor:
			s.Components = append(s.Components, f.Components)
		case *fit.OneToOnePredictor:
			s.Features = append(s.Features, f.Features)
		case *fit.BandedPredictor:
			s.Alpha = append(s.Alpha, figure(median(f.Alphas)))
			_, neuroids := f.Weights.Dims()
			for b := range bands {
				for _, w := range f.Weights.RawRowView(b) {
					weights[b] += w / float64(neuroids*len(c.fitted))
				}
			}
			s.BandWeights = map[string]figure{}
		}
	}
	if s.BandWeights != nil {
		for b, name := range bands {
			s.BandWeights[name] = figure(weights[b])
		}
	}
	return s
}
