package fit

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"ventral/internal/kernel"
)

// Predictions are out-of-sample predictions beside the responses that they are
// of: what the statistics of a score need, so that no fit is repeated. Score
// makes them with Options.KeepPredictions; those of another program do as well.
type Predictions struct {
	Splits    []Split    // only their Test is used
	Responses *mat.Dense // n_stimuli × n_neuroids, as they were scored; not copied
	// Predicted has one matrix per split, n_test × n_neuroids, its rows in the
	// order of the split's Test. Together they take 8 bytes × n_splits × n_test
	// × n_neuroids: 4.3 MB for 10 splits with 320 test stimuli and 168 neuroids.
	Predicted []*mat.Dense
}

// check returns an error for predictions that do not fit their responses.
func (p *Predictions) check() error {
	if p == nil {
		return fmt.Errorf("there are no predictions: score with Options.KeepPredictions")
	}
	if len(p.Splits) == 0 || len(p.Splits) != len(p.Predicted) {
		return fmt.Errorf("%d splits and predictions for %d: expected one matrix per split", len(p.Splits), len(p.Predicted))
	}
	n, q := p.Responses.Dims()
	if err := checkFinite(p.Responses, "neuroid", 0); err != nil {
		return err
	}
	for i, s := range p.Splits {
		if rows, cols := p.Predicted[i].Dims(); rows != len(s.Test) || cols != q {
			return fmt.Errorf("split %d of %d: predictions of %d stimuli × %d neuroids for %d test stimuli and %d neuroids", i+1, len(p.Splits), rows, cols, len(s.Test), q)
		}
		if len(s.Test) < 2 {
			return fmt.Errorf("split %d of %d has %d test stimuli: a correlation needs at least 2", i+1, len(p.Splits), len(s.Test))
		}
		seen := make([]bool, n)
		for _, row := range s.Test {
			if row < 0 || row >= n {
				return fmt.Errorf("split %d of %d has the test row %d: expected 0 … %d", i+1, len(p.Splits), row, n-1)
			}
			if seen[row] {
				return fmt.Errorf("split %d of %d has row %d twice", i+1, len(p.Splits), row)
			}
			seen[row] = true
		}
		if err := checkFinite(p.Predicted[i], "predicted neuroid", 0); err != nil {
			return fmt.Errorf("split %d of %d: %w", i+1, len(p.Splits), err)
		}
	}
	return nil
}

// correlations are Pearson's r, n_splits × n_neuroids; NaN where undefined.
func (p *Predictions) correlations() *mat.Dense {
	_, q := p.Responses.Dims()
	r := mat.NewDense(len(p.Splits), q, nil)
	kernel.Parallel(len(p.Splits), func(i int) {
		correlate(r.RawRowView(i), p.Predicted[i], gather(p.Responses, p.Splits[i].Test))
	})
	return r
}

// correlate sets r to Pearson's r of every column of predicted with that of
// measured.
func correlate(r []float64, predicted, measured *mat.Dense) {
	n, _ := measured.Dims()
	a, b := make([]float64, n), make([]float64, n)
	for j := range r {
		r[j] = pearson(mat.Col(a, j, predicted), mat.Col(b, j, measured))
	}
}

// score is the mean over splits of the median over neuroids of r. As Score
// does, it refuses a split in which no correlation exists.
func (p *Predictions) score(r *mat.Dense) (float64, error) {
	medians := make([]float64, len(p.Splits))
	for i := range medians {
		if medians[i], _ = medianDefined(r.RawRowView(i)); math.IsNaN(medians[i]) {
			return 0, fmt.Errorf("split %d of %d: no correlation exists: responses or predictions of every neuroid are constant over the %d test stimuli", i+1, len(p.Splits), len(p.Splits[i].Test))
		}
	}
	return mean(medians), nil
}

// tested are the rows that are in a test set, ascending.
func (p *Predictions) tested() []int {
	n, _ := p.Responses.Dims()
	in := make([]bool, n)
	for _, s := range p.Splits {
		for _, row := range s.Test {
			in[row] = true
		}
	}
	var rows []int
	for row, yes := range in {
		if yes {
			rows = append(rows, row)
		}
	}
	return rows
}

// exchangeable divides rows into what is drawn or permuted as one: each row
// alone, or with a group per stimulus (of all n stimuli) the rows of a group.
func exchangeable(rows []int, groups []string, n int) ([][]int, error) {
	var units [][]int
	if groups == nil {
		for _, row := range rows {
			units = append(units, []int{row})
		}
		return units, nil
	}
	if len(groups) != n {
		return nil, fmt.Errorf("there are %d groups for %d stimuli: expected one name per stimulus", len(groups), n)
	}
	names, members := classes(pick(groups, rows))
	if len(names) < 2 {
		return nil, fmt.Errorf("all %d tested stimuli are in the same group (%q): expected at least 2 groups", len(rows), names)
	}
	for _, m := range members {
		unit := make([]int, len(m))
		for k, i := range m {
			unit[k] = rows[i]
		}
		units = append(units, unit)
	}
	return units, nil
}

// Draws are values of a statistic under resampling, in the order of the draws.
type Draws []float64

// Mean is their mean.
func (d Draws) Mean() float64 { return mean(d) }

// Deviation is their sample standard deviation (n − 1): under a bootstrap the
// standard error of the statistic.
func (d Draws) Deviation() float64 { return math.Sqrt(variance(d)) }

// Quantile is the value below which a fraction p of the draws lies, linear
// between neighbours (numpy's default); NaN of none. p outside 0 … 1 panics.
func (d Draws) Quantile(p float64) float64 {
	if !(p >= 0 && p <= 1) {
		panic(fmt.Sprintf("fit: quantile %g: expected 0 … 1", p))
	}
	if len(d) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(d))
	at := p * float64(len(d)-1)
	i := int(at)
	if i == len(d)-1 {
		return sorted[i]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// Interval is the central interval that holds the given fraction of the draws.
func (d Draws) Interval(confidence float64) (low, high float64) {
	return d.Quantile((1 - confidence) / 2), d.Quantile((1 + confidence) / 2)
}
