package fit

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// regressions are what the conformance suite holds for.
func regressions() map[string]Regression {
	return map[string]Regression{
		"ridge":         Ridge{},
		"ridgecv":       RidgeCV{},
		"ridgecvShared": RidgeCV{Shared: true},
		"linear":        Linear{},
		"ridgecvFolds":  RidgeCV{Folds: 4},
		"pls":           PLS{Components: 8},
		"plscv":         PLSCV{Components: 8, Folds: 4},
		"banded":        halves{BandedRidge{Draws: 3}},
		"one-to-one":    OneToOne{},
	}
}

// halves is banded ridge with the first and the second half of the features as
// bands.
type halves struct{ BandedRidge }

func (h halves) Fit(p *Problem, train []int) (Predictor, error) {
	_, features, _ := p.Dims()
	h.Bands = []int{features / 2, features - features/2}
	return h.BandedRidge.Fit(p, train)
}

// linearMaps are the regressions from all features.
func linearMaps() map[string]Regression {
	r := regressions()
	delete(r, "one-to-one")
	return r
}

func problem(t *testing.T, x, y *mat.Dense) *Problem {
	t.Helper()
	p, err := NewProblem(Dense(x), y)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func predict(t *testing.T, r Regression, x, y *mat.Dense, train, test []int) *mat.Dense {
	t.Helper()
	f, err := r.Fit(problem(t, x, y), train)
	if err != nil {
		t.Fatalf("%s: %v", r.Name(), err)
	}
	return f.Predict(test)
}

func rowsOf(m *mat.Dense) [][]float64 {
	n, _ := m.Dims()
	rows := make([][]float64, n)
	for i := range rows {
		rows[i] = slices.Clone(m.RawRowView(i))
	}
	return rows
}

// trainTest are all but the last ten rows of n, and these.
func trainTest(n int) (train, test []int) {
	rows := rowsUpTo(n)
	return rows[:n-10], rows[n-10:]
}

func TestRegressionsAreScikitLearns(t *testing.T) {
	g := readGoldens(t)
	for _, c := range g.Regressions {
		t.Run(fmt.Sprintf("%s_n%d_p%d_q%d", c.Kind, c.N, c.P, c.Q), func(t *testing.T) {
			x, y := problemOf(c.Kind, c.Seed, c.N, c.P, c.Q)
			train, test := trainTest(c.N)
			check := func(name string, got *mat.Dense, want [][]float64, tolerance float64) {
				d := distance(got, want)
				t.Logf("%s: relative distance %.1e", name, d)
				if !(d <= tolerance) {
					t.Errorf("%s: predictions differ from scikit-learn's by %.2g relative, expected at most %g", name, d, tolerance)
				}
			}
			p := problem(t, x, y)
			pls, err := PLS{}.fit(p, train)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(pls.iterations, c.Iterations) {
				t.Errorf("pls: iterations %v, scikit-learn's %v", pls.iterations, c.Iterations)
			}
			tolerance := 1e-8
			if c.Kind == "noise" {
				tolerance = 1e-6
			}
			check("pls", predict(t, PLS{}, x, y, train, test), c.PLS, tolerance)
			check("ridge", predict(t, Ridge{}, x, y, train, test), c.Ridge, 1e-8)
			check("linear", predict(t, Linear{}, x, y, train, test), c.Linear, 1e-8)
			ridgecv := func(name string, r RidgeCV, alphas []float64, predictions [][]float64) {
				f, err := r.Fit(p, train)
				if err != nil {
					t.Fatal(err)
				}
				if got := f.(*RidgeCVPredictor).Alphas; !slices.Equal(got, alphas) {
					t.Errorf("%s chooses α = %v, scikit-learn %v", name, got, alphas)
				}
				check(name, f.Predict(test), predictions, 1e-8)
			}
			shared := func(alpha float64) []float64 { return slices.Repeat([]float64{alpha}, c.Q) }
			ridgecv("ridgecv", RidgeCV{Alphas: g.Alphas}, c.Alphas, c.RidgeCV)
			ridgecv("ridgecv, shared α", RidgeCV{Alphas: g.Alphas, Shared: true}, shared(c.Alpha), c.Shared)
			ridgecv("ridgecv, 5 folds", RidgeCV{Alphas: g.Alphas, Folds: 5}, c.FoldAlphas, c.FoldRidgeCV)
			ridgecv("ridgecv, 5 folds, shared α", RidgeCV{Alphas: g.Alphas, Shared: true, Folds: 5}, shared(c.FoldAlpha), c.FoldShared)

			each, err := PLS{Components: len(c.EachPLS)}.FitEach(p, train)
			if err != nil {
				t.Fatal(err)
			}
			for k, want := range c.EachPLS {
				check(fmt.Sprintf("pls with %d components", k+1), each[k].Predict(test), want, tolerance)
			}
			f, err := PLSCV{Components: 10, Folds: 5}.Fit(p, train)
			if err != nil {
				t.Fatal(err)
			}
			if got := f.(*PLSCVPredictor).Components; got != c.PLSCVComponents {
				t.Errorf("plscv chooses %d components, scikit-learn %d", got, c.PLSCVComponents)
			}
			check("plscv", f.Predict(test), c.PLSCV, tolerance)
		})
	}
}

func TestBrainScoreAlphas(t *testing.T) {
	if got, want := BrainScoreAlphas(), readGoldens(t).BrainScoreAlphas; len(want) != 99 || !slices.Equal(got, want) {
		t.Errorf("α = %v, numpy's linspaces give %v", got, want)
	}
}

// The forms of the two shapes: more stimuli than features, and fewer.
var shapes = []struct{ n, p, q int }{{70, 25, 4}, {40, 90, 4}}

// Adding a constant to every feature or response changes nothing else.
func TestRegressionsIgnoreOffsets(t *testing.T) {
	for name, r := range regressions() {
		for _, s := range shapes {
			x, y := problemOf("smooth", 5, s.n, s.p, s.q)
			train, test := trainTest(s.n)
			before := predict(t, r, x, y, train, test)
			moved, raised := mat.DenseCopyOf(x), mat.DenseCopyOf(y)
			moved.Apply(func(_, j int, v float64) float64 { return v + 100*float64(j%7) }, x)
			raised.Apply(func(_, j int, v float64) float64 { return v + 1000*float64(j+1) }, y)
			after := predict(t, r, moved, raised, train, test)
			after.Apply(func(_, j int, v float64) float64 { return v - 1000*float64(j+1) }, after)
			if d := distance(after, rowsOf(before)); d > 1e-7 {
				t.Errorf("%s, %v: offsets move the predictions by %.2g relative", name, s, d)
			}
		}
	}
}

// A noiseless linear map of few dimensions is found, and found again from
// stimuli that were not trained on.
func TestRegressionsRecoverALinearMap(t *testing.T) {
	for name, r := range linearMaps() {
		for _, s := range shapes {
			g := newNormals(8)
			var x, y mat.Dense
			z := g.matrix(s.n, 6)
			z.Scale(100, z) // far above the penalties
			x.Mul(z, g.matrix(6, s.p))
			y.Mul(z, g.matrix(6, s.q))
			train, test := trainTest(s.n)
			got := predict(t, r, &x, &y, train, test)
			if d := distance(got, rowsOf(gather(&y, test))); d > 1e-4 {
				t.Errorf("%s, %v: predictions are off by %.2g relative", name, s, d)
			}
		}
	}
}

// The order of the training stimuli, and responses to the others, do not matter.
func TestRegressionsUseTheTrainingPartOnly(t *testing.T) {
	for name, r := range regressions() {
		for _, s := range shapes {
			x, y := problemOf("smooth", 5, s.n, s.p, s.q)
			train, test := trainTest(s.n)
			before := predict(t, r, x, y, train, test)
			other := mat.DenseCopyOf(y)
			for _, i := range test {
				for j := range s.q {
					other.Set(i, j, 1e3)
				}
			}
			reversed := slices.Clone(train)
			slices.Reverse(reversed)
			after := predict(t, r, x, other, reversed, test)
			if d := distance(after, rowsOf(before)); d > 1e-7 {
				t.Errorf("%s, %v: predictions move by %.2g relative", name, s, d)
			}
		}
	}
}

// Both forms are one regression: with n < p the primal, forced, agrees with the
// dual; with n > p the dual with the primal.
func TestDualAndPrimalAgree(t *testing.T) {
	for name, r := range regressions() {
		for _, s := range shapes {
			x, y := problemOf("smooth", 9, s.n, s.p, s.q)
			train, test := trainTest(s.n)
			one, other := problem(t, x, y), problem(t, x, y)
			other.dual = !other.dual
			a, err := r.Fit(one, train)
			if err != nil {
				t.Fatal(err)
			}
			b, err := r.Fit(other, train)
			if err != nil {
				t.Fatal(err)
			}
			if d := distance(a.Predict(test), rowsOf(b.Predict(test))); d > 1e-7 {
				t.Errorf("%s, %v: dual and primal differ by %.2g relative", name, s, d)
			}
		}
	}
}

// A small training part takes its own products, a large one those of all
// stimuli less the others: the same fit.
func TestTrainingPartOfAnySize(t *testing.T) {
	x, y := problemOf("smooth", 9, 60, 12, 3)
	for _, size := range []int{20, 30, 31, 59} {
		train := rowsUpTo(size)
		own := problem(t, gather(x, train), gather(y, train))
		part, err := problem(t, x, y).train(train)
		if err != nil {
			t.Fatal(err)
		}
		if m := part.m.RawSymmetric(); !mat.Equal(mat.NewDense(m.N, m.N, m.Data), mat.NewDense(m.N, m.N, m.Data).T()) {
			t.Errorf("%d training stimuli: the two triangles differ", size)
		}
		a, err := Ridge{}.Fit(problem(t, x, y), train)
		if err != nil {
			t.Fatal(err)
		}
		b, err := Ridge{}.Fit(own, train)
		if err != nil {
			t.Fatal(err)
		}
		if d := distance(a.Predict(train), rowsOf(b.Predict(train))); d > 1e-12 {
			t.Errorf("%d training stimuli: %.2g relative", size, d)
		}
	}
}

// Leave-one-out errors in closed form against fitting n times, in both forms.
func TestLeaveOneOutByBruteForce(t *testing.T) {
	for _, s := range []struct{ n, p int }{{20, 6}, {12, 30}, {120, 50}, {90, 130}} {
		x, y := problemOf("smooth", 4, s.n, s.p, 3)
		alphas := []float64{.1, 3, 100}
		p := problem(t, x, y)
		want := mat.NewDense(len(alphas), 3, nil)
		for a, alpha := range alphas {
			for i := range s.n {
				predicted := predict(t, Ridge{Alpha: alpha}, x, y, others(s.n, []int{i}), []int{i})
				for j, v := range want.RawRowView(a) {
					e := y.At(i, j) - predicted.At(0, j)
					want.Set(a, j, v+e*e/float64(s.n))
				}
			}
		}
		for form, fitted := range bothForms(t, p, rowsUpTo(s.n)) {
			got, err := fitted.leaveOneOut(alphas)
			if err != nil {
				t.Fatal(err)
			}
			for a, alpha := range alphas {
				for j, w := range want.RawRowView(a) {
					if d := math.Abs(got.At(a, j)/w - 1); !(d < 1e-9) {
						t.Errorf("%s, n %d, p %d, α %g, neuroid %d: mean squared error %g, by brute force %g", form, s.n, s.p, alpha, j, got.At(a, j), w)
					}
				}
			}
		}
	}
}

// bothForms are a training part's spectrum and band.
func bothForms(t *testing.T, p *Problem, train []int) map[string]*rotated {
	t.Helper()
	forms := map[string]*rotated{}
	for name, toBand := range map[string]bool{"spectrum": false, "band": true} {
		part, err := p.train(train)
		if err != nil {
			t.Fatal(err)
		}
		if forms[name], err = part.rotate(toBand); err != nil {
			t.Fatal(err)
		}
	}
	return forms
}

// The two forms are the same regression, and that of Ridge: errors of leaving one
// out and of held-out stimuli, coefficients, over several tiles, blocks and rounds
// of penalties; with features and stimuli that add nothing, features that vary only
// in stimuli that are not trained on, and such a stimulus far from all others.
func TestFormsAgree(t *testing.T) {
	for _, s := range []struct{ n, p int }{{40, 70}, {500, 700}, {700, 90}, {900, 450}} {
		train, test := trainTest(s.n)
		for name, change := range map[string]func(x *mat.Dense){
			"as they are": func(*mat.Dense) {},
			"repeated": func(x *mat.Dense) {
				for i := range s.n / 2 {
					x.SetRow(s.n-1-i, x.RawRowView(i))
				}
				for i := range s.n {
					x.Set(i, 3, 7)
					x.Set(i, 5, x.At(i, 4))
				}
			},
			"varying where tested": func(x *mat.Dense) {
				for _, j := range []int{2, 33, s.p - 1} {
					for _, i := range train {
						x.Set(i, j, float64(j%2))
					}
					for k, i := range test {
						x.Set(i, j, 50+float64(k))
					}
				}
			},
			"far from all others": func(x *mat.Dense) {
				for j := range s.p {
					x.Set(test[0], j, 1e3*x.At(test[0], j))
				}
			},
		} {
			x, y := problemOf("smooth", 8, s.n, s.p, 5)
			change(x)
			p := problem(t, x, y)
			forms := bothForms(t, p, train)
			alphas := BrainScoreAlphas()[:30]
			var loo, heldOut, coefficients [2]*mat.Dense
			for k, form := range []string{"spectrum", "band"} {
				var errs [3]error
				loo[k], errs[0] = forms[form].leaveOneOut(alphas)
				heldOut[k], errs[1] = forms[form].heldOut(test, alphas)
				coefficients[k], errs[2] = forms[form].coefficients([]int{4, 0, 2}, []float64{10, .5, 10})
				if err := errors.Join(errs[:]...); err != nil {
					t.Fatalf("%v, %s, %s: %v", s, name, form, err)
				}
			}
			for of, both := range map[string][2]*mat.Dense{"leave-one-out errors": loo, "held-out errors": heldOut, "coefficients": coefficients} {
				// α = .01 lets roundings of XᵀY through where there is no variance.
				if d := distance(both[1], rowsOf(both[0])); !(d < 1e-7) {
					t.Errorf("%v, %s: %s differ by %.2g relative", s, name, of, d)
				}
			}
			ridge, err := Ridge{Alpha: .5}.Fit(p, train)
			if err != nil {
				t.Fatal(err)
			}
			c, err := forms["band"].coefficients(rowsUpTo(5), slices.Repeat([]float64{.5}, 5))
			if err != nil {
				t.Fatal(err)
			}
			if d := distance(forms["band"].t.predictor(c).Predict(test), rowsOf(ridge.Predict(test))); !(d < 1e-8) {
				t.Errorf("%v, %s: predictions of the band and of Ridge differ by %.2g relative", s, name, d)
			}
		}
	}
}

// A penalty that is too small beside the features to be told from none, where every
// stimulus is then fitted exactly, has the error +Inf, and only that one.
func TestUnresolvedPenalties(t *testing.T) {
	x, y := problemOf("noise", 3, 30, 60, 2)
	for i := range 30 {
		y.Set(i, 1, 0) // its residuals are 0 as well
	}
	for form, r := range bothForms(t, problem(t, x, y), rowsUpTo(30)) {
		loo, err := r.leaveOneOut([]float64{1e-14, 1, 1e-13})
		if err != nil {
			t.Fatal(err)
		}
		for j := range 2 {
			if !math.IsInf(loo.At(0, j), 1) || !math.IsInf(loo.At(2, j), 1) || !isFinite(loo.At(1, j)) {
				t.Errorf("%s, neuroid %d: errors %v", form, j, mat.Col(nil, j, loo))
			}
		}
		if _, err := r.leaveOneOut([]float64{1e-14}); err == nil || !strings.Contains(err.Error(), "makes no difference") {
			t.Errorf("%s: error %v", form, err)
		}
	}
}

// A value that is not finite is found wherever it is, in features in memory and in
// those that are read.
func TestFiniteFeaturesAreLookedFor(t *testing.T) {
	const n, p = 700, 300
	for _, row := range []int{0, 5, 639, 640, n - 1} { // the first 640 are trained on
		for _, v := range []float64{math.NaN(), math.Inf(-1)} {
			x, y := problemOf("smooth", 3, n, p, 3)
			x.Set(row, 271, v)
			for how, f := range map[string]Features{"in memory": Dense(x), "read": filed{Dense(x)}} {
				for _, r := range []Regression{PLS{Components: 5}, Ridge{}, OneToOne{}} {
					prob, err := NewProblem(f, y)
					if err != nil {
						t.Fatal(err)
					}
					want := fmt.Sprintf("feature 271 is %g for the stimulus in row %d ", v, row)
					if _, err := r.Fit(prob, rowsUpTo(640)); err == nil || !strings.Contains(err.Error(), want) {
						t.Errorf("%s, features %s: error %v, expected %q", r.Name(), how, err, want)
					}
				}
			}
		}
	}
}

// Penalties far below the features' variances are left to the spectrum, which
// knows the directions without any; many penalties are quicker with it.
func TestFormOfAFit(t *testing.T) {
	x, y := problemOf("noise", 8, 200, 100, 2)
	large := mat.DenseCopyOf(x)
	large.Scale(1e6, large)
	for _, c := range []struct {
		name   string
		x      *mat.Dense
		alphas []float64
		rows   int
		band   bool
	}{
		{"one α", x, []float64{1}, 200, true},
		{"α = 0", x, []float64{0}, 0, false},
		{"a tiny α", x, []float64{1, 1e-9}, 0, false},
		{"large features", large, []float64{1}, 0, false},
		{"many", x, BrainScoreAlphas(), 200, false},
		{"some, held out", x, BrainScoreAlphas()[1:6], 0, true},
	} {
		r, err := problem(t, c.x, y).rotate(rowsUpTo(200), c.alphas, c.rows)
		if err != nil {
			t.Fatal(err)
		}
		if _, is := r.form.(bandForm); is != c.band {
			t.Errorf("%s: a %T", c.name, r.form)
		}
	}
}

// The errors of folds against fitting and predicting each.
func TestFoldErrorsByBruteForce(t *testing.T) {
	for _, s := range []struct{ n, p int }{{23, 6}, {17, 30}} {
		x, y := problemOf("smooth", 4, s.n, s.p, 3)
		p := problem(t, x, y)
		alphas := []float64{.1, 3, 100}
		r := RidgeCV{Alphas: alphas, Folds: 5, Seed: 3}
		got, err := r.foldErrors(p, rowsUpTo(s.n), alphas)
		if err != nil {
			t.Fatal(err)
		}
		splits, err := KFold{Folds: 5, Seed: 3}.Split(s.n)
		if err != nil {
			t.Fatal(err)
		}
		for a, alpha := range alphas {
			want := make([]float64, 3)
			for _, split := range splits {
				predicted := predict(t, Ridge{Alpha: alpha}, x, y, split.Train, split.Test)
				for i, row := range split.Test {
					for j := range want {
						e := y.At(row, j) - predicted.At(i, j)
						want[j] += e * e / float64(len(split.Test)) / 5
					}
				}
			}
			for j, w := range want {
				if d := math.Abs(got.At(a, j)/w - 1); !(d < 1e-9) {
					t.Errorf("n %d, p %d, α %g, neuroid %d: mean squared error %g, by brute force %g", s.n, s.p, alpha, j, got.At(a, j), w)
				}
			}
		}
	}
}

// As many folds as stimuli leave one out.
func TestFoldsOfOneLeaveOneOut(t *testing.T) {
	for _, s := range shapes {
		x, y := problemOf("noise", 4, s.n, s.p, s.q)
		p := problem(t, x, y)
		for _, shared := range []bool{false, true} {
			a, err := RidgeCV{Shared: shared}.Fit(p, rowsUpTo(s.n))
			if err != nil {
				t.Fatal(err)
			}
			b, err := RidgeCV{Shared: shared, Folds: s.n}.Fit(p, rowsUpTo(s.n))
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(a.(*RidgeCVPredictor).Alphas, b.(*RidgeCVPredictor).Alphas) {
				t.Errorf("%v: leaving one out chooses α = %v, folds of one %v", s, a.(*RidgeCVPredictor).Alphas, b.(*RidgeCVPredictor).Alphas)
			}
		}
	}
}

// FitEach is Fit for every number of components, and PLSCV's errors are those
// of fitting and predicting each fold with each number.
func TestPLSOfEveryNumberOfComponents(t *testing.T) {
	for _, s := range shapes {
		x, y := problemOf("smooth", 4, s.n, s.p, s.q)
		train, test := trainTest(s.n)
		each, err := PLS{Components: 6}.FitEach(problem(t, x, y), train)
		if err != nil {
			t.Fatal(err)
		}
		f, err := PLSCV{Components: 6, Folds: 4}.Fit(problem(t, x, y), train)
		if err != nil {
			t.Fatal(err)
		}
		errors := f.(*PLSCVPredictor).Errors
		splits, err := KFold{Folds: 4}.Split(len(train))
		if err != nil {
			t.Fatal(err)
		}
		for k, one := range each {
			want := predict(t, PLS{Components: k + 1}, x, y, train, test)
			if d := distance(one.Predict(test), rowsOf(want)); d > 1e-13 {
				t.Errorf("%v, %d components: %.2g relative", s, k+1, d)
			}
			brute := 0.0
			for _, split := range splits {
				predicted := predict(t, PLS{Components: k + 1}, x, y, split.Train, split.Test)
				predicted.Sub(predicted, gather(y, split.Test))
				brute += math.Pow(mat.Norm(predicted, 2), 2) / float64(len(split.Test)*s.q*len(splits))
			}
			if !(math.Abs(errors[k]/brute-1) < 1e-9) {
				t.Errorf("%v, %d components: mean squared error %g, by brute force %g", s, k+1, errors[k], brute)
			}
		}
	}
}

// Ridge against its definition, solved directly.
func TestRidgeSolvesItsNormalEquations(t *testing.T) {
	for _, s := range shapes {
		x, y := problemOf("smooth", 6, s.n, s.p, s.q)
		train := rowsUpTo(s.n)
		xc, yc := mat.DenseCopyOf(x), mat.DenseCopyOf(y)
		subtractRow(xc, x, nil, columnMeans(x, nil))
		subtractRow(yc, y, nil, columnMeans(y, nil))
		var a, b, beta, want mat.Dense
		a.Mul(xc.T(), xc)
		for i := range s.p {
			a.Set(i, i, a.At(i, i)+2.5)
		}
		b.Mul(xc.T(), yc)
		if err := beta.Solve(&a, &b); err != nil {
			t.Fatal(err)
		}
		want.Mul(xc, &beta)
		addRow(&want, columnMeans(y, nil))
		if d := distance(predict(t, Ridge{Alpha: 2.5}, x, y, train, train), rowsOf(&want)); d > 1e-10 {
			t.Errorf("%v: %.2g relative", s, d)
		}
	}
}

func TestRegressionsOnAnyGOMAXPROCS(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for name, r := range regressions() {
		for _, s := range []struct{ n, p, q int }{{1000, 530, 5}, {620, 800, 5}} { // several tiles
			x, y := problemOf("smooth", 3, s.n, s.p, s.q)
			train, test := trainTest(s.n)
			runtime.GOMAXPROCS(1)
			one := predict(t, r, x, y, train, test)
			runtime.GOMAXPROCS(4)
			if many := predict(t, r, x, y, train, test); !mat.Equal(one, many) {
				t.Errorf("%s, %v: the bits depend on GOMAXPROCS", name, s)
			}
		}
	}
}

// Features that do not vary give the mean response, not rounding errors.
func TestDeadFeatures(t *testing.T) {
	for name, r := range linearMaps() {
		for _, s := range shapes {
			_, y := problemOf("noise", 3, s.n, s.p, s.q)
			x := mat.NewDense(s.n, s.p, nil)
			train, test := trainTest(s.n)
			x.Apply(func(i, j int, _ float64) float64 { return .1 * float64(j+1) }, x)
			for _, i := range test {
				x.Set(i, 0, 7) // varies, but not in training
			}
			got, want := predict(t, r, x, y, train, test), columnMeans(y, train)
			for i := range test {
				for j, w := range want {
					if got.At(i, j) != w {
						t.Fatalf("%s, %v: prediction %v for a mean of %v", name, s, got.At(i, j), w)
					}
				}
			}
		}
	}
}

// SᵀS, updated component by component, is that of the deflated S.
func TestPLSUpdatesItsCovariance(t *testing.T) {
	for _, kind := range []string{"noise", "smooth"} {
		for _, s := range []struct{ n, p, q int }{{300, 120, 30}, {120, 300, 30}} {
			x, y := problemOf(kind, 3, s.n, s.p, s.q)
			f, err := PLS{}.fit(problem(t, x, y), rowsUpTo(s.n))
			if err != nil {
				t.Fatal(err)
			}
			want := mat.NewDense(s.q, s.q, nil)
			f.space.iterated(want)
			mirror(want)
			mirror(f.g)
			if d := distance(f.g, rowsOf(want)); d > 1e-10 {
				t.Errorf("%s, %v: %.2g relative after %d components", kind, s, d, len(f.loadings))
			}
		}
	}
}

// The iteration in the space of the features or stimuli is that in the space of
// the responses, component by component; the smaller one is taken.
func TestPLSInEitherSpace(t *testing.T) {
	for _, kind := range []string{"noise", "smooth"} {
		for _, s := range []struct{ n, p, q int }{{80, 30, 70}, {45, 130, 60}, {80, 30, 5}, {45, 130, 5}} {
			x, y := problemOf(kind, 3, s.n, s.p, s.q)
			train, test := trainTest(s.n)
			p := problem(t, x, y)
			var fits [2]*plsFit
			for i, wide := range []bool{false, true} {
				training, err := p.train(train)
				if err != nil {
					t.Fatal(err)
				}
				fits[i] = newPLSFit(training, wide)
				for range 12 {
					fits[i].add()
				}
			}
			if !slices.Equal(fits[0].iterations, fits[1].iterations) {
				t.Errorf("%s, %v: iterations %v and %v", kind, s, fits[0].iterations, fits[1].iterations)
			}
			if d := distance(fits[1].predictor(12).Predict(test), rowsOf(fits[0].predictor(12).Predict(test))); d > 1e-10 {
				t.Errorf("%s, %v: %.2g relative", kind, s, d)
			}
		}
	}
	x, y := problemOf("noise", 3, 60, 20, 4000)
	f, err := PLS{Components: 5}.fit(problem(t, x, y), rowsUpTo(60))
	if err != nil {
		t.Fatal(err)
	}
	if size, _ := f.g.Dims(); size != 20 {
		t.Errorf("4000 responses to 20 features are iterated on a matrix of order %d", size)
	}
}

// A fit without products is the fit with them, in either form, for training
// stimuli in any order, and to the same bits on any number of cores.
func TestPLSWithoutProducts(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, kind := range []string{"noise", "smooth"} {
		for _, s := range []struct{ n, p, q int }{{300, 90, 7}, {120, 700, 30}} {
			x, y := problemOf(kind, 3, s.n, s.p, s.q)
			x.Apply(func(_, j int, v float64) float64 { return v + float64(j%5) }, x)
			for i := range s.n {
				x.Set(i, 2, .1) // a constant feature
			}
			train, test := trainTest(s.n)
			slices.Reverse(train)
			p := problem(t, x, y)
			of := func(cores int) *mat.Dense {
				runtime.GOMAXPROCS(cores)
				training, err := p.direct(train)
				if err != nil {
					t.Fatal(err)
				}
				f := newDirectPLSFit(training)
				for range 12 {
					f.add()
				}
				return f.predictor(12).Predict(test)
			}
			direct := of(1)
			if !mat.Equal(of(3), direct) {
				t.Errorf("%s, %v: other bits on 3 cores", kind, s)
			}
			if err := p.prepare(t.Context()); err != nil {
				t.Fatal(err)
			}
			f, err := PLS{Components: 12}.Fit(p, train)
			if err != nil {
				t.Fatal(err)
			}
			if d := distance(direct, rowsOf(f.Predict(test))); d > 1e-11 {
				t.Errorf("%s, %v: %.2g relative", kind, s, d)
			}
		}
	}
	x, y := problemOf("noise", 3, 120, 100, 7)
	p := problem(t, x, y)
	if _, err := (PLS{Components: 5}).Fit(p, rowsUpTo(110)); err != nil || p.isPrepared() {
		t.Errorf("a single fit computes the products of all splits (%v)", err)
	}
}

func TestPLSStopsWhereResponsesAreExplained(t *testing.T) {
	for _, s := range shapes {
		g := newNormals(2)
		z := g.matrix(s.n, 3)
		var x, y mat.Dense
		x.Mul(z, g.matrix(3, s.p))
		y.Mul(z, g.matrix(3, s.q))
		f, err := PLS{Components: 8}.fit(problem(t, &x, &y), rowsUpTo(s.n))
		if err != nil {
			t.Fatal(err)
		}
		if got := len(f.loadings); got != 3 {
			t.Errorf("%v: %d components for 3 dimensions", s, got)
		}
	}
}

func TestRegressionErrors(t *testing.T) {
	x, y := problemOf("noise", 1, 30, 10, 2)
	p := problem(t, x, y)
	for _, c := range []struct {
		r    Regression
		n    int
		want string
	}{
		{Ridge{Alpha: -1}, 30, "α = -1"},
		{Ridge{Alpha: math.NaN()}, 30, "α = NaN"},
		{RidgeCV{Alphas: []float64{}}, 30, "no penalties"},
		{RidgeCV{Alphas: []float64{1, 0}}, 30, "α = 0"},
		{RidgeCV{}, 2, "2 training stimuli"},
		{RidgeCV{Folds: 5}, 4, "5 folds of 4 stimuli"},
		{RidgeCV{Folds: 1}, 30, "1 folds"},
		{RidgeCV{Folds: 2}, 2, "2 folds of 2 stimuli leave one to fit on"},
		{RidgeCV{Folds: 2, Alphas: []float64{-3}}, 30, "α = -3"},
		{PLSCV{Components: 11}, 30, "fold 1 of 10: pls with 11 components needs at least as many features, found 10"},
		{PLSCV{Components: 9, Folds: 3}, 12, "at least 10 training stimuli, found 8"},
		{PLSCV{Components: -1}, 30, "-1 components"},
		{PLSCV{Components: 2}, 9, "10 folds of 9 stimuli"},
		{BandedRidge{Bands: []int{4, 5}}, 30, "the 2 bands have 9 features in all, and there are 10"},
		{BandedRidge{Bands: []int{10, 0}}, 30, "band 1 has 0 features"},
		{BandedRidge{Draws: -1}, 30, "-1 draws"},
		{BandedRidge{Alphas: []float64{0}}, 30, "banded ridge: the candidate α = 0"},
		{BandedRidge{}, 2, "2 training stimuli"},
		{PLS{}, 30, "pls with 25 components needs at least as many features, found 10"},
		{PLS{Components: 9}, 9, "at least 10 training stimuli, found 9"},
		{PLS{Components: -2}, 30, "-2 components"},
	} {
		if _, err := c.r.Fit(p, rowsUpTo(c.n)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, expected %q", c.r, err, c.want)
		}
	}
	bad := mat.DenseCopyOf(x)
	bad.Set(4, 7, math.NaN())
	bad.Set(2, 9, math.Inf(1))
	if _, err := (Ridge{}).Fit(problem(t, bad, y), rowsUpTo(20)); err == nil || !strings.Contains(err.Error(), "feature 7 is NaN for the stimulus in row 4 (of the features 0 … 9, 2 have") {
		t.Errorf("NaN feature: %v", err)
	}
	badY := mat.DenseCopyOf(y)
	badY.Set(0, 1, math.NaN())
	if _, err := NewProblem(Dense(x), badY); err == nil || !strings.Contains(err.Error(), "neuroid 1 is NaN") {
		t.Errorf("NaN response: %v", err)
	}
	if _, err := NewProblem(Dense(x), mat.NewDense(29, 2, nil)); err == nil || !strings.Contains(err.Error(), "features have 30 rows and responses 29") {
		t.Errorf("row counts: %v", err)
	}
}

// filed are features that are not in memory, as far as anybody knows.
type filed struct{ Features }
