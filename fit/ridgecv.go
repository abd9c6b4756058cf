package fit

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	vblas "ventral/internal/blas"
)

// RidgeCV is ridge with the penalty that predicts each training stimulus best
// from the others: the smallest mean squared leave-one-out error, in closed
// form (scikit-learn's RidgeCV with its default cross-validation).
//
// With H_α the matrix that maps responses to fitted ones, the error of leaving
// stimulus i out is (y_i − ŷ_i)/(1 − H_ii). One symmetric eigendecomposition
// VΛVᵀ of size m = min(n_stimuli, n_features) per fit serves every α:
//
//	XXᵀ = VΛVᵀ (dual):    Y − Ŷ = V α/(Λ+α) VᵀY,         1 − H_ii = Σ_k V_ik² α/(λ_k+α) − 1/n
//	XᵀX = VΛVᵀ (primal):  Ŷ = (XV) 1/(Λ+α) (XV)ᵀY,       1 − H_ii = 1 − 1/n − Σ_k (XV)_ik²/(λ_k+α)
//
// the 1/n being the free intercept. Cost per α: a product of n × m and
// m × n_neuroids.
type RidgeCV struct {
	Alphas []float64 // candidates; nil = Brain-Score's 99 from .01 to 1e7
	Shared bool      // one α for all neuroids, instead of the best for each
}

// BrainScoreAlphas returns the 99 penalties among which Brain-Score chooses.
func BrainScoreAlphas() []float64 {
	alphas := []float64{.01, .1, .5, 1}
	steps := func(from, to float64, n, intervals int) {
		for i := range n {
			alphas = append(alphas, from+float64(i)*((to-from)/float64(intervals)))
		}
	}
	steps(10, 100, 4, 4)
	for _, a := range []float64{1e2, 1e3, 1e4, 1e5} {
		steps(a, 10*a, 18, 18)
	}
	steps(1e6, 1e7, 19, 18)
	return alphas
}

func (r RidgeCV) alphas() []float64 {
	if r.Alphas == nil {
		return BrainScoreAlphas()
	}
	return r.Alphas
}

// Name is "ridgecv".
func (r RidgeCV) Name() string { return "ridgecv" }

// Parameters holds the number and range of the candidates, and shared (0 or 1).
func (r RidgeCV) Parameters() map[string]float64 {
	a := r.alphas()
	p := map[string]float64{"alphas": float64(len(a)), "shared": 0}
	if len(a) > 0 {
		p["alpha_min"], p["alpha_max"] = slices.Min(a), slices.Max(a)
	}
	if r.Shared {
		p["shared"] = 1
	}
	return p
}

// Fit chooses the penalties and fits. It fails without candidates and for one
// that is not positive and finite.
func (r RidgeCV) Fit(p *Problem, train []int) (Predictor, error) {
	predictor, _, err := r.fit(p, train)
	return predictor, err
}

// fit is Fit that also tells the α of each neuroid.
func (r RidgeCV) fit(p *Problem, train []int) (Predictor, []float64, error) {
	alphas := r.alphas()
	if len(alphas) == 0 {
		return nil, nil, fmt.Errorf("ridgecv has no penalties to choose from")
	}
	for _, a := range alphas {
		if !(a > 0) || !isFinite(a) {
			return nil, nil, fmt.Errorf("ridgecv with the candidate α = %g: expected positive numbers", a)
		}
	}
	if len(train) < 3 {
		return nil, nil, fmt.Errorf("ridgecv with %d training stimuli: leaving one out needs at least 3", len(train))
	}
	t, err := p.train(train)
	if err != nil {
		return nil, nil, err
	}
	l, err := newLeaveOneOut(t)
	if err != nil {
		return nil, nil, fmt.Errorf("ridgecv: %w", err)
	}
	errors := l.errors(alphas) // n_alphas × n_neuroids
	chosen := make([]float64, len(t.yMean))
	if last := errors.RawRowView(slices.Index(alphas, slices.Max(alphas))); slices.Max(last) == math.Inf(1) {
		return nil, nil, fmt.Errorf("ridgecv: beside features with variances up to %.2g even the largest candidate, α = %g, makes no difference: scale the features or pass larger candidates", l.values[len(l.values)-1]/float64(len(train)), slices.Max(alphas))
	}
	if r.Shared {
		total := make([]float64, len(alphas))
		for i := range alphas {
			for _, v := range errors.RawRowView(i) {
				total[i] += v
			}
		}
		best := smallest(total)
		for j := range chosen {
			chosen[j] = alphas[best]
		}
	} else {
		for j := range chosen {
			chosen[j] = alphas[smallest(mat.Col(nil, j, errors))]
		}
	}
	return t.predictor(l.coefficients(chosen)), chosen, nil
}

// smallest is the index of the smallest value, the first among equals.
func smallest(values []float64) int {
	best := 0
	for i, v := range values {
		if v < values[best] {
			best = i
		}
	}
	return best
}

// leaveOneOut holds the spectrum of a training part.
type leaveOneOut struct {
	t       *training
	values  []float64  // λ, m
	vectors *mat.Dense // V, m × m
	e       *mat.Dense // Vᵀt, m × n_neuroids
	basis   *mat.Dense // V (dual) or XV (primal), n_train × m
	squares *mat.Dense // basis squared, element by element
}

func newLeaveOneOut(t *training) (*leaveOneOut, error) {
	values, vectors, err := vblas.EigenSym(t.m)
	if err != nil {
		return nil, err
	}
	// Eigenvalues that are rounding errors count as 0: one belongs to the
	// vector of ones, which the intercept fits and no penalty may touch.
	cut := float64(len(values)) * epsilon * values[len(values)-1]
	for i, v := range values {
		if v <= cut {
			values[i] = 0
		}
	}
	l := &leaveOneOut{t: t, values: values, vectors: vectors, e: product(blas.Trans, vectors, t.t), basis: vectors}
	if !t.p.dual {
		l.basis = product(blas.NoTrans, t.features(), vectors)
	}
	l.squares = new(mat.Dense)
	l.squares.MulElem(l.basis, l.basis)
	return l, nil
}

// unresolved is the value of 1 − H_ii below which it is rounding error: α is so
// small beside the features that every stimulus is fitted exactly.
const unresolved = 1e-13

// errors returns the mean squared leave-one-out errors, n_alphas × n_neuroids;
// +Inf where α is too small to be resolved.
func (l *leaveOneOut) errors(alphas []float64) *mat.Dense {
	n, m := l.basis.Dims()
	q := len(l.t.yMean)
	// The two forms differ in what the basis yields, residuals or fits.
	filter := func(lambda, alpha float64) float64 { return alpha / (lambda + alpha) }
	if !l.t.p.dual {
		filter = func(lambda, alpha float64) float64 { return 1 / (lambda + alpha) }
	}
	filters := mat.NewDense(m, len(alphas), nil)
	for k, v := range l.values {
		row := filters.RawRowView(k)
		for a, alpha := range alphas {
			row[a] = filter(v, alpha)
		}
	}
	slack := product(blas.NoTrans, l.squares, filters) // 1 − H_ii, n × n_alphas
	for i := range n {
		row := slack.RawRowView(i)
		for a := range row {
			if !l.t.p.dual {
				row[a] = 1 - row[a]
			}
			row[a] -= 1 / float64(n)
		}
	}
	errors := mat.NewDense(len(alphas), q, nil)
	filtered := mat.NewDense(m, q, nil)
	residual := mat.NewDense(n, q, nil)
	for a := range alphas {
		for k := range m {
			f, to := filters.At(k, a), filtered.RawRowView(k)
			for j, v := range l.e.RawRowView(k) {
				to[j] = f * v
			}
		}
		sign, keep := 1., 0.
		if !l.t.p.dual {
			residual.Copy(l.t.y)
			sign, keep = -1, 1
		}
		blas64.Gemm(blas.NoTrans, blas.NoTrans, sign, l.basis.RawMatrix(), filtered.RawMatrix(), keep, residual.RawMatrix())
		sum := errors.RawRowView(a)
		for i := range n {
			s := slack.At(i, a)
			if s < unresolved {
				s = 0 // the error below becomes +Inf, or NaN for 0/0
			}
			for j, v := range residual.RawRowView(i) {
				d := v / s
				sum[j] += d * d
			}
		}
		for j := range sum {
			if sum[j] /= float64(n); sum[j] != sum[j] {
				sum[j] = math.Inf(1)
			}
		}
	}
	return errors
}

// coefficients returns V 1/(Λ+α) Vᵀt with each neuroid's own α.
func (l *leaveOneOut) coefficients(alphas []float64) *mat.Dense {
	scaled := mat.DenseCopyOf(l.e)
	for k, v := range l.values {
		row := scaled.RawRowView(k)
		for j, alpha := range alphas {
			row[j] /= v + alpha
		}
	}
	return product(blas.NoTrans, l.vectors, scaled)
}
