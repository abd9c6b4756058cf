package plasticity

import (
	"fmt"

	"gonum.org/v1/gonum/floats"
)

// AntiHebb weakens the synapses that drive a neuron above its baseline b, and
// strengthens them below it:
//
//	Δw_i = −η (r_i − b) x.
//
// It is the plasticity of the lateral circuit without the pull to w⁰ (Sharing).
//
// Stability: with linear neurons, η λ₁ < 2(1+μ), λ₁ being the largest
// eigenvalue of ⟨xxᵀ⟩ and μ the momentum.
//
// Source: Pogodin et al. 2021, the plasticity of the lateral circuit with γ = 0.
type AntiHebb struct {
	Baseline float64 // b, in the units of r
}

// Change adds −η (r_i − b) x.
func (h AntiHebb) Change(change [][]float64, eta float64, a *Activity) {
	a.check(change)
	s := eta / float64(len(a.Pre))
	for i, dw := range change {
		for b, x := range a.Pre {
			floats.AddScaled(dw, -s*(a.Post[b][i]-h.Baseline), x)
		}
	}
}

// Stability tells the largest stable learning rate.
func (h AntiHebb) Stability(a *Activity, momentum float64) string {
	return overshoot("antihebb", a, 0, momentum)
}

// overshoot is the stability of a rule that descends ½⟨(wᵀx)²⟩ + (γ/2)‖w‖²: with
// momentum μ a step of size η is stable for η (λ₁ + γ) < 2(1+μ).
func overshoot(rule string, a *Activity, gamma, momentum float64) string {
	power := a.power()
	return fmt.Sprintf("%s is stable while η (‖x‖² + γ) < 2(1+μ) for every input: here η < %.3g, for ‖x‖² = %.3g", rule, 2*(1+momentum)/(power+gamma), power)
}
