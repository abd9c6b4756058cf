package plasticity

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// inputs is a function as Inputs.
type inputs func(i int, x []float64)

func (f inputs) Pattern(i int, x []float64) error { f(i, x); return nil }

// normal is a source of independent N(0,1) for pattern i.
func normal(seed uint64, i int) *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(i)<<20)) }

func white(seed uint64) inputs {
	return func(i int, x []float64) {
		rng := normal(seed, i)
		for j := range x {
			x[j] = rng.NormFloat64()
		}
	}
}

// gaussian is correlated Gaussian input: standard deviations sd along the
// columns of a random rotation, which is returned too.
func gaussian(sd []float64, seed uint64) (inputs, *mat.Dense) {
	d := len(sd)
	rng := normal(seed, -1)
	a := mat.NewDense(d, d, nil)
	a.Apply(func(_, _ int, _ float64) float64 { return rng.NormFloat64() }, a)
	var qr mat.QR
	qr.Factorize(a)
	var axes mat.Dense
	qr.QTo(&axes)
	return func(i int, x []float64) {
		rng := normal(seed, i)
		clear(x)
		for k, s := range sd {
			s *= rng.NormFloat64()
			for j := range x {
				x[j] += s * axes.At(j, k)
			}
		}
	}, &axes
}

// along is |cos| of the angle between w and a column of axes.
func along(w []float64, axes *mat.Dense, column int) float64 {
	return math.Abs(floats.Dot(w, mat.Col(nil, column, axes))) / floats.Norm(w, 2)
}

func runOrFail(t *testing.T, e Experiment, w [][]float64, steps int) {
	t.Helper()
	if err := e.Run(context.Background(), w, steps, nil); err != nil {
		t.Fatal(err)
	}
}

// Oja's neuron ends at the first principal component, with unit norm.
func TestOjaFindsTheFirstPrincipalComponent(t *testing.T) {
	x, axes := gaussian([]float64{2, 1.2, .8, .5, .3}, 3)
	w := Gaussian(4, 5, 0, .3, 1)
	runOrFail(t, Experiment{Rule: Oja{}, Inputs: x, Rate: Inverse(5, 500)}, w, 20000)
	for i, wi := range w {
		if c, norm := along(wi, axes, 0), floats.Norm(wi, 2); c < .999 || math.Abs(norm-1) > .01 {
			t.Errorf("neuron %d: |cos| to the first component %.4f, norm %.4f; want 1 and 1", i, c, norm)
		}
	}
}

// Sanger's neurons end at the principal components in their order.
func TestSangerFindsComponentsInOrder(t *testing.T) {
	x, axes := gaussian([]float64{2, 1.4, 1, .5, .3}, 4)
	w := Gaussian(3, 5, 0, .3, 1)
	runOrFail(t, Experiment{Rule: Sanger{}, Inputs: x, Rate: Inverse(5, 500)}, w, 40000)
	for i, wi := range w {
		if c, norm := along(wi, axes, i), floats.Norm(wi, 2); c < .995 || math.Abs(norm-1) > .02 {
			t.Errorf("neuron %d: |cos| to component %d %.4f, norm %.4f; want 1 and 1", i, i, c, norm)
		}
	}
}

// Hebb with normalisation and the covariance rule point along the first
// component too; the first keeps its length, and with a decay above λ₁ Hebb's
// filter vanishes.
func TestHebbianGrowth(t *testing.T) {
	sd := []float64{2, .8, .5, .3}
	x, axes := gaussian(sd, 5)
	w := Gaussian(3, 4, 0, 1, 2)
	before := Clone(w)
	runOrFail(t, Experiment{Rule: Hebb{Normalise: true}, Inputs: x, Rate: Inverse(2, 500)}, w, 20000)
	for i, wi := range w {
		if c, grown := along(wi, axes, 0), floats.Norm(wi, 2)/floats.Norm(before[i], 2); c < .998 || math.Abs(grown-1) > 1e-12 {
			t.Errorf("normalised, neuron %d: |cos| %.4f, length × %.15g; want 1 and 1", i, c, grown)
		}
	}

	// The same inputs about a mean of 3: covariance does not see the mean.
	shifted := inputs(func(i int, v []float64) {
		x(i, v)
		floats.AddConst(3, v)
	})
	w = Gaussian(3, 4, 0, .01, 2)
	runOrFail(t, Experiment{Rule: Covariance{}, Inputs: shifted, Rate: Constant(.001), Tau: 1000}, w, 2500)
	for i, wi := range w {
		if c := along(wi, axes, 0); c < .99 {
			t.Errorf("covariance, neuron %d: |cos| to the first component %.4f, want 1", i, c)
		}
	}

	w = Gaussian(3, 4, 0, 1, 2)
	runOrFail(t, Experiment{Rule: Hebb{Decay: 6}, Inputs: x, Rate: Constant(.01)}, w, 2000)
	for i, wi := range w {
		if norm := floats.Norm(wi, 2); norm > 1e-3 {
			t.Errorf("decay 6 > λ₁ = 4, neuron %d: norm %.3g, want 0", i, norm)
		}
	}
}

// Anti-Hebb about b makes every answer b, whatever the input: a novelty filter.
func TestAntiHebbAnswersItsBaseline(t *testing.T) {
	rng := normal(6, 0)
	patterns := NewWeights(3, 5) // fewer than inputs: all can be answered
	for _, p := range patterns {
		for j := range p {
			p[j] = rng.NormFloat64()
		}
	}
	x := inputs(func(i int, x []float64) { copy(x, patterns[i%3]) })
	w := Gaussian(2, 5, 0, 1, 1)
	runOrFail(t, Experiment{Rule: AntiHebb{Baseline: 2}, Inputs: x, Rate: Constant(.05)}, w, 5000)
	for i, wi := range w {
		for p, x := range patterns {
			if y := floats.Dot(wi, x); math.Abs(y-2) > 1e-6 {
				t.Errorf("neuron %d answers %.9g to pattern %d, want 2", i, y, p)
			}
		}
	}
}

// BCM's neurons answer d to one of d independent patterns, and 0 to the others.
func TestBCMBecomesSelective(t *testing.T) {
	const d = 4
	patterns := [d][]float64{{1, .3, .1, 0}, {.2, 1, .3, .1}, {0, .2, 1, .4}, {.3, 0, .1, 1}}
	x := inputs(func(i int, x []float64) { copy(x, patterns[normal(7, i).IntN(d)]) })
	w := Gaussian(6, d, .3, .1, 3)
	runOrFail(t, Experiment{Rule: BCM{}, Inputs: x, Rate: Inverse(20, 4000), Tau: 200}, w, 60000)
	for i, wi := range w {
		high := 0
		for p := range patterns {
			y := floats.Dot(wi, patterns[p])
			switch {
			case math.Abs(y-d) < .25:
				high++
			case math.Abs(y) > .25:
				t.Errorf("neuron %d answers %.3f to pattern %d, want 0 or %d", i, y, p, d)
			}
		}
		if high != 1 {
			t.Errorf("neuron %d answers strongly to %d patterns, want 1", i, high)
		}
	}
}

// Földiák's lines: images of 8×8 pixels on which each of 16 lines appears with
// probability 1/8. Each line ends with a neuron of its own; the answers are
// sparse and hardly correlated.
func TestFoldiakLearnsASparseCode(t *testing.T) {
	const side, lines = 8, 16
	drawn := func(i int) (on [lines]bool) {
		rng := normal(8, i)
		for l := range on {
			on[l] = rng.IntN(8) == 0
		}
		return on
	}
	x := inputs(func(i int, x []float64) {
		clear(x)
		for l, on := range drawn(i) {
			for k := range side {
				if on && l < side {
					x[l*side+k] = 1
				} else if on {
					x[k*side+l-side] = 1
				}
			}
		}
	})
	w := NewWeights(lines, side*side)
	rng := normal(9, 0)
	for i := range w {
		for j := range w[i] {
			w[i][j] = rng.Float64()
		}
		floats.Scale(1/floats.Norm(w[i], 2), w[i])
	}
	rule := &Foldiak{}
	runOrFail(t, Experiment{Rule: rule, Inputs: x, Rate: Constant(.02)}, w, 6000)

	// Fresh images, with learning switched off.
	const shown = 1500
	image, drive, post := make([]float64, side*side), make([]float64, lines), make([]float64, lines)
	answers, truth := mat.NewDense(shown, lines, nil), mat.NewDense(shown, lines, nil)
	for s := range shown {
		x.Pattern(1_000_000+s, image)
		for i := range w {
			drive[i] = floats.Dot(w[i], image)
		}
		rule.Respond(post, drive)
		answers.SetRow(s, post)
		for l, on := range drawn(1_000_000 + s) {
			if on {
				truth.Set(s, l, 1)
			}
		}
	}
	var rate, largest float64
	found := map[int]bool{}
	for i := range lines {
		column := mat.Col(nil, i, answers)
		rate += stat.Mean(column, nil) / lines
		for k := range i {
			largest = max(largest, math.Abs(stat.Correlation(column, mat.Col(nil, k, answers), nil)))
		}
		for l := range lines {
			if stat.Correlation(column, mat.Col(nil, l, truth), nil) > .8 {
				found[l] = true
			}
		}
	}
	t.Logf("mean rate %.3f, largest correlation %.3f, %d of %d lines have a neuron", rate, largest, len(found), lines)
	if math.Abs(rate-1./8) > .03 || largest > .25 || len(found) < 14 {
		t.Errorf("mean rate %.3f (want .125), largest correlation %.3f (want about 0), %d of %d lines have a neuron", rate, largest, len(found), lines)
	}
}

// The lateral weights, the thresholds and the answers of Földiák's layer against
// their equations, written out.
func TestFoldiakAgainstItsEquations(t *testing.T) {
	const n, d, β = 4, 6, .1
	rng := normal(11, 0)
	f := &Foldiak{P: .2, LateralRate: 2, ThresholdRate: 3, Gain: 5, Lateral: NewWeights(n, n), Thresholds: make([]float64, n)}
	for i := range n {
		f.Thresholds[i] = rng.Float64() - .5
		for j := range n {
			if i != j {
				f.Lateral[i][j] = -rng.Float64()
			}
		}
	}
	drive, post := make([]float64, n), make([]float64, n)
	for i := range drive {
		drive[i] = rng.NormFloat64()
	}
	// ẏ* = f(drive + l y* − t) − y*, settled by many small steps.
	y := make([]float64, n)
	for range 200_000 {
		next := append([]float64(nil), y...)
		for i := range y {
			u := drive[i] - f.Thresholds[i]
			for j := range y {
				u += f.Lateral[i][j] * y[j]
			}
			next[i] += .001 * (1/(1+math.Exp(-5*u)) - y[i])
		}
		y = next
	}
	f.Respond(post, drive)
	for i := range y {
		if want := map[bool]float64{true: 1, false: 0}[y[i] > .5]; post[i] != want || math.Abs(f.rates[i]-y[i]) > 1e-3 {
			t.Errorf("neuron %d answers %g at the rate %.5f, want %g at %.5f", i, post[i], f.rates[i], want, y[i])
		}
	}

	a := someActivity(n, d, 2, 3)
	for b := range a.Post {
		for i := range a.Post[b] {
			a.Post[b][i] = float64(rng.IntN(2))
		}
	}
	lateral, thresholds := Clone(f.Lateral), append([]float64(nil), f.Thresholds...)
	for b := range a.Pre {
		y := a.Post[b]
		for i := range n {
			thresholds[i] += 3 * β / 2 * (y[i] - .2)
			for j := range n {
				if i != j {
					lateral[i][j] = min(0, lateral[i][j]-2*β/2*(y[i]*y[j]-.2*.2))
				}
			}
		}
	}
	changeOf(f, β, a)
	for i := range n {
		if !floats.EqualApprox(f.Lateral[i], lateral[i], 1e-14) || math.Abs(f.Thresholds[i]-thresholds[i]) > 1e-14 {
			t.Errorf("neuron %d: lateral weights %v, threshold %g; want %v, %g", i, f.Lateral[i], f.Thresholds[i], lateral[i], thresholds[i])
		}
	}
	still := &Foldiak{LateralRate: -1, ThresholdRate: -1}
	changeOf(still, β, a)
	if floats.Norm(still.Lateral[0], 1) != 0 || floats.Norm(still.Thresholds, 1) != 0 {
		t.Error("rates below 0 are not none")
	}
}
