package fit

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"ventral/internal/kernel"
)

func permute(t *testing.T, p *Predictions, o PermutationOptions) *Permuted {
	t.Helper()
	res, err := Permute(context.Background(), p, o)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// A permutation is the score of responses in another order.
func TestPermutationsByBruteForce(t *testing.T) {
	const n = 60
	shuffled, err := ShuffleSplit{Train: .6, Splits: 4}.Split(n)
	if err != nil {
		t.Fatal(err)
	}
	movies := make([]string, n)
	for i := range movies {
		movies[i] = string(rune('a' + (i*i)%11))
	}
	for name, c := range map[string]struct {
		splits []Split
		o      PermutationOptions
	}{
		"stimuli":        {shuffled, PermutationOptions{Seed: 4}},
		"folds":          {disjoint(n, 6), PermutationOptions{}},
		"movies":         {shuffled, PermutationOptions{Groups: movies}},
		"some not shown": {disjoint(n, 6)[:3], PermutationOptions{}},
	} {
		t.Run(name, func(t *testing.T) {
			p := awkward(c.splits, n)
			_, q := p.Responses.Dims()
			c.o.Permutations = 99
			res := permute(t, p, c.o)
			units, err := exchangeable(p.tested(), c.o.Groups, n)
			if err != nil {
				t.Fatal(err)
			}
			observed := p.correlations()
			count, neuroids := 1, make([]float64, q)
			for d, got := range res.Null {
				order := permutedRows(n, units, rand.New(rand.NewPCG(c.o.Seed, uint64(d))))
				other := &Predictions{Splits: p.Splits, Responses: gather(p.Responses, order), Predicted: p.Predicted}
				r := other.correlations()
				want, err := other.score(r)
				if err != nil || math.Abs(got-want) > 1e-12 {
					t.Fatalf("permutation %d: %v, in that order %v, %v", d, got, want, err)
				}
				if want >= res.Score-1e-10 {
					count++
				}
				for j := range q {
					null, _ := medianDefined(mat.Col(nil, j, r))
					median, _ := medianDefined(mat.Col(nil, j, observed))
					if !(null < median-1e-10) {
						neuroids[j]++
					}
				}
			}
			if res.P != float64(count)/100 {
				t.Errorf("p %v, counted %d of 100", res.P, count)
			}
			for j, got := range res.PerNeuroid {
				if j == 1 || j == 4 && math.IsNaN(got) { // never changes; its rounding may count as such
					if !math.IsNaN(got) {
						t.Errorf("neuroid %d, which never changes, has p %v", j, got)
					}
				} else if got != (1+neuroids[j])/100 {
					t.Errorf("neuroid %d: p %v, counted %v of 100", j, got, 1+neuroids[j])
				}
			}
		})
	}
}

func TestPermutedRows(t *testing.T) {
	groups := strings.Split("a a b c c c b a d d", " ")
	units, err := exchangeable([]int{0, 1, 2, 3, 4, 5, 7, 8}, groups, 10)
	if err != nil {
		t.Fatal(err)
	}
	inOrder := [][]int{{0, 1, 7}, {2}, {3, 4, 5}, {8}}
	if !slices.EqualFunc(units, inOrder, slices.Equal) {
		t.Fatalf("units %v", units)
	}
	seen := map[string]bool{}
	for d := range uint64(200) {
		partner := permutedRows(10, units, rand.New(rand.NewPCG(1, d)))
		if !slices.Equal(slices.Sorted(slices.Values(partner)), rowsBelow(10)) || partner[6] != 6 || partner[9] != 9 {
			t.Fatalf("%v", partner)
		}
		var line []string
		for _, row := range slices.Concat(inOrder...) {
			line = append(line, groups[partner[row]])
		}
		word := strings.Join(line, "")
		if !strings.Contains(word, "aaa") || !strings.Contains(word, "ccc") {
			t.Errorf("groups are torn: %s", word)
		}
		seen[word] = true
	}
	if len(seen) != 24 {
		t.Errorf("%d orders of 4 groups, expected 24", len(seen))
	}
}

// isUniform checks the mean and the tails of p-values k/(1+n).
func isUniform(t *testing.T, name string, p []float64) {
	t.Helper()
	size := float64(len(p))
	for _, level := range []float64{.05, .2, .5, .8} {
		share := 0.0
		for _, v := range p {
			if v <= level+1e-12 {
				share += 1 / size
			}
		}
		t.Logf("%s: p ≤ %v in %.3f", name, level, share)
		if deviation := math.Sqrt(level * (1 - level) / size); math.Abs(share-level) > 3*deviation {
			t.Errorf("%s: p ≤ %v in %.3f of the cases", name, level, share)
		}
	}
}

// Under the null p is uniform: for test sets that overlap by half, for single
// neuroids, for groups with responses in common, and for fits to the responses
// themselves when they are repeated.
func TestPermutationPIsUniformUnderTheNull(t *testing.T) {
	const n = 40
	splits, err := ShuffleSplit{Train: .5}.Split(n)
	if err != nil {
		t.Fatal(err)
	}
	movies := make([]string, n)
	for i := range movies {
		movies[i] = string(rune('a' + i/4))
	}
	const simulations = 500
	scores, neuroids, grouped := make([]float64, simulations), make([]float64, simulations), make([]float64, simulations)
	kernel.Parallel(simulations, func(s int) {
		x, y := newNormals(uint32(s)).matrix(n, 3), newNormals(uint32(s)+5000).matrix(n, 3)
		p, err := Permute(context.Background(), predictionsOf(x, y, splits), PermutationOptions{Permutations: 99, Seed: uint64(s)})
		if err != nil {
			panic(err)
		}
		scores[s], neuroids[s] = p.P, p.PerNeuroid[2]
		for i := range n { // frames of a movie are alike
			for j := range 3 {
				x.Set(i, j, x.At(i, j)+4*x.At(i/4*4, j))
				y.Set(i, j, y.At(i, j)+4*y.At(i/4*4, j))
			}
		}
		p, err = Permute(context.Background(), predictionsOf(x, y, splits), PermutationOptions{Permutations: 99, Seed: uint64(s), Groups: movies})
		if err != nil {
			panic(err)
		}
		grouped[s] = p.P
	})
	isUniform(t, "score", scores)
	isUniform(t, "neuroid", neuroids)
	isUniform(t, "movies", grouped)

	var refitted []float64
	folds := disjoint(24, 4)
	for i := range folds {
		folds[i].Train = others(24, folds[i].Test)
	}
	for s := range uint32(200) {
		x, y := problemOf("noise", s+1, 24, 4, 2)
		p, err := PermuteAndRefit(t.Context(), Dense(x), y, Options{Regression: Ridge{}, Splits: folds}, PermutationOptions{Permutations: 19, Seed: uint64(s)})
		if err != nil {
			t.Fatal(err)
		}
		refitted = append(refitted, p.P)
	}
	isUniform(t, "refitted", refitted)
}

func TestPermutationFindsASignal(t *testing.T) {
	x, y := problemOf("smooth", 5, 60, 20, 3)
	unrelated := newNormals(77).matrix(60, 1)
	for i := range 60 {
		y.Set(i, 1, unrelated.At(i, 0))
	}
	score, err := Score(t.Context(), Dense(x), y, Options{Regression: Ridge{}, KeepPredictions: true})
	if err != nil {
		t.Fatal(err)
	}
	p := permute(t, score.Predictions, PermutationOptions{Permutations: 199})
	refitted, err := PermuteAndRefit(t.Context(), Dense(x), y, Options{Regression: Ridge{}}, PermutationOptions{Permutations: 199})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []*Permuted{p, refitted} {
		if p.Score != score.Score || p.P != 1./200 || p.PerNeuroid[0] != 1./200 || !(p.PerNeuroid[1] > .05) {
			t.Errorf("score %v of %v, p %v, per neuroid %v", p.Score, score.Score, p.P, p.PerNeuroid)
		}
		if !(math.Abs(p.Null.Mean()) < .1) || !(p.Null.Quantile(.99) < p.Score) {
			t.Errorf("null of mean %.3f and 99 %% quantile %.3f", p.Null.Mean(), p.Null.Quantile(.99))
		}
	}
	if p.Units != len(score.Predictions.tested()) || refitted.Units != 60 || p.Refitted || !refitted.Refitted || len(p.Notes) != 1 || len(refitted.Notes) != 0 {
		t.Errorf("units %d, notes %q; refitted %d, %q", p.Units, p.Notes, refitted.Units, refitted.Notes)
	}
}

// A refitted permutation is the score of responses in another order, in the
// primal and in the dual form.
func TestPermuteAndRefitByBruteForce(t *testing.T) {
	for _, features := range []int{10, 60} {
		x, y := problemOf("smooth", 5, 40, features, 3)
		p, err := PermuteAndRefit(t.Context(), Dense(x), y, Options{Regression: Ridge{}}, PermutationOptions{Permutations: 5, Seed: 8})
		if err != nil {
			t.Fatal(err)
		}
		units, err := exchangeable(rowsBelow(40), nil, 40)
		if err != nil {
			t.Fatal(err)
		}
		for d, got := range p.Null {
			order := permutedRows(40, units, rand.New(rand.NewPCG(8, uint64(d))))
			res, err := Score(t.Context(), Dense(x), gather(y, order), Options{Regression: Ridge{}})
			if err != nil || math.Abs(res.Score-got) > 1e-12 {
				t.Errorf("%d features, permutation %d: %v, scored %v, %v", features, d, got, res.Score, err)
			}
		}
	}
}

func TestPermutationOnAnyGOMAXPROCS(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	p := noisyPredictions(4, 200, 20, .001)
	var results []*Permuted
	for _, n := range []int{1, 2} {
		runtime.GOMAXPROCS(n)
		results = append(results, permute(t, p, PermutationOptions{Permutations: 150, Seed: 3}))
	}
	if !slices.Equal(results[0].Null, results[1].Null) || !slices.Equal(results[0].PerNeuroid, results[1].PerNeuroid) {
		t.Error("the bits depend on GOMAXPROCS")
	}
}

func TestPermutationErrors(t *testing.T) {
	p := noisyPredictions(4, 40, 2, .5)
	for _, c := range []struct {
		p    *Predictions
		o    PermutationOptions
		want string
	}{
		{nil, PermutationOptions{}, "score with Options.KeepPredictions"},
		{p, PermutationOptions{Permutations: -1}, "-1 permutations"},
		{p, PermutationOptions{Groups: []string{"a"}}, "1 groups for 40 stimuli"},
		{predictionsOf(mat.NewDense(40, 2, nil), p.Responses, p.Splits), PermutationOptions{}, "split 1 of 10: no correlation exists"},
	} {
		if _, err := Permute(context.Background(), c.p, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, expected %q", err, c.want)
		}
	}
	// A single response that is not zero leaves one of two test sets constant,
	// and none of them when it meets a stimulus that is not tested.
	rare := mat.NewDense(6, 1, []float64{1, 0, 0, 0, 0, 0})
	half := predictionsOf(mat.NewDense(6, 1, []float64{1, 2, 4, 5, 6, 9}), rare, []Split{{Test: []int{0, 1, 2}}, {Test: []int{0, 4, 5}}})
	if res := permute(t, half, PermutationOptions{Permutations: 50}); !isFinite(res.P) || !isFinite(res.Null.Mean()) {
		t.Errorf("%+v", res)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	x, y := problemOf("noise", 1, 40, 30, 2)
	if _, err := PermuteAndRefit(ctx, Dense(x), y, Options{}, PermutationOptions{}); err != context.Canceled {
		t.Errorf("cancelled: %v", err)
	}
}

// Responses of a time course of their own in every group, and features that tell
// the time: a fit predicts the mean course of the groups it was trained on, which
// resembles that of the groups that the test group is exchanged with.
func TestPermutedGroupsMeetTheirTraining(t *testing.T) {
	const groups, frames, q = 10, 12, 8
	rng := rand.New(rand.NewPCG(2, 2))
	x, y := mat.NewDense(groups*frames, frames, nil), mat.NewDense(groups*frames, q, nil)
	var names []string
	for i := range groups * frames {
		names = append(names, string(rune('a'+i/frames)))
		x.Set(i, i%frames, 1)
		for j := range q {
			y.Set(i, j, rng.NormFloat64())
		}
	}
	splits, err := GroupKFold{Folds: groups, Groups: names}.Split(groups * frames)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Regression: Ridge{Alpha: 1}, Splits: splits, KeepPredictions: true}
	res, err := Score(t.Context(), Dense(x), y, o)
	if err != nil {
		t.Fatal(err)
	}
	po := PermutationOptions{Permutations: 99, Groups: names}
	kept := permute(t, res.Predictions, po)
	refitted, err := PermuteAndRefit(t.Context(), Dense(x), y, o, po)
	if err != nil {
		t.Fatal(err)
	}
	if !(kept.Null.Mean() > refitted.Null.Mean()+.15) {
		t.Errorf("the mean of the null is %.3f without fits and %.3f with them, expected it to be larger", kept.Null.Mean(), refitted.Null.Mean())
	}
	if !strings.Contains(strings.Join(kept.Notes, ""), "p is too large") || len(refitted.Notes) > 0 {
		t.Errorf("notes %q and %q", kept.Notes, refitted.Notes)
	}
}
