// Package band reduces symmetric matrices to band form, A = Q B Qᵀ, so that A + αI can be solved for one α after another at the cost of a
// band.
//
// An eigendecomposition serves the same end, and half of its work is products of a matrix with a vector, which wait for memory, in one
// thread. The reduction to a band (C. Bischof and C. Van Loan, "The WY representation for products of Householder matrices", SIAM J. Sci.
// Stat. Comput. 8, 1987; the first of the two stages of A. Haidar, H. Ltaief and J. Dongarra, "Parallel reduction to condensed forms for
// symmetric eigenvalue problems", SC 2011) is products of matrices, in parallel: at order 2,592 it takes, with Q, .4 s on two cores where
// LAPACK's dsyevd takes 1.35 s (go test -bench Reduce).
package band

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/gonum"
	"gonum.org/v1/gonum/mat"

	"ventral/internal/kernel"
)

// lapack is in Go, above blas64.
var lapack gonum.Implementation

const (
	// width of the band and of the blocks that it is made of. A wider band makes the reduction's products faster and each α dearer.
	width = 32
	// tile is what one goroutine computes of a matrix; a multiple of width.
	tile = 384
)

// A Matrix is a symmetric band matrix B of order n as a block tridiagonal one with blocks of width rows, the last one fewer.
type Matrix struct {
	n    int
	diag []*mat.Dense // B_jj, of which the upper triangle counts
	next []*mat.Dense // B_j,j+1, lower triangular
}

// Reduce returns the band matrix B and the orthogonal matrix Q of A = Q B Qᵀ. Both triangles of A must be filled; it is overwritten.
//
// Cost for order n: 8n³/3 operations; beside A, Q and B some 10·32·n numbers.
func Reduce(a *mat.Dense) (b *Matrix, q *mat.Dense) {
	n, _ := a.Dims()
	b = &Matrix{n: n}
	var all []reflections
	for k := 0; k < n; k += width {
		end := min(k+width, n)
		b.diag = append(b.diag, mat.DenseCopyOf(a.Slice(k, end, k, end)))
		if end == n {
			break
		}
		// The rows right of the diagonal block become [L 0]: the reflections that do so, with the ones on the other side, leave A
		// similar, and act on what follows only.
		p := a.Slice(k, end, end, n).(*mat.Dense)
		l := mat.NewDense(end-k, min(end-k, n-end), nil)
		r := triangulate(p, l)
		b.next = append(b.next, l)
		reflect(a.Slice(end, n, end, n).(*mat.Dense), tiles(end, n), r)
		all = append(all, r)
	}
	return b, multiply(n, join(a, all))
}

// reflections are I − Vᵀ T V, a product of Householder reflections. V has one in each row, from a 1 on the diagonal; T is upper triangular.
type reflections struct{ v, t *mat.Dense }

// triangulate finds reflections H with PH = [L 0], L lower triangular. Their V takes the place of P, as far down as there are any.
func triangulate(p, l *mat.Dense) reflections {
	rows, cols := p.Dims()
	size := min(rows, cols)
	r := reflections{p.Slice(0, size, 0, cols).(*mat.Dense), mat.NewDense(size, size, nil)}
	r.find(l, 0, size)
	if size < rows {
		rest := p.Slice(size, rows, 0, cols).(*mat.Dense)
		r.apply(rest, 0, size)
		l.Slice(size, rows, 0, size).(*mat.Dense).Copy(rest)
	}
	return r
}

// find makes the reflections lo … hi−1 of the rows of V, which hold those of P after the reflections before, and leaves these rows of L.
// The first half is applied to the second at once, as a product (E. Elmroth and F. Gustavson, "Applying recursion to serial and parallel QR
// factorization", IBM J. Res. Dev. 44, 2000).
func (r reflections) find(l *mat.Dense, lo, hi int) {
	_, cols := r.v.Dims()
	if hi-lo == 1 {
		row := r.v.RawRowView(lo)
		copy(l.RawRowView(lo)[:lo], row)
		clear(row[:lo])
		// I − τvvᵀ with v_0 = 1 takes the row to (β, 0 … 0); v takes its place.
		beta, tau := lapack.Dlarfg(cols-lo, row[lo], row[lo+1:], 1)
		row[lo] = 1
		l.Set(lo, lo, beta)
		r.t.Set(lo, lo, tau)
		return
	}
	mid := (lo + hi) / 2
	r.find(l, lo, mid)
	r.apply(r.v.Slice(mid, hi, 0, cols).(*mat.Dense), lo, mid)
	r.find(l, mid, hi)
	r.across(lo, mid, hi)
}

// across joins the reflections lo … mid−1 and mid … hi−1:
//
//	(I − V₁ᵀT₁V₁)(I − V₂ᵀT₂V₂) = I − [V₁; V₂]ᵀ [T₁ T₁₂; 0 T₂] [V₁; V₂],   T₁₂ = −T₁ V₁V₂ᵀ T₂
func (r reflections) across(lo, mid, hi int) {
	_, cols := r.v.Dims()
	t := times(blas.NoTrans, blas.Trans, view(r.v, lo, mid, mid, cols), view(r.v, mid, hi, mid, cols))
	t = times(blas.NoTrans, blas.NoTrans, view(r.t, lo, mid, lo, mid), t)
	blas64.Gemm(blas.NoTrans, blas.NoTrans, -1, t, view(r.t, mid, hi, mid, hi), 0, view(r.t, lo, mid, mid, hi))
}

// apply sets m to m (I − Vᵀ T V) with the reflections lo … hi−1.
func (r reflections) apply(m *mat.Dense, lo, hi int) {
	rows, cols := m.Dims()
	v, to := view(r.v, lo, hi, lo, cols), view(m, 0, rows, lo, cols)
	mv := times(blas.NoTrans, blas.Trans, to, v)
	mv = times(blas.NoTrans, blas.NoTrans, mv, view(r.t, lo, hi, lo, hi))
	blas64.Gemm(blas.NoTrans, blas.NoTrans, -1, mv, v, 1, to)
}

// reflect sets the symmetric A to HᵀAH for H = I − VᵀTV: the upper triangle of its tiles, those on the diagonal whole.
//
//	A ← A − VᵀW − WᵀV,   U = TᵀVA,   W = U − ½ (UVᵀT) V
//
// bounds are those of the tiles.
func reflect(a *mat.Dense, bounds []int, r reflections) {
	n, _ := a.Dims()
	rows, _ := r.v.Dims()
	// One product of [V; W]ᵀ[W; V] a tile does both terms.
	left, right := mat.NewDense(2*rows, n, nil), mat.NewDense(2*rows, n, nil)
	left.Slice(0, rows, 0, n).(*mat.Dense).Copy(r.v)
	right.Slice(rows, 2*rows, 0, n).(*mat.Dense).Copy(r.v)
	va, v := mat.NewDense(rows, n, nil), r.v.RawMatrix()
	tiles := len(bounds) - 1
	kernel.Parallel(tiles, func(j int) {
		lo, hi := bounds[j], bounds[j+1]
		to := view(va, 0, rows, lo, hi)
		blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, view(r.v, 0, rows, 0, hi), view(a, 0, hi, lo, hi), 0, to)
		if hi < n { // below the diagonal A is what it is right of it
			blas64.Gemm(blas.NoTrans, blas.Trans, 1, view(r.v, 0, rows, hi, n), view(a, lo, hi, hi, n), 1, to)
		}
	})
	w := view(left, rows, 2*rows, 0, n)
	blas64.Gemm(blas.Trans, blas.NoTrans, 1, r.t.RawMatrix(), va.RawMatrix(), 0, w)
	half := times(blas.NoTrans, blas.NoTrans, times(blas.NoTrans, blas.Trans, w, v), r.t.RawMatrix())
	blas64.Gemm(blas.NoTrans, blas.NoTrans, -.5, half, v, 1, w)
	right.Slice(0, rows, 0, n).(*mat.Dense).Copy(left.Slice(rows, 2*rows, 0, n))
	kernel.Parallel(tiles*tiles, func(k int) {
		i, j := k/tiles, k%tiles
		if i > j {
			return
		}
		blas64.Gemm(blas.Trans, blas.NoTrans, -1, view(left, 0, 2*rows, bounds[i], bounds[i+1]), view(right, 0, 2*rows, bounds[j], bounds[j+1]),
			1, view(a, bounds[i], bounds[i+1], bounds[j], bounds[j+1]))
	})
}

// joined is how many reductions of rows are made one product of reflections.
const joined = 4

// join makes one of every few reflections, for multiply. Their V lie below each other in A already, right of its diagonal blocks, which are
// not needed any more.
func join(a *mat.Dense, all []reflections) []reflections {
	n, _ := a.Dims()
	groups := make([]reflections, (len(all)+joined-1)/joined)
	kernel.Parallel(len(groups), func(g int) {
		of := all[g*joined : min((g+1)*joined, len(all))]
		from := g * joined * width
		rows := (len(of)-1)*width + of[len(of)-1].t.RawMatrix().Rows
		r := reflections{a.Slice(from, from+rows, from+width, n).(*mat.Dense), mat.NewDense(rows, rows, nil)}
		for k, one := range of {
			lo := k * width
			hi := lo + one.t.RawMatrix().Rows
			for i := lo; i < hi; i++ {
				clear(r.v.RawRowView(i)[:lo])
			}
			r.t.Slice(lo, hi, lo, hi).(*mat.Dense).Copy(one.t)
			if lo > 0 {
				r.across(0, lo, hi)
			}
		}
		groups[g] = r
	})
	return groups
}

// multiply returns the product of all reflections, each of which acts on the last rows, as many as its V has columns. A goroutine takes some
// columns of it through all.
func multiply(n int, all []reflections) *mat.Dense {
	q := mat.NewDense(n, n, eye(n).Data)
	bounds := tiles(0, n)
	kernel.Parallel(len(bounds)-1, func(j int) {
		j = len(bounds) - 2 - j // those on the right have most to do
		for k := len(all) - 1; k >= 0; k-- {
			r := all[k]
			_, cols := r.v.Dims()
			// Columns left of where it acts are still the identity's, and 0 there.
			lo, hi := max(bounds[j], n-cols), bounds[j+1]
			if lo >= hi {
				continue
			}
			to, v := view(q, n-cols, n, lo, hi), r.v.RawMatrix()
			vq := times(blas.NoTrans, blas.NoTrans, v, to)
			blas64.Gemm(blas.Trans, blas.NoTrans, -1, v, times(blas.NoTrans, blas.NoTrans, r.t.RawMatrix(), vq), 1, to)
		}
	})
	return q
}

// tiles returns the bounds, from lo, of the tiles that divide lo … n: all but the first begin at multiples of tile, so that what is a tile's
// diagonal stays one as lo moves on.
func tiles(lo, n int) []int {
	bounds := []int{0}
	for at := lo/tile*tile + tile; at < n; at += tile {
		bounds = append(bounds, at-lo)
	}
	return append(bounds, n-lo)
}

// view is the rows i … k−1 and columns j … l−1 of a.
func view(a *mat.Dense, i, k, j, l int) blas64.General {
	return a.Slice(i, k, j, l).(*mat.Dense).RawMatrix()
}

// times returns the product of a and b, each transposed or not.
func times(ta, tb blas.Transpose, a, b blas64.General) blas64.General {
	rows, cols := a.Rows, b.Cols
	if ta == blas.Trans {
		rows = a.Cols
	}
	if tb == blas.Trans {
		cols = b.Rows
	}
	c := blas64.General{Rows: rows, Cols: cols, Stride: cols, Data: make([]float64, rows*cols)}
	blas64.Gemm(ta, tb, 1, a, b, 0, c)
	return c
}
