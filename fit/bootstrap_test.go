package fit

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"ventral/internal/kernel"
)

// noisyPredictions are predictions of n stimuli × q neuroids by their true
// means: r² = signal in a population of stimuli. Ten shuffle splits.
func noisyPredictions(seed uint64, n, q int, signal float64) *Predictions {
	splits, err := ShuffleSplit{Seed: uint32(seed)}.Split(n)
	if err != nil {
		panic(err)
	}
	rng := rand.New(rand.NewPCG(seed, 7))
	truth, y := mat.NewDense(n, q, nil), mat.NewDense(n, q, nil)
	for i := range n {
		for j := range q {
			z := rng.NormFloat64()
			truth.Set(i, j, 3+z)
			y.Set(i, j, 20+math.Sqrt(signal)*z+math.Sqrt(1-signal)*rng.NormFloat64())
		}
	}
	return predictionsOf(truth, y, splits)
}

// predictionsOf predicts the test stimuli of every split by the rows of x.
func predictionsOf(x, y *mat.Dense, splits []Split) *Predictions {
	p := &Predictions{Splits: splits, Responses: y}
	for _, s := range splits {
		p.Predicted = append(p.Predicted, gather(x, s.Test))
	}
	return p
}

// disjoint divides n stimuli into test sets of successive rows.
func disjoint(n, folds int) []Split {
	splits := make([]Split, folds)
	for i := range n {
		k := i * folds / n
		splits[k].Test = append(splits[k].Test, i)
	}
	return splits
}

func bootstrap(t *testing.T, p *Predictions, o BootstrapOptions) *Bootstrapped {
	t.Helper()
	b, err := Bootstrap(context.Background(), p, o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// awkward are predictions with neuroids that never change, that hardly ever
// respond, that lie far from zero, that differ by rounding only, and that have
// an outlier.
func awkward(splits []Split, n int) *Predictions {
	p := noisyPredictions(3, n, 8, .4)
	rng := rand.New(rand.NewPCG(5, 5))
	x, y := mat.NewDense(n, 8, nil), p.Responses
	for i := range n {
		for j := range 8 {
			x.Set(i, j, y.At(i, j)+rng.NormFloat64())
		}
		y.Set(i, 1, 4)
		y.Set(i, 2, float64((n-1-i)/(n-1)))
		y.Set(i, 3, y.At(i, 3)+1e9)
		y.Set(i, 4, .3+float64(i%2)*1e-17+.1*float64((n-i)/n))
		if i == n/2 {
			x.Set(i, 5, 1e7)
		}
		x.Set(i, 6, float64(i%3/2))
	}
	return predictionsOf(x, y, splits)
}

// A draw is the score of the stimuli and neuroids repeated as they were drawn.
func TestBootstrapDrawsByBruteForce(t *testing.T) {
	const n = 60
	shuffled, err := ShuffleSplit{Train: .6, Splits: 4}.Split(n)
	if err != nil {
		t.Fatal(err)
	}
	movies := make([]string, n)
	for i := range movies {
		movies[i] = string(rune('a' + (i*i)%11))
	}
	for _, c := range []struct {
		name   string
		splits []Split
		o      BootstrapOptions
	}{
		{"dual", shuffled, BootstrapOptions{}},
		{"stimuli", shuffled, BootstrapOptions{Resample: ResampleStimuli, Seed: 2}},
		{"neuroids", shuffled, BootstrapOptions{Resample: ResampleNeuroids}},
		{"folds", disjoint(n, 6), BootstrapOptions{Seed: 9}},
		{"movies", disjoint(n, 12), BootstrapOptions{Groups: movies}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := awkward(c.splits, n)
			_, q := p.Responses.Dims()
			c.o.Draws = 130
			b := bootstrap(t, p, c.o)
			units, err := exchangeable(p.tested(), c.o.Groups, n)
			if err != nil {
				t.Fatal(err)
			}
			undefined, empty := 0, 0
			for d, got := range b.Draws {
				rng := rand.New(rand.NewPCG(c.o.Seed, uint64(d)))
				times := make([]float64, n)
				if c.o.Resample == ResampleNeuroids {
					fill(times, 1)
				} else {
					drawWeights(times, units, rng)
				}
				neuroids := drawNeuroids(q, b.Resampled, rng)
				var medians []float64
				for i, s := range p.Splits {
					var r []float64
					for _, j := range neuroids {
						var x, y []float64
						for k, row := range s.Test {
							for range int(times[row]) {
								x, y = append(x, p.Predicted[i].At(k, j)), append(y, p.Responses.At(row, j))
							}
						}
						r = append(r, pearson(x, y))
					}
					m, u := medianDefined(r)
					undefined += u
					if math.IsNaN(m) {
						empty++
					} else {
						medians = append(medians, m)
					}
				}
				if want := mean(medians); math.Abs(got-want) > 1e-12 {
					t.Fatalf("draw %d: %v, by repeated rows %v", d, got, want)
				}
			}
			if b.Undefined != undefined || b.EmptySplits != empty || undefined == 0 {
				t.Errorf("undefined %d and empty %d, counted %d and %d", b.Undefined, b.EmptySplits, undefined, empty)
			}
			if low, high := b.Draws.Interval(.95); b.Low != low || b.High != high || !(low < high) {
				t.Errorf("interval %v … %v of draws in %v … %v", b.Low, b.High, low, high)
			}
		})
	}
}

func TestBootstrapScoreIsScores(t *testing.T) {
	x, y := problemOf("smooth", 5, 100, 20, 5)
	score, err := Score(t.Context(), Dense(x), y, Options{Regression: Ridge{}, KeepPredictions: true})
	if err != nil {
		t.Fatal(err)
	}
	if b := bootstrap(t, score.Predictions, BootstrapOptions{Draws: 50}); b.Score != score.Score || !(b.Low <= b.Score && b.Score <= b.High) {
		t.Errorf("score %v, bootstrapped %v in %v … %v", score.Score, b.Score, b.Low, b.High)
	}
	for i, s := range score.Predictions.Splits {
		for k, row := range s.Test {
			if e := score.Predictions.Predicted[i].At(k, 2) - y.At(row, 2); !(math.Abs(e) < 2) {
				t.Errorf("split %d, stimulus %d: predicted %v of %v", i, row, e+y.At(row, 2), y.At(row, 2))
			}
		}
	}
	without, err := Score(t.Context(), Dense(x), y, Options{Regression: Ridge{}})
	if err != nil || without.Predictions != nil {
		t.Errorf("predictions are kept unasked: %v", err)
	}
}

// The interval holds the truth about as often as it says, with ten test sets of
// half the stimuli that overlap. One neuroid has ρ = .5; many have theirs from
// a population with that median.
func TestBootstrapCoverage(t *testing.T) {
	const simulations, n = 200, 80
	splits, err := ShuffleSplit{Train: .5}.Split(n)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		resample  Resampled
		q         int
		low, high float64
	}{
		{ResampleStimuli, 1, .90, .98},
		{ResampleNeuroids, 15, .88, .98},
		{ResampleBoth, 15, .93, 1}, // rather too wide
	} {
		covered := make([]bool, simulations)
		kernel.Parallel(simulations, func(s int) {
			rng := rand.New(rand.NewPCG(uint64(s), 3))
			x, y := mat.NewDense(n, c.q, nil), mat.NewDense(n, c.q, nil)
			for j := range c.q {
				rho := .5 // or uniform in .3 … .7
				if c.resample != ResampleStimuli {
					rho += .4 * (rng.Float64() - .5)
				}
				for i := range n {
					z := rng.NormFloat64()
					x.Set(i, j, z)
					y.Set(i, j, rho*z+math.Sqrt(1-rho*rho)*rng.NormFloat64())
				}
			}
			p := predictionsOf(x, y, splits)
			b, err := Bootstrap(context.Background(), p, BootstrapOptions{Draws: 200, Seed: uint64(s), Resample: c.resample})
			if err != nil {
				panic(err)
			}
			covered[s] = b.Low <= .5 && .5 <= b.High
		})
		share := 0.0
		for _, yes := range covered {
			if yes {
				share += 1. / simulations
			}
		}
		t.Logf("%s: %.3f of the intervals hold the truth", c.resample, share)
		if share < c.low || share > c.high {
			t.Errorf("%s: %.3f of the 95 %% intervals hold the truth", c.resample, share)
		}
	}
}

func TestBootstrapOnAnyGOMAXPROCS(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	p := noisyPredictions(4, 300, 20, .5)
	var draws []Draws
	for _, n := range []int{1, 2} {
		runtime.GOMAXPROCS(n)
		draws = append(draws, bootstrap(t, p, BootstrapOptions{Draws: 150, Seed: 3}).Draws)
	}
	if !slices.Equal(draws[0], draws[1]) {
		t.Error("the bits depend on GOMAXPROCS")
	}
	if other := bootstrap(t, p, BootstrapOptions{Draws: 150, Seed: 4}).Draws; slices.Equal(other, draws[0]) {
		t.Error("another seed has the same draws")
	}
}

func TestBootstrapErrors(t *testing.T) {
	p := noisyPredictions(4, 40, 2, .5)
	still := predictionsOf(mat.NewDense(40, 2, nil), p.Responses, p.Splits)
	rare := mat.NewDense(40, 1, nil)
	rare.Set(7, 0, 1)
	twice := &Predictions{Splits: []Split{{Test: []int{3, 3}}}, Responses: p.Responses, Predicted: []*mat.Dense{mat.NewDense(2, 2, nil)}}
	nan := predictionsOf(mat.DenseCopyOf(p.Responses), p.Responses, p.Splits)
	nan.Predicted[1].Set(2, 1, math.NaN())
	for _, c := range []struct {
		p    *Predictions
		o    BootstrapOptions
		want string
	}{
		{nil, BootstrapOptions{}, "score with Options.KeepPredictions"},
		{p, BootstrapOptions{Draws: 1}, "1 draws with an interval of 0.95"},
		{p, BootstrapOptions{Confidence: 95}, "an interval of 95: expected at least 2 draws and a fraction between 0 and 1"},
		{p, BootstrapOptions{Resample: "cells"}, `cannot resample "cells"`},
		{p, BootstrapOptions{Groups: []string{"a"}}, "1 groups for 40 stimuli"},
		{p, BootstrapOptions{Groups: make([]string, 40)}, "are in the same group"},
		{nil, BootstrapOptions{}, "there are no predictions"},
		{still, BootstrapOptions{}, "split 1 of 10: no correlation exists"},
		{predictionsOf(rare, rare, disjoint(40, 1)), BootstrapOptions{}, "no correlation exists in any split: 40 stimuli and 1 neuroids are too few"},
		{twice, BootstrapOptions{}, "split 1 of 1 has row 3 twice"},
		{nan, BootstrapOptions{}, "split 2 of 10: predicted neuroid 1 is NaN"},
		{&Predictions{Splits: p.Splits, Responses: p.Responses, Predicted: p.Predicted[1:]}, BootstrapOptions{}, "10 splits and predictions for 9"},
	} {
		if _, err := Bootstrap(context.Background(), c.p, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, expected %q", err, c.want)
		}
	}
}

func TestMedianOf(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for n := 1; n < 60; n++ {
		for range 20 {
			v := make([]float64, n)
			for i := range v {
				v[i] = float64(rng.IntN(1 + rng.IntN(2*n)))
			}
			want, _ := medianDefined(v)
			if got := medianOf(slices.Clone(v)); got != want {
				t.Fatalf("median of %v: %v, sorted %v", v, got, want)
			}
		}
	}
}

func TestDraws(t *testing.T) {
	d := Draws{4, 1, 3, 2}
	if d.Mean() != 2.5 || math.Abs(d.Deviation()-math.Sqrt(5./3)) > 1e-15 {
		t.Errorf("mean %v, deviation %v", d.Mean(), d.Deviation())
	}
	for p, want := range map[float64]float64{0: 1, 1: 4, .5: 2.5, .1: 1.3} {
		if got := d.Quantile(p); math.Abs(got-want) > 1e-15 {
			t.Errorf("quantile %v: %v, numpy's %v", p, got, want)
		}
	}
}

// Neither the bootstrap nor permutations go on when nobody waits for them.
func TestResamplingIsCancelled(t *testing.T) {
	_, y := problemOf("noise", 3, 60, 10, 4)
	splits, err := ShuffleSplit{}.Split(60)
	if err != nil {
		t.Fatal(err)
	}
	p := predictionsOf(y, y, splits)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Bootstrap(ctx, p, BootstrapOptions{Draws: 1e7}); err != context.Canceled {
		t.Errorf("bootstrap: %v", err)
	}
	if _, err := Permute(ctx, p, PermutationOptions{Permutations: 1e6}); err != context.Canceled {
		t.Errorf("permutations: %v", err)
	}
}
