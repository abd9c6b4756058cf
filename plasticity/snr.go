package plasticity

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// SNR is the signal-to-noise ratio of weight sharing in a pool: how large the
// mean filter is against the scatter of the neurons' filters around it,
//
//	SNR = (1/d) Σ_j [ w̄_j² / var_i(w_ij) ],
//
// with the population variance over the neurons i. w is n_neurons × d. Larger
// is better; a pool whose filters are all equal has SNR +Inf, and an all-zero
// weight (no signal, no noise) does not count. It is NaN for a pool without a
// weight that counts.
//
// Source: Pogodin et al. 2021. The authors' convergence script logs an inverse
// SNR, mean_j(var_j/w̄_j²), and their training log mean(|w̄|/std): neither is
// this quantity nor its reciprocal.
func SNR(w mat.Matrix) float64 {
	n, d := w.Dims()
	var sum float64
	count := 0
	for j := range d {
		mean, variance := momentsOf(w, n, j)
		if mean == 0 && variance == 0 {
			continue
		}
		sum += mean * mean / variance // +Inf where the filters agree exactly
		count++
	}
	if count == 0 {
		return math.NaN()
	}
	return sum / float64(count)
}

// momentsOf returns mean and population variance over the n neurons of weight
// j. Equal weights have variance 0 exactly, whatever the rounding of the mean.
func momentsOf(w mat.Matrix, n, j int) (mean, variance float64) {
	mean = meanOf(w, n, j)
	equal := true
	for i := range n {
		v := w.At(i, j)
		equal = equal && v == w.At(0, j)
		variance += (v - mean) * (v - mean)
	}
	if equal {
		return mean, 0
	}
	return mean, variance / float64(n)
}
