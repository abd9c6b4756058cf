package main

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"ventral/neuron"
)

// drawTuning writes tuning.png: how the units are distributed, and the curves of
// some of the first layer.
func drawTuning(f *runFolder, grid neuron.GratingGrid, layers []*tunedLayer) error {
	step := 180 / float64(len(grid.Orientations))
	orientation := newPlot("preferred orientation", "orientation (°)", "fraction of units")
	variance := newPlot("orientation selectivity", "circular variance", "fraction of units")
	modulation := newPlot("simple and complex", "F1/F0", "fraction of units")
	frequency := newPlot("preferred frequency", "spatial frequency (cycles/°)", "fraction of units")
	for i, l := range layers {
		for _, d := range []struct {
			p       *plot.Plot
			measure string
			edges   []float64
		}{
			{orientation, "preferred_orientation", evenEdges(grid.Orientations[0]-step/2, grid.Orientations[0]+180-step/2, len(grid.Orientations))},
			{variance, "circular_variance", evenEdges(0, 1, 20)},
			{modulation, "modulation_ratio", evenEdges(0, 2, 20)},
			{frequency, "peak_spatial_frequency", frequencyEdges(grid.Frequencies)},
		} {
			name := ""
			if d.p == variance {
				name = l.title()
			}
			if err := addHistogram(d.p, name, colourAt(i), d.edges, l.of(measureAt(d.measure)), false); err != nil {
				return err
			}
		}
	}
	orientation.X.Tick.Marker = plot.ConstantTicks(ticksAt(0, 45, 90, 135, 180))
	modulation.X.Min, modulation.X.Max = 0, 2
	variance.X.Min, variance.X.Max = 0, 1
	octaves(frequency, grid.Frequencies)
	for _, p := range []*plot.Plot{orientation, variance, modulation, frequency} {
		lines := 0
		if p == variance {
			lines = len(layers)
		}
		roomForLegend(p, lines)
	}
	variance.Legend.Top, variance.Legend.Left = true, true

	shown := layers[0]
	curves := newPlot("orientation tuning, "+shown.title(), "orientation (°)", "response / peak")
	passbands := newPlot("frequency tuning, "+shown.title(), "spatial frequency (cycles/°)", "response / peak")
	for i, e := range shown.examples {
		name := fmt.Sprintf("unit %s, CV %.2f, F1/F0 %.2f", shown.unitName(e.unit), e.tuning.CircularVariance, e.tuning.Modulation)
		around := append(slices.Clone(grid.Orientations), grid.Orientations[0]+180)
		if err := addCurve(curves, curve{name: name, color: colourAt(i), xs: around, ys: parts(append(slices.Clone(e.tuning.OrientationCurve), e.tuning.OrientationCurve[0]), e.tuning.Peak)}); err != nil {
			return err
		}
		if err := addCurve(passbands, curve{name: name, color: colourAt(i), xs: grid.Frequencies, ys: parts(e.tuning.FrequencyCurve, e.tuning.Peak)}); err != nil {
			return err
		}
	}
	passbands.Legend = plot.NewLegend()
	curves.X.Tick.Marker = plot.ConstantTicks(ticksAt(0, 45, 90, 135, 180))
	for _, p := range []*plot.Plot{curves, passbands} {
		p.Y.Min, p.Y.Max = 0, 1.05
	}
	curves.Y.Max = 1.45
	curves.Y.Tick.Marker = plot.TickerFunc(func(_, _ float64) []plot.Tick { return roundTicks(0, 1.01) })
	curves.Legend.Top = true
	octaves(passbands, grid.Frequencies)
	return (&figurePage{rows: [][]*plot.Plot{{orientation, variance, modulation}, {frequency, curves, passbands}}}).write(f, "tuning")
}

// drawComparison writes comparison.png: each recorded property, grey, beside the
// units of the layers.
func drawComparison(f *runFolder, recorded []recordedProperties, layers []*tunedLayer) error {
	var page figurePage
	for _, p := range recorded {
		for _, name := range p.names {
			m := measureOf(name)
			all := slices.Clone(p.values[name])
			for _, l := range layers {
				all = append(all, l.of(m)...)
			}
			edges := histogramEdges(all)
			drawn := newPlot(name, tuningMeasures[m].title, "fraction of units")
			if err := addHistogram(drawn, stem(p.path), grey, edges, p.values[name], true); err != nil {
				return err
			}
			for i, l := range layers {
				if err := addHistogram(drawn, l.title(), colourAt(i), edges, l.of(m), false); err != nil {
					return err
				}
			}
			roomForLegend(drawn, len(layers)+1)
			if len(edges) == 4 {
				drawn.X.Tick.Marker = plot.ConstantTicks([]plot.Tick{{Value: 0, Label: "no"}, {Value: 1, Label: "yes"}})
			}
			drawn.Legend.Top, drawn.Legend.Left = true, true
			page.rows = append(page.rows, []*plot.Plot{drawn})
		}
	}
	return page.write(f, "comparison")
}

// addHistogram adds the parts of the values in bins, as a line of steps or filled.
func addHistogram(p *plot.Plot, name string, c color.RGBA, edges, values []float64, filled bool) error {
	if len(values) == 0 {
		return nil
	}
	part := make([]float64, len(edges)-1)
	for _, v := range values {
		i, found := slices.BinarySearch(edges, v)
		if !found {
			i--
		}
		i = min(max(i, 0), len(part)-1) // the last edge is the last bin's; rounding
		part[i] += 1 / float64(len(values))
	}
	points := plotter.XYs{{X: edges[0], Y: 0}}
	for i, v := range part {
		points = append(points, plotter.XY{X: edges[i], Y: v}, plotter.XY{X: edges[i+1], Y: v})
	}
	points = append(points, plotter.XY{X: edges[len(edges)-1], Y: 0})
	if filled {
		area, err := plotter.NewPolygon(points)
		if err != nil {
			return err
		}
		area.Color, area.LineStyle.Width = color.RGBA{0xcc, 0xcc, 0xcc, 0xff}, 0
		p.Add(area)
		p.Legend.Add(name, area)
		return nil
	}
	line, err := plotter.NewLine(points)
	if err != nil {
		return err
	}
	line.Color, line.Width = c, vg.Points(1.5)
	p.Add(line)
	if name != "" {
		p.Legend.Add(name, line)
	}
	return nil
}

// roomForLegend begins the y-axis of fractions at 0, and leaves room above them for
// lines of a legend that bears no ticks.
func roomForLegend(p *plot.Plot, lines int) {
	top := max(p.Y.Max, .05)
	p.Y.Min, p.Y.Max = 0, top*(1.05+.13*float64(lines))
	p.Y.Tick.Marker = plot.TickerFunc(func(_, _ float64) []plot.Tick { return roundTicks(0, top) })
}

// evenEdges are the edges of n bins from low to high.
func evenEdges(low, high float64, n int) []float64 {
	edges := make([]float64, n+1)
	for i := range edges {
		edges[i] = low + (high-low)*float64(i)/float64(n)
	}
	return edges
}

// histogramEdges are those of 20 bins over the values' range, and of 3 where they
// are all 0 or 1.
func histogramEdges(values []float64) []float64 {
	low, high := slices.Min(values), slices.Max(values)
	if !slices.ContainsFunc(values, func(v float64) bool { return v != 0 && v != 1 }) {
		return evenEdges(-.25, 1.25, 3)
	}
	if high-low < 1e-9*max(math.Abs(high), 1) {
		low, high = low-.5, high+.5
	}
	return evenEdges(low, high, 20)
}

// frequencyEdges lie half-way, in octaves, between the frequencies.
func frequencyEdges(frequencies []float64) []float64 {
	n := len(frequencies)
	if n == 1 {
		return []float64{frequencies[0] / math.Sqrt2, frequencies[0] * math.Sqrt2}
	}
	edges := []float64{frequencies[0] * math.Sqrt(frequencies[0]/frequencies[1])}
	for i := 1; i < n; i++ {
		edges = append(edges, math.Sqrt(frequencies[i-1]*frequencies[i]))
	}
	return append(edges, frequencies[n-1]*math.Sqrt(frequencies[n-1]/frequencies[n-2]))
}

func parts(curve []float64, of float64) []float64 {
	out := make([]float64, len(curve))
	for i, v := range curve {
		out[i] = v / of
	}
	return out
}

func ticksAt(values ...float64) []plot.Tick {
	var ticks []plot.Tick
	for _, v := range values {
		ticks = append(ticks, plot.Tick{Value: v, Label: strconv.FormatFloat(v, 'g', 4, 64)})
	}
	return ticks
}

// octaves makes the x-axis that of frequencies, with a tick at each power of 2.
func octaves(p *plot.Plot, frequencies []float64) {
	edges := frequencyEdges(frequencies)
	p.X.Min, p.X.Max = edges[0], edges[len(edges)-1]
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, plot.TickerFunc(octaveTicks)
}

// octaveTicks marks powers of 2.
func octaveTicks(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	for e := math.Ceil(math.Log2(low)); e <= math.Log2(high); e++ {
		ticks = append(ticks, ticksAt(math.Exp2(e))...)
	}
	return ticks
}
