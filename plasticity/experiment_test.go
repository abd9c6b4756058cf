package plasticity

import (
	"context"
	"errors"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gonum.org/v1/gonum/floats"
)

// The driver against a loop written out: inputs in order, momentum, schedule,
// batches, traces.
func TestExperimentAgainstALoop(t *testing.T) {
	const n, d, steps, batch, tau = 4, 6, 30, 3, 5.
	x, rate := white(1), Inverse(.5, 50)
	got := Gaussian(n, d, 0, .3, 1)
	runOrFail(t, Experiment{Rule: BCM{}, Inputs: x, Rate: rate, Momentum: .8, Batch: batch, Tau: tau}, got, steps)

	w, v := Gaussian(n, d, 0, .3, 1), NewWeights(n, d)
	θ := make([]float64, n)
	seen := 0
	for step := range steps {
		var patterns, answers [][]float64
		for b := range batch {
			p, y := make([]float64, d), make([]float64, n)
			x.Pattern(step*batch+b, p)
			for i := range w {
				y[i] = floats.Dot(w[i], p)
			}
			patterns, answers = append(patterns, p), append(answers, y)
		}
		fold := func() {
			for _, y := range answers {
				seen++
				for i := range θ {
					θ[i] += (y[i]*y[i] - θ[i]) / min(float64(seen), tau)
				}
			}
		}
		if step == 0 {
			fold()
			seen = 0
		}
		for i := range w {
			for j := range w[i] {
				v[i][j] *= .8
				for b := range batch {
					y := answers[b][i]
					v[i][j] += rate(step) / batch * y * (y - θ[i]) * patterns[b][j]
				}
				w[i][j] += v[i][j]
			}
		}
		fold()
	}
	for i := range w {
		if !floats.EqualApprox(got[i], w[i], 1e-12) {
			t.Fatalf("neuron %d: %v, want %v", i, got[i], w[i])
		}
	}
}

// A run that diverges says when, where, with which norm and at which bound, and
// keeps what it had recorded.
func TestDivergence(t *testing.T) {
	for name, c := range map[string]struct {
		rule   Rule
		rate   float64
		advice string
	}{
		"sharing":    {Sharing{Gamma: .1}, 1, "sharing is stable, shown one input at a time, while η (⟨‖x‖²⟩ + γ) is below about 2(1−μ): here η < 0."},
		"oja":        {Oja{}, 5, "oja is stable, from filters of about unit norm, while η ‖x‖² stays well below 1−μ: here η < 0."},
		"hebb":       {Hebb{}, .5, "hebb is bounded only with normalisation, or if the decay (0)"},
		"covariance": {Covariance{}, .5, "covariance has no bound"},
	} {
		w := Gaussian(5, 9, 1, 1, 1)
		rec := Recorder{Every: 5, WeightBytes: 1 << 20}
		err := Experiment{Rule: c.rule, Inputs: white(1), Rate: Constant(c.rate)}.Run(context.Background(), w, 10000, &rec)
		e, diverged := Diverged(err)
		if !diverged {
			t.Errorf("%s: %v, want a divergence", name, err)
			continue
		}
		longest := 0.
		for _, wi := range Gaussian(5, 9, 1, 1, 1) {
			longest = max(longest, floats.Norm(wi, 2))
		}
		if norm := floats.Norm(w[e.Neuron], 2); !scalarEqual(e.Norm, norm) || !scalarEqual(e.Limit, 1e6*longest) || e.Norm <= e.Limit || e.Rate != c.rate {
			t.Errorf("%s: %+v, with a filter of norm %g and limit %g", name, e, norm, 1e6*longest)
		}
		if !strings.Contains(err.Error(), c.advice) {
			t.Errorf("%s: %v\nwant the advice %q", name, err, c.advice)
		}
		last := rec.Measures[len(rec.Measures)-1].Step
		if e.Step >= 10000 || last != e.Step {
			t.Errorf("%s: diverged by step %d, recorded until %d", name, e.Step, last)
		}
	}
}

// The learning rates that the advice gives are those at which rules diverge: at
// half of them a run stays bounded, at eight times it does not.
func TestStabilityIsWhereItIsSaid(t *testing.T) {
	number := regexp.MustCompile(`here η < ([0-9.e+-]+)`)
	for name, rule := range map[string]Bounded{"sharing": Sharing{Gamma: .01}, "antihebb": AntiHebb{}, "oja": Oja{}, "sanger": Sanger{}} {
		for _, μ := range []float64{0, .5, .95} {
			run := func(rate float64) error {
				w := Gaussian(20, 9, 0, 1./3, 1)
				return Experiment{Rule: rule, Inputs: white(2), Rate: Constant(rate), Momentum: μ}.Run(context.Background(), w, 4000, nil)
			}
			e, ok := Diverged(run(1e3))
			if !ok {
				t.Fatalf("%s: η = 1000 does not diverge", name)
			}
			// Of one input only: the running average needs some to be itself.
			a := &Activity{}
			a.Power = 9
			text := number.FindStringSubmatch(rule.Stability(a, μ))
			if text == nil || !strings.Contains(e.Advice, name) {
				t.Fatalf("%s: %q has no rate", name, rule.Stability(a, μ))
			}
			rate, err := strconv.ParseFloat(text[1], 64)
			if err != nil {
				t.Fatal(err)
			}
			if err := run(rate / 2); err != nil {
				t.Errorf("%s, μ = %g: said to be stable below %g, at half of it: %v", name, μ, rate, err)
			}
			if _, diverges := Diverged(run(8 * rate)); !diverges {
				t.Errorf("%s, μ = %g: said to be stable below %g, and is at 8 times that", name, μ, rate)
			}
		}
	}
	err := Experiment{Rule: Sharing{}, Inputs: white(1), Rate: Constant(-1)}.Run(context.Background(), Gaussian(3, 4, 1, 1, 1), 5000, nil)
	if err == nil || !strings.Contains(err.Error(), "must be finite, and 0 or more") {
		t.Errorf("a negative rate: %v", err)
	}
}

// Within a held input too, a divergence is seen within 8 steps.
func TestDivergenceUnderHeldInputs(t *testing.T) {
	for _, plain := range []bool{false, true} {
		rec := Recorder{Every: 1 << 30}
		err := Experiment{Rule: Sharing{}, Inputs: white(1), Hold: 1000, Rate: Constant(1), Plain: plain}.Run(context.Background(), Gaussian(5, 9, 1, 1, 1), 3000, &rec)
		e, ok := Diverged(err)
		if !ok || e.Step > 40 || rec.Measures[len(rec.Measures)-1].Step != e.Step {
			t.Errorf("plain %t: %v; the last record is %+v", plain, err, rec.Measures[len(rec.Measures)-1])
		}
	}
}

// An input that is held counts once in the running averages.
func TestTracesCountInputsNotSteps(t *testing.T) {
	seen := func(hold int) []float64 {
		w := Gaussian(3, 4, .3, .1, 1)
		// With η = 0 the traces depend on the inputs alone; a last input with η > 0
		// shows them.
		steps := 6 * hold
		runOrFail(t, Experiment{Rule: Covariance{}, Inputs: white(3), Hold: hold, Tau: 4, Rate: func(s int) float64 {
			if s == steps-1 {
				return 1
			}
			return 0
		}}, w, steps)
		return w[1]
	}
	if one, ten := seen(1), seen(10); !floats.EqualApprox(one, ten, 1e-12) {
		t.Errorf("with inputs held for one step %v, for ten %v", one, ten)
	}
}

func scalarEqual(a, b float64) bool { return math.Abs(a-b) <= 1e-12*math.Abs(b) }

func TestExperimentRefuses(t *testing.T) {
	broken := errors.New("the disk is gone")
	ok := Experiment{Rule: Oja{}, Inputs: white(1)}
	for name, c := range map[string]struct {
		change func(*Experiment)
		steps  int
		says   string
	}{
		"batches of held inputs":      {func(e *Experiment) { e.Batch, e.Hold = 2, 2 }, 5, "2 inputs at once, each held for 2 steps"},
		"momentum 1":                  {func(e *Experiment) { e.Momentum = 1 }, 5, "a momentum of 1"},
		"negative steps":              {func(*Experiment) {}, -1, "-1 steps"},
		"weights that are not finite": {func(e *Experiment) { e.Limit = math.Inf(1) }, 5, "expected finite weights"},
		"no time to learn":            {func(e *Experiment) { e.Hold, e.Wait = 10, 10 }, 5, "first 10 steps of an input that is held for 10"},
		"inputs that fail": {func(e *Experiment) {
			e.Inputs = failing{broken, 3}
		}, 5, "input 3: the disk is gone"},
	} {
		e := ok
		c.change(&e)
		if err := e.Run(context.Background(), Gaussian(2, 3, 0, 1, 1), c.steps, nil); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := ok.Run(ctx, Gaussian(2, 3, 0, 1, 1), 5, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a done context: %v", err)
	}
}

type failing struct {
	err error
	at  int
}

func (f failing) Pattern(i int, x []float64) error {
	if i == f.at {
		return f.err
	}
	return nil
}

// A step allocates nothing, under any rule.
func TestStepsDoNotAllocate(t *testing.T) {
	still := inputs(func(i int, x []float64) { x[i%len(x)] = .1 })
	for _, c := range ruleCases() {
		e := Experiment{Rule: c.make(), Inputs: still, Rate: Constant(1e-5)}
		allocations := func(steps int) float64 {
			return testing.AllocsPerRun(5, func() { runOrFail(t, e, Gaussian(5, 7, .1, .1, 1), steps) })
		}
		if few, many := allocations(10), allocations(210); many != few {
			t.Errorf("%s: %g allocations in 10 steps and %g in 210", c.name, few, many)
		}
	}
}

func TestMeasures(t *testing.T) {
	w0 := [][]float64{{3, 0}, {3, 8}}
	w := [][]float64{{0, 1}, {0, 3}}
	m := Measure(w, w0, 7)
	// w̄ = (0, 2) with variances 0 and 1: the first weight has no signal and no
	// noise, and does not count; w̄⁰ = (3, 4).
	want := Measures{
		Step: 7, SNR: 4, InverseSNR: .25, MeanToSD: 2,
		MeanNorm: 2. / 5, MeanCosine: 4. / 5, FilterNorm: 2,
		Drift: math.Sqrt((9 + 1 + 9 + 25) / (9. + 9 + 64)),
	}
	if math.Abs(m.Drift-want.Drift) > 1e-15 || math.Abs(m.MeanNorm-want.MeanNorm) > 1e-15 || math.Abs(m.MeanCosine-want.MeanCosine) > 1e-15 {
		t.Errorf("measures %+v, want %+v", m, want)
	}
	m.Drift, m.MeanNorm, m.MeanCosine = want.Drift, want.MeanNorm, want.MeanCosine
	if m != want {
		t.Errorf("measures %+v, want %+v", m, want)
	}
	if SNR(w) != 4 || InverseSNR(w) != .25 || MeanToSD(w) != 2 {
		t.Errorf("SNR %g, inverse %g, mean to SD %g; want 4, .25 and 2", SNR(w), InverseSNR(w), MeanToSD(w))
	}
}

// The recorded weights stay within their memory, evenly spaced from step 0.
func TestRecorderBoundsItsMemory(t *testing.T) {
	const n, d = 3, 4
	for _, room := range []int64{0, 1, 2, 3, 7, 100} {
		rec := Recorder{Every: 2, WeightBytes: room * 8 * n * d}
		w := Gaussian(n, d, 0, 1, 1)
		if err := (Experiment{Rule: Oja{}, Inputs: white(1), Rate: Constant(.01)}).Run(context.Background(), w, 41, &rec); err != nil {
			t.Fatal(err)
		}
		var steps, snapshots []int
		for _, m := range rec.Measures {
			steps = append(steps, m.Step)
		}
		for _, s := range rec.Snapshots {
			snapshots = append(snapshots, s.Step)
		}
		if len(steps) != 22 || steps[0] != 0 || steps[1] != 2 || steps[20] != 40 || steps[21] != 41 {
			t.Fatalf("recorded steps %v, want 0, 2 … 40, 41", steps)
		}
		if int64(len(snapshots)) > room || room > 0 && (len(snapshots) == 0 || snapshots[0] != 0) {
			t.Errorf("room for %d: weights of steps %v", room, snapshots)
		}
		if room == 100 && !slices.Equal(snapshots, steps) {
			t.Errorf("room for all: weights of steps %v, want %v", snapshots, steps)
		}
		for i := range snapshots {
			if i > 1 && snapshots[i]-snapshots[i-1] != snapshots[1]-snapshots[0] && i < 21 {
				t.Errorf("room for %d: weights of steps %v are not evenly spaced", room, snapshots)
			}
		}
		if room == 7 && len(snapshots) < 4 {
			t.Errorf("room for 7: weights of steps %v, expected at least 4", snapshots)
		}
	}
}
