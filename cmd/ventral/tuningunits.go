package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"

	"ventral/internal/npy"
	"ventral/neuron"
)

// A tunedLayer is the tuning of a layer's units, or of recorded neurons.
type tunedLayer struct {
	unitResponses
	values           [][]float64 // measure × unit, NaN where there is none
	silent, negative int
	examples         []tuningExample
}

// A tuningExample is a unit whose curves are drawn.
type tuningExample struct {
	unit   int
	tuning neuron.Tuning
}

// title is the layer's name, for people.
func (l *tunedLayer) title() string {
	if l.name == "" {
		return "recordings"
	}
	return l.name
}

// unitName is how a unit is called.
func (l *tunedLayer) unitName(unit int) string {
	if l.names != nil {
		return l.names[unit]
	}
	return strconv.Itoa(unit)
}

// of are the values of a measure that exist.
func (l *tunedLayer) of(measure int) []float64 {
	var values []float64
	for _, v := range l.values[measure] {
		if !math.IsNaN(v) {
			values = append(values, v)
		}
	}
	return values
}

// blockBytes is about the memory for the responses of a block of units.
const blockBytes = 64 << 20

// tune computes the tuning of all units, block by block, and writes tuning.csv
// and tuning.npz on the way.
func (u *tuningRun) tune(ctx context.Context, t *terminal, f *runFolder, work *tuningWork) ([]*tunedLayer, error) {
	file, err := os.Create(f.path("tuning.csv"))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	buffered := bufio.NewWriter(file)
	rows := csv.NewWriter(buffered)
	header := []string{"layer", "unit", "neuroid", "channel", "row", "column", "state"}
	for _, m := range tuningMeasures {
		header = append(header, m.name)
	}
	if err := rows.Write(header); err != nil {
		return nil, err
	}
	curves, err := newCurveWriter(f, work.grid)
	if err != nil {
		return nil, err
	}
	defer curves.abort()

	total := 0
	for _, l := range work.layers {
		total += l.units
	}
	if err := fits(8*int64(len(tuningMeasures)+1)*int64(total), fmt.Sprintf("the measures of %s units", thousands(total)), "take fewer --layers"); err != nil {
		return nil, err
	}
	b := t.bar("tuning", total, "units")
	defer b.done()
	done := 0
	var results []*tunedLayer
	for _, responses := range work.layers {
		l := &tunedLayer{unitResponses: responses, values: make([][]float64, len(tuningMeasures))}
		for m := range l.values {
			l.values[m] = make([]float64, l.units)
		}
		if err := curves.begin(l); err != nil {
			return nil, err
		}
		width := max(1, min(l.units, blockBytes/(4*len(work.rows))))
		for first := 0; first < l.units; first += width {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			n := min(width, l.units-first)
			tunings, states, err := u.tuneBlock(work, l, first, n)
			if err != nil {
				return nil, err
			}
			for i, tuning := range tunings {
				row := l.place(first + i)
				row = append(row, states[i])
				for m, measure := range tuningMeasures {
					v := math.NaN()
					if states[i] == "" {
						v = measure.of(tuning)
					}
					l.values[m][first+i] = v
					row = append(row, numberOrNothing(v))
				}
				if err := rows.Write(row); err != nil {
					return nil, err
				}
				switch states[i] {
				case silentUnit:
					l.silent++
				case negativeUnit:
					l.negative++
				}
			}
			if err := curves.write(tunings); err != nil {
				return nil, err
			}
			done += n
			b.at(done, "tuning")
		}
		if err := u.chooseExamples(work, l); err != nil {
			return nil, err
		}
		results = append(results, l)
	}
	rows.Flush()
	if err := errors.Join(rows.Error(), buffered.Flush(), file.Close(), curves.close()); err != nil {
		return nil, err
	}
	work.close()
	return results, os.RemoveAll(f.path("responses"))
}

// The states of units that have no measures; the others' is "".
const (
	silentUnit   = "silent"
	negativeUnit = "negative"
)

// numberOrNothing is a number in full precision, and nothing for none.
func numberOrNothing(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return exact(v)
}

// place is the beginning of a unit's row in tuning.csv.
func (l *tunedLayer) place(unit int) []string {
	if l.name == "" || l.shape.Height*l.shape.Width == 0 {
		name := ""
		if l.names != nil {
			name = l.names[unit]
		}
		return []string{l.title(), strconv.Itoa(unit), name, "", "", ""}
	}
	plane := l.shape.Height * l.shape.Width
	return []string{l.name, strconv.Itoa(unit), "", strconv.Itoa(unit / plane), strconv.Itoa(unit % plane / l.shape.Width), strconv.Itoa(unit % l.shape.Width)}
}

// tuneBlock computes the tuning of n units and says which have none.
func (u *tuningRun) tuneBlock(work *tuningWork, l *tunedLayer, first, n int) ([]neuron.Tuning, []string, error) {
	block := make([]float32, len(work.rows)*n)
	if err := l.ReadColumns(first, first+n, block); err != nil {
		return nil, nil, err
	}
	counts := make([]float64, work.grid.Len())
	for _, j := range work.rows {
		counts[j]++
	}
	tunings, states := make([]neuron.Tuning, n), make([]string, n)
	err := inParallel(n, func(i int) error {
		responses := make([]float64, len(counts))
		for row, j := range work.rows {
			v := float64(block[row*n+i])
			if v-v != 0 {
				return fmt.Errorf("%s, unit %s: the response to stimulus %d (from 0) is %g, expected a finite number", l.title(), l.unitName(first+i), row, v)
			}
			responses[j] += v / counts[j]
		}
		for j, r := range responses {
			if r < 0 && u.rectify {
				responses[j] = 0
			} else if r < 0 {
				states[i] = negativeUnit
			}
		}
		if states[i] != "" {
			// The curves of a unit that has no rates are written as they are.
			tunings[i] = rawCurves(work.grid, responses)
			return nil
		}
		var err error
		if tunings[i], err = work.grid.Tune(responses); err == nil && tunings[i].Silent {
			states[i] = silentUnit
		}
		return err
	})
	return tunings, states, err
}

// rawCurves are the curves through the largest F0 of responses that may be
// negative, without measures.
func rawCurves(g neuron.GratingGrid, responses []float64) neuron.Tuning {
	lowest := slices.Min(responses)
	lifted := make([]float64, len(responses))
	for i, r := range responses {
		lifted[i] = r - lowest
	}
	t, err := g.Tune(lifted)
	if err != nil {
		panic(err) // all are finite and at least 0
	}
	lower := func(curve []float64) {
		for i := range curve {
			curve[i] += lowest
		}
	}
	lower(t.OrientationCurve)
	lower(t.FrequencyCurve)
	lower(t.PhaseCurve)
	return t
}

// chooseExamples takes the units at the 10th, 50th and 90th percentile of
// circular variance.
func (u *tuningRun) chooseExamples(work *tuningWork, l *tunedLayer) error {
	variance := l.values[measureAt("circular_variance")]
	var units []int
	for i, v := range variance {
		if !math.IsNaN(v) {
			units = append(units, i)
		}
	}
	if len(units) == 0 {
		return nil
	}
	slices.SortStableFunc(units, func(a, b int) int { return cmp.Compare(variance[a], variance[b]) })
	for _, part := range []float64{.1, .5, .9} {
		unit := units[int(part*float64(len(units)-1))]
		if slices.ContainsFunc(l.examples, func(e tuningExample) bool { return e.unit == unit }) {
			continue
		}
		tunings, _, err := u.tuneBlock(work, l, unit, 1)
		if err != nil {
			return err
		}
		l.examples = append(l.examples, tuningExample{unit, tunings[0]})
	}
	return nil
}

// A curveWriter writes tuning.npz: the axes, and each layer's curves, which are
// collected in files of their own first.
type curveWriter struct {
	f     *runFolder
	grid  neuron.GratingGrid
	z     *npy.ZipWriter
	now   []curveFile // of the layer that is written
	layer string
}

type curveFile struct {
	name, path string
	of         func(neuron.Tuning) []float64
	*npy.Writer[float32]
}

func newCurveWriter(f *runFolder, grid neuron.GratingGrid) (*curveWriter, error) {
	z, err := npy.CreateZip(f.path("tuning.npz"))
	if err != nil {
		return nil, err
	}
	for _, axis := range []struct {
		name   string
		values []float64
	}{{"orientations", grid.Orientations}, {"spatial_frequencies", grid.Frequencies}, {"phases", grid.Phases}} {
		if err := npy.AddEntry(z, axis.name, []int{len(axis.values)}, axis.values); err != nil {
			z.Abort()
			return nil, err
		}
	}
	return &curveWriter{f: f, grid: grid, z: z}, nil
}

// begin ends the layer before and begins another.
func (w *curveWriter) begin(l *tunedLayer) error {
	if err := w.end(); err != nil {
		return err
	}
	w.layer = l.title()
	for _, c := range []struct {
		name string
		n    int
		of   func(neuron.Tuning) []float64
	}{
		{"orientation_curves", len(w.grid.Orientations), func(t neuron.Tuning) []float64 { return t.OrientationCurve }},
		{"spatial_frequency_curves", len(w.grid.Frequencies), func(t neuron.Tuning) []float64 { return t.FrequencyCurve }},
		{"phase_curves", len(w.grid.Phases), func(t neuron.Tuning) []float64 { return t.PhaseCurve }},
	} {
		path, err := w.f.file("curves", c.name+".npy")
		if err != nil {
			return err
		}
		writer, err := npy.Create[float32](path, []int{l.units, c.n})
		if err != nil {
			return err
		}
		w.now = append(w.now, curveFile{c.name, path, c.of, writer})
	}
	return nil
}

func (w *curveWriter) write(tunings []neuron.Tuning) error {
	var row []float32
	for _, c := range w.now {
		row = row[:0]
		for _, t := range tunings {
			for _, v := range c.of(t) {
				row = append(row, float32(v))
			}
		}
		if err := c.Append(row); err != nil {
			return err
		}
	}
	return nil
}

// end adds the layer's curves to the archive.
func (w *curveWriter) end() error {
	for _, c := range w.now {
		if err := c.Close(); err != nil {
			return err
		}
		if err := npy.AddFile(w.z, fileName(w.layer)+"/"+c.name, c.path); err != nil {
			return err
		}
	}
	w.now = nil
	return os.RemoveAll(w.f.path("curves"))
}

func (w *curveWriter) close() error {
	if err := w.end(); err != nil {
		return err
	}
	return w.z.Close()
}

func (w *curveWriter) abort() {
	for _, c := range w.now {
		c.Abort()
	}
	w.z.Abort()
}
