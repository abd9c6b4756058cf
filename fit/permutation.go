package fit

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"ventral/internal/kernel"
)

// PermutationOptions say how responses are permuted.
type PermutationOptions struct {
	Permutations int      // 0 = 1000
	Seed         uint64   // of the permutations; any number
	Groups       []string // of all stimuli, e.g. the movie; nil = each stimulus is permuted alone
	Done         func()   // called after every permutation, from several goroutines at a time; nil = not
}

// A Permuted is a score beside its distribution under permuted responses.
type Permuted struct {
	// Score is the observed one and P the one-sided probability of one at least
	// as large, (1 + #{null ≥ observed})/(1 + n): never 0.
	Score, P float64
	Null     Draws // the score of every permutation; Mean and Quantile say where it lies
	// PerNeuroid is P of each neuroid by itself, on its median r over splits
	// (Result.PerNeuroid); NaN where that does not exist. A permutation in which
	// it does not counts as at least as large. They are not corrected for their
	// number: see BenjaminiHochberg.
	PerNeuroid []float64
	Units      int // stimuli, or groups of stimuli, that were permuted
	Refitted   bool
	Notes      []string
}

// Permute tests a score against chance: predictions are paired with the
// responses to permuted stimuli. One permutation π of all stimuli that are in a
// test set serves every split: the prediction for stimulus i is paired with the
// responses to π(i) wherever i is tested. Splits that share stimuli so share
// pairs under the null as they do in truth; were every test set permuted by
// itself, the means over splits would scatter too little and p be too small.
//
// With Groups the groups change their order, and the stimuli of a group stay
// together in theirs: where groups differ in size the last stimuli of one meet
// the first of the next.
//
// The null hypothesis is that the responses are exchangeable between stimuli
// (between groups) given the predictions: that the fitted predictions say
// nothing of which stimulus a response belongs to. No fit is repeated. For
// predictions that owe nothing to these responses p is exact. Fits to the
// training responses of other splits make the observed score scatter a little
// more than the null does, so that p is somewhat too small near chance: a ridge
// on noise (100 stimuli, 10 features, 10 shuffle splits or folds) has p ≤ .05 in
// 7 to 11 % of 1000 cases. Where p is near its threshold use PermuteAndRefit.
//
// With Groups the bias goes the other way: the predictions for a group are paired
// with the responses to another one, which most fits were trained on and so
// resemble, stimulus by stimulus. The null then lies too high (its mean above 0)
// and p is too large: use PermuteAndRefit.
//
// Time is n_permutations × n_splits × n_test × n_neuroids × 3 operations, in
// parallel over permutations; memory twice that of predictions and responses.
// Errors: predictions that do not fit their responses, options out of range, a
// permutation in which no correlation exists. When ctx is cancelled it returns
// its error.
func Permute(ctx context.Context, p *Predictions, o PermutationOptions) (*Permuted, error) {
	if err := o.normalise(); err != nil {
		return nil, err
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	n, q := p.Responses.Dims()
	units, err := exchangeable(p.tested(), o.Groups, n)
	if err != nil {
		return nil, err
	}
	observed := p.correlations()
	score, err := p.score(observed)
	if err != nil {
		return nil, err
	}
	pairings := make([]*pairing, len(p.Splits))
	responses := newStandardised(p.Responses)
	kernel.Parallel(len(pairings), func(i int) {
		pairings[i] = &pairing{rows: p.Splits[i].Test, predicted: newStandardised(p.Predicted[i]), measured: responses}
	})
	t := newTally(score, medians(observed), o.Permutations)
	kernel.Parallel(o.Permutations, func(d int) {
		if ctx.Err() != nil {
			return
		}
		partner := permutedRows(n, units, rand.New(rand.NewPCG(o.Seed, uint64(d))))
		r := mat.NewDense(len(pairings), q, nil)
		for i, s := range pairings {
			s.correlations(r.RawRowView(i), partner)
		}
		var scores []float64
		for i := range pairings {
			if m, _ := medianDefined(r.RawRowView(i)); !math.IsNaN(m) {
				scores = append(scores, m)
			}
		}
		if len(scores) == 0 {
			t.null[d] = math.NaN()
		} else {
			t.set(d, mean(scores), medians(r))
		}
		if o.Done != nil {
			o.Done()
		}
	})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return t.result(o, len(units))
}

// PermuteAndRefit is Permute with every fit repeated on the permuted responses,
// training and test alike: x, y and s are those of Score. The null hypothesis is
// that responses are exchangeable between stimuli (groups), and p is exact for
// it whatever the regression does. Products of features are shared; time is that
// of n_permutations scores, less those products. When ctx is cancelled it
// returns its error.
func PermuteAndRefit(ctx context.Context, x Features, y *mat.Dense, s Options, o PermutationOptions) (*Permuted, error) {
	if err := o.normalise(); err != nil {
		return nil, err
	}
	n, _ := y.Dims()
	units, err := exchangeable(rowsBelow(n), o.Groups, n)
	if err != nil {
		return nil, err
	}
	problem, err := NewProblem(x, y)
	if err != nil {
		return nil, err
	}
	s.KeepPredictions, s.Fitted = false, nil
	observed, err := problem.Score(ctx, s)
	if err != nil {
		return nil, err
	}
	t := newTally(observed.Score, observed.PerNeuroid, o.Permutations)
	for d := range o.Permutations {
		partner := permutedRows(n, units, rand.New(rand.NewPCG(o.Seed, uint64(d))))
		res, err := problem.withResponses(gather(y, partner)).Score(ctx, s)
		if err != nil {
			return nil, fmt.Errorf("permutation %d of %d (seed %d): %w", d+1, o.Permutations, o.Seed, err)
		}
		t.set(d, res.Score, res.PerNeuroid)
		if o.Done != nil {
			o.Done()
		}
	}
	res, err := t.result(o, len(units))
	if err == nil {
		res.Refitted = true
		res.Notes = nil
	}
	return res, err
}

func (o *PermutationOptions) normalise() error {
	if o.Permutations == 0 {
		o.Permutations = 1000
	}
	if o.Permutations < 1 {
		return fmt.Errorf("%d permutations: expected at least 1", o.Permutations)
	}
	return nil
}

// permutedRows returns a permutation of the rows 0 … n−1 that changes the order
// of units and leaves other rows where they are.
func permutedRows(n int, units [][]int, rng *rand.Rand) []int {
	partner := rowsBelow(n)
	var from, to []int
	for k, u := range rng.Perm(len(units)) {
		from, to = append(from, units[k]...), append(to, units[u]...)
	}
	for k, row := range from {
		partner[row] = to[k]
	}
	return partner
}

func rowsBelow(n int) []int {
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	return rows
}

// medians are the medians of the columns of r over what is defined.
func medians(r *mat.Dense) []float64 {
	n, q := r.Dims()
	m, x := make([]float64, q), make([]float64, n)
	for j := range m {
		m[j], _ = medianDefined(mat.Col(x, j, r))
	}
	return m
}

// atLeast says whether r is as large as observed, or nearer than rounding, or
// not defined.
func atLeast(r, observed float64) bool {
	const rounding = 1e-10
	return !(r < observed-rounding)
}

// A tally compares permutations with what was observed.
type tally struct {
	score      float64
	perNeuroid []float64
	null       Draws
	atLeast    [][]bool // n_permutations × n_neuroids: the null is at least as large
}

func newTally(score float64, perNeuroid []float64, permutations int) *tally {
	return &tally{score, perNeuroid, make(Draws, permutations), make([][]bool, permutations)}
}

func (t *tally) set(d int, score float64, perNeuroid []float64) {
	t.null[d] = score
	t.atLeast[d] = make([]bool, len(perNeuroid))
	for j, r := range perNeuroid {
		t.atLeast[d][j] = atLeast(r, t.perNeuroid[j])
	}
}

func (t *tally) result(o PermutationOptions, units int) (*Permuted, error) {
	res := &Permuted{Score: t.score, Null: t.null, Units: units, PerNeuroid: make([]float64, len(t.perNeuroid))}
	probability := func(counts func(d int) bool) float64 {
		count := 1
		for d := range t.null {
			if counts(d) {
				count++
			}
		}
		return float64(count) / float64(1+len(t.null))
	}
	for d, v := range t.null {
		if math.IsNaN(v) {
			return nil, fmt.Errorf("permutation %d of %d (seed %d): no correlation exists in any split: %d %s and %d neuroids are too few, or too many of them are constant", d+1, len(t.null), o.Seed, units, unitWord(o.Groups), len(t.perNeuroid))
		}
	}
	res.P = probability(func(d int) bool { return atLeast(t.null[d], t.score) })
	for j, observed := range t.perNeuroid {
		res.PerNeuroid[j] = math.NaN()
		if !math.IsNaN(observed) {
			res.PerNeuroid[j] = probability(func(d int) bool { return t.atLeast[d][j] })
		}
	}
	res.Notes = []string{"fits are not repeated: near chance p is somewhat too small"}
	if o.Groups != nil {
		res.Notes = []string{"fits are not repeated, and permuted groups meet responses that the fits were trained on: the null lies too high and p is too large"}
	}
	return res, nil
}

// A pairing correlates the predictions of a split with the responses to other
// stimuli than its own.
type pairing struct {
	rows                []int
	predicted, measured *standardised
}

// correlations sets r (n_neuroids) to the correlations of the predictions with
// the responses to the stimuli partner[rows].
func (s *pairing) correlations(r []float64, partner []int) {
	q := len(r)
	zt, t, tt := make([]float64, q), make([]float64, q), make([]float64, q)
	for k, row := range s.rows {
		z, m := s.predicted.z.RawRowView(k), s.measured.z.RawRowView(partner[row])
		z, m = z[:q], m[:q]
		for j, v := range m {
			zt[j] += z[j] * v
			t[j] += v
			tt[j] += v * v
		}
	}
	n := float64(len(s.rows))
	x, y := make([]float64, len(s.rows)), make([]float64, len(s.rows))
	for j := range r {
		c := &s.measured.columns[j]
		if s.predicted.columns[j].dead || c.dead {
			r[j] = math.NaN()
			continue
		}
		if v, ok := c.variance(tt[j]/n, t[j]/n); ok {
			r[j] = max(-1, min(1, zt[j]/n/math.Sqrt(v)))
			continue
		}
		for k, row := range s.rows {
			x[k], y[k] = s.predicted.raw.At(k, j), s.measured.raw.At(partner[row], j)
		}
		r[j] = pearson(x, y)
	}
}
