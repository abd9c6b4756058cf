package neuron_test

import (
	"fmt"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"ventral/neuron"
	"ventral/stimuli"
)

// Recordings of known origin: a simulated stream sees images, and its rates become
// spike counts in 20 repetitions of 100 ms.
func ExampleStream() {
	shapes := stimuli.Shapes(stimuli.ShapeOptions{N: 100, Seed: 1, Size: 16})
	grey, err := stimuli.Grey(shapes)
	if err != nil {
		fmt.Println(err)
		return
	}
	images := mat.NewDense(100, 16*16, grey)
	stream := neuron.NewStream(neuron.StreamOptions{Screen: neuron.Screen{Size: neuron.Square(16)}, Neuroids: 20, Seed: 1}, images)
	for _, region := range stream.Rates(images) {
		stimuli, neuroids := region.Rates.Dims()
		counts := neuron.Poisson(region.Rates, 20, 100, 1) // stimulus × repetition × neuroid
		fmt.Printf("%s: %d stimuli × %d neuroids, %.0f spikes/s, %.1f spikes in a trial\n",
			region.Name, stimuli, neuroids, stat.Mean(region.Rates.RawMatrix().Data, nil), stat.Mean(counts, nil))
	}
	// Output:
	// V1: 100 stimuli × 20 neuroids, 14 spikes/s, 1.4 spikes in a trial
	// V4: 100 stimuli × 20 neuroids, 13 spikes/s, 1.3 spikes in a trial
	// IT: 100 stimuli × 20 neuroids, 15 spikes/s, 1.5 spikes in a trial
}
