package fit

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"ventral/internal/kernel"
)

// CrossnobisOptions say how Crossnobis normalises the noise.
type CrossnobisOptions struct {
	Noise NoiseNormalisation // "" = ShrunkNoise
}

// Crossnobis computes the cross-validated squared Mahalanobis distances of the
// stimuli from single trials (Walther et al. 2016): with x_i^m the response of
// all neuroids to repetition m of stimulus i and Σ the covariance of the noise,
//
//	d_ij = 1/n_neuroids · mean over m ≠ n of (x_i^m − x_j^m)ᵀ Σ⁻¹ (x_i^n − x_j^n)
//
// over the repetitions in which both stimuli have a trial. The noise of
// different repetitions is independent, so that for a known Σ d_ij is 0 on average
// for stimuli with equal responses, and negative as often as not. Σ is estimated
// from the same trials, with f = n_trials − n_stimuli degrees of freedom, which
// leaves a bias of the order of 1/f: DiagonalNoise makes distances larger by a
// factor of f/(f−2) and adds 4/((f−2) n_repetitions), if the noise is Gaussian.
// Repetitions are to be the same runs for all stimuli where noise is shared
// within runs.
//
// A trial in which some neuroids are NaN counts as missing; Notes says how
// many. Memory: two copies of the responses and 4 n_stimuli² bytes twice.
//
// Errors: fewer than 3 stimuli, a stimulus with fewer than 2 trials, two stimuli
// with fewer than 2 repetitions in common, infinite responses, a neuroid without
// noise, a noise covariance that is singular.
func Crossnobis(ctx context.Context, a *Assembly, o CrossnobisOptions) (*RDM, error) {
	r, err := crossnobis(ctx, a, o)
	if err != nil {
		return nil, fmt.Errorf("%s: crossnobis: %w", a.name(), err)
	}
	return r, r.check()
}

func crossnobis(ctx context.Context, a *Assembly, o CrossnobisOptions) (*RDM, error) {
	stimuli, repetitions, neuroids := len(a.StimulusIDs), a.Repetitions, len(a.Neuroids)
	if stimuli < 3 {
		return nil, fmt.Errorf("%d stimuli are too few: expected at least 3", stimuli)
	}
	r := &RDM{Stimuli: stimuli, Features: neuroids}
	there, err := r.completeTrials(a)
	if err != nil {
		return nil, err
	}
	// z is a.Responses, less each neuroid's mean over all trials (distances do not
	// change, roundings do), normalised, and 0 where a trial is missing.
	z := mat.NewDense(stimuli*repetitions, neuroids, nil)
	residuals := centreTrials(z, a, there)
	trials, _ := residuals.Dims()
	note, err := o.Noise.normalise(z, residuals, trials-stimuli, a.Neuroids)
	if err != nil {
		return nil, err
	}
	if note != "" {
		r.Notes = append(r.Notes, note)
	}
	// All that is between the same repetitions: Σ_m z_i^m·z_j^m, and per trial.
	flat := mat.NewDense(stimuli, repetitions*neuroids, z.RawMatrix().Data)
	same, err := gramOf(ctx, Dense(flat), func(*mat.Dense) error { return nil })
	if err != nil {
		return nil, err
	}
	norms := mat.NewDense(stimuli, repetitions, rowSquares(z))
	c := &crossnobisTerms{z: z, there: there, norms: norms, same: same.pairs, stimuli: a.StimulusIDs}
	distances := newPairs[float64](stimuli)
	groups := sameTrials(there)
	type task struct{ g, h []int }
	var tasks []task
	for k, g := range groups {
		for _, h := range groups[k:] {
			tasks = append(tasks, task{g, h})
		}
	}
	errs := make([]error, len(tasks))
	kernel.Parallel(len(tasks), func(k int) {
		if errs[k] = ctx.Err(); errs[k] == nil {
			errs[k] = c.between(distances, tasks[k].g, tasks[k].h)
		}
	})
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	r.Values = distances.v
	return r, nil
}

// completeTrials says which trials have a response of every neuroid, and notes
// how many have only some.
func (r *RDM) completeTrials(a *Assembly) (there [][]bool, err error) {
	partial, missing := 0, 0
	for s, id := range a.StimulusIDs {
		row := make([]bool, a.Repetitions)
		for m := range row {
			absent := 0
			for j, v := range a.trials(s, m) {
				if math.IsInf(v, 0) {
					return nil, fmt.Errorf("the response of neuroid %s to repetition %d of stimulus %s is %g", a.Neuroids[j], m, id, v)
				}
				if math.IsNaN(v) {
					absent++
				}
			}
			row[m] = absent == 0
			if absent > 0 {
				missing++
			}
			if absent > 0 && absent < len(a.Neuroids) {
				partial++
			}
		}
		if n := countTrue(row); n < 2 {
			return nil, fmt.Errorf("stimulus %s has %d trials with a response of all %d neuroids, expected at least 2: leave out the stimulus, or the neuroids that lack trials", id, n, len(a.Neuroids))
		}
		there = append(there, row)
	}
	if missing > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("%d of %d trials are missing, %d of them because some neuroids have no response", missing, len(a.StimulusIDs)*a.Repetitions, partial))
	}
	return there, nil
}

// centreTrials sets z, n_stimuli·n_repetitions × n_neuroids, to the responses
// less their mean over all trials that are there, and returns the residuals of
// these around each stimulus' mean, n_trials × n_neuroids.
func centreTrials(z *mat.Dense, a *Assembly, there [][]bool) (residuals *mat.Dense) {
	var rows []int // of z, that are there
	for s := range there {
		for m, yes := range there[s] {
			if yes {
				row := s*a.Repetitions + m
				rows = append(rows, row)
				z.SetRow(row, a.trials(s, m))
			}
		}
	}
	overall := columnMeans(z, rows)
	for _, row := range rows {
		v := z.RawRowView(row)
		for j := range v {
			v[j] -= overall[j]
		}
	}
	residuals = gather(z, rows)
	_, neuroids := z.Dims()
	first := 0
	for s := range there {
		n := countTrue(there[s])
		block := residuals.Slice(first, first+n, 0, neuroids).(*mat.Dense)
		subtractRow(block, block, nil, columnMeans(block, nil))
		first += n
	}
	return residuals
}

// sameTrials groups the stimuli that have the same repetitions, at most 256 to a
// group.
func sameTrials(there [][]bool) [][]int {
	open := map[string]int{}
	var groups [][]int
	for s, row := range there {
		key := fmt.Sprint(row)
		g, ok := open[key]
		if !ok || len(groups[g]) == 256 {
			g = len(groups)
			open[key] = g
			groups = append(groups, nil)
		}
		groups[g] = append(groups[g], s)
	}
	return groups
}

// crossnobisTerms are what distances follow from.
type crossnobisTerms struct {
	z       *mat.Dense     // n_stimuli·n_repetitions × n_neuroids
	there   [][]bool       // n_stimuli × n_repetitions
	norms   *mat.Dense     // ‖z_i^m‖², n_stimuli × n_repetitions
	same    pairs[float64] // Σ_m z_i^m·z_j^m
	stimuli []string
}

// between computes the distances of the stimuli of g from those of h (or within
// g, where both are the same). The stimuli of a group have the same repetitions,
// so that one set F of f repetitions is common to all pairs: with
// δ^m = z_i^m − z_j^m and S_i the sum of z_i^m over F,
//
//	Σ_{m≠n} δ^m·δ^n = ‖Σ_m δ^m‖² − Σ_m ‖δ^m‖²
//	                = ‖S_i − S_j‖² − (Σ_m ‖z_i^m‖² + Σ_m ‖z_j^m‖² − 2 Σ_m z_i^m·z_j^m).
func (c *crossnobisTerms) between(distances pairs[float64], g, h []int) error {
	var common []int
	for m, yes := range c.there[g[0]] {
		if yes && c.there[h[0]][m] {
			common = append(common, m)
		}
	}
	f := float64(len(common))
	if f < 2 {
		return fmt.Errorf("stimuli %s and %s have %d repetitions in common, expected at least 2: leave out the stimuli with few trials", c.stimuli[g[0]], c.stimuli[h[0]], len(common))
	}
	gSum, gNorms := c.sums(g, common)
	hSum, hNorms := c.sums(h, common)
	_, neuroids := c.z.Dims()
	var cross mat.Dense // S_i·S_j
	cross.Mul(gSum, hSum.T())
	gSquares, hSquares := rowSquares(gSum), rowSquares(hSum)
	for a, i := range g {
		for b, j := range h {
			if &g[0] == &h[0] && b <= a {
				continue
			}
			all := gSquares[a] + hSquares[b] - 2*cross.At(a, b)
			same := gNorms[a] + hNorms[b] - 2*c.same.at(i, j)
			distances.v[distances.place(i, j)] = (all - same) / (f * (f - 1) * float64(neuroids))
		}
	}
	return nil
}

// sums returns, per stimulus of a group, Σ_m z^m and Σ_m ‖z^m‖² over the given
// repetitions.
func (c *crossnobisTerms) sums(group, repetitions []int) (sum *mat.Dense, norms []float64) {
	_, neuroids := c.z.Dims()
	sum, norms = mat.NewDense(len(group), neuroids, nil), make([]float64, len(group))
	for a, i := range group {
		to := sum.RawRowView(a)
		for _, m := range repetitions {
			for j, v := range c.z.RawRowView(i*len(c.there[i]) + m) {
				to[j] += v
			}
			norms[a] += c.norms.At(i, m)
		}
	}
	return sum, norms
}
