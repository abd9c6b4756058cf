package fit

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"ventral/internal/kernel"
)

// A Similarity compares two sets of features of the same stimuli, such as those
// of a model and recorded responses, without fitting anything. Implementations
// are small structs of parameters whose zero value is the documented default.
type Similarity interface {
	// Name is the measure's name in tables and files.
	Name() string
	// Parameters are the values that were in force, for the record.
	Parameters() map[string]any
	// Bytes is about the memory of Prepare, for x with p and y with q features, and
	// of comparisons: of all stimuli, and of selections of which parallel are
	// compared at a time (0: none). The features themselves are the caller's.
	Bytes(stimuli, p, q, parallel int) int64
	// Prepare reads x (n_stimuli × n_features) and y (n_stimuli × n_others), row
	// by row the same stimuli, in one pass or two, and keeps what the similarity
	// of any selection of stimuli follows from.
	Prepare(ctx context.Context, x, y Features) (PreparedSimilarity, error)
}

// A PreparedSimilarity is the similarity of two sets of features over any selection of
// the stimuli, without another look at the features. It may be used
// concurrently.
type PreparedSimilarity interface {
	// At compares the features x of the stimuli xRows with the features y of the
	// stimuli yRows, position by position. A stimulus may be there several
	// times, as a bootstrap draws it, but then always beside the same one of the
	// other side: it then weighs more, and is not taken for several stimuli that
	// are alike. Other selections, and rows that do not exist, panic. An error
	// says why the similarity does not exist.
	At(xRows, yRows []int) (float64, error)
}

// SimilarityOptions say what ScoreSimilarity computes beside the similarity of all
// stimuli.
type SimilarityOptions struct {
	// Splits gives a score as the mean over the test parts of splits; training
	// parts are not looked at. Brain-Score's rdm_cv and cka_cv are the splits of
	// ShuffleSplit{Train: .1} (stratified where the stimuli have classes): a test
	// part holds 90 % of the stimuli.
	Splits []Split
	// Bootstraps is the number of times that as many stimuli as there are are
	// drawn with replacement, for an interval around All; 0 = no interval.
	Bootstraps int
	Confidence float64 // of the interval; 0 = .95
	// Permutations is the number of times that the stimuli of y are shuffled,
	// for the p-value of All (Mantel's test); 0 = none.
	Permutations int
	// Seed of the draws: number k of the bootstraps comes from PCG(Seed, k), of
	// the permutations from PCG(Seed, ^k).
	Seed uint64
	// Done is called after every split, bootstrap and permutation, from several
	// goroutines at a time; nil = not.
	Done func()
}

// A SimilarityResult is how similar two sets of features are.
type SimilarityResult struct {
	// Score is the mean over the splits, Error their population standard
	// deviation / √splits as Brain-Score has it. Without splits Score is All and
	// Error NaN.
	Score, Error float64
	SplitScores  []float64
	All          float64 // the similarity over all stimuli
	// Low and High bound the bootstrap interval of All, the percentiles of the
	// similarities of the drawn stimuli: NaN without bootstraps. UndefinedDraws
	// counts the draws that have no similarity and are left out.
	Low, High      float64
	UndefinedDraws int
	// P is the probability, if x and y had nothing in common, of a similarity of
	// at least All: (1 + #{shuffled ≥ All})/(1 + Permutations). NaN without
	// permutations.
	P float64

	Stimuli, XFeatures, YFeatures int // features: 0 of a given RDM
	Notes                         []string
}

// ScoreSimilarity computes a similarity of the features x (n_stimuli × n_features)
// and y (n_stimuli × n_others), row by row the same stimuli.
//
// Splits, bootstraps and permutations run in parallel, on GOMAXPROCS
// goroutines. Errors: numbers of stimuli that differ, splits that are out of
// range, what the measure refuses. When ctx is cancelled ScoreSimilarity returns
// its error.
func ScoreSimilarity(ctx context.Context, s Similarity, x, y Features, o SimilarityOptions) (*SimilarityResult, error) {
	res := new(SimilarityResult)
	res.Stimuli, res.XFeatures = x.Dims()
	_, res.YFeatures = y.Dims()
	c, err := s.Prepare(ctx, x, y)
	if err != nil {
		return nil, err
	}
	return res, res.fill(ctx, c, o)
}

// ScoreRDMs is ScoreSimilarity with RSA of dissimilarities that are already
// there, such as those of Crossnobis, row by row of the same stimuli. It fails for an
// unknown comparison, for other numbers of stimuli, and as ScoreSimilarity does.
func ScoreRDMs(ctx context.Context, by RDMComparison, x, y *RDM, o SimilarityOptions) (*SimilarityResult, error) {
	c, err := by.between(givenRDM(x), givenRDM(y))
	if err != nil {
		return nil, err
	}
	res := &SimilarityResult{Stimuli: x.Stimuli, XFeatures: x.Features, YFeatures: y.Features}
	for _, note := range x.Notes {
		res.Notes = append(res.Notes, "x: "+note)
	}
	for _, note := range y.Notes {
		res.Notes = append(res.Notes, "y: "+note)
	}
	return res, res.fill(ctx, c, o)
}

// fill computes all that o asks for.
func (r *SimilarityResult) fill(ctx context.Context, c PreparedSimilarity, o SimilarityOptions) error {
	if o.Confidence == 0 {
		o.Confidence = .95
	}
	if o.Bootstraps < 0 || o.Permutations < 0 || !(o.Confidence > 0 && o.Confidence < 1) {
		return fmt.Errorf("%d bootstraps, %d permutations, confidence %g: expected none or more, and a confidence between 0 and 1", o.Bootstraps, o.Permutations, o.Confidence)
	}
	all := rowsBelow(r.Stimuli)
	var err error
	if r.All, err = c.At(all, all); err != nil {
		return err
	}
	r.Score, r.Error = r.All, math.NaN()
	if err := r.overSplits(ctx, c, o.Splits, o.Done); err != nil {
		return err
	}
	if err := r.bootstrap(ctx, c, o); err != nil {
		return err
	}
	return r.permute(ctx, c, all, o)
}

func (r *SimilarityResult) overSplits(ctx context.Context, c PreparedSimilarity, splits []Split, done func()) error {
	if len(splits) == 0 {
		return nil
	}
	for i, s := range splits {
		for _, row := range s.Test {
			if row < 0 || row >= r.Stimuli {
				return fmt.Errorf("split %d of %d has the test row %d: expected 0 … %d", i+1, len(splits), row, r.Stimuli-1)
			}
		}
		if countDistinct(r.Stimuli, s.Test) < len(s.Test) {
			return fmt.Errorf("split %d of %d has a row twice in its test part", i+1, len(splits))
		}
	}
	scores, errs := atDraws(ctx, c, len(splits), done, func(i int) (x, y []int) { return splits[i].Test, splits[i].Test })
	if err := ctx.Err(); err != nil {
		return err
	}
	for i, err := range errs {
		if err != nil {
			return fmt.Errorf("split %d of %d: %w", i+1, len(splits), err)
		}
	}
	r.SplitScores = scores
	r.Score, r.Error = meanAndError(scores)
	return nil
}

func (r *SimilarityResult) bootstrap(ctx context.Context, c PreparedSimilarity, o SimilarityOptions) error {
	r.Low, r.High = math.NaN(), math.NaN()
	if o.Bootstraps == 0 {
		return nil
	}
	similarities, errs := atDraws(ctx, c, o.Bootstraps, o.Done, func(k int) (x, y []int) {
		rng := rand.New(rand.NewPCG(o.Seed, uint64(k)))
		rows := make([]int, r.Stimuli)
		for i := range rows {
			rows[i] = rng.IntN(r.Stimuli)
		}
		return rows, rows
	})
	if err := ctx.Err(); err != nil {
		return err
	}
	var defined []float64
	var last error
	for k, err := range errs {
		if err != nil {
			r.UndefinedDraws++
			last = err
		} else {
			defined = append(defined, similarities[k])
		}
	}
	if len(defined) == 0 {
		return fmt.Errorf("none of %d bootstrap draws of %d stimuli has a similarity, the last because %w", o.Bootstraps, r.Stimuli, last)
	}
	if last != nil {
		r.Notes = append(r.Notes, fmt.Sprintf("%d of %d bootstrap draws have no similarity and are left out, the last because %v", r.UndefinedDraws, o.Bootstraps, last))
	}
	r.Low, r.High = Draws(defined).Interval(o.Confidence)
	if r.All < r.Low || r.All > r.High {
		r.Notes = append(r.Notes, "the similarity lies outside its bootstrap interval: the measure is biased for this few stimuli, more so for the fewer different ones of a draw")
	}
	return nil
}

func (r *SimilarityResult) permute(ctx context.Context, c PreparedSimilarity, all []int, o SimilarityOptions) error {
	r.P = math.NaN()
	if o.Permutations == 0 {
		return nil
	}
	null, errs := atDraws(ctx, c, o.Permutations, o.Done, func(k int) (x, y []int) {
		return all, rand.New(rand.NewPCG(o.Seed, ^uint64(k))).Perm(r.Stimuli)
	})
	if err := ctx.Err(); err != nil {
		return err
	}
	// Roundings depend on the order of the stimuli: a shuffled similarity this
	// close to the observed one is the same.
	const same = 1e-12
	reached := 0
	for k, v := range null {
		if errs[k] != nil {
			return fmt.Errorf("permutation %d of %d: %w", k+1, o.Permutations, errs[k])
		}
		if v >= r.All-same {
			reached++
		}
	}
	r.P = float64(1+reached) / float64(1+o.Permutations)
	return nil
}

// atDraws compares n selections in parallel; those after the end of ctx have its error.
func atDraws(ctx context.Context, c PreparedSimilarity, n int, done func(), selection func(k int) (x, y []int)) ([]float64, []error) {
	values, errs := make([]float64, n), make([]error, n)
	kernel.Parallel(n, func(k int) {
		if errs[k] = ctx.Err(); errs[k] == nil {
			values[k], errs[k] = c.At(selection(k))
		}
		if done != nil {
			done()
		}
	})
	return values, errs
}

// checkRows refuses features of different numbers of stimuli, or of fewer than
// a measure needs.
func checkRows(measure string, x, y Features, least int) error {
	n, _ := x.Dims()
	m, _ := y.Dims()
	if n != m {
		return fmt.Errorf("x has %d rows and y %d: rows must be the same stimuli", n, m)
	}
	if n < least {
		return fmt.Errorf("%d stimuli are too few for %s: expected at least %d", n, measure, least)
	}
	return nil
}

// merged takes the repetitions out of a selection from n stimuli: the pairs of
// x and y in the order in which they first are there, and how often each is. It
// holds callers to PreparedSimilarity's contract.
func merged(n int, xRows, yRows []int) (x, y []int, weights []float64) {
	if len(xRows) != len(yRows) {
		panic(fmt.Sprintf("fit: a selection of %d stimuli of x and %d of y: expected as many", len(xRows), len(yRows)))
	}
	place := make([]int, n) // of x's stimulus in the result, from 1
	taken := make([]bool, n)
	for a, i := range xRows {
		j := yRows[a]
		if i < 0 || i >= n || j < 0 || j >= n {
			panic(fmt.Sprintf("fit: rows %d and %d are selected from %d stimuli", i, j, n))
		}
		switch k := place[i]; {
		case k == 0 && !taken[j]:
			x, y, weights = append(x, i), append(y, j), append(weights, 1)
			place[i], taken[j] = len(x), true
		case k > 0 && y[k-1] == j:
			weights[k-1]++
		default:
			panic(fmt.Sprintf("fit: row %d of x is beside row %d of y, but one of them is elsewhere beside another", i, j))
		}
	}
	return x, y, weights
}
