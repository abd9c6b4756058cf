package fit

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/mat"

	vblas "ventral/internal/blas"
)

// Procrustes is how well one set of features can be turned into the other by a
// rotation and a scale: with X and Y centred,
//
//	‖XᵀY‖_* / (‖X‖_F ‖Y‖_F),
//
// the sum of the singular values of XᵀY, 1 for features that are the same up to
// rotation, shift and scale (Williams et al. 2021, eq. 8 with all rotations).
// Like biased CKA it is well above 0 for unrelated features when there are not
// many more stimuli than features.
//
// Memory per side: 8 n_stimuli·min(n_stimuli, n_features) bytes kept, 40
// n_stimuli² while more features than stimuli are prepared. A comparison costs
// a singular value decomposition of the order of min(n_stimuli, n_features).
type Procrustes struct{}

// Name is "procrustes".
func (Procrustes) Name() string { return "procrustes" }

// Parameters is empty.
func (Procrustes) Parameters() map[string]any { return map[string]any{} }

// Bytes counts what the type's comment tells, and for a comparison copies of both
// sides, their product and its decomposition.
func (Procrustes) Bytes(stimuli, p, q, parallel int) int64 {
	m, k := min(stimuli, p), min(stimuli, q)
	kept := float64s(stimuli * (m + k))
	preparing := int64(0)
	if max(p, q) > stimuli {
		preparing = 5 * float64s(stimuli*stimuli)
	}
	return kept + max(preparing, int64(max(1, parallel))*float64s(stimuli*(m+k)+2*m*k))
}

// Angle is the metric that belongs to a similarity: arccos of it, in radians
// from 0 to π/2. Unlike 1 − similarity it obeys the triangle inequality.
func (Procrustes) Angle(similarity float64) float64 { return math.Acos(similarity) }

// Prepare reads the features, and keeps coordinates of the stimuli that are
// theirs up to a rotation. It fails with fewer than 2 stimuli, and for features
// that are not finite or of which none varies.
func (Procrustes) Prepare(ctx context.Context, x, y Features) (PreparedSimilarity, error) {
	err := checkRows("Procrustes", x, y, 2)
	if err != nil {
		return nil, err
	}
	c := new(procrustesComparison)
	if c.x, err = coordinates(ctx, x); err != nil {
		return nil, fmt.Errorf("x: %w", err)
	}
	if c.y, err = coordinates(ctx, y); err != nil {
		return nil, fmt.Errorf("y: %w", err)
	}
	return c, nil
}

// coordinates returns A, n_stimuli × at most n_stimuli, with AAᵀ = XXᵀ for the
// centred X: X itself when it has few features, else V√Λ from XXᵀ = VΛVᵀ.
// Directions with an eigenvalue that could be rounding are left out.
func coordinates(ctx context.Context, f Features) (*mat.Dense, error) {
	n, features := f.Dims()
	few := features <= n
	a := mat.NewDense(n, min(n, features), nil) // X or K
	raw, centred := 0.0, 0.0
	err := eachBlock(ctx, f, func(from int, block *mat.Dense) error {
		_, width := block.Dims()
		raw += sumOfSquares(block)
		subtractRow(block, block, nil, columnMeans(block, nil))
		centred += sumOfSquares(block)
		if few {
			a.Slice(0, n, from, from+width).(*mat.Dense).Copy(block)
		} else {
			addGram(a, 1, blas.NoTrans, block)
		}
		return nil
	})
	if err == nil {
		err = checkVaries(centred, raw, f)
	}
	if err != nil || few {
		return a, err
	}
	values, vectors, err := vblas.EigenSym(mat.NewSymDense(n, a.RawMatrix().Data))
	if err != nil {
		return nil, err
	}
	first := 0
	for values[first] <= float64(n)*epsilon*values[n-1] {
		first++
	}
	a = mat.DenseCopyOf(vectors.Slice(0, n, first, n))
	for i := range n {
		row := a.RawRowView(i)
		for k := range row {
			row[k] *= math.Sqrt(values[first+k])
		}
	}
	return a, nil
}

type procrustesComparison struct{ x, y *mat.Dense }

func (c *procrustesComparison) At(xRows, yRows []int) (float64, error) {
	n, _ := c.x.Dims()
	xRows, yRows, w := merged(n, xRows, yRows)
	if len(xRows) < 2 {
		return math.NaN(), fmt.Errorf("%d different stimuli are too few for Procrustes' similarity: expected at least 2", len(xRows))
	}
	x, xx := weighted(c.x, xRows, w)
	y, yy := weighted(c.y, yRows, w)
	if xx == 0 || yy == 0 {
		side := "x"
		if xx != 0 {
			side = "y"
		}
		return math.NaN(), fmt.Errorf("the features of %s do not vary over the %d stimuli", side, len(xRows))
	}
	var s mat.SVD
	if !s.Factorize(product(blas.Trans, x, y), mat.SVDNone) {
		return math.NaN(), fmt.Errorf("the singular values of XᵀY, %d stimuli, did not converge", len(xRows))
	}
	sum := 0.0
	for _, v := range s.Values(nil) {
		sum += v
	}
	return min(1, sum/(xx*yy)), nil // above 1 by rounding only
}

// weighted returns the given rows of a, centred on their weighted mean and
// multiplied by the roots of the weights, up to a rotation, in no more
// dimensions than rows; and their norm, 0 where it is nothing but rounding.
func weighted(a *mat.Dense, rows []int, w []float64) (*mat.Dense, float64) {
	x := gather(a, rows)
	_, dimensions := x.Dims()
	total, raw := 0.0, 0.0
	mean := make([]float64, dimensions)
	for i, v := range w {
		total += v
		for j, c := range x.RawRowView(i) {
			mean[j] += v * c
			raw += v * c * c
		}
	}
	for j := range mean {
		mean[j] /= total
	}
	squares := 0.0
	for i, v := range w {
		row := x.RawRowView(i)
		for j := range row {
			row[j] = math.Sqrt(v) * (row[j] - mean[j])
			squares += row[j] * row[j]
		}
	}
	if squares <= unvarying*raw {
		return x, 0
	}
	if len(rows) < dimensions {
		var qr mat.QR
		qr.Factorize(x.T()) // Xᵀ = QR, so that Rᵀ has the products of X
		var r mat.Dense
		qr.RTo(&r)
		x = mat.DenseCopyOf(r.Slice(0, len(rows), 0, len(rows)).T())
	}
	return x, math.Sqrt(squares)
}
