package fit

import (
	"context"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"ventral/internal/kernel"
)

// An RDM is a representational dissimilarity matrix: how different the
// responses to every pair of stimuli are (Kriegeskorte, Mur & Bandettini 2008).
type RDM struct {
	Stimuli  int
	Features int // that it was computed from; 0 = not known
	// Values is the upper triangle row by row, n_stimuli(n_stimuli−1)/2 values:
	// (0,1) (0,2) … (n−2,n−1), the order of scipy's squareform.
	Values []float64
	Notes  []string // what was left out or estimated, in words for the user
}

// At is the dissimilarity of stimuli i and j; 0 of a stimulus with itself.
func (r *RDM) At(i, j int) float64 {
	if i == j {
		return 0
	}
	return r.pairs().at(i, j)
}

func (r *RDM) pairs() pairs[float64] { return pairs[float64]{r.Stimuli, r.Values} }

func givenRDM(r *RDM) func() (*RDM, error) { return func() (*RDM, error) { return r, nil } }

// check refuses a matrix that is not complete.
func (r *RDM) check() error {
	if n := r.Stimuli; n < 3 || len(r.Values) != n*(n-1)/2 {
		return fmt.Errorf("the dissimilarity matrix has %d stimuli and %d values: expected at least 3 stimuli and n(n−1)/2 values", n, len(r.Values))
	}
	for i := range r.Stimuli {
		for k, v := range r.pairs().row(i) {
			if !isFinite(v) {
				return fmt.Errorf("the dissimilarity of the stimuli in rows %d and %d is %g: leave one of them out", i, i+1+k, v)
			}
		}
	}
	return nil
}

// A Distance is how the dissimilarity of two stimuli follows from their
// features x_i, x_j.
type Distance string

const (
	// CorrelationDistance is 1 − Pearson's r over the features, Brain-Score's
	// and the default.
	CorrelationDistance Distance = "correlation"
	// CosineDistance is 1 − x_i·x_j/(‖x_i‖‖x_j‖).
	CosineDistance Distance = "cosine"
	// EuclideanDistance is ‖x_i − x_j‖.
	EuclideanDistance Distance = "euclidean"
	// SquaredEuclideanDistance is ‖x_i − x_j‖²/n_features, the scale of
	// Crossnobis.
	SquaredEuclideanDistance Distance = "squared-euclidean"
	// GivenDistance takes the features as the dissimilarities themselves, an
	// n_stimuli × n_stimuli matrix. It must be symmetric; its diagonal is not
	// looked at.
	GivenDistance Distance = "given"
)

// Distances are all of them, the default first.
var Distances = []Distance{CorrelationDistance, CosineDistance, EuclideanDistance, SquaredEuclideanDistance, GivenDistance}

// name is the distance that is in force.
func (d Distance) name() Distance {
	if d == "" {
		return CorrelationDistance
	}
	return d
}

// ComputeRDM computes the dissimilarities of all stimuli in one pass over the
// features (two for CorrelationDistance). Memory: 4 n_stimuli² bytes and one
// block of the features, some 32 MB.
//
// Dissimilarities come from products of features, whose roundings depend on
// their place. So that pairs that are equally dissimilar are so to the last
// bit, and ranks know them as tied, the dissimilarities (squared, of the
// Euclidean ones) are multiples of 2⁻⁴⁰ of their scale: 1 for correlation and
// cosine, else the features' variance.
//
// Errors: fewer than 3 stimuli, features that are not finite, a stimulus whose
// dissimilarity does not exist because its features are all the same (for
// correlation) or zero (for cosine), features none of which varies (Euclidean),
// a given matrix that is not square and symmetric.
func ComputeRDM(ctx context.Context, f Features, d Distance) (*RDM, error) {
	n, features := f.Dims()
	if n < 3 || features == 0 {
		return nil, fmt.Errorf("%d stimuli and %d features: dissimilarities can be compared from 3 stimuli and 1 feature on", n, features)
	}
	r := &RDM{Stimuli: n, Features: features}
	var err error
	switch d.name() {
	case CorrelationDistance:
		r.Values, err = correlationDistances(ctx, f)
	case CosineDistance:
		r.Values, err = cosineDistances(ctx, f)
	case EuclideanDistance:
		r.Values, err = euclideanDistances(ctx, f, math.Sqrt)
	case SquaredEuclideanDistance:
		r.Values, err = euclideanDistances(ctx, f, func(d2 float64) float64 { return d2 / float64(features) })
	case GivenDistance:
		r.Features = 0
		r.Values, err = givenDistances(ctx, f)
	default:
		return nil, fmt.Errorf("unknown distance %q: expected %q, %q, %q, %q or %q", d, CorrelationDistance, CosineDistance, EuclideanDistance, SquaredEuclideanDistance, GivenDistance)
	}
	if err != nil {
		return nil, err
	}
	return r, r.check()
}

func correlationDistances(ctx context.Context, f Features) ([]float64, error) {
	_, features := f.Dims()
	means, flat, err := rowStatistics(ctx, f)
	if err != nil {
		return nil, err
	}
	if i := slices.Index(flat, true); i >= 0 {
		return nil, fmt.Errorf("the %d features of the stimulus in row %d are all %g, so that it correlates with no other: leave it out (%d of %d stimuli are so) or use another distance", features, i, means[i], countTrue(flat), len(flat))
	}
	g, err := gramOf(ctx, f, func(block *mat.Dense) error {
		kernel.Parallel(len(means), func(i int) {
			row := block.RawRowView(i)
			for j := range row {
				row[j] -= means[i]
			}
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return g.angular()
}

func cosineDistances(ctx context.Context, f Features) ([]float64, error) {
	g, err := gramOf(ctx, f, func(*mat.Dense) error { return nil })
	if err != nil {
		return nil, err
	}
	return g.angular()
}

// grain is the distance of neighbouring dissimilarities, relative to their scale.
const grain = 0x1p-40

// angular turns k_ij into 1 − k_ij/√(k_ii k_jj), in place.
func (g *gram) angular() ([]float64, error) {
	norm := make([]float64, len(g.diagonal))
	for i, v := range g.diagonal {
		if norm[i] = math.Sqrt(v); norm[i] == 0 || !isFinite(v) {
			return nil, fmt.Errorf("the features of the stimulus in row %d have the squared norm %g, and so no angle with those of others: leave it out or scale the features", i, v)
		}
	}
	kernel.Parallel(len(norm), func(i int) {
		row := g.pairs.row(i)
		for k, v := range row {
			d := 1 - v/(norm[i]*norm[i+1+k])
			row[k] = math.RoundToEven(max(0, min(2, d))/grain) * grain // beyond 0 and 2 by rounding only
		}
	})
	return g.pairs.v, nil
}

// euclideanDistances turns k_ij of centred features into the distances that
// follow from the squared ones, in place.
func euclideanDistances(ctx context.Context, f Features, of func(squared float64) float64) ([]float64, error) {
	g, err := centredGram(ctx, f)
	if err != nil {
		return nil, err
	}
	_, exponent := math.Frexp(mean(g.diagonal))
	step := math.Ldexp(grain, exponent)
	kernel.Parallel(len(g.diagonal), func(i int) {
		row := g.pairs.row(i)
		for k, v := range row {
			d2 := g.diagonal[i] + g.diagonal[i+1+k] - 2*v
			row[k] = of(math.RoundToEven(max(0, d2)/step) * step) // below 0 by rounding only
		}
	})
	return g.pairs.v, nil
}

// givenDistances reads a matrix of dissimilarities. It does not use eachBlock,
// because the diagonal may hold anything.
func givenDistances(ctx context.Context, f Features) ([]float64, error) {
	n, columns := f.Dims()
	if n != columns {
		return nil, fmt.Errorf("the given dissimilarities are %d × %d: expected a square matrix, stimuli × stimuli", n, columns)
	}
	p := newPairs[float64](n)
	step := blockWidth(n, n)
	store := make([]float64, n*step)
	for from := 0; from < n; from += step {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		width := min(step, n-from)
		block := mat.NewDense(n, width, store[:n*width])
		if err := f.Columns(block, from); err != nil {
			return nil, err
		}
		for k := range width {
			j := from + k
			row := p.row(j) // what column j has below the diagonal; above it are values that are there
			for i := j + 1; i < n; i++ {
				row[i-j-1] = block.At(i, k)
			}
			for i := range j {
				a, b := p.at(i, j), block.At(i, k)
				bothNaN := math.IsNaN(a) && math.IsNaN(b)
				if a != b && !bothNaN && !(math.Abs(a-b) <= 1e-6*max(math.Abs(a), math.Abs(b))) {
					return nil, fmt.Errorf("the given dissimilarities are not symmetric: (%d, %d) is %g and (%d, %d) is %g", i, j, b, j, i, a)
				}
			}
		}
	}
	return p.v, nil
}

func countTrue(flags []bool) int {
	n := 0
	for _, yes := range flags {
		if yes {
			n++
		}
	}
	return n
}
