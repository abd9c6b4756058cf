package fit

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/mat"

	vblas "ventral/internal/blas"
)

// A spectrum is the eigendecomposition VΛVᵀ of a training part's K (dual) or C
// (primal), of size m = min(n_stimuli, n_features): what least squares and ridge
// with any penalty are made of.
type spectrum struct {
	t       *training
	values  []float64  // λ, m, ascending; 0 where they are rounding errors
	vectors *mat.Dense // V, m × m
	e       *mat.Dense // Vᵀt, m × n_neuroids
}

// spectrum decomposes the training part train.
func (p *Problem) spectrum(train []int) (*spectrum, error) {
	t, err := p.train(train)
	if err != nil {
		return nil, err
	}
	values, vectors, err := vblas.EigenSym(t.m)
	if err != nil {
		return nil, err
	}
	t.m = nil // not needed again
	// One such eigenvalue belongs to the vector of ones, which the intercept
	// fits and no penalty may touch.
	cut := float64(len(values)) * epsilon * values[len(values)-1]
	for i, v := range values {
		if v <= cut {
			values[i] = 0
		}
	}
	return &spectrum{t: t, values: values, vectors: vectors, e: product(blas.Trans, vectors, t.t)}, nil
}

// coefficients returns V 1/(Λ+α) Vᵀt with each neuroid's own α. For α = 0 they
// are the smallest that solve the least squares.
func (s *spectrum) coefficients(alphas []float64) *mat.Dense {
	scaled := mat.DenseCopyOf(s.e)
	for k, v := range s.values {
		row := scaled.RawRowView(k)
		for j, alpha := range alphas {
			if v+alpha == 0 {
				row[j] = 0
			} else {
				row[j] /= v + alpha
			}
		}
	}
	return product(blas.NoTrans, s.vectors, scaled)
}

// shrunk is what ridge with penalty α does to the component with eigenvalue λ
// of t, with the sign of a residual.
func shrunk(lambda, alpha float64) float64 { return -1 / (lambda + alpha) }

// residuals calls use with start + basis·filter(Λ, α)·e for each α, n × n_neuroids
// as start (nil: 0), overwritten by the next; basis is n × m.
func (s *spectrum) residuals(alphas []float64, start, basis *mat.Dense, filter func(lambda, alpha float64) float64, use func(a int, residual *mat.Dense)) {
	n, m := basis.Dims()
	_, q := s.e.Dims()
	filtered, residual := mat.NewDense(m, q, nil), mat.NewDense(n, q, nil)
	for a, alpha := range alphas {
		for k, v := range s.values {
			f, to := filter(v, alpha), filtered.RawRowView(k)
			for j, e := range s.e.RawRowView(k) {
				to[j] = f * e
			}
		}
		keep := 0.
		if start != nil {
			residual.Copy(start)
			keep = 1
		}
		addProduct(residual, keep, blas.NoTrans, basis, filtered)
		use(a, residual)
	}
}

// heldOut returns the mean squared errors of predicting the stimuli rows, which
// are not trained on, n_alphas × n_neuroids.
func (s *spectrum) heldOut(rows []int, alphas []float64) *mat.Dense {
	errors := mat.NewDense(len(alphas), len(s.t.yMean), nil)
	basis := product(blas.NoTrans, s.t.inputs(rows), s.vectors)
	s.residuals(alphas, s.t.responses(rows), basis, shrunk, func(a int, residual *mat.Dense) {
		meanSquares(errors.RawRowView(a), residual)
	})
	return errors
}

// unresolved is the value of 1 − H_ii below which it is rounding error: α is so
// small beside the features that every stimulus is fitted exactly.
const unresolved = 1e-13

// leaveOneOut returns the mean squared errors of predicting each training
// stimulus from the others, n_alphas × n_neuroids; +Inf where α is too small to
// be resolved. It fails when that holds for every α, and for fewer than 3
// training stimuli.
func (s *spectrum) leaveOneOut(alphas []float64) (*mat.Dense, error) {
	if len(s.t.rows) < 3 {
		return nil, fmt.Errorf("%d training stimuli: leaving one out needs at least 3", len(s.t.rows))
	}
	n := len(s.t.rows)
	// The two forms differ in what the basis yields, residuals or fits.
	var start *mat.Dense
	basis, whole := s.vectors, 0.
	filter := func(lambda, alpha float64) float64 { return alpha / (lambda + alpha) }
	if !s.t.p.dual {
		basis, whole = product(blas.NoTrans, s.t.inputs(s.t.rows), s.vectors), 1
		start, filter = s.t.y, shrunk
	}
	slack := s.slack(alphas, basis, filter) // 1 − H_ii, less whole − 1/n
	errors := mat.NewDense(len(alphas), len(s.t.yMean), nil)
	s.residuals(alphas, start, basis, filter, func(a int, residual *mat.Dense) {
		for i := range n {
			left := whole + slack.At(i, a) - 1/float64(n)
			if left < unresolved {
				left = 0 // the error below becomes +Inf, or NaN for 0/0
			}
			row := residual.RawRowView(i)
			for j := range row {
				row[j] /= left
			}
		}
		sum := errors.RawRowView(a)
		meanSquares(sum, residual)
		for j, v := range sum {
			if v != v {
				sum[j] = math.Inf(1)
			}
		}
	})
	largest := slices.Max(alphas)
	if last := errors.RawRowView(slices.Index(alphas, largest)); slices.Max(last) == math.Inf(1) {
		return nil, fmt.Errorf("beside features with variances up to %.2g even the largest candidate, α = %g, makes no difference: scale the features or pass larger candidates", s.values[len(s.values)-1]/float64(n), largest)
	}
	return errors, nil
}

// slack returns Σ_k basis_ik² filter(λ_k, α), n × n_alphas.
func (s *spectrum) slack(alphas []float64, basis *mat.Dense, filter func(lambda, alpha float64) float64) *mat.Dense {
	filters := mat.NewDense(len(s.values), len(alphas), nil)
	for k, v := range s.values {
		row := filters.RawRowView(k)
		for a, alpha := range alphas {
			row[a] = filter(v, alpha)
		}
	}
	var squares mat.Dense
	squares.MulElem(basis, basis)
	return product(blas.NoTrans, &squares, filters)
}

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
