package fit

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"ventral/internal/kernel"
)

// A NoiseNormalisation is how responses are divided by their noise: what varies
// from trial to trial around each stimulus' mean.
type NoiseNormalisation string

const (
	// ShrunkNoise divides by the full covariance of the noise over neuroids,
	// shrunk to its diagonal (Schäfer & Strimmer 2005): the default, rsatoolbox's
	// shrinkage_diag.
	ShrunkNoise NoiseNormalisation = "shrunk covariance"
	// DiagonalNoise divides each neuroid by its noise's standard deviation.
	DiagonalNoise NoiseNormalisation = "diagonal"
	// RawNoise leaves the responses as they are.
	RawNoise NoiseNormalisation = "none"
)

// name is the normalisation that is in force.
func (n NoiseNormalisation) name() NoiseNormalisation {
	if n == "" {
		return ShrunkNoise
	}
	return n
}

// normalise changes trials, n × n_neuroids, such that their products x·y become
// xᵀΣ⁻¹y, with Σ estimated from residuals, n_trials × n_neuroids, of the given
// degrees of freedom. It returns what there is to tell about Σ.
func (n NoiseNormalisation) normalise(trials, residuals *mat.Dense, freedom int, neuroids []string) (note string, err error) {
	switch n.name() {
	case RawNoise:
		return "", nil
	case DiagonalNoise, ShrunkNoise:
	default:
		return "", fmt.Errorf("unknown noise normalisation %q: expected %q, %q or %q", n, ShrunkNoise, DiagonalNoise, RawNoise)
	}
	q := len(neuroids)
	deviation := make([]float64, q) // of the noise
	count, _ := residuals.Dims()
	for i := range count {
		for j, v := range residuals.RawRowView(i) {
			deviation[j] += v * v
		}
	}
	for j, v := range deviation {
		if deviation[j] = math.Sqrt(v / float64(freedom)); deviation[j] == 0 {
			return "", fmt.Errorf("neuroid %s has no noise: its responses to every stimulus are the same in all trials; leave it out or do not normalise", neuroids[j])
		}
	}
	// Divided by their deviations, neuroids have correlations for covariances.
	for _, m := range []*mat.Dense{trials, residuals} {
		rows, _ := m.Dims()
		kernel.Parallel(rows, func(i int) {
			row := m.RawRowView(i)
			for j := range row {
				row[j] /= deviation[j]
			}
		})
	}
	if n.name() == DiagonalNoise {
		return "", nil
	}
	r, shrinkage := shrunkCorrelation(residuals, freedom)
	var c mat.Cholesky
	if !c.Factorize(r) || c.Cond() > 1/(64*epsilon) {
		return "", fmt.Errorf("the noise covariance of %d neuroids from %d degrees of freedom (trials less stimuli) is singular, shrunk by %.3g: use diagonal noise normalisation", q, freedom, shrinkage)
	}
	var u mat.TriDense // R = UᵀU, and x U⁻¹ has the products xᵀR⁻¹y
	c.UTo(&u)
	blas64.Trsm(blas.Right, blas.NoTrans, 1, u.RawTriangular(), trials.RawMatrix())
	return fmt.Sprintf("noise covariance from %d degrees of freedom, shrunk to its diagonal by λ = %.3g", freedom, shrinkage), nil
}

// shrunkCorrelation estimates the correlations of the columns of z, n × q, that
// have mean 0 and, for the given degrees of freedom, variance 1: off the
// diagonal they are multiplied by 1 − λ with Schäfer & Strimmer's (2005, eq. 10
// and target D of table 2)
//
//	λ = Σ_{i≠j} Var(r_ij) / Σ_{i≠j} r_ij²,  between 0 and 1
//
// in rsatoolbox's estimates: with means over the n trials that divide by n − 1,
// Var(r_ij) = n/freedom² (mean z_i²z_j² − (mean z_i z_j)²), r_ij = mean z_i z_j.
func shrunkCorrelation(z *mat.Dense, freedom int) (r *mat.SymDense, shrinkage float64) {
	n, q := z.Dims()
	products, squares := mat.NewDense(q, q, nil), mat.NewDense(q, q, nil)
	addGram(products, 1, blas.Trans, z)
	z.Apply(func(_, _ int, v float64) float64 { return v * v }, z)
	addGram(squares, 1, blas.Trans, z)
	variance, size := 0.0, 0.0
	for i := range q {
		for j := i + 1; j < q; j++ {
			first, second := products.At(i, j)/float64(n-1), squares.At(i, j)/float64(n-1)
			variance += second - first*first
			size += first * first
		}
	}
	variance *= float64(n) / (float64(freedom) * float64(freedom))
	if size > 0 {
		shrinkage = min(1, max(0, variance/size))
	}
	for i := range q {
		for j := i; j < q; j++ {
			v := products.At(i, j) / float64(freedom)
			if i != j {
				v *= 1 - shrinkage
			}
			products.Set(i, j, v)
		}
	}
	return mat.NewSymDense(q, products.RawMatrix().Data), shrinkage
}
