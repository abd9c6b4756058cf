package neuron

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

func TestPoisson(t *testing.T) {
	const n = 40000
	rates := mat.NewDense(1, 4, []float64{0, 3, 30, 800}) // 0, 0.3, 3 and 80 spikes in 100 ms
	counts := Poisson(rates, n, 100, 1)
	for j := range 4 {
		λ := rates.At(0, j) / 10
		x := make([]float64, n)
		for i := range x {
			x[i] = counts[i*4+j]
			if x[i] != math.Floor(x[i]) || x[i] < 0 {
				t.Fatalf("a count of %g spikes", x[i])
			}
		}
		mean, variance := stat.MeanVariance(x, nil)
		// Five standard errors of the mean, λ/n, and of the variance, λ(1 + 2λ)/n.
		if math.Abs(mean-λ) > 5*math.Sqrt(λ/n) {
			t.Errorf("λ = %g: mean %g", λ, mean)
		}
		if math.Abs(variance-λ) > 5*math.Sqrt(λ*(1+2*λ)/n) {
			t.Errorf("λ = %g: variance %g", λ, variance)
		}
	}
}

func TestPoissonPerStimulus(t *testing.T) {
	rates := mat.NewDense(400, 2, nil)
	rates.Apply(func(i, j int, _ float64) float64 { return 20 }, rates)
	counts := Poisson(rates, 3, 100, 9)
	if len(counts) != 400*3*2 {
		t.Fatalf("%d counts", len(counts))
	}
	if !slices.Equal(counts, Poisson(rates, 3, 100, 9)) {
		t.Error("the same seed gives other counts")
	}
	if !slices.Equal(counts[:6*50], Poisson(rates.Slice(0, 50, 0, 2), 3, 100, 9)) {
		t.Error("further stimuli change the counts of the first")
	}
	if slices.Equal(counts, Poisson(rates, 3, 100, 10)) {
		t.Error("another seed gives the same counts")
	}
	// Neighbouring stimuli, seeded alike, are independent.
	var a, b []float64
	for i := 0; i+12 <= len(counts); i += 12 {
		a, b = append(a, counts[i:i+6]...), append(b, counts[i+6:i+12]...)
	}
	if r := stat.Correlation(a, b, nil); math.Abs(r) > 5/math.Sqrt(float64(len(a))) {
		t.Errorf("neighbouring stimuli correlate at %g", r)
	}
}

func TestPoissonPanics(t *testing.T) {
	for name, call := range map[string]func(){
		"negative rate":  func() { Poisson(mat.NewDense(1, 1, []float64{-1}), 1, 100, 0) },
		"NaN rate":       func() { Poisson(mat.NewDense(1, 1, []float64{math.NaN()}), 1, 100, 0) },
		"no repetitions": func() { Poisson(mat.NewDense(1, 1, nil), 0, 100, 0) },
		"no window":      func() { Poisson(mat.NewDense(1, 1, nil), 1, 0, 0) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			call()
		}()
	}
}
