package fit

import (
	"context"
	"fmt"
	"testing"
)

// Sizes of the public IT benchmark and of issue-sized layers; responses are
// noise, on which NIPALS takes the most iterations. Every round starts from
// features and responses, shared products included, 2592 of 2880 stimuli in the
// training part. Run with GOMAXPROCS=1 to compare with one core.

func benchmarkFit(b *testing.B, r Regression, n, p, q int) {
	x, y := problemOf("noise", 1, n, p, q)
	train, test := rowsUpTo(n)[:n*9/10], rowsUpTo(n)[n*9/10:]
	for b.Loop() {
		problem, err := NewProblem(Dense(x), y)
		if err != nil {
			b.Fatal(err)
		}
		f, err := r.Fit(problem, train)
		if err != nil {
			b.Fatal(err)
		}
		f.Predict(test)
	}
}

func BenchmarkPLS(b *testing.B) {
	for _, p := range []int{1000, 5000} {
		b.Run(fmt.Sprintf("n2880_p%d_q168", p), func(b *testing.B) { benchmarkFit(b, PLS{}, 2880, p, 168) })
	}
}

// BenchmarkRidgeLOO chooses among 11 penalties per neuroid.
func BenchmarkRidgeLOO(b *testing.B) {
	r := RidgeCV{Alphas: []float64{1e-2, 1e-1, 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8}}
	for _, p := range []int{1000, 5000} {
		b.Run(fmt.Sprintf("n2880_p%d_q168", p), func(b *testing.B) { benchmarkFit(b, r, 2880, p, 168) })
	}
}

func BenchmarkScore(b *testing.B) {
	for _, c := range []struct {
		name    string
		r       Regression
		n, p, q int
	}{
		{"v4_session_pls", PLS{}, 640, 1024, 50},
		{"v4_session_ridgecv", RidgeCV{}, 640, 1024, 50},
		{"v1_session_ridgecv", RidgeCV{}, 400, 16384, 53},
		{"brainscore_it", PLS{}, 3200, 9216, 168},
	} {
		b.Run(c.name, func(b *testing.B) {
			x, y := problemOf("noise", 1, c.n, c.p, c.q)
			for b.Loop() {
				if _, err := Score(context.Background(), Dense(x), y, Options{Regression: c.r}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkBootstrap draws the score of the public IT benchmark 1000 times, 10
// splits of 320 test stimuli.
func BenchmarkBootstrap(b *testing.B) {
	b.Run("n3200_q168", func(b *testing.B) {
		p := noisyPredictions(1, 3200, 168, .5)
		for b.Loop() {
			if _, err := Bootstrap(context.Background(), p, BootstrapOptions{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkPermute permutes the responses of the same benchmark 1000 times.
func BenchmarkPermute(b *testing.B) {
	b.Run("n3200_q168", func(b *testing.B) {
		p := noisyPredictions(1, 3200, 168, .5)
		for b.Loop() {
			if _, err := Permute(context.Background(), p, PermutationOptions{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
