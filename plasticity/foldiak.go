package plasticity

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
)

// Foldiak is a layer that learns a sparse code: feedforward weights q by a
// Hebbian rule, lateral weights l that are anti-Hebbian and inhibit, and
// thresholds t that keep every neuron at the rate p,
//
//	Δq_ij = β y_i (x_j − q_ij)
//	Δl_ij = −α (y_i y_j − p²)   for i ≠ j, and l_ij ≤ 0
//	Δt_i  = γ (y_i − p)
//
// The answers y ∈ {0, 1} come from the settled rates of
//
//	ẏ*_i = f(Σ_j q_ij x_j + Σ_j l_ij y*_j − t_i) − y*_i,  f(u) = 1/(1 + e^{−λu}),
//
// y_i = 1 where y*_i > ½. The learning rate of the experiment is β; α and γ are
// given in parts of it. It is a Rule and the Neurons of that rule at once, with
// the state l and t: use one for one experiment, and do not copy it.
//
// Stability: every weight moves towards its inputs by a part β of the way, so
// β ≤ 1 with inputs in [0, 1]; l and t wander if their rates are not small
// against 1.
//
// Source: Földiák 1990, Biol. Cybern. 64:165; its example has
// α = 0.1, β = γ = 0.02, λ = 10 and p = 1/8.
//
// The lateral weights and thresholds change at once, without momentum. Inputs,
// answers and p have no units; t and the weights those of 1/x.
type Foldiak struct {
	P             float64 // the rate of each neuron, between 0 and 1; 0 = 1/8
	LateralRate   float64 // α/β; 0 = 5, below 0 none
	ThresholdRate float64 // γ/β; 0 = 1, below 0 none
	Gain          float64 // λ; 0 = 10

	Lateral    [][]float64 // l, n × n; nil = all 0
	Thresholds []float64   // t, n; nil = all 0

	rates, input []float64 // y* and the argument of f
}

// settle constants: Euler steps of the rates' time constant, how many there may
// be, and the change per step at which the rates count as settled.
const (
	foldiakStep      = 0.1
	foldiakSteps     = 1000
	foldiakTolerance = 1e-4
)

func (f *Foldiak) p() float64 { return orDefault(f.P, 1./8) }

func orDefault(v, whenZero float64) float64 {
	if v == 0 {
		return whenZero
	}
	return v
}

func (f *Foldiak) init(n int) {
	if f.Lateral == nil {
		f.Lateral = NewWeights(n, n)
	}
	if f.Thresholds == nil {
		f.Thresholds = make([]float64, n)
	}
	if len(f.Lateral) != n || len(f.Thresholds) != n {
		panic(fmt.Sprintf("plasticity: lateral weights of %d neurons and %d thresholds for %d neurons", len(f.Lateral), len(f.Thresholds), n))
	}
	if len(f.rates) != n {
		f.rates, f.input = make([]float64, n), make([]float64, n)
	}
}

// Respond settles the rates from 0 and writes the answers. The signal is their
// mean.
func (f *Foldiak) Respond(post, drive []float64) float64 {
	f.init(len(drive))
	gain := orDefault(f.Gain, 10)
	clear(f.rates)
	for range foldiakSteps {
		for i, l := range f.Lateral {
			f.input[i] = drive[i] + floats.Dot(l, f.rates) - f.Thresholds[i]
		}
		var moved float64
		for i, u := range f.input {
			step := foldiakStep * (1/(1+math.Exp(-gain*u)) - f.rates[i])
			f.rates[i] += step
			moved = max(moved, math.Abs(step))
		}
		if moved < foldiakTolerance*foldiakStep {
			break
		}
	}
	for i, r := range f.rates {
		post[i] = 0
		if r > .5 {
			post[i] = 1
		}
	}
	return floats.Sum(post) / float64(len(post))
}

// Change adds β y_i (x − q_i), and changes the lateral weights and thresholds
// in place.
func (f *Foldiak) Change(change [][]float64, eta float64, a *Activity) {
	a.check(change)
	n := len(change)
	f.init(n)
	s, p := eta/float64(len(a.Pre)), f.p()
	alpha, gamma := max(0, orDefault(f.LateralRate, 5))*s, max(0, orDefault(f.ThresholdRate, 1))*s
	for i, dq := range change {
		var active float64
		for b, x := range a.Pre {
			y := a.Post[b]
			if y[i] != 0 {
				floats.AddScaled(dq, s*y[i], x)
			}
			active += s * y[i]
			f.Thresholds[i] += gamma * (y[i] - p)
			for j := range n {
				if i != j {
					f.Lateral[i][j] = min(0, f.Lateral[i][j]-alpha*(y[i]*y[j]-p*p))
				}
			}
		}
		floats.AddScaled(dq, -active, a.W[i])
	}
}

// Stability tells which learning rates make sense.
func (f *Foldiak) Stability(*Activity, float64) string {
	return "foldiak is stable while η ≤ 1 and its inputs lie in [0, 1]"
}
