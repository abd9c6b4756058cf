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
// and β = R Qᵀ, of which the first k columns are the fit with k components. With fewer stimuli than features all of it is carried in terms
// of K = XXᵀ: XS becomes KY and X r becomes K ρ.
//
// The fit ends with fewer components, as there, once every residual of the
// responses is 0 to rounding (2e-16, absolute), and also when what is left of
// the features, or of S, is. Cost per component: m² + m·n_neuroids with
// m = min(n_stimuli, n_features), and per iteration the smaller of n_neuroids²
// and m².
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
	f := newPLSFit(t, len(t.yMean) > t.m.SymmetricDim())
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
	iterated := min(neuroids, s.order())
	return 0, max(s.centring(), s.training()+float64s(deflated+iterated*iterated+2*r.components()*s.order()))
}

// A plsSpace carries a PLS fit in the primal or the dual form. The weight vector
// w of a component is given by a vector a, and h with ‖w‖² = aᵀh. The iteration
// runs on a symmetric matrix G. With at most m neuroids they are
//
//	w = S a,  G = SᵀS,  h = G a          next: a ← h
//
// and with more of them ("wide")
//
//	w = a,    G = SSᵀ,  h = a            next: a ← G h     (primal)
//	w = Xᵀa,  G = YYᵀ,  h = K a          next: a ← G h     (dual)
type plsSpace interface {
	// iterated sets the upper triangle of g to G, of order size.
	iterated(g *mat.Dense)
	size() int
	// start returns a and h for w ∝ S's column j.
	start(g *mat.Dense, j int) (a, h []float64)
	// step sets a and h to those of the next w, not normalised, from the last h.
	step(g *mat.Dense, last, a, h []float64)
	// component makes the next component of w from the previous ones. It fails,
	// and changes nothing, when tᵀt ≤ least.
	component(a, h []float64, least float64) (c plsComponent, ok bool)
	// rotations returns the vectors r (primal) or ρ (dual) of the components.
	rotations() [][]float64
	// residual returns the responses less what the components explain.
	residual() *mat.Dense
	// drop sets a response to 0.
	drop(j int)
}

type plsComponent struct {
	tt float64   // tᵀt
	q  []float64 // n_neuroids
	// The component changes G by −x uᵀ − u xᵀ.
	x, u []float64
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

func newPLSFit(t *training, wide bool) *plsFit {
	f := &plsFit{t: t, trace: mat.Trace(t.m)}
	if t.p.dual {
		f.space = newDualPLS(t, wide)
	} else {
		f.space = &primalPLS{t: t, wide: wide, s: t.t}
	}
	return f
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

// symmetric returns g x, of g's upper triangle.
func symmetric(g *mat.Dense, x, to []float64) {
	blas64.Symv(1, upper(g), vector(x), 0, vector(to))
}

// toUpdate is u for G = AAᵀ when A loses x yᵀ: A y − yᵀy/2 x. With t = Trans it
// is that for AᵀA when A loses y xᵀ.
func toUpdate(t blas.Transpose, a *mat.Dense, x, y []float64) []float64 {
	u := append([]float64(nil), x...)
	blas64.Gemv(t, 1, a.RawMatrix(), vector(y), -blas64.Dot(vector(y), vector(y))/2, vector(u))
	return u
}

// unit returns a = e_j and h = G e_j.
func unit(g *mat.Dense, j int) (a, h []float64) {
	n := g.RawMatrix().Rows
	a, h = make([]float64, n), make([]float64, n)
	a[j] = 1
	for k := range h {
		h[k] = g.At(min(j, k), max(j, k))
	}
	return a, h
}

// primalPLS carries a fit in terms of C = XᵀX and S, n_features × n_neuroids.
type primalPLS struct {
	t    *training
	wide bool
	s    *mat.Dense
	r, p [][]float64
	q    [][]float64
}

func (l *primalPLS) size() int {
	features, neuroids := l.s.Dims()
	if l.wide {
		return features
	}
	return neuroids
}

func (l *primalPLS) iterated(g *mat.Dense) {
	t := blas.Trans
	if l.wide {
		t = blas.NoTrans
	}
	blas64.Syrk(t, 1, l.s.RawMatrix(), 0, upper(g))
}

func (l *primalPLS) start(g *mat.Dense, j int) (a, h []float64) {
	if l.wide {
		return mat.Col(nil, j, l.s), mat.Col(nil, j, l.s)
	}
	return unit(g, j)
}

func (l *primalPLS) step(g *mat.Dense, last, a, h []float64) {
	symmetric(g, last, h)
	if l.wide {
		copy(a, h)
	} else {
		copy(a, last)
	}
}

func (l *primalPLS) component(a, _ []float64, least float64) (c plsComponent, ok bool) {
	features, neuroids := l.s.Dims()
	w := a
	if !l.wide {
		w = make([]float64, features)
		blas64.Gemv(blas.NoTrans, 1, l.s.RawMatrix(), vector(a), 0, vector(w))
	}
	r := append([]float64(nil), w...)
	for j, p := range l.p {
		blas64.Axpy(-blas64.Dot(vector(p), vector(w)), vector(l.r[j]), vector(r))
	}
	v := make([]float64, features) // Xᵀt
	blas64.Symv(1, l.t.m.RawSymmetric(), vector(r), 0, vector(v))
	c.tt = blas64.Dot(vector(r), vector(v))
	if !(c.tt > least) {
		return c, false
	}
	c.q = make([]float64, neuroids)
	blas64.Gemv(blas.Trans, 1/c.tt, l.s.RawMatrix(), vector(r), 0, vector(c.q))
	if l.wide {
		c.x, c.u = append([]float64(nil), v...), toUpdate(blas.NoTrans, l.s, v, c.q)
	} else {
		c.x, c.u = c.q, toUpdate(blas.Trans, l.s, c.q, v)
	}
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
// F = KY, both n_train × n_neuroids: w = Xᵀz with z = Y a, or a itself, so X w
// is F a, or h, and SᵀS = YᵀF.
type dualPLS struct {
	t      *training
	wide   bool
	y, f   *mat.Dense
	rho    [][]float64
	scores [][]float64 // t
	tt     []float64
}

func newDualPLS(t *training, wide bool) *dualPLS {
	n, q := t.y.Dims()
	f := mat.NewDense(n, q, nil)
	blas64.Symm(blas.Left, 1, t.m.RawSymmetric(), t.y.RawMatrix(), 0, f.RawMatrix())
	return &dualPLS{t: t, wide: wide, y: mat.DenseCopyOf(t.y), f: f}
}

func (l *dualPLS) size() int {
	n, neuroids := l.y.Dims()
	if l.wide {
		return n
	}
	return neuroids
}

func (l *dualPLS) iterated(g *mat.Dense) {
	if l.wide {
		blas64.Syrk(blas.NoTrans, 1, l.y.RawMatrix(), 0, upper(g))
	} else {
		blas64.Gemm(blas.Trans, blas.NoTrans, 1, l.y.RawMatrix(), l.f.RawMatrix(), 0, g.RawMatrix())
	}
}

func (l *dualPLS) start(g *mat.Dense, j int) (a, h []float64) {
	if l.wide {
		return mat.Col(nil, j, l.y), mat.Col(nil, j, l.f)
	}
	return unit(g, j)
}

func (l *dualPLS) step(g *mat.Dense, last, a, h []float64) {
	if l.wide {
		symmetric(g, last, a)
		blas64.Symv(1, l.t.m.RawSymmetric(), vector(a), 0, vector(h))
	} else {
		copy(a, last)
		symmetric(g, a, h)
	}
}

func (l *dualPLS) component(a, h []float64, least float64) (c plsComponent, ok bool) {
	n, neuroids := l.y.Dims()
	rho, xw := a, h
	if !l.wide {
		rho, xw = make([]float64, n), make([]float64, n)
		blas64.Gemv(blas.NoTrans, 1, l.y.RawMatrix(), vector(a), 0, vector(rho))
		blas64.Gemv(blas.NoTrans, 1, l.f.RawMatrix(), vector(a), 0, vector(xw))
	}
	score := append([]float64(nil), xw...)
	for j, t := range l.scores {
		pw := blas64.Dot(vector(t), vector(xw)) / l.tt[j]
		blas64.Axpy(-pw, vector(t), vector(score))
		blas64.Axpy(-pw, vector(l.rho[j]), vector(rho))
	}
	c.tt = blas64.Dot(vector(score), vector(score))
	if !(c.tt > least) {
		return c, false
	}
	c.q = make([]float64, neuroids)
	blas64.Gemv(blas.Trans, 1/c.tt, l.y.RawMatrix(), vector(score), 0, vector(c.q))
	kt := xw // K t
	blas64.Symv(1, l.t.m.RawSymmetric(), vector(score), 0, vector(kt))
	if l.wide {
		c.x, c.u = score, toUpdate(blas.NoTrans, l.y, score, c.q)
	} else {
		// Sᵀv = YᵀK t and vᵀv = tᵀK t
		c.x, c.u = c.q, append([]float64(nil), c.q...)
		blas64.Gemv(blas.Trans, 1, l.y.RawMatrix(), vector(kt), -blas64.Dot(vector(score), vector(kt))/2, vector(c.u))
	}
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
