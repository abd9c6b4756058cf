package fit

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// conforming are all similarities, with what holds for each.
var conforming = []struct {
	s Similarity
	// invariant to: a rotation, a shift of features, a scale of all features
	rotation, shift, scale bool
	unbiased               bool // near 0 for unrelated features, however many
}{
	{RSA{}, false, false, true, true},
	{RSA{Comparison: ByPearson}, false, false, true, true},
	{RSA{Comparison: ByKendall}, false, false, true, true},
	{RSA{Distance: CosineDistance}, true, false, true, true},
	{RSA{Distance: EuclideanDistance}, true, true, true, true},
	{RSA{Distance: EuclideanDistance, Comparison: ByKendall}, true, true, true, true},
	{RSA{Distance: SquaredEuclideanDistance, Comparison: ByPearson}, true, true, true, true},
	{RSA{Distance: SquaredEuclideanDistance, Comparison: ByCosine}, true, true, true, false},
	{CKA{}, true, true, true, true},
	{CKA{Biased: true}, true, true, true, false},
	{Procrustes{}, true, true, true, false},
}

func eachSimilarity(t *testing.T, f func(t *testing.T, k int, s Similarity)) {
	for k, c := range conforming {
		t.Run(fmt.Sprint(c.s.Name(), c.s.Parameters()), func(t *testing.T) { f(t, k, c.s) })
	}
}

// rotationOf draws an orthogonal p × p matrix.
func rotationOf(seed uint32, p int) *mat.Dense {
	var qr mat.QR
	qr.Factorize(newNormals(seed).matrix(p, p))
	var q mat.Dense
	qr.QTo(&q)
	return &q
}

func TestSimilarityOfSelectionsIsThatOfTheirFeatures(t *testing.T) {
	eachSimilarity(t, func(t *testing.T, _ int, s Similarity) {
		for _, p := range []int{9, 60} { // fewer and more features than stimuli
			x, y := featuresOf(3, 30, p, 20)
			c := mustPrepare(t, s, Dense(x), Dense(y))
			rows, other := []int{4, 1, 29, 0, 17, 22, 8}, []int{4, 2, 28, 1, 17, 11, 9}
			for _, yRows := range [][]int{rows, other} {
				got := mustAt(t, c, rows, yRows)
				want := mustAt(t, mustPrepare(t, s, Dense(gather(x, rows)), Dense(gather(y, yRows))), rowsUpTo(7), rowsUpTo(7))
				if math.Abs(got-want) > 1e-9 {
					t.Errorf("%d features, rows %v: %v, alone %v", p, yRows, got, want)
				}
			}
		}
	})
}

func TestSimilarityProperties(t *testing.T) {
	eachSimilarity(t, func(t *testing.T, k int, s Similarity) {
		const n = 40
		x, y := featuresOf(4, n, 50, 12)
		all := rowsUpTo(n)
		c := mustPrepare(t, s, Dense(x), Dense(y))
		xy := mustAt(t, c, all, all)
		if yx := mustAt(t, mustPrepare(t, s, Dense(y), Dense(x)), all, all); math.Abs(xy-yx) > 1e-12 {
			t.Errorf("of x and y %v, of y and x %v", xy, yx)
		}
		if xx := mustAt(t, mustPrepare(t, s, Dense(x), Dense(x)), all, all); math.Abs(xx-1) > 1e-12 {
			t.Errorf("of x with itself %v", xx)
		}
		if !(xy > .1 && xy < .999) {
			t.Errorf("of related features %v", xy)
		}
		reordered := rand.New(rand.NewPCG(1, 1)).Perm(n)
		if got := mustAt(t, c, reordered, reordered); math.Abs(got-xy) > 1e-12 {
			t.Errorf("in another order of the stimuli %v, before %v", got, xy)
		}
		if got := mustAt(t, c, all, reordered); !(got < xy) {
			t.Errorf("with shuffled stimuli %v, before %v", got, xy)
		}

		changed := func(what string, expected bool, x *mat.Dense) {
			got := mustAt(t, mustPrepare(t, s, Dense(x), Dense(y)), all, all)
			if same := math.Abs(got-xy) < 1e-9; same != expected {
				t.Errorf("%s of x gives %v, before %v: expected the same: %v", what, got, xy, expected)
			}
		}
		var rotated, shifted, scaled mat.Dense
		rotated.Mul(x, rotationOf(5, 50))
		changed("a rotation", conforming[k].rotation, &rotated)
		shifted.Apply(func(_, j int, v float64) float64 { return v + float64(j) }, x)
		changed("a shift", conforming[k].shift, &shifted)
		scaled.Scale(1e-9, x)
		changed("a scale", conforming[k].scale, &scaled)
	})
}

// A stimulus that is drawn several times weighs more and does not count as
// several that are alike.
func TestSimilarityOfUnrelatedFeatures(t *testing.T) {
	eachSimilarity(t, func(t *testing.T, k int, s Similarity) {
		const n, rounds = 30, 40
		var all, drawn []float64
		for round := range uint32(rounds) {
			r := newNormals(100 + round)
			c := mustPrepare(t, s, Dense(r.matrix(n, 300)), Dense(r.matrix(n, 200)))
			rng := rand.New(rand.NewPCG(uint64(round), 0))
			rows := make([]int, n)
			for i := range rows {
				rows[i] = rng.IntN(n)
			}
			all = append(all, mustAt(t, c, rowsUpTo(n), rowsUpTo(n)))
			drawn = append(drawn, mustAt(t, c, rows, rows))
		}
		for _, v := range [][]float64{all, drawn} {
			m, standardError := meanAndError(v)
			if near := math.Abs(m) < 4*standardError; near != conforming[k].unbiased {
				t.Errorf("mean %.3f ± %.3f; expected near 0: %v", m, standardError, conforming[k].unbiased)
			}
		}
	})
}

// Weights of repeated stimuli against what they stand for.
func TestRepeatedStimuli(t *testing.T) {
	x, y := featuresOf(6, 12, 30, 8)
	rows := []int{0, 3, 3, 5, 5, 5, 7, 9, 10, 11, 0}
	stack := func(m *mat.Dense) Features { return Dense(gather(m, rows)) }
	all := rowsUpTo(len(rows))

	t.Run("procrustes, biased cka", func(t *testing.T) {
		for _, s := range []Similarity{Procrustes{}, CKA{Biased: true}} {
			got := mustAt(t, mustPrepare(t, s, Dense(x), Dense(y)), rows, rows)
			want := mustAt(t, mustPrepare(t, s, stack(x), stack(y)), all, all)
			if math.Abs(got-want) > 1e-9 {
				t.Errorf("%s: %v, of repeated features %v", s.Name(), got, want)
			}
		}
	})
	t.Run("rsa", func(t *testing.T) {
		got := mustAt(t, mustPrepare(t, RSA{}, Dense(x), Dense(y)), rows, rows)
		rx, _ := ComputeRDM(context.Background(), Dense(x), "")
		ry, _ := ComputeRDM(context.Background(), Dense(y), "")
		var u, v []float64
		for a := range rows {
			for b := range a {
				if rows[a] != rows[b] {
					u, v = append(u, rx.At(rows[a], rows[b])), append(v, ry.At(rows[a], rows[b]))
				}
			}
		}
		if want := pearson(naiveRanks(u), naiveRanks(v)); math.Abs(got-want) > 1e-14 {
			t.Errorf("%v, naive %v", got, want)
		}
	})
	t.Run("cka", func(t *testing.T) {
		got := mustAt(t, mustPrepare(t, CKA{}, Dense(x), Dense(y)), rows, rows)
		var k, l mat.Dense
		k.Mul(x, x.T())
		l.Mul(y, y.T())
		want := naiveHSIC(&k, &l, rows) / math.Sqrt(naiveHSIC(&k, &k, rows)*naiveHSIC(&l, &l, rows))
		if math.Abs(got-want) > 1e-10 {
			t.Errorf("%v, naive %v", got, want)
		}
	})
}

// naiveHSIC is the mean of K_ij L_ij + K_ij L_qr − 2 K_ij L_iq over positions
// of four different stimuli.
func naiveHSIC(k, l *mat.Dense, rows []int) float64 {
	sum, count := 0.0, 0.0
	for _, i := range rows {
		for _, j := range rows {
			for _, q := range rows {
				for _, r := range rows {
					if i == j || i == q || i == r || j == q || j == r || q == r {
						continue
					}
					sum += k.At(i, j)*l.At(i, j) + k.At(i, j)*l.At(q, r) - 2*k.At(i, j)*l.At(i, q)
					count++
				}
			}
		}
	}
	return sum / count
}

func TestCompareHasTheSameBitsOnAnyNumberOfProcessors(t *testing.T) {
	const n = 300 // two tiles
	x, y := featuresOf(7, n, 700, 20)
	splits, _ := ShuffleSplit{Train: .1}.Split(n)
	eachSimilarity(t, func(t *testing.T, _ int, s Similarity) {
		var results [2]string
		for k := range results {
			before := runtime.GOMAXPROCS(1 + k)
			res, err := ScoreSimilarity(context.Background(), s, Dense(x), Dense(y), SimilarityOptions{Splits: splits[:3], Bootstraps: 5, Permutations: 5, Seed: 3})
			runtime.GOMAXPROCS(before)
			if err != nil {
				t.Fatal(err)
			}
			results[k] = fmt.Sprintf("%b %b %b %b %b %b %b", res.Score, res.Error, res.All, res.Low, res.High, res.P, res.SplitScores)
		}
		if results[0] != results[1] {
			t.Errorf("1 processor: %s\n2 processors: %s", results[0], results[1])
		}
	})
}

func TestCompareTellsSignalFromNoise(t *testing.T) {
	const n = 40
	x, y := featuresOf(8, n, 30, 20)
	noise := Dense(newNormals(9).matrix(n, 20))
	eachSimilarity(t, func(t *testing.T, _ int, s Similarity) {
		o := SimilarityOptions{Bootstraps: 99, Permutations: 99, Seed: 1}
		related, err := ScoreSimilarity(context.Background(), s, Dense(x), Dense(y), o)
		if err != nil {
			t.Fatal(err)
		}
		unrelated, err := ScoreSimilarity(context.Background(), s, Dense(x), noise, o)
		if err != nil {
			t.Fatal(err)
		}
		if related.P != .01 || !(unrelated.P > .02) {
			t.Errorf("p is %v for related features and %v for noise", related.P, unrelated.P)
		}
		if !(related.Low < related.High) || related.Stimuli != n || related.XFeatures != 30 || related.YFeatures != 20 || related.Score != related.All || !math.IsNaN(related.Error) {
			t.Errorf("%+v", related)
		}
		outside := related.All < related.Low || related.All > related.High
		if noted := len(related.Notes) > 0; noted != outside {
			t.Errorf("%v outside its interval %v … %v, notes %q", related.All, related.Low, related.High, related.Notes)
		}
		again, err := ScoreSimilarity(context.Background(), s, Dense(x), Dense(y), SimilarityOptions{Bootstraps: 99, Permutations: 99, Seed: 2})
		if err != nil || again.Low == related.Low {
			t.Errorf("another seed has the same interval (%v)", err)
		}
	})
}

// Over many data sets without relation, p is uniform.
func TestPermutationPValueIsUniform(t *testing.T) {
	below := 0
	const rounds = 200
	for round := range uint32(rounds) {
		r := newNormals(round)
		res, err := ScoreSimilarity(context.Background(), RSA{}, Dense(r.matrix(10, 8)), Dense(r.matrix(10, 8)), SimilarityOptions{Permutations: 19, Seed: uint64(round)})
		if err != nil {
			t.Fatal(err)
		}
		if res.P <= .2 {
			below++
		}
	}
	// Expected 40, standard deviation 5.7.
	if below < 22 || below > 58 {
		t.Errorf("p ≤ .2 in %d of %d", below, rounds)
	}
}

func TestPermutationPValueCountsTies(t *testing.T) {
	// A category model: every shuffle within categories reaches the same similarity.
	x := mat.NewDense(3, 3, []float64{1, 2, 4, 1, 2, 4, 4, 0, 1})
	res, err := ScoreSimilarity(context.Background(), RSA{}, Dense(x), Dense(x), SimilarityOptions{Permutations: 600})
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(res.P-1./3) > .06 { // 2 of 6 orders keep the third stimulus
		t.Errorf("p = %v, expected 1/3", res.P)
	}
}

func TestSimilarityRefuses(t *testing.T) {
	const n = 8
	x, y := featuresOf(10, n, 6, 5)
	with := func(change func(m *mat.Dense)) Features {
		m := mat.DenseCopyOf(x)
		change(m)
		return Dense(m)
	}
	constant := with(func(m *mat.Dense) {
		for i := range n {
			m.SetRow(i, []float64{.1, .1, .1, .1, .1, .1})
		}
	})
	missing := with(func(m *mat.Dense) { m.Set(4, 2, math.NaN()) })
	tiny := Dense(x.Slice(0, 1, 0, 6).(*mat.Dense))
	eachSimilarity(t, func(t *testing.T, _ int, s Similarity) {
		for _, c := range []struct {
			what string
			x, y Features
			says string
		}{
			{"different numbers of stimuli", Dense(x), tiny, "x has 8 rows and y 1"},
			{"one stimulus", tiny, tiny, "1 "},
			{"NaN", Dense(x), missing, "y: feature 2 is NaN for the stimulus in row 4"},
			{"NaN in x", missing, Dense(y), "x: feature 2 is NaN"},
			{"constant x", constant, Dense(y), "x"},
			{"constant y", Dense(x), constant, "y"},
		} {
			res, err := ScoreSimilarity(context.Background(), s, c.x, c.y, SimilarityOptions{})
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: %v, %v", c.what, res, err)
			}
		}
		for name, o := range map[string]SimilarityOptions{
			"rows out of range": {Splits: []Split{{Test: []int{0, 1, 2, 3, 8}}}},
			"a row twice":       {Splits: []Split{{Test: []int{0, 1, 2, 3, 3, 4}}}},
			"too few":           {Splits: []Split{{Test: []int{0}}}},
			"confidence":        {Confidence: 2},
		} {
			if _, err := ScoreSimilarity(context.Background(), s, Dense(x), Dense(y), o); err == nil {
				t.Errorf("%s: no error", name)
			}
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := ScoreSimilarity(ctx, s, Dense(x), Dense(y), SimilarityOptions{}); err != context.Canceled && !strings.Contains(fmt.Sprint(err), "canceled") {
			t.Errorf("cancelled: %v", err)
		}
		c := mustPrepare(t, s, Dense(x), Dense(y))
		for _, rows := range [][2][]int{{{0, 1, 2, 3}, {0, 1, 2}}, {{0, 1, 2, 8}, {0, 1, 2, 3}}, {{0, 1, 2, 2}, {0, 1, 2, 3}}, {{0, 1, 2, 3}, {0, 1, 2, 2}}} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("the selection %v does not panic", rows)
					}
				}()
				c.At(rows[0], rows[1])
			}()
		}
	})
}

// Draws without a similarity are counted and told.
func TestBootstrapTellsUndefinedDraws(t *testing.T) {
	x, y := featuresOf(11, 4, 6, 5)
	res, err := ScoreSimilarity(context.Background(), CKA{}, Dense(x), Dense(y), SimilarityOptions{Bootstraps: 200})
	if err != nil {
		t.Fatal(err)
	}
	// Of 4 stimuli, 4!/4⁴ = 9 % of the draws have all.
	if res.UndefinedDraws < 160 || res.UndefinedDraws > 196 || len(res.Notes) == 0 || !strings.Contains(res.Notes[0], "too few") {
		t.Errorf("%d undefined draws, notes %q", res.UndefinedDraws, res.Notes)
	}
}

func TestProcrustesAngle(t *testing.T) {
	p := Procrustes{}
	if p.Angle(1) != 0 || math.Abs(p.Angle(.5)-math.Pi/3) > 1e-15 {
		t.Errorf("angles %v and %v", p.Angle(1), p.Angle(.5))
	}
	// The triangle inequality.
	const n = 12
	a, b := featuresOf(12, n, 5, 7)
	_, c := featuresOf(13, n, 5, 4)
	angle := func(x, y *mat.Dense) float64 {
		return p.Angle(mustAt(t, mustPrepare(t, p, Dense(x), Dense(y)), rowsUpTo(n), rowsUpTo(n)))
	}
	if angle(a, b) > angle(a, c)+angle(c, b) {
		t.Error("the angle is no metric")
	}
}
