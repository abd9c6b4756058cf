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
// Source: Pogodin et al. 2021. The authors' convergence script logs InverseSNR
// and their training log MeanToSD: neither is this quantity nor its reciprocal.
func SNR[T Float](filters [][]T) float64 {
	return overWeights(filters, func(m, v float64) float64 { return m * m / v })
}

// InverseSNR is the scatter of the filters against their mean,
//
//	(1/d) Σ_j [ var_i(w_ij) / w̄_j² ],
//
// the quantity that the convergence experiment of Pogodin et al. 2021 plots.
// Smaller is better, 0 is a pool of equal filters; weights count as in SNR. It is
// dominated by weights whose mean is near 0, and is not the reciprocal of SNR.
func InverseSNR[T Float](filters [][]T) float64 {
	return overWeights(filters, func(m, v float64) float64 { return v / (m * m) })
}

// MeanToSD is the mean filter in standard deviations of the filters around it,
//
//	(1/d) Σ_j |w̄_j| / sd_i(w_ij),
//
// which the training log of Pogodin et al. 2021 calls the SNR. Weights count as
// in SNR.
func MeanToSD[T Float](filters [][]T) float64 {
	return overWeights(filters, func(m, v float64) float64 { return math.Abs(m) / math.Sqrt(v) })
}

func overWeights[T Float](filters [][]T, of func(mean, variance float64) float64) float64 {
	mean := meanFilter(filters)
	return average(mean, scatter(filters, mean, make([]float64, len(mean))), of)
}

// average is the mean of a quantity of mean and variance over the weights that
// count: those with signal or noise.
func average(mean, variance []float64, of func(mean, variance float64) float64) float64 {
	var sum float64
	count := 0
	for j, m := range mean {
		if m == 0 && variance[j] == 0 {
			continue
		}
		sum += of(m, variance[j]) // infinite where the filters agree, or their mean is 0
		count++
	}
	if count == 0 {
		return math.NaN()
	}
	return sum / float64(count)
}

// scatter writes the population variance of every weight over the neurons into
// variance. It is exactly 0 where all neurons agree, whatever the rounding of
// the mean.
func scatter[T Float](filters [][]T, mean, variance []float64) []float64 {
	clear(variance)
	unequal := make([]bool, len(mean))
	for _, w := range filters {
		for j, x := range w {
			d := float64(x) - mean[j]
			variance[j] += d * d
			unequal[j] = unequal[j] || x != filters[0][j]
		}
	}
	for j := range variance {
		variance[j] /= float64(len(filters))
		if !unequal[j] {
			variance[j] = 0
		}
	}
	return variance
}
