package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"ventral/fit"
	"ventral/internal/npy"
	"ventral/network"
	"ventral/neuron"
	"ventral/stimuli"
)

// tuningWork is what is to be tuned: responses to gratings, layer by layer.
type tuningWork struct {
	grid   neuron.GratingGrid
	rows   []int // the grating of each row of the responses, in the order of the grid
	layers []unitResponses
	table  table // stimuli.csv
	data   []datum
	notes  []string
	show   func(ctx context.Context, t *terminal, f *runFolder) error // makes the responses
}

// unitResponses are the responses of the units of a layer, n_stimuli × n_units, of
// which columns are read.
type unitResponses struct {
	name  string // "" = recordings
	units int
	shape network.Shape // of a network's layer
	names []string      // of recorded neuroids; nil = numbers
	columnReader
}

// fileColumns reads units of a .npy file.
type fileColumns struct{ *npy.Matrix }

func (f fileColumns) ReadColumns(first, last int, dst []float32) error {
	return npy.ReadColumns(f.Matrix, first, last, dst)
}

// A columnReader reads the units from first to last into dst, n_stimuli × n.
type columnReader interface {
	ReadColumns(first, last int, dst []float32) error
	Close() error
}

func (w *tuningWork) close() {
	for _, l := range w.layers {
		if l.columnReader != nil {
			l.Close()
		}
	}
}

// open says what is to be tuned.
func (u *tuningRun) open(t *terminal) (*tuningWork, error) {
	if u.weights != "" {
		return u.openNetwork()
	}
	return u.openResponses(t)
}

// openNetwork prepares the gratings for a network.
func (u *tuningRun) openNetwork() (*tuningWork, error) {
	u.weights = weightsFile(u.weights)
	model, about, err := openModel(u.weights)
	if err != nil {
		return nil, err
	}
	if about.Prepared {
		return nil, fmt.Errorf("%s was trained on numbers that are shown as they are, which gratings are not: they are luminances", u.weights)
	}
	known := model.LayerNames()
	if slices.Equal(u.layers, []string{"all"}) {
		u.layers = known
	}
	in := about.Architecture.Input
	raster := stimuli.Raster{Height: in.Height, Width: in.Width, Degrees: u.degrees}
	w := &tuningWork{}
	if w.grid, err = u.gratings(raster); err != nil {
		return nil, err
	}
	if need := 16 * float64(u.orientations) * float64(u.phases) * float64(len(w.grid.Frequencies)); need > 1e9 {
		return nil, misused("%d orientations × %d frequencies × %d phases are too many", u.orientations, len(w.grid.Frequencies), u.phases)
	}
	var ids []string
	var list []stimuli.Stimulus
	w.table.header = []string{"stimulus_id", "orientation", "spatial_frequency", "phase", "contrast", "size", "degrees"}
	for _, θ := range w.grid.Orientations {
		for _, f := range w.grid.Frequencies {
			for _, φ := range w.grid.Phases {
				id := fmt.Sprintf("grating_%05d", len(ids))
				w.rows = append(w.rows, len(ids))
				ids = append(ids, id)
				list = append(list, stimuli.Grating{Orientation: θ, Frequency: f, Phase: φ, Contrast: u.contrast, Size: u.size})
				w.table.add(id, exact(θ), exact(f), exact(φ), exact(u.contrast), exact(u.size), exact(u.degrees))
			}
		}
	}
	// The highest frequency is the hardest to show.
	if err := list[len(list)-1].Frame(raster, 0, make([]float64, in.Height*in.Width)); err != nil {
		return nil, misused("%w", err)
	}
	for _, name := range u.layers {
		shape, ok := model.LayerShape(name)
		if !ok {
			return nil, unknown(name, known, "--layers: the network has no layer %q; it has %s", name, strings.Join(known, ", "))
		}
		if slices.ContainsFunc(w.layers, func(l unitResponses) bool { return l.name == name }) {
			return nil, misused("--layers: %s is named twice", name)
		}
		w.layers = append(w.layers, unitResponses{name: name, units: shape.Size(), shape: shape})
	}
	if err := fits(model.StreamBytes(len(ids), u.layers, u.batch), fmt.Sprintf("the activations of %d gratings at a time", u.batch), "use a smaller --batch or fewer --layers"); err != nil {
		return nil, err
	}
	if w.data, err = appendFile(w.data, "weights", u.weights); err != nil {
		return nil, err
	}
	if w.data, err = appendFile(w.data, "network", filepath.Join(filepath.Dir(u.weights), modelName)); err != nil {
		return nil, err
	}
	source := &stimuli.Prepared{Set: stimuli.NewDrawn(raster, in.Channels, ids, list), Mean: about.Mean, Std: about.Std}
	w.show = func(ctx context.Context, t *terminal, f *runFolder) error {
		return w.showNetwork(ctx, t, f, model, source, u.batch)
	}
	return w, nil
}

// gratings is the grid that the flags ask for.
func (u *tuningRun) gratings(r stimuli.Raster) (neuron.GratingGrid, error) {
	var g neuron.GratingGrid
	for i := range u.orientations {
		g.Orientations = append(g.Orientations, 180*float64(i)/float64(u.orientations))
	}
	for i := range u.phases {
		g.Phases = append(g.Phases, 360*float64(i)/float64(u.phases))
	}
	if !u.flags.Changed("spatial-frequencies") {
		const n = 8
		lowest, highest := 2/r.Degrees, 0.4*r.PixelsPerDegree()
		if !(highest > lowest) {
			return g, misused("an input of %d pixels shows too few frequencies: name some in --spatial-frequencies", r.Width)
		}
		var texts []string
		for i := range n {
			texts = append(texts, short(lowest*math.Pow(highest/lowest, float64(i)/(n-1))))
		}
		if err := u.flags.Set("spatial-frequencies", strings.Join(texts, ",")); err != nil { // run.json is to say which
			return g, err
		}
	}
	var err error
	if g.Frequencies, err = numbersOf("spatial-frequencies", u.frequencies); err != nil {
		return g, err
	}
	slices.Sort(g.Frequencies)
	if err := g.Check(); err != nil {
		return g, misused("%w", err)
	}
	return g, nil
}

// showNetwork writes the activations to files in the run's folder, of which
// columns are read: memory does not grow with the number of gratings.
func (w *tuningWork) showNetwork(ctx context.Context, t *terminal, f *runFolder, model *network.Model, source network.Source, batch int) error {
	writers := map[string]*npy.Writer[float32]{}
	names := make([]string, len(w.layers))
	at := func(name string) string { return f.path("responses", fileName(name)+".npy") }
	for i, l := range w.layers {
		p, err := f.file("responses", fileName(l.name)+".npy")
		if err != nil {
			return err
		}
		writer, err := npy.Create[float32](p, []int{source.Len(), l.units})
		if err != nil {
			return err
		}
		defer writer.Abort()
		names[i], writers[l.name] = l.name, writer
	}
	b := t.bar("gratings", source.Len(), "gratings")
	defer b.done()
	if err := model.StreamActivations(ctx, source, nil, names, batch, func(layer string, first int, rows []float32) error {
		b.at(first+imagesIn(model, layer, rows), "gratings")
		return writers[layer].Append(rows)
	}); err != nil {
		return err
	}
	for i, l := range w.layers {
		if err := writers[l.name].Close(); err != nil {
			return err
		}
		matrix, err := npy.OpenMatrix(at(l.name))
		if err != nil {
			return err
		}
		w.layers[i].columnReader = fileColumns{matrix}
	}
	return nil
}

// openResponses reads the table of gratings and opens the responses to them.
func (u *tuningRun) openResponses(t *terminal) (*tuningWork, error) {
	path := u.stimuli
	if path == "" {
		path = filepath.Join(filepath.Dir(u.responses), "stimuli.csv")
	}
	stimulusTable, err := stimuli.ReadTable(path)
	if err != nil {
		return nil, fmt.Errorf("the gratings of %s: %w", u.responses, err)
	}
	w := &tuningWork{table: table{header: stimulusTable.Columns, rows: stimulusTable.Rows}}
	if w.data, err = appendFile(w.data, "responses", u.responses); err != nil {
		return nil, err
	}
	if w.data, err = appendFile(w.data, "stimuli", path); err != nil {
		return nil, err
	}
	layer, shown, err := u.readResponses(stimulusTable)
	if err != nil {
		return nil, err
	}
	w.layers = []unitResponses{layer.unitResponses}
	w.notes = append(w.notes, layer.notes...)
	for _, note := range layer.notes {
		t.say("note: %s: %s", u.responses, note)
	}
	if w.grid, w.rows, err = gridOf(stimulusTable, shown); err != nil {
		w.close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(w.grid.Phases) == 1 {
		w.notes = append(w.notes, "the gratings have one phase: there is no F1/F0")
	}
	w.show = func(context.Context, *terminal, *runFolder) error { return nil }
	return w, nil
}

type recordedResponses struct {
	unitResponses
	notes []string
}

// readResponses opens the responses; shown are the table's rows that theirs belong
// to.
func (u *tuningRun) readResponses(stimulusTable *stimuli.Table) (r recordedResponses, shown []int, err error) {
	ids, _ := stimulusTable.Column("stimulus_id")
	if filepath.Ext(u.responses) != ".npy" || len(u.axes) > 0 {
		a, err := fit.ReadAssembly(u.responses, within(fit.ReadOptions{Region: u.region, Dataset: u.dataset, Axes: u.axes, StimulusIDs: ids}))
		if err != nil {
			return r, nil, ofFlag("responses", err)
		}
		if shown, err = fit.Align(ids, a); err != nil {
			return r, nil, fmt.Errorf("%s and the table of its gratings: %w", u.responses, err)
		}
		mean := a.Mean()
		r = recordedResponses{unitResponses{units: len(a.Neuroids), names: a.Neuroids}, a.Notes}
		values := make([]float32, 0, len(shown)*r.units)
		for i := range shown {
			for _, v := range mean.RawRowView(i) {
				values = append(values, float32(v))
			}
		}
		r.columnReader = inMemory{values, r.units}
		return r, shown, nil
	}
	for i := range ids {
		shown = append(shown, i)
	}
	header, err := npy.Stat(u.responses)
	if err != nil {
		return r, nil, err
	}
	if len(header.Shape) < 2 || header.Shape[0] != len(ids) {
		return r, nil, fmt.Errorf("%s: an array of shape %v, expected a row for each of the %d gratings of the table, and units", u.responses, header.Shape, len(ids))
	}
	if !header.Fortran {
		matrix, err := npy.OpenMatrix(u.responses)
		if err != nil {
			return r, nil, err
		}
		r.units, r.columnReader = matrix.Columns, fileColumns{matrix}
		return r, shown, nil
	}
	size, err := os.Stat(u.responses)
	if err != nil {
		return r, nil, err
	}
	if err := fits(2*size.Size(), "the responses of "+u.responses, "write them in C order (numpy.ascontiguousarray), which is read in pieces"); err != nil {
		return r, nil, err
	}
	values, _, err := npy.ReadFile[float32](u.responses)
	if err != nil {
		return r, nil, err
	}
	if len(values) == 0 {
		return r, nil, fmt.Errorf("%s: an array of shape %v, expected units", u.responses, header.Shape)
	}
	r.units = len(values) / len(ids)
	r.columnReader = inMemory{values, r.units}
	return r, shown, nil
}

// inMemory is a matrix in memory.
type inMemory struct {
	values  []float32
	columns int
}

func (m inMemory) ReadColumns(first, last int, dst []float32) error {
	n := last - first
	for i := range len(m.values) / m.columns {
		copy(dst[i*n:][:n], m.values[i*m.columns+first:])
	}
	return nil
}

func (m inMemory) Close() error { return nil }

// gridOf is the grid of gratings that the shown rows of a table make, and each
// row's place in it.
func gridOf(stimulusTable *stimuli.Table, shown []int) (g neuron.GratingGrid, rows []int, err error) {
	column := func(name string, needed bool) ([]float64, []float64, error) {
		texts, ok := stimulusTable.Column(name)
		values := make([]float64, len(shown))
		if !ok {
			if needed {
				return nil, nil, fmt.Errorf("no column %s among %q", name, stimulusTable.Columns)
			}
			return values, []float64{0}, nil
		}
		for i, row := range shown {
			v, err := strconv.ParseFloat(strings.TrimSpace(texts[row]), 64)
			if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
				return nil, nil, fmt.Errorf("the %s of row %d (of stimuli, from 1) is %q, expected a finite number", name, row+1, texts[row])
			}
			values[i] = v
		}
		return values, slices.Compact(slices.Sorted(slices.Values(values))), nil
	}
	var of [3][]float64
	if of[0], g.Orientations, err = column("orientation", true); err != nil {
		return g, nil, err
	}
	if n := len(g.Orientations); g.Orientations[n-1]-g.Orientations[0] >= 180 {
		return g, nil, fmt.Errorf("the orientations go from %g to %g degrees, expected a range below 180: of directions of drift, write the orientation of the bars (rows of one grating are averaged)", g.Orientations[0], g.Orientations[n-1])
	}
	if of[1], g.Frequencies, err = column("spatial_frequency", true); err != nil {
		return g, nil, err
	}
	if of[2], g.Phases, err = column("phase", false); err != nil {
		return g, nil, err
	}
	if err := g.Check(); err != nil {
		return g, nil, err
	}
	seen := make([]bool, g.Len())
	for i := range shown {
		at := func(list []float64, v float64) int { j, _ := slices.BinarySearch(list, v); return j }
		j := g.Index(at(g.Orientations, of[0][i]), at(g.Frequencies, of[1][i]), at(g.Phases, of[2][i]))
		rows, seen[j] = append(rows, j), true
	}
	if j := slices.Index(seen, false); j >= 0 {
		p, f := j%len(g.Phases), j/len(g.Phases)%len(g.Frequencies)
		return g, nil, fmt.Errorf("there is no grating of orientation %g, spatial frequency %g and phase %g: expected every orientation (%d) with every frequency (%d) and phase (%d)",
			g.Orientations[j/len(g.Phases)/len(g.Frequencies)], g.Frequencies[f], g.Phases[p], len(g.Orientations), len(g.Frequencies), len(g.Phases))
	}
	return g, rows, nil
}
