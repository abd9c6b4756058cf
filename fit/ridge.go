package fit

import (
	"fmt"

	"gonum.org/v1/gonum/mat"
)

// Ridge is least squares with a penalty α on the squared coefficients, both
// sides centred, the intercept free:
//
//	min ‖Y − Xβ‖² + α‖β‖²
//
// Its normal equations are (XᵀX + αI)β = XᵀY, or with fewer stimuli than
// features (XXᵀ + αI)c = Y, β = Xᵀc. Cost per split: a Cholesky decomposition
// of size min(n_stimuli, n_features).
type Ridge struct {
	Alpha float64 // 0 = 1, Brain-Score's; scikit-learn's alpha, not divided by n
}

func (r Ridge) alpha() float64 {
	if r.Alpha == 0 {
		return 1
	}
	return r.Alpha
}

// Name is "ridge".
func (r Ridge) Name() string { return "ridge" }

// Parameters holds alpha.
func (r Ridge) Parameters() map[string]float64 { return map[string]float64{"alpha": r.alpha()} }

// Fit fits the ridge. It fails for a penalty that is not positive and finite.
func (r Ridge) Fit(p *Problem, train []int) (Predictor, error) {
	alpha := r.alpha()
	if !(alpha > 0) || !isFinite(alpha) {
		return nil, fmt.Errorf("ridge with α = %g: expected a positive number", alpha)
	}
	t, err := p.train(train)
	if err != nil {
		return nil, err
	}
	size := t.m.SymmetricDim()
	for i := range size {
		t.m.SetSym(i, i, t.m.At(i, i)+alpha)
	}
	var chol mat.Cholesky
	if !chol.Factorize(t.m) {
		return nil, fmt.Errorf("ridge with α = %g: the features are so large (sums of squares up to %.2g) that α is lost to rounding: scale the features or raise α", alpha, largestDiagonal(t.m))
	}
	var c mat.Dense
	// A Condition error says that coefficients, not predictions, lose digits.
	if err := chol.SolveTo(&c, t.t); err != nil {
		if _, only := err.(mat.Condition); !only {
			return nil, err
		}
	}
	return t.predictor(&c), nil
}

// Workspace is Sizer's: the training part, its Cholesky factor and coefficients.
func (Ridge) Workspace(stimuli, features, neuroids, train int) (shared, split int64) {
	s := sizes{stimuli, features, neuroids, train}
	return 0, max(s.centring(), s.training()+float64s(s.order()*s.order())+s.coefficients())
}

func largestDiagonal(a *mat.SymDense) float64 {
	v := 0.0
	for i := range a.SymmetricDim() {
		v = max(v, a.At(i, i))
	}
	return v
}
