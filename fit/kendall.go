package fit

import "math"

// kendall is Kendall's τ-a of x and y: of all pairs of values, the fraction
// that x and y order alike less the fraction that they order oppositely. Pairs
// that are tied in x or y count as neither, but among all. NaN where one of the
// two is constant. Values are places below xDistinct and yDistinct (see orderOf).
//
// With the values sorted by x, and by y where x is tied, the pairs in opposite
// order are the inversions of y, which a merge sort counts in O(n log n)
// (Knight 1966). Memory: 16 bytes per value.
func kendall(x, y []uint32, xDistinct, yDistinct int) float64 {
	n := len(x)
	xStart, yStart := starts(x, xDistinct), starts(y, yDistinct)
	all, xTied, yTied, bothTied := pairsOf(n), tiedPairs(xStart), tiedPairs(yStart), int64(0)
	if xTied == all || yTied == all {
		return math.NaN()
	}
	// Two stable counting sorts, by y and then by x.
	byY, next := make([]uint32, n), append([]uint32(nil), yStart...)
	for i, p := range y {
		byY[next[p]] = uint32(i)
		next[p]++
	}
	sorted, next := make([]uint32, n), append([]uint32(nil), xStart...)
	for _, i := range byY {
		p := x[i]
		sorted[next[p]] = y[i]
		next[p]++
	}
	for p := range xDistinct {
		group := sorted[xStart[p]:xStart[p+1]]
		run := 0
		for k := range group {
			if k > 0 && group[k] != group[k-1] {
				run = 0
			}
			bothTied += int64(run) // pairs of k with those before it in its run
			run++
		}
	}
	opposite := inversions(sorted, byY)
	return float64(all-xTied-yTied+bothTied-2*opposite) / float64(all)
}

// starts returns where each place begins in the sorted x, and n at the end.
func starts(x []uint32, distinct int) []uint32 {
	start := make([]uint32, distinct+1)
	for _, p := range x {
		start[p+1]++
	}
	for p := range distinct {
		start[p+1] += start[p]
	}
	return start
}

func pairsOf(n int) int64 { return int64(n) * int64(n-1) / 2 }

func tiedPairs(start []uint32) int64 {
	sum := int64(0)
	for p := range len(start) - 1 {
		sum += pairsOf(int(start[p+1] - start[p]))
	}
	return sum
}

// inversions counts the pairs i < j with v_i > v_j. It sorts v; other is as long.
func inversions(v, other []uint32) int64 {
	count := int64(0)
	for width := 1; width < len(v); width *= 2 {
		for lo := 0; lo < len(v); lo += 2 * width {
			mid, hi := min(lo+width, len(v)), min(lo+2*width, len(v))
			i, j := lo, mid
			for k := lo; k < hi; k++ {
				if j == hi || i < mid && v[i] <= v[j] {
					other[k] = v[i]
					i++
				} else {
					other[k] = v[j]
					j++
					count += int64(mid - i)
				}
			}
		}
		v, other = other, v
	}
	return count
}
