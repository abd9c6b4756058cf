package fit

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

// PLS is partial least squares regression as scikit-learn's
// PLSRegression(n_components, scale=False) computes it, with NIPALS' iteration
// and its stopping rule. On noisy responses NIPALS stops before the singular
// vector has converged, so a PLS that takes the exact singular vector predicts
// differently, by several percent.
//
// Only the cross-product S = XᵀY is deflated (B. S. Dayal and J. F. MacGregor,
// "Improved PLS algorithms", J. Chemometrics 11, 1997), and the iteration runs
// in the space of the responses, on SᵀS, or of the features (stimuli in the dual
// form) where that is the smaller one, on SSᵀ. For each component:
//
//	w ∝ S c, c ∝ Sᵀw            until ‖Δw‖² < 1e-6, at most 500 times; c starts at the first response that is not 0
//	r = w − Σ_j (p_jᵀw) r_j,  t = X r
//	p = Xᵀt/tᵀt,  q = Sᵀr/tᵀt,  S ← S − tᵀt p qᵀ
//
// and β = R Qᵀ; the first k columns of R and Q are the fit with k components.
// With fewer stimuli than features all of it is carried in terms of K = XXᵀ: XS
// becomes KY and X r becomes K ρ. A single fit, of a Problem whose products nobody
// has computed yet, does without K and C: it reads the features once for each
// component, Xᵀt = Xᵀ(X r), as far as they are not so large (1 GiB) that they
// should not be held.
//
// The fit ends with fewer components, as there, once every residual of the
// responses is 0 to rounding (2e-16, absolute), and also when what is left of
// the features, or of S, is. Cost per component: m² + m·n_neuroids with
// m = min(n_stimuli, n_features), and per iteration the smaller of n_neuroids²
// and m² (twice that in the dual form).
type PLS struct {
	Components int // 0 = 25, Brain-Score's
}

const (
	plsIterations = 500
	plsTolerance  = 1e-6
)

func (r PLS) components() int {
	if r.Components == 0 {
		return 25
	}
	return r.Components
}

// Name is "pls".
func (r PLS) Name() string { return "pls" }

// Parameters holds components.
func (r PLS) Parameters() map[string]float64 {
	return map[string]float64{"components": float64(r.components())}
}

// Fit fits the components. It fails when there are fewer features, or fewer
// training stimuli less one, than components.
func (r PLS) Fit(p *Problem, train []int) (Predictor, error) {
	each, err := r.FitEach(p, train)
	if err != nil {
		return nil, err
	}
	return each[len(each)-1], nil
}

// FitEach fits once and returns the regressions with 1, 2, … components, which
// share their memory: element k−1 is what Fit returns for k. Those with more
// components than the fit ends with are the last one. It fails where Fit does.
func (r PLS) FitEach(p *Problem, train []int) ([]Predictor, error) {
	f, err := r.fit(p, train)
	if err != nil {
		return nil, err
	}
	each := make([]Predictor, r.components())
	for k := range each {
		each[k] = f.predictor(k + 1)
	}
	return each, nil
}

func (r PLS) fit(p *Problem, train []int) (*plsFit, error) {
	components := r.components()
	if components < 1 {
		return nil, fmt.Errorf("pls with %d components: expected at least 1", components)
	}
	if _, features, _ := p.Dims(); features < components {
		return nil, fmt.Errorf("pls with %d components needs at least as many features, found %d: lower the number of components", components, features)
	}
	if len(train) <= components {
		return nil, fmt.Errorf("pls with %d components needs at least %d training stimuli, found %d: lower the number of components", components, components+1, len(train))
	}
	f, err := r.begin(p, train)
	if err != nil {
		return nil, err
	}
	for range components {
		if !f.add() {
			break
		}
	}
	f.t.m = nil // not needed again
	return f, nil
}

// Workspace is Sizer's: the training part, the deflated responses, and two
// vectors per component.
func (r PLS) Workspace(stimuli, features, neuroids, train int) (shared, split int64) {
	s := sizes{stimuli, features, neuroids, train}
	deflated := 0
	if s.dual() {
		deflated = 2 * train * neuroids
	}
	iterated := min(neuroids, s.order())
	return 0, max(s.centring(), s.training()+float64s(deflated+iterated*iterated+2*r.components()*s.order()))
}

// plsFit is a PLS fit under way.
type plsFit struct {
	t          *training
	space      plsSpace
	trace      float64     // total variance of the features
	loadings   [][]float64 // q of each component
	iterations []int

	sum, left []float64  // ‖y_j‖² at the start and now, by subtraction
	g         *mat.Dense // G
	exact     float64    // its trace when it was last computed, not updated
	whole     float64    // its trace at the start
}

// begin chooses the form that costs least.
func (r PLS) begin(p *Problem, train []int) (*plsFit, error) {
	n, features, neuroids := p.Dims()
	size := min(len(train), features)
	if !p.isPrepared() && size >= 20*r.components() && neuroids <= size && float64s(n*features) <= directBytes {
		t, err := p.direct(train)
		if err != nil {
			return nil, err
		}
		return newDirectPLSFit(t), nil
	}
	t, err := p.train(train)
	if err != nil {
		return nil, err
	}
	return newPLSFit(t, neuroids > t.m.SymmetricDim()), nil
}

func newPLSFit(t *training, wide bool) *plsFit {
	f := &plsFit{t: t, trace: mat.Trace(t.m)}
	if t.p.dual {
		f.space = newDualPLS(t, wide)
	} else {
		gram := func(r, v []float64) { blas64.Symv(1, t.m.RawSymmetric(), vector(r), 0, vector(v)) }
		f.space = &primalPLS{t: t, wide: wide, s: t.t, gram: gram}
	}
	return f
}

// newDirectPLSFit is a fit without products.
func newDirectPLSFit(t *training) *plsFit {
	x := t.trained()
	gram := func(r, v []float64) { gramTimes(x, r, v) }
	return &plsFit{t: t, trace: squares(x), space: &primalPLS{t: t, s: t.t, gram: gram}}
}

// squares is the sum of the squares of a.
func squares(a *mat.Dense) float64 {
	sum := 0.0
	rows, _ := a.Dims()
	for i := range rows {
		row := vector(a.RawRowView(i))
		sum += blas64.Dot(row, row)
	}
	return sum
}

// add fits the next component. It returns false when there is none.
func (f *plsFit) add() bool {
	start := f.firstResponse()
	if start < 0 {
		return false
	}
	// Once little is left of G, the rounding errors of its updates would count,
	// and it is computed anew.
	if f.g == nil || !(mat.Trace(f.g) > .1*f.exact) {
		f.g = mat.NewDense(f.space.size(), f.space.size(), nil)
		f.space.iterated(f.g)
		f.exact = mat.Trace(f.g)
		f.whole = max(f.whole, f.exact)
	}
	if f.exact <= unvarying*unvarying*f.whole {
		return false // ‖S‖² is that of rounding errors
	}
	a, h, iterations := f.nipals(start)
	if a == nil {
		return false
	}
	// Below this variance of a score, rounding errors in the products are as
	// large as it is.
	c, ok := f.space.component(a, h, 1e-14*f.trace)
	if !ok {
		return false
	}
	f.loadings = append(f.loadings, c.q)
	f.iterations = append(f.iterations, iterations)
	for j, v := range c.q {
		f.left[j] -= v * v * c.tt
	}
	blas64.Syr2(-1, vector(c.x), vector(c.u), upper(f.g))
	return true
}

// firstResponse is the first response with a residual above ε anywhere; −1 if
// there is none. Residuals below 10 ε everywhere are set to 0. While a sum of
// squares is far from 0 there is no need to look at the residuals themselves.
func (f *plsFit) firstResponse() int {
	if f.sum == nil {
		f.sum = make([]float64, len(f.t.yMean))
		for i := range f.t.rows {
			for j, v := range f.t.y.RawRowView(i) {
				f.sum[j] += v * v
			}
		}
		f.left = append([]float64(nil), f.sum...)
	}
	n := float64(len(f.t.rows))
	first, doubtful := -1, false
	for j, v := range f.left {
		if v <= 1e-10*f.sum[j] || v <= n*1e4*epsilon*epsilon {
			doubtful = true
		} else if first < 0 {
			first = j
		}
	}
	if !doubtful {
		return first
	}
	first = -1
	residual := f.space.residual()
	for j := range f.left {
		largest := 0.0
		for i := range f.t.rows {
			largest = max(largest, math.Abs(residual.At(i, j)))
		}
		if largest < 10*epsilon {
			f.space.drop(j)
			f.g = nil
		} else if first < 0 {
			first = j
		}
	}
	return first
}

// predictor predicts with at most the given number of components.
func (f *plsFit) predictor(components int) *plsPredictor {
	k := min(components, len(f.loadings))
	return &plsPredictor{f.t, f.space.rotations()[:k], f.loadings[:k]}
}

// plsPredictor predicts ŷ = ȳ + Σ_k inputs·r_k q_kᵀ.
type plsPredictor struct {
	t                   *training
	rotations, loadings [][]float64
}

func (f *plsPredictor) Predict(rows []int) *mat.Dense {
	y := mat.NewDense(len(rows), len(f.t.yMean), nil)
	f.each(rows, func(score, q []float64) {
		blas64.Ger(1, vector(score), vector(q), y.RawMatrix())
	})
	addRow(y, f.t.yMean)
	return y
}

// each calls use with the scores of the given stimuli and the loadings of every
// component in turn.
func (f *plsPredictor) each(rows []int, use func(score, q []float64)) {
	inputs := f.t.inputs(rows)
	score := make([]float64, len(rows))
	for k, r := range f.rotations {
		blas64.Gemv(blas.NoTrans, 1, inputs.RawMatrix(), vector(r), 0, vector(score))
		use(score, f.loadings[k])
	}
}

// nipals finds the weight vector of the next component, ‖w‖ = 1, by NIPALS'
// iteration from response start, and the number of iterations; nil where S is 0.
func (f *plsFit) nipals(start int) (a, h []float64, iterations int) {
	a, h = f.space.start(f.g, start)
	normalise := func(a, h []float64) bool {
		norm := math.Sqrt(blas64.Dot(vector(a), vector(h)))
		if !(norm > 0) {
			return false
		}
		for j := range a {
			a[j], h[j] = a[j]/norm, h[j]/norm
		}
		return true
	}
	if !normalise(a, h) {
		return nil, nil, 0
	}
	if len(f.t.yMean) == 1 {
		return a, h, 1
	}
	aNext, hNext := make([]float64, len(a)), make([]float64, len(h))
	for iteration := 2; iteration <= plsIterations; iteration++ {
		f.space.step(f.g, h, aNext, hNext)
		if !normalise(aNext, hNext) {
			return nil, nil, 0
		}
		change := 0.0 // ‖Δw‖²
		for j := range a {
			change += (aNext[j] - a[j]) * (hNext[j] - h[j])
		}
		a, aNext, h, hNext = aNext, a, hNext, h
		if change < plsTolerance {
			return a, h, iteration
		}
	}
	return a, h, plsIterations
}

// vector is x as BLAS takes it.
func vector(x []float64) blas64.Vector { return blas64.Vector{N: len(x), Inc: 1, Data: x} }
