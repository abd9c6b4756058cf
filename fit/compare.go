package fit

import (
	"fmt"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// A Candidate is one of the scores that are compared: a layer or a model.
type Candidate struct {
	Name  string
	Score *Bootstrapped
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

// Compare compares two or more scores on the same splits and the same responses
// that were drawn with the same options, all pairs of them, A before B in the
// order of the candidates. In every draw all candidates have the same stimuli and
// neuroids: differences are paired, and what stimuli and neuroids have in common
// cancels. As in Bootstrap no fit is repeated.
//
// It fails for fewer than 2 candidates, for names that are there twice, and for
// splits, responses or options that differ.
func Compare(candidates []Candidate) ([]Difference, error) {
	if len(candidates) < 2 {
		return nil, fmt.Errorf("%d scores to compare: expected at least 2", len(candidates))
	}
	first := candidates[0]
	for i, x := range candidates[1:] {
		if slices.ContainsFunc(candidates[:i+1], func(y Candidate) bool { return y.Name == x.Name }) {
			return nil, fmt.Errorf("two of the scores to compare are called %q", x.Name)
		}
		if err := x.Score.pairedWith(first.Score); err != nil {
			return nil, fmt.Errorf("%s cannot be compared with %s: %w", x.Name, first.Name, err)
		}
	}
	var differences []Difference
	var p []float64
	for i, a := range candidates {
		for _, b := range candidates[i+1:] {
			d := a.Score.minus(b.Score)
			d.A, d.B = a.Name, b.Name
			differences, p = append(differences, d), append(p, d.P)
		}
	}
	for k, v := range Holm(p) {
		differences[k].Holm = v
	}
	return differences, nil
}

// minus is the difference of two paired scores.
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

// pairedWith says what two scores differ in besides what was predicted.
func (b *Bootstrapped) pairedWith(other *Bootstrapped) error {
	if x, y := b.drawn, other.drawn; x.Draws != y.Draws || x.Seed != y.Seed || x.Resample != y.Resample || x.Confidence != y.Confidence || !slices.Equal(x.Groups, y.Groups) {
		return fmt.Errorf("they were not drawn alike: bootstrap both with the same options")
	}
	return b.of.sameTests(other.of)
}

// sameTests says what two predictions differ in besides what they predict.
func (a *Predictions) sameTests(b *Predictions) error {
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
