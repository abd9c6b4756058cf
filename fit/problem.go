package fit

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

// A Problem is a set of features X (n_stimuli × n_features) and the responses
// Y (n_stimuli × n_neuroids) to the same stimuli, with the products that all
// splits share.
//
// With X centred on its mean over all stimuli these are, computed once,
//
//	n_stimuli < n_features:  K = XXᵀ (n_stimuli × n_stimuli), the dual form;
//	otherwise:               C = XᵀX (n_features × n_features) and B = XᵀY, the primal form.
//
// A split then needs only the sub-block of K of its training stimuli, or C and
// B less the part of its test stimuli, centred on the training mean: fitting
// costs no product over all features again. Memory: 8 bytes times n_stimuli² in
// the dual form, which reads the features block by block and keeps none of them,
// or times n_stimuli·n_features + n_features² in the primal; each split that is
// being fitted holds another K or C. EstimateBytes foresees all of it.
//
// Responses of stimuli outside the training part have no influence on a fit: to
// predict stimuli without recordings give them any finite responses and keep
// them out of it.
type Problem struct {
	x    Features
	y    *mat.Dense
	dual bool

	products sync.Mutex // held while the products are computed
	prepared bool
	centred  *mat.Dense // X less its mean over all stimuli; primal form only
	gram     *mat.Dense // K or C
	cross    *mat.Dense // B; primal form only

	bands []int        // sizes of the bands of features that were last asked for
	grams []*mat.Dense // K of each of these bands; dual form only
}

// NewProblem joins features x (n_stimuli × n_features) and responses y
// (n_stimuli × n_neuroids), row by row the same stimuli. They are not copied
// and must not change. It fails when the numbers of rows differ or when a
// response is not finite, which it names; features are looked at when the first
// regression is fitted.
func NewProblem(x Features, y *mat.Dense) (*Problem, error) {
	n, p := x.Dims()
	m, q := y.Dims()
	if n != m {
		return nil, fmt.Errorf("features have %d rows and responses %d: rows must be the same stimuli", n, m)
	}
	if n < 2 || p == 0 || q == 0 {
		return nil, fmt.Errorf("%d stimuli, %d features and %d neuroids: expected at least 2, 1 and 1", n, p, q)
	}
	if err := checkFinite(y, "neuroid", 0); err != nil {
		return nil, err
	}
	return &Problem{x: &oneAtATime{Features: x}, y: y, dual: n < p}, nil
}

// Dims returns the numbers of stimuli, features and neuroids.
func (p *Problem) Dims() (stimuli, features, neuroids int) {
	stimuli, features = p.x.Dims()
	return stimuli, features, p.y.RawMatrix().Cols
}

// prepare computes the shared products, once, in one pass over the features.
func (p *Problem) prepare(ctx context.Context) error {
	p.products.Lock()
	defer p.products.Unlock()
	if p.prepared {
		return nil
	}
	n, features := p.x.Dims()
	if p.dual {
		grams, err := p.dualGrams(ctx, []int{features})
		if err != nil {
			return err
		}
		p.gram, p.prepared = grams[0], true
		return nil
	}
	p.centred = mat.NewDense(n, features, nil)
	err := eachView(ctx, p.x, func(from int, block *mat.Dense) error {
		_, width := block.Dims()
		_, err := centre(p.centred.Slice(0, n, from, from+width).(*mat.Dense), block, nil, nil, from)
		return err
	})
	if err != nil {
		return err
	}
	p.gram = mat.NewDense(features, features, nil)
	addGram(p.gram, 1, blas.Trans, p.centred)
	mirror(p.gram)
	p.cross = crossProduct(p.centred, p.y)
	p.prepared = true
	return nil
}

// isPrepared tells whether the shared products are there.
func (p *Problem) isPrepared() bool {
	p.products.Lock()
	defer p.products.Unlock()
	return p.prepared
}

// withResponses is the problem with other responses to the same
// stimuli. The products of features are shared.
func (p *Problem) withResponses(y *mat.Dense) *Problem {
	other := &Problem{x: p.x, y: y, dual: p.dual, prepared: p.prepared, centred: p.centred, gram: p.gram, bands: p.bands, grams: p.grams}
	if p.centred != nil {
		other.cross = crossProduct(p.centred, y)
	}
	return other
}

// bandGrams returns K of each band of consecutive features, in the dual form.
// They are computed once, in one pass, and shared by all splits as long as the
// same bands are asked for.
func (p *Problem) bandGrams(sizes []int) ([]*mat.Dense, error) {
	p.products.Lock()
	defer p.products.Unlock()
	if p.grams == nil || !slices.Equal(p.bands, sizes) {
		grams, err := p.dualGrams(context.Background(), sizes)
		if err != nil {
			return nil, err
		}
		p.bands, p.grams = slices.Clone(sizes), grams
	}
	return p.grams, nil
}

// dualGrams computes K of each band of consecutive features.
func (p *Problem) dualGrams(ctx context.Context, sizes []int) ([]*mat.Dense, error) {
	n, _ := p.x.Dims()
	grams := make([]*mat.Dense, len(sizes))
	for b := range grams {
		grams[b] = mat.NewDense(n, n, nil)
	}
	err := eachBlock(ctx, p.x, func(from int, block *mat.Dense) error {
		_, width := block.Dims()
		subtractRow(block, block, nil, columnMeans(block, nil))
		start := 0
		for b, size := range sizes {
			if lo, hi := max(start, from), min(start+size, from+width); lo < hi {
				addGram(grams[b], 1, blas.NoTrans, block.Slice(0, n, lo-from, hi-from).(*mat.Dense))
			}
			start += size
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, k := range grams {
		mirror(k)
	}
	return grams, nil
}

// A training is what a regression needs of the training part of a split, both
// parts centred on their training means.
type training struct {
	p    *Problem
	rows []int

	// m is K (n_train × n_train) in the dual form, C (n_features × n_features)
	// in the primal, both triangles filled; a regression may overwrite it.
	m *mat.SymDense
	// t is what m's system is solved for: Y (n_train × n_neuroids) in the dual
	// form, B = XᵀY (n_features × n_neuroids) in the primal.
	t     *mat.Dense
	y     *mat.Dense // n_train × n_neuroids
	yMean []float64

	kMean []float64 // dual: mean over the training stimuli of each column of K
	kBar  float64   // dual: mean of kMean
	xMean []float64 // primal: mean over the training stimuli of p.centred; without products, of the features

	// Of a fit without products only, beside rows, t = XᵀY, y and yMean:
	x     *mat.Dense  // features, centred on the training mean
	place map[int]int // stimulus → row of x
}

// epsilon is the distance from 1 to the next larger float64.
const epsilon = 0x1p-52

// unvarying is the variance, relative to the scale of the rounding errors in
// it, below which features count as constant over the training stimuli.
const unvarying = 64 * epsilon

// train centres the shared products on the training stimuli.
func (p *Problem) train(rows []int) (*training, error) {
	if err := p.prepare(context.Background()); err != nil {
		return nil, err
	}
	t := &training{p: p, rows: rows, yMean: columnMeans(p.y, rows)}
	t.y = t.responses(rows)
	if p.dual {
		t.centreDual()
	} else {
		t.centrePrimal()
	}
	return t, nil
}

// centreDual takes the training block of K and centres it:
// K_ij − k_i − k_j + k̄ with k the means over the training stimuli.
func (t *training) centreDual() {
	n := len(t.rows)
	k := mat.NewDense(n, n, nil)
	t.kMean = make([]float64, n)
	inBlocks(n, tall, func(lo, hi int) {
		for a := lo; a < hi; a++ {
			from, to := t.p.gram.RawRowView(t.rows[a]), k.RawRowView(a)
			sum := 0.0
			for b, j := range t.rows {
				to[b] = from[j]
				sum += from[j]
			}
			t.kMean[a] = sum / float64(n)
		}
	})
	for _, m := range t.kMean {
		t.kBar += m / float64(n)
	}
	inBlocks(n, tall, func(lo, hi int) {
		for a := lo; a < hi; a++ {
			row := k.RawRowView(a)
			for b := range row {
				row[b] += t.kBar - (t.kMean[a] + t.kMean[b])
			}
		}
	})
	scale, trace := 0.0, 0.0
	for a, i := range t.rows {
		scale += t.p.gram.At(i, i)
		trace += k.At(a, a)
	}
	if trace <= unvarying*scale {
		k.Zero()
	}
	t.m, t.t = mat.NewSymDense(n, k.RawMatrix().Data), t.y
}

// centrePrimal takes the training part of C and B: that of all stimuli less
// that of the others, or directly where the training part is the smaller one.
func (t *training) centrePrimal() {
	p := t.p
	n, features := p.centred.Dims()
	t.xMean = columnMeans(p.centred, t.rows)
	c := mat.NewDense(features, features, nil)
	b := mat.NewDense(features, len(t.yMean), nil)
	part, sign := t.rows, 1.
	if len(t.rows) > n/2 {
		part, sign = others(n, t.rows), -1
		c.Copy(p.gram)
		b.Copy(p.cross)
	}
	if len(part) > 0 {
		x, y := gather(p.centred, part), gather(p.y, part)
		blas64.Gemm(blas.Trans, blas.NoTrans, sign, x.RawMatrix(), y.RawMatrix(), 1, b.RawMatrix())
		addGram(c, sign, blas.Trans, x)
	}
	// Centring: C − n x̄x̄ᵀ, of which the upper triangle, and B − n x̄ȳᵀ.
	size := float64(len(t.rows))
	var constant []int
	for i, m := range t.xMean {
		row, scale := c.RawRowView(i), c.At(i, i)
		for j := i; j < features; j++ {
			row[j] -= size * m * t.xMean[j]
		}
		target := b.RawRowView(i)
		for j, v := range t.yMean {
			target[j] -= size * m * v
		}
		if row[i] <= unvarying*max(scale, p.gram.At(i, i)) {
			constant = append(constant, i)
		}
	}
	for _, i := range constant {
		clear(b.RawRowView(i))
		clear(c.RawRowView(i)[i:])
		for j := range i {
			c.Set(j, i, 0)
		}
	}
	mirror(c)
	t.m, t.t = mat.NewSymDense(features, c.RawMatrix().Data), b
}

// inputs returns what a fit sees of the given stimuli: (x − x̄)·(x_j − x̄) for
// every training stimulus j in the dual form, len(rows) × n_train, and x − x̄ in
// the primal and without products, len(rows) × n_features.
func (t *training) inputs(rows []int) *mat.Dense {
	if t.x != nil {
		x := mat.NewDense(len(rows), len(t.xMean), nil)
		for k, i := range rows {
			if at, held := t.place[i]; held {
				copy(x.RawRowView(k), t.x.RawRowView(at))
			} else {
				subtractRow(x.Slice(k, k+1, 0, len(t.xMean)).(*mat.Dense), inMemory(t.p.x), []int{i}, t.xMean)
			}
		}
		return x
	}
	if !t.p.dual {
		x := mat.NewDense(len(rows), len(t.xMean), nil)
		subtractRow(x, t.p.centred, rows, t.xMean)
		return x
	}
	k := mat.NewDense(len(rows), len(t.rows), nil)
	for a, i := range rows {
		from, to := t.p.gram.RawRowView(i), k.RawRowView(a)
		mean := 0.0
		for b, j := range t.rows {
			to[b] = from[j]
			mean += from[j]
		}
		mean /= float64(len(t.rows))
		for b := range to {
			to[b] += t.kBar - (mean + t.kMean[b])
		}
	}
	return k
}

// responses returns the responses to the given stimuli less the training mean.
func (t *training) responses(rows []int) *mat.Dense {
	y := mat.NewDense(len(rows), len(t.yMean), nil)
	subtractRow(y, t.p.y, rows, t.yMean)
	return y
}

// predictor makes a predictor of the coefficients c: n_train × n_neuroids in
// the dual form, n_features × n_neuroids in the primal. It lets go of m.
func (t *training) predictor(c *mat.Dense) *linear {
	t.m = nil
	return &linear{t, c}
}

// linear predicts ŷ = ȳ + inputs·c.
type linear struct {
	*training
	c *mat.Dense
}

func (l *linear) Predict(rows []int) *mat.Dense {
	y := product(blas.NoTrans, l.inputs(rows), l.c)
	addRow(y, l.yMean)
	return y
}
