package plasticity

import (
	"fmt"

	"gonum.org/v1/gonum/floats"
)

// A Rule is a law by which synapses change. Its weights are those of n neurons
// with d inputs each.
//
// Units: the inputs x and rates y have their own (none in normalised models, or
// spikes/s), a weight those of y/x, thresholds and baselines those of the
// rates that they are compared with; the learning rate η has what a rule's
// bracket lacks to be a weight.
type Rule interface {
	// Change adds η·Δw to change, n × d, where Δw is the mean of the rule's
	// change over the patterns of a. It does not touch a. With momentum, change
	// is the velocity of the weights, and so need not be zero. It panics if a
	// shape does not fit.
	Change(change [][]float64, eta float64, a *Activity)
}

// A Constrained rule also holds the weights to something after every step.
type Constrained interface {
	Rule
	// Constrain is called with the weights and those at the start, n × d.
	Constrain(w, w0 [][]float64)
}

// A Bounded rule knows when it is stable: Stability says so for the inputs at
// hand, in words that begin with the rule's name and hold the figures.
type Bounded interface {
	Rule
	Stability(a *Activity, momentum float64) string
}

// Activity is all that a synapse could know of: its weight, what happened on
// both sides of it, and what the pool signals to all its neurons.
type Activity struct {
	W  [][]float64 // n × d: the weights
	W0 [][]float64 // n × d: the weights at the start of the phase

	Pre    [][]float64 // n_patterns × d: the inputs x
	Post   [][]float64 // n_patterns × n: what the neurons answered
	Signal []float64   // n_patterns: the pool's signal, as Neurons return it

	Traces
}

// Traces are running averages over the patterns seen before these ones, with a
// time constant in patterns; while fewer have been seen, their plain average. An
// input that is held for several steps counts once, as it ends.
type Traces struct {
	MeanPre   []float64 // d: ⟨x⟩
	MeanPost  []float64 // n: ⟨y⟩
	Threshold []float64 // n: θ = ⟨y²⟩
	Power     float64   // ⟨‖x‖²⟩

	seen int
}

// check panics unless all shapes fit n × d weights.
func (a *Activity) check(change [][]float64) {
	n := len(a.W)
	if len(change) != n || len(a.W0) != n {
		panic(fmt.Sprintf("plasticity: %d neurons, %d of them with weights at the start, and room for the changes of %d", n, len(a.W0), len(change)))
	}
	if n == 0 {
		return
	}
	d := len(a.W[0])
	for i, w := range a.W {
		if len(w) != d || len(a.W0[i]) != d || len(change[i]) != d {
			panic(fmt.Sprintf("plasticity: neuron %d has %d weights, %d at the start and room for the changes of %d; neuron 0 has %d", i, len(w), len(a.W0[i]), len(change[i]), d))
		}
	}
	if len(a.Post) != len(a.Pre) || len(a.Signal) != len(a.Pre) {
		panic(fmt.Sprintf("plasticity: %d inputs, %d answers and %d signals", len(a.Pre), len(a.Post), len(a.Signal)))
	}
	for b, x := range a.Pre {
		if len(x) != d || len(a.Post[b]) != n {
			panic(fmt.Sprintf("plasticity: pattern %d has %d inputs and %d answers, for %d weights of %d neurons", b, len(x), len(a.Post[b]), d, n))
		}
	}
}

// fold takes the patterns of a into the traces, in their order.
func (a *Activity) fold(tau float64) {
	for b, x := range a.Pre {
		a.seen++
		rate := 1 / min(float64(a.seen), tau)
		a.Power += rate * (floats.Dot(x, x) - a.Power)
		for j, v := range x {
			a.MeanPre[j] += rate * (v - a.MeanPre[j])
		}
		for i, y := range a.Post[b] {
			a.MeanPost[i] += rate * (y - a.MeanPost[i])
			a.Threshold[i] += rate * (y*y - a.Threshold[i])
		}
	}
}
