package fit

import (
	"fmt"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// RidgeCV is ridge with the penalty that predicts training stimuli best from
// other training stimuli: the smallest mean squared error of leaving each
// stimulus out, in closed form (scikit-learn's RidgeCV with its default
// cross-validation), or of k folds (scikit-learn's GridSearchCV of Ridge with
// KFold(shuffle=True) and the scoring neg_mean_squared_error).
//
// With H_α the matrix that maps responses to fitted ones, the error of leaving
// stimulus i out is (y_i − ŷ_i)/(1 − H_ii). One decomposition QMQᵀ of order
// m = min(n_stimuli, n_features) per fit serves every α:
//
//	XXᵀ = QMQᵀ (dual):    Y − Ŷ = α Q (M+αI)⁻¹ QᵀY,     1 − H_ii = α [Q (M+αI)⁻¹ Qᵀ]_ii − 1/n
//	XᵀX = QMQᵀ (primal):  Ŷ = (XQ) (M+αI)⁻¹ (XQ)ᵀY,     1 − H_ii = 1 − 1/n − [(XQ) (M+αI)⁻¹ (XQ)ᵀ]_ii
//
// the 1/n being the free intercept. M is diagonal, the eigenvalues, some 8m³
// operations in one thread, where there are many candidates or one of them is tiny
// beside the features; otherwise it is a band, 8m³/3 operations on all cores, and
// for each α 128nm more. Either way an α costs a product of n × m and
// m × n_neuroids, and the primal form 2nm² for XQ. Folds cost one more
// decomposition each, of their training part, and per α the products for their
// test part.
type RidgeCV struct {
	Alphas []float64 // candidates; nil = Brain-Score's 99 from .01 to 1e7
	Shared bool      // one α for all neuroids, the best on average, instead of the best for each
	Folds  int       // of the training stimuli in the order of their rows; 0 = leave one out
	Seed   uint32    // of the folds, as KFold's
	// Groups of all stimuli, e.g. the movie: folds keep them together
	// (GroupKFold), as they should where splits do. Leaving single stimuli out
	// takes no notice of them.
	Groups []string
}

// BrainScoreAlphas returns the 99 penalties among which Brain-Score chooses.
func BrainScoreAlphas() []float64 {
	alphas := []float64{.01, .1, .5, 1}
	steps := func(from, to float64, n, intervals int) {
		for i := range n {
			alphas = append(alphas, from+float64(i)*((to-from)/float64(intervals)))
		}
	}
	steps(10, 100, 4, 4)
	for _, a := range []float64{1e2, 1e3, 1e4, 1e5} {
		steps(a, 10*a, 18, 18)
	}
	steps(1e6, 1e7, 19, 18)
	return alphas
}

func (r RidgeCV) alphas() []float64 {
	if r.Alphas == nil {
		return BrainScoreAlphas()
	}
	return r.Alphas
}

// Name is "ridgecv".
func (r RidgeCV) Name() string { return "ridgecv" }

// Parameters holds the number and range of the candidates, shared (0 or 1), and
// folds (0: leave one out), with their seed.
func (r RidgeCV) Parameters() map[string]float64 {
	p := alphaParameters(r.alphas())
	p["shared"], p["folds"] = 0, float64(r.Folds)
	if r.Shared {
		p["shared"] = 1
	}
	if r.Folds > 0 {
		p["seed"] = float64(seedOf(r.Seed))
	}
	return p
}

func alphaParameters(alphas []float64) map[string]float64 {
	p := map[string]float64{"alphas": float64(len(alphas))}
	if len(alphas) > 0 {
		p["alpha_min"], p["alpha_max"] = slices.Min(alphas), slices.Max(alphas)
	}
	return p
}

// A RidgeCVPredictor is what RidgeCV fits.
type RidgeCVPredictor struct {
	Predictor
	Alphas []float64 // the chosen penalty per neuroid
}

// Fit chooses the penalties and fits; the predictor is a *RidgeCVPredictor. It
// fails without candidates, for one that is not positive and finite, with too few
// training stimuli (3 to leave one out, otherwise as many as folds and 2 in the
// training part of each), and where features are so large that no candidate makes a
// difference.
func (r RidgeCV) Fit(p *Problem, train []int) (Predictor, error) {
	alphas := r.alphas()
	if err := checkAlphas(alphas); err != nil {
		return nil, fmt.Errorf("ridgecv: %w", err)
	}
	var errors *mat.Dense // n_alphas × n_neuroids
	if r.Folds != 0 {
		var err error
		if errors, err = r.foldErrors(p, train, alphas); err != nil {
			return nil, fmt.Errorf("ridgecv: %w", err)
		}
	}
	s, err := p.rotate(train, alphas, r.formed(len(train)))
	if err != nil {
		return nil, fmt.Errorf("ridgecv: %w", err)
	}
	if r.Folds == 0 {
		if errors, err = s.leaveOneOut(alphas); err != nil {
			return nil, fmt.Errorf("ridgecv: %w", err)
		}
	}
	all, chosen := others(len(s.t.yMean), nil), make([]float64, len(s.t.yMean))
	if r.Shared {
		totals := make([]float64, len(alphas))
		for a := range totals {
			totals[a] = total(errors.RawRowView(a))
		}
		best := alphas[smallest(totals)]
		for j := range chosen {
			chosen[j] = best
		}
	} else {
		for j := range chosen {
			chosen[j] = alphas[smallest(mat.Col(nil, j, errors))]
		}
	}
	c, err := s.coefficients(all, chosen)
	if err != nil {
		return nil, fmt.Errorf("ridgecv: %w", err)
	}
	return &RidgeCVPredictor{s.t.predictor(c), chosen}, nil
}

// Workspace is Sizer's: the decomposition of the training part, or the
// errors, of leaving one out or of a fold.
func (r RidgeCV) Workspace(stimuli, features, neuroids, train int) (shared, split int64) {
	s := sizes{stimuli, features, neuroids, train}
	alphas := len(r.alphas())
	if r.Folds < 2 {
		return 0, s.leaveOneOut(alphas)
	}
	fold, test := s.folded(r.Folds)
	return 0, max(fold.heldOut(test, alphas), s.rotation(alphas, 0), s.decomposed()+2*s.coefficients()+s.resolvents(alphas, 0))
}

// formed is the number of training stimuli whose 1 − H_ii is asked for.
func (r RidgeCV) formed(train int) int {
	if r.Folds == 0 {
		return train
	}
	return 0
}

// foldErrors returns the mean over folds of the mean squared errors.
func (r RidgeCV) foldErrors(p *Problem, train []int, alphas []float64) (*mat.Dense, error) {
	var errors *mat.Dense
	err := innerFolds{r.Folds, r.Seed, r.Groups}.each(p, train, func(fold Split) error {
		s, err := p.rotate(fold.Train, alphas, 0)
		if err != nil {
			return err
		}
		of, err := s.heldOut(fold.Test, alphas)
		if err != nil {
			return err
		}
		of.Scale(1/float64(r.Folds), of)
		if errors == nil {
			errors = of
		} else {
			errors.Add(errors, of)
		}
		return nil
	})
	return errors, err
}

// innerFolds divide training stimuli, in the order of their rows, to choose on.
type innerFolds struct {
	folds  int
	seed   uint32
	groups []string // of all stimuli, or nil
}

// each calls use with every fold of the training stimuli.
func (f innerFolds) each(p *Problem, train []int, use func(fold Split) error) error {
	choosing := func(err error) error {
		return fmt.Errorf("choosing by cross-validation in the training part: %w", err)
	}
	train = slices.Sorted(slices.Values(train))
	var splitter Splitter = KFold{Folds: f.folds, Seed: f.seed}
	if f.groups != nil {
		if n, _, _ := p.Dims(); len(f.groups) != n {
			return choosing(fmt.Errorf("there are %d groups for %d stimuli: expected one name per stimulus", len(f.groups), n))
		}
		splitter = GroupKFold{Folds: f.folds, Groups: pick(f.groups, train)}
	}
	splits, err := splitter.Split(len(train))
	if err != nil {
		return choosing(err)
	}
	for _, s := range splits {
		fold := Split{Train: pick(train, s.Train), Test: pick(train, s.Test)}
		if len(fold.Train) < 2 {
			return choosing(fmt.Errorf("%d folds of %d stimuli leave one to fit on, expected at least 2", f.folds, len(train)))
		}
		if err := use(fold); err != nil {
			return err
		}
	}
	return nil
}

func checkAlphas(alphas []float64) error {
	if len(alphas) == 0 {
		return fmt.Errorf("there are no penalties to choose from")
	}
	for _, a := range alphas {
		if !(a > 0) || !isFinite(a) {
			return fmt.Errorf("the candidate α = %g: expected positive numbers", a)
		}
	}
	return nil
}

func total(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum
}

// smallest is the index of the smallest value, the first among equals.
func smallest(values []float64) int {
	best := 0
	for i, v := range values {
		if v < values[best] {
			best = i
		}
	}
	return best
}
