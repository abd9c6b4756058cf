package fit

import (
	"context"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// OneToOne predicts every neuroid from a single feature: the one with the
// largest Pearson's r, sign included, with the neuroid on the training stimuli
// (Brain-Score's one-to-one mapping). The prediction is the feature, moved and
// scaled to the neuroid's training mean and standard deviation,
//
//	ŷ = ȳ + σ_y/σ_x (x − x̄),
//
// so that its r with responses is the feature's own. Features that are constant
// over the training stimuli are not looked at; a neuroid that is, is predicted
// by its mean. Cost per split: one pass over the features, and for each block of
// them a product of its transpose with the responses.
type OneToOne struct{}

// Name is "one-to-one".
func (OneToOne) Name() string { return "one-to-one" }

// Parameters is empty.
func (OneToOne) Parameters() map[string]float64 { return map[string]float64{} }

func (OneToOne) readsFeatures() {}

// A OneToOnePredictor is what OneToOne fits.
type OneToOnePredictor struct {
	// Features are the chosen features per neuroid, and R their r with it on the
	// training stimuli; −1 and NaN for a neuroid that is constant there.
	Features []int
	R        []float64

	predicted *mat.Dense // of all stimuli, n_stimuli × n_neuroids
}

// Fit chooses the features; the predictor is a *OneToOnePredictor. It fails when
// all features are constant over the training stimuli.
func (OneToOne) Fit(p *Problem, train []int) (Predictor, error) {
	n, features, q := p.Dims()
	mean := columnMeans(p.y, train)
	y := mat.NewDense(n, q, nil) // 0 for the stimuli that are not trained on
	for _, i := range train {
		row := y.RawRowView(i)
		for j, v := range p.y.RawRowView(i) {
			row[j] = v - mean[j]
		}
	}
	deviations := norms(y, train) // √n_train times the standard deviations
	f := &OneToOnePredictor{Features: make([]int, q), R: make([]float64, q), predicted: mat.NewDense(n, q, nil)}
	for j, still := range constants(p.y, train) {
		f.Features[j], f.R[j] = -1, math.NaN()
		if still {
			deviations[j] = 0
		}
	}
	// Until the end f.predicted holds the chosen features less their training
	// means, and size their norm over the training stimuli.
	size := make([]float64, q)
	varying := false
	err := eachBlock(context.Background(), p.x, func(from int, block *mat.Dense) error {
		fixed := constants(block, train)
		centre := columnMeans(block, train)
		subtractRow(block, block, nil, centre)
		xNorms := norms(block, train)
		xy := crossProduct(block, y)
		for k, still := range fixed {
			if still {
				continue
			}
			varying = true
			for j, v := range xy.RawRowView(k) {
				if deviations[j] == 0 {
					continue
				}
				if r := v / (xNorms[k] * deviations[j]); f.Features[j] < 0 || r > f.R[j] {
					f.Features[j], f.R[j], size[j] = from+k, r, xNorms[k]
				}
			}
		}
		for j, chosen := range f.Features {
			if chosen >= from {
				for i := range n {
					f.predicted.Set(i, j, block.At(i, chosen-from))
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if !varying {
		return nil, fmt.Errorf("one-to-one: all %d features are constant over the %d training stimuli", features, len(train))
	}
	for i := range n {
		row := f.predicted.RawRowView(i)
		for j := range row {
			if size[j] > 0 {
				row[j] *= deviations[j] / size[j]
			}
			row[j] += mean[j]
		}
	}
	return f, nil
}

// Workspace is Sizer's: the responses, the predictions, and a block of features.
func (OneToOne) Workspace(stimuli, features, neuroids, train int) (shared, split int64) {
	return 0, float64s(2*stimuli*neuroids + blockWidth(stimuli, features)*(stimuli+neuroids))
}

// Predict returns the predicted responses.
func (f *OneToOnePredictor) Predict(rows []int) *mat.Dense { return gather(f.predicted, rows) }

// norms returns the Euclidean norm of every column of a over the given rows.
func norms(a *mat.Dense, rows []int) []float64 {
	size := make([]float64, a.RawMatrix().Cols)
	for _, i := range rows {
		for j, v := range a.RawRowView(i) {
			size[j] += v * v
		}
	}
	for j, v := range size {
		size[j] = math.Sqrt(v)
	}
	return size
}

// constants says which columns of a are constant over the given rows, as
// pearson judges it.
func constants(a *mat.Dense, rows []int) []bool {
	low, high := slices.Clone(a.RawRowView(rows[0])), slices.Clone(a.RawRowView(rows[0]))
	for _, i := range rows {
		for j, v := range a.RawRowView(i) {
			low[j], high[j] = min(low[j], v), max(high[j], v)
		}
	}
	still := make([]bool, len(low))
	for j := range still {
		still[j] = constant([]float64{low[j], high[j]})
	}
	return still
}
