package fit

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestKolmogorovSmirnov(t *testing.T) {
	// By hand: after 2 the first has 2/4, the second 0; with a value in common.
	if d, _ := KolmogorovSmirnov([]float64{1, 2, 3, 4}, []float64{3, 5}); d != 0.5 {
		t.Errorf("d = %g, want .5", d)
	}
	if d, p := KolmogorovSmirnov([]float64{2, 1, 1}, []float64{1, 2, 1}); d != 0 || p != 1 {
		t.Errorf("of equal samples: d = %g, p = %g, want 0 and 1", d, p)
	}
	if d, _ := KolmogorovSmirnov([]float64{1, 2}, []float64{3, 4}); d != 1 {
		t.Errorf("of separate samples: d = %g, want 1", d)
	}
	// Kolmogorov's distribution: λ = 1.3581 is its 5 % point, 1.6276 the 1 % point
	// (Smirnov 1948, table 1). d of 200 and 200 values is λ/10.
	for _, c := range []struct{ d, p float64 }{{.135, .0522}, {.165, .0086}, {.05, .9639}} {
		var a, b []float64
		for i := range 200 {
			a = append(a, float64(i))
			b = append(b, float64(i)+200*c.d)
		}
		if d, p := KolmogorovSmirnov(a, b); math.Abs(d-c.d) > 1e-12 || math.Abs(p-c.p) > 1e-4 {
			t.Errorf("d = %g, p = %g, want %g and %g", d, p, c.d, c.p)
		}
	}
	// Of samples of one distribution p is uniform.
	rng := rand.New(rand.NewPCG(1, 2))
	var below [3]int
	for range 1000 {
		a, b := make([]float64, 150), make([]float64, 250)
		for i := range a {
			a[i] = rng.NormFloat64()
		}
		for i := range b {
			b[i] = rng.NormFloat64()
		}
		_, p := KolmogorovSmirnov(a, b)
		for i, level := range []float64{.05, .25, .5} {
			if p < level {
				below[i]++
			}
		}
	}
	for i, want := range []int{45, 230, 470} { // a little conservative
		if math.Abs(float64(below[i]-want)) > 55 {
			t.Errorf("of 1000 pairs %d have p below %g", below[i], []float64{.05, .25, .5}[i])
		}
	}
}
