package fit

import (
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// Without a number of folds PLSCV has no more than there are groups to train on.
func TestPLSCVHasAFoldForEveryGroup(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	x, y := mat.NewDense(30, 6, nil), mat.NewDense(30, 3, nil)
	var groups []string
	for i := range 30 {
		groups = append(groups, string(rune('a'+i/5))) // 6
		for j := range 6 {
			x.Set(i, j, rng.NormFloat64())
		}
		for j := range 3 {
			y.Set(i, j, x.At(i, j)+.1*rng.NormFloat64())
		}
	}
	p, train := problem(t, x, y), rowsBelow(25) // 5 groups
	fitted := func(r PLSCV) []float64 {
		f, err := r.Fit(p, train)
		if err != nil {
			t.Fatal(err)
		}
		return f.(*PLSCVPredictor).Errors
	}
	if got, want := fitted(PLSCV{Components: 4, Groups: groups}), fitted(PLSCV{Components: 4, Folds: 5, Groups: groups}); !slices.Equal(got, want) {
		t.Errorf("errors %v, those of 5 folds are %v", got, want)
	}
	if _, err := (PLSCV{Components: 4, Folds: 6, Groups: groups}).Fit(p, train); err == nil {
		t.Error("6 folds of 5 groups are not refused")
	}
}
