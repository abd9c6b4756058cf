package fit_test

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/mat"

	"ventral/fit"
)

// scored is the score of simulated recordings with its predictions.
func scored(noise float64) (*fit.Assembly, *fit.Result) {
	x, a := simulated(200, 5, 20, 10, noise)
	res, err := fit.Score(context.Background(), fit.Dense(x), a.Mean(), fit.Options{Regression: fit.Ridge{}, KeepPredictions: true})
	if err != nil {
		panic(err)
	}
	return a, res
}

// The interval of a score, over stimuli and neuroids.
func ExampleBootstrap() {
	_, res := scored(8)
	b, err := fit.Bootstrap(context.Background(), res.Predictions, fit.BootstrapOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("r %.2f, %.0f %% in %.2f … %.2f\n", b.Score, 100*b.Confidence, b.Low, b.High)
	// Output:
	// r 0.59, 95 % in 0.50 … 0.68
}

// A score against chance: predictions are paired with the responses to other
// stimuli.
func ExamplePermute() {
	_, res := scored(8)
	p, err := fit.Permute(context.Background(), res.Predictions, fit.PermutationOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("r %.2f, by chance below %.2f in 95 of 100 cases, p %.3f\n", p.Score, p.Null.Quantile(.95), p.P)
	// Output:
	// r 0.59, by chance below 0.06 in 95 of 100 cases, p 0.001
}

// The same with every fit repeated, which is exact.
func ExamplePermuteAndRefit() {
	x, a := simulated(60, 5, 4, 4, 4)
	o := fit.Options{Regression: fit.Ridge{}}
	p, err := fit.PermuteAndRefit(context.Background(), fit.Dense(x), a.Mean(), o, fit.PermutationOptions{Permutations: 199})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("p %.3f, refitted: %t\n", p.P, p.Refitted)
	// Output:
	// p 0.005, refitted: true
}

// How much of the variance that can be explained is: from single trials.
func ExampleFEV() {
	a, res := scored(4)
	e, err := fit.FEV(a, res.Predictions, fit.FEVOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d neuroids can be explained; of their explainable variance %.1f is\n", e.Reliable, e.Median)
	// Output:
	// 11 neuroids can be explained; of their explainable variance 1.0 is
}

// A correlation of every neuroid with its response without noise.
func ExampleResult_Normalised() {
	a, res := scored(8)
	ceiling, err := fit.SplitHalf(a, fit.SplitHalfOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	n, err := res.Normalised(ceiling)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("r %.2f, normalised %.1f\n", res.Score, n.Score)
	// Output:
	// r 0.59, normalised 1.0
}

// A ceiled score under Brain-Score's two conventions; they must not be compared.
func ExampleConvention() {
	const r, ceiling = .58, .82 // AlexNet on IT
	for _, v := range []fit.Convention{fit.SquaredOverCeiling, fit.RatioSquared} {
		score, err := v.Ceiled(r, ceiling)
		fmt.Printf("%s %.2f %v\n", v, score, err)
	}
	// Output:
	// r²/ceiling 0.41 <nil>
	// (r/ceiling)² 0.50 <nil>
}

// A layer is chosen on half of the stimuli and scored on the others.
func ExampleCommit() {
	x, a := simulated(200, 20, 10, 4, 4)
	var layers []fit.Layer
	for _, l := range []struct {
		name     string
		features int
	}{{"early", 5}, {"middle", 12}, {"late", 20}} {
		part := fit.Dense(x.Slice(0, 200, 0, l.features).(*mat.Dense))
		layers = append(layers, fit.Layer{Name: l.name, Open: func() (fit.Features, error) { return part, nil }})
	}
	c, err := fit.Commit(context.Background(), layers, a.Mean(), fit.CommitOptions{Score: fit.Options{Regression: fit.RidgeCV{}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, l := range c.Selection {
		fmt.Printf("%-6s r %.1f on the stimuli to choose on\n", l.Layer, l.Result.Score)
	}
	fmt.Printf("%s: r %.1f on the others\n", c.Layer, c.Report.Score)
	// Output:
	// early  r 0.5 on the stimuli to choose on
	// middle r 0.7 on the stimuli to choose on
	// late   r 0.9 on the stimuli to choose on
	// late: r 0.9 on the others
}

// Many p-values, corrected for their number: against a single false rejection, and
// against too large a share of them.
func ExampleHolm() {
	p := []float64{.001, .01, .02, .04}
	fmt.Printf("Holm               %.3f\n", fit.Holm(p))
	fmt.Printf("Benjamini–Hochberg %.3f\n", fit.BenjaminiHochberg(p))
	// Output:
	// Holm               [0.004 0.030 0.040 0.040]
	// Benjamini–Hochberg [0.004 0.020 0.027 0.040]
}

// Two distributions of a tuning property, of a model's units and of recorded cells.
func ExampleKolmogorovSmirnov() {
	var model, recorded []float64
	for i := range 50 {
		model = append(model, float64(i)/50)
		recorded = append(recorded, float64(i)/50+.3)
	}
	d, p := fit.KolmogorovSmirnov(model, recorded)
	fmt.Printf("distance %.1f, p %.2f\n", d, p)
	// Output:
	// distance 0.3, p 0.01
}
