package plasticity

import (
	"fmt"

	"gonum.org/v1/gonum/floats"
)

// Hebb strengthens what fires together:
//
//	Δw_i = η [ y_i x − λ w_i ].
//
// Normalise holds the length of each filter at its start, as limited resources
// would: after every step w_i ← w_i ‖w_i⁰‖/‖w_i‖.
//
// Stability: with linear neurons the filter grows along the first eigenvector
// of ⟨xxᵀ⟩ without end, for any η, unless λ exceeds its eigenvalue λ₁ (and
// η λ < 2(1−μ), μ the momentum) or the length is held.
//
// Source: Hebb 1949, The Organization of Behavior; Gerstner & Kistler 2002,
// Spiking Neuron Models, chapter 10 (with decay); Miller & MacKay 1994, Neural Comput. 6:100 (multiplicative
// normalisation).
type Hebb struct {
	Decay     float64 // λ; 0 = none
	Normalise bool
}

// Change adds η [ y_i x − λ w_i ].
func (h Hebb) Change(change [][]float64, eta float64, a *Activity) {
	a.check(change)
	s := eta / float64(len(a.Pre))
	for i, dw := range change {
		for b, x := range a.Pre {
			floats.AddScaled(dw, s*a.Post[b][i], x)
		}
		if h.Decay != 0 {
			floats.AddScaled(dw, -eta*h.Decay, a.W[i])
		}
	}
}

// Constrain gives the filters the length they had, if Normalise is set.
func (h Hebb) Constrain(w, w0 [][]float64) {
	if !h.Normalise {
		return
	}
	for i := range w {
		if norm := floats.Norm(w[i], 2); norm > 0 {
			floats.Scale(floats.Norm(w0[i], 2)/norm, w[i])
		}
	}
}

// Stability tells when the rule is bounded.
func (h Hebb) Stability(a *Activity, momentum float64) string {
	return fmt.Sprintf("hebb is bounded only with normalisation, or if the decay (%g) exceeds the largest eigenvalue of the inputs' second moments (at most ⟨‖x‖²⟩ = %.3g) and η·decay is below 2(1−μ) = %.2g", h.Decay, a.Power, 2*(1-momentum))
}
