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
// min(n_stimuli, n_features), as QMQᵀ, Q orthogonal and M of a form in which
// M + αI is quickly solved for: what ridge with one penalty after another is made
// of.
//
// The vector of ones is an eigenvector of K with the eigenvalue 0, but for
// rounding; the intercept fits it, no penalty may touch it, and t has no part in
// it. In the dual form it is K + (λ₁/n)11ᵀ that is decomposed, with the mean
// eigenvalue λ₁ = tr K/n: the ones then have λ₁, and no penalty meets rounding.
type rotated struct {
	t    *training
	form form       // M
	q    *mat.Dense // Q
	e    *mat.Dense // Qᵀt, order × n_neuroids
	ones float64    // λ₁ in the dual form
}

// A form is M. Of two there are, the spectrum takes longer to find, and less for
// each penalty than a band.
type form interface {
	// resolve prepares what takes x to (M + αI)⁻¹x for some penalties, and their
	// quadratic forms where these are asked for.
	resolve(alphas []float64, quadratic bool) (resolvents, error)
}

// resolvents are (M + αI)⁻¹ for the penalties that were asked for.
type resolvents interface {
	// apply sets x, order × any, to (M + αI)⁻¹x for penalty number a.
	apply(a int, x *mat.Dense)
	// quadratic returns fᵢᵀ(M + αI)⁻¹fᵢ for the rows fᵢ of f, rows × n_alphas.
	quadratic(f *mat.Dense) *mat.Dense
}

// rotate brings the training part train into the form that is quickest for these
// penalties and so many rows of quadratic forms for each.
func (p *Problem) rotate(train []int, alphas []float64, rows int) (*rotated, error) {
	t, err := p.train(train)
	if err != nil {
		return nil, err
	}
	quicker := bandIsQuicker(t.m.SymmetricDim(), len(alphas), rows, len(t.yMean))
	return t.rotate(quicker && slices.Min(alphas) > bandResolves*mat.Norm(t.m, 2))
}

// rotate decomposes m, which it lets go of.
func (t *training) rotate(toBand bool) (r *rotated, err error) {
	m := t.m
	t.m = nil // becomes another
	r = &rotated{t: t}
	if t.p.dual {
		n := float64(len(t.rows))
		r.ones = mat.Trace(m) / n
		data := m.RawSymmetric().Data
		for i := range data {
			data[i] += r.ones / n
		}
	}
	if toBand {
		r.form, r.q = reduce(m)
	} else if r.form, r.q, err = decompose(m); err != nil {
		return nil, err
	}
	r.e = crossProduct(r.q, t.t)
	return r, nil
}

const (
	penalties    = 12  // held at a time, each with its resolvent and solution
	residualRows = 192 // of the residuals that a goroutine computes at a time
)

// inRounds calls use for some of the penalties after the others, which begin at
// number first.
func (r *rotated) inRounds(alphas []float64, quadratic bool, use func(first int, some []float64, inverse resolvents)) error {
	rounds := (len(alphas) + penalties - 1) / penalties
	for round := range rounds {
		first, end := round*len(alphas)/rounds, (round+1)*len(alphas)/rounds
		inverse, err := r.form.resolve(alphas[first:end], quadratic)
		if err != nil {
			return err
		}
		use(first, alphas[first:end], inverse)
	}
	return nil
}

// coefficients returns Q (M + αI)⁻¹ Qᵀt of the given neuroids, each with its own
// α, order × len(neuroids).
func (r *rotated) coefficients(neuroids []int, alphas []float64) (*mat.Dense, error) {
	different := slices.Compact(slices.Sorted(slices.Values(alphas)))
	order, _ := r.e.Dims()
	z := mat.NewDense(order, len(neuroids), nil)
	err := r.inRounds(different, false, func(_ int, some []float64, inverse resolvents) {
		kernel.Parallel(len(some), func(a int) {
			var columns []int
			for k, alpha := range alphas {
				if alpha == some[a] {
					columns = append(columns, k)
				}
			}
			part := mat.NewDense(order, len(columns), nil)
			for i := range order {
				from, to := r.e.RawRowView(i), part.RawRowView(i)
				for c, k := range columns {
					to[c] = from[neuroids[k]]
				}
			}
			inverse.apply(a, part)
			for i := range order {
				from, to := part.RawRowView(i), z.RawRowView(i)
				for c, k := range columns {
					to[k] = from[c]
				}
			}
		})
	})
	if err != nil {
		return nil, err
	}
	return product(blas.NoTrans, r.q, z), nil
}

// heldOut returns the mean squared errors of predicting the stimuli rows, which
// are not trained on, n_alphas × n_neuroids.
func (r *rotated) heldOut(rows []int, alphas []float64) (*mat.Dense, error) {
	return r.errors(alphas, product(blas.NoTrans, r.t.inputs(rows), r.q), r.t.responses(rows), nil)
}

// leaveOneOut returns the mean squared errors of predicting each training
// stimulus from the others, n_alphas × n_neuroids; +Inf where α is too small to
// be resolved. It fails when that holds for every α, and for fewer than 3
// training stimuli.
//
// With F = Q (dual) or XQ (primal) and s_i = f_iᵀ(M + αI)⁻¹f_i for its rows,
//
//	dual:    Y − Ŷ = α F(M + αI)⁻¹QᵀY,     1 − H_ii = α (s_i − 1/(n(λ₁ + α)))
//	primal:  Ŷ = F(M + αI)⁻¹FᵀY,           1 − H_ii = 1 − 1/n − s_i
//
// What is subtracted in the dual form is the part of the ones in s_i.
func (r *rotated) leaveOneOut(alphas []float64) (loo *mat.Dense, err error) {
	n := len(r.t.rows)
	if n < 3 {
		return nil, fmt.Errorf("%d training stimuli: leaving one out needs at least 3", n)
	}
	if r.t.p.dual {
		loo, err = r.errors(alphas, r.q, nil, func(alpha, s float64) float64 {
			return alpha * (s - 1/(r.ones+alpha)/float64(n))
		})
	} else {
		loo, err = r.errors(alphas, product(blas.NoTrans, r.t.inputs(r.t.rows), r.q), r.t.y, func(_, s float64) float64 {
			return 1 - 1/float64(n) - s
		})
	}
	if err != nil {
		return nil, err
	}
	largest := slices.Max(alphas)
	if last := loo.RawRowView(slices.Index(alphas, largest)); slices.Max(last) == math.Inf(1) {
		return nil, fmt.Errorf("beside such features even the largest candidate, α = %g, makes no difference: scale the features or pass larger candidates", largest)
	}
	return loo, nil
}

// unresolved is the value of 1 − H_ii below which it is rounding error: α is so
// small beside the features that every stimulus is fitted exactly.
const unresolved = 1e-13

// errors returns the mean squares of residuals, n_alphas × n_neuroids:
// y − F(M + αI)⁻¹e, or without y α F(M + αI)⁻¹e, which is the same where F is Q
// and y is t. Where slack is given, the residual of row i is divided by
// slack(α, s_i), s_i = f_iᵀ(M + αI)⁻¹f_i, and errors may be +Inf.
//
// Blocks of rows, with some penalties at a time, are worked on in parallel; their
// sums are added in their order.
func (r *rotated) errors(alphas []float64, f, y *mat.Dense, slack func(alpha, s float64) float64) (*mat.Dense, error) {
	n, order := f.Dims()
	_, q := r.e.Dims()
	means := mat.NewDense(len(alphas), q, nil)
	blocks, most := (n+residualRows-1)/residualRows, min(penalties, len(alphas))*q
	solutions, partial := mat.NewDense(order, most, nil), mat.NewDense(blocks, most, nil)
	fits := make([]*mat.Dense, runtime.GOMAXPROCS(0)) // a worker's own
	err := r.inRounds(alphas, slack != nil, func(first int, some []float64, inverse resolvents) {
		z, sums := solutions.Slice(0, order, 0, len(some)*q).(*mat.Dense), partial.Slice(0, blocks, 0, len(some)*q).(*mat.Dense)
		sums.Zero()
		kernel.Parallel(len(some), func(a int) {
			of := z.Slice(0, order, a*q, (a+1)*q).(*mat.Dense)
			of.Copy(r.e)
			inverse.apply(a, of)
		})
		kernel.ParallelWorkers(blocks, func(worker, k int) {
			lo, hi := k*residualRows, min((k+1)*residualRows, n)
			part := f.Slice(lo, hi, 0, order).(*mat.Dense)
			if fits[worker] == nil {
				fits[worker] = mat.NewDense(min(residualRows, n), most, nil)
			}
			fitted := fits[worker].Slice(0, hi-lo, 0, len(some)*q).(*mat.Dense)
			blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, part.RawMatrix(), z.RawMatrix(), 0, fitted.RawMatrix())
			var s *mat.Dense
			if slack != nil {
				s = inverse.quadratic(part)
			}
			for i := range hi - lo {
				for a, alpha := range some {
					scale := 1.
					if slack != nil {
						if left := slack(alpha, s.At(i, a)); left < unresolved {
							scale = math.Inf(1) // the error is then too, or NaN for a residual of 0
						} else {
							scale = 1 / left
						}
					}
					sum, fit := sums.RawRowView(k)[a*q:(a+1)*q], fitted.RawRowView(i)[a*q:(a+1)*q]
					if y == nil {
						scale *= alpha
						for j, v := range fit {
							e := v * scale
							sum[j] += e * e
						}
						continue
					}
					for j, v := range y.RawRowView(lo + i) {
						e := (v - fit[j]) * scale
						sum[j] += e * e
					}
				}
			}
		})
		for a := range some {
			to := means.RawRowView(first + a)
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
	})
	return means, err
}
