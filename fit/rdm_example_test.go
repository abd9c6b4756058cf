package fit_test

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"ventral/fit"
)

// The dissimilarities of four stimuli.
func ExampleComputeRDM() {
	x := mat.NewDense(4, 3, []float64{
		1, 0, 0,
		1, 0, 0,
		0, 2, 0,
		0, 0, 3,
	})
	rdm, err := fit.ComputeRDM(context.Background(), fit.Dense(x), fit.CosineDistance)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("upper triangle %.0f; stimuli 0 and 3: %.0f\n", rdm.Values, rdm.At(0, 3))
	// Output:
	// upper triangle [0 1 1 1 1 1]; stimuli 0 and 3: 1
}

// Cross-validated distances are 0 on average between stimuli that are alike,
// whatever the noise.
func ExampleCrossnobis() {
	_, a := simulated(40, 5, 30, 8, 3)
	n := a.Repetitions * len(a.Neuroids)
	copy(a.Responses[n:2*n], a.Responses[:n]) // image001 is shown as image000
	rdm, err := fit.Crossnobis(context.Background(), a, fit.CrossnobisOptions{Noise: fit.DiagonalNoise})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("alike: within %.1f; different: %.1f\n", math.Abs(rdm.At(0, 1))+.05, rdm.At(0, 2))
	// Output:
	// alike: within 0.1; different: 1.6
}

// How similar a model could be to three animals, which differ from each other.
func ExampleComputeRSACeiling() {
	var animals []*fit.RDM
	for animal := range 3 {
		_, a := simulated(20, 4, 15+animal, 1, 1)
		rdm, err := fit.ComputeRDM(context.Background(), fit.Dense(a.Mean()), fit.CorrelationDistance)
		if err != nil {
			fmt.Println(err)
			return
		}
		animals = append(animals, rdm)
	}
	c, err := fit.ComputeRSACeiling(animals, fit.BySpearman)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("between %.1f and %.1f\n", c.Lower, c.Upper)
	// Output:
	// between 0.6 and 0.8
}
