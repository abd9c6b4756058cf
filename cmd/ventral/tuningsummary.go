package main

import (
	"fmt"
	"io"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"

	"ventral/fit"
	"ventral/internal/hdf5"
)

// A tuningSummary is what ventral tuning tells of each layer.
type tuningSummary struct {
	Layers      []layerTuning      `json:"layers"`
	Comparisons []tuningComparison `json:"comparisons,omitempty"`
	Notes       []string           `json:"notes,omitempty"`
}

type layerTuning struct {
	Layer    string               `json:"layer"`
	Units    int                  `json:"n_units"`
	Silent   int                  `json:"n_silent"`
	Negative int                  `json:"n_negative"`      // with responses below 0
	Simple   figure               `json:"simple_fraction"` // F1/F0 > 1, of the units that have one
	Measures map[string]quartiles `json:"measures"`        // not of orientations, which are circular
}

// quartiles are those of the units that have a measure.
type quartiles struct {
	N      int    `json:"n"`
	Lower  figure `json:"q25"`
	Median figure `json:"median"`
	Upper  figure `json:"q75"`
}

// A tuningComparison is a property of recorded neurons beside the units of a
// layer.
type tuningComparison struct {
	Property       string `json:"property"` // as the file calls it
	Measure        string `json:"measure"`  // as tuning.csv does
	Source         string `json:"source"`
	Layer          string `json:"layer"`
	Units          int    `json:"n_units"`
	Recorded       int    `json:"n_recorded"`
	Median         figure `json:"median"`
	RecordedMedian figure `json:"recorded_median"`
	KS             figure `json:"ks"` // largest distance of the distributions, NaN where there are no units
	P              figure `json:"p"`
}

func summarise(layers []*tunedLayer) tuningSummary {
	var s tuningSummary
	for _, l := range layers {
		about := layerTuning{Layer: l.title(), Units: l.units, Silent: l.silent, Negative: l.negative, Measures: map[string]quartiles{}}
		for m, measure := range tuningMeasures {
			if strings.HasSuffix(measure.name, "orientation") {
				continue
			}
			values := fit.Draws(l.of(m))
			about.Measures[measure.name] = quartiles{len(values), figure(values.Quantile(.25)), figure(values.Quantile(.5)), figure(values.Quantile(.75))}
		}
		modulated := l.of(measureAt("modulation_ratio"))
		simple := 0
		for _, v := range modulated {
			if v > 1 {
				simple++
			}
		}
		about.Simple = figure(float64(simple) / float64(len(modulated))) // NaN of none
		s.Layers = append(s.Layers, about)
	}
	return s
}

// write prints the table.
func (s tuningSummary) write(out io.Writer) {
	rows := table{header: []string{"layer", "units", "silent", "negative"}, left: 1}
	for _, m := range tuningMeasures {
		if m.digits >= 0 {
			rows.header = append(rows.header, m.title)
		}
	}
	rows.header = append(rows.header, "simple")
	for _, l := range s.Layers {
		cells := []string{l.Layer, thousands(l.Units), thousands(l.Silent), thousands(l.Negative)}
		for _, m := range tuningMeasures {
			if m.digits >= 0 {
				q := l.Measures[m.name]
				cells = append(cells, quartilesText(q, m.digits))
			}
		}
		rows.add(append(cells, percent(l.Simple))...)
	}
	rows.write(out)
	fmt.Fprintln(out, "\nmedian (quartiles) of the units that have the measure; simple: F1/F0 above 1. Silent units do not respond; negative ones have responses below 0.")
	if len(s.Comparisons) > 0 {
		fmt.Fprintln(out)
		rows := table{header: []string{"property", "layer", "units", "recorded", "median", "recorded", "KS", "p"}, left: 2}
		for _, c := range s.Comparisons {
			rows.add(c.Property, c.Layer, thousands(c.Units), thousands(c.Recorded), brief(c.Median), brief(c.RecordedMedian), decimals(c.KS), probability(c.P))
		}
		rows.write(out)
		fmt.Fprintln(out, "\np takes units and neurons to be independent; units that share a filter are not.")
	}
	for _, note := range s.Notes {
		fmt.Fprintln(out, "note:", note)
	}
}

func quartilesText(q quartiles, digits int) string {
	if q.N == 0 {
		return "–"
	}
	text := func(f figure) string { return strconv.FormatFloat(float64(f), 'f', digits, 64) }
	return fmt.Sprintf("%s (%s–%s)", text(q.Median), text(q.Lower), text(q.Upper))
}

func brief(f figure) string {
	if math.IsNaN(float64(f)) {
		return "–"
	}
	return strconv.FormatFloat(float64(f), 'g', 3, 64)
}

// probability is p as it is printed.
func probability(p figure) string {
	switch v := float64(p); {
	case math.IsNaN(v):
		return "–"
	case v < .001:
		return "< .001"
	}
	return decimals(p)
}

// recordedProperties are properties of recorded neurons, by name.
type recordedProperties struct {
	path   string
	names  []string // those that gratings measure, in the order of the measures
	values map[string][]float64
}

// readProperties reads a Brain-Score file of neuronal properties: an array of
// neuroids × properties and the coordinate that names the latter.
func readProperties(file string) (recordedProperties, error) {
	p := recordedProperties{path: file, values: map[string][]float64{}}
	f, err := hdf5.Open(file)
	if err != nil {
		return p, err
	}
	defer f.Close()
	paths, err := f.Datasets()
	if err != nil {
		return p, err
	}
	const axis = "neuronal_property"
	var array, naming *hdf5.Dataset
	for _, at := range paths {
		d, err := f.Dataset(at)
		if err != nil {
			return p, err
		}
		dims := d.Dims()
		switch {
		case slices.Equal(dims, []string{"neuroid", axis}) && d.Kind() == hdf5.Float:
			array = d
		case len(dims) == 1 && d.Kind() == hdf5.Text && strings.TrimSuffix(path.Base(at), "_") == axis:
			naming = d
		}
	}
	if array == nil || naming == nil {
		return p, fmt.Errorf("%s: expected an array neuroid × %s and the names of the properties (a Brain-Score file), found the datasets %q", file, axis, paths)
	}
	names, err := naming.Strings(nil, nil)
	if err != nil {
		return p, err
	}
	values, err := array.Float64s(nil, nil)
	if err != nil {
		return p, err
	}
	if array.Shape()[1] != len(names) {
		return p, fmt.Errorf("%s: %d names of properties, and an array of shape %v", file, len(names), array.Shape())
	}
	var known []string
	for _, m := range tuningMeasures {
		if m.recorded == "" {
			continue
		}
		known = append(known, m.recorded)
		column := slices.Index(names, m.recorded)
		if column < 0 {
			continue
		}
		p.names = append(p.names, m.recorded)
		for i := column; i < len(values); i += len(names) {
			switch v := values[i]; {
			case math.IsNaN(v): // not measured, or not there
			case math.IsInf(v, 0):
				return p, fmt.Errorf("%s: %s of neuroid %d is %g", file, m.recorded, i/len(names), v)
			default:
				p.values[m.recorded] = append(p.values[m.recorded], v)
			}
		}
		if len(p.values[m.recorded]) == 0 {
			return p, fmt.Errorf("%s: %s has no values", file, m.recorded)
		}
	}
	if len(p.names) == 0 {
		return p, fmt.Errorf("%s has the properties %s, none of which gratings measure: expected some of %s", file, strings.Join(names, ", "), strings.Join(known, ", "))
	}
	return p, nil
}

// measureOf is the place of the measure that a property is.
func measureOf(property string) int {
	return slices.IndexFunc(tuningMeasures, func(m tuningMeasure) bool { return m.recorded == property })
}

// compare puts the properties beside the layers' units.
func (p recordedProperties) compare(layers []*tunedLayer) []tuningComparison {
	var all []tuningComparison
	for _, name := range p.names {
		recorded := p.values[name]
		for _, l := range layers {
			m := measureOf(name)
			units := l.of(m)
			c := tuningComparison{Property: name, Measure: tuningMeasures[m].name, Source: stem(p.path), Layer: l.title(), Units: len(units), Recorded: len(recorded),
				Median: figure(median(units)), RecordedMedian: figure(median(recorded)), KS: figure(math.NaN()), P: figure(math.NaN())}
			circular := strings.HasSuffix(c.Measure, "orientation") // medians and KS depend on where 0° is
			if circular {
				c.Median, c.RecordedMedian = figure(math.NaN()), figure(math.NaN())
			}
			if len(units) > 0 && !circular {
				d, pr := fit.KolmogorovSmirnov(units, recorded)
				c.KS, c.P = figure(d), figure(pr)
			}
			all = append(all, c)
		}
	}
	return all
}
