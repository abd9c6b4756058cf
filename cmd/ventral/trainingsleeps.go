package main

import (
	"fmt"
	"os"
	"strconv"

	"ventral/internal/npy"
	"ventral/network"
)

// sleepHeader are the columns of sleep.csv in a training. update counts the
// updates made before the sleep.
var sleepHeader = []string{"sleep", "layer", "step", "pool_snr", "snr", "drift", "mean_norm", "mean_cosine", "update"}

// someSleeps is how many sleeps are recorded where --sleep-records leaves it open:
// enough for a curve, and few enough to cost little beside the training.
const someSleeps = 20

// recordedSleeps is how many sleeps lie between those that are recorded; 0: none is.
func (r *trainingRun) recordedSleeps() int {
	if r.settings.SleepEvery == 0 || r.sleepRecords < 0 {
		return 0
	}
	if r.sleepRecords > 0 {
		return r.sleepRecords
	}
	updates := r.settings.Epochs * r.settings.UpdatesPerEpoch(r.train.Len())
	if r.settings.Iterations > 0 {
		updates = min(updates, r.settings.Iterations)
	}
	return max(1, updates/r.settings.SleepEvery/someSleeps)
}

// sleep says who watches a sleep: a row of sleep.csv for every record, and the
// filters of the first layer that sleeps before and after it.
func (r *trainingRun) sleep(s network.State) func(network.SleepRecord) error {
	if s.Sleeps%r.every != 0 {
		return nil
	}
	layer := ""
	return func(record network.SleepRecord) error {
		if layer == "" {
			layer = record.Layer
			r.around.layer, r.around.update = layer, s.Updates
		}
		if record.Layer == layer {
			weights := patchOf(r.model, layer)
			if record.Step == 0 {
				r.around.before = weights
			} else {
				r.around.after = weights
			}
			if s.Sleeps == 0 {
				r.around.firstBefore, r.around.firstAfter = r.around.before, r.around.after
			}
		}
		row := []string{strconv.Itoa(s.Sleeps), record.Layer, strconv.Itoa(record.Step)}
		for _, v := range []float64{record.PoolSNR, record.SNR, record.Drift, record.MeanNorm, record.MeanCosine} {
			row = append(row, figure(v).csv())
		}
		if err := appendRow(r.path(sleepName), append(row, strconv.Itoa(s.Updates))...); err != nil {
			return err
		}
		if record.Layer == layer && record.Step > 0 {
			return r.around.write(r.path(filtersName)) // a killed training goes on behind this sleep
		}
		return nil
	}
}

// saveFilters writes filters.npz of the trained network, with the last recorded
// sleep where there was one.
func (r *trainingRun) saveFilters() error {
	if r.around.layer == "" {
		r.around.layer = r.filters[0]
	}
	r.around.end = patchOf(r.model, r.around.layer)
	return r.around.write(r.path(filtersName))
}

// A filterPatch is what filters.npz holds of a filter layer: the filters of its
// first channels at a run of neighbouring positions in the middle row of the sheet,
// each n_channels × n_positions × C_in × rows × columns.
//
//	LAYER.end                          after training
//	LAYER.first_before, .first_after   around the first sleep
//	LAYER.before, .after               around the last sleep that was recorded
//	update                             the updates made before the latter
type filterPatch struct {
	layer                   string
	firstBefore, firstAfter *patch
	before, after, end      *patch
	update                  int
}

// parts are the patches by name.
func (p *filterPatch) parts() []namedPatch {
	return []namedPatch{{"first_before", &p.firstBefore}, {"first_after", &p.firstAfter}, {"before", &p.before}, {"after", &p.after}, {"end", &p.end}}
}

type namedPatch struct {
	name string
	at   **patch
}

type patch struct {
	shape   []int
	weights []float32
}

// The size of a patch.
const (
	patchChannels  = 6
	patchPositions = 12
)

func patchOf(m *network.Model, layer string) *patch {
	out, rows, cols := m.FilterShape(layer)
	channels, positions := min(patchChannels, out.Channels), min(patchPositions, out.Width)
	row, col := out.Height/2, (out.Width-positions)/2
	p := &patch{}
	for ch := range channels {
		for i := range positions {
			p.weights = append(p.weights, m.Filter(layer, ch, row, col+i)...)
		}
	}
	p.shape = []int{channels, positions, len(p.weights) / (channels * positions * rows * cols), rows, cols}
	return p
}

func (p *filterPatch) write(path string) error {
	z, err := npy.CreateZip(path)
	if err != nil {
		return err
	}
	defer z.Abort()
	for _, part := range p.parts() {
		if at := *part.at; at != nil {
			npy.AddEntry(z, p.layer+"."+part.name, at.shape, at.weights) // z keeps the first error
		}
	}
	if p.before != nil {
		npy.AddEntry(z, "update", []int{1}, []int64{int64(p.update)})
	}
	return z.Close()
}

// readFilters reads filters.npz, of one of the given layers.
func readFilters(path string, layers []string) (filterPatch, error) {
	var p filterPatch
	if _, err := os.Stat(path); err != nil {
		return p, err
	}
	z, err := npy.OpenZip(path)
	if err != nil {
		return p, err
	}
	defer z.Close()
	has := map[string]bool{}
	for _, name := range z.Names() {
		has[name] = true
	}
	for _, layer := range layers {
		for _, part := range p.parts() {
			name := layer + "." + part.name
			if !has[name] {
				continue
			}
			p.layer = layer
			weights, shape, err := npy.ReadEntry[float32](z, name)
			if err != nil {
				return p, err
			}
			if len(shape) != 5 || len(weights) == 0 {
				return p, shapeError(path, name, shape, "channels × positions × C_in × rows × columns")
			}
			*part.at = &patch{shape, weights}
		}
	}
	if has["update"] {
		v, _, err := npy.ReadEntry[int64](z, "update")
		if err != nil {
			return p, err
		}
		if len(v) == 1 {
			p.update = int(v[0])
		}
	}
	return p, nil
}

// shapeError says that an array of a file has a shape that it cannot have.
func shapeError(path, name string, found []int, expected string) error {
	return fmt.Errorf("%s: %s has shape %v, expected %s", path, name, found, expected)
}
