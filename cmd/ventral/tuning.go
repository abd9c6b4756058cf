package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"ventral/neuron"
)

var tuningVerb = verb{
	name:    "tuning",
	anew:    true,
	summary: "orientation and frequency tuning of a network's units or of recorded neurons, beside recorded ones",
	detail: `
Shows gratings of every orientation, spatial frequency and phase to a trained
network (--weights), or takes responses to such gratings from a file (--responses:
.npy of stimuli × units, further axes flattened; or HDF5, netCDF, .npz and .npy
with --axes, averaged over repetitions). --stimuli names the gratings: a CSV with
stimulus_id, orientation (of the bars, degrees), spatial_frequency (cycles/degree)
and, for F1/F0, phase (degrees), as ventral stimuli render writes it. Rows that
name the same grating are averaged.

For each unit: preferred orientation (peak, and vector sum over doubled angles),
circular variance (Ringach et al. 2002), orientation selectivity index and
orthogonal ratio, half width of the orientation tuning at 1/2 and 1/√2 of its
height, preferred spatial frequency, its bandwidth in octaves at 1/2 and as 100
f_low/f_high at 1/√2 of the height, and F1/F0 (Skottun et al. 1991; above 1:
simple cells). Curves are means over the phases, straight between gratings.

Writes --out: tuning.csv (a row for each unit), tuning.npz (curves, LAYER/…, n_units
× n_gratings), tuning.png and .svg, stimuli.csv, summary.json and run.json. Silent
units, and negative ones (with a response below 0, which is no rate), have no
measures; they are counted.

--compare takes a Brain-Score netCDF-4 file of neuronal properties (neuroid ×
neuronal_property: Ringach2002, DeValois1982a, DeValois1982b, Schiller1976c …) and
puts those that gratings measure beside the units': comparison.csv, comparison.png,
and the Kolmogorov–Smirnov distance with its p, which takes units to be
independent: those of a convolution are not.

  ventral tuning --weights runs/lc/weights.npz --out runs/lc-tuning
  ventral tuning --weights runs/lc/weights.npz --layers conv1,conv2 --compare Schiller1976c.nc --out runs/lc-tuning
  ventral tuning --responses v1.npy --stimuli gratings/stimuli.csv --out v1-tuning`,
	json: `
  layers                of each: layer, n_units, n_silent, n_negative,
                        simple_fraction, and measures: of each column of
                        tuning.csv but orientations n (units that have it), q25,
                        median, q75
  comparisons           with --compare: property, measure, source, layer,
                        n_units, n_recorded, median, recorded_median, ks, p
  notes                 what to mind; both are left out where there is nothing`,
	flags: func(flags *pflag.FlagSet) action {
		u := &tuningRun{flags: flags}
		flags.StringVar(&u.weights, "weights", "", "weights.npz of a trained network, with model.json beside it")
		heading(flags, "weights", "The run")
		flags.StringVar(&u.responses, "responses", "", "responses in place of a network: .npy, .npz, HDF5 or netCDF")
		u.folder.add(flags, "")
		flags.StringSliceVar(&u.compare, "compare", nil, "netCDF-4 files of recorded properties")
		flags.BoolVar(&u.rectify, "rectify", false, "responses below 0 count as 0, as in Brain-Score; else such units have no measures")
		flags.StringSliceVar(&u.layers, "layers", []string{"all"}, "layers, or all")
		heading(flags, "layers", "Of --weights")
		flags.IntVar(&u.batch, "batch", 128, "gratings shown at a time")
		flags.Float64Var(&u.degrees, "degrees", 8, "visual angle of the network's input")
		flags.IntVar(&u.orientations, "orientations", 12, "orientations shown, evenly over 180 degrees from 0")
		flags.StringSliceVar(&u.frequencies, "spatial-frequencies", nil, "spatial frequencies shown, cycles/degree (default: 8 from 2 cycles on the input to 0.8 of what its pixels show, evenly in octaves)")
		flags.IntVar(&u.phases, "phases", 8, "phases shown, evenly over 360 degrees from 0")
		flags.Float64Var(&u.contrast, "contrast", 1, "Michelson contrast shown")
		flags.Float64Var(&u.size, "size", 0, "diameter of the gratings, degrees (0: the whole input)")
		flags.StringVar(&u.stimuli, "stimuli", "", "CSV that names the gratings of --responses (default: stimuli.csv beside them)")
		heading(flags, "stimuli", "Of --responses")
		flags.StringSliceVar(&u.axes, "axes", nil, "axes of --responses in their order: stimulus, repetition, neuroid")
		flags.StringVar(&u.dataset, "dataset", "", "dataset of --responses, where the file holds several")
		flags.StringVar(&u.region, "region", "", "region of --responses, where the file holds several")
		return u.run
	},
}

// tuningRun is the verb's flags.
type tuningRun struct {
	flags                              *pflag.FlagSet
	weights, responses, stimuli        string
	layers, frequencies, axes, compare []string
	batch, orientations, phases        int
	degrees, contrast, size            float64
	dataset, region                    string
	rectify                            bool
	folder                             folderFlags
}

// check refuses what can be seen in the flags alone.
func (u *tuningRun) check() error {
	if err := required(u.flags, "out"); err != nil {
		return err
	}
	if (u.weights == "") == (u.responses == "") {
		return needs(u.flags, "either --weights or --responses")
	}
	network := []string{"layers", "batch", "degrees", "orientations", "spatial-frequencies", "phases", "contrast", "size"}
	recorded := []string{"stimuli", "axes", "dataset", "region"}
	for _, name := range map[bool][]string{true: recorded, false: network}[u.weights != ""] {
		if u.flags.Changed(name) {
			return misused("--%s is for %s", name, map[bool]string{true: "--responses", false: "--weights"}[u.weights != ""])
		}
	}
	switch {
	case u.batch < 1 || len(u.layers) == 0:
		return misused("--batch %d --layers %s: expected at least 1, and all or names of layers", u.batch, strings.Join(u.layers, ","))
	case !(u.degrees > 0) || math.IsInf(u.degrees, 1):
		return misused("--degrees %g: expected a positive angle", u.degrees)
	case u.orientations < 3 || u.orientations > 360 || u.phases != 1 && u.phases < 3 || u.phases > 360:
		return misused("--orientations %d --phases %d: expected 3 to 360 orientations, and 1 phase or 3 to 360", u.orientations, u.phases)
	}
	return u.folder.check()
}

func (u *tuningRun) run(ctx context.Context, t *terminal) error {
	if err := u.check(); err != nil {
		return err
	}
	var recorded []recordedProperties
	for _, path := range u.compare { // before any work
		p, err := readProperties(path)
		if err != nil {
			return err
		}
		recorded = append(recorded, p)
	}
	work, err := u.open(t)
	if err != nil {
		return err
	}
	defer work.close()
	about := describe(u.flags)
	about.Data, about.Notes = work.data, work.notes
	for _, path := range u.compare {
		if about.Data, err = appendFile(about.Data, "recorded properties", path); err != nil {
			return err
		}
	}
	f, err := t.runFolder(u.folder, about)
	if err != nil {
		return err
	}
	defer f.abandon()
	if err := work.show(ctx, t, f); err != nil {
		return interrupted(ctx, err)
	}
	results, err := u.tune(ctx, t, f, work)
	if err != nil {
		return interrupted(ctx, err)
	}
	summary := summarise(results)
	summary.Notes = work.notes
	for _, p := range recorded {
		summary.Comparisons = append(summary.Comparisons, p.compare(results)...)
	}
	for _, c := range summary.Comparisons {
		if c.Units == 0 {
			summary.Notes = append(summary.Notes, fmt.Sprintf("%s of %s cannot be compared: these gratings give it to no unit of %s", c.Property, c.Source, c.Layer))
		}
	}
	if err := u.writeResults(f, work, results, recorded, summary); err != nil {
		return err
	}
	if err := f.finish(); err != nil {
		return err
	}
	return t.result(summary, func() {
		summary.write(t.out)
		fmt.Fprintf(t.out, "\nThe tuning is in %s: tuning.png, tuning.csv, tuning.npz.\n", f.name)
	})
}

// writeResults writes the figures and what is small.
func (u *tuningRun) writeResults(f *runFolder, work *tuningWork, results []*tunedLayer, recorded []recordedProperties, summary tuningSummary) error {
	if err := f.writeJSON(summary, "summary.json"); err != nil {
		return err
	}
	if err := f.writeCSV(work.table.header, work.table.rows, "stimuli.csv"); err != nil {
		return err
	}
	if err := drawTuning(f, work.grid, results); err != nil {
		return err
	}
	if len(recorded) == 0 {
		return nil
	}
	rows := make([][]string, len(summary.Comparisons))
	for i, c := range summary.Comparisons {
		rows[i] = []string{c.Property, c.Measure, c.Source, c.Layer, fmt.Sprint(c.Units), fmt.Sprint(c.Recorded), c.Median.csv(), c.RecordedMedian.csv(), c.KS.csv(), c.P.csv()}
	}
	if err := f.writeCSV([]string{"property", "measure", "source", "layer", "n_units", "n_recorded", "median", "recorded_median", "ks", "p"}, rows, "comparison.csv"); err != nil {
		return err
	}
	return drawComparison(f, recorded, results)
}

// A tuningMeasure is a number of each unit's tuning.
type tuningMeasure struct {
	name   string // the column of tuning.csv
	title  string // for people
	digits int    // in tables; below 0: not in them
	// recorded is the name of the property in Brain-Score's files; "" = none.
	recorded string
	of       func(t neuron.Tuning) float64
}

// defined is 1 for a number, 0 for none.
func defined(v float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return 1
}

// frequencySelective is 1 for a unit whose frequency curve falls below 1/√2 of its
// peak on both sides, 0 for one that does not, and NaN where the peak lies at the
// border of the frequencies that were shown: they do not tell.
func frequencySelective(t neuron.Tuning) float64 {
	last := len(t.FrequencyCurve) - 1
	if last < 0 {
		return math.NaN()
	}
	if most := slices.Max(t.FrequencyCurve); t.FrequencyCurve[0] == most || t.FrequencyCurve[last] == most {
		return math.NaN()
	}
	return defined(t.FrequencyRatio)
}

var tuningMeasures = []tuningMeasure{
	{"peak", "peak response", -1, "", func(t neuron.Tuning) float64 { return t.Peak }},
	{"preferred_orientation", "preferred orientation (°)", -1, "preferred_orientation", func(t neuron.Tuning) float64 { return t.Orientation }},
	{"vector_orientation", "orientation of the vector sum (°)", -1, "", func(t neuron.Tuning) float64 { return t.VectorOrientation }},
	{"circular_variance", "circular variance", 2, "circular_variance", func(t neuron.Tuning) float64 { return t.CircularVariance }},
	{"orientation_selectivity_index", "OSI", 2, "", func(t neuron.Tuning) float64 { return t.OrientationIndex }},
	{"orthogonal_preferred_ratio", "orthogonal/preferred", -1, "orthogonal_preferred_ratio", func(t neuron.Tuning) float64 { return t.OrthogonalRatio }},
	{"orientation_bandwidth", "half width (°)", 1, "", func(t neuron.Tuning) float64 { return t.OrientationWidth }},
	{"orientation_bandwidth_707", "half width at 1/√2 (°)", -1, "bandwidth", func(t neuron.Tuning) float64 { return t.OrientationWidth707 }},
	{"orientation_selective", "orientation selective", -1, "orientation_selective", func(t neuron.Tuning) float64 { return defined(t.OrientationWidth707) }},
	{"peak_spatial_frequency", "frequency (c/°)", 2, "peak_spatial_frequency", func(t neuron.Tuning) float64 { return t.Frequency }},
	{"spatial_frequency_bandwidth_octaves", "bandwidth (octaves)", 2, "", func(t neuron.Tuning) float64 { return t.FrequencyWidth }},
	{"spatial_frequency_bandwidth", "100 f_low/f_high at 1/√2", -1, "spatial_frequency_bandwidth", func(t neuron.Tuning) float64 { return t.FrequencyRatio }},
	{"spatial_frequency_selective", "frequency selective", -1, "spatial_frequency_selective", frequencySelective},
	{"modulation_ratio", "F1/F0", 2, "modulation_ratio", func(t neuron.Tuning) float64 { return t.Modulation }},
}

// measureAt is the place of a measure in the table.
func measureAt(name string) int {
	i := slices.IndexFunc(tuningMeasures, func(m tuningMeasure) bool { return m.name == name })
	if i < 0 {
		panic("no measure " + name)
	}
	return i
}
