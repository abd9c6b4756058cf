package fit

import "math"

// orderOf returns the place of every value among the distinct ones, ascending
// from 0, and how many there are. Order and ties are all that rank correlations
// know of values, and those of a selection follow from the order of all. It is
// a radix sort, of at most 2³² values; memory: 28 bytes per value.
func orderOf(values []float64) (places []uint32, distinct int) {
	const bits, digits = 11, 6
	const buckets = 1 << bits
	n := len(values)
	keys, keysTo := make([]uint64, n), make([]uint64, n)
	index, indexTo := make([]uint32, n), make([]uint32, n)
	var counts [digits][buckets]int
	for i, v := range values {
		key := math.Float64bits(v + 0) // −0 becomes 0
		if key>>63 == 1 {
			key = ^key
		} else {
			key |= 1 << 63
		}
		keys[i], index[i] = key, uint32(i)
		for d := range counts {
			counts[d][key>>(d*bits)%buckets]++
		}
	}
	for d := range counts {
		at, largest := 0, 0
		for b, c := range counts[d] {
			counts[d][b] = at
			at += c
			largest = max(largest, c)
		}
		if largest == n { // all have the same digit
			continue
		}
		for i, key := range keys {
			to := &counts[d][key>>(d*bits)%buckets]
			keysTo[*to], indexTo[*to] = key, index[i]
			*to++
		}
		keys, keysTo, index, indexTo = keysTo, keys, indexTo, index
	}
	places = make([]uint32, n)
	for k, i := range index {
		if k > 0 && keys[k] != keys[k-1] {
			distinct++
		}
		places[i] = uint32(distinct)
	}
	return places, distinct + min(n, 1)
}

// spearman is Pearson's r of the ranks of x and y, tied values sharing the mean
// of theirs; NaN where one of the two is constant. Values are places below
// xDistinct and yDistinct (see orderOf). Memory: 4 bytes per distinct value.
func spearman(x, y []uint32, xDistinct, yDistinct int) float64 {
	u, v := rankDeviations(x, xDistinct), rankDeviations(y, yDistinct)
	var xx, yy, xy float64
	for i, p := range x {
		a, b := float64(u[p]), float64(v[y[i]])
		xx += a * a
		yy += b * b
		xy += a * b
	}
	return max(-1, min(1, xy/(math.Sqrt(xx)*math.Sqrt(yy)))) // rounding; NaN stays NaN
}

// rankDeviations returns, per place, twice the deviation of its rank from the
// mean rank: 2·(before + (tied+1)/2) − (n+1).
func rankDeviations(x []uint32, distinct int) []int32 {
	table := make([]int32, distinct)
	for _, p := range x {
		table[p]++
	}
	before := int32(0)
	for p, tied := range table {
		table[p] = before - (int32(len(x)) - before - tied)
		before += tied
	}
	return table
}
