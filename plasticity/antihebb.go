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
// Stability: with linear neurons and momentum μ, η λ₁ < 2(1+μ) where every step
// shows the same inputs (λ₁ the largest eigenvalue of their ⟨xxᵀ⟩); where it
// shows one at a time, about η ⟨‖x‖²⟩ < 2(1−μ), the rate that momentum adds up to
// being η/(1−μ).
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

// overshoot is the stability of a rule that descends ½⟨(wᵀx)²⟩ + (γ/2)‖w‖² an
// input at a time.
func overshoot(rule string, a *Activity, gamma, momentum float64) string {
	return fmt.Sprintf("%s is stable, shown one input at a time, while η (⟨‖x‖²⟩ + γ) is below about 2(1−μ): here η < %.2g, for ⟨‖x‖²⟩ = %.3g and μ = %g", rule, 2*(1-momentum)/(a.Power+gamma), a.Power, momentum)
}
