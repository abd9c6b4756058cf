package plasticity

import "fmt"

// Float is a weight's type: networks have float32, studies of a rule float64.
type Float interface{ ~float32 | ~float64 }

// Share is instant weight sharing: it replaces every filter of the pool by the
// pool's mean filter,
//
//	w_i ← w̄ = (1/N) Σ_j w_j,
//
// the fixed point of dynamic weight sharing for γ → 0. filters is n_neurons × d:
// filters[i] is the filter of neuron i. The mean is summed in float64 in the
// order of the neurons. It panics if the filters differ in length.
//
// Source: Pogodin et al. 2021, the sharing of the accuracy experiments.
// Cost: two passes over the weights; memory: 8·d bytes.
func Share[T Float](filters [][]T) {
	mean := meanFilter(filters)
	for _, w := range filters {
		for j, m := range mean {
			w[j] = T(m)
		}
	}
}

// meanFilter returns w̄, the mean over neurons of every weight.
func meanFilter[T Float](filters [][]T) []float64 {
	if len(filters) == 0 {
		return nil
	}
	mean := make([]float64, len(filters[0]))
	meanInto(mean, filters)
	return mean
}

// meanInto writes w̄ into mean.
func meanInto[T Float](mean []float64, filters [][]T) {
	clear(mean)
	for i, w := range filters {
		if len(w) != len(mean) {
			panic(fmt.Sprintf("plasticity: filter %d has %d weights, filter 0 has %d", i, len(w), len(mean)))
		}
		for j, x := range w {
			mean[j] += float64(x)
		}
	}
	for j := range mean {
		mean[j] /= float64(len(filters))
	}
}
