package neuron_test

import (
	"context"
	"fmt"
	"math"

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

// The tuning of a complex cell, read off its responses to gratings: those of a
// recorded neuron would do as well.
func ExampleGratingGrid_Tune() {
	grid := neuron.GratingGrid{
		Orientations: []float64{0, 30, 60, 90, 120, 150},
		Frequencies:  []float64{0.5, 1, 2},
		Phases:       []float64{0, 90, 180, 270},
	}
	screen := neuron.Screen{Size: neuron.Square(48), DegreesPerPixel: 1. / 8}
	cell := neuron.NewComplex(neuron.Gabor{Orientation: math.Pi / 3, Frequency: 1, Sigma: .5, Length: .5}, screen)

	responses := make([]float64, grid.Len())
	image := make([]float64, 48*48)
	for o, θ := range grid.Orientations {
		for f, frequency := range grid.Frequencies {
			for p, φ := range grid.Phases {
				sin, cos := math.Sincos(θ * math.Pi / 180)
				for i := range image {
					x, y := (float64(i%48)-23.5)/8, (23.5-float64(i/48))/8
					image[i] = .5 + .5*math.Cos(2*math.Pi*frequency*(y*cos-x*sin)+φ*math.Pi/180)
				}
				responses[grid.Index(o, f, p)] = cell.Response(image)
			}
		}
	}
	t, err := grid.Tune(responses)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("prefers %.0f° and %g cycles/degree\n", t.Orientation, t.Frequency)
	fmt.Printf("circular variance %.2f, half width %.0f°, F1/F0 %.2f\n", t.CircularVariance, t.OrientationWidth, t.Modulation)
	// Output:
	// prefers 60° and 1 cycles/degree
	// circular variance 0.19, half width 21°, F1/F0 0.00
}
