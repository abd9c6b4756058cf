package plasticity

import "gonum.org/v1/gonum/floats"

// Neurons turn drives into activity. Package neuron has circuits with this
// method; Linear is the simplest.
type Neurons interface {
	// Respond writes what the n neurons answer into post, given their drives
	// z_i = w_iᵀx, and returns the signal that the pool gives all of them. For
	// neurons with dynamics a call is one step in time.
	Respond(post, drive []float64) (signal float64)
}

// Linear neurons answer their drive: r_i = z_i. The pool's signal is the mean
// z̄ = (1/N) Σ_i z_i.
type Linear struct{}

// Respond copies the drives and returns their mean.
func (Linear) Respond(post, drive []float64) float64 {
	copy(post, drive)
	return floats.Sum(drive) / float64(len(drive))
}
