package fit_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"ventral/fit"
)

// Two neuroids, 20 noisy repetitions of 60 stimuli, and three features of
// which two drive them.
func ExampleScore() {
	const stimuli, repetitions = 60, 20
	rng := rand.New(rand.NewPCG(1, 1))
	x := mat.NewDense(stimuli, 3, nil)
	a := &fit.Assembly{Region: "V1", Neuroids: []string{"u0", "u1"}, Repetitions: repetitions}
	featureIDs := make([]string, stimuli)
	for s := range stimuli {
		angle := float64(s)
		x.SetRow(s, []float64{math.Sin(angle), math.Cos(angle), math.Sin(7 * angle)})
		featureIDs[s] = fmt.Sprintf("grating%02d", s)
		a.StimulusIDs = append(a.StimulusIDs, featureIDs[s])
		for range repetitions {
			noise := rng.NormFloat64()
			a.Responses = append(a.Responses, 5+x.At(s, 0)+noise, 9-2*x.At(s, 1)+noise)
		}
	}

	rows, err := fit.Align(featureIDs, a)
	if err != nil {
		fmt.Println(err)
		return
	}
	splits, _ := fit.ShuffleSplit{}.Split(len(rows))
	ceiling, _ := fit.SplitHalf(a, fit.SplitHalfOptions{})
	res, err := fit.Score(context.Background(), fit.Dense(x), a.Mean(), fit.Options{
		Regression: fit.RidgeCV{}, Splits: splits, Ceiling: ceiling.Ceiling,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("r %.2f, ceiling %.2f, %s %.2f\n", res.Score, res.Ceiling, res.Convention, res.Ceiled)
	// Output: r 0.97, ceiling 0.94, r²/ceiling 1.00
}

// The frames of a movie stay on one side of every split.
func ExampleGroupShuffleSplit() {
	movies := []string{"a", "a", "b", "b", "c", "c"}
	splits, _ := fit.GroupShuffleSplit{Splits: 2, Train: .7, Groups: movies}.Split(len(movies))
	for _, s := range splits {
		fmt.Println(s.Train, s.Test)
	}
	// Output:
	// [2 3 4 5] [0 1]
	// [0 1 4 5] [2 3]
}

// Two models of three neuroids, one with more noise. That both meet the same
// stimuli makes their difference surer than either score.
func ExampleCompare() {
	const stimuli = 200
	rng := rand.New(rand.NewPCG(2, 2))
	y, good, poor := mat.NewDense(stimuli, 3, nil), mat.NewDense(stimuli, 3, nil), mat.NewDense(stimuli, 3, nil)
	for s := range stimuli {
		for j := range 3 {
			signal := rng.NormFloat64()
			y.Set(s, j, signal+rng.NormFloat64())
			good.Set(s, j, signal+.2*rng.NormFloat64())
			poor.Set(s, j, signal+.8*rng.NormFloat64())
		}
	}
	splits, _ := fit.ShuffleSplit{Train: .5}.Split(stimuli)
	models := []fit.Candidate{{Name: "good"}, {Name: "poor"}}
	for i, x := range []*mat.Dense{good, poor} {
		res, err := fit.Score(context.Background(), fit.Dense(x), y, fit.Options{Regression: fit.Ridge{}, Splits: splits, KeepPredictions: true})
		if err != nil {
			fmt.Println(err)
			return
		}
		b, err := fit.Bootstrap(context.Background(), res.Predictions, fit.BootstrapOptions{})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s r %.2f (%.2f … %.2f)\n", models[i].Name, b.Score, b.Low, b.High)
		models[i].Score = b
	}
	differences, err := fit.Compare(models)
	if err != nil {
		fmt.Println(err)
		return
	}
	d := differences[0]
	fmt.Printf("%s − %s %.2f (%.2f … %.2f), p %.3f\n", d.A, d.B, d.Difference, d.Low, d.High, d.Holm)
	// Output:
	// good r 0.67 (0.58 … 0.73)
	// poor r 0.55 (0.43 … 0.65)
	// good − poor 0.12 (0.04 … 0.21), p 0.004
}

// The reverse direction: each of 40 units of a model from 6 neuroids, which
// carry three of the five signals that the units are made of.
func ExampleScore_reverse() {
	const stimuli, neuroids, units = 80, 6, 40
	rng := rand.New(rand.NewPCG(1, 1))
	responses, features := mat.NewDense(stimuli, neuroids, nil), mat.NewDense(stimuli, units, nil)
	for s := range stimuli {
		var signal [5]float64
		for k := range signal {
			signal[k] = rng.NormFloat64()
		}
		for j := range neuroids {
			responses.Set(s, j, signal[j%3]+.1*rng.NormFloat64())
		}
		for j := range units {
			features.Set(s, j, signal[j%5])
		}
	}
	res, err := fit.Score(context.Background(), fit.Dense(responses), features, fit.Options{Regression: fit.PLS{Components: 3}})
	if err != nil {
		fmt.Println(err)
		return
	}
	predicted := 0
	for _, r := range res.PerNeuroid {
		if r > .9 {
			predicted++
		}
	}
	fmt.Printf("%d of %d units have r > .9\n", predicted, units)
	// Output: 24 of 40 units have r > .9
}

// Two layers as bands: the first drives the neuroid, the second has the larger
// variance.
func ExampleBandedRidge() {
	const stimuli, first, second = 120, 20, 80
	rng := rand.New(rand.NewPCG(1, 1))
	x, y := mat.NewDense(stimuli, first+second, nil), mat.NewDense(stimuli, 1, nil)
	var train, test []int
	for s := range stimuli {
		for j := range first + second {
			x.Set(s, j, rng.NormFloat64())
			if j >= first {
				x.Set(s, j, 10*x.At(s, j))
			}
		}
		y.Set(s, 0, x.At(s, 0)+x.At(s, 1)+.1*rng.NormFloat64())
		if s < 100 {
			train = append(train, s)
		} else {
			test = append(test, s)
		}
	}
	p, err := fit.NewProblem(fit.Dense(x), y)
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := fit.BandedRidge{Bands: []int{first, second}}.Fit(p, train)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("weights %.2f\n", mat.Col(nil, 0, f.(*fit.BandedPredictor).Weights))
	fmt.Printf("predictions %.1f\n", mat.Col(nil, 0, f.Predict(test[:3])))
	fmt.Printf("responses   %.1f\n", mat.Col(nil, 0, y)[100:103])
	// Output:
	// weights [1.00 0.00]
	// predictions [-2.1 -1.9 -0.8]
	// responses   [-2.2 -2.3 -0.8]
}
