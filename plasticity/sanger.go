package plasticity

import "gonum.org/v1/gonum/floats"

// Sanger is the generalised Hebbian algorithm: Oja's rule for each neuron on
// what the neurons before it leave of the input,
//
//	Δw_i = η y_i (x − Σ_{k≤i} y_k w_k).
//
// With linear neurons w_i goes to ± the i-th eigenvector of ⟨xxᵀ⟩, in the order
// of the eigenvalues. It is local only to a feedback of the reconstructed input.
//
// Stability: as Oja's.
//
// Source: Sanger 1989, Neural Networks 2:459.
type Sanger struct{}

// Change adds η y_i (x − Σ_{k≤i} y_k w_k).
func (Sanger) Change(change [][]float64, eta float64, a *Activity) {
	a.check(change)
	s := eta / float64(len(a.Pre))
	for i, dw := range change {
		for b, x := range a.Pre {
			floats.AddScaled(dw, s*a.Post[b][i], x)
		}
		for k := 0; k <= i; k++ {
			var products float64
			for _, y := range a.Post {
				products += s * y[i] * y[k]
			}
			floats.AddScaled(dw, -products, a.W[k])
		}
	}
}

// Stability tells the largest stable learning rate.
func (Sanger) Stability(a *Activity, momentum float64) string {
	return unitNorm("sanger", a, momentum)
}
