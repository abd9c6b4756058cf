package fit

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"ventral/internal/npy"
)

// naiveRanks are mean ranks by counting.
func naiveRanks(v []float64) []float64 {
	ranks := make([]float64, len(v))
	for i, a := range v {
		for _, b := range v {
			switch {
			case b < a:
				ranks[i]++
			case b == a:
				ranks[i] += .5
			}
		}
	}
	return ranks
}

// naiveKendall is τ-a by its definition.
func naiveKendall(x, y []float64) float64 {
	sum, pairs := 0.0, 0.0
	for i := range x {
		for j := range i {
			sum += sign(x[i]-x[j]) * sign(y[i]-y[j])
			pairs++
		}
	}
	return sum / pairs
}

func sign(v float64) float64 {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return 0
}

func TestRankCorrelationsAreTheNaiveOnes(t *testing.T) {
	r := newNormals(1)
	for n := 2; n < 90; n++ {
		x, y := make([]float64, n), make([]float64, n)
		for i := range x {
			x[i], y[i] = r.next(), r.next()
			if n%2 == 0 { // many ties, −0 and 0 among them
				x[i], y[i] = math.Round(x[i]), math.Round(x[i]+y[i])
			}
		}
		u, uDistinct := orderOf(x)
		v, vDistinct := orderOf(y)
		for i := range x {
			for j := range x {
				if (x[i] < x[j]) != (u[i] < u[j]) || int(u[i]) >= uDistinct {
					t.Fatalf("the order of %g and %g is %d and %d of %d", x[i], x[j], u[i], u[j], uDistinct)
				}
			}
		}
		got, want := spearman(u, v, uDistinct, vDistinct), pearson(naiveRanks(x), naiveRanks(y))
		if d := math.Abs(got - want); d > 1e-14 || math.IsNaN(got) != math.IsNaN(want) {
			t.Errorf("n = %d: spearman %v, naive %v", n, got, want)
		}
		if got, want := kendall(u, v, uDistinct, vDistinct), naiveKendall(x, y); math.Abs(got-want) > 1e-15 {
			t.Errorf("n = %d: kendall %v, naive %v", n, got, want)
		}
	}
	if places, distinct := orderOf(nil); len(places) != 0 || distinct != 0 {
		t.Errorf("order of nothing: %v, %d", places, distinct)
	}
	same, distinct := orderOf([]float64{2, 2, 2})
	if distinct != 1 || !math.IsNaN(spearman(same, same, 1, 1)) || !math.IsNaN(kendall(same, same, 1, 1)) {
		t.Errorf("constant values: %d distinct", distinct)
	}
}

// The matrices of 92 objects in human and monkey IT, whose correlations are known.
func TestHumanAndMonkeyIT(t *testing.T) {
	read := func(name string) Features {
		data, shape, err := npy.ReadFile[float64](realData(t, "rdm-92images/"+name))
		if err != nil {
			t.Fatal(err)
		}
		return Dense(mat.NewDense(shape[0], shape[1], data))
	}
	human, monkey := read("human_it_rdm.npy"), read("monkey_it_rdm.npy")
	for by, want := range map[RDMComparison]float64{ByPearson: .4912, BySpearman: .4389} {
		res, err := ScoreSimilarity(context.Background(), RSA{Distance: GivenDistance, Comparison: by}, human, monkey, SimilarityOptions{Bootstraps: 100, Permutations: 99})
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(res.All-want) > 5e-5 || res.P != .01 || res.Stimuli != 92 {
			t.Errorf("%s: %v (%v … %v, p = %v), expected %v", by, res.All, res.Low, res.High, res.P, want)
		}
	}
}

func TestGivenDissimilarities(t *testing.T) {
	x, _ := featuresOf(1, 600, 20, 3) // more than a block of columns
	ctx := context.Background()
	want, err := ComputeRDM(ctx, Dense(x), EuclideanDistance)
	if err != nil {
		t.Fatal(err)
	}
	square := mat.NewDense(600, 600, nil)
	square.Apply(func(i, j int, _ float64) float64 {
		if i == j {
			return math.NaN() // not looked at
		}
		return want.At(i, j)
	}, square)
	got, err := ComputeRDM(ctx, Dense(square), GivenDistance)
	if err != nil || !slices.Equal(got.Values, want.Values) {
		t.Fatalf("the given dissimilarities are not the same: %v", err)
	}
	for _, c := range []struct {
		what   string
		change func(m *mat.Dense)
		says   string
	}{
		{"not symmetric", func(m *mat.Dense) { m.Set(5, 590, 77) }, "(5, 590) is 77"},
		{"NaN on one side", func(m *mat.Dense) { m.Set(5, 590, math.NaN()) }, "not symmetric"},
		{"NaN", func(m *mat.Dense) { m.Set(5, 590, math.NaN()); m.Set(590, 5, math.NaN()) }, "rows 5 and 590 is NaN"},
		{"infinite", func(m *mat.Dense) { m.Set(5, 590, math.Inf(1)); m.Set(590, 5, math.Inf(1)) }, "rows 5 and 590 is +Inf"},
	} {
		m := mat.DenseCopyOf(square)
		c.change(m)
		if _, err := ComputeRDM(ctx, Dense(m), GivenDistance); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	if _, err := ComputeRDM(ctx, Dense(x), GivenDistance); err == nil || !strings.Contains(err.Error(), "600 × 20") {
		t.Errorf("not square: %v", err)
	}
	// A matrix that is there beside features.
	res, err := ScoreRDMs(ctx, BySpearman, want, got, SimilarityOptions{})
	if err != nil || math.Abs(res.All-1) > 1e-14 || res.XFeatures != 20 || res.YFeatures != 0 {
		t.Errorf("%+v, %v", res, err)
	}
	if _, err := ScoreRDMs(ctx, BySpearman, want, &RDM{Stimuli: 3, Values: []float64{1, 2, 3}}, SimilarityOptions{}); err == nil {
		t.Error("different numbers of stimuli are compared")
	}
	if _, err := ScoreRDMs(ctx, "rank", want, got, SimilarityOptions{}); err == nil || !strings.Contains(err.Error(), `"rank"`) {
		t.Errorf("unknown comparison: %v", err)
	}
}

func TestRDMNamesTheStimulusWithoutDissimilarity(t *testing.T) {
	x, _ := featuresOf(1, 10, 700, 3)
	for j := range 700 {
		x.Set(6, j, 1./3)
	}
	for d, says := range map[Distance]string{"": "the stimulus in row 6 are all 0.333333", "chebyshev": `unknown distance "chebyshev"`} {
		if _, err := ComputeRDM(context.Background(), Dense(x), d); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", d, err)
		}
	}
	for j := range 700 {
		x.Set(6, j, 0)
	}
	if _, err := ComputeRDM(context.Background(), Dense(x), CosineDistance); err == nil || !strings.Contains(err.Error(), "row 6") {
		t.Errorf("cosine of zero: %v", err)
	}
}

// Features far from zero lose nothing, and equal pairs of stimuli are equal to
// the last bit.
func TestDistancesAreCareful(t *testing.T) {
	x, _ := featuresOf(2, 20, 40, 3)
	var far mat.Dense
	far.Apply(func(_, _ int, v float64) float64 { return v + 1e6 }, x)
	for _, d := range []Distance{CorrelationDistance, EuclideanDistance, SquaredEuclideanDistance} {
		near, err := ComputeRDM(context.Background(), Dense(x), d)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ComputeRDM(context.Background(), Dense(&far), d)
		if err != nil {
			t.Fatal(err)
		}
		if worst := largestDifference(near.Values, got.Values); worst > 1e-8 { // 1e6 leaves 10 digits of the features
			t.Errorf("%s: %g away", d, worst)
		}
	}
	// Categories, one feature each: two distances only.
	categories := mat.NewDense(35, 7, nil)
	for i := range 35 {
		categories.Set(i, i%7, .3)
	}
	for _, d := range []Distance{CorrelationDistance, CosineDistance, EuclideanDistance, SquaredEuclideanDistance} {
		r, err := ComputeRDM(context.Background(), Dense(categories), d)
		if err != nil {
			t.Fatal(err)
		}
		if _, distinct := orderOf(r.Values); distinct != 2 || r.At(0, 7) != 0 {
			t.Errorf("%s: %d different distances, %g within a category", d, distinct, r.At(0, 7))
		}
	}
}

// Brain-Score's unit test of its RDM.
func TestRDMOfOppositeResponses(t *testing.T) {
	x := mat.NewDense(4, 2, []float64{1, 2, 1, 2, 4, 3, 4, 3})
	r, err := ComputeRDM(context.Background(), Dense(x), "")
	if err != nil || !slices.Equal(r.Values, []float64{0, 2, 2, 2, 2, 0}) {
		t.Errorf("%+v, %v", r, err)
	}
}

// What the sum over tiles and blocks gives is what a double loop gives.
func TestGramIsTheNaiveOne(t *testing.T) {
	for _, n := range []int{3, 255, 256, 257, 530} {
		x := newNormals(uint32(n)).matrix(n, 600)
		g, err := gramOf(context.Background(), Dense(x), func(*mat.Dense) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		var want mat.Dense
		want.Mul(x, x.T())
		for i := range n {
			for j := range n {
				got := g.diagonal[i]
				if i != j {
					got = g.pairs.at(i, j)
				}
				if math.Abs(got-want.At(i, j)) > 1e-10 {
					t.Fatalf("n = %d: (%d, %d) is %v, expected %v", n, i, j, got, want.At(i, j))
				}
			}
		}
	}
}

func BenchmarkRSA(b *testing.B) {
	for _, c := range []struct{ n, p int }{{1000, 512}, {10000, 512}} {
		b.Run(fmt.Sprintf("n%d_p%d", c.n, c.p), func(b *testing.B) {
			if testing.Short() && c.n > 1000 {
				b.Skip("5·10⁷ pairs")
			}
			x, y := problemOf("noise", 1, c.n, c.p, 168)
			for b.Loop() {
				if _, err := ScoreSimilarity(context.Background(), RSA{}, Dense(x), Dense(y), SimilarityOptions{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
