package plasticity

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/floats/scalar"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

func randomPool(n, d int) *mat.Dense {
	rng := rand.New(rand.NewPCG(1, 2))
	w := mat.NewDense(n, d, nil)
	w.Apply(func(_, _ int, _ float64) float64 { return 1 + rng.NormFloat64() }, w)
	return w
}

func TestShareKeepsTheMeanFilterAndRemovesScatter(t *testing.T) {
	w := randomPool(50, 9)
	want := make([]float64, 9)
	for j := range want {
		want[j] = stat.Mean(mat.Col(nil, j, w), nil)
	}
	Share(w)
	for i := range 50 {
		for j := range want {
			if !scalar.EqualWithinAbs(w.At(i, j), want[j], 1e-15) {
				t.Fatalf("w[%d,%d] = %v after sharing, want the mean %v", i, j, w.At(i, j), want[j])
			}
		}
	}
	if snr := SNR(w); !math.IsInf(snr, 1) {
		t.Errorf("SNR of equal filters = %v, want +Inf", snr)
	}
	again := mat.DenseCopyOf(w)
	Share(again)
	if !mat.EqualApprox(again, w, 1e-14) {
		t.Error("sharing twice differs from sharing once")
	}
}

// TestSNR holds SNR against the definition written with gonum/stat, and against
// its known value for w = 1 + N(0,1): w̄²/var → 1 + O(1/N).
func TestSNR(t *testing.T) {
	w := randomPool(2000, 25)
	var want float64
	for j := range 25 {
		mean, variance := stat.PopMeanVariance(mat.Col(nil, j, w), nil)
		want += mean * mean / variance / 25
	}
	got := SNR(w)
	if !scalar.EqualWithinRel(got, want, 1e-12) {
		t.Errorf("SNR = %v, want %v", got, want)
	}
	if math.Abs(got-1) > .1 {
		t.Errorf("SNR of 1 + N(0,1) = %v, want about 1", got)
	}
	w.Scale(7, w)
	if !scalar.EqualWithinRel(SNR(w), want, 1e-12) {
		t.Error("SNR depends on the scale of the filters")
	}
	if snr := SNR(mat.NewDense(3, 2, nil)); !math.IsNaN(snr) {
		t.Errorf("SNR of all-zero filters = %v, want NaN", snr)
	}
}
