package plasticity_test

import (
	"fmt"
	"math/rand/v2"

	"ventral/plasticity"
)

// A pool of 100 neurons with filters 1 + N(0,1) has a sharing SNR near 1. Its
// filters are pulled half the way to their mean, which multiplies the SNR by 4;
// sharing them makes them equal.
func ExampleShare() {
	rng := rand.New(rand.NewPCG(1, 0))
	pool := make([][]float64, 100)
	shared := make([][]float64, 100)
	for i := range pool {
		for range 9 {
			pool[i] = append(pool[i], 1+rng.NormFloat64())
		}
		shared[i] = append(shared[i], pool[i]...)
	}
	before := plasticity.SNR(pool)
	plasticity.Share(shared)
	for i, w := range pool {
		for j := range w {
			w[j] += .5 * (shared[i][j] - w[j])
		}
	}
	fmt.Printf("half the way: SNR × %.3f\n", plasticity.SNR(pool)/before)
	fmt.Println("all the way: SNR", plasticity.SNR(shared))
	// Output:
	// half the way: SNR × 4.000
	// all the way: SNR +Inf
}
