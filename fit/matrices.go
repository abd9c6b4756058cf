package fit

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"ventral/internal/kernel"
)

// columnMeans returns the mean of every column of a over the given rows (nil:
// all). A constant column has exactly its value as its mean.
func columnMeans(a *mat.Dense, rows []int) []float64 {
	n, cols := a.Dims()
	at := func(i int) int { return i }
	if rows != nil {
		n, at = len(rows), func(i int) int { return rows[i] }
	}
	mean := make([]float64, cols)
	inBlocks(cols, wide, func(lo, hi int) {
		first, sum := a.RawRowView(at(0))[lo:hi], mean[lo:hi]
		for i := 1; i < n; i++ {
			for j, v := range a.RawRowView(at(i))[lo:hi] {
				sum[j] += v - first[j]
			}
		}
		for j, v := range first {
			sum[j] = v + sum[j]/float64(n)
		}
	})
	return mean
}

// subtractRow sets dst to the given rows of a (nil: all) less v.
func subtractRow(dst, a *mat.Dense, rows []int, v []float64) {
	n, _ := dst.Dims()
	inBlocks(n, tall, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			from := i
			if rows != nil {
				from = rows[i]
			}
			to := dst.RawRowView(i)
			for j, x := range a.RawRowView(from) {
				to[j] = x - v[j]
			}
		}
	})
}

// What a goroutine takes of a matrix at a time where each element is touched once.
const (
	tall = 256  // rows
	wide = 1024 // columns: less would be a stride through memory
)

// inBlocks calls f for blocks lo … hi−1 of 0 … n−1, in parallel.
func inBlocks(n, block int, f func(lo, hi int)) {
	kernel.Parallel((n+block-1)/block, func(k int) { f(k*block, min((k+1)*block, n)) })
}

// addRow adds v to every row of a.
func addRow(a *mat.Dense, v []float64) {
	n, _ := a.Dims()
	for i := range n {
		row := a.RawRowView(i)
		for j := range row {
			row[j] += v[j]
		}
	}
}

// gather copies the given rows of a.
func gather(a *mat.Dense, rows []int) *mat.Dense {
	_, cols := a.Dims()
	g := mat.NewDense(len(rows), cols, nil)
	for k, i := range rows {
		copy(g.RawRowView(k), a.RawRowView(i))
	}
	return g
}

// others lists 0 … n−1 without the given rows, ascending.
func others(n int, rows []int) []int {
	in := make([]bool, n)
	for _, i := range rows {
		in[i] = true
	}
	var out []int
	for i, yes := range in {
		if !yes {
			out = append(out, i)
		}
	}
	return out
}

// product returns ab or aᵀb.
func product(t blas.Transpose, a, b *mat.Dense) *mat.Dense {
	rows, _ := a.Dims()
	if t == blas.Trans {
		_, rows = a.Dims()
	}
	_, cols := b.Dims()
	c := mat.NewDense(rows, cols, nil)
	addProduct(c, 0, t, a, b)
	return c
}

// crossProduct returns aᵀb for a b with few columns: (bᵀa)ᵀ, which BLAS does a
// sixth faster, for it then packs b once for all of a.
func crossProduct(a, b *mat.Dense) *mat.Dense {
	n, rows := a.Dims()
	_, cols := b.Dims()
	c := mat.NewDense(rows, cols, nil)
	inBlocks(rows, wide, func(lo, hi int) {
		t := mat.NewDense(cols, hi-lo, nil)
		blas64.Gemm(blas.Trans, blas.NoTrans, 1, b.RawMatrix(), a.Slice(0, n, lo, hi).(*mat.Dense).RawMatrix(), 0, t.RawMatrix())
		c.Slice(lo, hi, 0, cols).(*mat.Dense).Copy(t.T())
	})
	return c
}

// addProduct sets c to keep·c + ab or aᵀb, blocks of its rows, which do not
// depend on the number of cores, in parallel.
func addProduct(c *mat.Dense, keep float64, t blas.Transpose, a, b *mat.Dense) {
	const block = 256
	size, cols := c.Dims()
	rows, inner := a.Dims()
	kernel.Parallel((size+block-1)/block, func(k int) {
		lo, hi := k*block, min((k+1)*block, size)
		var part mat.Matrix
		if t == blas.Trans {
			part = a.Slice(0, rows, lo, hi)
		} else {
			part = a.Slice(lo, hi, 0, inner)
		}
		blas64.Gemm(t, blas.NoTrans, 1, part.(*mat.Dense).RawMatrix(), b.RawMatrix(), keep, c.Slice(lo, hi, 0, cols).(*mat.Dense).RawMatrix())
	})
}

// upper is the upper triangle of a as BLAS takes it.
func upper(a *mat.Dense) blas64.Symmetric {
	m := a.RawMatrix()
	return blas64.Symmetric{N: m.Rows, Stride: m.Stride, Data: m.Data, Uplo: blas.Upper}
}

// addGram adds sign·aaᵀ (NoTrans) or sign·aᵀa (Trans) to the upper triangle of
// c, tiles of it in parallel.
func addGram(c *mat.Dense, sign float64, t blas.Transpose, a *mat.Dense) {
	const tile = 512

	size, _ := c.Dims()
	type pair struct{ i, j int }
	var pairs []pair
	for i := 0; i < size; i += tile {
		for j := i; j < size; j += tile {
			pairs = append(pairs, pair{i, j})
		}
	}
	rows, cols := a.Dims()
	part := func(lo int) blas64.General {
		hi := min(lo+tile, size)
		if t == blas.Trans {
			return a.Slice(0, rows, lo, hi).(*mat.Dense).RawMatrix()
		}
		return a.Slice(lo, hi, 0, cols).(*mat.Dense).RawMatrix()
	}
	kernel.Parallel(len(pairs), func(k int) {
		i, j := pairs[k].i, pairs[k].j
		to := c.Slice(i, min(i+tile, size), j, min(j+tile, size)).(*mat.Dense)
		switch {
		case i == j:
			blas64.Syrk(t, sign, part(i), 1, upper(to))
		case t == blas.Trans:
			blas64.Gemm(blas.Trans, blas.NoTrans, sign, part(i), part(j), 1, to.RawMatrix())
		default:
			blas64.Gemm(blas.NoTrans, blas.Trans, sign, part(i), part(j), 1, to.RawMatrix())
		}
	})
}

// mirror copies the upper triangle of a square matrix to the lower one, in
// blocks, since one of the two is walked across its rows.
func mirror(a *mat.Dense) {
	const block = 256
	m := a.RawMatrix()
	for lo := 0; lo < m.Rows; lo += block {
		for j0 := lo; j0 < m.Rows; j0 += block {
			for i := lo; i < min(lo+block, m.Rows); i++ {
				for j := max(j0, i+1); j < min(j0+block, m.Rows); j++ {
					m.Data[j*m.Stride+i] = m.Data[i*m.Stride+j]
				}
			}
		}
	}
}

// isFinite is false for NaN and ±Inf.
func isFinite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// meanSquares sets dst to the mean of the squares in every column of a.
func meanSquares(dst []float64, a *mat.Dense) {
	n, _ := a.Dims()
	clear(dst)
	for i := range n {
		for j, v := range a.RawRowView(i) {
			dst[j] += v * v
		}
	}
	for j := range dst {
		dst[j] /= float64(n)
	}
}
