package fit

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// RSA is representational similarity analysis (Kriegeskorte, Mur & Bandettini
// 2008): how well the dissimilarities of the stimuli in x agree with those in
// y. Brain-Score's RDM metric is the zero value.
//
// A bootstrap's pairs of a stimulus with itself are left out, and pairs of
// stimuli that are drawn several times count as often, as in rsatoolbox. To
// compute x's and y's dissimilarities in different ways use ComputeRDM and
// ScoreRDMs.
//
// Memory: 8 bytes per pair of stimuli and side; where ranks are compared, 32 more
// while a side is ranked, after which it keeps 4. A comparison of all stimuli
// takes 8 more (by Kendall 16, by values none), one of a selection 16 (Kendall:
// 24) per pair and goroutine. With 10,000 stimuli, 5·10⁷ pairs, that is 2.2 GB at
// most, and 2.6 GB measured with what the garbage collector leaves.
type RSA struct {
	Distance   Distance      // "" = CorrelationDistance, of both sides
	Comparison RDMComparison // "" = BySpearman
}

// An RDMComparison is how two sets of dissimilarities are compared.
type RDMComparison string

const (
	// BySpearman correlates ranks, tied ones averaged; Brain-Score's and the
	// default.
	BySpearman RDMComparison = "spearman"
	// ByPearson correlates dissimilarities.
	ByPearson RDMComparison = "pearson"
	// ByKendall is τ-a, which does not favour models with ties (Nili et al.
	// 2014).
	ByKendall RDMComparison = "kendall"
	// ByCosine is Pearson's r without subtracting the means: for
	// dissimilarities whose zero means something, such as Crossnobis'.
	ByCosine RDMComparison = "cosine"
)

// RDMComparisons are all of them, the default first.
var RDMComparisons = []RDMComparison{BySpearman, ByPearson, ByKendall, ByCosine}

// name is the comparison that is in force.
func (c RDMComparison) name() RDMComparison {
	if c == "" {
		return BySpearman
	}
	return c
}

// Name is "rsa".
func (RSA) Name() string { return "rsa" }

// Parameters are the distance and the comparison.
func (r RSA) Parameters() map[string]any {
	return map[string]any{"distance": string(r.Distance.name()), "comparison": string(r.Comparison.name())}
}

// Bytes counts, per pair of stimuli, what the type's comment tells.
func (r RSA) Bytes(stimuli, p, q, parallel int) int64 {
	pairs := int64(stimuli) * int64(stimuli-1) / 2
	block := float64s(stimuli * blockWidth(stimuli, max(p, q)))
	switch r.Comparison.name() {
	case BySpearman:
		return max(44*pairs, (8+16*int64(parallel))*pairs) + block
	case ByKendall:
		return max(44*pairs, (8+24*int64(parallel))*pairs) + block
	}
	return (16+16*int64(parallel))*pairs + block
}

// Prepare computes both sets of dissimilarities; see ComputeRDM for the errors.
func (r RSA) Prepare(ctx context.Context, x, y Features) (PreparedSimilarity, error) {
	if err := checkRows("RSA", x, y, 3); err != nil {
		return nil, err
	}
	return r.Comparison.between(
		func() (*RDM, error) { return ComputeRDM(ctx, x, r.Distance) },
		func() (*RDM, error) { return ComputeRDM(ctx, y, r.Distance) })
}

// between makes the comparison of x and y, of which it asks for one after the
// other: what compares ranks keeps only the order of each, in half the memory.
func (c RDMComparison) between(x, y func() (*RDM, error)) (PreparedSimilarity, error) {
	switch c.name() {
	case BySpearman:
		return byOrder(x, y, spearman)
	case ByKendall:
		return byOrder(x, y, kendall)
	case ByPearson:
		return byValue(x, y, pearson)
	case ByCosine:
		return byValue(x, y, cosine)
	}
	return nil, fmt.Errorf("unknown comparison of dissimilarities %q: expected %q, %q, %q or %q", c, BySpearman, ByPearson, ByKendall, ByCosine)
}

func byValue(x, y func() (*RDM, error), correlate func(x, y []float64) float64) (PreparedSimilarity, error) {
	u, err := checkedSide("x", x)
	if err != nil {
		return nil, err
	}
	v, err := checkedSide("y", y)
	if err != nil {
		return nil, err
	}
	return newComparison(u, v, correlate)
}

func byOrder(x, y func() (*RDM, error), correlate func(x, y []uint32, xDistinct, yDistinct int) float64) (PreparedSimilarity, error) {
	u, uDistinct, err := orderedSide("x", x)
	if err != nil {
		return nil, err
	}
	v, vDistinct, err := orderedSide("y", y)
	if err != nil {
		return nil, err
	}
	return newComparison(u, v, func(x, y []uint32) float64 { return correlate(x, y, uDistinct, vDistinct) })
}

// checkedSide returns the checked dissimilarities of x or y.
func checkedSide(name string, from func() (*RDM, error)) (pairs[float64], error) {
	r, err := from()
	if err == nil {
		err = r.check()
	}
	if err != nil {
		return pairs[float64]{}, fmt.Errorf("%s: %w", name, err)
	}
	return r.pairs(), nil
}

func orderedSide(name string, from func() (*RDM, error)) (places pairs[uint32], distinct int, err error) {
	p, err := checkedSide(name, from)
	if err != nil {
		return places, 0, err
	}
	if len(p.v) > math.MaxInt32 {
		return places, 0, fmt.Errorf("%s: %d stimuli have %d pairs, too many to rank: at most %d", name, p.n, len(p.v), math.MaxInt32)
	}
	places.n = p.n
	places.v, distinct = orderOf(p.v)
	return places, distinct, nil
}

// cosine of the angle between x and y; NaN where one of the two is zero.
func cosine(x, y []float64) float64 {
	var xx, yy, xy float64
	for i, v := range x {
		xx += v * v
		yy += y[i] * y[i]
		xy += v * y[i]
	}
	return max(-1, min(1, xy/(math.Sqrt(xx)*math.Sqrt(yy)))) // rounding; NaN stays NaN
}

// rsaComparison correlates dissimilarities, or their order.
type rsaComparison[T float64 | uint32] struct {
	x, y      pairs[T]
	correlate func(x, y []T) float64 // NaN where it does not exist
}

func newComparison[T float64 | uint32](x, y pairs[T], correlate func(x, y []T) float64) (PreparedSimilarity, error) {
	if x.n != y.n {
		return nil, fmt.Errorf("x has dissimilarities of %d stimuli and y of %d: expected the same stimuli", x.n, y.n)
	}
	return &rsaComparison[T]{x, y, correlate}, nil
}

func (c *rsaComparison[T]) At(xRows, yRows []int) (float64, error) {
	stimuli, _, _ := merged(c.x.n, xRows, yRows)
	if len(stimuli) < 3 {
		return math.NaN(), fmt.Errorf("%d different stimuli are too few to compare dissimilarities: expected at least 3", len(stimuli))
	}
	x, y := c.x.over(xRows), c.y.over(yRows)
	r := c.correlate(x, y)
	if !math.IsNaN(r) {
		return r, nil
	}
	side := "x"
	if slices.Min(x) != slices.Max(x) {
		side = "y"
	}
	return math.NaN(), fmt.Errorf("the dissimilarities of the %d stimuli are all the same in %s, so that they agree with no others", len(stimuli), side)
}
