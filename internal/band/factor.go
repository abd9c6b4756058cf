package band

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/lapack/lapack64"
	"gonum.org/v1/gonum/mat"
)

// A Factor is the Cholesky factor U of a band matrix, UᵀU = B + αI, upper block bidiagonal.
type Factor struct {
	diag []blas64.Triangular // U_jj
	next []blas64.General    // U_j,j+1

	// For Quadratic, which multiplies instead of solving, in half of the time.
	inverse []blas64.General // U_jj⁻¹
	across  []blas64.General // U_j,j+1 U_j+1,j+1⁻¹
}

// Factor returns the Cholesky factor of B + αI, with
//
//	U_jjᵀU_jj = B_jj + αI − U_j−1,jᵀU_j−1,j,   U_j,j+1 = U_jj⁻ᵀB_j,j+1
//
// or nil when B + αI is not positive definite.
// Cost for order n: 4·32²·n operations, 2·32·n numbers.
func (b *Matrix) Factor(alpha float64) *Factor {
	f := &Factor{}
	for j, d := range b.diag {
		u := mat.DenseCopyOf(d).RawMatrix()
		for i := range u.Rows {
			u.Data[i*u.Stride+i] += alpha
		}
		if j > 0 {
			blas64.Gemm(blas.Trans, blas.NoTrans, -1, f.next[j-1], f.next[j-1], 1, u)
		}
		t, positive := lapack64.Potrf(blas64.Symmetric{N: u.Rows, Stride: u.Stride, Data: u.Data, Uplo: blas.Upper})
		if !positive {
			return nil
		}
		f.diag = append(f.diag, t)
		if j < len(b.next) {
			next := mat.DenseCopyOf(b.next[j]).RawMatrix()
			blas64.Trsm(blas.Left, blas.Trans, 1, f.diag[j], next)
			f.next = append(f.next, next)
		}
	}
	return f
}

// Solve sets x (n × any) to (B + αI)⁻¹x. Cost for m columns: 6·32·n·m operations.
func (f *Factor) Solve(x *mat.Dense) {
	_, cols := x.Dims()
	row := func(j int) blas64.General { return view(x, j*width, j*width+f.diag[j].N, 0, cols) }
	for j := range f.diag { // Uᵀ
		if j > 0 {
			blas64.Gemm(blas.Trans, blas.NoTrans, -1, f.next[j-1], row(j-1), 1, row(j))
		}
		blas64.Trsm(blas.Left, blas.Trans, 1, f.diag[j], row(j))
	}
	for j := len(f.diag) - 1; j >= 0; j-- { // U
		if j < len(f.next) {
			blas64.Gemm(blas.NoTrans, blas.NoTrans, -1, f.next[j], row(j+1), 1, row(j))
		}
		blas64.Trsm(blas.Left, blas.NoTrans, 1, f.diag[j], row(j))
	}
}

// Invert inverts the diagonal blocks, which Quadratic needs. The inverse of a block loses digits as its condition has them, which is at most the
// root of that of B + αI.
// Cost for order n: 3·32²·n operations, 2·32·n numbers.
func (f *Factor) Invert() {
	for j, u := range f.diag {
		inverse := eye(u.N)
		blas64.Trsm(blas.Right, blas.NoTrans, 1, u, inverse)
		f.inverse = append(f.inverse, inverse)
		if j > 0 {
			f.across = append(f.across, times(blas.NoTrans, blas.NoTrans, f.next[j-1], inverse))
		}
	}
}

// Quadratic sets dst[i] to fᵢᵀ(B + αI)⁻¹fᵢ = ‖U⁻ᵀfᵢ‖² for the rows fᵢ of x (any × n), with a relative error of no more than the condition
// of B + αI times the machine's. It panics before Invert.
// Cost for m rows: 4·32·n·m operations, 2·32·m numbers.
func (f *Factor) Quadratic(dst []float64, x *mat.Dense) {
	if f.inverse == nil {
		panic("band: Quadratic before Invert")
	}
	rows, _ := x.Dims()
	clear(dst)
	// U⁻ᵀ of a block and of the one before, a row for each row of x.
	solved, before := make([]float64, rows*width), make([]float64, rows*width)
	last := blas64.General{}
	for j, inverse := range f.inverse {
		s := blas64.General{Rows: rows, Cols: inverse.Cols, Stride: inverse.Cols, Data: solved[:rows*inverse.Cols]}
		blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, view(x, 0, rows, j*width, j*width+inverse.Cols), inverse, 0, s)
		if j > 0 {
			blas64.Gemm(blas.NoTrans, blas.NoTrans, -1, last, f.across[j-1], 1, s)
		}
		for i := range dst {
			row := s.Data[i*s.Stride : (i+1)*s.Stride]
			dst[i] += floats.Dot(row, row)
		}
		last = s
		solved, before = before, solved
	}
}

func eye(n int) blas64.General {
	a := blas64.General{Rows: n, Cols: n, Stride: n, Data: make([]float64, n*n)}
	for i := range n {
		a.Data[i*n+i] = 1
	}
	return a
}
