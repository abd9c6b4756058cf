package plasticity_test

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"ventral/neuron"
	"ventral/plasticity"
	"ventral/stimuli"
)

// A pool of 100 neurons under white noise shares its weights by the mean-field
// rule; with C = I the inverse SNR can fall by (γ/(1+γ))².
func ExampleExperiment() {
	w := plasticity.Gaussian(100, 9, 1, 1, 1)
	rec := plasticity.Recorder{Every: 500}
	err := plasticity.Experiment{
		Rule:     plasticity.Sharing{Gamma: .1},
		Inputs:   stimuli.WhiteNoise{Seed: 1},
		Rate:     plasticity.Inverse(.5, 1000),
		Momentum: .95,
	}.Run(context.Background(), w, 2000, &rec)
	for _, m := range rec.Measures {
		fmt.Printf("step %4d: log10 of the inverse SNR %5.2f\n", m.Step, math.Log10(m.InverseSNR))
	}
	fmt.Printf("theory:%22s%5.2f; error: %v\n", "", 2*math.Log10(.1/1.1), err)
	// Output:
	// step    0: log10 of the inverse SNR  0.01
	// step  500: log10 of the inverse SNR -2.00
	// step 1000: log10 of the inverse SNR -2.08
	// step 1500: log10 of the inverse SNR -2.08
	// step 2000: log10 of the inverse SNR -2.04
	// theory:                      -2.08; error: <nil>
}

// The published circuit shares weights too, and shrinks the mean filter.
func ExampleSharing_circuit() {
	circuit, err := neuron.NewCircuit(100, neuron.CircuitOptions{}) // τ = 30 ms, α = 10, b = 1
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, rule := range []plasticity.Sharing{
		{Gamma: .1, Baseline: 1, IgnorePool: true}, // published
		{Gamma: .1, Baseline: 1},                   // corrected
	} {
		w := plasticity.Gaussian(100, 9, 1, 1, 1)
		rec := plasticity.Recorder{Every: 1 << 30}
		err = plasticity.Experiment{
			Rule:     rule,
			Neurons:  neuron.Settled{Circuit: circuit},
			Inputs:   stimuli.WhiteNoise{Seed: 1},
			Rate:     plasticity.Inverse(.5, 1000),
			Momentum: .95,
		}.Run(context.Background(), w, 2000, &rec)
		end := rec.Measures[len(rec.Measures)-1]
		fmt.Printf("log10 of the inverse SNR %.2f, norm of the mean filter × %.2f, error: %v\n", math.Log10(end.InverseSNR), end.MeanNorm, err)
	}
	// Output:
	// log10 of the inverse SNR -1.58, norm of the mean filter × 0.60, error: <nil>
	// log10 of the inverse SNR -2.04, norm of the mean filter × 1.00, error: <nil>
}

// A rule of one's own needs no recompilation.
func ExampleParseEquation() {
	rule, err := plasticity.ParseEquation("dw = eta*post*(pre - post*w)", nil) // Oja's
	if err != nil {
		fmt.Println(err)
		return
	}
	w := plasticity.Gaussian(3, 9, 0, .3, 1)
	err = plasticity.Experiment{Rule: rule, Inputs: stimuli.Gratings{Height: 3, Width: 3}, Rate: plasticity.Constant(.01)}.Run(context.Background(), w, 5000, nil)
	fmt.Printf("mean norm of a filter %.2f, error: %v\n", plasticity.Measure(w, w, 5000).FilterNorm, err)

	_, err = plasticity.ParseEquation("dw = eta*post*(pre - psot*w)", nil)
	fmt.Println(err)
	// Output:
	// mean norm of a filter 1.00, error: <nil>
	// line 1, column 22: unknown name "psot"; known are avg_post, avg_pre, eta, mean_post, mean_pre, post, pre, theta, w, w0; functions are abs, cos, exp, log, sign, sin, sqrt, tanh, max, min, pow
	//   dw = eta*post*(pre - psot*w)
	//                        ^
}

// Where sharing ends under white noise, C = I: the inverse SNR falls by
// (γ/(1+γ))², and the published circuit, with α = 10, keeps γ/(1/(1+α) + γ) of the
// mean filter.
func ExampleFixedPoint() {
	w := plasticity.Gaussian(100, 4, 1, 1, 1)
	white := mat.NewDiagDense(4, []float64{1, 1, 1, 1})
	for _, α := range []float64{math.Inf(1), 10} {
		end, err := plasticity.FixedPoint(w, white, .1, α)
		if err != nil {
			fmt.Println(err)
			return
		}
		m := plasticity.Measure(end, w, 0)
		fmt.Printf("α = %g: inverse SNR × %.4f, norm of the mean filter × %.3f\n", α, m.InverseSNR/plasticity.InverseSNR(w), m.MeanNorm)
	}
	// Output:
	// α = +Inf: inverse SNR × 0.0083, norm of the mean filter × 1.000
	// α = 10: inverse SNR × 0.0301, norm of the mean filter × 0.524
}
