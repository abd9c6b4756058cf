package neuron

import (
	"context"
	"fmt"
	"math"
)

// A Circuit is a pool of N excitatory rate neurons and the inhibitory neuron
// that all of them drive and that inhibits them all:
//
//	τ ṙ_i   = −r_i + f(z_i − α r_inh + b)
//	τ ṙ_inh = −r_inh + (1/N) Σ_j r_j − b
//
// where z_i = w_iᵀx is the drive of neuron i. With linear neurons (f the
// identity) it settles at
//
//	r_inh = z̄/(1+α),   r_i = b + z_i − α z̄/(1+α),   z̄ = (1/N) Σ_j z_j,
//
// so that r_i − b − r_inh = z_i − z̄ for any α, and r_i − b → z_i − z̄ for α → ∞.
//
// On its way there r_i − r̄ decays like e^{−t/τ}, while r̄ and r_inh oscillate
// at √α/τ under the same envelope: eigenvalues (−1 ± i√α)/τ. Euler steps of dt
// are stable for dt/τ < 2/(1+α), Runge–Kutta steps for dt/τ < 2.6/√(1+α).
//
// Source: Pogodin et al. 2021 (arXiv:2106.13031), the lateral circuit of dynamic
// weight sharing.
type Circuit struct {
	o     CircuitOptions
	state []float64 // r_1 … r_N, r_inh
	drive []float64 // while a step is made
	flow  Flow
}

// CircuitOptions are the constants of a Circuit; zeros mean those of the paper.
type CircuitOptions struct {
	Tau      float64    // τ, time constant of all neurons, ms; 0 = 30
	Alpha    float64    // α, inhibitory feedback; 0 = 10, below 0 none
	Baseline float64    // b, the rate without drive; 0 = 1, below 0 none
	Step     float64    // dt, of one Respond, ms; 0 = 1
	Method   Integrator // nil = Euler, as in the paper
	Transfer Transfer   // f; nil = identity, as in the paper
}

// NewCircuit returns a circuit of n neurons whose rates are all 0. It fails if
// the constants make no circuit: τ or dt not positive, or steps so long that the
// linear circuit would not settle.
func NewCircuit(n int, o CircuitOptions) (*Circuit, error) {
	o.Tau, o.Step = orDefault(o.Tau, 30), orDefault(o.Step, 1)
	o.Alpha, o.Baseline = max(0, orDefault(o.Alpha, 10)), max(0, orDefault(o.Baseline, 1))
	if o.Method == nil {
		o.Method = &Euler{}
	}
	if n < 1 {
		panic(fmt.Sprintf("neuron: a circuit of %d neurons", n))
	}
	if !(o.Tau > 0 && o.Step > 0) || math.IsInf(max(o.Tau, o.Step, o.Alpha, o.Baseline), 1) || math.IsNaN(o.Alpha+o.Baseline) {
		return nil, fmt.Errorf("circuit: τ = %g ms in steps of %g ms, α = %g, b = %g: expected a positive τ and step, and finite α and b", o.Tau, o.Step, o.Alpha, o.Baseline)
	}
	if o.Transfer == nil && !o.stable(o.Step) {
		largest, remedy := o.largestStep(), ""
		o.Method = &RungeKutta{}
		if o.stable(o.Step) {
			remedy = ", or the Runge–Kutta method"
		}
		return nil, fmt.Errorf("circuit: steps of %g ms are unstable with τ = %g ms and α = %g: take steps below %.3g ms%s", o.Step, o.Tau, o.Alpha, largest, remedy)
	}
	c := &Circuit{o: o, state: make([]float64, n+1)}
	c.flow = c.derivative
	return c, nil
}

// stable reports whether the mean rate and r_inh of the linear circuit, with
// eigenvalues (−1 ± i√α)/τ, decay in steps of dt. The deviations from the mean,
// with −1/τ, do so in longer steps too.
func (o CircuitOptions) stable(dt float64) bool {
	h := dt / o.Tau
	return growth(o.Method, complex(-h, h*math.Sqrt(o.Alpha))) < 1
}

// largestStep finds the step, shorter than the unstable o.Step, at which the
// linear circuit becomes unstable, by bisection.
func (o CircuitOptions) largestStep() float64 {
	below, above := 0.0, o.Step
	for range 60 {
		if middle := (below + above) / 2; o.stable(middle) {
			below = middle
		} else {
			above = middle
		}
	}
	return below
}

// Options returns the constants with the defaults filled in.
func (c *Circuit) Options() CircuitOptions { return c.o }

// Rates returns r (n) and r_inh as they are now; r must not be changed.
func (c *Circuit) Rates() (r []float64, inhibition float64) {
	n := len(c.state) - 1
	return c.state[:n], c.state[n]
}

// Respond advances the circuit by one step under the drives z (n), writes the
// rates r into post (n) and returns r_inh.
func (c *Circuit) Respond(post, drive []float64) (inhibition float64) {
	c.check(post, drive)
	c.drive = drive
	c.o.Method.Step(c.flow, c.state, c.o.Step)
	return c.state[copy(post, c.state[:len(drive)])]
}

func (c *Circuit) check(post, drive []float64) {
	if n := len(c.state) - 1; len(post) != n || len(drive) != n {
		panic(fmt.Sprintf("neuron: %d drives and %d rates for a circuit of %d neurons", len(drive), len(post), n))
	}
}

// derivative is the right-hand side of the circuit's equations, over τ.
func (c *Circuit) derivative(rate, state []float64) {
	n := len(state) - 1
	r, inhibition := state[:n], state[n]
	dr, drive := rate[:n], c.drive[:n]
	per, offset := 1/c.o.Tau, c.o.Baseline-c.o.Alpha*inhibition
	if c.o.Transfer == nil {
		for i, ri := range r {
			dr[i] = per * (drive[i] + offset - ri)
		}
	} else {
		for i, ri := range r {
			dr[i] = per * (c.o.Transfer(drive[i]+offset) - ri)
		}
	}
	rate[n] = per * (mean(r) - c.o.Baseline - inhibition)
}

// SteadyState writes the rates at which the linear circuit settles under the
// drives z (n) into post (n) and returns r_inh. The state of the circuit is left
// as it is. It panics if the circuit is not linear: see Settle.
func (c *Circuit) SteadyState(post, drive []float64) (inhibition float64) {
	c.check(post, drive)
	if c.o.Transfer != nil {
		panic("neuron: the steady state of a circuit that is not linear has no closed form")
	}
	inhibition = mean(drive) / (1 + c.o.Alpha)
	for i, z := range drive {
		post[i] = c.o.Baseline + z - c.o.Alpha*inhibition
	}
	return inhibition
}

// Settle advances the circuit under the drives z (n) until no rate changes by
// more than tolerance per τ, and writes the rates into post (n). It returns
// r_inh and the number of steps. It fails if the rates have not settled after
// limit steps (0 = 100,000), with how far they were; at once if they are no
// longer finite; and with ctx's error. Then post is left as it is.
func (c *Circuit) Settle(ctx context.Context, post, drive []float64, tolerance float64, limit int) (inhibition float64, steps int, err error) {
	c.check(post, drive)
	if limit == 0 {
		limit = 100_000
	}
	rate := make([]float64, len(c.state))
	for ; ; steps++ {
		if steps%1024 == 0 && ctx.Err() != nil {
			return 0, steps, ctx.Err()
		}
		c.drive = drive
		c.derivative(rate, c.state)
		var fastest float64 // change per τ, NaN if any is
		for _, v := range rate {
			fastest = max(fastest, math.Abs(v)*c.o.Tau)
		}
		switch {
		case math.IsNaN(fastest) || math.IsInf(fastest, 1):
			return 0, steps, fmt.Errorf("circuit: after %d steps of %g ms a rate changes by %g per τ: expected finite drives, and steps in which the circuit is stable", steps, c.o.Step, fastest)
		case fastest <= tolerance:
			return c.state[copy(post, c.state[:len(drive)])], steps, nil
		case steps >= limit:
			return 0, steps, fmt.Errorf("circuit: not settled after %d steps of %g ms: the fastest rate still changes by %.3g per τ, expected at most %g", steps, c.o.Step, fastest, tolerance)
		}
		c.o.Method.Step(c.flow, c.state, c.o.Step)
	}
}

// Settled is a linear circuit whose dynamics are over before its synapses
// change: it answers with its steady state at once.
type Settled struct{ *Circuit }

// Respond is SteadyState.
func (s Settled) Respond(post, drive []float64) float64 { return s.SteadyState(post, drive) }

// mean is the mean of v, summed in four parts whose order is fixed: a single
// running sum would wait for each addition.
func mean(v []float64) float64 {
	var a, b, c, d float64
	i := 0
	for ; i+4 <= len(v); i += 4 {
		a += v[i]
		b += v[i+1]
		c += v[i+2]
		d += v[i+3]
	}
	for ; i < len(v); i++ {
		a += v[i]
	}
	return ((a + b) + (c + d)) / float64(len(v))
}

func orDefault(v, whenZero float64) float64 {
	if v == 0 {
		return whenZero
	}
	return v
}
