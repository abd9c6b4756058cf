package neuron

import (
	"math"
	"math/cmplx"
	"slices"
	"testing"
)

// methods are the integrators with what theory says of them: their order, and
// R(z), by which a step multiplies the solutions of ẏ = λy, z = λ·dt.
var methods = []struct {
	name  string
	order float64
	make  func() Integrator
	r     func(z complex128) complex128
}{
	{"Euler", 1, func() Integrator { return &Euler{} }, func(z complex128) complex128 { return 1 + z }},
	{"Runge–Kutta", 4, func() Integrator { return &RungeKutta{} }, func(z complex128) complex128 {
		return 1 + z + z*z/2 + z*z*z/6 + z*z*z*z/24
	}},
}

// order is the measured order of convergence, from the error after steps of h
// and of h/2.
func order(coarse, fine float64) float64 { return math.Log2(coarse / fine) }

func TestOrderOfConvergence(t *testing.T) {
	for _, problem := range []struct {
		name string
		flow Flow
		at1  float64 // the solution at t = 1 from y = 1
	}{
		{"ẏ = −y", func(rate, y []float64) { rate[0] = -y[0] }, math.Exp(-1)},
		{"ẏ = −y²", func(rate, y []float64) { rate[0] = -y[0] * y[0] }, 0.5},
	} {
		for _, m := range methods {
			errorOf := func(steps int) float64 {
				method, y := m.make(), []float64{1}
				for range steps {
					method.Step(problem.flow, y, 1/float64(steps))
				}
				return math.Abs(y[0] - problem.at1)
			}
			if got := order(errorOf(40), errorOf(80)); math.Abs(got-m.order) > 0.1 {
				t.Errorf("%s, %s: order %.3f, want %g", problem.name, m.name, got, m.order)
			}
		}
	}
}

func TestGrowth(t *testing.T) {
	for _, m := range methods {
		for _, z := range []complex128{0, -0.5, -2, -3, 2.9i, complex(-0.2, 0.2*math.Sqrt(10)), complex(-1, -3)} {
			if got, want := growth(m.make(), z), cmplx.Abs(m.r(z)); math.Abs(got-want) > 1e-14*(1+want) {
				t.Errorf("%s: a step multiplies by %g at z = %g, want %g", m.name, got, z, want)
			}
		}
	}
}

// An integrator that has made steps of another system makes the same steps as a
// new one: it keeps nothing but memory.
func TestIntegratorsKeepNothing(t *testing.T) {
	flow := func(rate, y []float64) {
		for i := range y {
			rate[i] = y[(i+1)%len(y)] - 2*y[i]
		}
	}
	for _, m := range methods {
		used := m.make()
		used.Step(flow, []float64{1, 2, 3, 4, 5}, 0.3)
		got, want := []float64{3, -1, 2}, []float64{3, -1, 2}
		for range 3 {
			used.Step(flow, got, 0.1)
			m.make().Step(flow, want, 0.1)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v after other steps, %v without", m.name, got, want)
		}
	}
}
