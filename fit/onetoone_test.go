package fit

import (
	"context"
	"math"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// The chosen features against every correlation taken one by one, more features
// than a block holds; the r of the predictions is that of the features.
func TestOneToOneByBruteForce(t *testing.T) {
	for _, s := range []struct{ n, p int }{{50, 30}, {50, 2*widestBlock + 7}} {
		x, y := problemOf("smooth", 5, s.n, s.p, 6)
		for i := range s.n {
			x.Set(i, 3, 5) // constant
		}
		train, test := trainTest(s.n)
		fitted, err := OneToOne{}.Fit(problem(t, x, y), train)
		if err != nil {
			t.Fatal(err)
		}
		f := fitted.(*OneToOnePredictor)
		xTrain, yTrain, xTest, yTest := gather(x, train), gather(y, train), gather(x, test), gather(y, test)
		predicted := f.Predict(test)
		onTrain := f.Predict(train)
		for j := range 6 {
			best, r := -1, math.Inf(-1)
			for k := range s.p {
				if v := pearson(mat.Col(nil, k, xTrain), mat.Col(nil, j, yTrain)); v > r {
					best, r = k, v
				}
			}
			if f.Features[j] != best || math.Abs(f.R[j]-r) > 1e-12 {
				t.Errorf("p %d, neuroid %d: feature %d with r = %v, by brute force %d with %v", s.p, j, f.Features[j], f.R[j], best, r)
			}
			got, want := pearson(mat.Col(nil, j, predicted), mat.Col(nil, j, yTest)), pearson(mat.Col(nil, best, xTest), mat.Col(nil, j, yTest))
			if math.Abs(got-want) > 1e-12 {
				t.Errorf("p %d, neuroid %d: r of the predictions %v, of the feature %v", s.p, j, got, want)
			}
			a, b := mat.Col(nil, j, onTrain), mat.Col(nil, j, yTrain)
			if math.Abs(mean(a)-mean(b)) > 1e-9 || math.Abs(deviation(a)/deviation(b)-1) > 1e-9 {
				t.Errorf("p %d, neuroid %d: predictions have mean %v and deviation %v on the training stimuli, responses %v and %v", s.p, j, mean(a), deviation(a), mean(b), deviation(b))
			}
		}
	}
}

func deviation(x []float64) float64 {
	ss := 0.0
	for _, v := range x {
		ss += (v - mean(x)) * (v - mean(x))
	}
	return math.Sqrt(ss / float64(len(x)))
}

func TestOneToOneOfConstants(t *testing.T) {
	x, y := problemOf("noise", 2, 30, 8, 3)
	for i := range 20 {
		y.Set(i, 1, 4)
		for j := range 8 {
			x.Set(i, j, .1)
		}
	}
	if _, err := (OneToOne{}).Fit(problem(t, x, y), rowsUpTo(20)); err == nil || !strings.Contains(err.Error(), "all 8 features are constant over the 20 training stimuli") {
		t.Errorf("constant features: error %v", err)
	}
	x.Set(0, 6, .2)
	fitted, err := OneToOne{}.Fit(problem(t, x, y), rowsUpTo(20))
	if err != nil {
		t.Fatal(err)
	}
	f := fitted.(*OneToOnePredictor)
	if f.Features[0] != 6 || f.Features[1] != -1 || !math.IsNaN(f.R[1]) {
		t.Errorf("features %v with r = %v: expected 6, and none for the constant neuroid 1", f.Features, f.R)
	}
	for _, v := range mat.Col(nil, 1, f.Predict([]int{25, 29})) {
		if v != 4 {
			t.Errorf("a neuroid that is always 4 in training is predicted as %v", v)
		}
	}
}

// Splits that are fitted at the same time read features one at a time.
func TestFeaturesAreReadOneAtATime(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	x, y := problemOf("smooth", 5, 40, 3*widestBlock, 2)
	f := &watched{Features: Dense(x)}
	if _, err := Score(context.Background(), f, y, Options{Regression: OneToOne{}}); err != nil {
		t.Fatal(err)
	}
	if f.reads.Load() < 30 || f.overlaps.Load() > 0 {
		t.Errorf("%d of %d reads overlap", f.overlaps.Load(), f.reads.Load())
	}
}

type watched struct {
	Features
	busy            sync.Mutex
	reads, overlaps atomic.Int32
}

func (w *watched) Columns(dst *mat.Dense, from int) error {
	w.reads.Add(1)
	if !w.busy.TryLock() {
		w.overlaps.Add(1)
		return w.Features.Columns(dst, from)
	}
	defer w.busy.Unlock()
	runtime.Gosched()
	return w.Features.Columns(dst, from)
}
