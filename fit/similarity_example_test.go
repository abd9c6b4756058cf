package fit_test

import (
	"context"
	"fmt"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"ventral/fit"
)

// A layer of 300 units and 40 neuroids that share five dimensions, and two
// repetitions of every stimulus: the layer is compared with the responses, and
// its dissimilarities with cross-validated ones.
func ExampleScoreSimilarity() {
	const stimuli = 30
	rng := rand.New(rand.NewPCG(1, 1))
	normal := func(rows, cols int) *mat.Dense {
		m := mat.NewDense(rows, cols, nil)
		m.Apply(func(int, int, float64) float64 { return rng.NormFloat64() }, m)
		return m
	}
	shared := normal(stimuli, 5)
	var layer, responses mat.Dense
	layer.Mul(shared, normal(5, 300))
	responses.Mul(shared, normal(5, 40))
	a := &fit.Assembly{Repetitions: 2, Neuroids: make([]string, 40)}
	for s := range stimuli {
		a.StimulusIDs = append(a.StimulusIDs, fmt.Sprint(s))
		for range a.Repetitions {
			for j := range a.Neuroids {
				a.Responses = append(a.Responses, responses.At(s, j)+2*rng.NormFloat64())
			}
		}
	}

	ctx := context.Background()
	o := fit.SimilarityOptions{Permutations: 999}
	for _, s := range []fit.Similarity{fit.RSA{}, fit.CKA{}, fit.Procrustes{}} {
		res, err := fit.ScoreSimilarity(ctx, s, fit.Dense(&layer), fit.Dense(a.Mean()), o)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s %.2f, p = %.3f\n", s.Name(), res.All, res.P)
	}

	x, err := fit.ComputeRDM(ctx, fit.Dense(&layer), fit.SquaredEuclideanDistance)
	if err != nil {
		fmt.Println(err)
		return
	}
	y, err := fit.Crossnobis(ctx, a, fit.CrossnobisOptions{Noise: fit.DiagonalNoise})
	if err != nil {
		fmt.Println(err)
		return
	}
	res, err := fit.ScoreRDMs(ctx, fit.ByCosine, x, y, o)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("crossnobis %.2f, p = %.3f\n", res.All, res.P)
	// Output:
	// rsa 0.84, p = 0.001
	// cka 0.87, p = 0.001
	// procrustes 0.84, p = 0.001
	// crossnobis 0.96, p = 0.001
}
