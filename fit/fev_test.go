package fit

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// simulated is an assembly whose neuroid j has the signal variance signal[j] and
// the noise variance noise[j], and the true means, n_stimuli × n_neuroids.
func simulated(seed uint32, stimuli, repetitions int, signal, noise []float64) (*Assembly, *mat.Dense) {
	r := newNormals(seed)
	a := &Assembly{Region: "V1", Repetitions: repetitions}
	for j := range signal {
		a.Neuroids = append(a.Neuroids, fmt.Sprintf("u%d", j))
	}
	truth := mat.NewDense(stimuli, len(signal), nil)
	for s := range stimuli {
		a.StimulusIDs = append(a.StimulusIDs, fmt.Sprintf("s%d", s))
		for j, v := range signal {
			truth.Set(s, j, 10+math.Sqrt(v)*r.next())
		}
		for range repetitions {
			for j, v := range noise {
				a.Responses = append(a.Responses, truth.At(s, j)+math.Sqrt(v)*r.next())
			}
		}
	}
	return a, truth
}

func fev(t *testing.T, a *Assembly, p *Predictions) *Explained {
	t.Helper()
	e, err := FEV(a, p, FEVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// Signal and noise variances are known: the true mean explains all that can be,
// the overall mean nothing, the mean of opposite signs less than nothing.
func TestFEVOfKnownVariances(t *testing.T) {
	signal, noise := []float64{4, 1, 1, .05}, []float64{1, 1, 4, 1}
	a, truth := simulated(1, 4000, 8, signal, noise)
	for j := range 4 { // no trial here and there
		for s := range 1000 {
			a.Responses[(4*s*8+s%8)*4+j] = math.NaN()
		}
	}
	folds := disjoint(4000, 4)
	overall, opposite := mat.NewDense(4000, 4, nil), mat.NewDense(4000, 4, nil)
	for i := range 4000 {
		for j := range 4 {
			overall.Set(i, j, 10)
			opposite.Set(i, j, 20-truth.At(i, j))
		}
	}
	for name, c := range map[string]struct {
		x    *mat.Dense
		want float64
	}{"true means": {truth, 1}, "overall mean": {overall, 0}, "opposite": {opposite, -3}} {
		e := fev(t, a, predictionsOf(c.x, a.Mean(), folds))
		for j := range 3 {
			if fev := signal[j] / (signal[j] + noise[j]); math.Abs(e.Explainable[j]-fev) > .02 {
				t.Errorf("neuroid %d: explainable %.3f, expected %.3f", j, e.Explainable[j], fev)
			}
			if math.Abs(e.PerNeuroid[j]-c.want) > .1 {
				t.Errorf("%s, neuroid %d: explained %.3f, expected %v", name, j, e.PerNeuroid[j], c.want)
			}
		}
		if !math.IsNaN(e.PerNeuroid[3]) || math.Abs(e.Explainable[3]-.05/1.05) > .02 || e.Reliable != 3 || math.Abs(e.Mean-c.want) > .05 || math.Abs(e.Median-c.want) > .05 {
			t.Errorf("%s: %+v", name, e)
		}
		if len(e.Notes) != 1 || e.Notes[0] != "1 of 4 neuroids have an explainable fraction below 0.15 and are not reported" {
			t.Errorf("notes %q", e.Notes)
		}
	}
}

// Two stimuli with the trials 1, 3 and 5, 7, 9, predicted as 2 and 8, by hand:
// σ² of 1 3 5 7 9 = 10; σ²_noise = (2 + 4)/2 = 3; MSE = (1 + 1 + 9 + 1 + 1)/5.
func TestFEVByHand(t *testing.T) {
	a := &Assembly{StimulusIDs: []string{"a", "b", "c"}, Neuroids: []string{"u"}, Repetitions: 3,
		Responses: []float64{1, 3, math.NaN(), 5, 7, 9, 4, math.NaN(), math.NaN()}}
	p := &Predictions{Splits: []Split{{Test: []int{1, 2, 0}}}, Responses: a.Mean(), Predicted: []*mat.Dense{mat.NewDense(3, 1, []float64{8, 100, 2})}}
	e := fev(t, a, p)
	if math.Abs(e.Explainable[0]-.7) > 1e-15 || math.Abs(e.PerNeuroid[0]-(1-(2.6-3)/7)) > 1e-15 {
		t.Errorf("%+v", e)
	}
	if len(e.Notes) != 1 || !strings.Contains(e.Notes[0], "1 of the test stimuli (split × stimulus × neuroid) have fewer than 2 trials") {
		t.Errorf("notes %q", e.Notes)
	}
}

func TestFEVWithoutReliableNeuroids(t *testing.T) {
	a, truth := simulated(2, 100, 4, []float64{0, 0}, []float64{1, 0})
	e := fev(t, a, predictionsOf(truth, a.Mean(), disjoint(100, 2)))
	if e.Reliable != 0 || !math.IsNaN(e.Mean) || !math.IsNaN(e.Median) || !math.IsNaN(e.Explainable[1]) || !isFinite(e.Explainable[0]) || len(e.Notes) != 1 {
		t.Errorf("%+v", e)
	}
}

func TestFEVErrors(t *testing.T) {
	a, truth := simulated(2, 20, 3, []float64{1, 1}, []float64{1, 1})
	p := predictionsOf(truth, a.Mean(), disjoint(20, 2))
	once, _ := simulated(2, 20, 1, []float64{1, 1}, []float64{1, 1})
	other, _ := simulated(3, 20, 3, []float64{1, 1}, []float64{1, 1})
	fewer, _ := simulated(2, 19, 3, []float64{1, 1}, []float64{1, 1})
	sparse, _ := simulated(2, 20, 3, []float64{1, 1}, []float64{1, 1})
	for s := range 9 {
		for r := range 2 {
			sparse.Responses[(s*3+r)*2+1] = math.NaN()
		}
	}
	for _, c := range []struct {
		a    *Assembly
		p    *Predictions
		o    FEVOptions
		want string
	}{
		{once, p, FEVOptions{}, "V1: the explainable variance needs at least 2 repetitions per stimulus, found 1"},
		{a, nil, FEVOptions{}, "there are no predictions"},
		{a, p, FEVOptions{Floor: 1}, "a floor of 1"},
		{fewer, p, FEVOptions{}, "V1 has 19 stimuli × 2 neuroids, and predictions are of 20 × 2"},
		{other, p, FEVOptions{}, "V1: the response of neuroid u0 to stimulus s0 was"},
		{sparse, predictionsOf(truth, sparse.Mean(), disjoint(20, 2)), FEVOptions{}, "neuroid u1 has 2 trials of only 1 of the 10 test stimuli of split 1"},
	} {
		if _, err := FEV(c.a, c.p, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, expected %q", err, c.want)
		}
	}
}
