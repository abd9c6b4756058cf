package fit

import (
	"math"
	"testing"
)

// By hand, from the definitions.
func TestCorrections(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct{ p, holm, bh []float64 }{
		{[]float64{.01, .02, .03, .04, .05}, []float64{.05, .08, .09, .09, .09}, []float64{.05, .05, .05, .05, .05}},
		{[]float64{.04, .001, .03}, []float64{.06, .003, .06}, []float64{.04, .003, .04}},
		{[]float64{.5, nan, .001, .9}, []float64{1, nan, .003, 1}, []float64{.75, nan, .003, .9}},
		{[]float64{.2}, []float64{.2}, []float64{.2}},
		{[]float64{nan}, []float64{nan}, []float64{nan}},
		{nil, nil, nil},
		{[]float64{.01, .01, .02}, []float64{.03, .03, .03}, []float64{.015, .015, .02}},
		// The 15 p-values of Benjamini and Hochberg's section 4.1.
		{
			[]float64{.0001, .0004, .0019, .0095, .0201, .0278, .0298, .0344, .0459, .3240, .4262, .5719, .6528, .7590, 1},
			[]float64{.0015, .0056, .0247, .114, .2211, .278, .278, .278, .3213, 1, 1, 1, 1, 1, 1},
			[]float64{.0015, .003, .0095, .035625, .0603, .0638571429, .0638571429, .0645, .0765, .486, .5811818182, .714875, .7532307692, .8132142857, 1},
		},
	} {
		same := func(name string, got, want []float64) {
			for i, v := range want {
				if len(got) != len(want) || math.IsNaN(got[i]) != math.IsNaN(v) || math.Abs(got[i]-v) > 1e-9 {
					t.Errorf("%s of %v: %v, expected %v", name, c.p, got, want)
					return
				}
			}
		}
		same("Holm", Holm(c.p), c.holm)
		same("Benjamini–Hochberg", BenjaminiHochberg(c.p), c.bh)
	}
}
