package fit

import (
	"fmt"

	"gonum.org/v1/gonum/mat"

	"ventral/internal/band"
	"ventral/internal/kernel"
)

// A bandForm is M as a band matrix B, to which K or C is reduced by products of
// matrices; each penalty costs a Cholesky decomposition UᵀU = B + αI.
type bandForm struct{ b *band.Matrix }

// reduce reduces m, which is overwritten, to QBQᵀ.
func reduce(m *mat.SymDense) (bandForm, *mat.Dense) {
	raw := m.RawSymmetric()
	b, q := band.Reduce(mat.NewDense(raw.N, raw.N, raw.Data))
	return bandForm{b}, q
}

// bandIsQuicker tells whether a band is the quicker form of order m. An
// eigendecomposition takes some 8m³ operations, a reduction 8m³/3, which are a
// third slower; for each penalty a band takes 4·32·m more for a quadratic form,
// 8·32·m for a neuroid, and 6·32²·m in any case. It does not ask for the number of
// cores, for each form has bits of its own.
func bandIsQuicker(m, penalties, rows, neuroids int) bool {
	return float64(penalties)*(128*float64(rows)+256*float64(neuroids)+6144) < 4.4*float64(m)*float64(m)
}

// bandResolves·‖M‖ (Frobenius) is the smallest penalty for a band: its Cholesky
// decomposition cannot set eigenvalues that are rounding errors to 0, as a spectrum
// does, so α has to be far above them. The relative error of 1 − H_ii stays below
// about ε/bandResolves = 2e-6.
const bandResolves = 1e-10

func (f bandForm) resolve(alphas []float64, quadratic bool) (resolvents, error) {
	factors := make(bandFactors, len(alphas))
	kernel.Parallel(len(alphas), func(a int) {
		if factors[a] = f.b.Factor(alphas[a]); quadratic && factors[a] != nil {
			factors[a].Invert()
		}
	})
	for a, factor := range factors {
		if factor == nil {
			return nil, fmt.Errorf("the products of features are not accurate enough for α = %g: scale the features or raise α", alphas[a])
		}
	}
	return factors, nil
}

type bandFactors []*band.Factor

func (f bandFactors) apply(a int, x *mat.Dense) { f[a].Solve(x) }

func (f bandFactors) quadratic(x *mat.Dense) *mat.Dense {
	rows, _ := x.Dims()
	s, column := mat.NewDense(rows, len(f), nil), make([]float64, rows)
	for a, factor := range f {
		factor.Quadratic(column, x)
		s.SetCol(a, column)
	}
	return s
}
