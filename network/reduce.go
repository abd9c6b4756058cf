package network

import "ventral/internal/kernel"

// A Reduction turns a layer's activity into fewer features, each stimulus by
// itself. What it makes of a stimulus does not depend on the others, on the
// batch or on the number of cores.
type Reduction interface {
	// Size returns the number of features that come out.
	Size() int
	// Reduce sets dst, n × Size(), from rows, n × features, rows = stimuli. It
	// panics where the lengths do not fit.
	Reduce(dst, rows []float32)
}

// blockRows is how many stimuli a Reduction by a matrix multiplies at a time,
// whatever n is: the same product has the same bits (package blas). Stimuli
// come from StreamActivations in whole blocks, but for the last.
const blockRows = kernel.Lanes

// reduceBatch tells how many rows there are of so many features in, out.
func reduceBatch(dst, rows []float32, in, out int) int {
	n := len(rows) / in
	if n*in != len(rows) || len(dst) != n*out {
		panic("network: a reduction's rows do not fit its features")
	}
	return n
}
