package fit

import "gonum.org/v1/gonum/mat"

// A Regression fits a linear map from features to responses on some stimuli of
// a problem. Implementations are small structs of parameters whose zero value
// is the documented default; they hold no state and may be used concurrently.
type Regression interface {
	// Name is the regression's name in tables and files.
	Name() string
	// Parameters are the values that were in force, for the record.
	Parameters() map[string]float64
	// Fit fits the regression on the stimuli train (distinct rows of the
	// problem). It returns an error when the data do not allow it.
	Fit(p *Problem, train []int) (Predictor, error)
}

// A Predictor is a fitted regression.
type Predictor interface {
	// Predict returns the predicted responses to the given stimuli of the
	// problem, len(rows) × n_neuroids.
	Predict(rows []int) *mat.Dense
}

// A featureReader is a Regression that reads the features themselves in every
// Fit, and so does without the products that a Problem would compute of them.
type featureReader interface{ readsFeatures() }
