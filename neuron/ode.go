package neuron

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// A Flow writes the time derivative of a state, ẏ = f(y), into rate.
type Flow func(rate, state []float64)

// An Integrator advances a state along a flow by a step of dt. It holds scratch
// memory, so use one for each system.
type Integrator interface {
	Step(flow Flow, state []float64, dt float64)
}

// Euler is the explicit step y ← y + dt·f(y): first order, one evaluation.
type Euler struct{ rate []float64 }

// Step makes one step.
func (e *Euler) Step(flow Flow, state []float64, dt float64) {
	if len(e.rate) != len(state) {
		e.rate = make([]float64, len(state))
	}
	flow(e.rate, state)
	floats.AddScaled(state, dt, e.rate)
}

// RungeKutta is the classical step of fourth order, four evaluations:
//
//	y ← y + dt/6·(k₁ + 2k₂ + 2k₃ + k₄).
type RungeKutta struct{ k, sum, at []float64 }

// Step makes one step.
func (s *RungeKutta) Step(flow Flow, state []float64, dt float64) {
	if len(s.k) != len(state) {
		s.k, s.sum, s.at = make([]float64, len(state)), make([]float64, len(state)), make([]float64, len(state))
	}
	clear(s.sum)
	copy(s.at, state)
	for stage, weight := range [4]float64{1, 2, 2, 1} {
		flow(s.k, s.at)
		reach := [4]float64{dt / 2, dt / 2, dt, 0}[stage]
		floats.AddScaled(s.sum, weight, s.k)
		floats.AddScaledTo(s.at, state, reach, s.k)
	}
	floats.AddScaled(state, dt/6, s.sum)
}

// growth is |R(z)|, the factor by which one step of a method multiplies the
// solutions of ẏ = λy, z = λ·dt: below 1 they decay.
func growth(method Integrator, z complex128) float64 {
	y := []float64{1, 0} // real and imaginary part
	method.Step(func(rate, y []float64) {
		rate[0] = real(z)*y[0] - imag(z)*y[1]
		rate[1] = imag(z)*y[0] + real(z)*y[1]
	}, y, 1)
	return math.Hypot(y[0], y[1])
}
