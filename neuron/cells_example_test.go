package neuron_test

import (
	"fmt"
	"math"

	"ventral/neuron"
	"ventral/stimuli"
)

// grating draws a vertical grating of 2 cycles/degree on 32×32 pixels, 4 degrees
// wide.
func grating(phase float64) []float64 {
	image := make([]float64, 32*32)
	err := stimuli.Grating{Orientation: 90, Frequency: 2, Phase: phase, Contrast: 1}.Frame(stimuli.Raster{Height: 32, Width: 32, Degrees: 4}, 0, image)
	if err != nil {
		panic(err)
	}
	return image
}

// A simple cell answers to a grating in its phase and not to one in the opposite
// phase; a complex cell to both alike.
func ExampleSimple() {
	screen := neuron.Screen{Size: neuron.Square(32), DegreesPerPixel: 1. / 8}
	field := neuron.Gabor{Orientation: math.Pi / 2, Frequency: 2, Sigma: .3, Length: .3}
	simple, complex := neuron.NewSimple(field, screen), neuron.NewComplex(field, screen)
	for _, phase := range []float64{0, 90, 180, 270} {
		image := grating(phase)
		fmt.Printf("phase %3.0f°: simple %.1f, complex %.1f\n", phase, simple.Response(image), complex.Response(image))
	}
	// Output:
	// phase   0°: simple 3.0, complex 3.0
	// phase  90°: simple 0.0, complex 3.0
	// phase 180°: simple 0.0, complex 3.0
	// phase 270°: simple 0.0, complex 3.0
}

// The drive of a receptive field, before any threshold: 0 under uniform light.
func ExampleGabor_Filter() {
	screen := neuron.Screen{Size: neuron.Square(32), DegreesPerPixel: 1. / 8}
	field := neuron.Gabor{Orientation: math.Pi / 2, Frequency: 2, Sigma: .3, Length: .3}.Filter(screen)
	white := make([]float64, 32*32)
	for i := range white {
		white[i] = 1
	}
	fmt.Printf("a grating %.1f, its opposite %.1f, white %.1f\n", field.Drive(grating(0)), field.Drive(grating(180)), math.Abs(field.Drive(white)))
	// Output:
	// a grating 3.0, its opposite -3.0, white 0.0
}

// A bank of V1 cells as features of an image: one energy for every frequency,
// orientation and place. Under a vertical grating of 2 cycles/degree the cells for
// vertical bars answer most.
func ExampleBank() {
	bank := neuron.NewBank(neuron.Screen{Size: neuron.Square(32), DegreesPerPixel: 1. / 8}, []float64{2}, 4)
	simple, complex := bank.Cells()
	fmt.Println(simple, "simple and", complex, "complex cells")

	energy := make([]float64, complex)
	bank.Respond(grating(0), nil, energy)
	perOrientation := complex / 4
	for o, orientation := range []float64{0, 45, 90, 135} {
		var sum float64
		for _, e := range energy[o*perOrientation : (o+1)*perOrientation] {
			sum += e
		}
		fmt.Printf("%3.0f°: mean %.1f\n", orientation, sum/float64(perOrientation))
	}
	// Output:
	// 4096 simple and 1024 complex cells
	//   0°: mean 0.0
	//  45°: mean 0.1
	//  90°: mean 2.3
	// 135°: mean 0.1
}

// The rates that neurons tend to.
func ExampleTransfer() {
	for _, u := range []float64{-1, 0, 1, 2} {
		fmt.Printf("u = %2.0f: rectified %.2f, power %.2f, logistic %.2f, tanh %.2f\n", u,
			neuron.Rectify(u), neuron.Power(.5, 2)(u), neuron.Logistic(1)(u), neuron.Tanh(u))
	}
	// Output:
	// u = -1: rectified 0.00, power 0.00, logistic 0.27, tanh -0.76
	// u =  0: rectified 0.00, power 0.00, logistic 0.50, tanh 0.00
	// u =  1: rectified 1.00, power 0.50, logistic 0.73, tanh 0.76
	// u =  2: rectified 2.00, power 2.00, logistic 0.88, tanh 0.96
}

// Rectified neurons without dynamics: their signal to the pool is their mean rate.
func ExampleStatic() {
	rates := make([]float64, 3)
	signal := neuron.Static{Transfer: neuron.Rectify}.Respond(rates, []float64{-1, 2, 5})
	fmt.Printf("rates %g, signal %.2f\n", rates, signal)
	// Output:
	// rates [0 2 5], signal 2.33
}

// Steps that are too long for Euler's method are not for Runge and Kutta's.
func ExampleRungeKutta() {
	_, err := neuron.NewCircuit(100, neuron.CircuitOptions{Step: 10})
	fmt.Println(err)
	_, err = neuron.NewCircuit(100, neuron.CircuitOptions{Step: 10, Method: &neuron.RungeKutta{}})
	fmt.Println(err)
	// Output:
	// circuit: steps of 10 ms are unstable with τ = 30 ms and α = 10: take steps below 5.45 ms, or the Runge–Kutta method
	// <nil>
}
