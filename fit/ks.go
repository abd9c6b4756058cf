package fit

import (
	"fmt"
	"math"
	"slices"
)

// KolmogorovSmirnov compares two samples of independent values: d is the largest
// distance of their empirical distributions, 0 to 1, and p the probability of one
// at least as large if both come from one continuous distribution, by the limit
// for large samples,
//
//	p = 2 Σ_{j≥1} (−1)^{j−1} exp(−2j²λ²),  λ = d √(nm/(n+m)),
//
// which is too large for small samples (below some 20 values) and for values that
// come more than once. It panics at a sample that is empty or holds NaN.
//
// Source: Smirnov 1948, Ann. Math. Stat. 19:279.
func KolmogorovSmirnov(a, b []float64) (d, p float64) {
	if len(a) == 0 || len(b) == 0 || slices.ContainsFunc(a, math.IsNaN) || slices.ContainsFunc(b, math.IsNaN) {
		panic(fmt.Sprintf("fit: KolmogorovSmirnov of %d and %d values, expected some of each and no NaN", len(a), len(b)))
	}
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	n, m := float64(len(a)), float64(len(b))
	for i, j := 0, 0; i < len(a) && j < len(b); {
		x := min(a[i], b[j])
		for i < len(a) && a[i] == x {
			i++
		}
		for j < len(b) && b[j] == x {
			j++
		}
		d = max(d, math.Abs(float64(i)/n-float64(j)/m))
	}
	λ := d * math.Sqrt(n*m/(n+m))
	if λ < 0.2 { // where the series converges slowly p is 1 to 12 digits
		return d, 1
	}
	for j := 1.0; j <= 100; j++ {
		term := math.Exp(-2 * j * j * λ * λ)
		if math.Mod(j, 2) == 0 {
			term = -term
		}
		p += 2 * term
	}
	return d, min(max(p, 0), 1)
}
