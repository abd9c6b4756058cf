package plasticity

import "gonum.org/v1/gonum/floats"

// Sharing is dynamic weight sharing: under an input that the whole pool sees,
// each neuron unlearns what makes its answer differ from the others', and is
// pulled back to the weights of the start:
//
//	Δw_i = −η [ (r_i − b − r_pool) x + γ (w_i − w_i⁰) ],
//
// r_pool being the pool's signal. Its three forms are
//
//   - mean field: Linear neurons, whose signal is z̄, and b = 0:
//     Δw_i = −η [ (z_i − z̄) x + γ (w_i − w_i⁰) ].
//   - circuit, published: the lateral circuit (neuron.Circuit), anti-Hebbian about
//     the baseline b: IgnorePool is set, so r_pool = 0. In the steady state it
//     is the mean field for α → ∞; finite α shrinks the mean filter (FixedPoint).
//   - circuit, corrected: the same with the threshold b + r_inh, which every
//     neuron receives. In the steady state r_i − b − r_inh = z_i − z̄, so this is
//     the mean field for any α.
//
// Units: with x and w without units, γ has those of ⟨x²⟩ (it competes with the
// eigenvalues of ⟨xxᵀ⟩) and η of 1/⟨x²⟩; in the circuit r and b are rates.
//
// Stability, with momentum μ: η (λ₁ + γ) < 2(1+μ) where every step shows the
// same patterns (λ₁ the largest eigenvalue of their ⟨xxᵀ⟩); about
// η (⟨‖x‖²⟩ + γ) < 2(1−μ) where it shows one at a time.
//
// Source: Pogodin et al. 2021, the dynamic weight sharing of the convergence
// experiment; the correction is ours.
type Sharing struct {
	Gamma      float64 // γ; the pull to the weights of the start
	Baseline   float64 // b, in the units of r
	IgnorePool bool    // the published circuit: no neuron knows r_pool
}

// threshold is what a rate must exceed for its synapses to weaken.
func (s Sharing) threshold(signal float64) float64 {
	if s.IgnorePool {
		return s.Baseline
	}
	return s.Baseline + signal
}

// Change adds −η [ (r_i − b − r_pool) x + γ (w_i − w_i⁰) ].
func (s Sharing) Change(change [][]float64, eta float64, a *Activity) {
	a.check(change)
	scale := eta / float64(len(a.Pre))
	for i, dw := range change {
		for b, x := range a.Pre {
			floats.AddScaled(dw, -scale*(a.Post[b][i]-s.threshold(a.Signal[b])), x)
		}
		pull(dw, eta*s.Gamma, a.W[i], a.W0[i])
	}
}

// pull adds −rate (w − w⁰) to dw.
func pull(dw []float64, rate float64, w, w0 []float64) {
	w, w0 = w[:len(dw)], w0[:len(dw)]
	for j := range dw {
		dw[j] -= rate * (w[j] - w0[j])
	}
}

// Stability tells the largest stable learning rate.
func (s Sharing) Stability(a *Activity, momentum float64) string {
	return overshoot("sharing", a, s.Gamma, momentum)
}
