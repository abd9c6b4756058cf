package fit

import (
	"fmt"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// A Candidate is one of the results that are compared: a layer or a model.
type Candidate struct {
	Name        string
	Predictions *Predictions
}

// A Difference is that of the scores of two candidates, A − B.
type Difference struct {
	A, B       string
	Difference float64
	Low, High  float64 // paired percentile interval
	Draws      Draws
	// P is two-sided, 2·min(1 + #{draws ≤ 0}, 1 + #{draws ≥ 0})/(1 + n), at most
	// 1, and Holm is P corrected for all pairs that were compared.
	P, Holm float64
}

// A Comparison is the scores of candidates and their differences.
type Comparison struct {
	Scores      []*Bootstrapped // in the order of the candidates
	Differences []Difference    // of every pair, A before B in that order
}

// Compare compares two or more results on the same splits and the same
// responses, all pairs of them. In every draw of Bootstrap all candidates have
// the same stimuli and neuroids: differences are paired, and what stimuli and
// neuroids have in common cancels. As there no fit is repeated.
//
// It fails for fewer than 2 candidates, for names that are there twice, for
// splits or responses that differ, and as Bootstrap does.
func Compare(candidates []Candidate, o BootstrapOptions) (*Comparison, error) {
	if len(candidates) < 2 {
		return nil, fmt.Errorf("%d results to compare: expected at least 2", len(candidates))
	}
	c := new(Comparison)
	for i, x := range candidates {
		if slices.ContainsFunc(candidates[:i], func(y Candidate) bool { return y.Name == x.Name }) {
			return nil, fmt.Errorf("two of the results to compare are called %q", x.Name)
		}
		b, err := Bootstrap(x.Predictions, o)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", x.Name, err)
		}
		if err := samePairs(x.Predictions, candidates[0].Predictions); err != nil {
			return nil, fmt.Errorf("%s cannot be compared with %s: %w", x.Name, candidates[0].Name, err)
		}
		c.Scores = append(c.Scores, b)
	}
	var p []float64
	for i, a := range c.Scores {
		for j := i + 1; j < len(c.Scores); j++ {
			d := a.minus(c.Scores[j])
			d.A, d.B = candidates[i].Name, candidates[j].Name
			c.Differences, p = append(c.Differences, d), append(p, d.P)
		}
	}
	for k, v := range Holm(p) {
		c.Differences[k].Holm = v
	}
	return c, nil
}

// minus is the difference of two scores that were drawn with the same seed.
func (b *Bootstrapped) minus(other *Bootstrapped) Difference {
	d := Difference{Difference: b.Score - other.Score, Draws: make(Draws, len(b.Draws))}
	below, above := 1, 1
	for k, v := range b.Draws {
		d.Draws[k] = v - other.Draws[k]
		if d.Draws[k] <= 0 {
			below++
		}
		if d.Draws[k] >= 0 {
			above++
		}
	}
	d.Low, d.High = d.Draws.Interval(b.Confidence)
	d.P = min(1, 2*float64(min(below, above))/float64(1+len(b.Draws)))
	return d
}

// samePairs says what two predictions differ in besides what they predict.
func samePairs(a, b *Predictions) error {
	n, q := a.Responses.Dims()
	if m, r := b.Responses.Dims(); n != m || q != r {
		return fmt.Errorf("responses to %d stimuli × %d neuroids, and to %d × %d", n, q, m, r)
	}
	if !mat.Equal(a.Responses, b.Responses) {
		return fmt.Errorf("their responses differ: score both on the same ones")
	}
	if len(a.Splits) != len(b.Splits) {
		return fmt.Errorf("%d splits, and %d: score both on the same ones", len(a.Splits), len(b.Splits))
	}
	for i, s := range a.Splits {
		if !slices.Equal(s.Test, b.Splits[i].Test) {
			return fmt.Errorf("split %d of %d has other test stimuli: score both on the same splits", i+1, len(a.Splits))
		}
	}
	return nil
}
