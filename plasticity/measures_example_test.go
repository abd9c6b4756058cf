package plasticity_test

import (
	"context"
	"fmt"

	"ventral/plasticity"
	"ventral/stimuli"
)

// Three quantities that have been called the signal-to-noise ratio of sharing, for
// three neurons that agree on their first weight and not on their second.
func ExampleSNR() {
	pool := [][]float64{{1.1, .3}, {.9, -.1}, {1, .1}}
	fmt.Printf("SNR %.1f, inverse SNR %.2f, mean |w̄|/sd %.1f\n", plasticity.SNR(pool), plasticity.InverseSNR(pool), plasticity.MeanToSD(pool))
	// Output:
	// SNR 75.2, inverse SNR 1.34, mean |w̄|/sd 6.4
}

// What a pool has become, against its start.
func ExampleMeasure() {
	start := plasticity.Gaussian(100, 9, 1, 1, 1)
	w := plasticity.Clone(start)
	plasticity.Share(w)
	m := plasticity.Measure(w, start, 1)
	fmt.Printf("norm of the mean filter × %.2f, cosine to it %.2f, drift %.1f, SNR %g\n", m.MeanNorm, m.MeanCosine, m.Drift, m.SNR)
	// Output:
	// norm of the mean filter × 1.00, cosine to it 1.00, drift 0.7, SNR +Inf
}

// Learning rates over the steps: the paper's two schedules, and one of one's own as
// a formula.
func ExampleSchedule() {
	own, err := plasticity.ParseSchedule("t < 100 ? 0 : 0.1*exp(-t/1000)")
	if err != nil {
		fmt.Println(err)
		return
	}
	meanField, circuit := plasticity.Inverse(.5, 1000), plasticity.InverseSqrt(3e-4, 2, 50)
	for _, t := range []int{0, 100, 2000} {
		fmt.Printf("step %4d: %.2g, %.2g, %.2g\n", t, meanField(t), circuit(t), own(t))
	}
	// Output:
	// step    0: 0.0005, 0, 0
	// step  100: 0.00045, 4.2e-05, 0.09
	// step 2000: 0.00017, 9.5e-06, 0.014
}

// A recorder keeps measures at regular steps, and weights at as many of these as
// fit the memory: here seven of them, evenly spaced.
func ExampleRecorder() {
	w := plasticity.Gaussian(10, 9, 1, 1, 1)
	rec := plasticity.Recorder{Every: 100, WeightBytes: 7 * 10 * 9 * 8}
	err := plasticity.Experiment{
		Rule: plasticity.Sharing{Gamma: .1}, Inputs: stimuli.WhiteNoise{Seed: 1}, Rate: plasticity.Constant(.01),
	}.Run(context.Background(), w, 1200, &rec)
	fmt.Println(len(rec.Measures), "measures, error:", err)
	for _, s := range rec.Snapshots {
		fmt.Print("weights after step ", s.Step, "\n")
	}
	// Output:
	// 13 measures, error: <nil>
	// weights after step 0
	// weights after step 200
	// weights after step 400
	// weights after step 600
	// weights after step 800
	// weights after step 1000
	// weights after step 1200
}
