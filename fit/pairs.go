package fit

import (
	"context"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"ventral/internal/kernel"
)

// pairs holds one value per pair of n stimuli: the upper triangle of a
// symmetric matrix row by row, (0,1) (0,2) … (n−2,n−1), which is the order of
// scipy's squareform.
type pairs[T any] struct {
	n int
	v []T // n(n−1)/2
}

func newPairs[T any](n int) pairs[T] { return pairs[T]{n, make([]T, n*(n-1)/2)} }

// row holds the pairs (i, i+1) … (i, n−1).
func (p pairs[T]) row(i int) []T {
	start := i * (2*p.n - i - 1) / 2
	return p.v[start : start+p.n-1-i]
}

// place is where the pair of stimuli i ≠ j is.
func (p pairs[T]) place(i, j int) int {
	i, j = min(i, j), max(i, j)
	return i*(2*p.n-i-1)/2 + j - i - 1
}

func (p pairs[T]) at(i, j int) T { return p.v[p.place(i, j)] }

// over lists the pairs of the selected stimuli, in the order of pairs of their
// positions, without those of a stimulus with itself. It may return v.
func (p pairs[T]) over(rows []int) []T {
	if len(rows) == p.n && slices.IsSorted(rows) && countDistinct(p.n, rows) == p.n {
		return p.v
	}
	list := make([]T, 0, len(rows)*(len(rows)-1)/2)
	for a, i := range rows {
		for _, j := range rows[a+1:] {
			if i != j {
				list = append(list, p.at(i, j))
			}
		}
	}
	return list
}

func countDistinct(n int, rows []int) int {
	seen := make([]bool, n)
	count := 0
	for _, i := range rows {
		if !seen[i] {
			seen[i] = true
			count++
		}
	}
	return count
}

// A gram holds the products k_ij = x_i·x_j of the rows of features.
type gram struct {
	diagonal []float64      // k_ii
	pairs    pairs[float64] // k_ij, i < j
}

// gramOf computes the products of the stimuli's features in one pass, after
// centre has changed each block (n_stimuli × n of the features). Memory: 4
// n_stimuli² bytes, and a block.
func gramOf(ctx context.Context, f Features, centre func(block *mat.Dense) error) (*gram, error) {
	// While it adds up, the triangle is in strips of rows, each from its first
	// stimulus on: BLAS adds into them in place, and no full matrix is needed.
	const tile = 256
	n, _ := f.Dims()
	type task struct {
		row, column int
		to          blas64.General
	}
	size := 0
	for lo := 0; lo < n; lo += tile {
		size += min(tile, n-lo) * (n - lo)
	}
	data := make([]float64, size)
	var tasks []task
	at := 0
	for lo := 0; lo < n; lo += tile {
		rows := min(tile, n-lo)
		for column := lo; column < n; column += tile {
			to := blas64.General{Rows: rows, Cols: min(tile, n-column), Stride: n - lo, Data: data[at+column-lo:]}
			tasks = append(tasks, task{lo, column, to})
		}
		at += rows * (n - lo)
	}
	err := eachBlock(ctx, f, func(_ int, block *mat.Dense) error {
		if err := centre(block); err != nil {
			return err
		}
		_, width := block.Dims()
		part := func(from, rows int) blas64.General {
			return block.Slice(from, from+rows, 0, width).(*mat.Dense).RawMatrix()
		}
		kernel.Parallel(len(tasks), func(k int) {
			t := tasks[k]
			if t.row == t.column {
				blas64.Syrk(blas.NoTrans, 1, part(t.row, t.to.Rows), 1,
					blas64.Symmetric{N: t.to.Rows, Stride: t.to.Stride, Data: t.to.Data, Uplo: blas.Upper})
			} else {
				blas64.Gemm(blas.NoTrans, blas.Trans, 1, part(t.row, t.to.Rows), part(t.column, t.to.Cols), 1, t.to)
			}
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	// The pairs of a row never begin behind the place where the strips have it.
	g := &gram{diagonal: make([]float64, n)}
	from, to := 0, 0
	for i := range n {
		inStrip := i % tile
		width := n - i + inStrip
		g.diagonal[i] = data[from+inStrip]
		to += copy(data[to:], data[from+inStrip+1:from+width])
		from += width
	}
	g.pairs = pairs[float64]{n, data[:to:to]}
	return g, nil
}

// centredGram computes the products after subtracting from every feature its
// mean over the stimuli. It fails when no feature varies.
func centredGram(ctx context.Context, f Features) (*gram, error) {
	raw := 0.0
	g, err := gramOf(ctx, f, func(block *mat.Dense) error {
		raw += sumOfSquares(block)
		subtractRow(block, block, nil, columnMeans(block, nil))
		return nil
	})
	if err != nil {
		return nil, err
	}
	trace := 0.0
	for _, v := range g.diagonal {
		trace += v
	}
	return g, checkVaries(trace, raw, f)
}

// checkVaries compares the sum of squares of centred features with that before
// centring: all features are constant where it is of the size of roundings.
func checkVaries(centred, raw float64, f Features) error {
	n, features := f.Dims()
	if !isFinite(raw) {
		return fmt.Errorf("the squares of the features are too large for float64: scale the features down")
	}
	if centred <= 64*epsilon*epsilon*raw {
		return fmt.Errorf("none of the %d features varies over the %d stimuli", features, n)
	}
	return nil
}

// rowSquares returns the sum of squares of every row.
func rowSquares(a *mat.Dense) []float64 {
	n, _ := a.Dims()
	squares := make([]float64, n)
	for i := range squares {
		row := a.RawRowView(i)
		v := blas64.Vector{N: len(row), Data: row, Inc: 1}
		squares[i] = blas64.Dot(v, v)
	}
	return squares
}

func sumOfSquares(a *mat.Dense) float64 {
	sum := 0.0
	for _, v := range rowSquares(a) {
		sum += v
	}
	return sum
}

// rowStatistics returns the mean of every stimulus over its features, in one
// pass, and which stimuli have the same value in all of them (to rounding, see
// constant).
func rowStatistics(ctx context.Context, f Features) (means []float64, flat []bool, err error) {
	n, features := f.Dims()
	means, flat = make([]float64, n), make([]bool, n)
	first, low, high := make([]float64, n), make([]float64, n), make([]float64, n)
	err = eachBlock(ctx, f, func(from int, block *mat.Dense) error {
		kernel.Parallel(n, func(i int) {
			row := block.RawRowView(i)
			if from == 0 {
				first[i], low[i], high[i] = row[0], row[0], row[0]
			}
			low[i], high[i] = min(low[i], slices.Min(row)), max(high[i], slices.Max(row))
			for _, v := range row {
				means[i] += v - first[i]
			}
		})
		return nil
	})
	for i := range means {
		means[i] = first[i] + means[i]/float64(features)
		flat[i] = high[i]-low[i] <= 8*epsilon*max(math.Abs(low[i]), math.Abs(high[i]))
	}
	return means, flat, err
}
