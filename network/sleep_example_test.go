package network_test

import (
	"context"
	"fmt"
	"math"

	"ventral/network"
)

// A network sleeps through the lateral circuit, published and corrected: both
// share the filters, and the published one shrinks their mean.
func ExampleSleep() {
	for _, corrected := range []bool{false, true} {
		m, err := network.New(network.Architecture{Name: "small", Local: true, Input: network.Shape{Channels: 3, Height: 16, Width: 16}, Classes: 2, Width: 4}, 1)
		if err != nil {
			panic(err)
		}
		sleep := network.Sleep{Method: network.CircuitSleep, Corrected: corrected, Layers: []string{"conv1"}, Every: 50}
		err = sleep.Run(context.Background(), m, 0, func(r network.SleepRecord) error {
			fmt.Printf("step %3d: SNR in pools 10^%.0f, norm of the mean filter %.1f\n", r.Step, math.Log10(r.PoolSNR), r.MeanNorm)
			return nil
		})
		if err != nil {
			panic(err)
		}
	}
	// Output:
	// step   0: SNR in pools 10^-1, norm of the mean filter 1.0
	// step  50: SNR in pools 10^3, norm of the mean filter 0.6
	// step 100: SNR in pools 10^7, norm of the mean filter 0.4
	// step   0: SNR in pools 10^-1, norm of the mean filter 1.0
	// step  50: SNR in pools 10^3, norm of the mean filter 1.0
	// step 100: SNR in pools 10^8, norm of the mean filter 1.0
}
