package fit_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"ventral/fit"
)

// Several regressions of the same features and responses share their products.
func ExampleProblem() {
	x, a := simulated(100, 30, 5, 4, 4)
	p, err := fit.NewProblem(fit.Dense(x), a.Mean())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range []fit.Regression{fit.PLS{Components: 10}, fit.PLSCV{Components: 10}, fit.Ridge{}, fit.RidgeCV{}, fit.Linear{}, fit.OneToOne{}} {
		res, err := p.Score(context.Background(), fit.Options{Regression: r})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%-10s r %.2f\n", r.Name(), res.Score)
	}
	// Output:
	// pls        r 0.92
	// plscv      r 0.92
	// ridge      r 0.94
	// ridgecv    r 0.94
	// linear     r 0.94
	// one-to-one r 0.41
}

// The penalty that each neuroid gets, and predictions for a stimulus that was not
// fitted.
func ExampleRidgeCV() {
	x, a := simulated(101, 5, 3, 4, 1)
	p, err := fit.NewProblem(fit.Dense(x), a.Mean())
	if err != nil {
		fmt.Println(err)
		return
	}
	var train []int
	for i := range 100 {
		train = append(train, i)
	}
	f, err := fit.RidgeCV{Alphas: []float64{.1, 1, 10, 100}}.Fit(p, train)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("α", f.(*fit.RidgeCVPredictor).Alphas)
	fmt.Printf("predicted %.1f\n", f.Predict([]int{100}).RawRowView(0))
	fmt.Printf("recorded  %.1f\n", a.Mean().RawRowView(100))
	// Output:
	// α [0.1 0.1 0.1]
	// predicted [-3.0 -1.2 -1.7]
	// recorded  [-3.4 -1.1 -1.2]
}

// The number of components that predicts best.
func ExamplePLSCV() {
	x, a := simulated(200, 20, 2, 4, 4)
	_, err := fit.Score(context.Background(), fit.Dense(x), a.Mean(), fit.Options{
		Regression: fit.PLSCV{Components: 15},
		Splits:     []fit.Split{halves(200)},
		Fitted: func(split int, f fit.Predictor) {
			fmt.Println("components:", f.(*fit.PLSCVPredictor).Components)
		},
	})
	fmt.Println("error:", err)
	// Output:
	// components: 9
	// error: <nil>
}

// halves is the split of n stimuli into even and odd ones.
func halves(n int) (s fit.Split) {
	for i := range n {
		if i%2 == 0 {
			s.Train = append(s.Train, i)
		} else {
			s.Test = append(s.Test, i)
		}
	}
	return s
}

// Which unit of a model is like which neuroid.
func ExampleOneToOne() {
	units, _ := simulated(60, 8, 1, 1, 0)
	responses := mat.NewDense(60, 2, nil)
	for s := range 60 {
		responses.SetRow(s, []float64{5 + 2*units.At(s, 3), 1 + units.At(s, 6)})
	}
	p, err := fit.NewProblem(fit.Dense(units), responses)
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := fit.OneToOne{}.Fit(p, halves(60).Train)
	if err != nil {
		fmt.Println(err)
		return
	}
	one := f.(*fit.OneToOnePredictor)
	fmt.Printf("units %d with r %.2f\n", one.Features, one.R)
	// Output:
	// units [3 6] with r [1.00 1.00]
}

// The memory of a score is known before it is computed: Brain-Score's IT benchmark
// by PLS, two splits at a time.
func ExampleEstimateBytes() {
	bytes := fit.EstimateBytes(fit.PLS{}, 3200, 9216, 168, 2880, 2)
	fmt.Printf("%.2f GB\n", float64(bytes)/1e9)
	// Output:
	// 0.24 GB
}

// nearest predicts the responses to the training stimulus whose features are
// nearest.
type nearest struct {
	x, y  *mat.Dense
	train []int
}

func (nearest) Name() string                   { return "nearest" }
func (nearest) Parameters() map[string]float64 { return map[string]float64{} }

func (r nearest) Fit(_ *fit.Problem, train []int) (fit.Predictor, error) {
	r.train = train
	return r, nil
}

func (r nearest) Predict(rows []int) *mat.Dense {
	_, neuroids := r.y.Dims()
	predicted := mat.NewDense(len(rows), neuroids, nil)
	for i, row := range rows {
		best := slices.MinFunc(r.train, func(a, b int) int {
			distance := func(j int) float64 { return floats.Distance(r.x.RawRowView(row), r.x.RawRowView(j), 2) }
			return cmp.Compare(distance(a), distance(b))
		})
		predicted.SetRow(i, r.y.RawRowView(best))
	}
	return predicted
}

// A regression of one's own is scored as any other.
func ExampleRegression() {
	x, a := simulated(400, 2, 4, 4, 1)
	res, err := fit.Score(context.Background(), fit.Dense(x), a.Mean(), fit.Options{Regression: nearest{x: x, y: a.Mean()}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("r %.2f\n", res.Score)
	// Output:
	// r 0.90
}
