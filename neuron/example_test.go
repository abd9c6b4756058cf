package neuron_test

import (
	"context"
	"fmt"

	"ventral/neuron"
)

// Four neurons that share an inhibitory one come to rest where the equations
// say. Above the threshold b + r_inh their rates are the drives about their mean.
func ExampleCircuit() {
	circuit, err := neuron.NewCircuit(4, neuron.CircuitOptions{}) // τ = 30 ms, α = 10, b = 1
	if err != nil {
		fmt.Println(err)
		return
	}
	drives, rates := []float64{1, 2, 4, 5}, make([]float64, 4)
	inhibition, _, err := circuit.Settle(context.Background(), rates, drives, 1e-6, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("settled at   r = %.3f, r_inh = %.3f\n", rates, inhibition)

	inhibition = circuit.SteadyState(rates, drives)
	fmt.Printf("steady state r = %.3f, r_inh = %.3f\n", rates, inhibition)

	for i := range rates {
		rates[i] -= circuit.Options().Baseline + inhibition
	}
	fmt.Printf("r − b − r_inh  = %.3f\n", rates)
	// Output:
	// settled at   r = [-0.727 0.273 2.273 3.273], r_inh = 0.273
	// steady state r = [-0.727 0.273 2.273 3.273], r_inh = 0.273
	// r − b − r_inh  = [-2.000 -1.000 1.000 2.000]
}
