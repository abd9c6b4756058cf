package plasticity

import "math/rand/v2"

// NewWeights returns n filters of d weights, all 0, in one piece of memory.
func NewWeights(n, d int) [][]float64 {
	flat := make([]float64, n*d)
	w := make([][]float64, n)
	for i := range w {
		w[i] = flat[i*d : (i+1)*d : (i+1)*d]
	}
	return w
}

// Gaussian returns n filters of d independent weights with the given mean and
// standard deviation. The convergence experiments of Pogodin et al. 2021 start
// from mean 1 and deviation 1.
func Gaussian(n, d int, mean, deviation float64, seed uint64) [][]float64 {
	rng := rand.New(rand.NewPCG(seed, 0))
	w := NewWeights(n, d)
	for i := range w {
		for j := range w[i] {
			w[i][j] = mean + deviation*rng.NormFloat64()
		}
	}
	return w
}

// Clone copies filters, n × d.
func Clone(w [][]float64) [][]float64 {
	if len(w) == 0 {
		return nil
	}
	c := NewWeights(len(w), len(w[0]))
	for i := range w {
		copy(c[i], w[i])
	}
	return c
}
