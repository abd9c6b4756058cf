package plasticity_test

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"

	"ventral/neuron"
	"ventral/plasticity"
	"ventral/stimuli"
)

// tilted is Gaussian input of two values with the variances 4 along (3, 4)/5 and
// 1 across.
type tilted struct{ stimuli.WhiteNoise }

func (t tilted) Pattern(i int, x []float64) error {
	err := t.WhiteNoise.Pattern(i, x)
	a, b := 2*x[0], x[1]
	x[0], x[1] = .6*a-.8*b, .8*a+.6*b
	return err
}

// turns shows the unit vectors in turn.
type turns struct{}

func (turns) Pattern(i int, x []float64) error {
	clear(x)
	x[i%len(x)] = 1
	return nil
}

// Hebb's rule alone has no bound; the error says when it ran away, and why. With
// filters that keep their length it finds the direction in which inputs vary most.
func ExampleHebb() {
	for _, rule := range []plasticity.Hebb{{}, {Normalise: true}} {
		w := [][]float64{{1, 0}}
		err := plasticity.Experiment{Rule: rule, Inputs: tilted{}, Rate: plasticity.Constant(.01)}.Run(context.Background(), w, 5000, nil)
		if d, diverged := plasticity.Diverged(err); diverged {
			fmt.Printf("diverged within %d steps: ‖w‖ above %.0e\n", (d.Step+99)/100*100, d.Limit)
			continue
		}
		fmt.Printf("w = %.1f, error: %v\n", w[0], err)
	}
	// Output:
	// diverged within 400 steps: ‖w‖ above 1e+06
	// w = [0.5 0.9], error: <nil>
}

// Anti-Hebbian synapses forget what is always there: the answer to a constant
// input falls to the baseline.
func ExampleAntiHebb() {
	w := [][]float64{{2}} // one synapse: turns shows 1 in every step
	err := plasticity.Experiment{Rule: plasticity.AntiHebb{Baseline: .5}, Inputs: turns{}, Rate: plasticity.Constant(.05)}.Run(context.Background(), w, 200, nil)
	fmt.Printf("answer %.2f, error: %v\n", w[0][0], err)
	// Output:
	// answer 0.50, error: <nil>
}

// Oja's rule finds the first principal component of the inputs, with unit norm.
func ExampleOja() {
	w := plasticity.Gaussian(1, 2, 0, .5, 1)
	err := plasticity.Experiment{Rule: plasticity.Oja{}, Inputs: tilted{}, Rate: plasticity.Inverse(10, 1000)}.Run(context.Background(), w, 20000, nil)
	fmt.Printf("|cos| to (3, 4)/5 %.2f, norm %.2f, error: %v\n", math.Abs(.6*w[0][0]+.8*w[0][1])/floats.Norm(w[0], 2), floats.Norm(w[0], 2), err)
	// Output:
	// |cos| to (3, 4)/5 1.00, norm 1.00, error: <nil>
}

// Sanger's rule finds the components in the order of their variance.
func ExampleSanger() {
	w := plasticity.Gaussian(2, 2, 0, .5, 1)
	err := plasticity.Experiment{Rule: plasticity.Sanger{}, Inputs: tilted{}, Rate: plasticity.Inverse(10, 1000)}.Run(context.Background(), w, 20000, nil)
	fmt.Printf("first %.1f, second %.1f, error: %v\n", math.Abs(.6*w[0][0]+.8*w[0][1]), math.Abs(-.8*w[1][0]+.6*w[1][1]), err)
	// Output:
	// first 1.0, second 1.0, error: <nil>
}

// The covariance rule sees deviations from averages: it grows along the direction
// in which inputs vary, whatever their mean.
func ExampleCovariance() {
	w := [][]float64{{0, 1e-3}}
	err := plasticity.Experiment{Rule: plasticity.Covariance{}, Inputs: tilted{}, Rate: plasticity.Constant(.002)}.Run(context.Background(), w, 1000, nil)
	fmt.Printf("cos to (3, 4)/5 %.2f, error: %v\n", (.6*w[0][0]+.8*w[0][1])/floats.Norm(w[0], 2), err)
	// Output:
	// cos to (3, 4)/5 1.00, error: <nil>
}

// A BCM neuron becomes selective: of four patterns that come equally often it
// answers to one, with 4, and to no other.
func ExampleBCM() {
	w := plasticity.Gaussian(1, 4, .5, .1, 1)
	err := plasticity.Experiment{Rule: plasticity.BCM{}, Neurons: neuron.Static{Transfer: neuron.Rectify}, Inputs: turns{}, Rate: plasticity.Constant(.002), Tau: 400}.Run(context.Background(), w, 60000, nil)
	fmt.Printf("answers %.1f, error: %v\n", w[0], err)
	// Output:
	// answers [0.0 4.0 0.0 0.0], error: <nil>
}

// Földiák's layer learns the lines that its inputs are made of: a sparse code in
// which every neuron answers as often as a line is there.
func ExampleFoldiak() {
	rule := &plasticity.Foldiak{P: 1. / 8}
	lines := stimuli.Lines{Seed: 1}
	w := plasticity.Gaussian(16, 64, 0, .1, 1)
	err := plasticity.Experiment{Rule: rule, Inputs: lines, Rate: plasticity.Constant(.02)}.Run(context.Background(), w, 20000, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	learned := map[int]bool{} // rows 0 to 7, columns 8 to 15
	for _, q := range w {
		for line := range 16 {
			var on, off float64
			for j, v := range q {
				if j/8 == line || j%8 == line-8 {
					on += v / 8
				} else {
					off += v / 56
				}
			}
			if on > 3*off {
				learned[line] = true
			}
		}
	}
	fmt.Println(len(learned), "of 16 lines have a neuron")
	// Output:
	// 16 of 16 lines have a neuron
}

// instar is Grossberg's rule, Δw_i = η y_i (x − w_i), by which filters go to the
// mean of the inputs that their neurons answer to.
type instar struct{}

func (instar) Change(change [][]float64, eta float64, a *plasticity.Activity) {
	for i, dw := range change {
		for b, x := range a.Pre {
			rate := eta * a.Post[b][i] / float64(len(a.Pre))
			floats.AddScaled(dw, rate, x)
			floats.AddScaled(dw, -rate, a.W[i])
		}
	}
}

// A rule of one's own needs the method Change.
func ExampleRule() {
	w := plasticity.Gaussian(2, 4, .5, .1, 1)
	err := plasticity.Experiment{Rule: instar{}, Neurons: neuron.Static{Transfer: neuron.Rectify}, Inputs: turns{}, Rate: plasticity.Constant(.02)}.Run(context.Background(), w, 4000, nil)
	fmt.Printf("the sum of a filter is that of its inputs: %.2f %.2f, error: %v\n", floats.Sum(w[0]), floats.Sum(w[1]), err)
	// Output:
	// the sum of a filter is that of its inputs: 1.00 1.00, error: <nil>
}
