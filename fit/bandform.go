package fit

import (
	"fmt"

	"gonum.org/v1/gonum/mat"

	"ventral/internal/band"
	"ventral/internal/kernel"
)

// A bandForm is K or C as QBQᵀ with a band matrix B: each penalty costs a
// Cholesky decomposition of a band, UᵀU = B + αI.
type bandForm struct{ b *band.Matrix }

// reduce reduces m, which is overwritten, to a band. In the dual form the vector
// of ones gets the eigenvalue of the mean direction in the place of its 0, whose
// rounding error no penalty then meets.
func reduce(m *mat.SymDense, dual bool) (f bandForm, q *mat.Dense, ones float64) {
	raw := m.RawSymmetric()
	if dual {
		ones = mat.Trace(m) / float64(raw.N)
		each := ones / float64(raw.N) // of the projection on the ones
		for i := range raw.Data {
			raw.Data[i] += each
		}
	}
	f.b, q = band.Reduce(mat.NewDense(raw.N, raw.N, raw.Data))
	return f, q, ones
}

// bandIsQuicker tells whether a band is the quicker form of order m for so many
// penalties and rows of forms. An eigendecomposition takes some 8m³ operations, a
// reduction 8m³/3, which are a third slower, and a row and penalty 4·32·m more.
// It does not ask for the number of cores, for both have bits of their own.
func bandIsQuicker(m, penalties, rows int) bool {
	return 128*float64(penalties)*float64(rows) < 4.4*float64(m)*float64(m)
}

// bandResolves is how large a penalty has to be beside K or C for a band, which
// does not tell rounding errors in a direction without variance from eigenvalues:
// far above them.
const bandResolves = 1e-10

func (f bandForm) resolve(alphas []float64) (resolvents, error) {
	factors := make(bandFactors, len(alphas))
	kernel.Parallel(len(alphas), func(a int) { factors[a] = f.b.Factor(alphas[a]) })
	for a, factor := range factors {
		if factor == nil {
			return nil, fmt.Errorf("the products of features are not accurate enough for α = %g: scale the features or raise α", alphas[a])
		}
	}
	return factors, nil
}

type bandFactors []*band.Factor

func (f bandFactors) apply(a int, x *mat.Dense) { f[a].Solve(x) }

func (f bandFactors) forms(x *mat.Dense) *mat.Dense {
	rows, _ := x.Dims()
	forms, column := mat.NewDense(rows, len(f), nil), make([]float64, rows)
	for a, factor := range f {
		factor.Forms(column, x)
		forms.SetCol(a, column)
	}
	return forms
}
