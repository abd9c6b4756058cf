package fit

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/blas/blas64"
)

// PLSCV is PLS with the number of components that predicts training stimuli
// best from other training stimuli: the smallest mean squared error over
// neuroids, mean over k folds (scikit-learn's GridSearchCV of PLSRegression with
// KFold(shuffle=True) and the scoring neg_mean_squared_error). The number is one
// for all neuroids, since they share the components. One fit per fold serves all
// numbers.
type PLSCV struct {
	Components int    // the largest number to choose from; 0 = 25
	Folds      int    // of the training stimuli in the order of their rows; 0 = 10, with Groups at most as many as a training part has
	Seed       uint32 // of the folds, as KFold's
	// Groups of all stimuli, e.g. the movie: folds keep them together
	// (GroupKFold), as they should where splits do.
	Groups []string
}

// folds is their number for training stimuli of the given groups (nil: none).
func (r PLSCV) folds(groups []string) int {
	switch {
	case r.Folds != 0:
		return r.Folds
	case groups != nil:
		names, _ := classes(groups)
		return max(2, min(10, len(names)))
	}
	return 10
}

// Name is "plscv".
func (r PLSCV) Name() string { return "plscv" }

// Parameters holds components_max, folds (where Groups bound them: of all groups,
// which a training part has fewer of) and seed.
func (r PLSCV) Parameters() map[string]float64 {
	return map[string]float64{
		"components_max": float64(PLS{r.Components}.components()),
		"folds":          float64(r.folds(r.Groups)), "seed": float64(seedOf(r.Seed)),
	}
}

// A PLSCVPredictor is what PLSCV fits.
type PLSCVPredictor struct {
	Predictor
	Components int       // the chosen number
	Errors     []float64 // mean squared error with 1, 2, … components
}

// Fit chooses the number of components and fits; the predictor is a
// *PLSCVPredictor. It fails with fewer features than the largest number of
// components, with fewer training stimuli than folds, and when a fold leaves no
// more of them than components.
func (r PLSCV) Fit(p *Problem, train []int) (Predictor, error) {
	pls := PLS{r.Components}
	if err := p.prepare(context.Background()); err != nil { // for all folds
		return nil, err
	}
	errors := make([]float64, max(0, pls.components()))
	fold, folds := 0, r.folds(nil)
	if n, _, _ := p.Dims(); len(r.Groups) == n {
		folds = r.folds(pick(r.Groups, train))
	}
	err := innerFolds{folds, r.Seed, r.Groups}.each(p, train, func(s Split) error {
		fold++
		f, err := pls.fit(p, s.Train)
		if err != nil {
			return fmt.Errorf("fold %d of %d: %w", fold, folds, err)
		}
		for k, e := range f.heldOut(s.Test, len(errors)) {
			errors[k] += e / float64(folds)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("plscv: %w", err)
	}
	components := smallest(errors) + 1
	predictor, err := PLS{components}.Fit(p, train)
	if err != nil {
		return nil, fmt.Errorf("plscv: %w", err)
	}
	return &PLSCVPredictor{predictor, components, errors}, nil
}

// Workspace is Sizer's: PLS's, or the predictions of a fold.
func (r PLSCV) Workspace(stimuli, features, neuroids, train int) (shared, split int64) {
	pls := PLS{r.Components}
	_, split = pls.Workspace(stimuli, features, neuroids, train)
	fold, test := sizes{stimuli, features, neuroids, train}.folded(r.folds(r.Groups))
	_, fit := pls.Workspace(stimuli, features, neuroids, fold.train)
	predictions := float64s(test*(fold.order()+neuroids) - fold.order()*fold.order()) // K or C has been let go
	return 0, max(split, fit, fit+predictions)
}

// heldOut returns the mean squared errors, over stimuli and neuroids, of
// predicting the stimuli rows with 1 … components components.
func (f *plsFit) heldOut(rows []int, components int) []float64 {
	residual := f.t.responses(rows)
	errors := make([]float64, 0, components)
	add := func() {
		mean := make([]float64, len(f.t.yMean))
		meanSquares(mean, residual)
		errors = append(errors, total(mean)/float64(len(mean)))
	}
	f.predictor(components).each(rows, func(score, q []float64) {
		blas64.Ger(-1, vector(score), vector(q), residual.RawMatrix())
		add()
	})
	for len(errors) < components { // the fit ended early
		add()
	}
	return errors
}
