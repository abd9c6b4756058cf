package plasticity

import (
	"fmt"

	"gonum.org/v1/gonum/floats"
)

// Covariance strengthens what deviates together from its running average and
// weakens what deviates apart:
//
//	Δw_i = η (y_i − ⟨y_i⟩) (x − ⟨x⟩).
//
// The averages are Traces.MeanPost and MeanPre.
//
// Stability: with linear neurons it grows along the first principal component
// of the inputs without end, for any η.
//
// Source: Sejnowski 1977, J. Math. Biol. 4:303.
type Covariance struct{}

// Change adds η (y_i − ⟨y_i⟩)(x − ⟨x⟩).
func (Covariance) Change(change [][]float64, eta float64, a *Activity) {
	a.check(change)
	s := eta / float64(len(a.Pre))
	for i, dw := range change {
		var sum float64
		for b, x := range a.Pre {
			y := s * (a.Post[b][i] - a.MeanPost[i])
			floats.AddScaled(dw, y, x)
			sum += y
		}
		floats.AddScaled(dw, -sum, a.MeanPre)
	}
}

// Stability tells that the rule is not bounded.
func (Covariance) Stability(a *Activity, _ float64) string {
	return fmt.Sprintf("covariance has no bound: it grows at up to η·⟨‖x‖²⟩ (⟨‖x‖²⟩ = %.3g) a step; show fewer inputs, or take oja", a.Power)
}
