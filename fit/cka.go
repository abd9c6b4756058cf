package fit

import (
	"context"
	"fmt"
	"math"
)

// CKA is centred kernel alignment with linear kernels (Kornblith et al. 2019):
// with the products of stimuli K = XXᵀ and L = YYᵀ,
//
//	CKA = HSIC(K, L) / √(HSIC(K, K) HSIC(L, L)).
//
// It is 1 for features that are the same up to a rotation, a shift and a scale.
//
// By default HSIC is the unbiased estimator (Song et al. 2007), Brain-Score's
// since January 2026: near 0 for unrelated features however many there are, and
// slightly negative at times. With K̃, L̃ the products with zero diagonals it is
//
//	[ΣK̃∘L̃ + (1ᵀK̃1)(1ᵀL̃1)/((n−1)(n−2)) − 2·1ᵀK̃L̃1/(n−2)] / (n(n−3))
//
// which is the mean of K_ij L_ij + K_ij L_qr − 2 K_ij L_iq over different
// stimuli i, j, q, r. A bootstrap's stimulus that is drawn w times has the weight
// w, and is not taken for w different ones: the estimate stays unbiased.
// The similarity is 0 where HSIC(K, K) HSIC(L, L) ≤ 0, as in Brain-Score.
// Brain-Score adds 1e-12 to the denominator, which this does not: features of
// small scale would seem unrelated.
//
// Memory: 4 n_stimuli² bytes per side.
type CKA struct {
	// Biased takes the biased estimator tr(KHLH), H = I − 11ᵀ/n, Brain-Score's
	// until January 2026: it nears 1 for any features, once there are many more
	// of them than stimuli.
	Biased bool
}

// Name is "cka".
func (CKA) Name() string { return "cka" }

// Parameters says whether the estimator is biased.
func (c CKA) Parameters() map[string]any { return map[string]any{"biased": c.Biased} }

// Bytes counts the products of both sides and a block of features.
func (CKA) Bytes(stimuli, p, q, _ int) int64 {
	return float64s(stimuli*stimuli) + float64s(stimuli*blockWidth(stimuli, max(p, q)))
}

// Prepare computes the products of stimuli on both sides. It fails with fewer
// than 4 stimuli (2 for the biased estimator), and for features that are not
// finite or of which none varies.
func (c CKA) Prepare(ctx context.Context, x, y Features) (PreparedSimilarity, error) {
	p := &ckaComparison{biased: c.Biased}
	err := checkRows("CKA", x, y, p.least())
	if err != nil {
		return nil, err
	}
	if p.x, err = centredGram(ctx, x); err != nil {
		return nil, fmt.Errorf("x: %w", err)
	}
	if p.y, err = centredGram(ctx, y); err != nil {
		return nil, fmt.Errorf("y: %w", err)
	}
	return p, nil
}

type ckaComparison struct {
	x, y   *gram
	biased bool
}

func (c *ckaComparison) least() int {
	if c.biased {
		return 2
	}
	return 4
}

func (c *ckaComparison) At(xRows, yRows []int) (float64, error) {
	x, y, w := merged(len(c.x.diagonal), xRows, yRows)
	n := len(x)
	if n < c.least() {
		return math.NaN(), fmt.Errorf("%d different stimuli are too few for CKA: expected at least %d", n, c.least())
	}
	var total, squares float64 // Σw, Σw²
	for _, v := range w {
		total += v
		squares += v * v
	}
	k, l := newCKASide(c.x, x), newCKASide(c.y, y)
	var kk, ll, kl float64 // Σ_{i<j} of the estimator's factor times the products
	for i := range n {
		for j := i + 1; j < n; j++ {
			a, b := k.pairs.at(x[i], x[j]), l.pairs.at(y[i], y[j])
			k.add(i, j, w, a)
			l.add(i, j, w, b)
			factor := 2 * w[i] * w[j]
			if !c.biased {
				sum := w[i] + w[j]
				factor *= (total-sum)*(total-sum) + total*sum - squares - w[i]*w[i] - w[j]*w[j]
			}
			kk += factor * (a * a)
			ll += factor * (b * b)
			kl += factor * (a * b)
		}
	}
	if k.constant(w, total) {
		return math.NaN(), fmt.Errorf("the features of x do not vary over the %d stimuli", n)
	}
	if l.constant(w, total) {
		return math.NaN(), fmt.Errorf("the features of y do not vary over the %d stimuli", n)
	}
	rest := unbiasedRest
	if c.biased {
		rest = biasedRest
	}
	kk += rest(k, k, w, total)
	ll += rest(l, l, w, total)
	kl += rest(k, l, w, total)
	if kk == 0 || ll == 0 || (kk > 0) != (ll > 0) {
		return 0, nil
	}
	return kl / (math.Sqrt(math.Abs(kk)) * math.Sqrt(math.Abs(ll))), nil
}

// ckaSide is what is known of the selected stimuli of one side.
type ckaSide struct {
	pairs    pairs[float64]
	diagonal []float64
	once     []float64 // Σ_{j≠i} w_j K_ij
	squared  []float64 // Σ_{j≠i} w_j² K_ij
}

func newCKASide(g *gram, rows []int) *ckaSide {
	p := &ckaSide{pairs: g.pairs, diagonal: make([]float64, len(rows)), once: make([]float64, len(rows)), squared: make([]float64, len(rows))}
	for k, i := range rows {
		p.diagonal[k] = g.diagonal[i]
	}
	return p
}

func (p *ckaSide) add(i, j int, w []float64, k float64) {
	p.once[i] += w[j] * k
	p.once[j] += w[i] * k
	p.squared[i] += w[j] * w[j] * k
	p.squared[j] += w[i] * w[i] * k
}

// constant says whether the variance tr(HK) is nothing but rounding.
func (p *ckaSide) constant(w []float64, total float64) bool {
	trace, all := 0.0, 0.0
	for i, a := range w {
		trace += a * p.diagonal[i]
		all += a * (p.once[i] + a*p.diagonal[i])
	}
	return trace-all/total <= unvarying*trace
}

// The weighted sum of h = K_ij L_ij + K_ij L_qr − 2 K_ij L_iq over all
// different i, j, q, r, with the weight w_i w_j w_q w_r, which is the estimate
// up to a factor that CKA does not depend on: what products of single pairs do
// not contribute to it. With W = Σw, u_i = Σ_{j≠i} w_j K_ij, u'_i =
// Σ_{j≠i} w_j² K_ij, and v, v' of L, the sum is
//
//	Σ_{i<j} 2w_i w_j [(W − w_i − w_j)² + W(w_i + w_j) − Σw² − w_i² − w_j²] K_ij L_ij
//	+ Σ w_i u_i · Σ w_i v_i − 2 Σ w_i (W + w_i) u_i v_i + 2 Σ w_i (u'_i v_i + u_i v'_i)
//
// from the sums over all indices less those where two are the same; for w = 1
// it is the estimator of CKA's comment times n(n−1)(n−2)(n−3).
func unbiasedRest(k, l *ckaSide, w []float64, total float64) float64 {
	var u, v, uv float64
	for i, a := range w {
		u += a * k.once[i]
		v += a * l.once[i]
		uv += a * ((total+a)*(k.once[i]*l.once[i]) - (k.squared[i]*l.once[i] + k.once[i]*l.squared[i]))
	}
	return u*v - 2*uv
}

// The same for the biased estimator with K w including the diagonal,
//
//	tr(KHLH) = Σ w_i w_j K_ij L_ij − 2/W Σ w_i (Kw)_i (Lw)_i + wᵀKw · wᵀLw / W².
func biasedRest(k, l *ckaSide, w []float64, total float64) float64 {
	var same, u, v, uv float64
	for i, a := range w {
		ku, lv := k.once[i]+a*k.diagonal[i], l.once[i]+a*l.diagonal[i]
		same += a * a * (k.diagonal[i] * l.diagonal[i])
		u += a * ku
		v += a * lv
		uv += a * (ku * lv)
	}
	return same - 2/total*uv + u*v/(total*total)
}
