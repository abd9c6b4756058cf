package fit

import (
	"math"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

func TestNormalisedByHand(t *testing.T) {
	nan := math.NaN()
	r := &Result{R: mat.NewDense(2, 4, []float64{.6, .4, .9, nan, .3, .2, .9, .1})}
	n, err := r.Normalised(&Ceiling{PerNeuroid: []float64{.36, .25, -.1, .04}})
	if err != nil {
		t.Fatal(err)
	}
	// 1 and .8, – and –; .5 and .4, – and .5
	for j, want := range []float64{.75, .6, nan, .5} {
		if got := n.PerNeuroid[j]; math.IsNaN(got) != math.IsNaN(want) || math.Abs(got-want) > 1e-15 {
			t.Errorf("neuroid %d: %v, expected %v", j, got, want)
		}
	}
	if math.Abs(n.Score-(.9+.5)/2) > 1e-15 || n.LeftOut != 1 {
		t.Errorf("%+v", n)
	}
	for _, c := range []struct {
		ceilings []float64
		want     string
	}{
		{[]float64{1}, "a ceiling of 1 neuroids for the score of 4"},
		{[]float64{-1, 0, nan, .5}, "split 1 of 2: no neuroid has a correlation and a positive ceiling (3 of 4"},
	} {
		if _, err := r.Normalised(&Ceiling{PerNeuroid: c.ceilings}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, expected %q", err, c.want)
		}
	}
}

// A prediction of the true means has a normalised correlation of 1 whatever the
// noise of a neuroid.
func TestNormalisedOfTrueMeans(t *testing.T) {
	a, truth := simulated(3, 2000, 10, []float64{1, 1, 1}, []float64{.5, 2, 8})
	c, err := SplitHalf(a, SplitHalfOptions{})
	if err != nil {
		t.Fatal(err)
	}
	res := &Result{R: predictionsOf(truth, a.Mean(), disjoint(2000, 2)).correlations()}
	n, err := res.Normalised(c)
	if err != nil {
		t.Fatal(err)
	}
	for j, r := range n.PerNeuroid {
		if math.Abs(r-1) > .03 || !(res.R.At(0, j) < .98) {
			t.Errorf("neuroid %d: %.3f of r %.3f and ceiling %.3f", j, r, res.R.At(0, j), c.PerNeuroid[j])
		}
	}
}

func TestCeiledUnder(t *testing.T) {
	r := &Result{Score: -.5, Ceiling: .8}
	for v, want := range map[Convention]float64{SquaredOverCeiling: .25 / .8, RatioSquared: .25 / .64} {
		if got, err := r.CeiledUnder(v); err != nil || math.Abs(got-want) > 1e-15 {
			t.Errorf("%s: %v, %v; expected %v", v, got, err, want)
		}
	}
	if got, err := (&Result{Score: 1.2, Ceiling: .8}).CeiledUnder(SquaredOverCeiling); err != nil || math.Abs(got-1.8) > 1e-15 {
		t.Errorf("above the ceiling: %v, %v", got, err)
	}
	if _, err := (&Result{Score: .5}).CeiledUnder(SquaredOverCeiling); err == nil || !strings.Contains(err.Error(), "the score has no ceiling") {
		t.Errorf("without a ceiling: %v", err)
	}
	if _, err := r.CeiledUnder("r/c"); err == nil || !strings.Contains(err.Error(), "unknown ceiling convention") {
		t.Errorf("unknown: %v", err)
	}
}
