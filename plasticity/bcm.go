package plasticity

import (
	"fmt"

	"gonum.org/v1/gonum/floats"
)

// BCM is Hebbian above a threshold and anti-Hebbian below it, and the threshold
// slides with the neuron's own activity:
//
//	Δw_i = η y_i (y_i − θ_i) x,   θ_i = ⟨y_i²⟩,
//
// the running average Traces.Threshold. A neuron becomes selective for one of
// its inputs: among d linearly independent patterns that come equally often, it
// ends by answering d to one and 0 to the others.
//
// Stability: θ must be faster than the weights: its time constant in patterns
// well below 1/(η ‖x‖²).
//
// Source: Bienenstock, Cooper & Munro 1982, J. Neurosci. 2:32; this threshold
// and form: Intrator & Cooper 1992, Neural Networks 5:3.
type BCM struct{}

// Change adds η y_i (y_i − θ_i) x.
func (BCM) Change(change [][]float64, eta float64, a *Activity) {
	a.check(change)
	s := eta / float64(len(a.Pre))
	for i, dw := range change {
		for b, x := range a.Pre {
			y := a.Post[b][i]
			floats.AddScaled(dw, s*y*(y-a.Threshold[i]), x)
		}
	}
}

// Stability tells how fast the threshold must be.
func (BCM) Stability(a *Activity, _ float64) string {
	return fmt.Sprintf("bcm is stable while its threshold is faster than its weights: the time constant of the averages, in patterns, well below 1/(η ‖x‖²), ⟨‖x‖²⟩ = %.3g here", a.Power)
}
