package plasticity

import "math"

// SNR is the signal-to-noise ratio of weight sharing in a pool: how large the
// mean filter is against the scatter of the neurons' filters around it,
//
//	SNR = (1/d) Σ_j [ w̄_j² / var_i(w_ij) ],
//
// with the population variance over the neurons i. filters is n_neurons × d.
// Larger is better; a pool whose filters are all equal has SNR +Inf, and an
// all-zero weight (no signal, no noise) does not count. It is NaN for a pool
// without a weight that counts.
//
// Source: Pogodin et al. 2021. The authors' convergence script logs an inverse
// SNR, mean_j(var_j/w̄_j²), and their training log mean(|w̄|/std): neither is
// this quantity nor its reciprocal.
func SNR[T Float](filters [][]T) float64 {
	mean := meanFilter(filters)
	variance := make([]float64, len(mean))
	unequal := make([]bool, len(mean))
	for _, w := range filters {
		for j, x := range w {
			d := float64(x) - mean[j]
			variance[j] += d * d
			unequal[j] = unequal[j] || x != filters[0][j]
		}
	}
	var sum float64
	count := 0
	for j, m := range mean {
		v := variance[j] / float64(len(filters))
		if !unequal[j] {
			v = 0 // exactly, whatever the rounding of the mean
		}
		if m == 0 && v == 0 {
			continue
		}
		sum += m * m / v // +Inf where the filters agree
		count++
	}
	if count == 0 {
		return math.NaN()
	}
	return sum / float64(count)
}
