package fit

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distmv"
)

// BandedRidge is ridge with a penalty for each band of features, e.g. the units
// of each layer of a model, and for each neuroid: α/γ_b with weights γ_b ≥ 0 that
// sum to 1. It is ridge with one α on the features of band b times √γ_b,
//
//	K_γ = Σ_b γ_b K_b (dual),   C_ij √γ_i √γ_j and B_ij √γ_i (primal)
//
// whose products all come from those of the bands, computed once for all
// splits. A band with γ_b = 0 is left out.
//
// The weights and α are those with the smallest mean squared leave-one-out error
// (RidgeCV) among candidates: equal weights, each band alone, and random draws
// from Dirichlet distributions with the concentrations .1 (few bands count) and
// 1 (uniform over the simplex) in turn; the random search of T. Dupré la Tour,
// M. Eickenberg, A. O. Nunez-Elizalde and J. L. Gallant, "Feature-space selection
// with banded ridge regression", NeuroImage 264, 2022, with leave-one-out in the
// place of their folds. With one band it is RidgeCV.
//
// Cost per split: that of RidgeCV for each of the 1 + n_bands + Draws candidates.
// The dual form keeps n_bands matrices n_stimuli × n_stimuli.
type BandedRidge struct {
	Bands  []int     // numbers of features of the bands, which follow each other; nil = one band
	Alphas []float64 // candidates; nil = Brain-Score's 99 from .01 to 1e7
	Draws  int       // 0 = 20
	Seed   uint32    // of the draws; 0 = 1; SeedZero = 0
}

func (r BandedRidge) draws() int {
	if r.Draws == 0 {
		return 20
	}
	return r.Draws
}

func (r BandedRidge) alphas() []float64 { return RidgeCV{Alphas: r.Alphas}.alphas() }

// Name is "banded".
func (r BandedRidge) Name() string { return "banded" }

// Parameters holds the number of bands, the number and range of the candidates
// for α, draws and seed.
func (r BandedRidge) Parameters() map[string]float64 {
	p := alphaParameters(r.alphas())
	p["bands"], p["draws"], p["seed"] = float64(max(1, len(r.Bands))), float64(r.draws()), float64(seedOf(r.Seed))
	return p
}

// A BandedPredictor is what BandedRidge fits.
type BandedPredictor struct {
	Weights *mat.Dense // γ, n_bands × n_neuroids: the chosen weights, whose sum is 1
	Alphas  []float64  // the chosen α per neuroid

	parts []*linear // whose sum it is: one per band (dual) or one (primal)
}

// Fit chooses the weights and penalties and fits; the predictor is a
// *BandedPredictor. It fails when the bands do not add up to the features, and
// where RidgeCV does.
func (r BandedRidge) Fit(p *Problem, train []int) (Predictor, error) {
	f, err := r.fit(p, train)
	if err != nil {
		return nil, fmt.Errorf("banded ridge: %w", err)
	}
	return f, nil
}

func (r BandedRidge) fit(p *Problem, train []int) (*BandedPredictor, error) {
	_, features, q := p.Dims()
	sizes, alphas := r.Bands, r.alphas()
	if sizes == nil {
		sizes = []int{features}
	}
	if err := checkBands(sizes, features); err != nil {
		return nil, err
	}
	if err := checkAlphas(alphas); err != nil {
		return nil, err
	}
	if r.draws() < 0 {
		return nil, fmt.Errorf("%d draws: expected a positive number", r.draws())
	}
	b, err := p.banded(sizes)
	if err != nil {
		return nil, err
	}
	f := &BandedPredictor{Weights: mat.NewDense(len(sizes), q, nil), Alphas: make([]float64, q)}
	least := make([]float64, q)
	for j := range least {
		least[j] = math.Inf(1)
	}
	var chosen *mat.Dense // coefficients of the weighted features
	for _, gamma := range r.candidates(len(sizes)) {
		s, err := b.weighted(gamma).rotate(train, alphas, len(train))
		if err != nil {
			return nil, err
		}
		errors, err := s.leaveOneOut(alphas)
		if err != nil {
			return nil, err
		}
		var better []int
		for j := range least {
			if a := smallest(mat.Col(nil, j, errors)); errors.At(a, j) < least[j] {
				least[j], f.Alphas[j] = errors.At(a, j), alphas[a]
				f.Weights.SetCol(j, gamma)
				better = append(better, j)
			}
		}
		if len(better) == 0 {
			continue
		}
		c, err := s.coefficients(better, pick(f.Alphas, better))
		if err != nil {
			return nil, err
		}
		if chosen == nil {
			chosen = mat.NewDense(c.RawMatrix().Rows, q, nil)
		}
		for i := range c.RawMatrix().Rows {
			from, to := c.RawRowView(i), chosen.RawRowView(i)
			for k, j := range better {
				to[j] = from[k]
			}
		}
	}
	f.parts, err = b.parts(train, chosen, f.Weights)
	return f, err
}

// Workspace is Sizer's: K of every band, shared in the dual form; the weighted
// products, RidgeCV's for one candidate, and the coefficients so far.
func (r BandedRidge) Workspace(stimuli, features, neuroids, train int) (shared, split int64) {
	s := sizes{stimuli, features, neuroids, train}
	if s.dual() {
		shared = int64(max(1, len(r.Bands))) * s.products()
	}
	return shared, s.products() + s.leaveOneOut(len(r.alphas())) + s.coefficients()
}

// Predict returns the predicted responses.
func (f *BandedPredictor) Predict(rows []int) *mat.Dense {
	y := f.parts[0].Predict(rows)
	for _, l := range f.parts[1:] {
		y.Add(y, product(blas.NoTrans, l.inputs(rows), l.c))
	}
	return y
}

func checkBands(sizes []int, features int) error {
	sum := 0
	for b, size := range sizes {
		if size < 1 {
			return fmt.Errorf("band %d has %d features: expected at least 1", b, size)
		}
		sum += size
	}
	if sum != features {
		return fmt.Errorf("the %d bands have %d features in all, and there are %d: every feature must be in one band", len(sizes), sum, features)
	}
	return nil
}

// candidates are the weights to choose from.
func (r BandedRidge) candidates(bands int) [][]float64 {
	equal := make([]float64, bands)
	for b := range equal {
		equal[b] = 1 / float64(bands)
	}
	candidates := [][]float64{equal}
	if bands == 1 {
		return candidates
	}
	for b := range bands {
		alone := make([]float64, bands)
		alone[b] = 1
		candidates = append(candidates, alone)
	}
	source := rand.NewPCG(uint64(seedOf(r.Seed)), 0)
	for i := range r.draws() {
		concentration := make([]float64, bands)
		for b := range concentration {
			concentration[b] = [...]float64{.1, 1}[i%2]
		}
		candidates = append(candidates, distmv.NewDirichlet(concentration, source).Rand(nil))
	}
	return candidates
}

// banded are the features of a problem in bands.
type banded struct {
	*Problem
	sizes []int
	grams []*mat.Dense // K of each band; dual form only
}

func (p *Problem) banded(sizes []int) (b *banded, err error) {
	b = &banded{Problem: p, sizes: sizes}
	if p.dual {
		b.grams, err = p.bandGrams(sizes)
	} else {
		err = p.prepare(context.Background())
	}
	return b, err
}

// weighted is the problem with the features of band b times √γ_b.
func (b *banded) weighted(gamma []float64) *Problem {
	w := &Problem{x: b.x, y: b.y, dual: b.dual, prepared: true}
	if b.dual {
		n, _ := b.x.Dims()
		w.gram = mat.NewDense(n, n, nil)
		for k, g := range gamma {
			blas64.Axpy(g, vector(b.grams[k].RawMatrix().Data), vector(w.gram.RawMatrix().Data))
		}
		return w
	}
	var root []float64 // √γ of each feature
	for _, band := range b.bandOf() {
		root = append(root, math.Sqrt(gamma[band]))
	}
	scaled := func(a *mat.Dense, scale func(i, j int) float64) *mat.Dense {
		var c mat.Dense
		c.Apply(func(i, j int, v float64) float64 { return v * scale(i, j) }, a)
		return &c
	}
	w.centred = scaled(b.centred, func(_, j int) float64 { return root[j] })
	w.gram = scaled(b.gram, func(i, j int) float64 { return root[i] * root[j] })
	w.cross = scaled(b.cross, func(i, _ int) float64 { return root[i] })
	return w
}

// parts are what add up to the prediction from the coefficients c of the
// weighted features, with each neuroid's own weights: Σ_b γ_b k_b(x)ᵀc in the
// dual form, (x − x̄)·√γ c in the primal.
func (b *banded) parts(train []int, c, weights *mat.Dense) ([]*linear, error) {
	if !b.dual {
		t, err := b.train(train)
		if err != nil {
			return nil, err
		}
		of := b.bandOf()
		c.Apply(func(i, j int, v float64) float64 { return v * math.Sqrt(weights.At(of[i], j)) }, c)
		return []*linear{t.predictor(c)}, nil
	}
	var parts []*linear
	for k, gram := range b.grams {
		alone := &Problem{x: b.x, y: b.y, dual: true, prepared: true, gram: gram}
		t, err := alone.train(train)
		if err != nil {
			return nil, err
		}
		var part mat.Dense
		part.Apply(func(_, j int, v float64) float64 { return v * weights.At(k, j) }, c)
		parts = append(parts, t.predictor(&part))
	}
	return parts, nil
}

// bandOf returns the band of each feature.
func (b *banded) bandOf() []int {
	var of []int
	for k, size := range b.sizes {
		of = append(of, slices.Repeat([]int{k}, size)...)
	}
	return of
}
