package fit

import (
	"context"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"ventral/internal/kernel"
)

// directBytes bounds the features that a fit may hold to do without the products
// of a Problem.
const directBytes = 1 << 30

// direct is train for a single fit that meets XᵀX only in its product with few
// vectors: it computes neither K nor C, which would serve other splits, and
// holds the features, centred: those of the training stimuli, and of the others
// behind them where they would have to be read again. A pass over them for
// each vector costs 8·n·n_features bytes of memory traffic, K or C once
// n·n_features·min(n, n_features) multiplications.
func (p *Problem) direct(rows []int) (*training, error) {
	n, features := p.x.Dims()
	order := rows
	if inMemory(p.x) == nil {
		order = append(slices.Clone(rows), others(n, rows)...)
	}
	t := &training{p: p, rows: rows, yMean: columnMeans(p.y, rows), x: mat.NewDense(len(order), features, nil)}
	t.y = t.responses(rows)
	err := eachView(context.Background(), p.x, func(from int, block *mat.Dense) error {
		_, width := block.Dims()
		means, err := centre(t.x.Slice(0, len(order), from, from+width).(*mat.Dense), block, order, rows, from)
		t.xMean = append(t.xMean, means...)
		return err
	})
	if err != nil {
		return nil, err
	}
	t.place = make(map[int]int, len(order))
	for at, i := range order {
		t.place[i] = at
	}
	t.t = crossProduct(t.trained(), t.y)
	return t, nil
}

// trained is the training part of x.
func (t *training) trained() *mat.Dense {
	_, features := t.x.Dims()
	return t.x.Slice(0, len(t.rows), 0, features).(*mat.Dense)
}

// gramTimes sets v to xᵀ(x r) in one pass over x: a few rows are read from
// memory for x r and are still in the cache for xᵀ. The parts, which do not
// depend on the number of cores, are added in their order.
func gramTimes(x *mat.Dense, r, v []float64) {
	const parts, bytes = 16, 1 << 17
	m := x.RawMatrix()
	step := max(4, bytes/(8*m.Cols))
	sums := mat.NewDense(parts, m.Cols, nil)
	kernel.Parallel(parts, func(part int) {
		sum, end := sums.RawRowView(part), (part+1)*m.Rows/parts
		score := make([]float64, step)
		for i := part * m.Rows / parts; i < end; i += step {
			rows := blas64.General{Rows: min(step, end-i), Cols: m.Cols, Stride: m.Stride, Data: m.Data[i*m.Stride:]}
			s := vector(score[:rows.Rows])
			blas64.Gemv(blas.NoTrans, 1, rows, vector(r), 0, s)
			blas64.Gemv(blas.Trans, 1, rows, s, 1, vector(sum))
		}
	})
	clear(v)
	for part := range parts {
		blas64.Axpy(1, vector(sums.RawRowView(part)), vector(v))
	}
}
