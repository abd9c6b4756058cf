package fit

import "fmt"

// Linear is ordinary least squares, both sides centred, the intercept free.
// Where features are dependent, always so with fewer stimuli than features, it
// is the solution with the smallest coefficients, the limit of ridge for α → 0.
//
// It is solved through the eigenvectors of XᵀX or XXᵀ, which squares the
// condition number: directions of X with a singular value below about 1e-7 of
// the largest one count as absent. Cost per split: one symmetric
// eigendecomposition of size min(n_stimuli, n_features).
type Linear struct{}

// Name is "linear".
func (Linear) Name() string { return "linear" }

// Parameters is empty.
func (Linear) Parameters() map[string]float64 { return map[string]float64{} }

// Fit fits the least squares. It fails for features that are not finite.
func (Linear) Fit(p *Problem, train []int) (Predictor, error) {
	s, err := p.rotate(train, []float64{0}, 0)
	if err != nil {
		return nil, fmt.Errorf("least squares: %w", err)
	}
	_, _, neuroids := p.Dims()
	c, err := s.coefficients(others(neuroids, nil), make([]float64, neuroids))
	if err != nil {
		return nil, fmt.Errorf("least squares: %w", err)
	}
	return s.t.predictor(c), nil
}

// Workspace is Sizer's: an eigendecomposition, then coefficients.
func (Linear) Workspace(stimuli, features, neuroids, train int) (shared, split int64) {
	s := sizes{stimuli, features, neuroids, train}
	return 0, max(s.spectrum(), s.decomposed()+2*s.coefficients())
}
