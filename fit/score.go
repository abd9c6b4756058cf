package fit

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/gonum/mat"

	"ventral/internal/kernel"
)

// Options say how Score scores.
type Options struct {
	Regression Regression // nil = PLS{}, Brain-Score's
	Splits     []Split    // nil = ShuffleSplit{}: 10 × 90 %
	Ceiling    float64    // of the responses, e.g. from SplitHalf; 0 = none
	Convention Convention // of the ceiled score; "" = SquaredOverCeiling

	// KeepPredictions keeps what the splits predict, for Bootstrap, Permute,
	// Compare and FEV; Predictions tells the memory.
	KeepPredictions bool
	// Fitted is called with the predictor of every split, such as a
	// *RidgeCVPredictor that tells the chosen penalties; from several goroutines
	// at a time.
	Fitted func(split int, f Predictor)
}

// A Result is how well features predict responses.
type Result struct {
	// Score is the mean over splits of the median over neuroids of Pearson's r
	// on the test stimuli; Error is the population standard deviation of the
	// split medians / √splits. Neither is ever NaN.
	Score, Error float64
	// Ceiling is Options.Ceiling and Ceiled the score normalised by it under
	// Convention: NaN without a ceiling, and for a ceiling that is not
	// positive, which Notes tells.
	Ceiling, Ceiled float64
	Convention      string
	// Negative tells that Score is negative: its square, and so Ceiled, is
	// positive all the same.
	Negative bool

	Splits      []Split    // that it was scored on
	SplitScores []float64  // median over neuroids per split
	PerNeuroid  []float64  // median over splits per neuroid; NaN where no split has one
	R           *mat.Dense // n_splits × n_neuroids, raw; NaN where undefined

	Stimuli, Features, Neuroids int
	// Undefined counts the correlations (split × neuroid) that do not exist,
	// because a neuroid's responses to the test stimuli, or the predictions of
	// them, are constant. The medians leave them out.
	Undefined int
	Notes     []string // what a reader of the score must know, in words

	Predictions *Predictions // nil without Options.KeepPredictions
}

// CeiledUnder is the score normalised by Ceiling under a convention, which need
// not be the one that Ceiled is under. It is never clipped, and of a negative
// score positive all the same: see Negative. It fails without a positive ceiling
// and for an unknown convention.
func (r *Result) CeiledUnder(v Convention) (float64, error) {
	if r.Ceiling == 0 {
		return math.NaN(), fmt.Errorf("the score has no ceiling: give Options.Ceiling")
	}
	return v.Ceiled(r.Score, r.Ceiling)
}

// Score predicts the responses y (n_stimuli × n_neuroids) from the features x
// (n_stimuli × n_features), both in the same order of stimuli, cross-validated
// as Brain-Score does: per split fit on the training stimuli, predict the test
// stimuli, correlate per neuroid.
//
// Splits are fitted in parallel, on GOMAXPROCS goroutines, each with the memory
// that Problem tells. Errors: matrices that do not fit each other or hold NaN,
// splits that are out of range or overlap, what the regression refuses, and a
// split in which no correlation exists. When ctx is cancelled Score returns its
// error after the splits that are being fitted.
func Score(ctx context.Context, x Features, y *mat.Dense, o Options) (*Result, error) {
	p, err := NewProblem(x, y)
	if err != nil {
		return nil, err
	}
	return p.Score(ctx, o)
}

// Score is the function Score for a problem that exists: several regressions
// or splits share its products. Its errors are those of the function.
func (p *Problem) Score(ctx context.Context, o Options) (*Result, error) {
	var err error
	n, features, neuroids := p.Dims()
	if o.Regression == nil {
		o.Regression = PLS{}
	}
	if o.Splits == nil {
		if o.Splits, err = (ShuffleSplit{}).Split(n); err != nil {
			return nil, err
		}
	}
	if err := checkSplits(o.Splits, n); err != nil {
		return nil, err
	}
	res := &Result{
		Ceiling: o.Ceiling, Ceiled: math.NaN(), Convention: string(o.Convention.name()),
		Splits:  o.Splits,
		R:       mat.NewDense(len(o.Splits), neuroids, nil),
		Stimuli: n, Features: features, Neuroids: neuroids,
	}
	if o.KeepPredictions {
		res.Predictions = &Predictions{Splits: o.Splits, Responses: p.y, Predicted: make([]*mat.Dense, len(o.Splits))}
	}
	if _, reads := o.Regression.(featureReader); !reads {
		if err := p.prepare(ctx); err != nil {
			return nil, err
		}
	}
	errs := make([]error, len(o.Splits))
	kernel.Parallel(len(o.Splits), func(i int) {
		if errs[i] = ctx.Err(); errs[i] != nil {
			return
		}
		s := o.Splits[i]
		predictor, err := o.Regression.Fit(p, s.Train)
		if err != nil {
			errs[i] = fmt.Errorf("split %d of %d: %w", i+1, len(o.Splits), err)
			return
		}
		if o.Fitted != nil {
			o.Fitted(i, predictor)
		}
		predicted, measured := predictor.Predict(s.Test), gather(p.y, s.Test)
		r := res.R.RawRowView(i)
		correlate(r, predicted, measured)
		if !slices.ContainsFunc(r, isFinite) {
			errs[i] = fmt.Errorf("split %d of %d: no correlation exists: %s", i+1, len(o.Splits), p.whyUndefined(s, predicted, measured))
		}
		if o.KeepPredictions {
			res.Predictions.Predicted[i] = predicted
		}
	})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	for i := range o.Splits {
		median, undefined := medianDefined(res.R.RawRowView(i))
		res.SplitScores = append(res.SplitScores, median)
		res.Undefined += undefined
	}
	var none []string // neuroids without any correlation
	for j := range neuroids {
		median, _ := medianDefined(mat.Col(nil, j, res.R))
		if res.PerNeuroid = append(res.PerNeuroid, median); math.IsNaN(median) {
			none = append(none, strconv.Itoa(j))
		}
	}
	res.Score, res.Error = meanAndError(res.SplitScores)
	if err := res.normalise(o.Convention); err != nil {
		return nil, err
	}
	if res.Undefined > 0 {
		res.Notes = append(res.Notes, fmt.Sprintf("%d of %d correlations (split × neuroid) do not exist, since responses or predictions are constant over the test stimuli; the medians leave them out", res.Undefined, len(o.Splits)*neuroids))
		if len(none) > 0 {
			res.Notes = append(res.Notes, fmt.Sprintf("%d of %d neuroids have a correlation in no split: those in columns %s", len(none), neuroids, listed(none)))
		}
	}
	return res, nil
}

// normalise fills in what depends on the ceiling.
func (r *Result) normalise(v Convention) error {
	if _, err := v.Ceiled(0, 1); err != nil {
		return err
	}
	r.Negative = r.Score < 0
	if r.Ceiling == 0 {
		return nil
	}
	if r.Negative {
		r.Notes = append(r.Notes, fmt.Sprintf("r is negative (%.3g): the ceiled score, a square, hides that", r.Score))
	}
	var err error
	if r.Ceiled, err = v.Ceiled(r.Score, r.Ceiling); err != nil {
		r.Notes = append(r.Notes, "no ceiled score: "+err.Error())
	}
	return nil
}

// checkSplits refuses splits that are empty, out of range, or that have a
// stimulus twice.
func checkSplits(splits []Split, n int) error {
	if len(splits) == 0 {
		return fmt.Errorf("there are no splits to score on")
	}
	for i, s := range splits {
		if len(s.Train) < 2 || len(s.Test) < 2 {
			return fmt.Errorf("split %d of %d has %d training and %d test stimuli: expected at least 2 of each (there are %d stimuli; change their number or the training fraction)", i+1, len(splits), len(s.Train), len(s.Test), n)
		}
		side := make([]string, n)
		for name, rows := range map[string][]int{"training": s.Train, "test": s.Test} {
			for _, row := range rows {
				if row < 0 || row >= n {
					return fmt.Errorf("split %d of %d has the %s row %d: expected 0 … %d", i+1, len(splits), name, row, n-1)
				}
				if side[row] != "" {
					return fmt.Errorf("split %d of %d has row %d twice: a stimulus can be in the training or in the test part, once", i+1, len(splits), row)
				}
				side[row] = name
			}
		}
	}
	return nil
}

// whyUndefined says why no neuroid of a split has a correlation.
func (p *Problem) whyUndefined(s Split, predicted, measured *mat.Dense) string {
	_, features, neuroids := p.Dims()
	if t, err := p.train(s.Train); err == nil && mat.Trace(t.m) == 0 {
		return fmt.Sprintf("the predictions are constant: the %d features do not vary over the %d training stimuli", features, len(s.Train))
	}
	silent, flat := 0, 0
	for j := range neuroids {
		if constant(mat.Col(nil, j, measured)) {
			silent++
		} else if constant(mat.Col(nil, j, predicted)) {
			flat++
		}
	}
	return fmt.Sprintf("of %d neuroids %d have constant responses to the %d test stimuli, and %d others have constant predictions", neuroids, silent, len(s.Test), flat)
}
