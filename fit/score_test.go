package fit

import (
	"context"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// Brain-Score's own golden: 30 stimuli of 25 features that predict themselves,
// ridge, 10 splits stratified by 3 interleaved classes.
func TestBrainScoreGolden(t *testing.T) {
	g := readGoldens(t).BrainScore
	r := newNormals(0)
	x := mat.NewDense(30, 25, nil)
	x.Apply(func(i, j int, _ float64) float64 { return float64(25*i+j) + r.next() }, x)
	splits, err := StratifiedShuffleSplit{Labels: strings.Split(strings.Repeat("abc", 10), "")}.Split(30)
	if err != nil {
		t.Fatal(err)
	}
	sameSplits(t, "golden", splits, g.Splits)
	res, err := Score(context.Background(), Dense(x), x, Options{Regression: Ridge{}, Splits: splits})
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(res.Score-.99999893) > 5e-9 || math.Abs(res.Error-7.31630414e-07) > 5e-15 {
		t.Errorf("score %.8f, error %.9g; Brain-Score's .99999893, 7.31630414e-07", res.Score, res.Error)
	}
	for i, want := range g.Medians {
		if math.Abs(res.SplitScores[i]-want) > 1e-13 {
			t.Errorf("split %d: %v, scikit-learn's %v", i, res.SplitScores[i], want)
		}
	}
	if res.Undefined != 0 || res.Stimuli != 30 || res.Features != 25 || res.Neuroids != 25 || !math.IsNaN(res.Ceiled) {
		t.Errorf("%+v", res)
	}
}

func TestPearson(t *testing.T) {
	for _, c := range []struct {
		x, y []float64
		want float64
	}{
		{[]float64{1, 2, 3}, []float64{2, 4, 6}, 1},
		{[]float64{1, 2, 3}, []float64{5, 5, 4}, -math.Sqrt(3) / 2},
		{[]float64{1e9 + 1, 1e9 + 2, 1e9 + 4}, []float64{-1, -2, -4}, -1},
		{[]float64{1, 0, -1, 0}, []float64{0, 1, 0, -1}, 0},
		{[]float64{.1, .1, .1}, []float64{1, 2, 3}, math.NaN()},
		{[]float64{1, 2, 3}, []float64{.1 + .2, .3, .3}, math.NaN()}, // rounding
		{[]float64{1}, []float64{1}, math.NaN()},
	} {
		got := pearson(c.x, c.y)
		if math.IsNaN(got) != math.IsNaN(c.want) || math.Abs(got-c.want) > 1e-15 {
			t.Errorf("pearson(%v, %v) = %v, expected %v", c.x, c.y, got, c.want)
		}
	}
}

func TestMedianDefined(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		values    []float64
		median    float64
		undefined int
	}{
		{[]float64{3, 1, 2}, 2, 0},
		{[]float64{4, nan, 1, 2, 3}, 2.5, 1},
		{[]float64{nan, 7}, 7, 1},
	} {
		if m, u := medianDefined(c.values); m != c.median || u != c.undefined {
			t.Errorf("%v: median %v, undefined %d", c.values, m, u)
		}
	}
	if m, u := medianDefined([]float64{nan, nan}); !math.IsNaN(m) || u != 2 {
		t.Errorf("all undefined: %v, %d", m, u)
	}
}

func TestConventions(t *testing.T) {
	// AlexNet on the public IT benchmark.
	const r, c = .57962116, .81579938
	for _, x := range []struct {
		v    Convention
		want float64
	}{{"", .41181704}, {SquaredOverCeiling, .41181704}, {RatioSquared, .50480184}} {
		got, err := x.v.Ceiled(r, c)
		if err != nil || math.Abs(got-x.want) > 1e-5 {
			t.Errorf("%q: %v, %v; expected %v", x.v, got, err, x.want)
		}
	}
	if _, err := SquaredOverCeiling.Ceiled(.3, -.1); err == nil || !strings.Contains(err.Error(), "the ceiling is -0.1") {
		t.Errorf("negative ceiling: %v", err)
	}
	if _, err := Convention("r").Ceiled(.3, .5); err == nil || !strings.Contains(err.Error(), `unknown ceiling convention "r"`) {
		t.Errorf("unknown convention: %v", err)
	}
}

func TestScoreWithCeiling(t *testing.T) {
	x, y := problemOf("smooth", 5, 60, 20, 3)
	for _, v := range []Convention{"", RatioSquared} {
		res, err := Score(context.Background(), Dense(x), y, Options{Regression: Ridge{}, Ceiling: .8, Convention: v})
		if err != nil {
			t.Fatal(err)
		}
		want, _ := v.Ceiled(res.Score, .8)
		if res.Ceiled != want || res.Convention != string(v.name()) || res.Negative {
			t.Errorf("%q: %+v", v, res)
		}
	}
	res, err := Score(context.Background(), Dense(x), y, Options{Regression: Ridge{}, Ceiling: -.2})
	if err != nil || !math.IsNaN(res.Ceiled) || len(res.Notes) != 1 {
		t.Errorf("ceiling that is not positive: %+v, %v", res, err)
	}
}

// A regression that predicts the opposite.
type contrary struct{ Ridge }

func (c contrary) Fit(p *Problem, train []int) (Predictor, error) {
	f, err := c.Ridge.Fit(p, train)
	return negated{f}, err
}

type negated struct{ Predictor }

func (n negated) Predict(rows []int) *mat.Dense {
	m := n.Predictor.Predict(rows)
	m.Scale(-1, m)
	return m
}

func TestNegativeScoreIsFlagged(t *testing.T) {
	x, y := problemOf("smooth", 5, 60, 20, 3)
	res, err := Score(context.Background(), Dense(x), y, Options{Regression: contrary{}, Ceiling: .8})
	if err != nil {
		t.Fatal(err)
	}
	if !(res.Score < -.5) || !res.Negative || math.Abs(res.Ceiled-res.Score*res.Score/.8) > 1e-15 || len(res.Notes) != 1 {
		t.Errorf("%+v", res)
	}
}

func TestUndefinedCorrelationsAreCounted(t *testing.T) {
	x, y := problemOf("smooth", 5, 60, 20, 3)
	for i := range 60 {
		y.Set(i, 1, 4) // a neuroid that never changes
	}
	res, err := Score(context.Background(), Dense(x), y, Options{Regression: Ridge{}})
	if err != nil {
		t.Fatal(err)
	}
	if res.Undefined != 10 || len(res.Notes) != 2 || !strings.Contains(res.Notes[1], "columns 1") || !math.IsNaN(res.PerNeuroid[1]) || !isFinite(res.Score) || !(res.PerNeuroid[0] > .5) {
		t.Errorf("%+v", res)
	}
}

func TestScoreErrors(t *testing.T) {
	x, y := problemOf("noise", 5, 40, 12, 3)
	dead := mat.NewDense(40, 12, nil)
	dead.Apply(func(_, j int, _ float64) float64 { return float64(j) }, dead)
	silent := mat.NewDense(40, 3, nil)
	nan := mat.DenseCopyOf(y)
	nan.Set(3, 2, math.NaN())
	for _, c := range []struct {
		x, y *mat.Dense
		o    Options
		want string
	}{
		{dead, y, Options{Regression: Ridge{}}, "split 1 of 10: no correlation exists: the predictions are constant: the 12 features do not vary over the 36 training stimuli"},
		{x, silent, Options{Regression: Ridge{}}, "of 3 neuroids 3 have constant responses to the 4 test stimuli"},
		{x, nan, Options{Regression: Ridge{}}, "neuroid 2 is NaN for the stimulus in row 3"},
		{x, y, Options{}, "split 1 of 10: pls with 25 components needs"},
		{x, y, Options{Splits: []Split{{Train: []int{0, 1, 2}, Test: []int{3}}}}, "3 training and 1 test stimuli"},
		{x, y, Options{Splits: []Split{{Train: []int{0, 1, 2}, Test: []int{3, 40}}}}, "test row 40: expected 0 … 39"},
		{x, y, Options{Splits: []Split{{Train: []int{0, 1, 3}, Test: []int{3, 4}}}}, "has row 3 twice"},
		{x, y, Options{Splits: []Split{}}, "no splits"},
		{x, y, Options{Regression: Ridge{}, Convention: "r/c"}, "unknown ceiling convention"},
	} {
		if _, err := Score(context.Background(), Dense(c.x), c.y, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, expected %q", err, c.want)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Score(ctx, Dense(x), y, Options{Regression: Ridge{}}); err != context.Canceled {
		t.Errorf("cancelled: %v", err)
	}
}

func TestScoreOnAnyGOMAXPROCS(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	x, y := problemOf("smooth", 3, 80, 300, 5)
	var results []*Result
	for _, n := range []int{1, 4} {
		runtime.GOMAXPROCS(n)
		res, err := Score(context.Background(), Dense(x), y, Options{Regression: RidgeCV{}})
		if err != nil {
			t.Fatal(err)
		}
		results = append(results, res)
	}
	if !mat.Equal(results[0].R, results[1].R) || results[0].Score != results[1].Score {
		t.Error("the bits depend on GOMAXPROCS")
	}
}

// Shuffled stimuli predict nothing.
func TestShuffledStimuliScoreNearZero(t *testing.T) {
	x, y := problemOf("smooth", 5, 200, 20, 9)
	straight, err := Score(context.Background(), Dense(x), y, Options{Regression: RidgeCV{}})
	if err != nil {
		t.Fatal(err)
	}
	order := newMT19937(6).permutation(200)
	shuffled, err := Score(context.Background(), Dense(gather(x, order)), y, Options{Regression: RidgeCV{}})
	if err != nil {
		t.Fatal(err)
	}
	if !(straight.Score > .9) || !(math.Abs(shuffled.Score) < .2) {
		t.Errorf("r %.3f, with shuffled stimuli %.3f", straight.Score, shuffled.Score)
	}
}

func TestCeilingIsBrainScores(t *testing.T) {
	g := readGoldens(t).Ceiling
	r := newNormals(21)
	signal, noise, trials := r.matrix(12, 5), r.matrix(12*7, 5), r.matrix(12, 7)
	a := &Assembly{StimulusIDs: make([]string, 12), Neuroids: make([]string, 5), Repetitions: 7}
	for s := range 12 {
		for k := range 7 {
			for j := range 5 {
				v := signal.At(s, j) + noise.At(7*s+k, j)
				if trials.At(s, k) > .85 {
					v = math.NaN()
				}
				a.Responses = append(a.Responses, v)
			}
		}
	}
	c, err := SplitHalf(a, SplitHalfOptions{})
	if err != nil {
		t.Fatal(err)
	}
	close := func(name string, got, want []float64) {
		if !slices.EqualFunc(got, want, func(a, b float64) bool { return math.Abs(a-b) < 1e-12 }) {
			t.Errorf("%s: %v, numpy's %v", name, got, want)
		}
	}
	close("ceiling and error", []float64{c.Ceiling, c.Error}, []float64{g.Ceiling, g.Error})
	close("split medians", c.SplitScores, g.Medians)
	close("per neuroid", c.PerNeuroid, g.PerNeuroid)
	close("reliability", c.Reliability, g.Reliability)
	if c.Repetitions != 7 || c.Undefined != 0 {
		t.Errorf("%+v", c)
	}
}

func TestCeilingOfPerfectResponses(t *testing.T) {
	a := &Assembly{StimulusIDs: make([]string, 4), Neuroids: make([]string, 1), Repetitions: 2, Responses: []float64{1, 1, 2, 2, 4, 4, 3, 3}}
	c, err := SplitHalf(a, SplitHalfOptions{})
	if err != nil || math.Abs(c.Ceiling-1) > 1e-15 || math.Abs(c.SplitHalf-1) > 1e-15 || c.Error != 0 {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestCeilingErrors(t *testing.T) {
	a := &Assembly{Region: "V4", StimulusIDs: make([]string, 3), Neuroids: make([]string, 1), Repetitions: 1, Responses: []float64{1, 2, 3}}
	if _, err := SplitHalf(a, SplitHalfOptions{}); err == nil || !strings.Contains(err.Error(), "V4: a split-half ceiling needs at least 2 repetitions per stimulus, found 1") {
		t.Errorf("one repetition: %v", err)
	}
	a.Repetitions, a.Responses = 2, []float64{1, 1, 1, 1, 1, 1}
	if _, err := SplitHalf(a, SplitHalfOptions{}); err == nil || !strings.Contains(err.Error(), "no split-half correlation exists for any of 1 neuroids") {
		t.Errorf("constant responses: %v", err)
	}
}
