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
// Stability: η λ₁ < 1 about that solution; a single large input can leave it
// unless η ‖x‖² is well below 1.
//
// Source: Oja 1982, J. Math. Biol. 15:267, equation 3.
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
func (Oja) Stability(a *Activity, _ float64) string { return unitNorm("oja", a) }

// unitNorm is the stability of the rules that go to filters of unit norm.
func unitNorm(rule string, a *Activity) string {
	power := a.power()
	return fmt.Sprintf("%s is stable while η ‖x‖² < 1 for every input, from filters of about unit norm: here η < %.3g, for ‖x‖² = %.3g", rule, 1/power, power)
}
