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
// in the space of the responses, on G = SᵀS. For each component:
//
//	w ∝ S c, c ∝ Sᵀw            until ‖Δw‖² < 1e-6, at most 500 times; c starts at the first response that is not 0
//	r = w − Σ_j (p_jᵀw) r_j,  t = X r
//	p = Xᵀt/tᵀt,  q = Sᵀr/tᵀt,  S ← S − tᵀt p qᵀ
//
// and β = R Qᵀ, of which the first k columns are the fit with k components. With fewer stimuli than features all of it is carried in terms
// of K = XXᵀ: XS becomes KY and X r becomes K ρ.
//
// The fit ends with fewer components, as there, once every residual of the
// responses is 0 to rounding (2e-16, absolute), and also when what is left of
// the features is. Cost per component: m² + m·n_neuroids with
// m = min(n_stimuli, n_features), and n_neuroids² per iteration.
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
// components than the fit ends with are the last one.
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
	t, err := p.train(train)
	if err != nil {
		return nil, err
	}
	f := &plsFit{t: t, trace: mat.Trace(t.m)}
	if p.dual {
		f.space = newDualPLS(t)
	} else {
		f.space = newPrimalPLS(t)
	}
	for range components {
		if !f.add() {
			break
		}
	}
	t.m = nil // not needed again
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
	return 0, max(s.centring(), s.training()+float64s(deflated+neuroids*neuroids+2*r.components()*s.order()))
}

// A plsSpace carries a PLS fit in the primal or the dual form.
type plsSpace interface {
	// covariance sets g to SᵀS, n_neuroids × n_neuroids, upper triangle.
	covariance(g *mat.Dense)
	// component makes the next component of w = S a from the previous ones; it
	// returns tᵀt and q, and u = Sᵀv and vᵀv of v = Xᵀt with S as it was before.
	// It fails, and changes nothing, when tᵀt ≤ least.
	component(a []float64, least float64) (c plsComponent, ok bool)
	// rotations returns the vectors r (primal) or ρ (dual) of the components.
	rotations() [][]float64
	// residual returns the responses less what the components explain.
	residual() *mat.Dense
	// drop sets a response to 0.
	drop(j int)
}

type plsComponent struct {
	tt, vv float64
	q, u   []float64 // n_neuroids
}

// plsFit is a PLS fit under way.
type plsFit struct {
	t          *training
	space      plsSpace
	trace      float64     // total variance of the features
	loadings   [][]float64 // q of each component
	iterations []int

	sum, left []float64  // ‖y_j‖² at the start and now, by subtraction
	g         *mat.Dense // SᵀS
	exact     float64    // trace of g when it was last computed, not updated
}

// add fits the next component. It returns false when there is none.
func (f *plsFit) add() bool {
	start := f.firstResponse()
	if start < 0 {
		return false
	}
	// S ← S − v qᵀ changes SᵀS by a matrix of rank 2. Once little is left of it,
	// the rounding errors of these updates would count, and it is computed anew.
	if f.g == nil || !(mat.Trace(f.g) > .1*f.exact) {
		f.g = mat.NewDense(len(f.sum), len(f.sum), nil)
		f.space.covariance(f.g)
		f.exact = mat.Trace(f.g)
	}
	a, iterations := nipals(f.g, start)
	if a == nil {
		return false
	}
	// Below this variance of a score, rounding errors in the products are as
	// large as it is.
	c, ok := f.space.component(a, 1e-14*f.trace)
	if !ok {
		return false
	}
	f.loadings = append(f.loadings, c.q)
	f.iterations = append(f.iterations, iterations)
	for j, v := range c.q {
		f.left[j] -= v * v * c.tt
	}
	// SᵀS − u qᵀ − q uᵀ + vᵀv q qᵀ
	blas64.Axpy(-c.vv/2, vector(c.q), vector(c.u))
	blas64.Syr2(-1, vector(c.u), vector(c.q), upper(f.g))
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

// nipals finds the coefficients a of the weight vector w = S a, ‖w‖ = 1, by
// NIPALS' iteration on G = SᵀS from response start, and the number of
// iterations; nil where S is 0.
func nipals(g *mat.Dense, start int) ([]float64, int) {
	q := g.RawMatrix().Rows
	a, h, next := make([]float64, q), make([]float64, q), make([]float64, q) // h = G a, so aᵀh = ‖w‖²
	norm := math.Sqrt(g.At(start, start))
	if !(norm > 0) {
		return nil, 0
	}
	for j := range h {
		h[j] = g.At(min(start, j), max(start, j)) / norm
	}
	a[start] = 1 / norm
	if q == 1 {
		return a, 1
	}
	for iteration := 2; iteration <= plsIterations; iteration++ {
		// c = Sᵀw ∝ h; the next w is S h, normalised.
		blas64.Symv(1, upper(g), vector(h), 0, vector(next))
		norm := math.Sqrt(blas64.Dot(vector(h), vector(next)))
		if !(norm > 0) {
			return nil, 0
		}
		change := 0.0 // ‖Δw‖² = ΔaᵀG Δa
		for j := range a {
			aNext, hNext := h[j]/norm, next[j]/norm
			change += (aNext - a[j]) * (hNext - h[j])
			a[j], h[j] = aNext, hNext
		}
		if change < plsTolerance {
			return a, iteration
		}
	}
	return a, plsIterations
}

// primalPLS carries a fit in terms of C = XᵀX and S, n_features × n_neuroids.
type primalPLS struct {
	t    *training
	s    *mat.Dense
	r, p [][]float64
	q    [][]float64
}

func newPrimalPLS(t *training) *primalPLS { return &primalPLS{t: t, s: t.t} }

func (l *primalPLS) covariance(g *mat.Dense) {
	blas64.Syrk(blas.Trans, 1, l.s.RawMatrix(), 0, upper(g))
}

func (l *primalPLS) component(a []float64, least float64) (c plsComponent, ok bool) {
	features, neuroids := l.s.Dims()
	w := make([]float64, features)
	blas64.Gemv(blas.NoTrans, 1, l.s.RawMatrix(), vector(a), 0, vector(w))
	r := append([]float64(nil), w...)
	for j, p := range l.p {
		blas64.Axpy(-blas64.Dot(vector(p), vector(w)), vector(l.r[j]), vector(r))
	}
	v := make([]float64, features)
	blas64.Symv(1, l.t.m.RawSymmetric(), vector(r), 0, vector(v))
	c = plsComponent{
		tt: blas64.Dot(vector(r), vector(v)), vv: blas64.Dot(vector(v), vector(v)),
		q: make([]float64, neuroids), u: make([]float64, neuroids),
	}
	if !(c.tt > least) {
		return c, false
	}
	blas64.Gemv(blas.Trans, 1/c.tt, l.s.RawMatrix(), vector(r), 0, vector(c.q))
	blas64.Gemv(blas.Trans, 1, l.s.RawMatrix(), vector(v), 0, vector(c.u))
	blas64.Ger(-1, vector(v), vector(c.q), l.s.RawMatrix())
	blas64.Scal(1/c.tt, vector(v))
	l.r, l.p, l.q = append(l.r, r), append(l.p, v), append(l.q, c.q)
	return c, true
}

func (l *primalPLS) rotations() [][]float64 { return l.r }

func (l *primalPLS) residual() *mat.Dense {
	y := mat.DenseCopyOf(l.t.y)
	x := l.t.inputs(l.t.rows)
	score := make([]float64, len(l.t.rows))
	for k, r := range l.r {
		blas64.Gemv(blas.NoTrans, 1, x.RawMatrix(), vector(r), 0, vector(score))
		blas64.Ger(-1, vector(score), vector(l.q[k]), y.RawMatrix())
	}
	return y
}

func (l *primalPLS) drop(j int) {
	features, _ := l.s.Dims()
	for i := range features {
		l.s.Set(i, j, 0)
	}
}

// dualPLS carries a fit in terms of K = XXᵀ, the residual responses Y and
// F = KY, both n_train × n_neuroids: w = Xᵀ z with z = Y a, so X w = F a and
// SᵀS = YᵀF.
type dualPLS struct {
	t      *training
	y, f   *mat.Dense
	rho    [][]float64
	scores [][]float64 // t
	tt     []float64
}

func newDualPLS(t *training) *dualPLS {
	n, q := t.y.Dims()
	f := mat.NewDense(n, q, nil)
	blas64.Symm(blas.Left, 1, t.m.RawSymmetric(), t.y.RawMatrix(), 0, f.RawMatrix())
	return &dualPLS{t: t, y: mat.DenseCopyOf(t.y), f: f}
}

func (l *dualPLS) covariance(g *mat.Dense) {
	blas64.Gemm(blas.Trans, blas.NoTrans, 1, l.y.RawMatrix(), l.f.RawMatrix(), 0, g.RawMatrix())
}

func (l *dualPLS) component(a []float64, least float64) (c plsComponent, ok bool) {
	n, neuroids := l.y.Dims()
	rho, xw := make([]float64, n), make([]float64, n)
	blas64.Gemv(blas.NoTrans, 1, l.y.RawMatrix(), vector(a), 0, vector(rho))
	blas64.Gemv(blas.NoTrans, 1, l.f.RawMatrix(), vector(a), 0, vector(xw))
	score := append([]float64(nil), xw...)
	for j, t := range l.scores {
		pw := blas64.Dot(vector(t), vector(xw)) / l.tt[j]
		blas64.Axpy(-pw, vector(t), vector(score))
		blas64.Axpy(-pw, vector(l.rho[j]), vector(rho))
	}
	c = plsComponent{tt: blas64.Dot(vector(score), vector(score)), q: make([]float64, neuroids), u: make([]float64, neuroids)}
	if !(c.tt > least) {
		return c, false
	}
	kt := xw // K t, and Sᵀv = YᵀK t
	blas64.Symv(1, l.t.m.RawSymmetric(), vector(score), 0, vector(kt))
	c.vv = blas64.Dot(vector(score), vector(kt))
	blas64.Gemv(blas.Trans, 1/c.tt, l.y.RawMatrix(), vector(score), 0, vector(c.q))
	blas64.Gemv(blas.Trans, 1, l.y.RawMatrix(), vector(kt), 0, vector(c.u))
	blas64.Ger(-1, vector(score), vector(c.q), l.y.RawMatrix())
	blas64.Ger(-1, vector(kt), vector(c.q), l.f.RawMatrix())
	l.rho, l.scores, l.tt = append(l.rho, rho), append(l.scores, score), append(l.tt, c.tt)
	return c, true
}

func (l *dualPLS) rotations() [][]float64 { return l.rho }

func (l *dualPLS) residual() *mat.Dense { return l.y }

func (l *dualPLS) drop(j int) {
	n, _ := l.y.Dims()
	for i := range n {
		l.y.Set(i, j, 0)
		l.f.Set(i, j, 0)
	}
}

func vector(x []float64) blas64.Vector { return blas64.Vector{N: len(x), Inc: 1, Data: x} }
