package fit

import (
	"fmt"
	"math"
	"runtime"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"ventral/internal/kernel"
)

// A rotated is a training part with its K (dual) or C (primal), of order
// m = min(n_stimuli, n_features), as QMQᵀ, Q orthogonal and M of a form in which
// M + αI is quickly solved for: what ridge with one penalty after another is made
// of.
type rotated struct {
	t *training
	m form
	q *mat.Dense // Q, m × m
	e *mat.Dense // Qᵀt, m × n_neuroids

	// The eigenvalue of M that belongs to the vector of ones, in the dual form. The
	// intercept fits it, no penalty may touch it, and t has no part in it: in K it
	// is 0, but for rounding.
	ones float64
}

// A form is M. Of two there are, the spectrum takes longer to find, and less for
// each penalty than a band.
type form interface {
	// resolve prepares what takes x to (M + αI)⁻¹x for some penalties.
	resolve(alphas []float64) (resolvents, error)
}

// resolvents are (M + αI)⁻¹ for the penalties that were asked for.
type resolvents interface {
	// apply sets x, m × any, to (M + αI)⁻¹x for penalty number a.
	apply(a int, x *mat.Dense)
	// forms returns fᵢᵀ(M + αI)⁻¹fᵢ for the rows fᵢ of f, rows × n_alphas.
	forms(f *mat.Dense) *mat.Dense
}

// rotate brings the training part train into the form that is quickest for these
// penalties and n_rows rows of forms for each.
func (p *Problem) rotate(train []int, alphas []float64, rows int) (*rotated, error) {
	t, err := p.train(train)
	if err != nil {
		return nil, err
	}
	m := t.m
	t.m = nil // becomes another
	r := &rotated{t: t}
	if bandIsQuicker(m.SymmetricDim(), len(alphas), rows) && slices.Min(alphas) > bandResolves*mat.Norm(m, 2) {
		r.m, r.q, r.ones = reduce(m, p.dual)
	} else if r.m, r.q, err = decompose(m); err != nil {
		return nil, err
	}
	r.e = crossProduct(r.q, t.t)
	return r, nil
}

// coefficients returns Q (M + αI)⁻¹ Qᵀt of the given neuroids, each with its own
// α, m × len(neuroids).
func (r *rotated) coefficients(neuroids []int, alphas []float64) (*mat.Dense, error) {
	different := slices.Compact(slices.Sorted(slices.Values(alphas)))
	inverse, err := r.m.resolve(different)
	if err != nil {
		return nil, err
	}
	m, _ := r.e.Dims()
	z := mat.NewDense(m, len(neuroids), nil)
	kernel.Parallel(len(different), func(a int) {
		var columns []int
		for k, alpha := range alphas {
			if alpha == different[a] {
				columns = append(columns, k)
			}
		}
		part := mat.NewDense(m, len(columns), nil)
		for i := range m {
			from, to := r.e.RawRowView(i), part.RawRowView(i)
			for c, k := range columns {
				to[c] = from[neuroids[k]]
			}
		}
		inverse.apply(a, part)
		for i := range m {
			from, to := part.RawRowView(i), z.RawRowView(i)
			for c, k := range columns {
				to[k] = from[c]
			}
		}
	})
	return product(blas.NoTrans, r.q, z), nil
}

// heldOut returns the mean squared errors of predicting the stimuli rows, which
// are not trained on, n_alphas × n_neuroids.
func (r *rotated) heldOut(rows []int, alphas []float64) (*mat.Dense, error) {
	return r.meanSquares(alphas, product(blas.NoTrans, r.t.inputs(rows), r.q), r.t.responses(rows), nil)
}

// leaveOneOut returns the mean squared errors of predicting each training
// stimulus from the others, n_alphas × n_neuroids; +Inf where α is too small to
// be resolved. It fails when that holds for every α, and for fewer than 3
// training stimuli.
//
// With F = Q (dual) or XQ (primal) and s_i = f_iᵀ(M + αI)⁻¹f_i for its rows,
//
//	dual:    Y − Ŷ = α F(M + αI)⁻¹QᵀY,     1 − H_ii = α s_i − 1/n
//	primal:  Ŷ = F(M + αI)⁻¹FᵀY,           1 − H_ii = 1 − 1/n − s_i
//
// where the dual form's 1/n is that part of s_i which belongs to the ones.
func (r *rotated) leaveOneOut(alphas []float64) (errors *mat.Dense, err error) {
	n := len(r.t.rows)
	if n < 3 {
		return nil, fmt.Errorf("%d training stimuli: leaving one out needs at least 3", n)
	}
	if r.t.p.dual {
		errors, err = r.meanSquares(alphas, r.q, nil, func(alpha, s float64) float64 {
			return alpha * (s - 1/(r.ones+alpha)/float64(n))
		})
	} else {
		errors, err = r.meanSquares(alphas, product(blas.NoTrans, r.t.inputs(r.t.rows), r.q), r.t.y, func(_, s float64) float64 {
			return 1 - 1/float64(n) - s
		})
	}
	if err != nil {
		return nil, err
	}
	largest := slices.Max(alphas)
	if last := errors.RawRowView(slices.Index(alphas, largest)); slices.Max(last) == math.Inf(1) {
		return nil, fmt.Errorf("beside such features even the largest candidate, α = %g, makes no difference: scale the features or pass larger candidates", largest)
	}
	return errors, nil
}

// unresolved is the value of 1 − H_ii below which it is rounding error: α is so
// small beside the features that every stimulus is fitted exactly.
const unresolved = 1e-13

// penalties are held at a time, each with its resolvent and solution.
const penalties = 12

// meanSquares returns the mean squares of residuals, n_alphas × n_neuroids:
// y − F(M + αI)⁻¹e, or without y α F(M + αI)⁻¹e, which is the same where F is Q
// and y is t. Where slack is given, the residual of row i is divided by
// slack(α, s_i), s_i = f_iᵀ(M + αI)⁻¹f_i, and errors may be +Inf.
//
// Blocks of rows, with some penalties at a time, are worked on in parallel; their
// sums are added in their order.
func (r *rotated) meanSquares(alphas []float64, f, y *mat.Dense, slack func(alpha, s float64) float64) (*mat.Dense, error) {
	n, m := f.Dims()
	_, q := r.e.Dims()
	errors := mat.NewDense(len(alphas), q, nil)
	const block = 192
	blocks := (n + block - 1) / block
	rounds := (len(alphas) + penalties - 1) / penalties
	for round := range rounds {
		first, end := round*len(alphas)/rounds, (round+1)*len(alphas)/rounds
		some := alphas[first:end]
		inverse, err := r.m.resolve(some)
		if err != nil {
			return nil, err
		}
		z := mat.NewDense(m, len(some)*q, nil)
		kernel.Parallel(len(some), func(a int) {
			of := z.Slice(0, m, a*q, (a+1)*q).(*mat.Dense)
			of.Copy(r.e)
			inverse.apply(a, of)
		})
		sums := mat.NewDense(blocks, len(some)*q, nil)
		fits := make([]*mat.Dense, runtime.GOMAXPROCS(0)) // a worker's own
		kernel.ParallelWorkers(blocks, func(worker, k int) {
			lo, hi := k*block, min((k+1)*block, n)
			part := f.Slice(lo, hi, 0, m).(*mat.Dense)
			if fits[worker] == nil {
				fits[worker] = mat.NewDense(min(block, n), len(some)*q, nil)
			}
			fitted := fits[worker].Slice(0, hi-lo, 0, len(some)*q).(*mat.Dense)
			blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, part.RawMatrix(), z.RawMatrix(), 0, fitted.RawMatrix())
			var forms *mat.Dense
			if slack != nil {
				forms = inverse.forms(part)
			}
			for i := range hi - lo {
				for a, alpha := range some {
					divisor := 1.
					if slack != nil {
						if divisor = slack(alpha, forms.At(i, a)); divisor < unresolved {
							divisor = 0 // the error becomes +Inf, or NaN for 0/0
						}
					}
					sum, fit := sums.RawRowView(k)[a*q:(a+1)*q], fitted.RawRowView(i)[a*q:(a+1)*q]
					if y == nil {
						for j, v := range fit {
							e := alpha * v / divisor
							sum[j] += e * e
						}
						continue
					}
					for j, v := range y.RawRowView(lo + i) {
						e := (v - fit[j]) / divisor
						sum[j] += e * e
					}
				}
			}
		})
		for a := range some {
			to := errors.RawRowView(first + a)
			for k := range blocks {
				for j, v := range sums.RawRowView(k)[a*q : (a+1)*q] {
					to[j] += v
				}
			}
			for j, v := range to {
				if to[j] = v / float64(n); v != v {
					to[j] = math.Inf(1)
				}
			}
		}
	}
	return errors, nil
}
