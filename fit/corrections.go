package fit

import (
	"cmp"
	"math"
	"slices"
)

// Holm corrects p-values for their number so that the probability of one false
// rejection or more stays below the level: the k-th smallest of m is multiplied
// by m − k + 1, and none is less than a smaller one. NaN stays NaN and does not
// count.
//
// S. Holm, "A simple sequentially rejective multiple test procedure",
// Scandinavian Journal of Statistics 6, 1979.
func Holm(p []float64) []float64 {
	order, adjusted := ascending(p)
	largest := 0.0
	for k, i := range order {
		largest = max(largest, min(1, float64(len(order)-k)*p[i]))
		adjusted[i] = largest
	}
	return adjusted
}

// BenjaminiHochberg corrects p-values so that rejecting those below q has an
// expected share of false rejections of at most q (of independent or positively
// dependent tests): the k-th smallest of m is multiplied by m/k, and none is
// more than a larger one. NaN stays NaN and does not count.
//
// Y. Benjamini and Y. Hochberg, "Controlling the false discovery rate", Journal
// of the Royal Statistical Society B 57, 1995.
func BenjaminiHochberg(p []float64) []float64 {
	order, adjusted := ascending(p)
	smallest := 1.0
	for k := len(order) - 1; k >= 0; k-- {
		i := order[k]
		smallest = min(smallest, float64(len(order))/float64(k+1)*p[i])
		adjusted[i] = smallest
	}
	return adjusted
}

// ascending orders the indices of the values that are not NaN, and returns room
// for as many values, NaN so far.
func ascending(p []float64) (order []int, room []float64) {
	room = make([]float64, len(p))
	fill(room, math.NaN())
	for i, v := range p {
		if !math.IsNaN(v) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	return order, room
}
