package fit

import "testing"

// Some sizes by hand.
func TestEstimateBytes(t *testing.T) {
	const n, p, q, train = 100, 120, 7, 90
	type unknown struct{ Regression }
	for _, c := range []struct {
		r                  Regression
		features, parallel int
		want               int64
	}{
		{Ridge{}, p, 1, 8 * (n*n + 2*train*train + 2*train*q)},
		{Ridge{}, p, 3, 8 * (n*n + 3*(2*train*train+2*train*q))},
		{Ridge{}, 50, 2, 8 * (n*50 + 50*50 + 50*q + 2*(2*50*50+2*50*q+train*q))},
		{unknown{Ridge{}}, p, 1, 8 * (n*n + 2*train*train + train*q)},
		{BandedRidge{Bands: []int{50, 70}, Alphas: []float64{1}}, p, 2, 8 * (n*n + 2*n*n + 2*(n*n+train*train+train*(train+160)+2*train*q))},
		{OneToOne{}, 100000, 1, 8 * (2*n*q + widestBlock*(n+q))},
	} {
		if got := EstimateBytes(c.r, n, c.features, q, train, c.parallel); got != c.want {
			t.Errorf("%s, %d features, %d in parallel: %d bytes, expected %d", c.r.Name(), c.features, c.parallel, got, c.want)
		}
	}
}
