package plasticity

import (
	"fmt"

	"gonum.org/v1/gonum/floats"
)

// Oja is Hebb's rule with the decay that keeps a filter's length at 1:
//
//	Δw_i = η y_i (x − y_i w_i).
//
// With linear neurons every w_i goes to ± the first eigenvector of ⟨xxᵀ⟩, with
// unit norm.
//
// Stability, with momentum μ: η λ₁ < 1−μ about that solution; a single large
// input can leave it unless η ‖x‖² is well below 1−μ.
//
// Source: Oja 1982, J. Math. Biol. 15:267.
type Oja struct{}

// Change adds η y_i (x − y_i w_i).
func (Oja) Change(change [][]float64, eta float64, a *Activity) {
	a.check(change)
	s := eta / float64(len(a.Pre))
	for i, dw := range change {
		var squares float64
		for b, x := range a.Pre {
			y := a.Post[b][i]
			floats.AddScaled(dw, s*y, x)
			squares += s * y * y
		}
		floats.AddScaled(dw, -squares, a.W[i])
	}
}

// Stability tells the largest stable learning rate.
func (Oja) Stability(a *Activity, momentum float64) string { return unitNorm("oja", a, momentum) }

// unitNorm is the stability of the rules that go to filters of unit norm.
func unitNorm(rule string, a *Activity, momentum float64) string {
	return fmt.Sprintf("%s is stable, from filters of about unit norm, while η ‖x‖² stays well below 1−μ: here η < %.2g, for ⟨‖x‖²⟩ = %.3g and μ = %g", rule, .5*(1-momentum)/a.Power, a.Power, momentum)
}
