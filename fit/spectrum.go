package fit

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	vblas "ventral/internal/blas"
)

// A spectrum is the Λ of K or C as an eigendecomposition VΛVᵀ, ascending; 0 where
// it is rounding error. It tells the directions without variance, which least
// squares (α = 0) must leave alone.
type spectrum []float64

// decompose returns the spectrum of m, which is not changed, and V.
func decompose(m *mat.SymDense) (spectrum, *mat.Dense, error) {
	values, vectors, err := vblas.EigenSym(m)
	if err != nil {
		return nil, nil, err
	}
	cut := float64(len(values)) * epsilon * values[len(values)-1]
	for i, v := range values {
		if v <= cut {
			values[i] = 0
		}
	}
	return values, vectors, nil
}

func (s spectrum) resolve(alphas []float64, _ bool) (resolvents, error) {
	r := &diagonals{mat.NewDense(len(s), len(alphas), nil)}
	for k, v := range s {
		for a, alpha := range alphas {
			if v+alpha > 0 {
				r.inverse.Set(k, a, 1/(v+alpha))
			}
		}
	}
	return r, nil
}

// diagonals are (Λ + αI)⁻¹, 0 in the place of 1/0, m × n_alphas.
type diagonals struct{ inverse *mat.Dense }

func (d *diagonals) apply(a int, x *mat.Dense) {
	for k := range d.inverse.RawMatrix().Rows {
		f, row := d.inverse.At(k, a), x.RawRowView(k)
		for j := range row {
			row[j] *= f
		}
	}
}

func (d *diagonals) quadratic(f *mat.Dense) *mat.Dense {
	const block = 32
	rows, order := f.Dims()
	_, alphas := d.inverse.Dims()
	s, squares := mat.NewDense(rows, alphas, nil), mat.NewDense(min(block, rows), order, nil)
	for lo := 0; lo < rows; lo += block {
		hi := min(lo+block, rows)
		part := squares.Slice(0, hi-lo, 0, order).(*mat.Dense)
		of := f.Slice(lo, hi, 0, order)
		part.MulElem(of, of)
		blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, part.RawMatrix(), d.inverse.RawMatrix(), 0, s.Slice(lo, hi, 0, alphas).(*mat.Dense).RawMatrix())
	}
	return s
}
