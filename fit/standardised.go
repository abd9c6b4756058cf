package fit

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// A column is what standardising a column needs.
type column struct {
	mean, scale float64 // population standard deviation; 1 for a constant column
	dead        bool    // constant: it has no correlation
	// lost is the variance of the standardised values under weights, relative
	// to their mean square or to 1, below which a difference of moments loses so
	// many digits, or is so near rounding, that r is computed from the values.
	lost float64
}

func newColumn(x []float64) column {
	if constant(x) {
		return column{mean: mean(x), scale: 1, dead: true, lost: math.Inf(1)}
	}
	c := column{mean: mean(x)}
	ss := 0.0
	for _, v := range x {
		ss += (v - c.mean) * (v - c.mean)
	}
	c.scale = math.Sqrt(ss / float64(len(x)))
	rounding := 16 * epsilon * max(math.Abs(slices.Min(x)), math.Abs(slices.Max(x))) / c.scale
	c.lost = max(1e-4, rounding*rounding)
	return c
}

// variance is the difference of the mean square and the squared mean, and
// whether enough of its digits are left.
func (c *column) variance(meanSquare, mean float64) (v float64, ok bool) {
	v = meanSquare - mean*mean
	return v, v > c.lost*max(1, meanSquare)
}

// standardised is a matrix beside its columns with mean 0 and variance 1.
type standardised struct {
	raw, z  *mat.Dense
	columns []column
}

func newStandardised(a *mat.Dense) *standardised {
	n, q := a.Dims()
	s := &standardised{a, mat.NewDense(n, q, nil), make([]column, q)}
	x := make([]float64, n)
	for j := range q {
		s.columns[j] = newColumn(mat.Col(x, j, a))
	}
	for i := range n {
		from, to := a.RawRowView(i), s.z.RawRowView(i)
		for j, c := range s.columns {
			to[j] = (from[j] - c.mean) / c.scale
		}
	}
	return s
}
