package neuron

import (
	"fmt"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Poisson returns simulated spike counts, stimulus × repetition × neuroid, in
// a window of the given length in ms: independent Poisson noise around rates
// (n_stimuli × n_neuroids, spikes/s). The counts of a stimulus depend on the
// seed and on its row alone. It panics if a rate is negative or NaN, the window
// is not positive or there are no repetitions.
func Poisson(rates mat.Matrix, repetitions int, window float64, seed uint64) []float64 {
	if repetitions < 1 || !(window > 0) {
		panic(fmt.Sprintf("neuron: %d repetitions in a window of %g ms", repetitions, window))
	}
	stimuli, neuroids := rates.Dims()
	counts := make([]float64, 0, stimuli*repetitions*neuroids)
	for i := range stimuli {
		noise := distuv.Poisson{Src: rand.NewPCG(seed, uint64(i))}
		for range repetitions {
			for j := range neuroids {
				rate := rates.At(i, j)
				if !(rate >= 0) {
					panic(fmt.Sprintf("neuron: a rate of %g spikes/s (stimulus %d, neuroid %d)", rate, i, j))
				}
				noise.Lambda = rate * window / 1000
				if noise.Lambda == 0 {
					counts = append(counts, 0)
					continue
				}
				counts = append(counts, noise.Rand())
			}
		}
	}
	return counts
}
