package fit

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

// weightedPearson is pearson of x and y with the i-th pair there w[i] times.
func weightedPearson(x, y, w []float64) float64 {
	var xs, ys, ws []float64
	for i, v := range w {
		if v > 0 {
			xs, ys, ws = append(xs, x[i]), append(ys, y[i]), append(ws, v)
		}
	}
	if constant(xs) || constant(ys) {
		return math.NaN()
	}
	var sw, mx, my float64
	for i, v := range ws {
		sw += v
		mx += v * (xs[i] - xs[0])
		my += v * (ys[i] - ys[0])
	}
	mx, my = xs[0]+mx/sw, ys[0]+my/sw
	var xx, yy, xy float64
	for i, v := range ws {
		dx, dy := xs[i]-mx, ys[i]-my
		xx += v * dx * dx
		yy += v * dy * dy
		xy += v * dx * dy
	}
	return max(-1, min(1, xy/(math.Sqrt(xx)*math.Sqrt(yy))))
}

// A weighing correlates the columns of two matrices, n × q each, under many
// weightings of the rows: with both sides standardised once, as z and t, the
// sums of z, t, z², t² and zt under all weightings are one matrix product, and
//
//	r = (⟨zt⟩ − ⟨z⟩⟨t⟩) / √((⟨z²⟩ − ⟨z⟩²)(⟨t²⟩ − ⟨t⟩²)).
//
// Where that loses digits, because a weighting leaves hardly any variance of a
// column, weightedPearson takes its place.
type weighing struct {
	predicted, measured *standardised
	terms               *mat.Dense // n × 5q: z, t, z², t², zt
}

func newWeighing(predicted, measured *mat.Dense) *weighing {
	n, q := measured.Dims()
	w := &weighing{newStandardised(predicted), newStandardised(measured), mat.NewDense(n, 5*q, nil)}
	for i := range n {
		row, t := w.terms.RawRowView(i), w.measured.z.RawRowView(i)
		for j, z := range w.predicted.z.RawRowView(i) {
			row[j], row[q+j], row[2*q+j], row[3*q+j], row[4*q+j] = z, t[j], z*z, t[j]*t[j], z*t[j]
		}
	}
	return w
}

// correlations sets r, n_weightings × q, for weights, n_weightings × n, that
// are not negative; NaN where a correlation does not exist.
func (w *weighing) correlations(r, weights *mat.Dense) {
	weightings, q := r.Dims()
	_, n := weights.Dims()
	sums := mat.NewDense(weightings, 5*q, nil)
	blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, weights.RawMatrix(), w.terms.RawMatrix(), 0, sums.RawMatrix())
	x, y := make([]float64, n), make([]float64, n)
	for d := range weightings {
		total := 0.0
		for _, v := range weights.RawRowView(d) {
			total += v
		}
		s, to := sums.RawRowView(d), r.RawRowView(d)
		if total == 0 {
			fill(to, math.NaN())
			continue
		}
		for j := range q {
			p, m := &w.predicted.columns[j], &w.measured.columns[j]
			if p.dead || m.dead {
				to[j] = math.NaN()
				continue
			}
			mz, mt := s[j]/total, s[q+j]/total
			vz, okZ := p.variance(s[2*q+j]/total, mz)
			vt, okT := m.variance(s[3*q+j]/total, mt)
			if okZ && okT {
				to[j] = max(-1, min(1, (s[4*q+j]/total-mz*mt)/math.Sqrt(vz*vt)))
			} else {
				to[j] = weightedPearson(mat.Col(x, j, w.predicted.raw), mat.Col(y, j, w.measured.raw), weights.RawRowView(d))
			}
		}
	}
}

func fill(x []float64, v float64) {
	for i := range x {
		x[i] = v
	}
}
