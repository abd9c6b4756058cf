package neuron

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func identity(u float64) float64 { return u }

func newCircuit(t testing.TB, n int, o CircuitOptions) *Circuit {
	t.Helper()
	c, err := NewCircuit(n, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// drives are n values around 1.5: their mean is not 0.
func drives(n int, seed uint64) []float64 {
	rng, z := rand.New(rand.NewPCG(seed, 0)), make([]float64, n)
	for i := range z {
		z[i] = 1.5 + rng.NormFloat64()
	}
	return z
}

func plainMean(v []float64) (sum float64) {
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}

// distance is max |a_i − b_i|, NaN if any is.
func distance(a, b []float64) (d float64) {
	for i := range a {
		d = max(d, math.Abs(a[i]-b[i]))
	}
	return d
}

// exact is the state r_1 … r_N, r_inh of the linear circuit at time t under the
// drive z. About the steady state, with times in τ and s = √α:
//
//	r_i − r̄ decays like e^{−t};
//	u = r̄, v = r_inh:  u̇ = −u − αv,  v̇ = u − v,  eigenvalues −1 ± is,
//	u = e^{−t}(u₀ cos st − s v₀ sin st),  v = e^{−t}(v₀ cos st + u₀/s sin st).
func exact(o CircuitOptions, start, z []float64, t float64) []float64 {
	n := len(z)
	t /= o.Tau
	decay, s := math.Exp(-t), math.Sqrt(o.Alpha)
	sine := t // sin(st)/s
	if s > 0 {
		sine = math.Sin(s*t) / s
	}
	zMean, rMean := plainMean(z), plainMean(start[:n])
	inhibition := zMean / (1 + o.Alpha)
	settled := o.Baseline + inhibition // r̄
	u0, v0 := rMean-settled, start[n]-inhibition
	u := settled + decay*(u0*math.Cos(s*t)-o.Alpha*v0*sine)
	v := inhibition + decay*(v0*math.Cos(s*t)+u0*sine)
	state := make([]float64, n+1)
	for i := range z {
		state[i] = u + (z[i] - zMean) + decay*(start[i]-rMean-(z[i]-zMean))
	}
	state[n] = v
	return state
}

func TestCircuitConvergesToTheExactSolution(t *testing.T) {
	const n, duration = 5, 45.0 // 1.5 τ: the transient is on
	z, start := drives(n, 1), drives(n+1, 2)
	for _, alpha := range []float64{-1, 1, 10} {
		for _, m := range methods {
			longest := map[string]float64{"Euler": 0.125, "Runge–Kutta": 1.5}[m.name]
			errorOf := func(dt float64) float64 {
				c := newCircuit(t, n, CircuitOptions{Alpha: alpha, Step: dt, Method: m.make()})
				copy(c.state, start)
				post := make([]float64, n)
				for range int(math.Round(duration / dt)) {
					c.Respond(post, z)
				}
				return distance(c.state, exact(c.Options(), start, z, duration))
			}
			coarse, fine := errorOf(longest), errorOf(longest/2)
			if got := order(coarse, fine); math.Abs(got-m.order) > 0.1 {
				t.Errorf("α = %g, %s: order %.3f, want %g", alpha, m.name, got, m.order)
			}
			if m.order == 4 && fine > 1e-5 {
				t.Errorf("α = %g, %s: %g from the exact solution", alpha, m.name, fine)
			}
		}
	}
}

// The paper's own update: the rates see the former r_inh, and r_inh the former
// rates.
func TestEulerStepIsThePapersUpdate(t *testing.T) {
	const n = 7
	for name, f := range map[string]Transfer{"linear": nil, "rectified": Rectify} {
		c := newCircuit(t, n, CircuitOptions{Alpha: 8, Baseline: 0.5, Tau: 20, Step: 2, Transfer: f})
		r, inhibition, post := make([]float64, n), 0.0, make([]float64, n)
		for step := range 150 {
			z := drives(n, uint64(step/50)) // each drive is held for 50 steps
			next, sum := make([]float64, n), 0.0
			for i := range r {
				u := z[i] - 8*inhibition + 0.5
				if f != nil {
					u = max(0, u)
				}
				next[i] = r[i] + 2./20*(-r[i]+u)
				sum += r[i]
			}
			inhibition += 2. / 20 * (-inhibition + sum/n - 0.5)
			r = next
			got := c.Respond(post, z)
			rates, inh := c.Rates()
			if !(distance(post, r) < 1e-12 && math.Abs(got-inhibition) < 1e-12) {
				t.Fatalf("%s, step %d: %v and %g, the naive loop has %v and %g", name, step, post, got, r, inhibition)
			}
			if !slices.Equal(rates, post) || inh != got {
				t.Fatalf("%s: Rates %v, %g after Respond gave %v, %g", name, rates, inh, post, got)
			}
		}
	}
}

func TestSteadyStateByHand(t *testing.T) {
	c := newCircuit(t, 3, CircuitOptions{Alpha: 2})
	post := make([]float64, 3)
	for _, respond := range []func(post, drive []float64) float64{c.SteadyState, Settled{c}.Respond} {
		if inhibition := respond(post, []float64{1, 2, 6}); inhibition != 1 || !slices.Equal(post, []float64{0, 1, 5}) {
			t.Errorf("r = %v, r_inh = %g, want [0 1 5] and 1", post, inhibition)
		}
	}
	if r, inhibition := c.Rates(); !slices.Equal(r, []float64{0, 0, 0}) || inhibition != 0 {
		t.Errorf("it moved the circuit to %v and %g", r, inhibition)
	}
	expectPanic(t, func() { newCircuit(t, 3, CircuitOptions{Transfer: Rectify}).SteadyState(post, post) }, "not linear")
}

func TestSteadyState(t *testing.T) {
	const tolerance = 1e-9
	for _, alpha := range []float64{-1, 1, 10, 50} {
		for _, baseline := range []float64{-1, 0, 2.5} {
			for _, n := range []int{1, 2, 33} {
				for _, m := range methods {
					name := fmt.Sprintf("α = %g, b = %g, n = %d, %s", alpha, baseline, n, m.name)
					c := newCircuit(t, n, CircuitOptions{Alpha: alpha, Baseline: baseline, Method: m.make()})
					z, steady, post := drives(n, 3), make([]float64, n+1), make([]float64, n)
					steady[n] = c.SteadyState(steady[:n], z)

					rate := make([]float64, n+1)
					c.drive = z
					c.derivative(rate, steady)
					if d := distance(rate, make([]float64, n+1)); !(d*c.o.Tau < 1e-13*(1+alpha)+1e-13) {
						t.Errorf("%s: at the steady state a rate changes by %g per τ", name, d*c.o.Tau)
					}

					zMean, b := plainMean(z), c.Options().Baseline
					for i, r := range steady[:n] {
						if d := (r - b - steady[n]) - (z[i] - zMean); !(math.Abs(d) < 1e-13) {
							t.Errorf("%s: r_%d − b − r_inh is %g from z − z̄", name, i, d)
						}
					}

					// |A⁻¹| of the linear flow is below 3 in the maximum norm.
					inhibition, steps, err := c.Settle(context.Background(), post, z, tolerance, 0)
					if err != nil || !(distance(append(post, inhibition), steady) <= 3*tolerance) || steps == 0 {
						t.Errorf("%s: settled after %d steps at %v, %g: %v; want %v", name, steps, post, inhibition, err, steady)
					}
					if _, steps, err := c.Settle(context.Background(), post, z, tolerance, 0); steps != 0 || err != nil {
						t.Errorf("%s: settled, it takes another %d steps: %v", name, steps, err)
					}
				}
			}
		}
	}
}

// r_i − b is z̄/(1+α) away from rule (A)'s z_i − z̄.
func TestStrongInhibitionTakesTheMeanAway(t *testing.T) {
	const n = 20
	z, post := drives(n, 4), make([]float64, n)
	for _, alpha := range []float64{-1, 1, 10, 100, 1e3} {
		c := newCircuit(t, n, CircuitOptions{Alpha: alpha, Step: 1, Method: &RungeKutta{}})
		if _, _, err := c.Settle(context.Background(), post, z, 1e-10, 0); err != nil {
			t.Fatal(err)
		}
		zMean, want := plainMean(z), plainMean(z)/(1+max(0, alpha))
		for i, r := range post {
			if got := (r - 1) - (z[i] - zMean); math.Abs(got-want) > 1e-9 {
				t.Errorf("α = %g: r_%d − b is %g from z − z̄, want %g", alpha, i, got, want)
			}
		}
	}
}

func TestSettleNonlinear(t *testing.T) {
	// Neuron 2 is silent, so r_1 = 10 − r_inh, r_inh = r_1/2.
	c, post := newCircuit(t, 2, CircuitOptions{Alpha: 1, Baseline: -1, Transfer: Rectify}), make([]float64, 2)
	inhibition, _, err := c.Settle(context.Background(), post, []float64{10, -20}, 1e-10, 0)
	if err != nil || distance([]float64{post[0], post[1], inhibition}, []float64{20. / 3, 0, 10. / 3}) > 1e-9 {
		t.Errorf("by hand: %v, %g, %v, want [20/3 0] and 10/3", post, inhibition, err)
	}

	const n, tolerance = 12, 1e-9
	z := drives(n, 5)
	for name, f := range map[string]Transfer{
		"rectified": Rectify, "power": Power(0.1, 2), "logistic": Logistic(2), "tanh": Tanh,
	} {
		for _, m := range methods {
			c, post := newCircuit(t, n, CircuitOptions{Alpha: 5, Transfer: f, Method: m.make()}), make([]float64, n)
			inhibition, steps, err := c.Settle(context.Background(), post, z, tolerance, 0)
			if err != nil || steps == 0 {
				t.Errorf("%s, %s: %v after %d steps", name, m.name, err, steps)
				continue
			}
			for i, r := range post {
				if want := f(z[i] - 5*inhibition + 1); math.Abs(r-want) > 2*tolerance {
					t.Errorf("%s, %s: r_%d = %g, f(z − α r_inh + b) = %g", name, m.name, i, r, want)
				}
			}
			if want := plainMean(post) - 1; math.Abs(inhibition-want) > 2*tolerance {
				t.Errorf("%s, %s: r_inh = %g, r̄ − b = %g", name, m.name, inhibition, want)
			}
		}
	}
}

func TestSettleWithinALimit(t *testing.T) {
	const n = 6
	z, post := drives(n, 6), make([]float64, n)
	_, enough, err := newCircuit(t, n, CircuitOptions{}).Settle(context.Background(), post, z, 1e-6, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, steps, err := newCircuit(t, n, CircuitOptions{}).Settle(context.Background(), post, z, 1e-6, enough); err != nil || steps != enough {
		t.Errorf("within %d steps: %v after %d", enough, err, steps)
	}

	c := newCircuit(t, n, CircuitOptions{})
	clear(post)
	_, steps, err := c.Settle(context.Background(), post, z, 1e-6, enough-1)
	if err == nil || steps != enough-1 || distance(post, make([]float64, n)) != 0 {
		t.Fatalf("it takes %d steps, and settles in %d: %v, rates %v", enough, steps, err, post)
	}
	// The message is about the rates as they are now.
	naive := newCircuit(t, n, CircuitOptions{})
	for range enough - 1 {
		naive.Respond(post, z)
	}
	r, inhibition := naive.Rates()
	fastest := math.Abs(plainMean(r) - 1 - inhibition)
	for i := range r {
		fastest = max(fastest, math.Abs(z[i]-10*inhibition+1-r[i]))
	}
	for _, part := range []string{fmt.Sprintf("after %d steps of 1 ms", enough-1), fmt.Sprintf("%.3g per τ", fastest), "1e-06"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
	if !slices.Equal(c.state, naive.state) {
		t.Errorf("it made other steps than Respond: %v, %v", c.state, naive.state)
	}
}

func TestSettleCancelled(t *testing.T) {
	z, post := drives(2, 7), make([]float64, 2)
	ctx, cancel := context.WithCancel(context.Background())
	const when = 5000
	calls := 0
	c := newCircuit(t, 2, CircuitOptions{Transfer: func(u float64) float64 {
		if calls++; calls == when {
			cancel()
		}
		return u
	}})
	_, steps, err := c.Settle(ctx, post, z, -1, 1e6) // a tolerance that nothing meets
	if !errors.Is(err, context.Canceled) || steps > when/4+1024 {
		t.Errorf("cancelled at step %d: %v after %d steps", when/4, err, steps)
	}
	calls = 0
	if _, steps, err := c.Settle(ctx, post, z, 1e-6, 0); !errors.Is(err, context.Canceled) || steps != 0 || calls != 0 {
		t.Errorf("cancelled before: %v after %d steps", err, steps)
	}
}

func TestSettleRefusesWhatIsNotFinite(t *testing.T) {
	const n = 5
	for _, m := range methods {
		for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			for i := range n {
				c, z, post := newCircuit(t, n, CircuitOptions{Method: m.make()}), drives(n, 8), make([]float64, n)
				if _, _, err := c.Settle(context.Background(), post, z, 1e-6, 0); err != nil {
					t.Fatal(err)
				}
				// Now all other rates are at rest.
				good := z[i]
				z[i] = bad
				_, steps, err := c.Settle(context.Background(), post, z, 1e-6, 0)
				if err == nil || steps != 0 || !strings.Contains(err.Error(), "finite") {
					t.Errorf("%s, drive %d is %g: %v after %d steps", m.name, i, bad, err, steps)
				}
				// The circuit survives.
				z[i] = good
				if _, _, err := c.Settle(context.Background(), post, z, 1e-6, 0); err != nil {
					t.Errorf("%s, drive %d was %g: %v", m.name, i, bad, err)
				}
				z[i] = bad
				c.Respond(post, z)
				if _, steps, err := c.Settle(context.Background(), post, drives(n, 8), 1e-6, 0); err == nil || steps != 0 {
					t.Errorf("%s, a rate is not finite: %v after %d steps", m.name, err, steps)
				}
			}
		}
		// The check of the steps is for linear neurons; others that diverge end.
		c := newCircuit(t, n, CircuitOptions{Step: 30, Transfer: identity, Method: m.make()})
		_, steps, err := c.Settle(context.Background(), make([]float64, n), drives(n, 8), 1e-6, 0)
		if err == nil || steps == 0 || steps == 100_000 {
			t.Errorf("%s, unstable steps: %v after %d steps", m.name, err, steps)
		}
	}
}

func TestNewCircuit(t *testing.T) {
	c := newCircuit(t, 4, CircuitOptions{})
	o := c.Options()
	if _, euler := o.Method.(*Euler); o.Tau != 30 || o.Alpha != 10 || o.Baseline != 1 || o.Step != 1 || !euler || o.Transfer != nil {
		t.Errorf("defaults %+v", o)
	}
	if r, inhibition := c.Rates(); !slices.Equal(r, make([]float64, 4)) || inhibition != 0 {
		t.Errorf("it starts at %v and %g", r, inhibition)
	}
	if o := newCircuit(t, 4, CircuitOptions{Alpha: -1, Baseline: -2}).Options(); o.Alpha != 0 || o.Baseline != 0 {
		t.Errorf("below 0: α = %g, b = %g, want none", o.Alpha, o.Baseline)
	}

	nan, inf := math.NaN(), math.Inf(1)
	for _, o := range []CircuitOptions{
		{Tau: -1}, {Tau: nan}, {Tau: inf}, {Step: -1}, {Step: nan}, {Step: inf},
		{Alpha: nan}, {Alpha: inf}, {Baseline: nan}, {Baseline: inf},
	} {
		for _, o.Transfer = range []Transfer{nil, Rectify} {
			if _, err := NewCircuit(4, o); err == nil || !strings.Contains(err.Error(), "expected a positive τ") {
				t.Errorf("τ = %g, dt = %g, α = %g, b = %g: %v", o.Tau, o.Step, o.Alpha, o.Baseline, err)
			}
		}
	}

	expectPanic(t, func() { NewCircuit(0, CircuitOptions{}) }, "0 neurons")
	three, four, five := make([]float64, 3), make([]float64, 4), make([]float64, 5)
	for _, lengths := range [][2][]float64{{three, four}, {four, five}, {five, five}} {
		post, drive := lengths[0], lengths[1]
		numbers := fmt.Sprintf("%d drives and %d rates for a circuit of 4 neurons", len(drive), len(post))
		expectPanic(t, func() { c.Respond(post, drive) }, numbers)
		expectPanic(t, func() { c.SteadyState(post, drive) }, numbers)
		expectPanic(t, func() { c.Settle(context.Background(), post, drive, 1e-6, 0) }, numbers)
	}
}

func TestNewCircuitRefusesUnstableSteps(t *testing.T) {
	for _, c := range []struct {
		o       CircuitOptions
		message string // "" = accepted
		remedy  bool
	}{
		{CircuitOptions{Step: 5.45}, "", false}, // 2τ/(1+α) = 5.4545
		{CircuitOptions{Step: 5.46}, "below 5.45 ms", true},
		{CircuitOptions{Step: 5.46, Method: &RungeKutta{}}, "", false},
		{CircuitOptions{Alpha: 100}, "below 0.594 ms", true},
		{CircuitOptions{Alpha: 100, Method: &RungeKutta{}}, "", false},
		{CircuitOptions{Alpha: -1, Step: 59}, "", false},
		{CircuitOptions{Alpha: -1, Step: 61}, "below 60 ms", true},
		{CircuitOptions{Step: 25.6, Method: &RungeKutta{}}, "", false},
		{CircuitOptions{Step: 25.7, Method: &RungeKutta{}}, "below 25.6 ms", false},
		{CircuitOptions{Step: 25.7}, "below 5.45 ms", false},
		{CircuitOptions{Step: 25.7, Transfer: Tanh}, "", false},
	} {
		name := fmt.Sprintf("α = %g, steps of %g ms by %T", c.o.Alpha, c.o.Step, c.o.Method)
		_, err := NewCircuit(3, c.o)
		switch {
		case c.message == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.message != "" && (err == nil || !strings.Contains(err.Error(), c.message)):
			t.Errorf("%s: %v, want %q", name, err, c.message)
		case err != nil && strings.Contains(err.Error(), "or the Runge–Kutta method") != c.remedy:
			t.Errorf("%s: %v: the Runge–Kutta method is a remedy: %t", name, err, c.remedy)
		}
	}
}

// The largest stable step is where the circuit itself goes from settling to
// diverging; by Euler it is 2τ/(1+α), by Runge–Kutta at least 2.6 τ/√(1+α).
func TestLargestStep(t *testing.T) {
	z, post := drives(3, 9), make([]float64, 3)
	for _, alpha := range []float64{-1, 0.1, 0.5, 1, 2.2, 10, 50, 1000} {
		for _, m := range methods {
			// A transfer function, even this one, passes NewCircuit.
			o := newCircuit(t, 3, CircuitOptions{Tau: 20, Alpha: alpha, Step: 1000, Method: m.make(), Transfer: identity}).Options()
			largest := o.largestStep()
			if want := 2 * 20 / (1 + o.Alpha); m.order == 1 && math.Abs(largest-want) > 1e-9 {
				t.Errorf("α = %g, %s: the largest step is %g, want %g", alpha, m.name, largest, want)
			}
			if least := 2.6 * 20 / math.Sqrt(1+o.Alpha); m.order == 4 && largest < least {
				t.Errorf("α = %g, %s: the largest step is %g, want at least %g", alpha, m.name, largest, least)
			}
			steady := make([]float64, 4)
			steady[3] = newCircuit(t, 3, CircuitOptions{Alpha: alpha, Method: &RungeKutta{}}).SteadyState(steady[:3], z)
			away := func(dt float64) float64 {
				c := newCircuit(t, 3, CircuitOptions{Tau: 20, Alpha: alpha, Step: dt, Method: m.make(), Transfer: identity})
				for range 300 * int(o.Alpha+11) {
					c.Respond(post, z)
				}
				return distance(c.state, steady)
			}
			if d := away(0.98 * largest); !(d < 1e-3) {
				t.Errorf("α = %g, %s: with steps of %g ms it ends %g from its steady state", alpha, m.name, 0.98*largest, d)
			}
			if d := away(1.02 * largest); d < 1e3 {
				t.Errorf("α = %g, %s: with steps of %g ms it ends only %g from its steady state", alpha, m.name, 1.02*largest, d)
			}
		}
	}
}

func TestMean(t *testing.T) {
	for n := 1; n < 20; n++ {
		v := make([]float64, n)
		for i := range v {
			v[i] = float64(i*i%11) - 3
		}
		if got, want := mean(v), plainMean(v); got != want { // sums of integers are exact
			t.Errorf("the mean of %v is %g, want %g", v, got, want)
		}
	}
	v := drives(1001, 10)
	if got, want := mean(v), plainMean(v); math.Abs(got-want) > 1e-13 {
		t.Errorf("the mean of 1001 values is %g, want %g", got, want)
	}
}

func TestRespondDoesNotAllocate(t *testing.T) {
	const n = 50
	z, post := drives(n, 11), make([]float64, n)
	for _, f := range []Transfer{nil, Rectify} {
		for _, m := range methods {
			c := newCircuit(t, n, CircuitOptions{Method: m.make(), Transfer: f})
			c.Respond(post, z) // makes the integrator's memory
			if allocations := testing.AllocsPerRun(100, func() { c.Respond(post, z) }); allocations != 0 {
				t.Errorf("%s: %g allocations a step", m.name, allocations)
			}
		}
	}
}

func BenchmarkCircuit(b *testing.B) {
	b.Run("n100", func(b *testing.B) {
		const n = 100
		c, z, post := newCircuit(b, n, CircuitOptions{}), drives(n, 12), make([]float64, n)
		for b.Loop() {
			c.Respond(post, z)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/step")
	})
}
