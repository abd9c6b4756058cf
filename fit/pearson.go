package fit

import (
	"math"
	"slices"
)

// pearson returns the correlation of the columns x and y, and NaN where it does
// not exist because one of the two is constant, exactly or to rounding.
func pearson(x, y []float64) float64 {
	if constant(x) || constant(y) {
		return math.NaN()
	}
	mx, my := mean(x), mean(y)
	var xx, yy, xy float64
	for i, v := range x {
		dx, dy := v-mx, y[i]-my
		xx += dx * dx
		yy += dy * dy
		xy += dx * dy
	}
	r := xy / (math.Sqrt(xx) * math.Sqrt(yy))
	return max(-1, min(1, r)) // rounding; NaN stays NaN
}

// constant says whether all values are the same within a few units in the last
// place of the largest: variation of that size is rounding.
func constant(x []float64) bool {
	if len(x) < 2 {
		return true
	}
	low, high := slices.Min(x), slices.Max(x)
	return high-low <= 8*epsilon*max(math.Abs(low), math.Abs(high))
}

// mean is exact for constant values.
func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v - x[0]
	}
	return x[0] + sum/float64(len(x))
}

// medianDefined is the median of the values that are not NaN, and how many of
// them are; NaN when all are.
func medianDefined(values []float64) (median float64, undefined int) {
	var v []float64
	for _, x := range values {
		if math.IsNaN(x) {
			undefined++
		} else {
			v = append(v, x)
		}
	}
	if len(v) == 0 {
		return math.NaN(), undefined
	}
	slices.Sort(v)
	if n := len(v); n%2 == 0 {
		return (v[n/2-1] + v[n/2]) / 2, undefined
	}
	return v[len(v)/2], undefined
}

// meanAndError returns the mean over splits and its error as Brain-Score
// computes it: population standard deviation / √splits.
func meanAndError(values []float64) (m, err float64) {
	m = mean(values)
	ss := 0.0
	for _, v := range values {
		ss += (v - m) * (v - m)
	}
	n := float64(len(values))
	return m, math.Sqrt(ss/n) / math.Sqrt(n)
}
