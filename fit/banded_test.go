package fit

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
)

func fitBanded(t *testing.T, r BandedRidge, p *Problem, train []int) *BandedPredictor {
	t.Helper()
	f, err := r.Fit(p, train)
	if err != nil {
		t.Fatal(err)
	}
	return f.(*BandedPredictor)
}

func TestOneBandIsRidgeCV(t *testing.T) {
	for _, s := range shapes {
		x, y := problemOf("smooth", 5, s.n, s.p, s.q)
		train, test := trainTest(s.n)
		f := fitBanded(t, BandedRidge{}, problem(t, x, y), train)
		ridge, err := RidgeCV{}.Fit(problem(t, x, y), train)
		if err != nil {
			t.Fatal(err)
		}
		if want := ridge.(*RidgeCVPredictor).Alphas; !slices.Equal(f.Alphas, want) {
			t.Errorf("%v: α = %v, RidgeCV's %v", s, f.Alphas, want)
		}
		if d := distance(f.Predict(test), rowsOf(ridge.Predict(test))); d > 1e-12 {
			t.Errorf("%v: predictions differ by %.2g relative", s, d)
		}
	}
}

// noisyBand is a problem with three bands: the first and the third have three
// dimensions each, which drive the neuroids, the second is noise with thirty
// times their standard deviation.
func noisyBand(n, p, q int) (x, y *mat.Dense, sizes []int) {
	g := newNormals(17)
	x, y = mat.NewDense(n, 3*p, nil), g.matrix(n, q)
	y.Scale(.3, y)
	for band := range 3 {
		part := x.Slice(0, n, band*p, (band+1)*p).(*mat.Dense)
		if band == 1 {
			part.Scale(30, g.matrix(n, p))
			continue
		}
		z := g.matrix(n, 3)
		part.Mul(z, g.matrix(3, p))
		for i := range n {
			for j := range q {
				y.Set(i, j, y.At(i, j)+z.At(i, j%3))
			}
		}
	}
	return x, y, []int{p, p, p}
}

// A neuroid's prediction is that of ridge, with its α, on features that are
// multiplied by the roots of its weights, and no candidate has a smaller
// leave-one-out error by brute force.
func TestBandedRidgeIsRidgeOnScaledFeatures(t *testing.T) {
	for _, s := range []struct{ n, p int }{{60, 6}, {24, 20}} {
		x, y, sizes := noisyBand(s.n, s.p, 3)
		train, test := trainTest(s.n)
		r := BandedRidge{Bands: sizes, Alphas: []float64{.1, 3, 50}, Draws: 4}
		f := fitBanded(t, r, problem(t, x, y), train)
		got := f.Predict(test)
		scaled := func(gamma []float64) *mat.Dense {
			var z mat.Dense
			z.Apply(func(_, j int, v float64) float64 { return v * math.Sqrt(gamma[j/s.p]) }, x)
			return &z
		}
		for j := range 3 {
			gamma := mat.Col(nil, j, f.Weights)
			want := predict(t, Ridge{Alpha: f.Alphas[j]}, scaled(gamma), y, train, test)
			for i := range test {
				if math.Abs(got.At(i, j)-want.At(i, j)) > 1e-9 {
					t.Errorf("n %d, neuroid %d: prediction %v, by ridge %v", s.n, j, got.At(i, j), want.At(i, j))
				}
			}
		}
		least := slices.Repeat([]float64{math.Inf(1)}, 3)
		chosen := slices.Clone(least)
		for _, gamma := range r.candidates(3) {
			z := scaled(gamma)
			for _, alpha := range r.Alphas {
				errors := make([]float64, 3)
				for k, i := range train {
					one := predict(t, Ridge{Alpha: alpha}, z, y, slices.Delete(slices.Clone(train), k, k+1), []int{i})
					for j := range errors {
						errors[j] += math.Pow(y.At(i, j)-one.At(0, j), 2)
					}
				}
				for j, e := range errors {
					least[j] = min(least[j], e)
					if alpha == f.Alphas[j] && slices.Equal(gamma, mat.Col(nil, j, f.Weights)) {
						chosen[j] = e
					}
				}
			}
		}
		for j := range least {
			if !(chosen[j] <= least[j]*(1+1e-9)) {
				t.Errorf("n %d, neuroid %d: the chosen candidate has the error %g, another %g", s.n, j, chosen[j], least[j])
			}
		}
	}
}

func TestBandedRidgeLeavesOutABandOfNoise(t *testing.T) {
	for _, s := range []struct{ n, p int }{{110, 32}, {70, 60}} {
		x, y, sizes := noisyBand(s.n, s.p, 4)
		train, test := trainTest(s.n)
		f := fitBanded(t, BandedRidge{Bands: sizes}, problem(t, x, y), train)
		errorOf := func(predicted *mat.Dense) float64 { return distance(predicted, rowsOf(gather(y, test))) }
		banded, one := errorOf(f.Predict(test)), errorOf(predict(t, RidgeCV{}, x, y, train, test))
		t.Logf("n %d, p %d: error %.2f, of RidgeCV %.2f", s.n, s.p, banded, one)
		if banded > .9*one {
			t.Errorf("n %d, p %d: the error is %.2f of the responses, RidgeCV's %.2f", s.n, s.p, banded, one)
		}
		for j := range 4 {
			gamma := mat.Col(nil, j, f.Weights)
			if math.Abs(total(gamma)-1) > 1e-12 || gamma[1] > .01 {
				t.Errorf("n %d, p %d, neuroid %d: weights %v, where the second band is noise", s.n, s.p, j, gamma)
			}
		}
	}
}

func TestBandWeightsToChooseFrom(t *testing.T) {
	a := BandedRidge{Draws: 8}.candidates(3)
	if len(a) != 12 {
		t.Fatalf("%d candidates: expected equal weights, 3 corners and 8 draws", len(a))
	}
	for i, gamma := range a {
		if math.Abs(total(gamma)-1) > 1e-12 || slices.Min(gamma) < 0 {
			t.Errorf("candidate %d is %v", i, gamma)
		}
	}
	if b := (BandedRidge{Draws: 8, Seed: 2}).candidates(3); slices.Equal(a[4], b[4]) || !slices.Equal(a[3], b[3]) {
		t.Errorf("seeds 1 and 2 draw %v and %v", a[3:5], b[3:5])
	}
}

// Several bands asked of one problem, one after the other.
func TestBandsOfOneProblem(t *testing.T) {
	x, y := problemOf("smooth", 5, 40, 90, 3)
	train, test := trainTest(40)
	p := problem(t, x, y)
	for _, sizes := range [][]int{{30, 60}, {89, 1}, {30, 60}} {
		r := BandedRidge{Bands: sizes, Draws: 2}
		got := fitBanded(t, r, p, train).Predict(test)
		if want := predict(t, r, x, y, train, test); !mat.Equal(got, want) {
			t.Errorf("bands %v: the predictions depend on what the problem was asked before", sizes)
		}
	}
}
