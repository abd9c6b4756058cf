package fit

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// similarityGoldens are the values of testdata/similarity.json, which
// testdata/make_similarity.py made with numpy 1.24.2, scipy 1.10.1 and
// scikit-learn 1.2.1.
type similarityGoldens struct {
	Vectors []struct {
		X, Y                      []float64
		Pearson, Spearman, Cosine float64
		TauB                      *float64 `json:"tau_b"`
	}
	Comparisons []struct {
		Seed                           uint32
		N, P, Q                        int
		Correlation, Cosine, Euclidean []float64
		SquaredEuclidean               []float64 `json:"squared euclidean"`
		RSA, CKA, Procrustes           float64
		RSACV                          float64 `json:"rsa_cv"`
		RSACVError                     float64 `json:"rsa_cv_error"`
		CKABiased                      float64 `json:"cka_biased"`
		ProcrustesHalf                 float64 `json:"procrustes_half"`
	}
	BrainScoreCKA []struct {
		N, M             int
		Unbiased, Biased float64
	} `json:"brain_score_cka"`
	Crossnobis []struct {
		Trials         []*float64
		None, Diagonal []float64
		Shrunk         []float64 `json:"shrunk covariance"`
		Shrinkage      float64
	}
	RSACeiling struct {
		Subjects     [][]float64
		Upper, Lower float64
	} `json:"rsa_ceiling"`
}

func readSimilarityGoldens(t *testing.T) *similarityGoldens {
	t.Helper()
	text, err := os.ReadFile("testdata/similarity.json")
	if err != nil {
		t.Fatal(err)
	}
	g := new(similarityGoldens)
	if err := json.Unmarshal(text, g); err != nil {
		t.Fatal(err)
	}
	return g
}

// featuresOf makes the inputs of make_similarity.py's features.
func featuresOf(seed uint32, n, p, q int) (x, y *mat.Dense) {
	r := newNormals(seed)
	z := r.matrix(n, 6)
	mix := func(cols int, noise, offset float64) *mat.Dense {
		var m mat.Dense
		m.Mul(z, r.matrix(6, cols))
		e := r.matrix(n, cols)
		m.Apply(func(i, j int, v float64) float64 { return v + noise*e.At(i, j) + offset }, &m)
		return &m
	}
	x = mix(p, 1, 3)
	return x, mix(q, 2, -1)
}

// largestDifference is the largest of |a_i − b_i|.
func largestDifference(a, b []float64) float64 {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	d := 0.0
	for i, v := range a {
		d = max(d, math.Abs(v-b[i]))
	}
	return d
}

func mustAt(t *testing.T, c PreparedSimilarity, x, y []int) float64 {
	t.Helper()
	v, err := c.At(x, y)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func mustPrepare(t *testing.T, s Similarity, x, y Features) PreparedSimilarity {
	t.Helper()
	c, err := s.Prepare(context.Background(), x, y)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRankCorrelationsMatchScipy(t *testing.T) {
	for i, g := range readSimilarityGoldens(t).Vectors {
		u, uDistinct := orderOf(g.X)
		v, vDistinct := orderOf(g.Y)
		if d := math.Abs(spearman(u, v, uDistinct, vDistinct) - g.Spearman); d > 1e-14 {
			t.Errorf("case %d: spearman differs by %g", i, d)
		}
		if d := math.Abs(pearson(g.X, g.Y) - g.Pearson); d > 1e-14 {
			t.Errorf("case %d: pearson differs by %g", i, d)
		}
		if d := math.Abs(cosine(g.X, g.Y) - g.Cosine); d > 1e-14 {
			t.Errorf("case %d: cosine differs by %g", i, d)
		}
		if g.TauB != nil { // without ties τ-b is τ-a
			if d := math.Abs(kendall(u, v, uDistinct, vDistinct) - *g.TauB); d > 1e-14 {
				t.Errorf("case %d: kendall differs by %g", i, d)
			}
		}
	}
}

func TestRDMsMatchScipy(t *testing.T) {
	for _, g := range readSimilarityGoldens(t).Comparisons {
		x, _ := featuresOf(g.Seed, g.N, g.P, g.Q)
		for _, c := range []struct {
			d    Distance
			want []float64
		}{{"", g.Correlation}, {CosineDistance, g.Cosine}, {EuclideanDistance, g.Euclidean}, {SquaredEuclideanDistance, g.SquaredEuclidean}} {
			r, err := ComputeRDM(context.Background(), Dense(x), c.d)
			if err != nil {
				t.Fatal(err)
			}
			if d := largestDifference(r.Values, c.want); d > 1e-10 {
				t.Errorf("%d × %d: %s distances differ from scipy's by %g", g.N, g.P, c.d.name(), d)
			}
			if d := r.At(1, 0) - c.want[0]; math.Abs(d) > 1e-10 || r.At(2, 2) != 0 || r.At(1, 2) != r.Values[g.N-1] {
				t.Errorf("At finds other elements")
			}
		}
	}
}

func TestSimilaritiesMatchNumpy(t *testing.T) {
	for _, g := range readSimilarityGoldens(t).Comparisons {
		x, y := featuresOf(g.Seed, g.N, g.P, g.Q)
		splits, err := ShuffleSplit{Train: .1}.Split(g.N)
		if err != nil {
			t.Fatal(err)
		}
		res, err := ScoreSimilarity(context.Background(), RSA{}, Dense(x), Dense(y), SimilarityOptions{Splits: splits})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			what      string
			got, want float64
		}{{"all", res.All, g.RSA}, {"splits", res.Score, g.RSACV}, {"error", res.Error, g.RSACVError}} {
			if d := math.Abs(c.got - c.want); d > 1e-12 {
				t.Errorf("%d × %d: RSA, %s: %v, scipy's %v", g.N, g.P, c.what, c.got, c.want)
			}
		}
		all, half := rowsUpTo(g.N), rowsUpTo(g.N/2)
		procrustes := mustPrepare(t, Procrustes{}, Dense(x), Dense(y))
		for _, c := range []struct {
			what           string
			got, want, tol float64
		}{
			{"CKA", mustAt(t, mustPrepare(t, CKA{}, Dense(x), Dense(y)), all, all), g.CKA, 1e-12},
			{"biased CKA", mustAt(t, mustPrepare(t, CKA{Biased: true}, Dense(x), Dense(y)), all, all), g.CKABiased, 1e-12},
			{"Procrustes", mustAt(t, procrustes, all, all), g.Procrustes, 1e-7},
			{"Procrustes of half", mustAt(t, procrustes, half, half), g.ProcrustesHalf, 1e-7},
		} {
			if d := math.Abs(c.got - c.want); d > c.tol {
				t.Errorf("%d × %d: %s %v, numpy's %v", g.N, g.P, c.what, c.got, c.want)
			}
		}
	}
}

// The data of Brain-Score's unit tests of CKA.
func TestCKAOnBrainScoresData(t *testing.T) {
	for _, g := range readSimilarityGoldens(t).BrainScoreCKA {
		if testing.Short() && g.M > 100 {
			continue
		}
		uniform := func(seed uint32) Features {
			r := newNormals(seed)
			m := mat.NewDense(g.N, g.M, nil)
			m.Apply(func(int, int, float64) float64 { return r.uniform() }, m)
			return Dense(m)
		}
		x, y, all := uniform(1), uniform(2), rowsUpTo(g.N)
		for _, c := range []struct {
			s    CKA
			want float64
		}{{CKA{}, g.Unbiased}, {CKA{Biased: true}, g.Biased}} {
			if got := mustAt(t, mustPrepare(t, c.s, x, y), all, all); math.Abs(got-c.want) > 1e-9 { // numpy's products are not centred
				t.Errorf("%d × %d, biased %v: %v, numpy's %v", g.N, g.M, c.s.Biased, got, c.want)
			}
		}
		if got := mustAt(t, mustPrepare(t, CKA{}, x, x), all, all); math.Abs(got-1) > 1e-12 {
			t.Errorf("of x with itself: %v", got)
		}
	}
}

func TestRSACeiling(t *testing.T) {
	g := readSimilarityGoldens(t).RSACeiling
	var subjects []*RDM
	for _, s := range g.Subjects {
		subjects = append(subjects, &RDM{Stimuli: 10, Values: s})
	}
	c, err := ComputeRSACeiling(subjects, "")
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(c.Upper-g.Upper) > 1e-14 || math.Abs(c.Lower-g.Lower) > 1e-14 || len(c.UpperPerSubject) != 4 || !(c.Lower < c.Upper) {
		t.Errorf("%+v, numpy's %v and %v", c, g.Upper, g.Lower)
	}
	if c, err = ComputeRSACeiling([]*RDM{subjects[0], subjects[0]}, ByPearson); err != nil || math.Abs(c.Upper-1) > 1e-14 || math.Abs(c.Lower-1) > 1e-14 {
		t.Errorf("equal subjects: %+v, %v", c, err)
	}
	if _, err = ComputeRSACeiling(subjects[:1], ""); err == nil {
		t.Error("one subject has a ceiling")
	}
}
