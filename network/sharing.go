package network

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"ventral/internal/kernel"
	"ventral/plasticity"
)

// A filterView shows the filters at some positions of a locally connected
// layer as a matrix, positions × weights: row i holds the weights at position
// pool[i], of every output channel, from column first on. Pools share every
// weight by itself, so the output channels may stand side by side.
type filterView struct {
	f           *filters
	pool        []int
	first, cols int
}

func (v filterView) Dims() (r, c int)        { return len(v.pool), v.cols }
func (v filterView) at(i, j int) int         { return v.pool[i]*v.f.perPosition() + v.first + j }
func (v filterView) At(i, j int) float64     { return float64(v.f.weights.w[v.at(i, j)]) }
func (v filterView) Set(i, j int, x float64) { v.f.weights.w[v.at(i, j)] = float32(x) }
func (v filterView) T() mat.Matrix           { return mat.Transpose{Matrix: v} }

// perPosition is the number of weights at a position: d for each output channel.
func (f *filters) perPosition() int { return f.fanIn() * f.wiring.Outputs }

// viewColumns is how many weights of a position are one work item.
const viewColumns = 256

// views cuts the filters at the positions of a pool into matrices.
func (f *filters) views(pool []int) []filterView {
	var views []filterView
	for first := 0; first < f.perPosition(); first += viewColumns {
		views = append(views, filterView{f, pool, first, min(viewColumns, f.perPosition()-first)})
	}
	return views
}

// Sleep shares weights instantly: in every locally connected layer, each
// filter becomes the mean of its pool, the neurons of its channel on one of the
// k² interleaved grids of positions (neuron.Sheet.Pools). Adam's moments are
// left as they are. In a convolutional network it does nothing.
//
// Source: Pogodin et al. 2021, as in the authors' code. Cost: two passes over
// the weights.
func (m *Model) Sleep() {
	var all []filterView
	for _, f := range m.filters {
		if f.local {
			for _, pool := range f.sheet.Pools() {
				all = append(all, f.views(pool)...)
			}
		}
	}
	kernel.Parallel(len(all), func(i int) { plasticity.Share(all[i]) })
}

// SNR returns the signal-to-noise ratio of weight sharing of every filter
// layer, in the order of FilterNames: plasticity.SNR over all positions of the
// sheet, mean over the weights of all output channels. It is +Inf for a
// convolution.
func (m *Model) SNR() []float64 {
	snr := make([]float64, len(m.filters))
	for i, f := range m.filters {
		if !f.local {
			snr[i] = math.Inf(1)
			continue
		}
		everywhere := make([]int, f.sheet.Out().Area())
		for p := range everywhere {
			everywhere[p] = p
		}
		views := f.views(everywhere)
		parts := make([]float64, len(views))
		kernel.Parallel(len(views), func(j int) { parts[j] = plasticity.SNR(views[j]) })
		var weights float64
		for j, part := range parts {
			if !math.IsNaN(part) { // no weight of the view has signal or noise
				snr[i] += part * float64(views[j].cols)
				weights += float64(views[j].cols)
			}
		}
		snr[i] /= weights
	}
	return snr
}
