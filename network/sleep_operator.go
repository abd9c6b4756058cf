package network

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"

	_ "ventral/internal/blas" // OpenBLAS below blas32 and blas64
	"ventral/internal/kernel"
)

// A sleepRun is the steps of one layer's sleep: it holds, for every group of
// channels, the matrix P and, where they are not conserved, the mean filters.
type sleepRun struct {
	Sleep
	*sleeper
	patterns SleepPatterns
	first    int // number of the first pattern

	order     []int // where a value of a pattern stands among those of a filter, group by group
	presented [stepsAtOnce]presented

	operators   []relaxation // P, of every group
	meanFilters []relaxation // w̄ of all pools, d × pools·outputs, of every group; nil = conserved
}

// begin sets P = I and w̄ = w̄⁰.
func (r *sleepRun) begin() {
	area, channels := r.f.sheet.Kernel.Area(), r.f.wiring.Inputs
	r.order = make([]int, r.f.groups*r.d)
	for j := range r.order {
		c, κ := j/area, j%area
		r.order[j] = c/channels*r.d + κ*channels + c%channels
	}
	for t := range min(r.Steps, stepsAtOnce) {
		r.presented[t] = presented{make([]float64, r.Patterns*len(r.order)), make([]float64, r.f.groups)}
	}
	for g := range r.f.groups {
		p := relaxation{d: r.d, columns: r.d, share: 1, at: make([]float64, r.d*r.d)}
		for i := range r.d {
			p.at[i*r.d+i] = 1
		}
		r.operators = append(r.operators, p)
		if !r.keepsMean() {
			w := r.meanMatrix(g)
			r.meanFilters = append(r.meanFilters, relaxation{d: r.d, columns: len(w) / r.d, share: 1 / (1 + r.Alpha), at: w, start: append([]float64{}, w...)})
		}
	}
}

// stepsAtOnce is how many steps' patterns are in memory at a time.
const stepsAtOnce = 8

// advance makes the steps from ≤ t < to.
func (r *sleepRun) advance(ctx context.Context, from, to int) error {
	for from < to {
		upTo := min(to, from+stepsAtOnce)
		shown, err := r.show(ctx, from, upTo)
		if err != nil {
			return err
		}
		all := append(r.operators[:len(r.operators):len(r.operators)], r.meanFilters...)
		failed := r.relax(ctx, all, shown)
		if err := ctx.Err(); err != nil {
			return err
		}
		if failed >= 0 {
			return r.divergence(ctx, from+failed+1, deviationLimit)
		}
		from = upTo
	}
	return nil
}

// presented are the patterns of a step and how far it goes.
type presented struct {
	x   []float64 // patterns × (groups · d), a pattern's values in the order of a filter's
	eta []float64 // of every group
}

// show opens the patterns of some steps, at most stepsAtOnce. They are good until
// the next call.
func (r *sleepRun) show(ctx context.Context, from, to int) ([]presented, error) {
	width := len(r.order)
	shown := r.presented[:to-from]
	errs := make([]error, len(shown)*r.Patterns)
	raw := make([][]float64, runtime.GOMAXPROCS(0))
	kernel.ParallelWorkers(len(errs), func(worker, i int) {
		if errs[i] = ctx.Err(); errs[i] != nil {
			return
		}
		if raw[worker] == nil {
			raw[worker] = make([]float64, width)
		}
		t, b := i/r.Patterns, i%r.Patterns
		errs[i] = r.pattern(r.first+from*r.Patterns+i, raw[worker], shown[t].x[b*width:][:width])
	})
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	kernel.Parallel(len(shown)*r.f.groups, func(i int) {
		t, g := i/r.f.groups, i%r.f.groups
		eta := r.LearningRate
		if r.Normalised && ctx.Err() == nil {
			if λ := largestEigenvalue(r.seen(shown[t], g)); λ > 0 {
				eta /= λ
			}
		}
		shown[t].eta[g] = eta
	})
	return shown, ctx.Err()
}

// pattern opens one pattern, by way of raw, and orders its values as those of a
// filter: by group, element of the field and channel.
func (r *sleepRun) pattern(i int, raw, x []float64) error {
	if err := r.patterns.Pattern(i, raw); err != nil {
		return fmt.Errorf("pattern %d: %w", i, err)
	}
	for j, v := range raw {
		if v-v != 0 {
			return fmt.Errorf("pattern %d: value %d of %d is %g, expected finite numbers", i, j, len(raw), v)
		}
		x[r.order[j]] = v
	}
	return nil
}

// seen are the patterns of a step as a group sees them, patterns × d.
func (r *sleepRun) seen(p presented, group int) blas64.General {
	return blas64.General{Rows: r.Patterns, Cols: r.d, Stride: r.f.groups * r.d, Data: p.x[group*r.d:]}
}

// A relaxation is a d × columns matrix on its way
//
//	S ← S − η [ share·C_t S + γ (S − S⁰) ].
type relaxation struct {
	d, columns int
	share      float64
	start      []float64 // S⁰; nil = the identity
	at         []float64 // S
}

// deviationLimit is how much a part of S may grow until the sleep is stopped.
const deviationLimit = 1e3

// relax takes the matrices, those of every group one or two, through the steps.
// It returns the first step in which one outgrew deviationLimit, or −1. Columns
// have nothing to do with each other, so they are the work items, in blocks whose
// width depends on the shape only.
func (r *sleepRun) relax(ctx context.Context, all []relaxation, shown []presented) (failed int) {
	type item struct{ matrix, from, to int }
	var items []item
	for m, s := range all {
		width := max(32, (s.columns+15)/16)
		for from := 0; from < s.columns; from += width {
			items = append(items, item{m, from, min(s.columns, from+width)})
		}
	}
	first := make([]int, len(items))
	kernel.Parallel(len(items), func(i int) {
		s := all[items[i].matrix]
		group := items[i].matrix % r.f.groups
		from, n := items[i].from, items[i].to-items[i].from
		part := blas64.General{Rows: s.d, Cols: n, Stride: s.columns, Data: s.at[from:]}
		z := blas64.General{Rows: r.Patterns, Cols: n, Stride: n, Data: make([]float64, r.Patterns*n)}
		limit := deviationLimit * deviationLimit * s.startSquares(from, n)
		first[i] = len(shown)
		for t, p := range shown {
			if ctx.Err() != nil {
				return
			}
			x, eta := r.seen(p, group), p.eta[group]
			// S ← (1 − ηγ) S − (η·share/B) Xᵀ(X S) + ηγ S⁰
			blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, x, part, 0, z)
			blas64.Gemm(blas.Trans, blas.NoTrans, -eta*s.share/float64(r.Patterns), x, z, 1-eta*r.Gamma, part)
			s.pull(eta*r.Gamma, from, n)
			if !(s.squares(from, n) <= limit) {
				first[i] = t
				return
			}
		}
	})
	failed = len(shown)
	for _, t := range first {
		failed = min(failed, t)
	}
	if failed == len(shown) {
		return -1
	}
	return failed
}

// pull adds rate·S⁰ in some columns.
func (s *relaxation) pull(rate float64, from, n int) {
	if s.start == nil {
		for i := from; i < from+n; i++ {
			s.at[i*s.columns+i] += rate
		}
		return
	}
	for row := range s.d {
		at := row*s.columns + from
		floats.AddScaled(s.at[at:at+n], rate, s.start[at:at+n])
	}
}

// squares is ‖S‖² of some columns.
func (s *relaxation) squares(from, n int) (sum float64) {
	for row := range s.d {
		a := s.at[row*s.columns+from:][:n]
		sum += floats.Dot(a, a)
	}
	return sum
}

// startSquares is ‖S⁰‖² of some columns.
func (s *relaxation) startSquares(from, n int) float64 {
	if s.start == nil {
		return float64(n)
	}
	start := relaxation{d: s.d, columns: s.columns, at: s.start}
	return start.squares(from, n)
}

// contracted returns an error if some deviation is larger after the sleep than
// before it: if the largest singular value of P is above 1.
func (r *sleepRun) contracted(ctx context.Context) error {
	growth := make([]float64, len(r.operators))
	kernel.Parallel(len(growth), func(g int) {
		p := r.operators[g]
		m := blas64.General{Rows: p.d, Cols: p.d, Stride: p.d, Data: p.at}
		growth[g] = math.Sqrt(largestSquare(m))
	})
	if worst := floats.Max(growth); !(worst <= 1+1e-6) {
		return r.divergence(ctx, r.Steps, worst)
	}
	return nil
}

// divergence says that after some steps deviations have grown.
func (r *sleepRun) divergence(ctx context.Context, step int, growth float64) error {
	var λ, eta, product float64
	for from := 0; from < step; from += stepsAtOnce {
		shown, err := r.show(ctx, from, min(step, from+stepsAtOnce))
		if err != nil {
			return err
		}
		for _, p := range shown {
			for g := range r.f.groups {
				if l := largestEigenvalue(r.seen(p, g)); l*p.eta[g] > product {
					λ, eta, product = l, p.eta[g], l*p.eta[g]
				}
			}
		}
	}
	e := &SleepDivergence{Step: step, Steps: r.Steps, Growth: growth, LearningRate: eta, Eigenvalue: λ, Stable: 2 / (λ + r.Gamma), Weights: r.d, Patterns: r.Patterns, Normalised: r.Normalised}
	if r.Normalised {
		e.Stable = 2
	}
	return e
}

// A SleepDivergence is the error of a sleep in which filters move apart.
type SleepDivergence struct {
	Step, Steps       int     // after which they had, of all
	Growth            float64 // of the deviations from the pool's mean, a lower bound
	LearningRate      float64 // η and λ_max of the step in which their product was largest
	Eigenvalue        float64
	Stable            float64 // what Sleep.LearningRate should be below
	Weights, Patterns int     // of a filter, in a step
	Normalised        bool
}

// Error says what happened, and what to do.
func (e *SleepDivergence) Error() string {
	return fmt.Sprintf("diverged: after step %d of %d some deviations of filters from their pool's mean are %.3g times those before, or more; a step is stable where η (λ_max + γ) < 2, and here η·λ_max reached %.3g × %.3g = %.3g, with %d weights to a filter and %d patterns in a step: %s",
		e.Step, e.Steps, e.Growth, e.LearningRate, e.Eigenvalue, e.LearningRate*e.Eigenvalue, e.Weights, e.Patterns, e.advice())
}

func (e *SleepDivergence) advice() string {
	if e.Normalised {
		return "lower the normalised learning rate below 2"
	}
	return fmt.Sprintf("lower the learning rate below %.2g, show more patterns in a step, or normalise the step", e.Stable)
}

// powerIterations are those of the power method, from a random vector.
const powerIterations = 50

// largestEigenvalue of ⟨xxᵀ⟩ for the patterns x, n × d: a lower bound.
func largestEigenvalue(x blas64.General) float64 {
	return largestSquare(x) / float64(x.Rows)
}

// largestSquare is ‖A‖², the square of the largest singular value of A: a lower
// bound, the Rayleigh quotient after powerIterations.
func largestSquare(a blas64.General) float64 {
	// A Aᵀ and AᵀA share it: the smaller one is iterated, if that is less work.
	if small := min(a.Rows, a.Cols); small*small < 2*a.Rows*a.Cols/3 {
		t, s := blas.NoTrans, blas64.Symmetric{N: small, Stride: small, Uplo: blas.Upper, Data: make([]float64, small*small)}
		if a.Cols < a.Rows {
			t = blas.Trans
		}
		blas64.Syrk(t, 1, a, 0, s)
		return rayleigh(small, func(v, to blas64.Vector) { blas64.Symv(1, s, v, 0, to) })
	}
	middle := blas64.Vector{N: a.Rows, Inc: 1, Data: make([]float64, a.Rows)}
	return rayleigh(a.Cols, func(v, to blas64.Vector) {
		blas64.Gemv(blas.NoTrans, 1, a, v, 0, middle)
		blas64.Gemv(blas.Trans, 1, a, middle, 0, to)
	})
}

// rayleigh is the Rayleigh quotient of a positive semidefinite matrix, n × n,
// after powerIterations of the power method.
func rayleigh(n int, times func(v, to blas64.Vector)) (quotient float64) {
	v := blas64.Vector{N: n, Inc: 1, Data: make([]float64, n)}
	next := blas64.Vector{N: n, Inc: 1, Data: make([]float64, n)}
	rng := rand.New(rand.NewPCG(uint64(n), 0))
	for i := range v.Data {
		v.Data[i] = rng.NormFloat64()
	}
	for range powerIterations {
		norm := blas64.Nrm2(v)
		if !(norm > 0) {
			return norm // 0, or not finite
		}
		blas64.Scal(1/norm, v)
		times(v, next)
		quotient = blas64.Dot(v, next)
		v, next = next, v
	}
	return quotient
}

// open opens the patterns of a layer.
func (s Sleep) open(f *filters, index int) (SleepPatterns, error) {
	seed := mix(s.Seed, uint64(index))
	if s.Stimuli == nil {
		return whiteNoise{seed}, nil
	}
	return s.Stimuli(SleepLayer{Name: f.name, Channels: f.inputs, Kernel: f.sheet.Kernel, Seed: seed})
}

// whiteNoise is independent N(0, 1) values.
type whiteNoise struct{ seed uint64 }

func (n whiteNoise) Pattern(i int, x []float64) error {
	rng := rand.New(rand.NewPCG(n.seed, mix(n.seed, uint64(i))))
	for j := range x {
		x[j] = rng.NormFloat64()
	}
	return nil
}

// mix makes one number of several, such that near ones give distant ones
// (splitmix64).
func mix(numbers ...uint64) (h uint64) {
	for _, n := range numbers {
		h += n + 0x9e3779b97f4a7c15
		h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
		h = (h ^ h>>27) * 0x94d049bb133111eb
		h ^= h >> 31
	}
	return h
}
