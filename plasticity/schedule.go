package plasticity

import "math"

// A Schedule is the learning rate η at step t, from 0.
type Schedule func(t int) float64

// Constant is η at every step.
func Constant(eta float64) Schedule { return func(int) float64 { return eta } }

// Inverse is η/(offset + t). The mean-field convergence experiment of Pogodin
// et al. 2021 has Inverse(0.5, 1000).
func Inverse(eta, offset float64) Schedule {
	return func(t int) float64 { return eta / (offset + float64(t)) }
}

// InverseSqrt is η/√(1 + t/tau), and 0 for t ≤ wait. The circuit's convergence
// experiment of Pogodin et al. 2021 has InverseSqrt(3e-4, 2, 50): the rates
// settle before the weights move.
func InverseSqrt(eta, tau float64, wait int) Schedule {
	return func(t int) float64 {
		if t <= wait {
			return 0
		}
		return eta / math.Sqrt(1+float64(t)/tau)
	}
}
