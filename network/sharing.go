package network

import (
	"math"

	"ventral/internal/kernel"
	"ventral/plasticity"
)

// perPosition is the number of weights at a position: d for each output channel.
func (f *filters) perPosition() int { return f.fanIn() * f.outputs }

// viewColumns is how many weights of a position are one work item.
const viewColumns = 1024

// views cuts the filters at some positions into pools for package plasticity:
// [i] holds weights at the i-th of the positions. Each weight is shared, and
// has its signal and noise, by itself, so all output channels may stand side by
// side in a pool, and a pool may be cut anywhere.
func (f *filters) views(positions []int) [][][]float32 {
	var views [][][]float32
	n := f.perPosition()
	for first := 0; first < n; first += viewColumns {
		pool := make([][]float32, len(positions))
		for i, p := range positions {
			pool[i] = f.weights.w[p*n+first : p*n+min(first+viewColumns, n)]
		}
		views = append(views, pool)
	}
	return views
}

// everywhere is all positions of the sheet.
func (f *filters) everywhere() []int {
	all := make([]int, f.sheet.Out().Area())
	for p := range all {
		all[p] = p
	}
	return all
}

// Sleep shares weights instantly: in every locally connected layer, each
// filter becomes the mean of its pool, the neurons of its channel on one of the
// k² interleaved grids of positions (neuron.Sheet.Pools). Adam's moments are
// left as they are. In a convolutional network it does nothing. Type Sleep has
// the other ways to sleep.
//
// Source: Pogodin et al. 2021, as in the authors' code. Cost: two passes over
// the weights.
func (m *Model) Sleep() { share(m.filters) }

// share shares weights instantly in the locally connected ones of some layers.
func share(layers []*filters) {
	var all [][][]float32
	for _, f := range layers {
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
		if f.local {
			snr[i] = f.snr(f.everywhere())
		} else {
			snr[i] = math.Inf(1)
		}
	}
	return snr
}

// snr is plasticity.SNR over the positions of each pool, mean over weights and
// pools; NaN without a weight that has signal or noise.
func (f *filters) snr(pools ...[]int) float64 {
	var views [][][]float32
	for _, pool := range pools {
		views = append(views, f.views(pool)...)
	}
	parts := make([]float64, len(views))
	kernel.Parallel(len(views), func(j int) { parts[j] = plasticity.SNR(views[j]) })
	var sum, weights float64
	for j, part := range parts {
		if !math.IsNaN(part) { // no weight of the view has signal or noise
			sum += part * float64(len(views[j][0]))
			weights += float64(len(views[j][0]))
		}
	}
	return sum / weights
}
