package fit

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

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
	gram func(r, v []float64) // v = C r
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
	l.gram(r, v)
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
