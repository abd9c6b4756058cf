package plasticity

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/floats/scalar"
	"gonum.org/v1/gonum/stat"
)

// randomPool draws n filters of d weights 1 + N(0,1).
func randomPool(n, d int) [][]float64 {
	rng := rand.New(rand.NewPCG(1, 2))
	pool := make([][]float64, n)
	for i := range pool {
		pool[i] = make([]float64, d)
		for j := range pool[i] {
			pool[i][j] = 1 + rng.NormFloat64()
		}
	}
	return pool
}

// weight returns weight j of every neuron.
func weight(pool [][]float64, j int) []float64 {
	w := make([]float64, len(pool))
	for i := range pool {
		w[i] = pool[i][j]
	}
	return w
}

func TestShareKeepsTheMeanFilterAndRemovesScatter(t *testing.T) {
	pool := randomPool(50, 9)
	narrow := make([][]float32, len(pool))
	for i, w := range pool {
		for _, x := range w {
			narrow[i] = append(narrow[i], float32(x))
		}
	}
	want := make([]float64, 9)
	for j := range want {
		want[j] = stat.Mean(weight(pool, j), nil)
	}
	Share(pool)
	Share(narrow)
	for i := range pool {
		for j := range want {
			if !scalar.EqualWithinAbs(pool[i][j], want[j], 1e-14) {
				t.Fatalf("w[%d,%d] = %v after sharing, want the mean %v", i, j, pool[i][j], want[j])
			}
			if !scalar.EqualWithinAbs(float64(narrow[i][j]), want[j], 1e-6) {
				t.Fatalf("in float32, w[%d,%d] = %v after sharing, want the mean %v", i, j, narrow[i][j], want[j])
			}
		}
	}
	if snr := SNR(pool); !math.IsInf(snr, 1) {
		t.Errorf("SNR of equal filters = %v, want +Inf", snr)
	}
	Share(pool)
	for j := range want {
		if !scalar.EqualWithinAbs(pool[0][j], want[j], 1e-14) {
			t.Error("sharing twice differs from sharing once")
		}
	}
}

func TestShareRefusesFiltersOfSeveralLengths(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("filters of 2 and 3 weights pass as a pool")
		}
	}()
	Share([][]float64{{1, 2}, {1, 2, 3}})
}

// TestSNR holds SNR against the definition written with gonum/stat, and against
// its known value for w = 1 + N(0,1): w̄²/var → 1 + O(1/N).
func TestSNR(t *testing.T) {
	pool := randomPool(2000, 25)
	var want float64
	for j := range 25 {
		mean, variance := stat.PopMeanVariance(weight(pool, j), nil)
		want += mean * mean / variance / 25
	}
	got := SNR(pool)
	if !scalar.EqualWithinRel(got, want, 1e-12) {
		t.Errorf("SNR = %v, want %v", got, want)
	}
	if math.Abs(got-1) > .1 {
		t.Errorf("SNR of 1 + N(0,1) = %v, want about 1", got)
	}
	for _, w := range pool {
		for j := range w {
			w[j] *= 7
		}
	}
	if !scalar.EqualWithinRel(SNR(pool), want, 1e-12) {
		t.Error("SNR depends on the scale of the filters")
	}
	if snr := SNR([][]float64{{0, 0}, {0, 0}, {0, 0}}); !math.IsNaN(snr) {
		t.Errorf("SNR of all-zero filters = %v, want NaN", snr)
	}
}
