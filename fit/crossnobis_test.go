package fit

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// trialsOf makes an assembly of n_stimuli × n_repetitions × n_neuroids responses.
func trialsOf(stimuli, repetitions, neuroids int, responses []float64) *Assembly {
	a := &Assembly{Region: "IT", Repetitions: repetitions, Responses: responses}
	for s := range stimuli {
		a.StimulusIDs = append(a.StimulusIDs, fmt.Sprint("s", s))
	}
	for j := range neuroids {
		a.Neuroids = append(a.Neuroids, fmt.Sprint("u", j))
	}
	return a
}

func TestCrossnobisIsTheDoubleLoop(t *testing.T) {
	for k, g := range readSimilarityGoldens(t).Crossnobis {
		responses := make([]float64, len(g.Trials))
		for i, v := range g.Trials {
			responses[i] = math.NaN()
			if v != nil {
				responses[i] = *v
			}
		}
		a := trialsOf(9, 5, 6, responses)
		for _, c := range []struct {
			noise NoiseNormalisation
			want  []float64
			note  string
		}{
			{RawNoise, g.None, ""},
			{DiagonalNoise, g.Diagonal, ""},
			{"", g.Shrunk, fmt.Sprintf("λ = %.3g", g.Shrinkage)},
		} {
			r, err := Crossnobis(context.Background(), a, CrossnobisOptions{Noise: c.noise})
			if err != nil {
				t.Fatal(err)
			}
			scale := slices.Max(c.want)
			if d := largestDifference(r.Values, c.want); d > 1e-12*scale {
				t.Errorf("case %d, noise %q: %g of the largest away from numpy", k, c.noise, d/scale)
			}
			notes := strings.Join(r.Notes, "; ")
			if !strings.Contains(notes, c.note) || strings.Contains(notes, "5 of 45 trials are missing, 0 of them") != (k == 1) {
				t.Errorf("case %d, noise %q: notes %q", k, c.noise, r.Notes)
			}
			if r.Stimuli != 9 || r.Features != 6 {
				t.Errorf("%d stimuli, %d features", r.Stimuli, r.Features)
			}
		}
	}
}

// More stimuli than a group holds, each with trials of its own.
func TestCrossnobisOfManyGroups(t *testing.T) {
	const n, repetitions, neuroids = 300, 4, 3
	r := newNormals(2)
	responses := r.matrix(n*repetitions, neuroids).RawMatrix().Data
	for s := range n {
		if s%3 > 0 { // one neuroid of one trial
			responses[(s*repetitions+s%4)*neuroids+s%2] = math.NaN()
		}
	}
	a := trialsOf(n, repetitions, neuroids, responses)
	got, err := Crossnobis(context.Background(), a, CrossnobisOptions{Noise: RawNoise})
	if err != nil {
		t.Fatal(err)
	}
	before := runtime.GOMAXPROCS(1)
	alone, err := Crossnobis(context.Background(), a, CrossnobisOptions{Noise: RawNoise})
	runtime.GOMAXPROCS(before)
	if err != nil || !slices.Equal(alone.Values, got.Values) {
		t.Errorf("on one processor other bits: %v", err)
	}
	if !strings.Contains(got.Notes[0], "200 of 1200 trials are missing, 200 of them because some neuroids") {
		t.Errorf("notes %q", got.Notes)
	}
	for i := range n {
		for j := range i {
			sum, count := 0.0, 0.0
			for m := range repetitions {
				for k := range repetitions {
					product := 0.0
					for u := range neuroids {
						product += (a.trials(i, m)[u] - a.trials(j, m)[u]) * (a.trials(i, k)[u] - a.trials(j, k)[u])
					}
					if m != k && !math.IsNaN(product) {
						sum += product
						count++
					}
				}
			}
			// NaN products are just the trials that are not complete.
			if want := sum / count / neuroids; math.Abs(got.At(i, j)-want) > 1e-12 {
				t.Fatalf("(%d, %d): %v, naive %v", i, j, got.At(i, j), want)
			}
		}
	}
}

// Equal stimuli have the distance 0 on average, others their true distance.
func TestCrossnobisIsUnbiased(t *testing.T) {
	const n, repetitions, neuroids, rounds = 4, 6, 5, 400
	for _, noise := range []NoiseNormalisation{RawNoise, DiagonalNoise} {
		var equal, different, squares float64
		for round := range uint32(rounds) {
			r := newNormals(1000 + round)
			responses := r.matrix(n*repetitions, neuroids).RawMatrix().Data
			for m := range repetitions {
				for u := range neuroids {
					responses[((n-1)*repetitions+m)*neuroids+u] += 2 // the last stimulus
				}
			}
			d, err := Crossnobis(context.Background(), trialsOf(n, repetitions, neuroids, responses), CrossnobisOptions{Noise: noise})
			if err != nil {
				t.Fatal(err)
			}
			equal += d.At(0, 1)
			squares += d.At(0, 1) * d.At(0, 1)
			different += d.At(0, 3)
		}
		// A variance s² estimated with 20 degrees of freedom has E 1/s² = 20/18, and
		// is smaller where the residuals of the stimuli are: see Crossnobis.
		want, bias := 4.0, 0.0
		if noise == DiagonalNoise {
			want, bias = 4*20./18, 2./repetitions*2/18
		}
		standardError := math.Sqrt(squares) / rounds
		if math.Abs(equal/rounds-bias) > 3*standardError {
			t.Errorf("noise %q: equal stimuli are %.4f ± %.4f apart, expected %.4f", noise, equal/rounds, standardError, bias)
		}
		if math.Abs(different/rounds-want) > .2 {
			t.Errorf("noise %q: stimuli at a distance of %.3g are %.3g apart", noise, want, different/rounds)
		}
	}
}

func TestCrossnobisRefuses(t *testing.T) {
	fresh := func() []float64 { return newNormals(3).matrix(5*3, 2).RawMatrix().Data }
	for _, c := range []struct {
		what   string
		change func(v []float64)
		noise  NoiseNormalisation
		says   string
	}{
		{"one trial", func(v []float64) { v[2*6], v[2*6+2] = math.NaN(), math.NaN() }, "", "IT: crossnobis: stimulus s2 has 1 trials"},
		{"nothing in common", func(v []float64) { v[0], v[1*6+2] = math.NaN(), math.NaN() }, "", "stimuli s0 and s1 have 1 repetitions in common"},
		{"infinite", func(v []float64) { v[7] = math.Inf(1) }, "", "neuroid u1 to repetition 0 of stimulus s1 is +Inf"},
		{"no noise", func(v []float64) {
			for i := 0; i < len(v); i += 2 {
				v[i] = float64(i / 6)
			}
		}, "", "neuroid u0 has no noise"},
		{"unknown noise", func([]float64) {}, "white", `unknown noise normalisation "white"`},
	} {
		responses := fresh()
		c.change(responses)
		_, err := Crossnobis(context.Background(), trialsOf(5, 3, 2, responses), CrossnobisOptions{Noise: c.noise})
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	// Two neuroids with the same noise, of which no product varies: λ = 0.
	var same []float64
	for s := 0.; s < 5; s++ {
		same = append(same, s+1, 2*s+1, s-1, 2*s-1)
	}
	_, err := Crossnobis(context.Background(), trialsOf(5, 2, 2, same), CrossnobisOptions{})
	if err == nil || !strings.Contains(err.Error(), "from 5 degrees of freedom (trials less stimuli) is singular, shrunk by 0") {
		t.Errorf("singular noise: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Crossnobis(ctx, trialsOf(5, 3, 2, fresh()), CrossnobisOptions{}); err == nil {
		t.Error("cancelled, but there is a result")
	}
}

// Recorded trials: crossnobis agrees with the distances of the means, and is
// smaller by their noise.
func TestCrossnobisOfRealRecordings(t *testing.T) {
	a, err := ReadAssembly(realData(t, majaj), ReadOptions{Region: "IT"})
	if err != nil {
		t.Fatal(err)
	}
	d, err := Crossnobis(context.Background(), a, CrossnobisOptions{Noise: RawNoise})
	if err != nil {
		t.Fatal(err)
	}
	biased, err := ComputeRDM(context.Background(), Dense(a.Mean()), SquaredEuclideanDistance)
	if err != nil {
		t.Fatal(err)
	}
	res, err := ScoreRDMs(context.Background(), ByPearson, d, biased, SimilarityOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("r %.4f, mean distance %.4f and %.4f, notes %q", res.All, mean(d.Values), mean(biased.Values), res.Notes)
	if res.All < .95 || mean(d.Values) >= mean(biased.Values) {
		t.Errorf("r %v, mean distance %v cross-validated and %v not", res.All, mean(d.Values), mean(biased.Values))
	}
	if d, err = Crossnobis(context.Background(), a, CrossnobisOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Logf("%q", d.Notes)
}
