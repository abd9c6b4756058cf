package plasticity

import "gonum.org/v1/gonum/mat"

// Share is instant weight sharing: it replaces every filter of the pool by the
// pool's mean filter,
//
//	w_i ← w̄ = (1/N) Σ_j w_j,
//
// the fixed point of dynamic weight sharing for γ → 0. w is n_neurons × d.
// The mean is summed in float64 in the order of the neurons.
//
// Source: Pogodin et al. 2021, the sharing of the accuracy experiments.
func Share(w mat.Mutable) {
	n, d := w.Dims()
	for j := range d {
		mean := meanOf(w, n, j)
		for i := range n {
			w.Set(i, j, mean)
		}
	}
}

// meanOf returns w̄_j, the mean over the n neurons of weight j.
func meanOf(w mat.Matrix, n, j int) float64 {
	var sum float64
	for i := range n {
		sum += w.At(i, j)
	}
	return sum / float64(n)
}
