package neuron

import (
	"fmt"
	"math"
)

// A Transfer function is the rate that a neuron tends to at a given input, both
// in the same units (spikes/s, or none in normalised models). A nil Transfer is
// the identity, the linear neuron.
type Transfer func(input float64) float64

// Rectify is the threshold-linear neuron, max(0, u).
func Rectify(u float64) float64 { return max(0, u) }

// Power is the expansive nonlinearity g·max(0, u)ⁿ; n is 2 to 5 in V1.
//
// Source: Priebe & Ferster 2008, Neuron 57:482.
func Power(gain, exponent float64) Transfer {
	return func(u float64) float64 { return gain * math.Pow(max(0, u), exponent) }
}

// Logistic saturates at 0 and 1: 1/(1 + e^{−gain·u}).
func Logistic(gain float64) Transfer {
	return func(u float64) float64 { return 1 / (1 + math.Exp(-gain*u)) }
}

// Tanh saturates at −1 and 1.
func Tanh(u float64) float64 { return math.Tanh(u) }

// Static neurons have no dynamics: they answer f(drive) at once. Their signal to
// the pool is their mean answer.
type Static struct{ Transfer Transfer }

// Respond writes f(drive) into post and returns its mean.
func (s Static) Respond(post, drive []float64) float64 {
	if len(post) != len(drive) {
		panic(fmt.Sprintf("neuron: %d drives and %d rates of static neurons", len(drive), len(post)))
	}
	copy(post, drive)
	if s.Transfer != nil {
		for i, u := range drive {
			post[i] = s.Transfer(u)
		}
	}
	return mean(post)
}
